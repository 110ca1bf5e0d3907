"""A metric, epoch by epoch, over the seeds of a variant."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mnistreport.analysis.results import VariantSummary
from mnistreport.report.figures import style

LINES: Final[Mapping[str, tuple[str, object]]] = {
    "train": (style.TRAIN, style.TRAIN_LINE),
    "validation": (style.VALIDATION, style.VALIDATION_LINE),
}
"""How a split's curve is drawn."""
MOST_POINTS: Final = 200
"""Of a curve."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A metric over the finished seeds of a variant, thinned if there are very many epochs.

    Attributes:
        epochs: Counted from 1.
        low: Smallest value of any seed at the end of each.
        mean: Mean over the seeds.
        high: Largest.
    """

    epochs: list[int]
    low: list[float]
    mean: list[float]
    high: list[float]


def summarise_curve(summary: VariantSummary, metric: str) -> Curve | None:
    """Return a metric's course over the finished seeds, if there are any."""
    rows = list(zip(*summary.histories, strict=True))
    if not rows:
        return None
    step = math.ceil(len(rows) / MOST_POINTS)
    places = sorted({*range(0, len(rows), step), len(rows) - 1})
    values = [[float(getattr(row, metric)) for row in rows[place]] for place in places]
    return Curve(
        [place + 1 for place in places],
        [min(each) for each in values],
        [sum(each) / len(each) for each in values],
        [max(each) for each in values],
    )
