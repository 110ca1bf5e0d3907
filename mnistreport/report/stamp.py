"""The stamp of a build: what its documents were made of, and what was to be said of them.

A build that would make them of the same again writes nothing. A stamp decides what is believed
without being made again, and what of a folder is no person's. So it is signed (``signing``): one
that came with somebody else's folder counts as none.
"""

import hashlib
import json
import platform
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from mnistreport.analysis.results import Results
from mnistreport.errors import EnvironmentFault
from mnistreport.files import read_kept, replace_file
from mnistreport.report.complaint import Complaint
from mnistreport.report.dates import find_given_date
from mnistreport.report.insights import INSIGHTS
from mnistreport.report.material import Material
from mnistreport.report.members import LARGEST_MEMBER, explain_name
from mnistreport.report.submission import find_obstacle, list_members
from mnistreport.report.written_beside import NAME as WRITTEN_BESIDE
from mnistreport.resources import PACKAGE, find_resource
from mnistreport.signing import is_signed, sign

STAMP = ".build.json"
MOST_ENTRIES: Final = 10_000
"""Files and folders among templates, or of the program."""
MOST_BYTES: Final = 16 * 2**20
"""No stamp is longer."""
_SIGNATURE: Final = "signature"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What lies beside the documents of a build.

    Attributes:
        inputs: Digest of what they were made of.
        runs: Digest of the runs and their studies: all that tables of runs are made of.
        beside: Digest of what words are kept to have been written beside, once they were written.
        documents: Digests by name.
        complaints: What was wrong with them.
        earlier: Digests by name of what an earlier build, or a pack, wrote and this build left.
    """

    inputs: str
    runs: str
    beside: str
    documents: Mapping[str, str]
    complaints: tuple[Complaint, ...]
    earlier: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def known(self) -> Mapping[str, str]:
        """Digests by name of every file that this user's program wrote."""
        return {**self.earlier, **self.documents}


def save_stamp(output: Path, stamp: Stamp) -> None:
    """Sign a stamp, and put it beside the documents.

    Raises:
        EnvironmentFault: The disk refuses.
    """
    content = asdict(stamp)
    signed = {**content, _SIGNATURE: sign(STAMP, _serialise(content))}
    text = json.dumps(signed, indent=1, allow_nan=False, default=str)
    replace_file(output / STAMP, (text + "\n").encode())


def load_stamp(output: Path) -> Stamp | None:
    """Return the stamp of the last build into ``output``, if it is sound and this user's."""
    try:
        content = read_kept(output / STAMP, MOST_BYTES)
        stamp = TypeAdapter(Stamp).validate_json(content)
        value = json.loads(content)
        if not is_signed(STAMP, _serialise(value), value.pop(_SIGNATURE, None)):
            return None
    except (OSError, ValidationError, ValueError, RecursionError):
        return None
    # They are looked for in the folder, so that none may lead out of it.
    return None if any(map(explain_name, stamp.known)) else stamp


def _serialise(content: Mapping[str, Any]) -> bytes:
    """Return what is signed of a stamp: the same bytes before it is written and once it is read."""
    kept = {name: value for name, value in content.items() if name != _SIGNATURE}
    return json.dumps(kept, allow_nan=False, default=str, sort_keys=True).encode()


def read_stamped(output: Path, name: str, stamp: Stamp | None) -> bytes | None:
    """Return a file if it stands as this user's program left it."""
    try:
        content = read_kept(output / name, LARGEST_MEMBER)
    except OSError:
        return None
    return content if stamp and digest_content(content) == stamp.known.get(name) else None


def digest_content(content: bytes) -> str:
    """Return the SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def digest_beside(project: Path) -> str:
    """Return a digest of what words of the project are kept to have been written beside."""
    path = project / "templates" / INSIGHTS / WRITTEN_BESIDE
    return digest_content(path.read_bytes()) if path.is_file() else ""


def digest_inputs(material: Material, project: Path, output: Path, written: Collection[str]) -> str:
    """Return a digest of everything that decides what the documents say and how they look.

    Args:
        material: Results, data, tests.
        project: Folder of the manifest.
        output: Folder of the documents.
        written: Names of those that a build writes itself.
    """
    submission = material.manifest.submission
    asked = [name for name in list_members(submission) if name not in written]
    digest = hashlib.sha256()
    for part in (
        material.manifest.sha256,
        repr(material.manifest.trimmed),
        find_given_date(material.manifest.report),  # today's does not count: nothing else changed
        material.digits.sha256,
        material.digits.title,
        material.digits.origin,
        str(material.digits.notice),
        material.split.sha256,
        digest_runs(material.results),
        *(repr(asdict(t.outcomes[s])) for t in material.tested for s in t.outcomes),
        *(each.first_layer.sha256 for each in material.tested if each.first_layer),
        *(repr(asdict(read)) for read in (*material.reads, *material.reads_elsewhere)),
        *(f"{name} {find_obstacle(output, name, submission)}" for name in asked),
    ):
        digest.update(part.encode() + b"\0")
    for folder in (project / "templates", find_resource("templates")):
        for part in _read_files(folder):
            digest.update(part)
    return digest.hexdigest()


def digest_runs(results: Results) -> str:
    """Return a digest of every run, of what was asked for, and of the studies it belongs to."""
    digest = hashlib.sha256(digest_program().encode())
    digest.update(repr(dict(results.combined)).encode())
    for study in results.studies:
        keys = [level.level.variant.key for level in study.levels]
        digest.update(f"{study.study.slug} {keys}\0".encode())
    for experiment in results.experiments:
        digest.update(f"{experiment.variant.key} {experiment.fingerprint}\0".encode())
    for run in results.runs.values():
        digest.update(repr(run).encode())
    return digest.hexdigest()


@cache
def digest_program() -> str:
    """Return a digest of this program and of the libraries that it stands on."""
    from mnistreport.report.context import LIBRARIES

    digest = hashlib.sha256(platform.python_version().encode())
    for name in LIBRARIES:
        digest.update(f"{name} {version(name)}\0".encode())
    for part in _read_files(PACKAGE):
        digest.update(part)
    return digest.hexdigest()


def _read_files(folder: Path) -> Iterator[bytes]:
    """Yield name and digest of every file below ``folder`` that documents are made of.

    Of a link that leads out, where to: what lies there is not read, as no template is. Of a file
    that is too large for anything in a document, how large it is.
    """
    inside = folder.resolve()
    for path in _list_files(folder):
        yield f"{path.relative_to(folder)}\0".encode()
        if (size := path.stat().st_size) > MOST_BYTES:
            yield f"{size}\0".encode()
        elif path.resolve().is_relative_to(inside):
            with path.open("rb") as file:
                yield hashlib.file_digest(file, "sha256").digest()
        else:
            yield f"{path.resolve()}\0".encode()


def _list_files(folder: Path) -> Iterator[Path]:
    """Yield what documents are made of; not what a build keeps beside it.

    Raises:
        EnvironmentFault: There is too much: somebody's whole disk may lie behind a link.
    """
    found = list(islice(folder.rglob("*"), MOST_ENTRIES + 1))
    if len(found) > MOST_ENTRIES:
        msg = f"holds more than {MOST_ENTRIES:,} files and folders"
        raise EnvironmentFault(msg, file=folder, next_step="keep only templates there")
    for path in sorted(found):
        is_kept = path.name == WRITTEN_BESIDE or path.name.startswith(".")
        if path.is_file() and not is_kept and "__pycache__" not in path.parts:
            yield path
