"""A thousand stored runs: what commands take of time, memory and descriptors."""

import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path

import pytest

from benchmarks.size import _write_documents, make_project
from mnistreport.data.split import LearningSizes
from mnistreport.errors import ExitCode
from mnistreport.options import Listener
from mnistreport.pipeline import Project, collect_results, look_up
from mnistreport.study.experiment import Experiment
from mnistreport.training import workers
from mnistreport.training.crew import WorkPlace
from mnistreport.training.events import Ended, WorkerLost
from mnistreport.training.executors import train_experiments
from mnistreport.training.workers import Processes
from tests.training.small import make_experiment
from tests.training.stand_ins import pretend

RUNS = 1000
TRIES = 3
"""How often each command runs; the quickest counts."""


@dataclass(frozen=True)
class Taken:
    """What a command took: time on the clock, and memory and descriptors of its own."""

    seconds: float
    peak_bytes: int
    descriptors: int


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One whose runs are all stored, and whose documents are written."""
    made = make_project(tmp_path_factory.mktemp("project"), RUNS)
    results = collect_results(made, lambda each: look_up(each, made, Listener()))
    _write_documents(made, results)
    return made


def _measure(project: Project, command: str) -> Taken:
    words = [sys.executable, "-m", "mnistreport", command, "--manifest", str(project.manifest.path)]
    peaks, descriptors = [0], [0]
    started = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        place = Path(f"/proc/{process.pid}")
        while process.poll() is None:
            with suppress(OSError, StopIteration):  # it is just done
                descriptors.append(_count_descriptors(place))
                lines = (place / "status").read_text().splitlines()
                peak = next(line for line in lines if line.startswith("VmHWM:"))
                peaks.append(1024 * int(peak.split()[1]))
            time.sleep(0.02)  # looked at more often, it would be held up
        seconds = time.monotonic() - started
        assert process.stdout is not None
        said = process.stdout.read()
    if command == "build":
        assert "nothing has changed" in said
    assert process.returncode in {ExitCode.DONE, ExitCode.INCOMPLETE}
    return Taken(seconds, max(peaks), max(descriptors))


def _count_descriptors(process: Path) -> int:
    return len(list((process / "fd").iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
@pytest.mark.parametrize(("command", "most_seconds"), [("check", 2.0), ("build", 10.0)])
def test_a_thousand_runs_are_no_burden(
    command: str,
    most_seconds: float,
    project: Project,
    record_property: Callable[[str, object], None],
) -> None:
    """Checking them takes 2 s, a build with nothing to do 10 s, 400 MB and 64 descriptors."""
    taken = [_measure(project, command) for _ in range(TRIES)]
    seconds = min(each.seconds for each in taken)
    peak = max(each.peak_bytes for each in taken)
    descriptors = max(each.descriptors for each in taken)
    record_property(f"{command} of {RUNS} stored runs, s", round(seconds, 2))
    record_property(f"{command} of {RUNS} stored runs, MB", round(peak / 1e6))
    record_property(f"{command} of {RUNS} stored runs, descriptors", descriptors)
    assert 3 < descriptors <= 64
    assert 10e6 < peak <= 400e6
    assert seconds <= most_seconds


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
def test_a_thousand_experiments_need_no_more_than_their_workers(
    monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """On eight workers, of which some are killed all the time, descriptors do not add up."""
    monkeypatch.setattr(workers, "_work", pretend)
    place = WorkPlace(Path(), Path(), LearningSizes(1079, 359), "cpu")
    resource_tracker.ensure_running()  # stays, whoever starts it
    ours = Path("/proc/self")
    before, most, ends, losses = _count_descriptors(ours), 0, 0, 0
    for event in train_experiments(map(_make_numbered, range(RUNS)), place, Processes(8)):
        most = max(most, _count_descriptors(ours))
        losses += isinstance(event, WorkerLost)
        if isinstance(event, Ended):
            ends += 1
            if ends % 100 == 0:
                multiprocessing.active_children()[0].kill()
    assert (RUNS, before) == (ends, _count_descriptors(ours))
    assert 0 < losses
    assert most - before <= 64 - 10  # a command itself has about ten
    record_property("descriptors for 8 workers", most - before)


def _make_numbered(seed: int) -> Experiment:
    return make_experiment(seed=seed)
