"""On which line of a TOML text each key stands, which TOML readers do not tell.

The text is read the way a parser reads it, but only keys and places are kept. Reading stops
without complaint where the text is not TOML: saying what is wrong there is the parser's business.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

KeyPath = tuple[str | int, ...]
"""Keys and list indices from the top of the file, such as ``("studies", 0, "levels", 2)``."""

DEEPEST: Final = 32
"""Parts of a key, and lists within lists, beyond which a text is refused.

The standard library's parser takes quadratic time for long keys, and its recursion is limited.
"""
LONGEST_SCALAR: Final = 200
"""Characters of a number beyond which a text is refused; Python does not print very long ones."""
MOST_PARTS: Final = 20_000
"""Parts of keys, and values, beyond which a text is refused: it would take long to complain of."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*+")
_SPACE = re.compile(r"[ \t]*+")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]++")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*+'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'[^'\n]*+'"
)
_SCALAR = re.compile(r"[^\[\]{},#\n\"']++")


class ExcessError(ValueError):
    """Something is deeper or longer than anyone writes it.

    Attributes:
        line: Where, counted from 1.
    """

    def __init__(self, reason: str, line: int) -> None:
        self.line = line
        super().__init__(reason)


class _NotToml(ValueError):
    """The text cannot be read further."""


def scan_positions(text: str) -> dict[KeyPath, int]:
    r"""Map every table, key and list element of a TOML text to its line, counted from 1.

    Args:
        text: With ``\n`` at the end of lines.

    Raises:
        ExcessError: If a key has more than 32 parts, values lie deeper than that in each other,
            one without quotation marks is longer than 200 characters, or there are more than
            20,000 keys and values.
    """
    scanner = _Scanner(text)
    with suppress(_NotToml):
        scanner.read_file()
    return scanner.lines


def find_line(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """Look up the line of ``path``, or of the nearest table or list around it."""
    for length in range(len(path), 0, -1):
        if (line := lines.get(path[:length])) is not None:
            return line
    return None


class _Scanner:
    """Reads a text once, front to back."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._line_ends = [found.start() for found in re.finditer("\n", text)]
        self._tables_in_list: dict[KeyPath, int] = {}
        self._count = 0

    def read_file(self) -> None:
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self._text):
            if self._take("["):
                table = self._read_header()
            else:
                self._read_pair(table, depth=0)

    def _read_header(self) -> KeyPath:
        line = self._line()
        is_list = self._take("[")
        *outer, last = self._read_key()
        path: KeyPath = ()
        for part in outer:
            path = self._newest((*path, part))
            self.lines.setdefault(path, line)
        path = (*path, last)
        if is_list:
            self.lines.setdefault(path, line)
            self._tables_in_list[path] = self._tables_in_list.get(path, 0) + 1
            path = self._newest(path)
        self.lines[path] = line  # rather than the line of a table inside, which may come earlier
        self._expect("]]" if is_list else "]")
        return path

    def _newest(self, path: KeyPath) -> KeyPath:
        """Go into the last table of a list of tables, as the tables below its header do."""
        count = self._tables_in_list.get(path)
        return path if count is None else (*path, count - 1)

    def _read_pair(self, table: KeyPath, depth: int) -> None:
        line = self._line()
        path = table
        for part in self._read_key():
            path = (*path, part)
            self.lines.setdefault(path, line)
        self._expect("=")
        self._skip(_SPACE)
        self._read_value(path, depth)

    def _read_key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._skip(_SPACE)
            self._check_depth(len(parts) + 1)
            parts.append(self._read_key_part())
            self._skip(_SPACE)
            if not self._take("."):
                return parts

    def _read_key_part(self) -> str:
        self._count_part()
        if bare := self._match(_BARE_KEY):
            return bare
        quoted = self._match(_STRING)
        if not quoted or quoted.startswith(('"""', "'''")):
            raise _NotToml
        if "\\" not in quoted or quoted.startswith("'"):
            return quoted[1:-1]
        try:
            return tomllib.loads(f"key = {quoted}")["key"]
        except ValueError as error:
            raise _NotToml from error

    def _read_value(self, path: KeyPath, depth: int) -> None:
        self._count_part()
        self._check_depth(depth)
        if self._take("["):
            self._read_list(path, depth)
        elif self._take("{"):
            self._read_inline_table(path, depth)
        elif not self._match(_STRING):
            self._read_scalar()

    def _read_scalar(self) -> None:
        line = self._line()
        scalar = self._match(_SCALAR).strip()
        if not scalar:
            raise _NotToml
        if len(scalar) > LONGEST_SCALAR:
            reason = f"a value without quotation marks is longer than {LONGEST_SCALAR} characters"
            raise ExcessError(reason, line)

    def _check_depth(self, depth: int) -> None:
        if depth > DEEPEST:
            reason = f"is nested deeper than {DEEPEST} levels"
            raise ExcessError(reason, self._line())

    def _count_part(self) -> None:
        self._count += 1
        if self._count > MOST_PARTS:
            reason = f"comes after {MOST_PARTS:,} keys and values, more than are read"
            raise ExcessError(reason, self._line())

    def _read_list(self, path: KeyPath, depth: int) -> None:
        index = 0
        self._skip(_BLANK)
        while not self._take("]"):
            element = (*path, index)
            self.lines[element] = self._line()
            self._read_value(element, depth + 1)
            index += 1
            self._skip(_BLANK)
            if not self._take(","):
                self._expect("]")
                return
            self._skip(_BLANK)

    def _read_inline_table(self, path: KeyPath, depth: int) -> None:
        self._skip(_SPACE)
        while not self._take("}"):
            self._read_pair(path, depth + 1)
            self._skip(_SPACE)
            if not self._take(","):
                self._expect("}")
                return
            self._skip(_SPACE)

    def _line(self) -> int:
        return bisect_left(self._line_ends, self._at) + 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        self._match(pattern)
        return self._at

    def _match(self, pattern: re.Pattern[str]) -> str:
        if not (found := pattern.match(self._text, self._at)):
            return ""
        self._at = found.end()
        return found[0]

    def _take(self, mark: str) -> bool:
        taken = self._text.startswith(mark, self._at)
        self._at += len(mark) if taken else 0
        return taken

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise _NotToml
