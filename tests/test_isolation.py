"""Processes that work must not harm: what they cannot do."""

import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from mnistreport.errors import Problem
from mnistreport.isolation import (
    GONE,
    LimitedProcess,
    Limits,
    pack_problem,
    tell,
    unpack_problem,
)
from tests.commands import is_alive

SMALL = Limits(memory=2**28)

needs_limits = pytest.mark.skipif(sys.platform != "linux", reason="other systems have other limits")


def _try_all(connection: Connection, path: str, port: int) -> None:
    attempts: dict[str, Callable[[], object]] = {
        "read": lambda: Path(path).read_text("utf-8"),
        "write": lambda: Path(path).write_text("evil", "utf-8"),
        "connect": lambda: socket.create_connection(("127.0.0.1", port)),
        "speak": lambda: os.write(1, b"\x1b[2Jevil"),
        "take memory": lambda: bytearray(2**29),
    }
    for name, attempt in attempts.items():
        try:
            attempt()
        except (OSError, MemoryError) as error:
            tell(connection, {"tried": name, "refused": type(error).__name__})
        else:
            tell(connection, {"tried": name, "refused": None})
    tell(connection, {"done": True})


def _say_half(connection: Connection) -> None:
    os.write(connection.fileno(), b"\0\0\1\0half")  # promises 256 bytes
    time.sleep(60)


def _say_no_json(connection: Connection) -> None:
    connection.send_bytes(b"\x80\x04}.")  # an empty dictionary, as pickle has it


@needs_limits
def test_it_has_no_way_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Without a file of its own it reads, writes and reaches nothing, and takes little memory."""
    path = tmp_path / "secret"
    path.write_text("a secret")
    refused: dict[str, str | None] = {}
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        LimitedProcess(_try_all, SMALL, str(path), server.getsockname()[1]) as process,
        process.within(60),
    ):
        while (message := process.receive()) != {"done": True}:
            refused[message["tried"]] = message["refused"]
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert ["read", "write", "connect", "take memory"] == [
        name for name, error in refused.items() if error
    ]
    assert "a secret" == path.read_text()
    assert ("", "") == capfd.readouterr()


@pytest.mark.parametrize("task", [_say_half, _say_no_json])
def test_what_it_says_is_waited_for_only_so_long(task: Callable[[Connection], None]) -> None:
    """Half a message, or none that is JSON, is an error, at the deadline at the latest."""
    with LimitedProcess(task, SMALL) as process, process.within(1.5):
        number = process.number
        with pytest.raises(GONE):
            process.receive()
    assert not is_alive(number)


def test_closing_twice_does_no_harm() -> None:
    """Who was ended can be ended again."""
    process = LimitedProcess(_say_half, SMALL)
    process.close()
    with suppress(ValueError):
        process.close()


@pytest.mark.parametrize(
    "problem",
    [Problem("why"), Problem("why", Path("a/b"), 3, "key", "do this")],
)
def test_a_problem_comes_back_as_it_was(problem: Problem) -> None:
    """As JSON it keeps its place, its line and its next step."""
    assert problem == unpack_problem(pack_problem(problem))
