"""A build that is asked to end, in the middle of its training."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnistreport.errors import ExitCode
from tests.commands import is_alive
from tests.study.manifests import BOTH_MODELS, replace_once


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A build that would train for long."""
    manifest = tmp_path / "experiments.toml"
    manifest.write_text(replace_once(BOTH_MODELS, "epochs = 2", "epochs = 5000"), encoding="utf-8")
    command = [sys.executable, "-m", "mnistreport", "build", "--jobs", "1", "--progress", "json"]
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "EpochDone" in line:
                break
        yield process
        process.kill()


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
    assert ["interrupted; finished runs are stored, the next build goes on from here"] == said
    while any(map(is_alive, children)):
        assert time.monotonic() - started < 5
        time.sleep(0.05)
