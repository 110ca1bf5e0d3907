"""What a run left: its history, a row per epoch, and the circumstances it was computed in."""

from dataclasses import dataclass
from math import isnan
from typing import Literal

PREDICTIONS = "validation_predictions"
"""Name, among a run's stored tensors, of the one that is no weight: uint8 (n,), digits."""

Status = Literal["finished", "diverged", "failed", "timeout"]

FEWEST_MEASURED = 10_000
"""Training images that are measured after each epoch, if there are as many."""


def count_measured(train: int, validation: int) -> int:
    """Return how many of ``train`` training images are measured after each epoch.

    As many as there are validation images, so that one curve is as sure as the other, but not so
    few that a small validation split makes both unsure.
    """
    return min(train, max(validation, FEWEST_MEASURED))


@dataclass(frozen=True, slots=True)
class EpochRow:
    """Metrics at the end of one epoch, both splits measured with the same, resting weights.

    Of the training split, the same ``count_measured`` images are measured each time.

    Attributes:
        epoch: Counted from 1.
        train_loss: Mean cross-entropy over the measured training images, in nats, dropout off.
        train_accuracy: Share of the measured training images classified correctly, dropout off.
        validation_loss: The same on the validation split, in nats.
        validation_accuracy: The same on the validation split.
        duration_seconds: Wall-clock time of the epoch's updates, without the measuring; of runs
            that were trained together, an equal share of their time.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    duration_seconds: float


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a run was computed with; it may change speed, and the last bits of a result."""

    torch: str
    device: str
    processor: str
    threads: int


@dataclass(frozen=True, slots=True)
class RunResult:
    """An experiment carried out.

    Attributes:
        fingerprint: The experiment's.
        status: ``finished`` all epochs, ``diverged`` (a loss that is no number), ``failed``, or
            ``timeout`` (its worker hung).
        history: A row per completed epoch with finite losses.
        updates: Gradient steps taken.
        reason: Why it did not finish, in one line; empty if it did.
        circumstances: What it was computed with.
    """

    fingerprint: str
    status: Status
    history: tuple[EpochRow, ...]
    updates: int
    reason: str
    circumstances: Circumstances

    @property
    def is_settled(self) -> bool:
        """Whether training it again would change nothing.

        A run that failed, or whose worker hung, may do better next time.
        """
        return self.status in {"finished", "diverged"}

    @property
    def duration_seconds(self) -> float:
        """Wall-clock time spent on updates, all epochs together."""
        return sum(row.duration_seconds for row in self.history)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A test image that was taken for another digit.

    Attributes:
        image: Its index in the data set.
        true: The digit it shows.
        predicted: The digit the model saw.
        confidence: The probability that the model gave to its mistake.
    """

    image: int
    true: int
    predicted: int
    confidence: float


@dataclass(frozen=True, slots=True)
class FinalOutcome:
    """What the test split said of one fitted model.

    Attributes:
        fingerprint: The run whose weights were tested.
        images: Number of test images.
        right: How many were classified correctly.
        loss: Mean cross-entropy, in nats.
        confusion: Counts, 10 × 10; row the true digit, column the predicted one.
        mistakes: Every mistake, the most confident first.
    """

    fingerprint: str
    images: int
    right: int
    loss: float
    confusion: tuple[tuple[int, ...], ...]
    mistakes: tuple[Mistake, ...]

    @property
    def accuracy(self) -> float:
        """Share of the test split classified correctly."""
        return self.right / self.images


@dataclass(frozen=True, slots=True)
class ImportedRun:
    """An experiment that was carried out elsewhere: what a file tells of it, and no more.

    That it was carried out on the data, with the settings, the seed and the code that it stands
    for is not known. It is never stored, and there are no weights.

    Attributes:
        fingerprint: That of the experiment that it stands for.
        history: A row per epoch; durations are NaN where the file tells none.
        file: The file, relative to the manifest, with ``/``.
        line: The line at which it begins there, counted from 1.
        sha256: Digest of the file's bytes.
    """

    fingerprint: str
    history: tuple[EpochRow, ...]
    file: str
    line: int
    sha256: str

    @property
    def status(self) -> Status:
        """It has all of its epochs, or else it would not have been imported."""
        return "finished"

    @property
    def reason(self) -> str:
        """Why it did not finish: it did."""
        return ""

    @property
    def updates(self) -> None:
        """Gradient steps taken; no file tells."""
        return

    @property
    def is_settled(self) -> bool:
        """Whether training it again would change nothing; it is never trained."""
        return True

    @property
    def duration_seconds(self) -> float | None:
        """The time that the file tells, all epochs together; ``None`` if it tells none."""
        total = sum(row.duration_seconds for row in self.history)
        return None if isnan(total) else total


Run = RunResult | ImportedRun
"""A run of which there are results, wherever it was trained."""
