"""How a variant learned: whether it still did at the end, overfitted, or never got anywhere."""

from statistics import fmean

from mnistreport.analysis.comparisons import Strength
from mnistreport.analysis.results import CHANCE, VariantSummary
from mnistreport.analysis.statistics import pair_differences
from mnistreport.training.result import EpochRow

LAST_PART = 5
"""Ends are judged by the mean over the last fifth of the epochs, so that no single one decides."""
STILL_FALLING = 0.01
"""A run still learns if validation loss, from the fifth before the last to the last fifth of its
epochs, fell in every seed, and in the mean by at least this share."""
SURE_TO_FALL = 0.01
"""p-value below which the fall counts; smaller than ``ALPHA``, as many variants are looked at."""
STEEP = 0.05
"""A fall by at least this share in every seed counts, however much seeds differ in it."""
SEEDS_THAT_DECIDE = 3
OVERFITTED = 0.05
"""A run overfits if in every seed validation loss ends at least this share above the lowest fifth
of its epochs, and training loss below where it was then."""
NEAR_CHANCE = 2.5 * CHANCE
"""Below this accuracy, in every seed, a run has hardly learned anything."""


def judge_still_learning(summary: VariantSummary) -> Strength | None:
    """Say how surely validation loss was still falling at the end; ``None`` if it was not.

    Three or more seeds decide, by the paired t-test or where each fell steeply; one or two cannot,
    and there it is enough that the loss fell in each.
    """
    ends = find_ends(summary)
    if ends is None or is_at_chance(summary):
        return None
    before, last = (_average_losses(summary, epochs) for epochs in ends)
    if measure_fall(summary) < STILL_FALLING or any(before[s] <= last[s] for s in before):
        return None
    difference = pair_differences(before, last)
    if difference is None or difference.n < SEEDS_THAT_DECIDE:
        return "too few seeds"
    if difference.interval is None or difference.p_value is None:  # the same fall in each seed
        return "too few seeds"
    is_steep = all(before[s] - last[s] >= STEEP * before[s] for s in before)
    return "clear" if is_steep or difference.p_value < SURE_TO_FALL else None


def is_still_learning(summary: VariantSummary) -> bool:
    """Tell whether validation loss was still falling at the end."""
    return judge_still_learning(summary) is not None


def measure_fall(summary: VariantSummary) -> float:
    """Return by which share of itself mean validation loss fell, between the two ``find_ends``."""
    ends = find_ends(summary)
    if ends is None:
        return 0.0
    before, last = (fmean(_average_losses(summary, epochs).values()) for epochs in ends)
    return (before - last) / before if before else 0.0


def is_overfitted(summary: VariantSummary) -> bool:
    """Tell whether validation loss had risen well above its lowest while training loss fell.

    So it must have in the mean over the seeds, too, at the last epoch: reports say by how much.
    """
    if not summary.histories or not all(map(_is_history_overfitted, summary.histories)):
        return False
    curve = summary.curve("validation_loss")
    return curve[-1] >= (1 + OVERFITTED) * min(curve)


def is_at_chance(summary: VariantSummary) -> bool:
    """Tell whether no finished seed got well beyond the accuracy of guessing."""
    accuracies = summary.decisive.values()
    return bool(accuracies) and max(accuracies) < NEAR_CHANCE


def find_ends(summary: VariantSummary) -> tuple[range, range] | None:
    """Return the epochs of the last fifth of training but one, and those of the last.

    A fifth is one epoch at least. There are no such epochs if none comes before the last, or if
    the runs are not equally long.
    """
    lengths = {len(each) for each in summary.histories}
    if len(lengths) != 1 or (epochs := lengths.pop()) < 2:  # noqa: PLR2004 - one and one before
        return None
    part = max(1, epochs // LAST_PART)
    end = epochs + 1
    return range(end - 2 * part, end - part), range(end - part, end)


def _average_losses(summary: VariantSummary, epochs: range) -> dict[int, float]:
    """Return the mean validation loss over some epochs, counted from 1, by seed."""
    return {
        seed: fmean(run.history[epoch - 1].validation_loss for epoch in epochs)
        for seed, run in summary.finished.items()
    }


def _is_history_overfitted(history: tuple[EpochRow, ...]) -> bool:
    part = max(1, len(history) // LAST_PART)
    windows = [history[end - part : end] for end in range(part, len(history) + 1)]
    validation = [fmean(row.validation_loss for row in window) for window in windows]
    train = [fmean(row.train_loss for row in window) for window in windows]
    lowest = validation.index(min(validation))
    rose = validation[-1] >= (1 + OVERFITTED) * validation[lowest] > 0
    return rose and train[-1] < train[lowest]
