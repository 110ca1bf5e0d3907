"""What a member of the zip may be called, and of which kinds it may be."""

import stat
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from mnistreport.data.files import ZIP_METHODS, printable
from mnistreport.report.submission import ALWAYS

WEIGHTS: Final = ".safetensors"
ALLOWED: Final = frozenset(
    {
        *(".ipynb", ".pdf", ".csv", ".json", WEIGHTS, ".txt", ".md", ".html", ".toml", ".py"),
        *(".png", ".svg"),
    }
)
"""How the names of other members may end; ``.py`` is read by people, and never run."""

LARGEST_MEMBER: Final = 256 * 2**20
"""Bytes that a member may unpack to."""
_USUAL: Final = 2**20, 100
"""Bytes that anything may unpack to, and how many times its packed size a larger member may be."""
_DOS_FOLDER: Final = 0x10
_ENCRYPTED: Final = 0x1


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


def explain_member(member: zipfile.ZipInfo) -> str | None:
    """Return why ``member`` is not read, or ``None``; what it unpacks to is believed here."""
    mode = member.external_attr >> 16
    usual, most_times = _USUAL
    is_bomb = member.file_size > max(usual, most_times * member.compress_size)
    if why := explain_name(member.orig_filename):
        return why
    rules = (
        (stat.S_ISLNK(mode), "is a symbolic link"),
        (stat.S_IFMT(mode) not in {0, stat.S_IFREG}, "is no regular file"),
        (bool(member.external_attr & _DOS_FOLDER), "is a folder"),
        (bool(member.flag_bits & _ENCRYPTED), "is encrypted"),
        (member.compress_type not in ZIP_METHODS, "is packed in an unusual way"),
        (member.file_size > LARGEST_MEMBER, "unpacks to too much"),
        (is_bomb, f"unpacks to more than {most_times} times its size"),
    )
    return next((why for is_so, why in rules if is_so), None)


def find_twins(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield names of the same file on some computer: letter case and Unicode form set aside."""
    seen: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        seen[unicodedata.normalize("NFC", name).casefold()].append(name)
    for twins in seen.values():
        if len(twins) > 1:
            yield twins[0], twins[1]


def find_content_faults(names: Iterable[str]) -> list[str]:
    """Return which of the required documents is missing, and what has no place in a submission."""
    names = tuple(names)
    faults = [f"{name} is missing" for name in ALWAYS if name not in names]
    faults += [
        f"{printable(name)} is of a kind that is not handed in"
        for name in names
        if PurePosixPath(name).suffix.lower() not in ALLOWED
    ]
    return faults
