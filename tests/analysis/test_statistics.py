from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test, ttest_rel

from mnistreport.analysis.statistics import (
    Difference,
    Interval,
    Measure,
    adjust_by_holm,
    compare_fitted,
    compare_means,
    estimate_mean,
    pair_differences,
    summarise_values,
    wilson_interval,
)

SHARES = st.floats(min_value=0, max_value=1).map(lambda share: round(share, 4))


@given(st.lists(st.tuples(SHARES, SHARES), min_size=2, max_size=30))
def test_differences_are_those_of_the_paired_t_test(pairs: list[tuple[float, float]]) -> None:
    """Mean, 95 % interval and p-value of the paired differences are scipy's."""
    ours, theirs = (dict(enumerate(values)) for values in zip(*pairs, strict=True))
    difference = pair_differences(ours, theirs)
    assert difference is not None
    differences = [one - other for one, other in pairs]
    assert (len(pairs), pytest.approx(fmean(differences))) == (difference.n, difference.mean)
    if max(differences) - min(differences) < 1e-9:  # scipy divides by the spread
        assert difference.interval is None
        return
    test = ttest_rel(*zip(*pairs, strict=True))
    interval = test.confidence_interval(0.95)
    expected = (interval.low, interval.high)
    assert pytest.approx(test.pvalue, abs=1e-12) == difference.p_value
    assert difference.interval is not None
    found = (difference.interval.low, difference.interval.high)
    assert pytest.approx(expected, abs=1e-9) == found


def test_pairs_are_made_by_seed() -> None:
    """Only seeds that both have count, in whatever order they come."""
    ours, theirs = {2: 0.9, 0: 0.7, 1: 0.8}, {0: 0.5, 2: 0.8, 7: 0.1}
    difference = pair_differences(ours, theirs)
    assert difference is not None
    assert (2, pytest.approx(0.15)) == (difference.n, difference.mean)


def test_interval_of_a_mean() -> None:
    """Values of 1, 2 and 3 have mean 2 and, with t = 4.3027, an interval of ± 2.4841."""
    interval = estimate_mean(summarise_values([1, 2, 3]))
    assert interval is not None
    assert pytest.approx((-0.4841, 4.4841), abs=1e-4) == (interval.low, interval.high)
    assert estimate_mean(summarise_values([1])) is None
    assert estimate_mean(summarise_values([2, 2])) is None


def test_interval_by_hand() -> None:
    """Differences of 1, 2 and 3 have mean 2 and, with t = 4.3027, an interval of ± 2.4841."""
    difference = pair_differences({0: 2, 1: 4, 2: 6}, {0: 1, 1: 2, 2: 3})
    assert difference is not None
    assert difference.interval is not None
    assert pytest.approx((-0.4841, 4.4841), abs=1e-4) == (
        difference.interval.low,
        difference.interval.high,
    )


def test_the_paired_t_test_as_published() -> None:
    """Student (1908): ten sleepers, two drugs; t = 4.06, so p = 0.0028, and 0.70 to 2.46 hours."""
    dextro = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
    laevo = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)
    difference = pair_differences(dict(enumerate(laevo)), dict(enumerate(dextro)))
    assert difference is not None
    assert difference.interval is not None
    assert difference.p_value is not None
    assert (1.58, 0.0028) == (round(difference.mean, 2), round(difference.p_value, 4))
    assert (0.70, 2.46) == (round(difference.interval.low, 2), round(difference.interval.high, 2))


@pytest.mark.parametrize("pairs", [2, 3, 5, 6, 10])
def test_equal_differences_are_judged_by_their_signs(pairs: int) -> None:
    """Without spread there is no interval, and p is that of the exact sign test, as in scipy."""
    theirs = {seed: 0.5 + seed / 100 for seed in range(pairs)}
    equal = pair_differences({seed: each + 0.01 for seed, each in theirs.items()}, theirs)
    assert equal is not None
    assert equal.interval is None
    assert pytest.approx(binomtest(pairs, pairs).pvalue) == equal.p_value


def test_seeds_that_all_agree_on_nothing_are_no_difference() -> None:
    """Differences of zero have p = 1, and no interval of no width."""
    none = pair_differences({0: 0.9, 1: 0.8}, {0: 0.9, 1: 0.8})
    assert Difference(0.0, None, 2, 1.0) == none


def test_values_that_are_all_the_same_are_dealt_out() -> None:
    """Between unpaired values p is that of the exact permutation test, as scipy has it."""
    found = compare_means([0.9] * 4, [0.8] * 4)
    expected = permutation_test(
        ([0.9] * 4, [0.8] * 4),
        lambda ours, theirs: fmean(ours) - fmean(theirs),
        permutation_type="independent",
        vectorized=False,
        n_resamples=1000,
    )
    assert found.interval is None
    assert pytest.approx(expected.pvalue) == found.p_value


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ((0.01, 0.04, 0.03, 0.005), (0.03, 0.06, 0.06, 0.02)),  # × 3, 1 (but no less), 2, 4
        ((0.02,), (0.02,)),
        ((0.5, 0.6), (1.0, 1.0)),
        ((0.6, 0.7), (1.0, 1.0)),  # no p-value is larger
        ((0.02, 0.02, 0.02), (0.06, 0.06, 0.06)),
        ((), ()),
    ],
)
def test_holms_correction_by_hand(p_values: tuple[float, ...], expected: tuple[float, ...]) -> None:
    """The smallest p-value counts as often as there are tests, the next once less, and so on."""
    assert pytest.approx(expected) == tuple(adjust_by_holm(p_values))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.2))
def test_holms_correction_steps_down(p_values: list[float], alpha: float) -> None:
    """A test is rejected exactly if Holm's step-down procedure rejects it at that level."""
    rejected: set[int] = set()
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[place] * (len(p_values) - rank) >= alpha:
            break
        rejected.add(place)
    adjusted = adjust_by_holm(p_values)
    assert rejected == {place for place, p_value in enumerate(adjusted) if p_value < alpha}


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [
        (1, 8, 20 / 512),  # 2 × (1 + 9) of 2⁹ ways to toss nine coins
        (0, 5, 2 / 32),
        (3, 3, 1.0),
        (0, 0, 1.0),
    ],
)
def test_mcnemars_test_by_hand(only_first: int, only_second: int, p_value: float) -> None:
    """Images that just one model gets right are coins; the others do not matter."""
    first = [True] * 50 + [True] * only_first + [False] * only_second + [False] * 4
    second = [True] * 50 + [False] * only_first + [True] * only_second + [False] * 4
    found = compare_fitted(np.array(first), np.array(second))
    assert (50, only_first, only_second, 4) == (
        found.both_right,
        found.only_first,
        found.only_second,
        found.both_wrong,
    )
    assert pytest.approx(p_value) == found.p_value


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
