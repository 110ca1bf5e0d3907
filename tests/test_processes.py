import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mnistreport.errors import ExitCode
from mnistreport.processes import (
    Requests,
    heeding_requests,
    interrupts_held,
    obey_parent,
    starting_children,
)

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])

SLOW_TO_END = """
import hashlib, multiprocessing, sys, time
from mnistreport import processes
from mnistreport.cli_frame import errors_told

with processes.starting_children():
    lock = multiprocessing.get_context("spawn").Lock()
processes.GRACE_SECONDS = float(sys.argv[1])
with errors_told(debug=False, stopped="stopped"):
    try:
        print("working", flush=True)
        time.sleep(60)
    finally:
        print("tidying up", flush=True)
        {slow}
"""
WAITS = "time.sleep(60)"
COMPUTES = 'hashlib.pbkdf2_hmac("sha1", b"", b"", 10**9)  # minutes in which Python hears nothing'
ASKED_EARLY = """
import os, signal, sys
from mnistreport.processes import end_when_asked
end_when_asked()
os.kill(os.getpid(), int(sys.argv[1]))
"""


@pytest.fixture(autouse=True)
def _handlers_stay() -> Iterator[None]:
    """See that every test leaves the handlers of signals as they were."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    hook = sys.unraisablehook
    yield
    assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert hook is sys.unraisablehook


@BOTH
def test_the_first_request_is_an_exception(number: signal.Signals) -> None:
    """So that everything is tidied up; what is said at the end is said once."""
    with heeding_requests("the end") as requests:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        assert requests.came
        assert ["the end\n", ""] == [requests.take_words(), requests.take_words()]


@BOTH
@pytest.mark.parametrize("slow", [WAITS, COMPUTES])
def test_a_second_request_ends_it_at_once(number: signal.Signals, slow: str) -> None:
    """Within a second, whatever is being tidied up: one line, and the exit code of the first.

    Of the locks that it leaves behind, Python's own helper says nothing: it only removes them.
    """
    with _start_slow(slow, grace=60) as process:
        process.send_signal(number)
        assert process.stdout is not None
        assert "tidying up\n" == process.stdout.readline()
        asked = time.monotonic()
        process.send_signal(number)
        said = process.communicate(timeout=5)[1]
        assert time.monotonic() - asked < 1
    assert (ExitCode.INTERRUPTED, "stopped\n") == (process.returncode, said)


def test_tidying_up_does_not_take_for_ever() -> None:
    """After a while the first request is enough."""
    with _start_slow(COMPUTES, grace=0.3) as process:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=5)[1]
    assert (ExitCode.INTERRUPTED, "stopped\n") == (process.returncode, said)


@contextmanager
def _start_slow(slow: str, *, grace: float) -> Generator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_TO_END.format(slow=slow), str(grace)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert "working\n" == process.stdout.readline()
            yield process
        finally:
            process.kill()  # if it has not ended, as it should have


@BOTH
def test_a_request_before_anything_began_ends_it(number: signal.Signals) -> None:
    """While the program is still loading there is nothing to tidy up, and no traceback."""
    command = [sys.executable, "-c", ASKED_EARLY, str(int(number))]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (ExitCode.INTERRUPTED, "", "interrupted\n") == (
        done.returncode,
        done.stdout,
        done.stderr,
    )


def test_an_interrupt_is_not_lost() -> None:
    """Python drops an exception while a weak reference is cleared; this one is raised again."""

    class Target:
        pass

    def lose_and_wait() -> None:
        target = Target()
        kept = weakref.ref(target, lambda _: signal.raise_signal(signal.SIGINT))
        del target
        assert kept() is None
        time.sleep(20)

    started = time.monotonic()
    with heeding_requests(""), pytest.raises(KeyboardInterrupt):
        lose_and_wait()
    assert time.monotonic() - started < 5


LOST_THEN_HELD = """
import os, signal, sys, time, weakref
import typer
from mnistreport.cli_frame import errors_told
from mnistreport.processes import interrupts_held

class Target:
    pass

try:
    with errors_told(debug=False, stopped="stopped"):
        try:
            target = Target()
            kept = weakref.ref(target, lambda _: os.kill(os.getpid(), signal.SIGTERM))
            del target
            with interrupts_held():
                time.sleep(0.2)
            print("went on")
        finally:
            time.sleep(0.2)
            print("tidied up", flush=True)
except typer.Exit as ended:
    sys.exit(ended.exit_code)
"""


def test_one_request_that_is_lost_and_then_held_is_no_second() -> None:
    """Asked again while something short is drawn, it is raised after that; all is tidied up."""
    command = [sys.executable, "-c", LOST_THEN_HELD]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (ExitCode.INTERRUPTED, "tidied up\n", "stopped\n") == (
        done.returncode,
        done.stdout,
        done.stderr,
    )


def test_nothing_of_it_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a request came or not, signals are told to nobody after, and nothing is open."""
    monkeypatch.setattr("mnistreport.processes.GRACE_SECONDS", 60)
    before = _list_open()
    with heeding_requests(""):
        pass
    assert before == _list_open()
    with heeding_requests(""), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert -1 == signal.set_wakeup_fd(-1)
    end = time.monotonic() + 5
    while before != _list_open() and time.monotonic() < end:  # the other thread closes its own
        time.sleep(0.01)
    assert before == _list_open()


def _list_open() -> list[str]:
    place = Path("/proc/self/fd")
    return [each.name for each in place.iterdir()][:-1] if place.exists() else []


def test_repeated_requests_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds one interrupt back does not hold back a second."""
    ended: list[str] = []
    monkeypatch.setattr(Requests, "end_at_once", lambda _: ended.append("at once"))

    def draw() -> None:
        with interrupts_held():
            signal.raise_signal(signal.SIGINT)
            assert [] == ended
            signal.raise_signal(signal.SIGINT)
            assert ["at once"] == ended

    with heeding_requests(""), pytest.raises(KeyboardInterrupt):
        draw()


def test_children_are_not_interrupted_while_they_load() -> None:
    """Ctrl-C reaches them, too; they say nothing, and leave it to their parent what it ends."""
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=obey_parent)
    with starting_children():
        child.start()
    os.kill(child.pid or 0, signal.SIGINT)
    child.join()
    assert 0 == child.exitcode


def test_an_interrupt_waits_until_a_child_has_started() -> None:
    """No child is started and forgotten."""
    done: list[str] = []

    def start() -> None:
        with starting_children():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("started")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert ["started"] == done


def test_the_script_is_what_it_was_after_children_were_started() -> None:
    """Also where several threads start some: each hides it, and none what another has put there."""
    script = sys.modules["__main__"]
    seen: list[object] = []

    def start() -> None:
        for _ in range(200):
            with starting_children():
                seen.append(sys.modules["__main__"])

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert script is sys.modules["__main__"]
    assert 800 == len(seen)
    assert script not in seen
