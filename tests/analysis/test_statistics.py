from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_rel

from mnistreport.analysis.statistics import (
    Difference,
    Interval,
    Measure,
    pair_differences,
    summarise_values,
    wilson_interval,
)

SHARES = st.floats(min_value=0, max_value=1).map(lambda share: round(share, 4))


@given(st.lists(st.tuples(SHARES, SHARES), min_size=2, max_size=30))
def test_interval_is_that_of_the_paired_t_test(pairs: list[tuple[float, float]]) -> None:
    """Mean and 95 % interval of the paired differences are scipy's."""
    ours, theirs = (dict(enumerate(values)) for values in zip(*pairs, strict=True))
    difference = pair_differences(ours, theirs)
    assert difference is not None
    assert difference.interval is not None
    differences = [one - other for one, other in pairs]
    assert (len(pairs), pytest.approx(fmean(differences))) == (difference.n, difference.mean)
    if max(differences) - min(differences) < 1e-9:  # scipy divides by the spread
        expected = (difference.mean, difference.mean)
    else:
        interval = ttest_rel(*zip(*pairs, strict=True)).confidence_interval(0.95)
        expected = (interval.low, interval.high)
    found = (difference.interval.low, difference.interval.high)
    assert pytest.approx(expected, abs=1e-9) == found


def test_pairs_are_made_by_seed() -> None:
    """Only seeds that both have count, in whatever order they come."""
    ours, theirs = {2: 0.9, 0: 0.7, 1: 0.8}, {0: 0.5, 2: 0.8, 7: 0.1}
    difference = pair_differences(ours, theirs)
    assert difference is not None
    assert (2, pytest.approx(0.15)) == (difference.n, difference.mean)


def test_interval_by_hand() -> None:
    """Differences of 1, 2 and 3 have mean 2 and, with t = 4.3027, an interval of ± 2.4841."""
    difference = pair_differences({0: 2, 1: 4, 2: 6}, {0: 1, 1: 2, 2: 3})
    assert difference is not None
    assert difference.interval is not None
    assert pytest.approx((-0.4841, 4.4841), abs=1e-4) == (
        difference.interval.low,
        difference.interval.high,
    )


def test_one_pair_has_no_interval() -> None:
    """With one seed there is a difference, but nothing to say how sure it is."""
    assert Difference(0.25, None, 1) == pair_differences({5: 0.75}, {5: 0.5})


def test_no_pair_has_no_difference() -> None:
    """Without a common seed there is nothing to compare."""
    assert pair_differences({0: 0.5}, {1: 0.5}) is None
    assert pair_differences({}, {}) is None


def test_intervals_hold_what_they_promise() -> None:
    """Of 2,000 intervals of three pairs, about 95 % hold the true difference."""
    draw = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        ours, theirs = (draw.normal(mean, 0.01, 3).tolist() for mean in (0.93, 0.90))
        difference = pair_differences(dict(enumerate(ours)), dict(enumerate(theirs)))
        held += bool(difference and difference.interval and 0.03 in difference.interval)
    assert 0.93 < held / 2000 < 0.97


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.5], Measure(0.5, None, 1, (0.5,))),
        ([1.0, 1.0], Measure(1.0, 0.0, 2, (1.0, 1.0))),
        ([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], None),
    ],
)
def test_summaries(values: list[float], expected: Measure | None) -> None:
    """Mean, sample standard deviation and n; one value has no spread."""
    found = summarise_values(values)
    if expected is None:  # the squared deviations add up to 32
        expected = Measure(5.0, pytest.approx((32 / 7) ** 0.5), 8, tuple(values))
    assert expected == found


def test_interval_includes_its_ends() -> None:
    """A difference of zero at the very end of the interval is not ruled out."""
    assert 0.0 in Interval(0.0, 1.0)
    assert 1.0 in Interval(0.0, 1.0)
    assert 1.01 not in Interval(0.0, 1.0)


@given(st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_is_scipys(counts: tuple[int, int]) -> None:
    """The interval of a share is scipy's, from none right to all right."""
    right, n = counts
    expected = binomtest(right, n).proportion_ci(0.95, method="wilson")
    found = wilson_interval(right, n)
    assert pytest.approx((expected.low, expected.high), abs=1e-9) == (found.low, found.high)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_as_published(right: int, n: int, low: float, high: float) -> None:
    """Newcombe (1998), table I, method 3: the score interval of four shares."""
    found = wilson_interval(right, n)
    assert (low, high) == (round(found.low, 4), round(found.high, 4))
