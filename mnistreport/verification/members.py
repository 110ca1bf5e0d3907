"""What is wrong with a member of the zip, by what the zip says of it."""

import stat
import struct
import zipfile
from collections.abc import Iterable
from typing import Final

from mnistreport.data.files import ZIP_METHODS, printable
from mnistreport.report.members import explain_kind, explain_name, explain_size
from mnistreport.report.submission import ALWAYS

_DOS_FOLDER: Final = 0x10
_ENCRYPTED: Final = 0x1
_FIELD: Final = struct.Struct("<2H")
"""Id and length of an extra field; what it holds follows."""
_HARMLESS: Final = frozenset({0x000A, 0x5455, 0x5855, 0x7855, 0x7875})
"""Extra fields of times and owners, as Windows and Unix have them. Others may rename a member, or
say that it lies elsewhere, to some programs and not to all."""


def explain_member(member: zipfile.ZipInfo) -> str | None:
    """Return why ``member`` is not read, or ``None``; what it unpacks to is believed here."""
    mode = member.external_attr >> 16
    if why := explain_name(member.orig_filename):
        return why
    rules = (
        (stat.S_ISLNK(mode), "is a symbolic link"),
        (stat.S_IFMT(mode) not in {0, stat.S_IFREG}, "is no regular file"),
        (bool(member.external_attr & _DOS_FOLDER), "is a folder"),
        (bool(member.flag_bits & _ENCRYPTED), "is encrypted"),
        (member.compress_type not in ZIP_METHODS, "is packed in an unusual way"),
    )
    why = next((why for is_so, why in rules if is_so), None)
    return why or explain_size(member.file_size, member.compress_size)


def explain_extra(extra: bytes) -> str | None:
    """Return why a member with these extra fields is not read, or ``None``."""
    while extra:
        if len(extra) < _FIELD.size:
            return "has a damaged extra field"
        kind, length = _FIELD.unpack_from(extra)
        if kind not in _HARMLESS:
            return f"has an extra field (0x{kind:04x}) by which others may read it otherwise"
        if len(extra) < _FIELD.size + length:
            return "has a damaged extra field"
        extra = extra[_FIELD.size + length :]
    return None


def find_content_faults(names: Iterable[str]) -> list[str]:
    """Return which of the required documents is missing, and what has no place in a submission."""
    names = tuple(names)
    faults = [f"{name} is missing" for name in ALWAYS if name not in names]
    return faults + [f"{printable(name)} {why}" for name in names if (why := explain_kind(name))]
