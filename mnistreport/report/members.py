"""What may be in a zip that is handed in: the names, kinds and sizes of its members.

``pack`` keeps to it, and ``verify`` holds the zips of others against it.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

WEIGHTS: Final = ".safetensors"
ALLOWED: Final = frozenset(
    {
        *(".ipynb", ".pdf", ".csv", ".json", WEIGHTS, ".txt", ".md", ".html", ".toml", ".py"),
        *(".png", ".svg"),
    }
)
"""How the names of members may end; ``.py`` is read by people, and never run."""

LARGEST_ARCHIVE: Final = 256 * 2**20
"""Bytes of a zip."""
LARGEST_CONTENTS: Final = 512 * 2**20
"""Bytes that all members of a zip unpack to."""
LARGEST_MEMBER: Final = 256 * 2**20
"""Bytes that a member may unpack to."""
_USUAL: Final = 2**20, 100
"""Bytes that anything may unpack to, and how many times its packed size a larger member may be."""


def explain_name(name: str) -> str | None:
    """Return why nothing should be called ``name`` in a zip, or ``None``."""
    parts = name.split("/")
    rules = (
        (not name, "has no name"),
        (any(unicodedata.category(each) == "Cc" for each in name), "has control characters"),
        (not name.isprintable(), "has characters that nobody sees"),
        ("\\" in name, "has a backslash in its name"),
        (name.startswith("/"), "has an absolute name"),
        (":" in name, "has a drive letter or a colon in its name"),
        (".." in parts, "points outside the archive"),
        (name.endswith("/"), "is a folder"),
        ("" in parts or "." in parts, "has an odd name"),
        (any(part.startswith(".") for part in parts) or "__MACOSX" in parts, "is hidden"),
    )
    return next((why for is_so, why in rules if is_so), None)


def explain_kind(name: str) -> str | None:
    """Return why a file of such a name has no place in a submission, or ``None`` if it has."""
    is_allowed = PurePosixPath(name).suffix.lower() in ALLOWED
    return None if is_allowed else "is of a kind that is not handed in"


def explain_size(unpacked: int, packed: int) -> str | None:
    """Return why a member of so many bytes is not taken, or ``None`` if it is."""
    usual, most_times = _USUAL
    if unpacked > LARGEST_MEMBER:
        return "unpacks to too much"
    is_bomb = unpacked > max(usual, most_times * packed)
    return f"unpacks to more than {most_times} times its size" if is_bomb else None


def find_twins(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield names of the same file on some computer: letter case and Unicode form set aside."""
    seen: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        seen[unicodedata.normalize("NFC", name).casefold()].append(name)
    for twins in seen.values():
        for twin in twins[1:]:
            yield twins[0], twin
