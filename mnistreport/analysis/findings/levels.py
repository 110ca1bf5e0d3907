"""Findings about where the levels ended: which is the best, and how far apart they are."""

from collections.abc import Sequence
from itertools import pairwise

from mnistreport.analysis.findings.finding import Finding
from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.analysis.verdicts import list_unsettled

SAME_RATIO = 1.001
"""Ratios of neighbouring levels that differ by less make a geometric range."""


def find_best(study: StudySummary) -> Finding | None:
    """Name the best level, by how much it beats the baseline, and which levels it does not beat.

    ``unsettled`` are those of ``list_unsettled``.
    """
    best, baseline = study.best, study.baseline
    if best is None:
        return None
    return Finding(
        "best",
        study.lead,
        {
            "best": best,
            "baseline": baseline,
            "comparison": best.against_baseline,
            "noise_floor": study.noise_floor,
            "ties": study.ties,
            "unsettled": list_unsettled(study, best),
        },
    )


def find_spread(study: StudySummary) -> Finding | None:
    """Compare how far apart the levels are with how far apart the baseline's seeds are.

    There is no such finding where some levels cannot be compared with the baseline.
    """
    if len(study.complete) < 2 or not study.baseline.summary.complete:  # noqa: PLR2004 - two ends
        return None
    if not all(level.is_comparable for level in study.complete):
        return None
    accuracies = [level.summary.mean_accuracy for level in study.complete]
    return Finding(
        "spread",
        "observed" if study.noise_floor is not None else "too few seeds",
        {
            "spread": max(accuracies) - min(accuracies),
            "noise_floor": study.noise_floor,
            "worst": min(study.complete, key=lambda level: level.summary.mean_accuracy),
        },
    )


def list_values(levels: Sequence[LevelSummary]) -> list[float]:
    """Return the values of levels that are numbers."""
    return [float(level.level.value or 0) for level in levels]


def is_geometric(values: Sequence[float]) -> bool:
    """Tell whether each value is as many times the one before."""
    ratios = [max(a / b, b / a) for a, b in pairwise(values) if a > 0 and b > 0]
    return len(ratios) == len(values) - 1 and max(ratios) < SAME_RATIO * min(ratios)


def is_regular(values: Sequence[float]) -> bool:
    """Tell whether all steps of a range are alike, as ratios or as differences."""
    steps = [abs(b - a) for a, b in pairwise(values)]
    return is_geometric(values) or max(steps) < SAME_RATIO * min(steps)
