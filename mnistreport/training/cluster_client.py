"""What a build says to a Dask cluster, and the inbox for all that is told to it.

Whatever may keep waiting, because a worker or the scheduler does not answer, waits in a thread of
its own: the build goes on reading its letters.
"""

import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Final

from mnistreport.errors import DataError, EnvironmentFault
from mnistreport.training.cluster_worker import (
    Facts,
    Task,
    describe_worker,
    read_parcel,
    train_task,
)
from mnistreport.training.crew import WorkPlace
from mnistreport.training.posts import (
    Answer,
    Introduction,
    Letter,
    Post,
    Roster,
    read_move,
    read_progress,
)
from mnistreport.training.scheduler import connect_client

WORKERS_TOPIC: Final = "all"
"""What a scheduler tells of workers that come and go."""
ROSTER_SECONDS: Final = 5.0
"""How often to ask who is there."""
SILENT_SECONDS: Final = 120.0
"""After which a scheduler that does not answer counts as gone."""
LEAVING_SECONDS: Final = 2.0


class ClusterClient:
    """A connection to a scheduler.

    Attributes:
        build: Name of the topic that epochs are told under, and of the event that ends it all.
        inbox: What is told.
    """

    def __init__(self, scheduler: str, place: WorkPlace, split_sha256: str) -> None:
        """Connect.

        Raises:
            EnvironmentFault: distributed is not installed, or nobody answers.
        """
        self.build = f"mnistreport-{uuid.uuid4().hex}"
        self.inbox = SimpleQueue[Letter]()
        self._scheduler = scheduler
        self._place, self._split_sha256 = place, split_sha256
        self._parcel: Any = None
        self._packing = threading.Lock()
        self._is_over = threading.Event()
        self._answered = time.monotonic()
        self._client = connect_client(scheduler)
        self._client.subscribe_topic(self.build, self._note_progress)
        self._client.subscribe_topic(WORKERS_TOPIC, self._note_move)
        self._start(self._look_around)

    def list_workers(self) -> tuple[str, ...]:
        """Return where workers are."""
        return tuple(self._client.scheduler_info(n_workers=-1)["workers"])

    def refuse_silence(self) -> None:
        """Do nothing as long as the scheduler is there.

        Raises:
            EnvironmentFault: It is gone, or does not answer.
        """
        is_silent = time.monotonic() - self._answered > SILENT_SECONDS
        if self._client.status != "running" or is_silent:
            what = "does not answer any more" if is_silent else "is gone"
            msg = f"the scheduler at {self._scheduler} {what}"
            raise EnvironmentFault(msg, next_step="finished runs are stored; build again")

    @property
    def has_parcel(self) -> bool:
        """Whether the data is among the workers, who hand it on to each other."""
        return self._parcel is not None and self._parcel.status == "finished"

    def greet(self, post: Post) -> None:
        """Ask a worker what it is, and send it the data if it cannot reach it.

        Not by a task: a worker that does not know the program would break down over it.
        """
        self._start(self._ask, post)

    def send(self, post: Post, task: Task) -> None:
        """Have a worker train; the answer comes as a letter."""
        executor = self._client.get_executor(workers=[post.address], pure=False)
        parcel = None if post.has_data else self._parcel
        future: Future[bytes] = executor.submit(train_task, task, parcel)
        post.future = future
        future.add_done_callback(lambda done: self.inbox.put(Answer(post, done)))

    def leave(self, busy: Sequence[Post]) -> None:
        """End what workers do for this build, and go, whether or not anybody answers."""
        self._is_over.set()
        for post in busy:
            if post.future:
                post.future.cancel()
        if busy and self._client.status == "running":
            self._start(self._call_off).join(LEAVING_SECONDS)
        self._start(self._close).join(2 * LEAVING_SECONDS)

    # --- Threads ---------------------------------------------------------------------------------

    def _start(self, work: Any, *words: Any) -> threading.Thread:  # noqa: ANN401
        thread = threading.Thread(target=work, args=words, daemon=True)
        thread.start()
        return thread

    def _look_around(self) -> None:
        while not self._is_over.wait(ROSTER_SECONDS):
            with suppress(Exception):  # whether it is gone is seen elsewhere
                self.inbox.put(Roster(self.list_workers()))
                self._answered = time.monotonic()

    def _ask(self, post: Post) -> None:
        words, address = (self._place, self._split_sha256), post.address
        try:
            answer: object = self._client.run(describe_worker, *words, workers=[address])[address]
            if isinstance(answer, Facts) and not answer.has_data:
                self._pack(address)
        except Exception as error:  # noqa: BLE001 - whatever another machine has to say
            answer = error
        self.inbox.put(Introduction(post, answer))

    def _pack(self, address: str) -> None:
        """Send the data to a worker, unless there is one that can hand it on."""
        with self._packing:
            if self.has_parcel:
                return
            arrays = read_parcel(self._place)
            if arrays is None:
                msg = "does not hold the data that was put there"
                raise DataError(msg, file=self._place.digits, next_step="build again")
            (self._parcel,) = self._client.scatter([arrays], hash=False, workers=[address])

    def _call_off(self) -> None:
        from distributed import Event

        with suppress(Exception):  # whatever is lost here, is lost: the work is over
            Event(self.build, client=self._client).set()

    def _close(self) -> None:
        with suppress(Exception):
            self._client.close(timeout=LEAVING_SECONDS)

    # --- Topics ----------------------------------------------------------------------------------

    def _note_progress(self, event: tuple[float, object]) -> None:
        if letter := read_progress(event[1]):
            self.inbox.put(letter)

    def _note_move(self, event: tuple[float, object]) -> None:
        if letter := read_move(event[1]):
            self.inbox.put(letter)
