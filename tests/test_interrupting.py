"""A build that is asked to end, in the middle of its training."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mnistreport.errors import ExitCode
from tests.commands import is_alive
from tests.study.manifests import BOTH_MODELS, replace_once

SHORT_AND_LONG = """\
[training]
epochs = 5000
seeds = [0, 1]

[models.mlp]
kind = "mlp"
neurons = 16

[[studies]]
name = "epochs"
model = "mlp"
factor = "epochs"
levels = [1, 5000]
"""
"""Two runs that end at once, and two that do not."""


@contextmanager
def building(
    folder: Path, manifest: str, *, jobs: int, until: str
) -> Generator[subprocess.Popen[str]]:
    """Give a build that has come to an event."""
    (folder / "experiments.toml").write_text(manifest, encoding="utf-8")
    words = ["build", "--data", "digits", "--jobs", str(jobs), "--progress", "json"]
    command = [sys.executable, "-m", "mnistreport", *words]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if until in line:
                break
        yield process
        process.kill()


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A build that would train for long."""
    manifest = replace_once(BOTH_MODELS, "epochs = 2", "epochs = 5000")
    with building(tmp_path, manifest, jobs=1, until="EpochDone") as process:
        yield process


def find_children(process: int) -> list[int]:
    """Return the processes that ``process`` has started."""
    path = Path(f"/proc/{process}/task/{process}/children")
    if not path.exists():
        pytest.skip("this system does not list a process's children")
    return [int(number) for number in path.read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_end_ends_it_all(
    endless: subprocess.Popen[str], number: signal.Signals
) -> None:
    """Both are answered alike: code 130 within 5 s, one line, no worker is left.

    Not even one that is stopped.
    """
    children = find_children(endless.pid)
    assert children
    os.kill(children[-1], signal.SIGSTOP)
    started = time.monotonic()
    endless.send_signal(number)
    _, err = endless.communicate(timeout=60)
    assert time.monotonic() - started < 5
    assert ExitCode.INTERRUPTED == endless.returncode
    said = [line for line in err.splitlines() if not line.startswith("{")]
    assert ["interrupted; none of 8 runs had finished, and the next build begins again"] == said
    while any(map(is_alive, children)):
        assert time.monotonic() - started < 5
        time.sleep(0.05)


def test_the_runs_that_finished_are_counted(tmp_path: Path) -> None:
    """What is said of them is what is stored: here those of one epoch, and not the long ones."""
    with building(tmp_path, SHORT_AND_LONG, jobs=2, until='"Ended"') as process:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    stored = len(list((tmp_path / ".mnistreport" / "runs").glob("[!.]*")))
    assert stored in {1, 2}
    runs = f"{stored} of 4 runs finished and {'is' if stored == 1 else 'are'} stored"
    said = [line for line in err.splitlines() if not line.startswith("{")]
    assert [f"interrupted; {runs}, and the next build goes on from there"] == said
