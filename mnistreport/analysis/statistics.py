"""Means, intervals and tests: every statistic of the report, on scipy.

Two questions are kept apart, as Dietterich (1998, "Approximate statistical tests for comparing
supervised classification learning algorithms", Neural Computation 10) asks for. *Which recipe is
better?* is answered over seeds: ``pair_differences``, ``adjust_by_holm``. *Which of two fitted
models classifies these images better?* is answered over images: ``compare_fitted``.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # what needs no array is spared the import
    import numpy as np
    from numpy.typing import NDArray

ALPHA = 0.05
"""An adjusted p-value below it counts as clear."""
CONFIDENCE = 1 - ALPHA
NO_SPREAD = 1e-12
"""Differences of accuracies that vary less over the seeds are equal but for rounding."""

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
    """One variant minus another, paired by seed; between imported runs unpaired.

    Attributes:
        mean: Mean of the differences.
        interval: Student-t interval of that mean, for this one comparison by itself; ``None`` for
            fewer than two pairs, and where the runs have no spread to make one of.
        n: Number of pairs; or of runs on the side that has fewer.
        p_value: Two-sided, by itself: of the paired t-test or of Welch's, and without any spread of
            an exact test in its place; ``None`` for fewer than two pairs.
    """

    mean: float
    interval: Interval | None
    n: int
    p_value: float | None = None


def summarise_values(values: Sequence[float], unit: Unit = "share") -> Measure:
    """Return mean, standard deviation and n of at least one value."""
    mean = fmean(values)
    sd = _find_sd(values, mean) if len(values) > 1 else None
    return Measure(mean, sd, len(values), tuple(values), unit)


def _find_sd(values: Sequence[float], mean: float) -> float:
    """Return the sample standard deviation of at least two values; 0 only if all are the same."""
    if min(values) == max(values):
        return 0.0
    return math.dist(values, [mean] * len(values)) / math.sqrt(len(values) - 1)


def estimate_mean(measure: Measure) -> Interval | None:
    """Return the Student-t interval of a mean over seeds; ``None`` without any spread.

    It is for this one mean by itself, and may end beyond what a share can be. Equal values do not
    show that the mean is known exactly, so they have no interval either.
    """
    if measure.sd is None or measure.sd < NO_SPREAD:
        return None
    half = _find_half(measure.sd, measure.n)
    return Interval(measure.mean - half, measure.mean + half)


def _find_half(sd: float, n: int) -> float:
    from scipy.special import stdtrit  # the inverse of Student's t distribution function

    return float(stdtrit(n - 1, (1 + CONFIDENCE) / 2)) * sd / math.sqrt(n)


def pair_differences(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Difference | None:
    """Return ``ours - theirs`` over the seeds that both have; ``None`` if there is no such seed.

    Both are keyed by seed. The split and the seed are shared, so that what differs within a pair
    is the setting; interval and p-value are those of the paired t-test (Student 1908).

    Accuracies are multiples of one image, so on few images all differences can be the same. Then
    there is no spread to divide by. That does not make the difference certain, and the exact
    sign-flip test of Fisher (1935, "The Design of Experiments", section 21) takes the place of the
    t-test: of the 2^n ways to turn the differences round, two lead as far from 0.
    """
    from scipy.special import stdtr  # Student's t distribution function

    pairs = [ours[seed] - theirs[seed] for seed in ours if seed in theirs]
    if not pairs:
        return None
    mean, n = fmean(pairs), len(pairs)
    if n == 1:
        return Difference(mean, None, n)
    sd = _find_sd(pairs, mean)
    if sd < NO_SPREAD:
        return Difference(mean, None, n, 1.0 if abs(mean) < NO_SPREAD else 2.0 ** (1 - n))
    half = _find_half(sd, n)
    p_value = 2 * float(stdtr(n - 1, -abs(mean) * math.sqrt(n) / sd))
    return Difference(mean, Interval(mean - half, mean + half), n, p_value)


def compare_means(ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    """Return the mean of ``ours`` minus that of ``theirs``, which make no pairs.

    Interval and p-value are those of the t-test for unequal variances (Welch 1947, "The
    generalization of 'Student's' problem when several different population variances are
    involved", Biometrika 34). Both need a value at least. Where neither side has any spread, the
    exact permutation test takes its place: of all ways to deal the values out, at most two lead as
    far apart.
    """
    from scipy.special import stdtr, stdtrit  # Student's t distribution function, its inverse

    mean, n = fmean(ours) - fmean(theirs), min(len(ours), len(theirs))
    if n == 1:
        return Difference(mean, None, n)
    ours_part, theirs_part = (
        _find_sd(values, fmean(values)) ** 2 / len(values) for values in (ours, theirs)
    )
    error = math.sqrt(ours_part + theirs_part)
    if error < NO_SPREAD:
        ways = math.comb(len(ours) + len(theirs), len(ours))
        return Difference(mean, None, n, 1.0 if abs(mean) < NO_SPREAD else 2 / ways)
    freedom = error**4 / (ours_part**2 / (len(ours) - 1) + theirs_part**2 / (len(theirs) - 1))
    half = float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * error
    p_value = 2 * float(stdtr(freedom, -abs(mean) / error))
    return Difference(mean, Interval(mean - half, mean + half), n, p_value)


def adjust_by_holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values of a family of tests, adjusted together, in the same order.

    The step-down procedure of Holm (1979, "A simple sequentially rejective multiple test
    procedure", Scandinavian Journal of Statistics 6): among tests that have nothing to find, the
    chance that any adjusted p-value falls below ``ALPHA`` is at most ``ALPHA``.
    """
    adjusted = list(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


@dataclass(frozen=True, slots=True)
class FittedDifference:
    """Two fitted models on the same images.

    Attributes:
        both_right: Images that both classify correctly.
        only_first: Images that only the first classifies correctly.
        only_second: Images that only the second classifies correctly.
        both_wrong: Images that neither classifies correctly.
        p_value: Of the exact test of McNemar.
    """

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    p_value: float


def compare_fitted(first: "NDArray[np.bool_]", second: "NDArray[np.bool_]") -> FittedDifference:
    """Compare two fitted models by which of the same images each gets right.

    The exact test of McNemar (1947, Psychometrika 12): of the images on which just one is right,
    either is as likely to be it if the models are equally accurate.

    Args:
        first: bool (n,), for each image whether the first model is right.
        second: The same for the second model.
    """
    from scipy.special import bdtr  # the binomial distribution function

    both, only_first = int((first & second).sum()), int((first & ~second).sum())
    only_second, neither = int((~first & second).sum()), int((~first & ~second).sum())
    decided = only_first + only_second
    p_value = min(1.0, 2 * float(bdtr(min(only_first, only_second), decided, 0.5)))
    return FittedDifference(both, only_first, only_second, neither, p_value)


def wilson_interval(right: int, n: int) -> Interval:
    """Return the interval of a share ``right / n`` (Wilson 1927), which holds near 0 and 1 too."""
    from scipy.special import ndtri  # the inverse of the normal distribution function

    z = float(ndtri((1 + CONFIDENCE) / 2))
    share = right / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))
