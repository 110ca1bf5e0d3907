"""The process that reads hostile files: its limits, its silence, its end."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from mnistreport.isolation import Limits
from mnistreport.verification.isolation import Answer, Tell, ask_isolated
from tests.commands import is_alive

ROOT = Path(__file__).parents[2]
GENEROUS = Limits(seconds=60, memory=2**30)


def read_it(file: IO[bytes], tell: Tell, more: str) -> None:
    """Tell what is in the file."""
    tell({"read": file.read().decode(), "more": more, "process": os.getpid()})


def take_memory(_file: IO[bytes], tell: Tell) -> None:
    """Take more than there is to be had."""
    tell({"begun": True})
    tell({"taken": len(bytearray(2**30))})


def take_time(_file: IO[bytes], tell: Tell) -> None:
    """Never end."""
    tell({"process": os.getpid()})
    while True:
        time.sleep(1)


def die(_file: IO[bytes], _tell: Tell) -> None:
    """Be killed, as by a fault in a library."""
    os.kill(os.getpid(), signal.SIGKILL)


def write_and_shout(_file: IO[bytes], tell: Tell, path: str) -> None:
    """Try to write a file, and to speak to the terminal."""
    os.write(1, b"\x1b[2Jhello")
    os.write(2, b"\x1b[2Jhello")
    try:
        Path(path).write_bytes(b"evil")
    except OSError:
        tell({"refused": True})


def ask(file: Path, task: object, *arguments: object, limits: Limits = GENEROUS) -> Answer:
    """Have a task done with a file."""
    with file.open("rb") as stream:
        return ask_isolated(task, stream, *arguments, limits=limits)  # type: ignore[arg-type]


def count_threads(process: str) -> int:
    """Return how many threads a process has."""
    return len(list(Path(f"/proc/{process}/task").iterdir()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a word in it."""
    path = tmp_path / "file"
    path.write_text("word")
    return path


def test_it_reads_and_tells_and_is_gone(file: Path) -> None:
    """The open file and arguments reach it, its answers come back, and it is gone."""
    answer = ask(file, read_it, "argument")
    assert answer.is_whole
    assert ("word", "argument") == (answer.messages[0]["read"], answer.messages[0]["more"])
    assert not is_alive(answer.messages[0]["process"])


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other limits")
def test_it_cannot_take_all_memory(file: Path) -> None:
    """What it said before is kept, and what was too much for it ends it."""
    answer = ask(file, take_memory, limits=Limits(seconds=60, memory=2**28))
    assert ([{"begun": True}], False) == (answer.messages, answer.is_whole)


def test_it_cannot_take_all_time(file: Path) -> None:
    """At the deadline it is killed."""
    answer = ask(file, take_time, limits=Limits(seconds=2, memory=2**30))
    assert not answer.is_whole
    assert not any(is_alive(message["process"]) for message in answer.messages)


def test_its_death_is_an_answer(file: Path) -> None:
    """Killed in the middle, it has said nothing to the end; nobody waits for it."""
    assert not ask(file, die).is_whole


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other limits")
def test_it_writes_nothing(file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No byte of it reaches the disk or the terminal."""
    answer = ask(file, write_and_shout, str(tmp_path / "evil"))
    assert [{"refused": True}] == answer.messages
    evil = tmp_path / "evil"
    assert not evil.exists() or b"" == evil.read_bytes()
    assert ("", "") == capfd.readouterr()


PARENT = """\
from mnistreport.isolation import Limits
from mnistreport.verification.isolation import ask_isolated
from tests.verification.test_isolation import take_time

if __name__ == "__main__":
    with open(__file__, "rb") as stream:
        ask_isolated(take_time, stream, limits=Limits(seconds=60, memory=2**30))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    """A parent that is killed leaves nobody behind."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, script], env=environment) as parent:
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        until = time.monotonic() + 60
        while len(found := children.read_text().split()) < 2 and time.monotonic() < until:
            time.sleep(0.02)  # multiprocessing's own helper, and the process that is asked
        until = time.monotonic() + 10
        while max(map(count_threads, found)) < 2 and time.monotonic() < until:
            time.sleep(0.02)  # the thread that waits for the parent's end
        parent.kill()
    until = time.monotonic() + 10
    while any(is_alive(int(each)) for each in found) and time.monotonic() < until:
        time.sleep(0.05)
    left = [int(each) for each in found if is_alive(int(each))]
    for each in left:  # nothing that a test starts outlives it, whatever came out
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    assert (2, []) == (len(found), left)
