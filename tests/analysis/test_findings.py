from collections.abc import Sequence

import pytest

from mnistreport.analysis.comparisons import Comparison
from mnistreport.analysis.findings import derive_findings
from mnistreport.analysis.learning import is_at_chance
from mnistreport.analysis.results import LevelSummary, VariantSummary
from tests.analysis.planted import (
    FALLING,
    MLP,
    find_finding,
    make_ablation,
    make_rate_study,
    make_width_study,
    plant,
)

RATES = make_rate_study([0.01, 0.1, 1.0])
WORSE, PLAIN, BETTER = (0.80, 0.81, 0.79), (0.90, 0.91, 0.89), (0.95, 0.96, 0.955)


def test_a_better_level_is_found() -> None:
    """A level well above the baseline on every seed is clearly better, and nothing ties with it."""
    study = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": BETTER})
    finding = find_finding(study, "best")
    assert finding is not None
    assert "clear" == finding.strength
    assert study.levels[2] is finding.values["best"]
    assert study.levels[1] is finding.values["baseline"]
    assert () == finding.values["ties"]
    comparison = finding.get("comparison", Comparison)
    assert pytest.approx(0.055) == comparison.difference.mean


def test_the_baseline_can_be_the_best() -> None:
    """Where the baseline leads, there is no difference to give."""
    study = plant(RATES, {"0.01": WORSE, "0.1": BETTER, "1": PLAIN})
    finding = find_finding(study, "best")
    assert finding is not None
    assert ("clear", study.baseline) == (finding.strength, finding.values["best"])
    assert finding.values["comparison"] is None


def test_a_lead_within_noise_is_not_called_better() -> None:
    """A higher mean that depends on the seed is within noise, and the baseline ties with it."""
    study = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": (0.93, 0.88, 0.895)})
    finding = find_finding(study, "best")
    assert finding is not None
    assert ("within noise", study.levels[2]) == (finding.strength, finding.values["best"])
    assert study.baseline in finding.values["ties"]  # type: ignore[operator]


def test_a_lead_beyond_noise_may_lack_seeds() -> None:
    """A lead larger than the noise floor that the test does not carry asks for more seeds."""
    study = plant(RATES, {"0.01": WORSE, "0.1": (0.9, 0.901, 0.899), "1": (0.93, 0.91, 0.905)})
    finding = find_finding(study, "best")
    assert finding is not None
    assert ("too few seeds", study.levels[2]) == (finding.strength, finding.values["best"])


def test_a_lead_over_a_baseline_that_still_learns_is_unsettled() -> None:
    """While validation loss still falls, who is ahead need not be who ends better."""
    accuracies = {"0.01": WORSE, "0.1": PLAIN, "1": BETTER}
    settled = find_finding(plant(RATES, accuracies), "best")
    unsettled = find_finding(plant(RATES, accuracies, {"0.1": FALLING}), "best")
    assert settled is not None
    assert unsettled is not None
    assert () == settled.values["unsettled"]
    assert ["0.1"] == [level.label for level in unsettled.get_all("unsettled", LevelSummary)]


def test_the_runner_up_is_judged_among_all_pairs() -> None:
    """A level that the best does not clearly beat ties with it, though both beat the baseline."""
    tied = {"0.01": WORSE, "0.1": PLAIN, "1": BETTER, "10": (0.951, 0.957, 0.956)}
    study = plant(make_rate_study([0.01, 0.1, 1.0, 10.0]), tied)
    finding = find_finding(study, "best")
    assert finding is not None
    assert "clear" == finding.strength
    assert ["10"] == [level.label for level in finding.get_all("ties", LevelSummary)]


def test_one_seed_says_nothing_about_better() -> None:
    """However large the lead, one seed cannot show it; every other level may be as good."""
    study = plant(RATES, {"0.01": (0.5,), "0.1": (0.6,), "1": (0.99,)})
    finding = find_finding(study, "best")
    assert finding is not None
    assert "too few seeds" == finding.strength
    assert 2 == len(finding.values["ties"])  # type: ignore[arg-type]


def test_spread_is_held_against_the_noise() -> None:
    """The distance between best and worst level stands beside the baseline's deviation."""
    study = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": BETTER})
    finding = find_finding(study, "spread")
    assert finding is not None
    assert pytest.approx(0.155) == finding.values["spread"]
    assert pytest.approx(0.01) == finding.values["noise_floor"]
    assert study.levels[0] is finding.values["worst"]


def test_one_seed_has_no_noise_floor() -> None:
    """With one seed the spread has nothing to be held against."""
    finding = find_finding(plant(RATES, {"0.01": (0.5,), "0.1": (0.6,), "1": (0.7,)}), "spread")
    assert finding is not None
    assert ("too few seeds", None) == (finding.strength, finding.values["noise_floor"])


@pytest.mark.parametrize(
    ("low", "middle", "high", "side"),
    [
        (BETTER, PLAIN, WORSE, "smallest"),
        (WORSE, PLAIN, BETTER, "largest"),
        (WORSE, BETTER, PLAIN, None),
        (WORSE, BETTER, (None, 0.99, 0.99), None),
    ],
)
def test_an_optimum_at_the_edge_is_told(
    low: Sequence[float], middle: Sequence[float], high: Sequence[float], side: str | None
) -> None:
    """If the best value is the smallest or largest tried, the optimum may lie beyond."""
    finding = find_finding(plant(RATES, {"0.01": low, "0.1": middle, "1": high}), "edge")
    assert side == (finding.values["side"] if finding else None)
    assert finding is None or finding.strength == "clear"


@pytest.mark.parametrize(
    ("rates", "best", "expected"),
    [
        ([0.01, 0.1, 1.0], 2, 10.0),  # a geometric range goes on by its ratio
        ([0.01, 0.1, 1.0], 0, 0.001),
        ([0.1, 0.2, 0.3], 2, 0.4),  # any other by its last step
        ([0.1, 0.2, 0.3], 0, None),  # there is no learning rate of 0
    ],
)
def test_the_next_value_goes_on_as_the_range_does(
    rates: list[float], best: int, expected: float | None
) -> None:
    """Who finds the optimum at an edge is told what to try next."""
    ends = dict.fromkeys((f"{rate:g}" for rate in rates), PLAIN)
    study = make_rate_study(rates, baseline=rates[1])
    finding = find_finding(plant(study, ends | {f"{rates[best]:g}": BETTER}), "edge")
    assert finding is not None
    assert pytest.approx(expected) == finding.values["next"]


def test_an_edge_is_weak_where_a_level_inside_ties() -> None:
    """If a value further inside is not clearly below, nobody knows where the optimum lies."""
    study = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": (0.99, 0.85, 0.93)})
    finding = find_finding(study, "edge")
    assert finding is not None
    assert ("largest", "too few seeds") == (finding.values["side"], finding.strength)


def test_named_variants_have_no_edge() -> None:
    """What is no number has no largest value."""
    study = plant(
        make_ablation(), {"neither": BETTER, "dropout": PLAIN, "norm": PLAIN, "both": WORSE}
    )
    assert find_finding(study, "edge") is None


def test_chance_is_called_chance() -> None:
    """Levels that end near one in ten on every seed learned nothing; one good seed is enough."""
    study = plant(RATES, {"0.01": (0.1, 0.12, 0.249), "0.1": PLAIN, "1": (0.1, 0.1, 0.3)})
    finding = find_finding(study, "at_chance")
    assert finding is not None
    assert (study.levels[0],) == finding.values["levels"]
    assert not is_at_chance(VariantSummary(MLP, {}, planned=3))


def test_unfinished_levels_are_told() -> None:
    """Levels with diverged or missing runs are named, and left out of the comparison."""
    study = plant(RATES, {"0.01": (0.9, None, 0.9), "0.1": PLAIN, "1": BETTER[:2]})
    finding = find_finding(study, "unfinished")
    assert finding is not None
    assert (study.levels[0], study.levels[2]) == finding.values["levels"]
    best = find_finding(study, "best")
    assert best is not None
    assert () == best.values["ties"]


def test_a_study_of_nothing_but_failures_says_so() -> None:
    """Where no run finished, the only finding is that."""
    study = plant(RATES, {"0.01": (None, None), "0.1": (None, None), "1": (None, None)})
    assert ["unfinished"] == [finding.kind for finding in derive_findings(study)]


def test_learning_and_overfitting_are_told_by_level() -> None:
    """The levels concerned are named, and the widest gap with them."""
    accuracies = {"0.01": PLAIN, "0.1": PLAIN, "1": BETTER}
    study = plant(RATES, accuracies, {"0.01": FALLING, "1": (1.0, 0.5, 0.6)})
    learning, overfitted = find_finding(study, "still_learning"), find_finding(study, "overfitted")
    assert learning is not None
    assert overfitted is not None
    assert (study.levels[0],) == learning.values["levels"]
    assert (study.levels[2],) == overfitted.values["levels"]


def test_the_main_thing_comes_first() -> None:
    """Findings begin with the best level, and none comes twice."""
    study = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": BETTER})
    kinds = [finding.kind for finding in derive_findings(study)]
    assert "best" == kinds[0]
    assert len(set(kinds)) == len(kinds)


def test_nothing_lies_beyond_the_end_of_what_there_is() -> None:
    """One neuron is the fewest that a layer can have: nobody is told to look below."""
    study = make_width_study([1, 2, 4], baseline=2)
    ends = {"1": BETTER, "2": PLAIN, "4": WORSE}
    assert find_finding(plant(study, ends), "edge") is None


def test_a_loss_of_nothing_is_no_fault() -> None:
    """Where loss has come down to exactly 0, everything else is still said."""
    gone = (*FALLING[:5], *(0.0,) * 5)
    losses = dict.fromkeys(("0.1", "1"), gone)
    study = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": BETTER}, losses)
    assert "best" in [finding.kind for finding in derive_findings(study)]
