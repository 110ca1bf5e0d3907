"""A crew elsewhere: the workers of a Dask cluster, each with one cohort at a time.

Every task is bound to one worker, so that it is decided here, and not by the scheduler, what
becomes of a cohort whose worker is lost. Workers may come and go; who differs in torch, or in what
decides a run's result, gets no work.
"""

import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any, Final

from mnistreport.errors import DataError, EnvironmentFault, MnistReportError
from mnistreport.study.experiment import RECIPE_VERSION
from mnistreport.training.cluster_worker import (
    CohortFailedError,
    Facts,
    Task,
    describe_worker,
    read_parcel,
    train_task,
)
from mnistreport.training.crew import Crew, Gone, Shift
from mnistreport.training.events import Ended, EpochDone, Event, Started
from mnistreport.training.grouping import Cohort
from mnistreport.training.posts import Answer, Introduction, Letter, Post, describe_failure
from mnistreport.training.result import EpochRow
from mnistreport.training.scheduler import connect_client
from mnistreport.training.watch import Watch

GREETING_SECONDS: Final = 30
"""How long the first work waits for workers that are there but have not said what they are."""
NOWHERE: Final = 0
"""No process of this machine."""
WORKERS_TOPIC: Final = "all"
"""What a scheduler tells of workers that come and go."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The workers that a Dask scheduler knows.

    Attributes:
        scheduler: Its address, such as ``tls://host:8786``; see ``check_scheduler``.
    """

    scheduler: str

    def open_crew(self, shift: Shift) -> Crew:
        """Connect, and wait for a first worker that can be used.

        Raises:
            EnvironmentFault: distributed is not installed, nobody answers at the address, or none
                of the workers there can be used.
        """
        crew = _Crew(self.scheduler, shift)
        try:
            crew.gather()
        except BaseException:
            crew.dismiss()
            raise
        return crew


class _Crew:
    """The workers of a cluster."""

    def __init__(self, scheduler: str, shift: Shift) -> None:
        self._scheduler, self._shift = scheduler, shift
        self._build = f"mnistreport-{uuid.uuid4().hex}"
        self._numbers = count()
        self._posts: dict[str, Post] = {}
        self._idle: dict[str, Post] = {}
        self._busy: dict[int, Post] = {}
        self._inbox = SimpleQueue[Letter]()
        self._begun = self._looked = time.monotonic()
        self._parcel: Any = None
        self._said = set[str]()
        self._client = connect_client(scheduler)
        for topic in (self._build, WORKERS_TOPIC):
            self._client.subscribe_topic(topic, self._note)

    @property
    def size(self) -> int:
        """How many workers can be used now."""
        return max(1, sum(post.is_ready for post in self._posts.values()))

    @property
    def is_busy(self) -> bool:
        """Whether any worker has something to do."""
        return bool(self._busy)

    def gather(self) -> None:
        """Ask every worker what it is, and wait until there is one to be used."""
        self._greet(tuple(self._client.scheduler_info()["workers"]))
        while not self._can_begin():
            for _ in self.hear():
                pass

    def _can_begin(self) -> bool:
        ready = [post.is_ready for post in self._posts.values()]
        return any(ready) and (all(ready) or self._is_late)

    @property
    def _is_late(self) -> bool:
        """Whether workers had time to say what they are."""
        return time.monotonic() - self._begun > GREETING_SECONDS

    def hand_out(self, waiting: deque[Cohort]) -> Iterator[Started]:
        """Give every idle worker a cohort."""
        while waiting and self._idle:
            post = self._idle.pop(next(iter(self._idle)))
            cohort = waiting.popleft()
            self._begin(post, cohort)
            yield from map(Started, cohort)

    def hear(self) -> Iterator[Event | Gone]:
        """Wait a while for what is told, and look whether scheduler and workers are still there."""
        seconds = self._shift.patience.look_seconds
        with suppress(Empty):
            yield from self._read(self._inbox.get(timeout=seconds))
        now = time.monotonic()
        elapsed = now - self._looked
        if elapsed < seconds or not self._inbox.empty():
            return
        self._looked = now
        self._refuse_silence()
        self._tell_if_alone()
        for post in list(self._busy.values()):
            if why := post.watch.look(elapsed):
                yield self._remove(post, why)

    def dismiss(self) -> None:
        """End what workers do for this build, and leave the cluster."""
        from distributed import Event as Signal

        with suppress(Exception):  # whatever is lost here, is lost: the work is over
            if self.is_busy and self._client.status == "running":
                Signal(self._build, client=self._client).set()
        for post in self._posts.values():
            if post.future:
                post.future.cancel()
        with suppress(Exception):
            self._client.close(timeout=2)

    # --- Workers ---------------------------------------------------------------------------------

    def _greet(self, addresses: tuple[str, ...]) -> None:
        """Ask workers what they are; each answers with a letter.

        Not by a task: a worker that does not know the program would break down over it.
        """
        for address in addresses:
            self._posts[address] = Post(address, Watch(NOWHERE, self._shift.patience))
        if addresses:
            threading.Thread(target=self._ask, args=(addresses,), daemon=True).start()

    def _ask(self, addresses: tuple[str, ...]) -> None:
        words = (self._shift.place, self._shift.split_sha256)
        try:
            answers: dict[str, object] = self._client.run(
                describe_worker, *words, workers=addresses, on_error="return"
            )
        except Exception as error:  # noqa: BLE001 - as it would be a worker's answer
            answers = dict.fromkeys(addresses, error)
        for address, answer in answers.items():
            self._inbox.put(Introduction(address, answer))

    def _begin(self, post: Post, cohort: Cohort) -> None:
        post.cohort = cohort
        post.epochs = dict.fromkeys((each.fingerprint for each in cohort), 0)
        post.watch.begin(sum(map(self._shift.estimate, cohort)))
        parcel = None if post.has_data else self._find_parcel()
        place, sha256 = self._shift.place, self._shift.split_sha256
        post.number = number = next(self._numbers)
        task = Task(cohort, place, sha256, number, self._build)
        self._busy[number] = post
        executor = self._client.get_executor(workers=[post.address], pure=False)
        future: Future[tuple[Ended, ...]] = executor.submit(train_task, task, parcel)
        post.future = future
        future.add_done_callback(lambda done: self._inbox.put(Answer(post, done)))

    def _note(self, event: tuple[float, Any]) -> None:
        """Put into the inbox what is told under a topic: when, and what."""
        self._inbox.put(event[1])

    def _find_parcel(self) -> Any:  # noqa: ANN401 - a future of distributed's
        """Return the data, scattered among the workers, who hand it on among themselves."""
        if self._parcel is None or self._parcel.status != "finished":
            arrays = read_parcel(self._shift.place)
            if arrays is None:
                msg = "does not hold the data that was put there"
                raise DataError(msg, file=self._shift.place.digits, next_step="build again")
            self._parcel = self._client.scatter({"parcel": arrays}, hash=False)["parcel"]
        return self._parcel

    def _remove(self, post: Post, why: str = "") -> Gone:
        """Strike a worker off; what it may still say is not heard."""
        cohort = self._relieve(post)
        del self._posts[post.address]
        self._idle.pop(post.address, None)
        future, post.future = post.future, None
        if future:
            future.cancel()
        return Gone(cohort, why)

    def _relieve(self, post: Post) -> Cohort:
        """Take from a worker what it was busy with; it can be given something else."""
        self._busy.pop(post.number, None)
        if post.is_ready:
            self._idle[post.address] = post
        cohort, post.cohort = post.cohort, ()
        return cohort

    # --- Letters ---------------------------------------------------------------------------------

    def _read(self, letter: Letter) -> Iterator[Event | Gone]:
        if isinstance(letter, Answer):
            if self._posts.get(letter.post.address) is letter.post:
                letter.post.future = None
                yield from self._read_answer(letter.post, letter.future)
        elif isinstance(letter, Introduction):
            if letter.address in self._posts:
                self._welcome(self._posts[letter.address], letter.answer)
        elif isinstance(letter, dict):
            yield from self._read_move(letter)
        else:
            yield from self._read_epoch(letter)

    def _read_move(self, told: dict[str, object]) -> Iterator[Gone]:
        """A worker has come or gone."""
        address = str(told.get("worker"))
        if told.get("action") == "add-worker" and address not in self._posts:
            self._greet((address,))
        elif told.get("action") == "remove-worker" and address in self._posts:
            yield self._remove(self._posts[address])

    def _read_epoch(self, told: tuple[Any, ...]) -> Iterator[EpochDone]:
        number, member, epoch, *measures = told
        if post := self._busy.get(number):
            experiment = post.cohort[int(member)]
            row = EpochRow(epoch, *measures)
            post.watch.hear()
            post.epochs[experiment.fingerprint] = epoch
            yield EpochDone(experiment, row)

    def _read_answer(
        self, post: Post, future: "Future[tuple[Ended, ...]]"
    ) -> Iterator[Event | Gone]:
        cohort = self._relieve(post)
        try:
            answer = future.result()
        except (CohortFailedError, CancelledError):
            self._refuse_silence()
            yield Gone(cohort)
        except MnistReportError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever another machine has to say
            yield Gone(cohort)
            self._refuse(post, describe_failure(error))
        else:
            yield from self._tell_ends(post, cohort, answer)

    def _tell_ends(
        self, post: Post, cohort: Cohort, answer: tuple[Ended, ...]
    ) -> Iterator[Event | Gone]:
        """Tell what became of a cohort, and before that the epochs that the answer overtook."""
        for ended in answer:
            told = post.epochs[ended.experiment.fingerprint]
            for row in ended.result.history[told:]:
                yield EpochDone(ended.experiment, row)
            yield ended
        answered = {ended.experiment.fingerprint for ended in answer}
        yield Gone(tuple(each for each in cohort if each.fingerprint not in answered))

    def _welcome(self, post: Post, facts: object) -> None:
        """Give a worker work from now on, if it is like this machine in what matters."""
        if not isinstance(facts, Facts):
            self._refuse(post, describe_failure(facts))
            return
        post.name = f"{facts.name} on {facts.machine}"
        ours = version("torch")
        if facts.torch != ours:
            self._refuse(post, f"has torch {facts.torch}, and this machine {ours}")
        elif facts.recipe != RECIPE_VERSION:
            self._refuse(post, "has another version of mnistreport, which trains otherwise")
        else:
            post.is_ready, post.has_data = True, facts.has_data
            self._idle[post.address] = post
            if facts.threads > 1:
                self._warn(
                    f"a worker trains on one thread, and some have {facts.threads}: "
                    "start one for each core, with --nthreads 1"
                )

    def _refuse(self, post: Post, why: str) -> None:
        """Give a worker no work; without any other, nothing can be done."""
        self._remove(post)
        self._warn(f"{post.name} ({post.address}) gets no work: it {why}")
        if not self._posts:
            msg = f"none of the workers at {self._scheduler} can be used; {post.name} {why}"
            step = "install the same versions of mnistreport and torch there as here"
            raise EnvironmentFault(msg, next_step=step)

    def _refuse_silence(self) -> None:
        if self._client.status != "running":
            msg = f"the scheduler at {self._scheduler} is gone"
            raise EnvironmentFault(msg, next_step="finished runs are stored; build again")

    def _tell_if_alone(self) -> None:
        if not self._posts:
            self._warn(f"{self._scheduler} has no worker at the moment; waiting for one")
        elif self._is_late and not any(post.is_ready for post in self._posts.values()):
            self._warn(f"no worker at {self._scheduler} says what it is; waiting for one")

    def _warn(self, text: str) -> None:
        """Warn of something once."""
        if text not in self._said:
            self._said.add(text)
            self._shift.on_warning(text)
