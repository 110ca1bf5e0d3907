"""What a cluster's worker does: look for the data, train cohorts, tell the parent of each epoch.

A worker's process trains one cohort at a time, and does nothing else meanwhile, since networks are
drawn from the process's own generator: a worker with several threads is refused. It loads the data
once, and keeps it until it is asked to train on other data.
"""

import pickle
import platform
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mnistreport.data.dataset import digest_digits
from mnistreport.data.split import NAMES, digest_split
from mnistreport.data.store import open_arrays, publish_arrays
from mnistreport.errors import DataError
from mnistreport.study.experiment import RECIPE_VERSION
from mnistreport.training.crew import WorkPlace
from mnistreport.training.events import EpochDone
from mnistreport.training.grouping import Cohort
from mnistreport.training.posts import describe_failure

if TYPE_CHECKING:  # torch loads when there is something to train
    from mnistreport.training.trainer import Trainer

POLL_SECONDS: Final = 0.5
"""How often, at most, a worker asks whether what it does is still wanted."""
IMAGES: Final = ("images", "labels")

Parcel = Mapping[str, NDArray[Any]]
"""Images, labels and the indices of each split, by name, for who cannot reach the folders."""

_training: Final = threading.Lock()
_trainers: "dict[tuple[str, str], Trainer]" = {}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a worker says of itself.

    Attributes:
        torch: Version of torch that is installed there.
        recipe: ``RECIPE_VERSION`` of the program that is installed there.
        name: What the worker is called.
        machine: Name of the machine.
        has_data: Whether the folders are there, too, and hold what they should.
        threads: How many tasks the worker would work on at a time.
    """

    torch: str
    recipe: int
    name: str
    machine: str
    has_data: bool
    threads: int


@dataclass(frozen=True, slots=True)
class Task:
    """A cohort to train.

    Attributes:
        cohort: The experiments.
        place: Where images and split lie, for those who can reach it.
        split_sha256: Digest of what they are to learn from.
        number: Distinguishes this try from all others of a build.
        build: Name of the topic that epochs are told under, and of the event that ends it all.
    """

    cohort: Cohort
    place: WorkPlace
    split_sha256: str
    number: int
    build: str


class CohortFailedError(Exception):
    """Training failed; of several, each alone may do better."""


class _UnwantedError(Exception):
    """Nobody waits for what is trained."""


def describe_worker(place: WorkPlace, split_sha256: str, dask_worker: Any) -> Facts:  # noqa: ANN401
    """Say what this worker is, and whether it can reach the data; loads no torch.

    Args:
        place: Where the data lies.
        split_sha256: Digest of what has to lie there.
        dask_worker: Whom this is asked; distributed gives it by this name.
    """
    return Facts(
        version("torch"),
        RECIPE_VERSION,
        f"worker {dask_worker.name}",
        platform.node(),
        _holds_data(place, split_sha256),
        dask_worker.state.nthreads,
    )


def train_task(task: Task, parcel: Parcel | None) -> bytes:
    """Train a cohort, and tell of each epoch under the build's topic.

    Args:
        task: What to train.
        parcel: The data, for a worker that cannot reach its folders.

    Returns:
        What became of each experiment, of none if the build was over before: a tuple of ``Ended``,
        pickled here, since distributed never ends what it cannot unpickle there.

    Raises:
        CohortFailedError: Training failed.
        DataError: The data is no longer where it was.
        EnvironmentFault: There is no such device, or no room for the data.
    """
    from distributed import Event, get_worker

    worker = get_worker()
    wish = _Wish(worker, Event(task.build), worker.get_current_task())
    numbers = {each.fingerprint: number for number, each in enumerate(task.cohort)}

    def tell(done: EpochDone) -> None:
        if not wish.is_on:
            raise _UnwantedError
        row = done.row
        told = (
            *(task.number, numbers[done.experiment.fingerprint], row.epoch),
            *(row.train_loss, row.train_accuracy, row.validation_loss, row.validation_accuracy),
            row.duration_seconds,
        )
        worker.log_event(task.build, told)

    with _training:
        worker.log_event(task.build, (task.number,))
        trainer = _find_trainer(task, parcel, Path(worker.local_directory))
        try:
            ends = tuple(trainer.train(task.cohort, tell))
        except _UnwantedError:
            ends = ()
        except (Exception, SystemExit) as error:
            raise CohortFailedError(describe_failure(error)) from error
    return pickle.dumps(ends)


class _Wish:
    """Whether anybody still waits for a task.

    To cancel a task that runs does not stop it: it has to ask. A build that ends sets an event; of
    one that was killed, only the scheduler knows, and marks its tasks.
    """

    def __init__(self, worker: Any, over: Any, key: Any) -> None:  # noqa: ANN401 - distributed's
        self._worker, self._over, self._key = worker, over, key
        self._asked = time.monotonic()
        self._is_on = True

    @property
    def is_on(self) -> bool:
        """Whether it is so, or was half a second ago."""
        now = time.monotonic()
        if self._is_on and now - self._asked >= POLL_SECONDS:
            self._asked = now
            state = self._worker.state.tasks.get(self._key)
            is_held = state is not None and state.state == "executing"
            self._is_on = is_held and not self._over.is_set()
        return self._is_on


def _find_trainer(task: Task, parcel: Parcel | None, folder: Path) -> "Trainer":
    """Return what trains on these images; they are loaded when they are first asked for."""
    from mnistreport.training.trainer import Trainer

    key = task.split_sha256, task.place.device
    if key not in _trainers:
        digits, split = task.place.digits, task.place.split
        if parcel is not None:
            digits, split = (folder / f"{name}-{task.split_sha256}" for name in ("digits", "split"))
            for place, names in ((digits, IMAGES), (split, NAMES)):
                publish_arrays(place, {name: parcel[name] for name in names}, {})
            if not _holds_data(replace(task.place, digits=digits, split=split), key[0]):
                msg = "does not hold the data that was sent"
                raise DataError(msg, file=digits, next_step="check the worker's disk")
        _trainers.clear()  # of another build, whose images need not stay in memory
        _trainers[key] = Trainer(digits, split, task.place.device)
    return _trainers[key]


def read_parcel(place: WorkPlace) -> Parcel | None:
    """Return the images, labels and indices that lie in their folders, if they do."""
    arrays = open_arrays(place.digits, IMAGES), open_arrays(place.split, NAMES)
    if not all(arrays):
        return None
    named = zip((*IMAGES, *NAMES), (each for some in arrays for each in some or ()), strict=True)
    return {name: np.asarray(array) for name, array in named}


def _holds_data(place: WorkPlace, split_sha256: str) -> bool:
    """Tell whether the folders can be reached from here and hold the very same data."""
    found = read_parcel(place)
    if found is None:
        return False
    digits = digest_digits(found["images"], found["labels"])
    return digest_split(digits, {name: found[name] for name in NAMES}) == split_sha256
