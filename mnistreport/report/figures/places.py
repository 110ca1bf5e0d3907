"""Where the levels of a study stand beside one another."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.analysis.statistics import Measure

CLOSEST: Final = 9.0
"""Between two levels that stand to scale, in millimetres; closer ones are evenly spaced."""

_SPAN_FOR_LOG: Final = 10.0  # largest over smallest level


@dataclass(frozen=True, slots=True)
class Spot:
    """A level and its place on the x axis, in millimetres."""

    x: float
    level: LevelSummary

    @property
    def accuracy(self) -> Measure | None:
        """Validation accuracy at the last epoch."""
        return self.level.summary.accuracy

    @property
    def is_complete(self) -> bool:
        """Whether every planned run finished."""
        return self.level.summary.complete


@dataclass(frozen=True, slots=True)
class Row:
    """All levels side by side.

    Attributes:
        spots: In the study's order.
        scale: ``linear``, ``logarithmic``, ``even`` for numbers that stand too close, or ``""``
            for levels that are no numbers.
    """

    spots: tuple[Spot, ...]
    scale: str

    @property
    def spacing(self) -> float:
        """Distance of the two closest levels, in millimetres."""
        return min(b.x - a.x for a, b in pairwise(self.spots)) if len(self.spots) > 1 else math.inf


def place_levels(study: StudySummary, first: float, last: float) -> Row:
    """Spread the levels between two places, to scale where they are numbers.

    The scale is logarithmic if the largest is ten times the smallest, or each is the same
    multiple of the one before.
    """
    numbers = _list_numbers(study)
    places, scale = [float(place) for place in range(len(study.levels))], ""
    if numbers:
        is_log = _is_geometric(numbers)
        scaled = [math.log10(number) for number in numbers] if is_log else numbers
        span = scaled[-1] - scaled[0] or 1.0
        closest = min(b - a for a, b in pairwise(scaled)) / span * (last - first)
        scale = "even" if closest < CLOSEST else "logarithmic" if is_log else "linear"
        places = places if scale == "even" else scaled
    step = (last - first) / (places[-1] - places[0] or 1.0)
    spots = (
        Spot(first + (place - places[0]) * step, level)
        for place, level in zip(places, study.levels, strict=True)
    )
    return Row(tuple(spots), scale)


def _list_numbers(study: StudySummary) -> list[float]:
    """Return the levels' values if they are ascending numbers, or nothing."""
    values = [level.level.value for level in study.levels]
    numbers = [float(v) for v in values if v is not None and not isinstance(v, bool)]
    is_ascending = all(a < b for a, b in pairwise(numbers))
    return numbers if 1 < len(numbers) == len(values) and is_ascending else []


def _is_geometric(numbers: list[float]) -> bool:
    if numbers[0] <= 0:
        return False
    ratios = [b / a for a, b in pairwise(numbers)]
    is_even = len(ratios) > 1 and max(ratios) < 1.01 * min(ratios)
    return is_even or numbers[-1] / numbers[0] >= _SPAN_FOR_LOG
