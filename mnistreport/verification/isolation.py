"""A process of its own for what reads a hostile file.

It gets the file open for reading, answers in JSON lines, writes nothing, and ends with its parent.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from typing import IO, Any, Final

from mnistreport import isolation
from mnistreport.isolation import GONE, LimitedProcess, Limits

Message = Mapping[str, Any]
Tell = Callable[[Message], None]
Task = Callable[..., None]
"""Takes the open file, a ``Tell``, and further arguments; a function of a module."""

_MOST_FILES: Final = 64
_MOST_MESSAGES: Final = 1000
_DONE: Final[Message] = {"done": True}


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

    Nothing that it sends is unpickled, and it is gone when this returns or raises. The seconds of
    ``limits`` are those of the clock, too, its start included.
    """
    rights = replace(limits, files=_MOST_FILES)
    answer = Answer()
    with (
        LimitedProcess(_serve, rights, task, arguments) as process,
        process.within(limits.seconds),
        suppress(*GONE),
    ):
        send_handle(process.connection, file.fileno(), process.number)
        while len(answer.messages) < _MOST_MESSAGES and not answer.is_whole:
            message = process.receive()
            if message == _DONE:
                answer.is_whole = True
            else:
                answer.messages.append(message)
    return answer


def _serve(connection: Connection, task: Task, arguments: tuple[object, ...]) -> None:
    def tell(message: Message) -> None:
        isolation.tell(connection, message)

    with os.fdopen(recv_handle(connection), "rb") as file:
        task(file, tell, *arguments)
        tell(_DONE)
