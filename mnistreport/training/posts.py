"""A cluster's workers as a build sees them, and the letters that tell of them."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from mnistreport.training.grouping import Cohort
from mnistreport.training.watch import Watch

Action = Literal["add-worker", "remove-worker"]


@dataclass(eq=False)
class Post:
    """A worker, and what it is busy with.

    Attributes:
        address: Where it is, and what it is known by.
        watch: How long it has been silent.
        name: What people are told of it.
        has_data: Whether it can reach the data itself.
        is_ready: Whether it may be given work: it has said what it is.
        cohort: What it is busy with, if anything.
        is_begun: Whether it has begun with that; it may have others' work to end first.
        number: That of its last task.
        epochs: How many were told of each experiment of that task, by fingerprint.
        future: The task's.
    """

    address: str
    watch: Watch
    name: str = "a worker"
    has_data: bool = False
    is_ready: bool = False
    cohort: Cohort = ()
    is_begun: bool = False
    number: int = -1
    epochs: dict[str, int] = field(default_factory=dict[str, int])
    future: "Future[bytes] | None" = None


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a worker says of itself, or why it cannot."""

    post: Post
    answer: object


@dataclass(frozen=True, slots=True)
class Roster:
    """Where workers are, as the scheduler tells now and then: no coming is missed for ever."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """A worker has come or gone."""

    action: Action
    address: str


@dataclass(frozen=True, slots=True)
class Beginning:
    """A worker has begun with a task."""

    number: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """A worker has finished an epoch of one member of a task's cohort."""

    number: int
    member: int
    epoch: int
    measures: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A worker is done with its cohort, or it was not to be."""

    post: Post
    future: "Future[bytes]"


Letter = Introduction | Roster | Move | Beginning | Epoch | Answer


def read_move(told: object) -> Move | None:
    """Read what is told under the topic of workers; ``None`` if it is of something else."""
    if not isinstance(told, dict):
        return None
    about = cast("dict[str, object]", told)
    action, address = about.get("action"), about.get("worker")
    if action not in get_args(Action) or not isinstance(address, str):
        return None
    return Move(cast("Action", action), address)


def read_progress(told: object) -> Beginning | Epoch | None:
    """Read what a worker tells of a task; ``None`` if it is no such thing."""
    if not isinstance(told, tuple | list) or not told:
        return None
    numbers = cast("Sequence[Any]", told)
    if len(numbers) == 1:
        return Beginning(numbers[0])
    number, member, epoch, *measures = numbers
    return Epoch(number, member, epoch, tuple(measures))


def describe_failure(error: object) -> str:
    """Say on a part of a line what another machine could not do."""
    return f"says {' '.join(f'{type(error).__name__}: {error}'.split())[:200]}"
