"""Whoever trains, the bits are the same; workers of a real cluster come, are lost and refused."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import Client

from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split, split_digits
from mnistreport.errors import EnvironmentFault
from mnistreport.study.experiment import CnnArchitecture, Experiment, MlpArchitecture
from mnistreport.study.manifest import SplitFractions
from mnistreport.training import cluster
from mnistreport.training.cluster import Cluster
from mnistreport.training.crew import WorkPlace
from mnistreport.training.events import Ended, EpochDone, Event, Started, WorkerLost
from mnistreport.training.executors import train_experiments
from mnistreport.training.watch import Patience
from mnistreport.training.workers import Processes
from tests.training.clusters import Dask, open_dask
from tests.training.small import CNN, make_endless, make_experiment, timeless

FREE_SECONDS = 5
"""Within which a worker notices that nobody waits for what it does."""

ONE_FOR_EVER = """
import sys
from pathlib import Path
from mnistreport.data.split import LearningSizes
from mnistreport.study.manifest import SplitFractions
from mnistreport.training import cluster
from mnistreport.training.cluster import Cluster
from mnistreport.training.crew import WorkPlace
from mnistreport.training.executors import train_experiments
from tests.training.test_cluster import endless

place = WorkPlace(Path(sys.argv[1]), Path(sys.argv[2]), LearningSizes(1079, 359), "cpu")
for event in train_experiments([endless(sys.argv[3], 0)], place, Cluster(sys.argv[4])):
    print(type(event).__name__, flush=True)
"""


def endless(split_sha256: str, seed: int) -> Experiment:
    """An experiment that nobody waits for to end."""
    return replace(make_endless(seed), split_sha256=split_sha256)


@pytest.fixture(scope="module")
def experiments(split: Split) -> tuple[Experiment, ...]:
    """Some alone, and some that are stacked."""
    stacked = MlpArchitecture((32, 16), dropout=0.2)
    return (
        make_experiment(CNN, seed=3, split=split.sha256),
        make_experiment(CnnArchitecture((4,), 3, 8, dropout=0.5), seed=4, split=split.sha256),
        make_experiment(MlpArchitecture((16,), layer_norm=True), split=split.sha256),
        *(make_experiment(stacked, seed=seed, split=split.sha256) for seed in range(9)),
    )


@pytest.fixture(scope="module")
def local(experiments: tuple[Experiment, ...], place: WorkPlace) -> dict[str, tuple[object, bytes]]:
    """What comes of them on this machine."""
    return _collect(train_experiments(experiments, place, Processes(2)))


@pytest.fixture(scope="module")
def dask() -> Iterator[Dask]:
    """A scheduler and two workers, for those who leave them as they were."""
    with open_dask(2) as dask:
        yield dask


def _collect(events: Iterable[Event]) -> dict[str, tuple[object, bytes]]:
    return {
        event.result.fingerprint: (timeless(event.result), event.tensors)
        for event in events
        if isinstance(event, Ended)
    }


def test_a_cluster_makes_no_difference(
    dask: Dask,
    experiments: tuple[Experiment, ...],
    place: WorkPlace,
    local: dict[str, tuple[object, bytes]],
) -> None:
    """Two workers of a cluster come to the bytes of two processes, and tell each epoch."""
    warnings: list[str] = []
    events = list(
        train_experiments(experiments, place, Cluster(dask.address), on_warning=warnings.append)
    )
    assert local == _collect(events)
    for experiment in experiments:
        about = [event for event in events if event.experiment == experiment]
        assert [Started, EpochDone, EpochDone, Ended] == [type(event) for event in about]
        rows = tuple(event.row for event in about if isinstance(event, EpochDone))
        (ended,) = (event for event in about if isinstance(event, Ended))
        assert ended.result.history == rows
    assert [] == [each for each in warnings if "waiting" not in each]


def test_a_lost_workers_experiments_go_elsewhere(
    experiments: tuple[Experiment, ...], place: WorkPlace, local: dict[str, tuple[object, bytes]]
) -> None:
    """A worker is killed in the midst of its work: another one does it, and comes to the same."""
    events: list[Event] = []
    with open_dask(2) as dask:
        for event in train_experiments(experiments, place, Cluster(dask.address)):
            if isinstance(event, EpochDone) and not any(isinstance(e, WorkerLost) for e in events):
                dask.workers[0].kill()
            events.append(event)
    lost = [event for event in events if isinstance(event, WorkerLost)]
    assert lost
    assert all(event.again for event in lost)
    assert local == _collect(events)
    ends = Counter(e.experiment.fingerprint for e in events if isinstance(e, Ended))
    assert dict.fromkeys(local, 1) == ends


def test_a_result_is_told_once(
    experiments: tuple[Experiment, ...], place: WorkPlace, local: dict[str, tuple[object, bytes]]
) -> None:
    """A worker is lost as it finishes, before or after its result is here: there is one result."""
    victim, *others = experiments[:4]
    events: list[Event] = []
    with open_dask(2) as dask:
        for event in train_experiments((victim, *others), place, Cluster(dask.address)):
            is_last = isinstance(event, EpochDone) and event.row.epoch == 2
            if is_last and dask.workers[0].poll() is None:
                dask.workers[0].kill()
            events.append(event)
    ends = Counter(e.experiment.fingerprint for e in events if isinstance(e, Ended))
    assert {each.fingerprint: 1 for each in (victim, *others)} == ends
    found = _collect(events)
    assert {name: local[name] for name in found} == found


def test_who_kills_every_worker_fails(
    experiments: tuple[Experiment, ...], place: WorkPlace
) -> None:
    """An experiment goes elsewhere once; after two tries it has failed, and says why."""
    events: list[Event] = []
    with open_dask(1) as dask:
        for event in train_experiments(experiments[:1], place, Cluster(dask.address)):
            if isinstance(event, Started):
                for worker in dask.workers:
                    worker.kill()
                if not events:  # for the second try
                    dask.add_worker()
            events.append(event)
    assert [True, False] == [event.again for event in events if isinstance(event, WorkerLost)]
    assert isinstance(events[-1], Ended)
    assert "failed" == events[-1].result.status
    assert "died 2 times" in events[-1].result.reason


def test_closing_early_frees_the_worker(
    dask: Dask, split: Split, experiments: tuple[Experiment, ...], place: WorkPlace
) -> None:
    """Whoever stops listening leaves nothing running: the workers take other work soon after."""
    cluster = Cluster(dask.address)
    tasks = [endless(split.sha256, seed) for seed in range(2)]
    with closing(train_experiments(tasks, place, cluster)) as events:
        while not isinstance(next(events), EpochDone):
            pass
    began = time.monotonic()
    assert 2 == len(_collect(train_experiments(experiments[-2:], place, cluster)))
    assert time.monotonic() - began < FREE_SECONDS


def test_a_killed_parent_frees_the_worker(
    split: Split, experiments: tuple[Experiment, ...], place: WorkPlace
) -> None:
    """What a killed build had begun ends, too, though nobody could say so."""
    with open_dask(1) as dask:
        words = (sys.executable, "-c", ONE_FOR_EVER, place.digits, place.split, split.sha256)
        with subprocess.Popen(
            (*words, dask.address), stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
        ) as parent:
            assert parent.stdout is not None
            assert "EpochDone\n" in iter(parent.stdout.readline, "")
            parent.kill()
        began = time.monotonic()
        assert 1 == len(_collect(train_experiments(experiments[-1:], place, Cluster(dask.address))))
        assert time.monotonic() - began < FREE_SECONDS


@pytest.fixture
def hidden(place: WorkPlace) -> Iterator[WorkPlace]:
    """The same folders, by names that only this process can follow."""
    folders = [os.open(folder, os.O_RDONLY) for folder in (place.digits, place.split)]
    mine = [Path(f"/proc/self/fd/{each}") for each in folders]
    assert (mine[0] / "images.npy").exists()
    yield replace(place, digits=mine[0], split=mine[1])
    for each in folders:
        os.close(each)


def test_data_that_workers_cannot_reach_is_sent(
    dask: Dask,
    experiments: tuple[Experiment, ...],
    hidden: WorkPlace,
    local: dict[str, tuple[object, bytes]],
) -> None:
    """Images and split travel to those who lack them, and the bytes are the same."""
    assert local == _collect(train_experiments(experiments, hidden, Cluster(dask.address)))


def test_data_that_is_lost_is_sent_again(
    experiments: tuple[Experiment, ...], hidden: WorkPlace, local: dict[str, tuple[object, bytes]]
) -> None:
    """With the only worker goes what was sent to it; the next one gets it anew."""
    events: list[Event] = []
    with open_dask(1) as dask:
        for event in train_experiments(experiments[:1], hidden, Cluster(dask.address)):
            if isinstance(event, EpochDone) and len(dask.workers) == 1:
                dask.workers[0].kill()
                dask.add_worker()
            events.append(event)
    found = _collect(events)
    assert {experiments[0].fingerprint: local[experiments[0].fingerprint]} == found


def _fake_torch(folder: Path) -> str:
    about = folder / "torch-0.0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 0.0.1\n")
    return f"{folder}{os.pathsep}{Path.cwd()}"


def test_another_torch_is_refused_by_name(
    tmp_path: Path, experiments: tuple[Experiment, ...], place: WorkPlace
) -> None:
    """A worker with another torch is named and gets no work; one like this machine does it all."""
    other, same = list[str](), list[str]()
    with open_dask(0) as dask:
        dask.add_worker(PYTHONPATH=_fake_torch(tmp_path))
        dask.wait_for_workers(1)
        with pytest.raises(EnvironmentFault, match=r"none of the workers .* torch 0\.0\.1"):
            list(
                train_experiments(
                    experiments, place, Cluster(dask.address), on_warning=other.append
                )
            )
        dask.add_worker()
        dask.wait_for_workers(2)
        events = train_experiments(
            experiments[:2], place, Cluster(dask.address), on_warning=same.append
        )
        assert 2 == len(_collect(events))
    (said,) = same
    assert [said] == other
    assert said.startswith("worker w0 on ")
    assert "gets no work: it has torch 0.0.1, and this machine" in said


def test_a_worker_without_the_program_is_refused(
    tmp_path: Path, experiments: tuple[Experiment, ...], place: WorkPlace
) -> None:
    """Where mnistreport is not installed, that is said, and nothing waits for ever."""
    (tmp_path / "mnistreport").mkdir()
    (tmp_path / "mnistreport" / "__init__.py").touch()
    with open_dask(0) as dask:
        dask.add_worker(PYTHONPATH=str(tmp_path))
        dask.wait_for_workers(1)
        with pytest.raises(EnvironmentFault, match="none of the workers") as caught:
            list(train_experiments(experiments, place, Cluster(dask.address)))
    assert "No module named 'mnistreport" in str(caught.value)


def test_workers_may_come_later(split: Split, place: WorkPlace) -> None:
    """A build waits for the first worker, says so, and gives work to those that come later."""
    warnings: list[str] = []
    tasks = [endless(split.sha256, seed) for seed in range(2)]
    patience = Patience(still_seconds=1.0)
    with open_dask(0) as dask:

        def on_warning(text: str) -> None:
            warnings.append(text)
            dask.add_worker()

        started = 0
        with closing(
            train_experiments(
                tasks, place, Cluster(dask.address), on_warning=on_warning, patience=patience
            )
        ) as events:
            for event in events:
                if isinstance(event, Started):
                    started += 1
                    if started == 1:
                        dask.add_worker()
                if started == 2:
                    break
    said = f"{dask.address} has no worker to be used at the moment; waiting for one"
    assert [said] == warnings


def test_a_worker_with_threads_is_refused(
    experiments: tuple[Experiment, ...], place: WorkPlace
) -> None:
    """What runs beside training could draw from the same generator: such a worker gets no work."""
    with open_dask(0) as dask:
        dask.add_worker("--nthreads", "4")
        dask.wait_for_workers(1)
        with pytest.raises(EnvironmentFault, match=r"has 4 threads: start it with --nthreads 1"):
            list(train_experiments(experiments, place, Cluster(dask.address)))


def test_a_stopped_worker_keeps_nobody_waiting(
    experiments: tuple[Experiment, ...], place: WorkPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that does not say what it is gets no work; the others do it."""
    monkeypatch.setattr(cluster, "GREETING_SECONDS", 1)
    with open_dask(2) as dask:
        dask.wait_for_workers(2)
        dask.workers[0].send_signal(signal.SIGSTOP)
        assert 2 == len(_collect(train_experiments(experiments[:2], place, Cluster(dask.address))))


def test_what_fails_is_its_own_fault(
    dask: Dask, experiments: tuple[Experiment, ...], place: WorkPlace
) -> None:
    """An experiment whose training raises has failed after two tries; workers and others go on."""
    setting = replace(experiments[2].variant.training, learning_rate="fast")  # type: ignore[arg-type]
    odd = replace(experiments[2], variant=replace(experiments[2].variant, training=setting))
    warnings: list[str] = []
    events = list(
        train_experiments(
            (odd, *experiments[:2]), place, Cluster(dask.address), on_warning=warnings.append
        )
    )
    results = {e.experiment.fingerprint: e.result for e in events if isinstance(e, Ended)}
    failed = results.pop(odd.fingerprint)
    assert "failed" == failed.status
    assert "TypeError" in failed.reason
    assert ["finished"] * 2 == [each.status for each in results.values()]
    assert [True, False] == [event.again for event in events if isinstance(event, WorkerLost)]
    assert [] == warnings


def test_others_words_are_left_alone(
    dask: Dask, experiments: tuple[Experiment, ...], place: WorkPlace
) -> None:
    """Whatever else is told under the scheduler's topics, nobody stumbles over it."""
    events = []
    with Client(dask.address, set_as_default=False) as other:
        for event in train_experiments(experiments[:2], place, Cluster(dask.address)):
            for words in ("x", {"action": "add-worker"}, [1, 2]):
                other.log_event("all", words)
            events.append(event)
    assert 2 == len(_collect(events))


def test_builds_with_other_data_do_not_mix(
    dask: Dask,
    digits: DigitSet,
    experiments: tuple[Experiment, ...],
    hidden: WorkPlace,
    local: dict[str, tuple[object, bytes]],
) -> None:
    """Two builds send different data to the same workers at the same time; each has its own."""
    other = split_digits(digits, SplitFractions(0.6, 0.2, 0.2), 1, cache=digits.folder.parents[1])
    folder = os.open(other.folder, os.O_RDONLY)
    elsewhere = replace(hidden, split=Path(f"/proc/self/fd/{folder}"))
    theirs = [replace(each, split_sha256=other.sha256) for each in experiments[:3]]
    cluster = Cluster(dask.address)
    with closing(train_experiments(theirs, elsewhere, cluster)) as events:
        first = next(events)
        assert local == _collect(train_experiments(experiments, hidden, cluster))
        assert 3 == len(_collect((first, *events)))
    os.close(folder)


def test_a_scheduler_that_is_lost_is_told(split: Split, place: WorkPlace) -> None:
    """The build ends with a line, and does not wait for what nobody can tell any more."""
    with open_dask(1) as dask:
        events = train_experiments([endless(split.sha256, 0)], place, Cluster(dask.address))
        assert isinstance(next(events), Started)
        dask.scheduler.kill()
        with pytest.raises(EnvironmentFault, match=r"the scheduler at .* is gone"):
            list(events)


def test_nobody_at_the_address_is_told(
    experiments: tuple[Experiment, ...], place: WorkPlace
) -> None:
    """A scheduler that does not answer is an error within half a minute."""
    began = time.monotonic()
    with pytest.raises(EnvironmentFault, match="no Dask scheduler answers"):
        list(train_experiments(experiments, place, Cluster("tcp://127.0.0.1:9")))
    assert time.monotonic() - began < 30
