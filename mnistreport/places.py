"""Where a project's things go: a project that somebody else made leads to no other place."""

from collections.abc import Collection
from itertools import accumulate
from pathlib import Path

from mnistreport.errors import EnvironmentFault


def find_place(
    given: Path | None,
    project: Path,
    *names: str,
    option: str | None,
    inner: Collection[str] | None = None,
) -> Path:
    """Return the folder that the user has given, or that of the project.

    Users may give a link of their own. One that came with a project is refused, in its folders'
    place as in theirs for pictures or runs: files that are none of the project's would be replaced.

    Args:
        given: What the user has given.
        project: The project's folder.
        names: Those of its own folder, from the outermost.
        option: What gives another folder, if anything does.
        inner: Folders in it that are written to; all of them, if it holds nothing of the user's.

    Raises:
        EnvironmentFault: There is such a link.
    """
    place = given.resolve() if given else project.joinpath(*names)
    own = [] if given else [project / step for step in accumulate(names, lambda a, b: f"{a}/{b}")]
    if inner is None:
        inner = [each.name for each in place.iterdir() if each.is_dir()] if place.is_dir() else ()
    for folder in (*own, *(place / name for name in inner)):
        if folder.is_symlink():
            msg = "is a link, and what it leads to may be none of this project's"
            step = f"remove it, or name a folder with {option}" if option else "remove it"
            raise EnvironmentFault(msg, file=folder, next_step=step)
    return place
