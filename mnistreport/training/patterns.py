"""Files that a pattern of a manifest matches, found within limits.

A manifest that somebody else wrote must not keep the program busy: names that match are looked for
in real folders only, and all patterns together may visit a limited number of entries.
"""

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

MOST_VISITED: Final = 100_000
"""Files and folders that all patterns of a manifest may be held against; takes under a second."""
MOST_DEPTH: Final = 20
"""Folders that one pattern may lead through."""
_MAGIC: Final = frozenset("*?[")


class TooWideError(Exception):
    """A pattern leads to more than is looked through; says to what."""


class Search:
    """Looks for the files that patterns match below a folder.

    Attributes:
        folder: Where patterns begin.
        passed_links: Links to folders that the last pattern matched and that were not followed.
    """

    def __init__(self, folder: Path, most_matches: int) -> None:
        """Be about to look for at most ``most_matches`` files of all patterns together."""
        self.folder = folder
        self.passed_links: list[str] = []
        self._most_matches, self._matches, self._visited = most_matches, 0, 0

    def find(self, pattern: str) -> list[Path]:
        """Return what a pattern matches, sorted; ``*``, ``?`` and ``[…]`` stay within one name.

        What is hidden is only found by its name.

        Raises:
            TooWideError: A limit is reached.
            OSError: A folder cannot be read.
        """
        self.passed_links = []
        parts = pattern.split("/")
        if len(parts) > MOST_DEPTH + 1:
            msg = f"leads through more than {MOST_DEPTH} folders"
            raise TooWideError(msg)
        found: list[Path] = []
        for path in self._match(self.folder, parts):
            found.append(path)
            self._matches += 1
            if self._matches > self._most_matches:
                msg = f"with it there are more than {self._most_matches:,} files"
                raise TooWideError(msg)
        return sorted(found)

    def _match(self, folder: Path, parts: list[str]) -> Iterator[Path]:
        first, *rest = parts
        for path in self._match_name(folder, first, is_last=not rest):
            if rest:
                yield from self._match(path, rest)
            else:
                yield path

    def _match_name(self, folder: Path, part: str, *, is_last: bool) -> Iterator[Path]:
        """Yield what one part of a pattern matches in a folder."""
        if not _MAGIC & set(part):
            self._visit()
            if os.path.lexists(folder / part):
                yield folder / part
            return
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self._visit()
                    if entry.name.startswith(".") or not fnmatch(entry.name, part):
                        continue
                    if is_last or entry.is_dir(follow_symlinks=False):
                        yield folder / entry.name
                    elif entry.is_symlink() and entry.is_dir():
                        self.passed_links.append(entry.name)
        except (NotADirectoryError, FileNotFoundError, PermissionError):
            return

    def _visit(self) -> None:
        self._visited += 1
        if self._visited > MOST_VISITED:
            msg = f"there are more than {MOST_VISITED:,} files and folders to look through"
            raise TooWideError(msg)
