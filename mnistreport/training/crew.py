"""What those who train have in common, wherever they work: who is told what, and what is heard."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mnistreport.data.split import LearningSizes
from mnistreport.study.experiment import Experiment
from mnistreport.training.events import Event, Started
from mnistreport.training.grouping import Cohort
from mnistreport.training.watch import PATIENCE, Patience


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


@dataclass(frozen=True, slots=True)
class Shift:
    """What a crew is taken on for.

    Attributes:
        place: What every worker is told.
        split_sha256: Digest of what they learn from, images and split: the experiments'.
        estimate: Seconds that an experiment takes.
        on_warning: Is told what is not as it should be.
        patience: How long a worker may seem to do nothing.
    """

    place: WorkPlace
    split_sha256: str
    estimate: Callable[[Experiment], float]
    on_warning: Callable[[str], None] = lambda _text: None
    patience: Patience = PATIENCE


@dataclass(frozen=True, slots=True)
class Gone:
    """Nobody trains ``cohort`` any more, and it did not end.

    Attributes:
        cohort: What was begun, or about to be.
        why_hung: Why whoever trained it was given up; empty if it was not for hanging.
        fault: What it said as it failed, if it could say anything.
        is_try: Whether the experiments may have had to do with it.
    """

    cohort: Cohort
    why_hung: str = ""
    fault: str = ""
    is_try: bool = True


class Crew(Protocol):
    """Workers, each of which trains a cohort at a time, and what they say."""

    @property
    def size(self) -> int:
        """How many there are, or may be."""
        ...

    @property
    def is_busy(self) -> bool:
        """Whether any of them has something to do."""
        ...

    def hand_out(self, waiting: deque[Cohort]) -> Iterator[Started]:
        """Give every idle worker a cohort, as long as there are some; the first one first."""
        ...

    def hear(self) -> Iterator[Event | Gone]:
        """Wait a while for what workers say, and look whether all still work.

        Raises:
            MnistReportError: No worker can do anything, now or later.
        """
        ...

    def dismiss(self) -> None:
        """End what they do; nothing is heard of it any more."""
        ...


class Executor(Protocol):
    """A way to come by a crew."""

    def open_crew(self, shift: Shift) -> Crew:
        """Take on workers.

        Raises:
            EnvironmentFault: There are none to be had.
        """
        ...
