"""Findings about progress: whether levels differ in more than how far they have come.

With the number of epochs fixed, a smaller batch takes more steps and a larger learning rate takes
longer ones. How far descent has come is measured by the sum of its steps' sizes, learning rate ×
number of updates (the time of gradient flow). Where two curves meet once they are laid over that,
the levels differ in how far they have come, and in little else.
"""

import math
from statistics import fmean

from mnistreport.analysis.comparisons import Strength
from mnistreport.analysis.findings.finding import Finding
from mnistreport.analysis.learning import is_at_chance
from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.training.result import Run

PACE = ("batch_size", "learning_rate")
"""The factors that change how far descent comes in an epoch."""
APART = 1.1
"""Validation losses that differ by a smaller factor after equal epochs are not worth a word."""
EXPLAINED = 1 / 3
"""Progress explains a level if, once it is equal, at most this share is left of the distance
between the logarithms of its validation loss and the baseline's."""


def find_updates(study: StudySummary) -> Finding | None:
    """Say that levels differ in their number of updates, if they do."""
    counted = [level for level in study.levels if level.summary.updates]
    if study.imported:
        return None
    if len({level.summary.updates for level in counted}) < 2:  # noqa: PLR2004 - two different ones
        return None
    fewest, most = min(counted, key=_count_updates), max(counted, key=_count_updates)
    return Finding("updates", "observed", {"fewest": fewest, "most": most})


def find_progress(study: StudySummary) -> Finding | None:
    """Hold losses after equal epochs against losses after equal progress.

    Only of levels that differ clearly from the baseline, that learned, and whose course overlaps
    with the baseline's. ``factor_epochs`` and ``factor_progress`` say how many times the larger
    loss is the smaller, in the mean over the seeds, for the level that is furthest from the
    baseline after equal epochs. Progress explains the levels in ``explained`` on every seed, and
    those in ``unexplained`` on none.
    """
    if study.study.factor not in PACE or study.imported:
        return None
    measured = [(level, _measure_distances(study, level)) for level in study.levels]
    measured = [(level, distances) for level, distances in measured if distances]
    if not measured:
        return None
    furthest, distances = max(measured, key=lambda pair: _mean(pair[1], 0))
    explained = tuple(level for level, each in measured if all(map(_is_explained, each)))
    unexplained = tuple(level for level, each in measured if not any(map(_is_explained, each)))
    decided: Strength = "clear" if explained or unexplained else "within noise"
    return Finding(
        "progress",
        decided if len(distances) > 1 else "too few seeds",
        {
            "furthest": furthest,
            "factor_epochs": math.exp(_mean(distances, 0)),
            "factor_progress": math.exp(_mean(distances, 1)),
            "explained": explained,
            "unexplained": unexplained,
        },
    )


def _is_explained(distances: tuple[float, float]) -> bool:
    after_epochs, after_progress = distances
    return after_progress <= EXPLAINED * after_epochs


def _measure_distances(study: StudySummary, level: LevelSummary) -> list[tuple[float, float]]:
    """Return |log ratio| of final losses to the baseline's, after equal epochs and progress."""
    comparison, baseline = level.against_baseline, study.baseline.summary
    if comparison is None or not comparison.is_clear or is_at_chance(level.summary):
        return []
    distances: list[tuple[float, float]] = []
    for seed, run in level.summary.finished.items():
        other = baseline.finished[seed]
        if not (run.history[-1].validation_loss and other.history[-1].validation_loss):
            return []  # a loss of nothing is no number of times another
        ours = _Course(run, level.summary.variant.training.learning_rate)
        theirs = _Course(other, baseline.variant.training.learning_rate)
        common = min(ours.length, theirs.length)
        if common < max(ours.step, theirs.step):
            return []  # one had come further after its first epoch than the other ever did
        distances.append(
            (
                abs(math.log(run.history[-1].validation_loss / other.history[-1].validation_loss)),
                abs(math.log(ours.loss_at(common) / theirs.loss_at(common))),
            )
        )
    return distances if _mean(distances, 0) >= math.log(APART) else []


class _Course:
    """A run's validation loss by progress."""

    def __init__(self, run: Run, learning_rate: float) -> None:
        self.losses = [row.validation_loss for row in run.history]
        self.length = learning_rate * (run.updates or 0)  # none is imported, all are told
        self.step = self.length / len(self.losses)

    def loss_at(self, progress: float) -> float:
        """Interpolate between the ends of epochs."""
        place = progress / self.step - 1
        before = min(int(place), len(self.losses) - 1)
        after = min(before + 1, len(self.losses) - 1)
        share = place - before
        return (1 - share) * self.losses[before] + share * self.losses[after]


def _mean(distances: list[tuple[float, float]], which: int) -> float:
    return fmean(pair[which] for pair in distances)


def _count_updates(level: LevelSummary) -> int:
    return level.summary.updates or 0
