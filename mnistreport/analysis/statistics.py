"""Means, intervals and paired differences: every statistic of the report, on scipy."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal

CONFIDENCE = 0.95

Unit = Literal["share", "points", "nats", "seconds"]
"""Of a measure: a share of images, a difference of two shares, a loss, a duration."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity measured once for each seed.

    Attributes:
        mean: Arithmetic mean.
        sd: Sample standard deviation (n - 1); ``None`` for fewer than two values.
        n: Number of values.
        values: One for each seed, in the order of the seeds.
        unit: What the values are; decides how they are printed.
    """

    mean: float
    sd: float | None
    n: int
    values: tuple[float, ...]
    unit: Unit = "share"


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        """Tell whether ``value`` lies inside, ends included."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Difference:
    """One variant minus another, paired by seed.

    Attributes:
        mean: Mean of the differences.
        interval: Student-t interval of that mean; ``None`` for fewer than two pairs.
        n: Number of pairs.
    """

    mean: float
    interval: Interval | None
    n: int


def summarise_values(values: Sequence[float], unit: Unit = "share") -> Measure:
    """Return mean, standard deviation and n of at least one value."""
    sd = stdev(values) if len(values) > 1 else None
    return Measure(fmean(values), sd, len(values), tuple(values), unit)


def pair_differences(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Difference | None:
    """Return ``ours - theirs`` over the seeds that both have; ``None`` if there is no such seed.

    Both are keyed by seed. The split and the seed are shared, so that what differs within a pair
    is the setting; the interval is that of the paired t-test.
    """
    from scipy.stats import t

    pairs = [ours[seed] - theirs[seed] for seed in ours if seed in theirs]
    if not pairs:
        return None
    mean, n = fmean(pairs), len(pairs)
    if n == 1:
        return Difference(mean, None, n)
    half = float(t.ppf((1 + CONFIDENCE) / 2, n - 1)) * stdev(pairs) / math.sqrt(n)
    return Difference(mean, Interval(mean - half, mean + half), n)


def wilson_interval(right: int, n: int) -> Interval:
    """Return the interval of a share ``right / n`` (Wilson 1927), which holds near 0 and 1 too."""
    from scipy.stats import norm

    z = float(norm.ppf((1 + CONFIDENCE) / 2))
    share = right / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))
