"""Everything that can go wrong, each kind with its exit code and one line for the reader.

A message reads ``error: <file>:<line>: <key>: <reason>``, as far as each part is known,
and ``next_step`` says what to do about it.
"""

import errno
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final, Self

_INVISIBLE_BUT_ORDINARY: Final = frozenset("\u00ad\u200c\u200d")
"""Python calls them unprintable, as it does all spaces but one; some scripts join letters so."""


def disarm(text: str) -> str:
    """Return ``text`` on one line, with � for each character that a terminal would obey.

    Names of files, members of archives, texts of libraries' errors: whoever made them up must not
    move the cursor, turn the direction of letters, make a link, or seem to begin a line.
    """
    return "".join(each if _is_harmless(each) else "�" for each in text)


def _is_harmless(character: str) -> bool:
    is_ordinary = character in _INVISIBLE_BUT_ORDINARY or unicodedata.category(character) == "Zs"
    return character.isprintable() or is_ordinary


class ExitCode(IntEnum):
    """What the shell is told."""

    DONE = 0
    INCOMPLETE = 1  # built, but some runs failed or a claim is false; or a submission fails a check
    USAGE = 2  # the command line or the manifest
    DATA = 3
    RENDERING = 4  # a template, or making a document of it
    LOCKED = 5  # another build holds the output
    ENVIRONMENT = 6  # disk, library, port
    INTERRUPTED = 130
    UNREAD = 141  # whoever read what it said went away, as `head` does; shells call that SIGPIPE


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where; said, it is one line that a terminal only shows.

    Attributes:
        reason: What is wrong, without the place.
        file: The file it is in, if there is one.
        line: Line in ``file``, counted from 1.
        key: The key, cell, member or column concerned.
        next_step: What the reader can do about it.
    """

    reason: str
    file: Path | None = None
    line: int | None = None
    key: str | None = None
    next_step: str | None = None

    def __str__(self) -> str:
        """Say it on one line, without the next step."""
        place = str(self.file) if self.file else ""
        if place and self.line is not None:
            place += f":{self.line}"
        said = ": ".join(part for part in (place, self.key, self.reason) if part)
        return disarm(" ".join(said.split()))


class MnistReportError(Exception):
    """The family's parent: one or more problems that end the command."""

    exit_code = ExitCode.ENVIRONMENT

    def __init__(
        self,
        reason: str,
        *,
        file: Path | None = None,
        line: int | None = None,
        key: str | None = None,
        next_step: str | None = None,
    ) -> None:
        self.problems: tuple[Problem, ...] = (Problem(reason, file, line, key, next_step),)
        super().__init__(str(self.problems[0]))

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> Self:
        """Make one error of all ``problems`` (at least one)."""
        error = cls(problems[0].reason)
        error.problems = tuple(problems)
        error.args = ("\n".join(map(str, problems)),)
        return error


class ManifestError(MnistReportError):
    """The manifest is not usable; carries every problem found, not only the first."""

    exit_code = ExitCode.USAGE


class UsageError(MnistReportError):
    """The command cannot be carried out as it was given."""

    exit_code = ExitCode.USAGE


class DataError(MnistReportError):
    """The data set cannot be had, or is not what it should be."""

    exit_code = ExitCode.DATA


class TemplateError(MnistReportError):
    """A template cannot be rendered."""

    exit_code = ExitCode.RENDERING


class RenderingError(MnistReportError):
    """A document cannot be made of what the templates gave."""

    exit_code = ExitCode.RENDERING


class NoPdfError(RenderingError):
    """No PDF can be made here and now, though the page may be in order."""


class ReviewError(MnistReportError):
    """A report's words are not borne out, and ``--strict`` has none written that are not."""

    exit_code = ExitCode.INCOMPLETE


class LockedError(MnistReportError):
    """Another build holds the output."""

    exit_code = ExitCode.LOCKED


class EnvironmentFault(MnistReportError):
    """The machine lacks something: disk, library, port."""

    exit_code = ExitCode.ENVIRONMENT


_OF_THE_DISK: Final = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
}


def explain_disk(error: OSError) -> EnvironmentFault | None:
    """Return what the disk refused, where nothing nearer to it has told; ``None`` if it was not."""
    if error.errno not in _OF_THE_DISK:
        return None
    file = Path(str(error.filename)) if error.filename else None
    return EnvironmentFault(error.strerror or str(error), file=file, next_step="see to the disk")
