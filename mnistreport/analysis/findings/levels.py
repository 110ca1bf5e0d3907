"""Findings about where the levels ended: the best, how far apart they are, the edge of a range."""

from collections.abc import Sequence
from itertools import pairwise
from math import inf

from mnistreport.analysis.comparisons import Strength
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
    """Compare how far apart the levels are with how far apart the baseline's seeds are."""
    if len(study.complete) < 2 or not study.baseline.summary.complete:  # noqa: PLR2004 - two ends
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


def find_edge(study: StudySummary) -> Finding | None:
    """Warn when the best value is the smallest or largest tried: the optimum may lie beyond.

    It is ``clear`` if every level further inside is clearly below the best.
    """
    best = study.best
    numbers = [level for level in study.levels if is_number(level.level.value)]
    if best is None or len(numbers) != len(study.levels) or best not in (numbers[0], numbers[-1]):
        return None
    is_largest = best is numbers[-1]
    least, most = _ENDS.get(study.study.factor or "", (-inf, inf))
    if not least < float(best.level.value or 0) < most:
        return None  # nothing lies beyond
    return Finding(
        "edge",
        "clear" if not study.ties and study.lead == "clear" else _weaken(study),
        {
            "best": best,
            "side": "largest" if is_largest else "smallest",
            "next": propose_next(study, numbers if is_largest else numbers[::-1]),
            "ties": study.ties,
        },
    )


def propose_next(study: StudySummary, levels: list[LevelSummary]) -> int | float | None:
    """Return the value that would continue a range beyond its last level, if there is one.

    A geometric range is continued by its ratio, any other by its last step.
    """
    values = list_values(levels)
    if len(values) < 2:  # noqa: PLR2004 - two make a step
        return None
    last, before = values[-1], values[-2]
    beyond = last * last / before if is_geometric(values) else 2 * last - before
    least, most = _RANGES.get(study.study.factor or "", (0.0, inf))
    if not least < beyond < most:
        return None
    whole = all(isinstance(level.level.value, int) for level in levels)
    return round(beyond) if whole else float(f"{beyond:.6g}")


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


def is_number(value: object) -> bool:
    """Tell whether a level's value is a number, and no switch."""
    return isinstance(value, int | float) and not isinstance(value, bool)


_ENDS: dict[str, tuple[float, float]] = {
    "dropout": (0.0, inf),
    "momentum": (0.0, inf),
    "weight_decay": (0.0, inf),
    "hidden_layers": (1, inf),
    "neurons": (1, inf),
    "dense": (1, inf),
    "batch_size": (1, inf),
    "kernel_size": (1, 27),
}
"""The smallest and the largest value that a factor can have at all."""
_RANGES: dict[str, tuple[float, float]] = {
    "dropout": (0.0, 1.0),
    "momentum": (0.0, 1.0),
    "kernel_size": (0.0, 28.0),
}
"""Factors that have an end, ends excluded; any other has to be above 0."""


def _weaken(study: StudySummary) -> Strength:
    return study.lead if study.lead != "clear" else "within noise"
