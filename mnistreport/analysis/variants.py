"""A variant over its seeds, and how variants compare."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TypeVar

from mnistreport.analysis.comparisons import Comparison, judge_family, require_pairs
from mnistreport.analysis.statistics import Measure, Unit, compare_means, summarise_values
from mnistreport.study.experiment import Variant
from mnistreport.training.result import EpochRow, ImportedRun, Run

T = TypeVar("T")

METRICS: Mapping[str, Unit] = {
    "train_loss": "nats",
    "train_accuracy": "share",
    "validation_loss": "nats",
    "validation_accuracy": "share",
}
"""What is measured at the end of every epoch, and in which unit."""


@dataclass(frozen=True)
class VariantSummary:
    """A variant over its seeds.

    Attributes:
        variant: The setting.
        runs: Its runs by seed, in the manifest's order of seeds; a missing seed has none yet.
        planned: Number of seeds that the manifest asks for.
    """

    variant: Variant
    runs: Mapping[int, Run]
    planned: int

    @cached_property
    def finished(self) -> Mapping[int, Run]:
        """The runs that completed every epoch."""
        return {seed: run for seed, run in self.runs.items() if run.status == "finished"}

    @property
    def complete(self) -> bool:
        """Whether every planned seed finished; only then can the variant be chosen."""
        return is_complete(len(self.finished), self.planned)

    @property
    def settled(self) -> Mapping[int, Run]:
        """The runs that are results, diverged ones too: training them again changes nothing."""
        return {seed: run for seed, run in self.runs.items() if run.is_settled}

    def final(self, metric: str) -> Measure | None:
        """Return ``metric`` at the last epoch over the finished seeds, if there are any."""
        values = list(self.by_seed(metric).values())
        return summarise_values(values, METRICS[metric]) if values else None

    def by_seed(self, metric: str) -> dict[int, float]:
        """Return ``metric`` at the last epoch for each finished seed."""
        return {
            seed: float(getattr(run.history[-1], metric)) for seed, run in self.finished.items()
        }

    @property
    def decisive(self) -> dict[int, float]:
        """What variants are compared by: validation accuracy at the last epoch, by seed."""
        return self.by_seed("validation_accuracy")

    def curve(self, metric: str) -> list[float]:
        """Return the mean of ``metric`` over the finished seeds, epoch by epoch."""
        histories = [run.history for run in self.finished.values()]
        return [
            fmean(float(getattr(row, metric)) for row in rows)
            for rows in zip(*histories, strict=True)
        ]

    @property
    def accuracy(self) -> Measure | None:
        """Validation accuracy at the last epoch."""
        return self.final("validation_accuracy")

    @property
    def mean_accuracy(self) -> float:
        """Mean validation accuracy, for ordering; -1 unless complete."""
        measure = self.accuracy
        return measure.mean if measure and self.complete else -1.0

    @property
    def gaps(self) -> dict[int, float]:
        """Training minus validation accuracy at the last epoch, by seed."""
        train = self.by_seed("train_accuracy")
        return {seed: train[seed] - accuracy for seed, accuracy in self.decisive.items()}

    @property
    def gap(self) -> Measure | None:
        """Training minus validation accuracy at the last epoch."""
        gaps = list(self.gaps.values())
        return summarise_values(gaps, "points") if gaps else None

    @property
    def duration_seconds(self) -> Measure | None:
        """Time spent on updates; ``None`` if of any run it is not told."""
        told = [run.duration_seconds for run in self.finished.values()]
        values = [seconds for seconds in told if seconds is not None]
        is_told = values and len(values) == len(told)
        return summarise_values(values, "seconds") if is_told else None

    @property
    def updates(self) -> int | None:
        """Gradient steps of a finished run; the same for every seed.

        ``None`` if any was imported, as then they are not told.
        """
        if self.imported:
            return None
        return next((run.updates for run in self.finished.values()), None)

    @cached_property
    def imported(self) -> Mapping[int, ImportedRun]:
        """The runs that were not trained here."""
        return {seed: run for seed, run in self.runs.items() if isinstance(run, ImportedRun)}

    @property
    def histories(self) -> Sequence[tuple[EpochRow, ...]]:
        """The histories of the finished seeds."""
        return [run.history for run in self.finished.values()]


def is_complete(finished: int, planned: int) -> bool:
    """Tell whether all runs of a variant finished: the one definition."""
    return finished == planned


def choose_best(summaries: Iterable[VariantSummary]) -> VariantSummary | None:
    """Return the complete variant of the highest mean validation accuracy, if there is one.

    Of equal ones it is the first. Whatever names a best one asks this function, with variants in
    the order of the manifest.
    """
    complete = [each for each in summaries if each.complete]
    return choose_highest(complete, lambda each: each.mean_accuracy)


def choose_highest(items: Iterable[T], mean: Callable[[T], float]) -> T | None:
    """Return the first of the items with the highest ``mean``: the one rule for ties."""
    return max(items, key=mean, default=None)


def is_comparable(ours: VariantSummary, theirs: VariantSummary) -> bool:
    """Tell whether one variant may be compared with another: all runs of both are of one origin.

    Runs that were imported and runs that were trained here may differ in more than the setting.
    """
    is_home = not ours.imported and not theirs.imported
    return is_home or all(len(each.imported) == len(each.runs) for each in (ours, theirs))


def compare_variants(
    pairs: Sequence[tuple[VariantSummary, VariantSummary]],
    noise_floor: float | None,
    *,
    gate: float = 0.0,
) -> tuple[Comparison, ...]:
    """Compare the validation accuracy of the first of each pair with its second, as one family.

    Pairs must be comparable. Runs that were trained here are paired by their seeds. Of imported
    ones it is not known whether equal seeds make a pair, so these are compared by Welch's test.

    Args:
        pairs: Each with at least one seed in common.
        noise_floor: As in ``judge_family``.
        gate: Likewise.
    """
    differences = [
        compare_means([*ours.decisive.values()], [*theirs.decisive.values()])
        if ours.imported
        else require_pairs(ours.decisive, theirs.decisive)
        for ours, theirs in pairs
    ]
    return judge_family(differences, noise_floor, gate=gate)
