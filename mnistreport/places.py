"""Where a project's things go: a project that somebody else made leads to no other place."""

import json
from collections.abc import Collection
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from mnistreport.errors import EnvironmentFault
from mnistreport.files import read_kept

MAX_RESULTS_BYTES: Final = 64 * 2**20
"""No ``results.json`` is longer."""
SHORT_DIGEST: Final = 8
"""Hex digits of a data set's digest that tell it from another of the same name."""


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
    step = f"remove it, or name a folder with {option}" if option else "remove it"
    for folder in (*own, *(place / name for name in inner)):
        _refuse_link(folder, step)
    return place


def find_output(
    given: Path | None, project: Path, name: str, images: str, *, pictures: str
) -> Path:
    """Return the folder of the documents on one data set.

    It is ``output/<name>``. Two data folders may have one name: if the report on other images
    stands there, or the one on these stands there already, it is ``output/<name>-<digest>``.

    Args:
        given: What the user has given; it is taken as it is.
        project: The project's folder.
        name: The data set's name.
        images: Digest of the data set.
        pictures: The folder in it that is written to; the user may keep other things there.

    Raises:
        EnvironmentFault: As ``find_place``.
    """

    def find(folder: str) -> Path:
        return find_place(given, project, "output", folder, option="--output", inner=(pictures,))

    usual = find(name)
    if given:
        return usual
    apart = find(f"{name}-{images[:SHORT_DIGEST]}")
    is_apart = _read_images(apart) == images or _read_images(usual) not in {None, images}
    return apart if is_apart else usual


def _read_images(output: Path) -> str | None:
    """Return the digest of the images that the documents in a folder are about, if they say it."""
    try:
        results: Any = json.loads(read_kept(output / "results.json", MAX_RESULTS_BYTES))
        found = results["data"]["sha256"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def refuse_links(project: Path, name: str) -> None:
    """Refuse a path to write to if a folder on it is a link, or the file is a link to nothing.

    Args:
        project: The project's folder, which users name and which may be a link.
        name: Path of the file below it, with ``/``.

    Raises:
        EnvironmentFault: There is such a link.
    """
    step = "remove it, or put the folder or file itself there"
    *folders, path = (project / each for each in accumulate(name.split("/"), "{}/{}".format))
    for folder in folders:
        _refuse_link(folder, step)
    if not path.exists():
        _refuse_link(path, step)


def _refuse_link(path: Path, next_step: str) -> None:
    if path.is_symlink():
        msg = "is a link, and what it leads to may be none of this project's"
        raise EnvironmentFault(msg, file=path, next_step=next_step)
