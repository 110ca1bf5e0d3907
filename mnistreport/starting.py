"""A new project folder: the manifest and the templates that a person edits."""

from collections.abc import Iterator
from pathlib import Path

from mnistreport.resources import find_resource

GITIGNORE = b"""# Checked data and stored runs; safe to delete, costs training time.
.mnistreport/
# The data set, and locks.
data/
output/*/.*
"""


def start_project(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Write what a project starts from into ``folder``; a file that is there stays as it is.

    Yields:
        Each file, and whether it was written now.
    """
    for name, content in _list_files():
        path = folder / name
        is_new = not path.exists()
        if is_new:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(content)
        yield path, is_new


def _list_files() -> Iterator[tuple[str, bytes]]:
    for name in ("experiments.toml", "experiments.schema.json"):
        yield name, find_resource(name).read_bytes()
    templates = find_resource("templates")
    for pattern in ("insights/*.md.j2", "sections/*.md.j2"):
        for path in sorted(templates.glob(pattern)):
            yield f"templates/{path.relative_to(templates)}", path.read_bytes()
    yield ".gitignore", GITIGNORE
