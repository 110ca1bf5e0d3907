"""Worker processes that train experiments, one thread each, and tell the parent how it goes.

A worker trains one cohort of experiments at a time and writes nothing: histories and weights
travel to the parent through a pipe. On a processor, what becomes of an experiment depends neither
on other workers nor on the rest of its cohort, so any number of workers, in any order, gives the
same bits. On a GPU, products of a larger stack may be rounded otherwise.
"""

import multiprocessing
import os
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from mnistreport.data.split import LearningSizes
from mnistreport.errors import MnistReportError
from mnistreport.processes import obey_parent
from mnistreport.study.experiment import Experiment
from mnistreport.training.cost import ROUGH_COSTS
from mnistreport.training.grouping import Cohort, group_cohorts
from mnistreport.training.result import Circumstances, EpochRow, RunResult

TRIES = 2
"""How often an experiment whose worker dies is begun before it counts as failed."""


WORKER_ENVIRONMENT: Final = {
    # Numeric libraries with one thread: the cores are the workers' to share.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Memory of one batch is kept for the next, in bytes. By default glibc hands the large feature
    # maps back to the system after each, and gets them page by page again. The threshold is the
    # largest that mallopt(3) allows.
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TRIM_THRESHOLD_": str(2**28),
    "MALLOC_TOP_PAD_": str(2**26),
}
"""What the workers' processes begin with."""


@dataclass(frozen=True, slots=True)
class Started:
    """A worker has begun ``experiment``."""

    experiment: Experiment


@dataclass(frozen=True, slots=True)
class EpochDone:
    """A worker has finished one more epoch of ``experiment``."""

    experiment: Experiment
    row: EpochRow


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """The worker that trained ``experiment`` died; it is begun again, or given up."""

    experiment: Experiment
    again: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """``experiment`` is over, well or badly.

    Attributes:
        experiment: What was trained.
        result: History and status.
        tensors: Weights and validation predictions as safetensors bytes; empty if it failed.
    """

    experiment: Experiment
    result: RunResult
    tensors: bytes


Event = Started | EpochDone | WorkerLost | Ended


@dataclass(frozen=True, slots=True)
class WorkPlace:
    """What every worker is told at its start.

    Attributes:
        digits: Folder of the checked images.
        split: Folder of the split's indices.
        sizes: Numbers of training and validation images.
        device: ``auto``, ``cpu`` or ``cuda``.
    """

    digits: Path
    split: Path
    sizes: LearningSizes
    device: str


def train_experiments(
    experiments: Iterable[Experiment],
    place: WorkPlace,
    *,
    jobs: int,
    estimate: Callable[[Experiment], float] | None = None,
) -> Generator[Event]:
    """Train ``experiments`` on ``jobs`` processes and yield what happens as it happens.

    The longest go first, so that the last to end are short: by ``estimate``, or by constants.
    Workers end with the iterator, also when it is closed early, and with the parent, also when
    that is killed.

    Raises:
        EnvironmentFault: A worker cannot work at all: there is no such device.
        DataError: The digits or the split are no longer where they should be.
    """
    estimate = estimate or (lambda each: ROUGH_COSTS.estimate_seconds(each.variant, place.sizes))
    cohorts = group_cohorts(
        experiments, estimate=estimate, jobs=jobs, on_gpu=place.device == "cuda"
    )
    waiting = deque(cohorts)
    tries = Counter[str]()
    crew: list[_Worker] = []
    try:
        while waiting or any(worker.cohort for worker in crew):
            yield from _hand_out(waiting, crew, place, jobs)
            for connection in wait([worker.connection for worker in crew if worker.cohort]):
                worker = next(worker for worker in crew if worker.connection is connection)
                if event := worker.receive():
                    yield event
                    continue
                crew.remove(worker)
                worker.end()
                for event in _take_back(worker.cohort, tries, place):
                    yield event
                    if isinstance(event, WorkerLost) and event.again:
                        waiting.appendleft((event.experiment,))
    finally:
        for worker in crew:
            worker.end()


class _Worker:
    """One process, its pipe, and the experiments that it is busy with."""

    def __init__(self, place: WorkPlace) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_work, args=(theirs, place), daemon=True)
        with _environment_of_workers():
            self.process.start()
        theirs.close()  # so that the pipe ends when the worker does
        self.cohort: Cohort = ()

    def begin(self, cohort: Cohort) -> Iterator[Started]:
        self.cohort = cohort
        with suppress(OSError):  # it died idle; `receive` notices
            self.connection.send(cohort)
        return map(Started, cohort)

    def receive(self) -> Event | None:
        """Return the next event, or ``None`` if the worker is dead."""
        try:
            event = self.connection.recv()
        except (EOFError, OSError):
            return None
        if isinstance(event, MnistReportError):
            raise event
        if isinstance(event, Ended):
            self.cohort = tuple(each for each in self.cohort if each != event.experiment)
        return event

    def end(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.join()


@contextmanager
def _environment_of_workers() -> Generator[None]:
    """Have children load their libraries with what ``WORKER_ENVIRONMENT`` says."""
    before = {name: os.environ.get(name) for name in WORKER_ENVIRONMENT}
    os.environ.update(WORKER_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _work(connection: Connection, place: WorkPlace) -> None:
    """Train what comes through the pipe until it closes."""
    obey_parent()
    from mnistreport.training.trainer import Trainer  # torch loads in the worker only

    try:
        trainer = Trainer(place.digits, place.split, place.device)
    except MnistReportError as error:
        connection.send(error)
        return
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent is gone
        while True:
            for ended in trainer.train(connection.recv(), connection.send):
                connection.send(ended)


def _hand_out(
    waiting: deque[Cohort], crew: list[_Worker], place: WorkPlace, jobs: int
) -> Iterator[Started]:
    """Give every idle worker a cohort; more workers are taken on while there is work for them."""
    idle = [worker for worker in crew if not worker.cohort]
    while waiting and (idle or len(crew) < jobs):
        if not idle:
            idle.append(_Worker(place))
            crew.append(idle[-1])
        yield from idle.pop(0).begin(waiting.popleft())


def _take_back(
    cohort: Cohort, tries: Counter[str], place: WorkPlace
) -> Iterator[WorkerLost | Ended]:
    """Tell of each experiment of a dead worker; those to be begun again go alone from now on.

    One of them may have been the others' undoing.
    """
    for experiment in cohort:
        tries[experiment.fingerprint] += 1
        again = tries[experiment.fingerprint] < TRIES
        yield WorkerLost(experiment, again)
        if not again:
            yield Ended(experiment, _lost_result(experiment, place), b"")


def _lost_result(experiment: Experiment, place: WorkPlace) -> RunResult:
    reason = f"its worker process died {TRIES} times (out of memory, or killed)"
    unknown = Circumstances(torch="", device=place.device, processor="", threads=1)
    return RunResult(experiment.fingerprint, "failed", (), 0, reason, unknown)
