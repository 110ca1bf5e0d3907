import errno
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import groupby
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import mnistreport.training.trainer
from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.errors import DataError, EnvironmentFault
from mnistreport.study.experiment import CnnArchitecture, MlpArchitecture
from mnistreport.training import workers
from mnistreport.training.crew import WorkPlace
from mnistreport.training.events import Ended, EpochDone, Event, Started, WorkerLost
from mnistreport.training.executors import train_experiments
from mnistreport.training.trainer import Trainer
from mnistreport.training.watch import Patience
from mnistreport.training.workers import Processes
from tests.commands import is_alive
from tests.training.small import CNN, MLP, make_endless, make_experiment, timeless
from tests.training.stand_ins import tell_half

SOON = 5
"""Seconds within which a worker must be gone."""
OTHERS: list[BaseProcess] = []
"""Processes that were there before the test."""
IMPATIENT = Patience(still_seconds=1.0)
"""For a worker that is stopped; one that works is never so long without the processor."""

STACKED = tuple(
    make_experiment(MlpArchitecture((32, 16), dropout=0.2), seed=seed) for seed in range(12)
)
"""Those are trained side by side, three at a time, where there is one worker."""
EXPERIMENTS = (
    make_experiment(MlpArchitecture((8, 8), dropout=0.5), seed=0),
    make_experiment(MlpArchitecture((8, 8), dropout=0.5), seed=1),
    make_experiment(MlpArchitecture((16,), layer_norm=True)),
    make_experiment(CNN, seed=3),
    make_experiment(CnnArchitecture((4,), 3, 8, dropout=0.5), seed=4),
)

TWO_FOR_EVER = """
import multiprocessing, sys
from pathlib import Path
from mnistreport.data.split import LearningSizes
from mnistreport.training.events import EpochDone
from mnistreport.training.crew import WorkPlace
from mnistreport.training.executors import train_experiments
from mnistreport.training.workers import Processes
from tests.training.small import make_endless

place = WorkPlace(Path(sys.argv[1]), Path(sys.argv[2]), LearningSizes(1079, 359), "cpu")
for event in train_experiments([make_endless(0), make_endless(1)], place, Processes(2)):
    if isinstance(event, EpochDone):
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
"""


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """See that every test ends with the processes, threads and descriptors it began with."""
    resource_tracker.ensure_running()  # stays, whoever starts it
    OTHERS[:] = multiprocessing.active_children()
    gc.collect()  # what earlier tests left open
    threads, descriptors = threading.active_count(), _count_descriptors()
    yield
    assert [] == _list_workers()
    assert (threads, descriptors) == (threading.active_count(), _count_descriptors())


def _list_workers() -> list[BaseProcess]:
    """Return the processes that the test has started; others may be there since earlier ones."""
    return [child for child in multiprocessing.active_children() if child not in OTHERS]


def _count_descriptors() -> int:
    descriptors = Path("/proc/self/fd")
    return len(list(descriptors.iterdir())) if descriptors.exists() else 0


@pytest.fixture(scope="module")
def undisturbed(place: WorkPlace) -> list[Event]:
    """What happens when one worker trains everything."""
    return list(train_experiments(EXPERIMENTS, place, Processes(1)))


def _collect(events: Iterable[Event]) -> dict[str, tuple[object, bytes]]:
    """Return what was trained, by fingerprint, without what differs from time to time."""
    return {
        event.result.fingerprint: (timeless(event.result), event.tensors)
        for event in events
        if isinstance(event, Ended)
    }


def _kill_workers() -> None:
    for child in _list_workers():
        child.kill()


def _stop_workers() -> None:
    for child in _list_workers():
        os.kill(child.pid or 0, signal.SIGSTOP)


def test_tells_everything_in_order(undisturbed: list[Event]) -> None:
    """Each experiment is begun, tells its epochs, and ends; the longest are begun first."""
    assert [CNN.kind] * 2 + [MLP.kind] * 3 == [
        event.experiment.variant.model for event in undisturbed if isinstance(event, Started)
    ]
    for experiment in EXPERIMENTS:
        events = [event for event in undisturbed if event.experiment == experiment]
        assert [Started, EpochDone, EpochDone, Ended] == [type(event) for event in events]
        rows = tuple(event.row for event in events if isinstance(event, EpochDone))
        (ended,) = (event for event in events if isinstance(event, Ended))
        assert ("finished", rows) == (ended.result.status, ended.result.history)


def test_what_is_estimated_to_be_longest_goes_first(place: WorkPlace) -> None:
    """The order is that of the estimates that are given, not of constants."""
    last = EXPERIMENTS[:3]
    events = train_experiments(last, place, Processes(1), estimate=last.index)
    started = [event.experiment for event in events if isinstance(event, Started)]
    assert list(last[::-1]) == started


@pytest.mark.parametrize("jobs", [2, 4])
def test_number_of_workers_makes_no_difference(
    jobs: int, place: WorkPlace, undisturbed: list[Event]
) -> None:
    """Any number of workers, in another order, ends in the same bits: histories and weights."""
    shuffled = EXPERIMENTS[::-1] if jobs == 2 else EXPERIMENTS[2:] + EXPERIMENTS[:2]
    started: set[int] = set()
    found: list[Event] = []
    for event in train_experiments(shuffled, place, Processes(jobs)):
        started |= {child.pid or 0 for child in _list_workers()}
        found.append(event)
    assert jobs == len(started)
    assert _collect(undisturbed) == _collect(found)


def test_no_worker_makes_no_difference_either(
    digits: DigitSet, split: Split, undisturbed: list[Event]
) -> None:
    """An experiment that is trained in this process ends as in a worker."""
    trainer = Trainer(digits.folder, split.folder, "cpu")
    ended = [
        each
        for experiment in EXPERIMENTS
        for each in trainer.train((experiment,), lambda _event: None)
    ]
    assert _collect(undisturbed) == _collect(ended)


def test_nothing_to_do_starts_nobody(place: WorkPlace) -> None:
    """Without experiments nothing happens, and no worker starts."""
    assert [] == list(train_experiments((), place, Processes(2)))


def test_a_killed_worker_is_replaced(place: WorkPlace, undisturbed: list[Event]) -> None:
    """An experiment whose worker is killed once is begun again, and ends as if undisturbed."""
    victim, events = EXPERIMENTS[0], list[Event]()
    for event in train_experiments([victim], place, Processes(2)):
        if isinstance(event, EpochDone) and not any(isinstance(e, WorkerLost) for e in events):
            _kill_workers()
        events.append(event)
    assert WorkerLost(victim, again=True) in events
    assert 2 == sum(isinstance(event, Started) for event in events)
    expected, found = _collect(undisturbed), _collect(events)
    assert {victim.fingerprint: expected[victim.fingerprint]} == found


def test_who_kills_every_worker_fails(place: WorkPlace, undisturbed: list[Event]) -> None:
    """After two tries an experiment has failed, and says why; the others end as if undisturbed."""
    victim, others = EXPERIMENTS[-1], EXPERIMENTS[:2]
    events: list[Event] = []
    for event in train_experiments((*others, victim), place, Processes(1)):
        if event == Started(victim):
            _kill_workers()
        events.append(event)
    lost = [event.again for event in events if isinstance(event, WorkerLost)]
    assert [True, False] == lost
    (ended,) = (e for e in events if isinstance(e, Ended) and e.experiment == victim)
    assert ("failed", (), b"") == (ended.result.status, ended.result.history, ended.tensors)
    assert "died 2 times" in ended.result.reason
    expected, found = _collect(undisturbed), _collect(events)
    for experiment in others:
        assert expected[experiment.fingerprint] == found[experiment.fingerprint]


def test_a_library_that_cannot_be_loaded_is_told_once(
    place: WorkPlace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What no worker could do better ends the build: no run has failed, and nothing is spilt."""
    (tmp_path / "torch.py").write_text("raise OSError('libcudart.so.12: cannot open')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EnvironmentFault, match=r"cannot begin: libcudart\.so\.12: cannot open"):
        list(train_experiments(EXPERIMENTS[:2], place, Processes(2)))
    assert ("", "") == capfd.readouterr()


@pytest.fixture(scope="module")
def stacked(place: WorkPlace) -> list[Event]:
    """What happens when one worker trains cohorts."""
    return list(train_experiments(STACKED, place, Processes(1)))


def _list_cohorts(events: Iterable[Event]) -> list[int]:
    """Return how many experiments were begun together, each time that some were."""
    begun = (isinstance(event, Started) for event in events)
    return [len(list(run)) for is_begin, run in groupby(begun) if is_begin]


def test_company_makes_no_difference(place: WorkPlace, stacked: list[Event]) -> None:
    """Runs end in the same bits alone, together, and when some of the others are there already."""
    assert [3, 3, 3, 3] == _list_cohorts(stacked)
    expected = _collect(stacked)
    for some, jobs in ((STACKED, 2), (STACKED[1::2], 1)):
        found = _collect(train_experiments(some, place, Processes(jobs)))
        assert {each.fingerprint: expected[each.fingerprint] for each in some} == found


def test_one_of_a_cohort_can_only_undo_itself(place: WorkPlace, stacked: list[Event]) -> None:
    """All whose worker dies are begun again, each alone; who kills that one, too, has failed."""
    victim = STACKED[0]
    events: list[Event] = []
    for event in train_experiments(STACKED, place, Processes(1)):
        if event == Started(victim):
            _kill_workers()
        events.append(event)
    assert [True] * 3 + [False] == [e.again for e in events if isinstance(e, WorkerLost)]
    assert [1, 1, 1] == _list_cohorts(events)[1:4]
    expected, found = _collect(stacked), _collect(events)
    (ended,) = (e for e in events if isinstance(e, Ended) and e.experiment == victim)
    assert "failed" == ended.result.status
    del expected[victim.fingerprint], found[victim.fingerprint]
    assert expected == found


def test_a_cohort_that_fails_goes_on_one_by_one(
    digits: DigitSet, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where several need too much memory, their worker gives up, and each is begun again alone."""

    def fail(*_args: object, **_named: object) -> None:
        raise MemoryError

    monkeypatch.setattr(mnistreport.training.trainer, "train_cohort", fail)
    trainer = Trainer(digits.folder, split.folder, "cpu")
    with pytest.raises(SystemExit):
        list(trainer.train(STACKED[:3], lambda _event: None))
    (ended,) = trainer.train(STACKED[:1], lambda _event: None)
    assert ("failed", "MemoryError") == (ended.result.status, ended.result.reason)


def test_closing_early_ends_the_workers(place: WorkPlace) -> None:
    """Whoever stops listening leaves no process behind, though it is in the midst of an epoch."""
    endless = make_endless(0)
    with closing(train_experiments([endless], place, Processes(2))) as events:
        assert Started(endless) == next(events)
        assert isinstance(next(events), EpochDone)
        assert 1 == len(_list_workers())
    assert [] == _list_workers()


def test_a_stopped_worker_runs_into_the_deadline(
    place: WorkPlace, undisturbed: list[Event]
) -> None:
    """Its run ends as ``timeout``, without another try; the others end as if undisturbed."""
    victim, others = EXPERIMENTS[-1], EXPERIMENTS[:2]
    events: list[Event] = []
    stopped_at = 0.0
    for event in train_experiments((*others, victim), place, Processes(1), patience=IMPATIENT):
        if event == Started(victim):
            _stop_workers()
            stopped_at = time.monotonic()
        if event == WorkerLost(victim, again=False):
            assert IMPATIENT.still_seconds < time.monotonic() - stopped_at < SOON
        events.append(event)
    assert [WorkerLost(victim, again=False)] == [e for e in events if isinstance(e, WorkerLost)]
    (ended,) = (e for e in events if isinstance(e, Ended) and e.experiment == victim)
    assert ("timeout", (), b"") == (ended.result.status, ended.result.history, ended.tensors)
    assert "used no processor time for 1 s" in ended.result.reason
    expected, found = _collect(undisturbed), _collect(events)
    for experiment in others:
        assert expected[experiment.fingerprint] == found[experiment.fingerprint]


def test_nobody_waits_for_the_rest_of_a_word(
    place: WorkPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is stopped while it tells something runs into the deadline, too."""
    monkeypatch.setattr(workers, "_work", tell_half)
    *_, ended = train_experiments(EXPERIMENTS[:1], place, Processes(1), patience=IMPATIENT)
    assert isinstance(ended, Ended)
    assert "timeout" == ended.result.status


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_device_ends_everything(place: WorkPlace) -> None:
    """That there is no GPU is told once, as an error, and not as the failure of each run."""
    with pytest.raises(EnvironmentFault, match="no CUDA device"):
        list(train_experiments(EXPERIMENTS, replace(place, device="cuda"), Processes(2)))


def test_a_system_without_room_for_workers_ends_everything(
    place: WorkPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is told in a line with the next step, and those that had started end."""
    start = workers._Worker.__init__

    def start_one(*arguments: Any) -> None:  # noqa: ANN401 - as it is called
        if _list_workers():
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        start(*arguments)

    monkeypatch.setattr(workers._Worker, "__init__", start_one)
    with pytest.raises(EnvironmentFault, match="cannot be started: Resource temp") as caught:
        list(train_experiments(EXPERIMENTS, place, Processes(2)))
    assert "fewer --jobs" in str(caught.value.problems[0].next_step)


def test_missing_data_ends_everything(place: WorkPlace, tmp_path: Path) -> None:
    """That the data is gone is told once, with the folder, and not as the failure of each run."""
    with pytest.raises(DataError, match="does not hold the data") as caught:
        list(train_experiments(EXPERIMENTS, replace(place, digits=tmp_path / "gone"), Processes(1)))
    assert tmp_path / "gone" == caught.value.problems[0].file


def test_workers_do_not_outlive_their_parent(digits: DigitSet, split: Split) -> None:
    """Workers whose parent is killed are gone soon after, without a word, also a stopped one."""
    command = [sys.executable, "-c", TWO_FOR_EVER, digits.folder, split.folder]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd()
    ) as parent:
        assert parent.stdout is not None
        pids: list[int] = []
        while len(pids) < 2:
            pids = [int(word) for word in parent.stdout.readline().split()]
        if sys.platform == "linux":  # only there does the kernel end those who cannot themselves
            os.kill(pids[0], signal.SIGSTOP)
        os.kill(parent.pid, signal.SIGKILL)
        deadline = time.monotonic() + SOON
        while any(map(is_alive, pids)) and time.monotonic() < deadline:
            time.sleep(0.05)
        left = [pid for pid in pids if is_alive(pid)]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert parent.stderr is not None
        said = parent.stderr.read()
    assert ([], "") == (left, said)


def test_a_word_that_cannot_be_read_is_the_end_of_a_worker() -> None:
    """A worker that says what is no event is lost, as if it had died; nothing waits for it."""
    ours, theirs = multiprocessing.Pipe()
    inbox: SimpleQueue[Any] = SimpleQueue()
    theirs.send_bytes(b"no pickle")
    worker: Any = SimpleNamespace(connection=ours)
    workers._Worker._listen(worker, inbox)
    assert (worker, None) == inbox.get(timeout=SOON)
