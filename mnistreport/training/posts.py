"""A cluster's workers as a build sees them, and the letters that tell of them."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from mnistreport.training.events import Ended
from mnistreport.training.grouping import Cohort
from mnistreport.training.watch import Watch


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
    number: int = -1
    epochs: dict[str, int] = field(default_factory=dict[str, int])
    future: "Future[tuple[Ended, ...]] | None" = None


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a worker says of itself, or why it cannot."""

    address: str
    answer: object


@dataclass(frozen=True, slots=True)
class Answer:
    """A worker is done with its cohort, or it was not to be."""

    post: Post
    future: "Future[tuple[Ended, ...]]"


Letter = Introduction | Answer | tuple[Any, ...] | dict[str, object]
"""Besides: what a worker tells of an epoch, what the scheduler tells of workers."""


def describe_failure(error: object) -> str:
    """Say on a part of a line what another machine could not do."""
    return f"says {' '.join(f'{type(error).__name__}: {error}'.split())[:200]}"
