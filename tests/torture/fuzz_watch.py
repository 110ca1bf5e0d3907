"""Watching a process that is fed hostile input: what it touches, and how long it takes.

A hook of the interpreter's sees every file that is opened for writing, every name that is made,
moved or removed, every socket and every program that is started; it cannot be taken out again, so
that this runs in processes of its own only.
"""

import mmap
import os
import resource
import struct
import sys
import time
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Outcome = Literal["taken", "refused", "limited"]
"""Of one input: it was read, it was refused in the reader's terms, or it ran into the limits that
the program has for it in a process of its own."""

MOST_SECONDS: Final = 2
"""Of the processor's time, for one input."""
_FORBIDDEN: Final = (
    *("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"),
    *("pty.", "pickle.", "urllib.", "ctypes.", "shutil.", "ftplib.", "http.", "smtplib."),
)
_CHANGING: Final = frozenset(
    f"os.{name}"
    for name in (
        *("rename", "remove", "rmdir", "mkdir", "link", "symlink", "truncate", "chmod", "chown"),
        *("utime", "mknod", "setxattr", "removexattr"),
    )
)
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_TALLY: Final = struct.Struct("<4Qd")


class OutsideError(BaseException):
    """Something was touched that no reader has to do with; no ``except Exception`` hides it."""


@dataclass
class Tally:
    """What was counted, also if the process that counts is killed.

    Attributes:
        mutations: Inputs that are none of those that the mutations started from, and were read to
            an end.
        taken: Of all inputs.
        refused: The same.
        limited: The same.
        slowest: Seconds of the processor's time that the slowest input took.
    """

    mutations: int = 0
    taken: int = 0
    refused: int = 0
    limited: int = 0
    slowest: float = 0.0

    @classmethod
    def load(cls, file: Path) -> "Tally":
        """Read what was kept."""
        return cls(*_TALLY.unpack(file.read_bytes()))


class Watch:
    """Runs a check on inputs, and sees to it that it keeps its promises."""

    def __init__(self, folder: Path, seeds: list[bytes], check: Callable[[bytes], Outcome]) -> None:
        """Be about to count into ``folder/tally``; only below ``folder/given`` may be written."""
        self._allowed = str(folder / "given")
        self._failure = folder / "failure"
        self._check = check
        self._seeds = set(seeds)
        self._tally = Tally()
        self._is_armed = False
        self._outside: list[str] = []
        with (folder / "tally").open("w+b") as file:
            file.truncate(_TALLY.size)
            self._kept = mmap.mmap(file.fileno(), _TALLY.size)
        sys.addaudithook(self._see)

    def run(self, content: bytes) -> None:
        """Check one input, and count it; what breaks a promise is kept beside its traceback."""
        start = time.process_time()
        try:
            with self._armed():
                outcome = self._check(content)
            seconds = time.process_time() - start
            assert [] == self._outside
            assert seconds < MOST_SECONDS, f"it took {seconds:.1f} s"
        except BaseException as error:
            if not isinstance(error, KeyboardInterrupt):
                self._failure.with_suffix(".input").write_bytes(content)
                self._failure.with_suffix(".txt").write_text(traceback.format_exc()[-20_000:])
            raise
        tally = self._tally
        tally.mutations += content not in self._seeds and outcome != "limited"
        setattr(tally, outcome, getattr(tally, outcome) + 1)
        tally.slowest = max(tally.slowest, seconds)
        figures = (tally.mutations, tally.taken, tally.refused, tally.limited, tally.slowest)
        self._kept[:] = _TALLY.pack(*figures)

    @contextmanager
    def _armed(self) -> Generator[None]:
        self._is_armed = True
        try:
            yield
        finally:
            self._is_armed = False

    def _see(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._is_armed:
            return
        if event == "open":
            path, mode, flags = arguments
            is_write = isinstance(flags, int) and flags & _WRITES
            is_write = is_write or (isinstance(mode, str) and set(mode) & set("wax+"))
            if is_write and not isinstance(path, int):
                self._judge(event, path)
        elif event in _CHANGING:
            for path in arguments[: 1 + (event in {"os.rename", "os.link"})]:
                if not isinstance(path, int):
                    self._judge(event, path)
        elif event.startswith(_FORBIDDEN) and event != "shutil.rmtree":
            self._complain(f"{event} {arguments!r:.300}")

    def _judge(self, event: str, path: object) -> None:
        whole = os.path.normpath(Path.cwd() / os.fsdecode(path))  # type: ignore[arg-type]
        if not (whole == self._allowed or whole.startswith(self._allowed + os.sep)):
            self._complain(f"{event} {whole}")

    def _complain(self, what: str) -> None:
        self._outside.append(what)
        raise OutsideError(what)


def limit_memory(beyond: int) -> None:
    """Let this process have so many bytes more than it has now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    most = pages * resource.getpagesize() + beyond
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
