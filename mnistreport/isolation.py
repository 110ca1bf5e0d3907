"""Processes of their own for work that must not harm the program: limited in memory, time, rights.

What such a process says is read as JSON or plain bytes and never unpickled. It ends with the
program, also when that is killed. The limits hold off what a file or a template can make its reader
do; they are a second wall behind that reader's own, and no jail for somebody's machine code.
"""

import importlib
import json
import math
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, Self

from mnistreport.errors import Problem
from mnistreport.processes import obey_parent, starting_children

Task = Callable[..., None]
"""A function of a module; takes its end of the pipe, and further arguments."""

LONGEST_MESSAGE: Final = 2**20
GONE: Final = (EOFError, OSError, ValueError)
"""What talking to a process raises that is dead, or says what it should not."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may take; where the system has no such limits, its deadlines remain.

    Attributes:
        memory: Bytes beyond those of the program itself.
        seconds: Of the processor's time in all.
        files: How many files or connections it may have open besides those that it was given.
        largest_file: Bytes that it may write to a file.
        modules: Names of those that are loaded before: what these take is not the work's doing.
    """

    memory: int
    seconds: float = math.inf
    files: int = 0
    largest_file: int = 0
    modules: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say time and memory."""
        return f"{self.seconds:g} s and {self.memory / 2**30:g} GB"


class LimitedProcess:
    """A process that does one task, and is gone when it is closed.

    Attributes:
        connection: Our end of the pipe to it.
    """

    def __init__(self, task: Task, limits: Limits, *arguments: object) -> None:
        """Start it; it is not waited for."""
        context = multiprocessing.get_context("spawn")  # forked, it would have all of our memory
        self.connection, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=_serve, args=(theirs, task, limits, arguments), daemon=True
        )
        with starting_children():
            self._process.start()
        theirs.close()  # so that the pipe ends when it does

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End it."""
        self.close()

    @property
    def number(self) -> int:
        """What the system calls it."""
        return self._process.pid or 0

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.is_alive()

    @contextmanager
    def within(self, seconds: float) -> Generator[None]:
        """Kill it unless what is done with it meanwhile takes no longer than that."""
        deadline = threading.Timer(seconds, self._kill)
        deadline.daemon = True
        deadline.start()
        try:
            yield
        finally:
            deadline.cancel()

    def receive(self, longest: int = LONGEST_MESSAGE) -> dict[str, Any]:
        """Return the next thing that it says, as JSON.

        Raises:
            EOFError, OSError, ValueError: It is dead, or says something else.
        """
        message: object = json.loads(self.connection.recv_bytes(longest))
        if not isinstance(message, dict):
            msg = "no message"
            raise ValueError(msg)  # noqa: TRY004 - as for everything else that is no message
        return message  # pyright: ignore[reportUnknownVariableType] - keys of JSON are texts

    def close(self) -> None:
        """End it."""
        self.connection.close()
        with suppress(ValueError):  # it was closed before
            self._process.kill()
            self._process.join()
            self._process.close()

    def _kill(self) -> None:
        with suppress(ValueError):  # it is closed already
            self._process.kill()


def tell(connection: Connection, message: Mapping[str, object]) -> None:
    """Say something to whoever holds the other end, as JSON."""
    connection.send_bytes(json.dumps(message, allow_nan=False).encode())


def pack_problem(problem: Problem) -> Mapping[str, object]:
    """Return a problem as JSON has it."""
    return asdict(problem) | {"file": None if problem.file is None else str(problem.file)}


def unpack_problem(packed: Mapping[str, Any]) -> Problem:
    """Return what ``pack_problem`` packed."""
    file, line, key, step = (packed.get(name) for name in ("file", "line", "key", "next_step"))
    return Problem(
        str(packed.get("reason")),
        Path(file) if isinstance(file, str) else None,
        line if isinstance(line, int) else None,
        key if isinstance(key, str) else None,
        step if isinstance(step, str) else None,
    )


def _serve(
    connection: Connection, task: Task, limits: Limits, arguments: tuple[object, ...]
) -> None:
    obey_parent()
    sys.dont_write_bytecode = True
    _fall_silent()
    for module in limits.modules:
        importlib.import_module(module)
    _limit(limits)
    task(connection, *arguments)


def _fall_silent() -> None:
    """Keep off the terminal: what a library complains of may hold anything."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _limit(limits: Limits) -> None:
    """Limit this process for good."""
    try:
        import resource
    except ImportError:
        return
    wanted = {
        resource.RLIMIT_AS: _measure_memory() + limits.memory,
        resource.RLIMIT_FSIZE: limits.largest_file,
        resource.RLIMIT_NOFILE: _find_lowest_number() + limits.files,
        resource.RLIMIT_CORE: 0,
    }
    if math.isfinite(limits.seconds):
        wanted[resource.RLIMIT_CPU] = math.ceil(limits.seconds)
    for kind, most in wanted.items():
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))


def _find_lowest_number() -> int:
    """Return the number that the next file would get: below it, all are in use."""
    number = os.open(os.devnull, os.O_RDONLY)
    os.close(number)
    return number


def _measure_memory() -> int:
    """Return how many bytes of addresses this process has; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (OSError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
