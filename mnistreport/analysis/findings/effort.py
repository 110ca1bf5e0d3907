"""Findings about effort: what accuracy costs, and what more neurons or layers still give."""

from statistics import fmean

from mnistreport.analysis.comparisons import BySeed, compare_family
from mnistreport.analysis.findings.finding import Finding
from mnistreport.analysis.findings.levels import is_regular, list_values
from mnistreport.analysis.results import LevelSummary, StudySummary

COST_RATIO = 1.5
"""Training times that differ by less are not worth a word: the same machine varies as much."""
SIZES = ("neurons", "hidden_layers", "dense")
"""The factors that make a network larger."""


def find_cost(study: StudySummary) -> Finding | None:
    """Compare training times, and name the cheapest level that ends within noise of the best.

    ``thrifty`` is that level, where it takes much less time than the best one.
    """
    timed = [level for level in study.complete if level.summary.duration_seconds]
    if len(timed) < 2 or study.imported:  # noqa: PLR2004 - a comparison takes two
        return None
    quickest, slowest = min(timed, key=measure_seconds), max(timed, key=measure_seconds)
    if measure_seconds(slowest) < COST_RATIO * measure_seconds(quickest):
        return None
    best, noise = study.best, study.noise_floor or 0.0
    close = [
        level
        for level in study.ties
        if best and best.summary.mean_accuracy - level.summary.mean_accuracy <= noise
    ]
    cheapest = min(close, key=measure_seconds, default=None)
    is_thrifty = (
        best and cheapest and measure_seconds(best) >= COST_RATIO * measure_seconds(cheapest)
    )
    return Finding(
        "cost",
        "observed",
        {
            "quickest": quickest,
            "slowest": slowest,
            "best": best,
            "thrifty": cheapest if is_thrifty else None,
        },
    )


def find_returns(study: StudySummary) -> Finding | None:
    """Hold what the first step to a larger network gave against what the last one gave.

    Asked only where the steps are alike: all doublings, say, or all one layer more.
    """
    levels = study.complete
    if study.study.factor not in SIZES or len(levels) < 3 or study.imported:  # noqa: PLR2004 - two steps
        return None
    if len(levels) < len(study.levels) or not is_regular(list_values(levels)):
        return None
    first, last = (levels[0], levels[1]), (levels[-2], levels[-1])
    gains = [_measure_gains(*step) for step in (first, last)]
    (comparison,) = compare_family([(gains[0], gains[1])], study.noise_floor, gate=study.gate)
    return Finding(
        "returns",
        comparison.strength,
        {
            "first": first,
            "last": last,
            "first_gain": fmean(gains[0].values()),
            "last_gain": fmean(gains[1].values()),
            "smallest": levels[0].summary.variant.architecture.parameters,
            "largest": levels[-1].summary.variant.architecture.parameters,
            "comparison": comparison,
        },
    )


def measure_seconds(level: LevelSummary) -> float:
    """Return how long a run of the level trains, in the mean; 0 if none finished."""
    duration = level.summary.duration_seconds
    return duration.mean if duration else 0.0


def _measure_gains(before: LevelSummary, after: LevelSummary) -> BySeed:
    then, now = before.summary.decisive, after.summary.decisive
    return {seed: now[seed] - then[seed] for seed in then}
