"""A crew elsewhere: the workers of a Dask cluster, each with one cohort at a time.

Every task is bound to one worker, so that it is decided here, and not by the scheduler, what
becomes of a cohort whose worker is lost. Workers may come and go; who differs in torch, or in what
decides a run's result, gets no work.
"""

import pickle
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from itertools import count
from queue import Empty
from typing import Final

from mnistreport.errors import EnvironmentFault
from mnistreport.study.experiment import RECIPE_VERSION
from mnistreport.training.cluster_client import ClusterClient
from mnistreport.training.cluster_worker import CohortFailedError, Facts, Task
from mnistreport.training.crew import Crew, Gone, Shift
from mnistreport.training.events import Ended, EpochDone, Event, Started
from mnistreport.training.grouping import Cohort
from mnistreport.training.posts import (
    Answer,
    Beginning,
    Epoch,
    Introduction,
    Letter,
    Move,
    Post,
    Roster,
    describe_failure,
)
from mnistreport.training.result import EpochRow
from mnistreport.training.watch import Watch

GREETING_SECONDS: Final = 30
"""How long the first work waits for workers that are there but have not said what they are."""
NOWHERE: Final = 0
"""No process of this machine."""


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
        self._numbers = count()
        self._posts: dict[str, Post] = {}
        self._idle: dict[str, Post] = {}
        self._busy: dict[int, Post] = {}
        self._refused: dict[str, str] = {}
        self._said = set[str]()
        self._begun = self._looked = time.monotonic()
        self._client = ClusterClient(scheduler, shift.place, shift.split_sha256)

    @property
    def size(self) -> int:
        """How many workers can be used now."""
        return max(1, len(self._idle) + len(self._busy))

    @property
    def is_busy(self) -> bool:
        """Whether any worker has something to do."""
        return bool(self._busy)

    def gather(self) -> None:
        """Ask every worker what it is, and wait until there is one to be used.

        Raises:
            EnvironmentFault: There were some, and none of them can be used.
        """
        there = self._client.list_workers()
        self._greet(there)
        while not self._can_begin():
            for _ in self.hear():
                pass
            if there and not self._posts and self._refused:
                why = next(iter(self._refused.values()))
                msg = f"none of the workers at {self._scheduler} can be used; {why}"
                step = "start workers that have what this machine has, with one thread each"
                raise EnvironmentFault(msg, next_step=step)

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
            if not post.has_data and not self._client.has_parcel:
                post.is_ready = False  # what was sent is lost: it has to be sent again
                self._client.greet(post)
                continue
            cohort = waiting.popleft()
            self._begin(post, cohort)
            yield from map(Started, cohort)

    def hear(self) -> Iterator[Event | Gone]:
        """Wait a while for what is told, and look whether scheduler and workers are still there."""
        seconds = self._shift.patience.look_seconds
        with suppress(Empty):
            yield from self._read(self._client.inbox.get(timeout=seconds))
        now = time.monotonic()
        elapsed = now - self._looked
        if elapsed < seconds or not self._client.inbox.empty():
            return
        self._looked = now
        self._client.refuse_silence()
        self._tell_if_alone()
        for post in [post for post in self._busy.values() if post.is_begun]:
            if why := post.watch.look(elapsed):
                self._refused[post.address] = why
                yield self._remove(post, why)

    def dismiss(self) -> None:
        """End what workers do for this build, and leave the cluster."""
        self._client.leave(list(self._busy.values()))

    # --- Workers ---------------------------------------------------------------------------------

    def _greet(self, addresses: tuple[str, ...]) -> None:
        """Ask workers that are new here what they are; each answers with a letter."""
        for address in addresses:
            if address not in self._posts and address not in self._refused:
                post = Post(address, Watch(NOWHERE, self._shift.patience))
                self._posts[address] = post
                self._client.greet(post)

    def _begin(self, post: Post, cohort: Cohort) -> None:
        post.cohort, post.is_begun = cohort, False
        post.epochs = dict.fromkeys((each.fingerprint for each in cohort), 0)
        post.number = number = next(self._numbers)
        self._busy[number] = post
        place, sha256 = self._shift.place, self._shift.split_sha256
        self._client.send(post, Task(cohort, place, sha256, number, self._client.build))

    def _remove(self, post: Post, why_hung: str = "") -> Gone:
        """Strike a worker off; what it may still say is not heard."""
        cohort = self._relieve(post)
        del self._posts[post.address]
        self._idle.pop(post.address, None)
        future, post.future = post.future, None
        if future:
            future.cancel()
        return Gone(cohort, why_hung)

    def _relieve(self, post: Post) -> Cohort:
        """Take from a worker what it was busy with; it can be given something else."""
        self._busy.pop(post.number, None)
        if post.is_ready:
            self._idle[post.address] = post
        cohort, post.cohort = post.cohort, ()
        return cohort

    # --- Letters ---------------------------------------------------------------------------------

    def _read(self, letter: Letter) -> Iterator[Event | Gone]:
        match letter:
            case Answer(post, future) if future is post.future:
                post.future = None
                yield from self._read_answer(post, letter)
            case Introduction(post, answer) if self._posts.get(post.address) is post:
                self._welcome(post, answer)
            case Roster(addresses):
                self._greet(addresses)
            case Move("add-worker", address):
                self._greet((address,))
            case Move("remove-worker", address):
                self._refused.pop(address, None)
                if post := self._posts.get(address):
                    yield self._remove(post)
            case Beginning(number) if post := self._busy.get(number):
                post.is_begun = True
                post.watch.begin(sum(map(self._shift.estimate, post.cohort)))
            case Epoch(number, member, epoch, measures) if post := self._busy.get(number):
                experiment = post.cohort[member]
                post.watch.hear()
                post.epochs[experiment.fingerprint] = epoch
                yield EpochDone(experiment, EpochRow(epoch, *measures))
            case _:  # of a worker, or a task, that is no longer ours
                pass

    def _read_answer(self, post: Post, letter: Answer) -> Iterator[Event | Gone]:
        cohort = self._relieve(post)
        try:
            ends: tuple[Ended, ...] = pickle.loads(letter.future.result())  # noqa: S301 - see scheduler
        except CohortFailedError as error:
            yield Gone(cohort, fault=f"{post.name} {error}")
        except CancelledError:  # the data was lost on the way, or somebody cancels
            self._client.refuse_silence()
            yield Gone(cohort, is_try=False)
        except Exception as error:  # noqa: BLE001 - whatever another machine has to say
            self._refuse(post, describe_failure(error))
            yield Gone(cohort, is_try=False)
        else:
            yield from self._tell_ends(post, cohort, ends)

    def _tell_ends(
        self, post: Post, cohort: Cohort, ends: tuple[Ended, ...]
    ) -> Iterator[Event | Gone]:
        """Tell what became of a cohort, and before that the epochs that the answer overtook."""
        for ended in ends:
            told = post.epochs[ended.experiment.fingerprint]
            for row in ended.result.history[told:]:
                yield EpochDone(ended.experiment, row)
            yield ended
        answered = {ended.experiment.fingerprint for ended in ends}
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
        elif facts.threads != 1:
            self._refuse(post, f"has {facts.threads} threads: start it with --nthreads 1")
        else:
            post.is_ready, post.has_data = True, facts.has_data
            self._idle[post.address] = post

    def _refuse(self, post: Post, why: str) -> None:
        """Give a worker no work, and say so."""
        self._remove(post)
        self._refused[post.address] = f"{post.name} {why}"
        self._warn(f"{post.name} ({post.address}) gets no work: it {why}")

    def _tell_if_alone(self) -> None:
        """Say once that there is nobody to work, and that one would be welcome."""
        if not self._posts:
            self._warn(f"{self._scheduler} has no worker to be used at the moment; waiting for one")
        elif self._is_late and not self._idle and not self._busy:
            self._warn(f"no worker at {self._scheduler} says what it is; waiting for one")

    def _warn(self, text: str) -> None:
        """Warn of something once."""
        if text not in self._said:
            self._said.add(text)
            self._shift.on_warning(text)
