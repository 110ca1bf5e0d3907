"""Writing the documents: all of them, or those of the last good build stay."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mnistreport.errors import ReviewError
from mnistreport.files import remove_file, remove_leftovers, replace_file
from mnistreport.report.complaint import Complaint
from mnistreport.report.material import Material
from mnistreport.report.stamp import (
    Stamp,
    digest_beside,
    digest_content,
    digest_inputs,
    digest_program,
    digest_runs,
    find_standing,
    load_stamp,
    read_stamped,
    save_stamp,
)

if TYPE_CHECKING:  # heavy to import, and a build with nothing to do needs neither
    from mnistreport.report.document import Document
    from mnistreport.report.templating import Templates


@dataclass(frozen=True, slots=True)
class Publication:
    """The documents of a build.

    Attributes:
        documents: Paths, the HTML and PDF report first.
        fresh: Whether they were written now; otherwise nothing they depend on had changed.
        complaints: What a reader has to be told: false claims, stale words, and the like.
    """

    documents: tuple[Path, ...]
    fresh: bool
    complaints: tuple[Complaint, ...]

    @property
    def reports(self) -> tuple[Path, ...]:
        """The documents that people read."""
        return tuple(path for path in self.documents if path.suffix in {".html", ".pdf"})

    @property
    def left_alone(self) -> Path | None:
        """A PDF that stands there but was not made with the page, if there is one."""
        path = self.documents[0].with_name(PDF)
        return path if path not in self.documents and path.exists() else None


def publish_report(
    material: Material, project: Path, output: Path, *, strict: bool = False, pdf: bool = True
) -> Publication:
    """Write report, numbers and tables into ``output``, unless they stand there already.

    Everything is made before anything is written: an error leaves the old documents as they were.

    Args:
        material: What the report is made of.
        project: Folder of the manifest.
        output: Folder of the documents.
        strict: Whether to write nothing if a person's words are not borne out.
        pdf: Whether to make the PDF, which takes longest; if not, an earlier one is left alone.

    Raises:
        TemplateError: A template cannot be rendered.
        RenderingError: The PDF cannot be made.
        ReviewError: With ``strict``: a claim is false, words are stale, or a number has no source.
        EnvironmentFault: The disk refuses.
    """
    wanted = tuple(name for name in DOCUMENTS if pdf or name != PDF)
    inputs = digest_inputs(material, project, output, DOCUMENTS)
    standing = find_standing(output, inputs, digest_beside(project))
    if standing and set(wanted) <= set(standing.documents):
        _refuse(standing.complaints, strict=strict)
        paths = tuple(output / name for name in standing.documents)
        return Publication(paths, fresh=False, complaints=standing.complaints)
    from mnistreport.report.document import compose_document
    from mnistreport.report.figures.folder import FOLDER, FigureFolder
    from mnistreport.report.review import review_context, review_prose
    from mnistreport.report.staleness import keep_words, review_words
    from mnistreport.report.templating import Templates

    templates = Templates(project)
    context = review_context(material, templates, output, written=wanted)
    folder = FigureFolder(output / FOLDER, digest_program())
    stale = review_words(templates, context)
    document = compose_document(context, material, templates, folder.draw, stale=stale)
    complaints = review_prose(material, context, templates, document.claims, stale)
    _refuse(complaints, strict=strict)
    runs = digest_runs(material.results)
    tables = _find_tables(output, runs)
    documents = {
        name: tables.get(name) or _MAKERS[name](document, material, templates) for name in wanted
    }
    pictures = folder.list_files(document.planned, document.figures)
    documents |= {f"{FOLDER}/{name}": content for name, content in pictures.items()}
    for path in tuple(folder.list_outdated(document.planned)):  # first: the new index lists none
        remove_file(path)
    _write(output, documents)
    keep_words(templates, context)
    digests = {name: digest_content(content) for name, content in documents.items()}
    save_stamp(output, Stamp(inputs, runs, digest_beside(project), digests, complaints))
    paths = tuple(output / name for name in documents)
    return Publication(paths, fresh=True, complaints=complaints)


def _find_tables(output: Path, runs: str) -> dict[str, bytes]:
    """Return the tables of runs that stand in ``output`` and are made of the same runs."""
    stamp = load_stamp(output)
    if stamp is None or stamp.runs != runs:
        return {}
    found = {name: read_stamped(output, name, stamp) for name in _TABLES}
    return {name: content for name, content in found.items() if content is not None}


def _write(output: Path, documents: Mapping[str, bytes]) -> None:
    """Write what does not stand there already."""
    for folder in {(output / name).parent for name in documents}:
        remove_leftovers(folder)
    for name, content in documents.items():
        path = output / name
        if not path.is_file() or path.read_bytes() != content:
            replace_file(path, content)


def _make_html(document: "Document", _material: Material, templates: "Templates") -> bytes:
    from mnistreport.report.html import render_html

    return render_html(document, templates).encode()


def _make_pdf(document: "Document", _material: Material, templates: "Templates") -> bytes:
    from mnistreport.report.html import render_html
    from mnistreport.report.pdf import render_pdf

    return render_pdf(render_html(document, templates, skin="print"))


def _make_numbers(document: "Document", _material: Material, _templates: "Templates") -> bytes:
    from mnistreport.report.context import dump_context

    return dump_context(document.context)


def _make_runs(_document: "Document", material: Material, _templates: "Templates") -> bytes:
    from mnistreport.analysis.frames import make_runs_frame

    return make_runs_frame(material.results).to_csv(index=False).encode()


def _make_epochs(_document: "Document", material: Material, _templates: "Templates") -> bytes:
    from mnistreport.analysis.frames import make_epochs_frame

    return make_epochs_frame(material.results).to_csv(index=False).encode()


Maker = Callable[["Document", Material, "Templates"], bytes]
PDF: Final = "report.pdf"
_MAKERS: Final[Mapping[str, Maker]] = {
    "report.html": _make_html,
    PDF: _make_pdf,
    "results.json": _make_numbers,
    "runs.csv": _make_runs,
    "epochs.csv": _make_epochs,
}
_TABLES: Final = ("runs.csv", "epochs.csv")
DOCUMENTS: Final = tuple(_MAKERS)
"""What a build writes, besides pictures of the figures; the report first."""


def _refuse(complaints: tuple[Complaint, ...], *, strict: bool) -> None:
    """Refuse to hand on words that are not borne out, if that was asked for."""
    problems = [complaint.problem for complaint in complaints if complaint.is_about_words]
    if strict and problems:
        raise ReviewError.of(problems)
