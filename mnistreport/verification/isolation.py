"""A process of its own for what reads a hostile file: limited in memory, time and rights.

It gets the file open for reading, answers in JSON lines, writes nothing, and ends with its parent.
"""

import importlib
import json
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from typing import IO, Any, Final, cast

from mnistreport.processes import obey_parent

Message = Mapping[str, Any]
Tell = Callable[[Message], None]
Task = Callable[..., None]
"""Takes the open file, a ``Tell``, and further arguments; a function of a module."""

_MOST_FILES: Final = 64
_LONGEST_MESSAGE: Final = 2**20
_MOST_MESSAGES: Final = 1000
_DONE: Final[Message] = {"done": True}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may take.

    Attributes:
        seconds: Of time on the clock, its start included, and of the processor's.
        memory: Bytes beyond those of the program itself.
        modules: Names of those that are loaded before: what these take is not the file's doing.
    """

    seconds: int
    memory: int
    modules: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say them."""
        return f"{self.seconds} s and {self.memory / 2**30:g} GB"


@dataclass(slots=True)
class Answer:
    """What a process said.

    Attributes:
        messages: In their order.
        is_whole: Whether it came to its end; otherwise it died, or ran into a limit.
    """

    messages: list[Message] = field(default_factory=list[Message])
    is_whole: bool = False


def ask_isolated(task: Task, file: IO[bytes], *arguments: object, limits: Limits) -> Answer:
    """Have a process of its own do ``task`` with ``file``, and return what it told.

    Nothing that it sends is unpickled, and it is gone when this returns or raises.
    """
    context = multiprocessing.get_context("spawn")  # forked, it would have all of our memory
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, task, arguments, limits), daemon=True)
    process.start()
    theirs.close()
    deadline = threading.Timer(limits.seconds, _kill, [process])
    deadline.daemon = True
    deadline.start()
    answer = Answer()
    try:
        with suppress(EOFError, OSError, ValueError):
            send_handle(ours, file.fileno(), process.pid)
            while len(answer.messages) < _MOST_MESSAGES and not answer.is_whole:
                message: object = json.loads(ours.recv_bytes(_LONGEST_MESSAGE))
                if message == _DONE:
                    answer.is_whole = True
                elif isinstance(message, dict):
                    answer.messages.append(cast("Message", message))
    finally:
        deadline.cancel()
        ours.close()
        process.kill()
        process.join()
        process.close()
    return answer


def _kill(process: BaseProcess) -> None:
    with suppress(ValueError):  # it is done with already
        process.kill()


def _serve(
    connection: Connection, task: Task, arguments: tuple[object, ...], limits: Limits
) -> None:
    obey_parent()
    sys.dont_write_bytecode = True
    _fall_silent()
    with os.fdopen(recv_handle(connection), "rb") as file:
        for module in limits.modules:
            importlib.import_module(module)
        _limit(limits)

        def tell(message: Message) -> None:
            connection.send_bytes(json.dumps(message).encode())

        task(file, tell, *arguments)
        tell(_DONE)


def _fall_silent() -> None:
    """Keep off the terminal: what a reader complains of may hold anything."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _limit(limits: Limits) -> None:
    """Limit this process for good; where the system has no such limits, the deadline remains."""
    try:
        import resource
    except ImportError:
        return
    wanted = {
        resource.RLIMIT_AS: _measure_memory() + limits.memory,
        resource.RLIMIT_CPU: limits.seconds,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _MOST_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in wanted.items():
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))


def _measure_memory() -> int:
    """Return how many bytes of addresses this process has; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (OSError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
