"""Findings about single digits: which are taken for which."""

from collections.abc import Sequence
from dataclasses import dataclass

from mnistreport.analysis.findings.finding import Finding

SHOWN = 4


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often one digit was taken for another."""

    true: int
    predicted: int
    count: int


def find_confused(confusion: Sequence[Sequence[int]]) -> Finding | None:
    """Name the most frequent confusions, at most ``SHOWN``, and none without its equals.

    Args:
        confusion: Counts, row the true digit, column the predicted one.
    """
    pairs = [
        Confusion(true, predicted, count)
        for true, row in enumerate(confusion)
        for predicted, count in enumerate(row)
        if true != predicted and count
    ]
    ranked = sorted(pairs, key=lambda pair: (-pair.count, pair.true, pair.predicted))
    if len(ranked) > SHOWN:
        ranked = [pair for pair in ranked if pair.count > ranked[SHOWN].count]
    return Finding("confused", "observed", {"pairs": tuple(ranked)}) if ranked else None
