"""Worker processes that train experiments, one thread each, and tell the parent how it goes.

A worker trains one cohort of experiments at a time and writes nothing: histories and weights
travel to the parent through a pipe.
"""

import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import Empty, SimpleQueue
from typing import Final

from mnistreport.errors import EnvironmentFault, MnistReportError
from mnistreport.processes import environment_changed, obey_parent, starting_children
from mnistreport.training.crew import Crew, Gone, Shift, WorkPlace
from mnistreport.training.events import Ended, Event, Started
from mnistreport.training.grouping import Cohort
from mnistreport.training.watch import Patience, Watch

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
class Processes:
    """Processes of this machine.

    Attributes:
        jobs: How many at most.
    """

    jobs: int

    def open_crew(self, shift: Shift) -> Crew:
        """Return a crew whose workers are started when there is work for them."""
        return _Crew(self.jobs, shift)


class _Crew:
    """The workers, and what they say."""

    def __init__(self, jobs: int, shift: Shift) -> None:
        self.size, self._shift = jobs, shift
        self._workers: list[_Worker] = []
        self._inbox = SimpleQueue[_Letter]()
        self._looked = time.monotonic()

    @property
    def is_busy(self) -> bool:
        """Whether any worker has something to do."""
        return any(worker.cohort for worker in self._workers)

    def hand_out(self, waiting: deque[Cohort]) -> Iterator[Started]:
        """Give every idle worker a cohort; more are taken on while there is work for them."""
        idle = [worker for worker in self._workers if not worker.cohort]
        while waiting and (idle or len(self._workers) < self.size):
            if not idle:
                idle.append(self._take_on())
            cohort = waiting.popleft()
            yield from idle.pop(0).begin(cohort, sum(map(self._shift.estimate, cohort)))

    def _take_on(self) -> "_Worker":
        try:
            with starting_children():
                worker = _Worker(self._shift.place, self._inbox, self._shift.patience)
                self._workers.append(worker)
        except OSError as error:
            msg = f"a worker process cannot be started: {error.strerror or error}"
            raise EnvironmentFault(
                msg, next_step="use fewer --jobs, or close other programs"
            ) from error
        return worker

    def hear(self) -> Iterator[Event | Gone]:
        """Wait a while for what a worker says, and look whether all still work."""
        with suppress(Empty):
            worker, word = self._inbox.get(timeout=self._shift.patience.look_seconds)
            if worker not in self._workers:  # it hung, and is gone
                return
            if word is not None:
                yield worker.receive(word)
            elif worker.cohort:
                yield self._remove(worker)
            else:  # it died idle
                self._remove(worker)
        now = time.monotonic()
        elapsed = now - self._looked
        if elapsed < self._shift.patience.look_seconds or not self._inbox.empty():
            return
        self._looked = now
        for worker in [worker for worker in self._workers if worker.cohort]:
            if why := worker.watch.look(elapsed):
                yield self._remove(worker, why)

    def dismiss(self) -> None:
        """End every worker."""
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.end()

    def _remove(self, worker: "_Worker", why: str = "") -> Gone:
        worker.end()
        self._workers.remove(worker)
        return Gone(worker.cohort, why)


class _Worker:
    """One process, its pipe, and the experiments that it is busy with.

    A thread reads the pipe: whoever is stopped in the middle of a word keeps only that waiting.
    """

    def __init__(self, place: WorkPlace, inbox: "SimpleQueue[_Letter]", patience: Patience) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_work, args=(theirs, place), daemon=True)
        self.listener = threading.Thread(target=self._listen, args=(inbox,), daemon=True)
        with environment_changed(WORKER_ENVIRONMENT):
            self.process.start()
        theirs.close()  # so that the pipe ends when the worker does
        self.listener.start()
        self.watch = Watch(self.process.pid or 0, patience)
        self.cohort: Cohort = ()

    def begin(self, cohort: Cohort, estimated_seconds: float) -> Iterator[Started]:
        self.cohort = cohort
        self.watch.begin(estimated_seconds)
        with suppress(OSError):  # it died idle; the listener notices
            self.connection.send(cohort)
        return map(Started, cohort)

    def receive(self, word: "_Word") -> Event:
        """Return what it said as an event, or raise it."""
        self.watch.hear()
        if isinstance(word, MnistReportError):
            raise word
        if isinstance(word, Ended):
            self.cohort = tuple(each for each in self.cohort if each != word.experiment)
        return word

    def kill(self) -> None:
        with suppress(ValueError):  # it was ended before
            self.process.kill()

    def end(self) -> None:
        with suppress(ValueError):
            self.process.kill()
            self.process.join()
            self.process.close()
        self.listener.join()  # the pipe has ended
        self.connection.close()

    def _listen(self, inbox: "SimpleQueue[_Letter]") -> None:
        with suppress(Exception):  # the end, or a word that cannot be read: this worker is lost
            while True:
                inbox.put((self, self.connection.recv()))
        inbox.put((self, None))


_Word = Event | MnistReportError
_Letter = tuple[_Worker, _Word | None]
"""Who says it, and what; ``None`` if that one is dead."""


def _work(connection: Connection, place: WorkPlace) -> None:
    """Train what comes through the pipe until it closes."""
    obey_parent(even_stopped=True)
    try:
        from mnistreport.training.trainer import Trainer  # torch loads in the worker only

        trainer = Trainer(place.digits, place.split, place.device)
    except MnistReportError as error:
        connection.send(error)
        return
    except (
        ImportError,
        OSError,
        RuntimeError,
        MemoryError,
    ) as error:  # of torch, or no room for it
        step = "is torch installed whole, and is there memory for fewer --jobs?"
        connection.send(EnvironmentFault(f"a worker cannot begin: {error}", next_step=step))
        return
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent is gone
        while True:
            for ended in trainer.train(connection.recv(), connection.send):
                connection.send(ended)
