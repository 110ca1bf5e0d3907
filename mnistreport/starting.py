"""A new project folder: the manifest and the templates that a person edits."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from mnistreport.errors import EnvironmentFault, ManifestError
from mnistreport.places import refuse_links
from mnistreport.report.insights import RESERVED, STARTING, name_insight
from mnistreport.resources import find_resource
from mnistreport.study.loading import load_manifest
from mnistreport.study.manifest import Manifest, Study

MANIFEST = "experiments.toml"
GITIGNORE = b"""# Checked data, stored runs, and the ledger of test reads.
# Deleted, all is trained again, and no report knows of the reads before.
.mnistreport/
# The data set, and locks.
data/
output/*/.*
templates/insights/.lock
# What --log-to keeps.
mlflow.db
mlruns/
tensorboard/
"""

Started = tuple[Path, bool]
"""A file, and whether it was written now; otherwise it was there already."""


def start_project(folder: Path) -> Iterator[Started]:
    """Write what a project starts from into ``folder``; a file that is there stays as it is.

    A manifest that is there decides which studies get an insight.

    Raises:
        ManifestError: That manifest is not usable; nothing is written.
        EnvironmentFault: The disk refuses, or a link is in the way; then nothing is written.
    """
    standing = folder / MANIFEST
    manifest = load_manifest(standing if standing.exists() else find_resource(MANIFEST))
    insights = dict(_list_insights(manifest))
    yield from _write_all(folder, {**dict(_list_files()), **insights, ".gitignore": GITIGNORE})


def start_insights(path: Path) -> Iterator[Started]:
    """Write a starting insight for each study of the manifest at ``path`` that has none.

    Raises:
        ManifestError: The manifest is not usable.
        EnvironmentFault: The disk refuses, or a link is in the way; then nothing is written.
    """
    yield from _write_all(path.resolve().parent, dict(_list_insights(load_manifest(path))))


def _list_files() -> Iterator[tuple[str, bytes]]:
    for name in (MANIFEST, "experiments.schema.json"):
        yield name, find_resource(name).read_bytes()
    templates = find_resource("templates")
    for path in sorted(templates.glob("sections/*.md.j2")):
        yield f"templates/{path.relative_to(templates)}", path.read_bytes()


def _list_insights(manifest: Manifest) -> Iterator[tuple[str, bytes]]:
    """Yield the file of each study's insight, and what it begins with."""
    shipped = {study.slug: study.factor for study in load_manifest(find_resource(MANIFEST)).studies}
    for study in manifest.studies:
        if study.slug in RESERVED:
            msg = f"no study can have this name, since {name_insight(study.slug)} has another use"
            step = "give the study another name"
            raise ManifestError(
                msg, file=manifest.path, line=study.line, key=study.name, next_step=step
            )
        text = find_resource(f"templates/{_choose_text(study, shipped)}")
        yield f"templates/{name_insight(study.slug)}", text.read_bytes()


def _choose_text(study: Study, shipped: Mapping[str, str | None]) -> str:
    """Return the text about this very factor, if there is one; otherwise that for any study."""
    is_same = study.slug in shipped and shipped[study.slug] == study.factor
    return name_insight(study.slug) if is_same else STARTING


def _write_all(folder: Path, files: Mapping[str, bytes]) -> Iterator[Started]:
    """Write each file that is missing, by its path below ``folder``."""
    for name in files:
        refuse_links(folder, name)
    for name, content in files.items():
        yield _write_missing(folder / name, content)


def _write_missing(path: Path, content: bytes) -> Started:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.parent.is_dir():
            return path, False
        msg = f"cannot be written: {error.strerror or error}"
        step = "make room on the disk, and give yourself the right to write there"
        raise EnvironmentFault(msg, file=path, next_step=step) from error
    return path, True
