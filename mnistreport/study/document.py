"""The manifest as a file: its bytes, what they say, and on which line."""

import hashlib
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from mnistreport.errors import ManifestError
from mnistreport.study.positions import ExcessError, KeyPath, scan_positions

MOST_BYTES: Final = 256 * 1024
"""Longer files are refused; the manifest of a thousand experiments has a few thousand bytes."""

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_PLAIN_WORDS: Final = {
    "Cannot overwrite a value": "this key is given a second time",
    "Cannot declare": "this table is given a second time",
    "Cannot mutate": "this adds to a table or list that is already complete",
    "Invalid statement": "expected a key, such as seed = 1, or a table, such as [training]",
    "Invalid value": "this is no value; text needs quotation marks",
    "Unterminated string": "a string ends without its closing quotation mark",
    r"Illegal character '\n'": "a string ends without its closing quotation mark",
}
"""By how the parser's message starts; others are plain enough."""


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file that could be read.

    Attributes:
        path: The file, as it was given.
        sha256: Digest of its bytes.
        values: What it says.
        lines: Line of every table, key and list element.
    """

    path: Path
    sha256: str
    values: Mapping[str, Any]
    lines: Mapping[KeyPath, int]


def read_document(path: Path) -> Document:
    """Read a TOML file of at most 256 KiB, with or without byte order mark, with any line ends.

    Raises:
        ManifestError: If it is missing, not a file, too long, not UTF-8, or not TOML; with the
            line as far as there is one.
    """
    content = _read_bytes(path)
    # The parser does the same to line ends, so that lines are counted alike.
    text = _decode(path, content).replace("\r\n", "\n")
    try:
        lines = scan_positions(text)
        values = tomllib.loads(text)
    except ExcessError as error:
        raise ManifestError(str(error), file=path, line=error.line) from error
    except tomllib.TOMLDecodeError as error:
        line, reason = _describe_syntax_error(text, str(error))
        raise ManifestError(reason, file=path, line=line) from error
    return Document(path, hashlib.sha256(content).hexdigest(), values, lines)


def _read_bytes(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for ever
            reason = "is not a regular file"
            raise ManifestError(reason, file=path)
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        reason = "there is no such file"
        raise ManifestError(reason, file=path, next_step="run: mnistreport init") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        reason = f"cannot be read: {why.lower()}"
        raise ManifestError(reason, file=path) from error
    if len(content) > MOST_BYTES:
        reason = "is longer than 256 KiB, which no manifest is"
        raise ManifestError(reason, file=path)
    return content


def _decode(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The decoder does not count the byte order mark, if there is one.
        text = content.removeprefix(b"\xef\xbb\xbf")
        before = text[: error.start]
        reason = f"byte 0x{text[error.start]:02x} is not UTF-8 text"
        raise ManifestError(
            reason,
            file=path,
            line=before.count(b"\n") + 1,
            next_step="save the file with the encoding UTF-8",
        ) from error


def _describe_syntax_error(text: str, message: str) -> tuple[int, str]:
    found = _PLACE.search(message)
    said = message[: found.start()] if found else message
    if found and found[1]:
        line, column = int(found[1]), int(found[2])
    else:
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
    for start, plain in _PLAIN_WORDS.items():
        if said.startswith(start):
            said = plain
    return line, f"is not valid TOML at column {column}: {said[:1].lower()}{said[1:]}"


def as_table(value: object) -> dict[str, Any]:
    """Take a value for a table; anything else is an empty one, and ``schema`` complains of it."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Take a value for a list; anything else is an empty one, and ``schema`` complains of it."""
    return cast("list[Any]", value) if isinstance(value, list) else []
