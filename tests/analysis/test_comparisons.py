import pytest

from mnistreport.analysis.comparisons import compare_family

PLAIN = {0: 0.90, 1: 0.91, 2: 0.89}
BETTER = {0: 0.95, 1: 0.96, 2: 0.945}
NOISY = {0: 0.99, 1: 0.85, 2: 0.93}


@pytest.mark.parametrize(
    ("ours", "noise_floor", "expected"),
    [
        (BETTER, 0.01, "clear"),
        (NOISY, 0.05, "within noise"),  # 2.3 points, and a seed changes 5
        (NOISY, 0.01, "too few seeds"),
        (PLAIN, 0.01, "within noise"),
        (PLAIN, 0.0, "within noise"),  # nothing is no difference, whatever the noise
        ({0: 0.901, 1: 0.911, 2: 0.891}, 0.01, "within noise"),  # the same each time, but small
        ({0: 0.99}, None, "too few seeds"),
        ({0: 0.99, 1: 1.0, 2: 0.98}, 0.01, "too few seeds"),  # 9 points each: no spread to judge by
    ],
)
def test_strengths(ours: dict[int, float], noise_floor: float | None, expected: str) -> None:
    """A difference is clear, within noise, or asks for more seeds."""
    (comparison,) = compare_family([(ours, PLAIN)], noise_floor)
    assert expected == comparison.strength


def test_comparing_is_symmetrical() -> None:
    """Whoever is compared with whom, the verdict is the same, and the difference turns round."""
    there, back = compare_family([(BETTER, PLAIN), (PLAIN, BETTER)], 0.01)
    assert (there.strength, there.p_adjusted) == (back.strength, back.p_adjusted)
    assert there.difference.mean == -back.difference.mean


def test_a_family_costs() -> None:
    """What is clear by itself may not be among four."""
    alone = compare_family([({0: 0.92, 1: 0.935, 2: 0.905}, PLAIN)], 0.01)
    among = compare_family([({0: 0.92, 1: 0.935, 2: 0.905}, PLAIN), *[(NOISY, PLAIN)] * 3], 0.01)
    assert ("clear", "too few seeds") == (alone[0].strength, among[0].strength)


@pytest.mark.parametrize(
    ("seeds", "levels", "expected"),
    [
        (5, 1, "too few seeds"),  # p = 2 / 2⁵
        (6, 1, "clear"),
        (6, 2, "too few seeds"),  # 4 / 2⁶
        (7, 2, "clear"),
    ],
)
def test_the_same_lead_in_every_seed_needs_enough_seeds(
    seeds: int, levels: int, expected: str
) -> None:
    """One point in each of five seeds may be chance, however equal; in six it is not."""
    theirs = {seed: 0.5 + seed / 100 for seed in range(seeds)}
    ours = {seed: accuracy + 0.01 for seed, accuracy in theirs.items()}
    for comparison in compare_family([(ours, theirs)] * levels, 0.005):
        assert expected == comparison.strength
        assert comparison.difference.interval is None


def test_nothing_is_clearer_than_its_gate() -> None:
    """What is asked after a family that found nothing finds nothing."""
    (shut,) = compare_family([(BETTER, PLAIN)], 0.01, gate=0.3)
    assert (0.3, "too few seeds") == (shut.p_adjusted, shut.strength)


def test_without_a_common_seed_nothing_is_compared() -> None:
    """Comparing settings that share no seed is a fault of the program, not a result."""
    with pytest.raises(ValueError, match="no seed in common"):
        compare_family([({0: 0.9}, {1: 0.9})], 0.01)
