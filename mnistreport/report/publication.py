"""Writing the documents: all of them, or those of the last good build stay."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import mnistreport
from mnistreport.files import remove_leftovers, replace_file
from mnistreport.report.material import Material
from mnistreport.resources import find_resource

STAMP = ".build.json"
"""What the documents beside it were made of, so that a build with nothing new writes nothing."""


@dataclass(frozen=True, slots=True)
class Publication:
    """The documents of a build.

    Attributes:
        documents: Paths, the HTML and PDF report first.
        fresh: Whether they were written now; otherwise nothing they depend on had changed.
    """

    documents: tuple[Path, ...]
    fresh: bool


def publish_report(material: Material, project: Path, output: Path) -> Publication:
    """Write report, numbers and tables into ``output``, unless they stand there already.

    Everything is made before anything is written: an error leaves the old documents as they were.

    Raises:
        TemplateError: A template cannot be rendered.
        RenderingError: The PDF cannot be made.
        EnvironmentFault: The disk refuses.
    """
    inputs = _digest_inputs(material, project)
    standing = _find_standing(output, inputs)
    if standing:
        return Publication(tuple(output / name for name in standing), fresh=False)
    documents = _make_documents(material, project)
    remove_leftovers(output)
    for name, content in documents.items():
        replace_file(output / name, content)
    stamp = {"inputs": inputs, "documents": {n: _sha256(c) for n, c in documents.items()}}
    replace_file(output / STAMP, (json.dumps(stamp, indent=1) + "\n").encode())
    return Publication(tuple(output / name for name in documents), fresh=True)


def _make_documents(material: Material, project: Path) -> dict[str, bytes]:
    from mnistreport.analysis.frames import make_epochs_frame, make_runs_frame
    from mnistreport.report.context import dump_context, make_context
    from mnistreport.report.document import compose_document
    from mnistreport.report.html import render_html
    from mnistreport.report.pdf import render_pdf
    from mnistreport.report.templating import Templates

    context = make_context(material)
    templates = Templates(project)
    document = compose_document(context, material, templates)
    return {
        "report.html": render_html(document, templates).encode(),
        "report.pdf": render_pdf(render_html(document, templates, skin="print")),
        "results.json": dump_context(context),
        "runs.csv": make_runs_frame(material.results).to_csv(index=False).encode(),
        "epochs.csv": make_epochs_frame(material.results).to_csv(index=False).encode(),
    }


def _find_standing(output: Path, inputs: str) -> tuple[str, ...]:
    """Return the names of the documents in ``output`` if they were made of ``inputs``."""
    try:
        stamp = json.loads((output / STAMP).read_bytes())
        documents: Mapping[str, str] = stamp["documents"]
        same = stamp["inputs"] == inputs and all(
            _sha256((output / name).read_bytes()) == digest for name, digest in documents.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()
    return tuple(documents) if same else ()


def _digest_inputs(material: Material, project: Path) -> str:
    """Return a digest of everything that decides what the documents say and how they look."""
    from mnistreport.report.context import LIBRARIES

    results = material.results
    digest = hashlib.sha256()
    for part in (
        material.manifest.sha256,
        material.digits.sha256,
        material.digits.title,
        material.digits.origin,
        str(material.digits.notice),
        material.split.sha256,
        *(experiment.fingerprint for experiment in results.experiments),
        *(repr(asdict(run)) for run in results.runs.values()),
        *(repr(asdict(t.outcomes[s])) for t in material.tested for s in t.outcomes),
        *(repr(asdict(read)) for read in material.reads),
        *(f"{name} {version(name)}" for name in LIBRARIES),
    ):
        digest.update(part.encode() + b"\0")
    program = Path(mnistreport.__file__).parent
    for folder in (project / "templates", find_resource("templates"), program):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
