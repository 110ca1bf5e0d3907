"""How a variant learned: whether it still did at the end, overfitted, or never got anywhere."""

from collections.abc import Sequence
from statistics import fmean

from mnistreport.analysis.comparisons import Strength, compare_family
from mnistreport.analysis.results import CHANCE, VariantSummary
from mnistreport.training.result import EpochRow

LAST_PART = 5
"""Ends are judged by the mean over the last fifth of the epochs, so that no single one decides."""
STILL_FALLING = 0.01
"""A run still learns if validation loss, from the fifth before the last to the last fifth of its
epochs, fell in every seed, and in the mean by at least this share."""
OVERFITTED = 0.05
"""A run overfits if in every seed validation loss ends at least this share above the lowest fifth
of its epochs, and training loss below where it was then."""
NEAR_CHANCE = 2.5 * CHANCE
"""Below this accuracy, in every seed, a run has hardly learned anything."""


def find_still_learning(summaries: Sequence[VariantSummary]) -> dict[str, Strength]:
    """Return the keys of variants whose validation loss was still falling at the end, and how sure.

    Three or more seeds decide by the paired t-test, all variants as one family; with fewer, every
    seed has to fall, and the strength is ``too few seeds``.
    """
    measurable = [each for each in summaries if _measure_part(each)]
    judged = compare_family([_part_losses(each) for each in measurable], noise_floor=None)
    found: dict[str, Strength] = {}
    for summary, comparison in zip(measurable, judged, strict=True):
        undecidable = comparison.p_adjusted is None or comparison.difference.n < 3  # noqa: PLR2004
        if _falls_enough(summary) and (comparison.is_clear or undecidable):
            found[summary.variant.key] = comparison.strength
    return found


def is_still_learning(summary: VariantSummary) -> bool:
    """Tell whether validation loss was still falling, of one variant by itself."""
    return bool(find_still_learning([summary]))


def measure_fall(summary: VariantSummary) -> float:
    """Return by which share of itself validation loss fell over the last fifth of training."""
    before, last = map(fmean, (part.values() for part in _part_losses(summary)))
    return (before - last) / before


def is_overfitted(summary: VariantSummary) -> bool:
    """Tell whether validation loss had risen well above its lowest while training loss fell."""
    return bool(summary.histories) and all(map(_is_history_overfitted, summary.histories))


def is_at_chance(summary: VariantSummary) -> bool:
    """Tell whether no finished seed got well beyond the accuracy of guessing."""
    accuracies = summary.decisive.values()
    return bool(accuracies) and max(accuracies) < NEAR_CHANCE


def _falls_enough(summary: VariantSummary) -> bool:
    if is_at_chance(summary):
        return False
    before, last = _part_losses(summary)
    return measure_fall(summary) >= STILL_FALLING and all(before[s] > last[s] for s in before)


def _measure_part(summary: VariantSummary) -> int:
    """Return how many epochs a fifth of training is."""
    return min((len(each) for each in summary.histories), default=0) // LAST_PART


def _part_losses(summary: VariantSummary) -> tuple[dict[int, float], dict[int, float]]:
    """Return mean validation losses of the last fifth but one, and of the last, by seed."""
    part = _measure_part(summary)
    losses = {
        seed: [row.validation_loss for row in run.history] for seed, run in summary.finished.items()
    }
    return (
        {seed: fmean(curve[-2 * part : -part]) for seed, curve in losses.items()},
        {seed: fmean(curve[-part:]) for seed, curve in losses.items()},
    )


def _is_history_overfitted(history: tuple[EpochRow, ...]) -> bool:
    part = max(1, len(history) // LAST_PART)
    windows = [history[end - part : end] for end in range(part, len(history) + 1)]
    validation = [fmean(row.validation_loss for row in window) for window in windows]
    train = [fmean(row.train_loss for row in window) for window in windows]
    lowest = validation.index(min(validation))
    return validation[-1] >= (1 + OVERFITTED) * validation[lowest] and train[-1] < train[lowest]
