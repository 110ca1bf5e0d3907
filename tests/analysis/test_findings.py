from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mnistreport.analysis.findings import (
    Finding,
    derive_findings,
    is_at_chance,
    is_overfitted,
    is_still_learning,
    judge_difference,
)
from mnistreport.analysis.results import LevelSummary, StudySummary, VariantSummary
from mnistreport.analysis.statistics import Difference
from mnistreport.study.experiment import Experiment
from tests.analysis.planted import (
    FALLING,
    FLAT,
    MLP,
    SPLIT,
    make_ablation,
    make_rate_study,
    make_run,
    plant,
)

RATES = make_rate_study([0.01, 0.1, 1.0])
WORSE, PLAIN, BETTER = (0.80, 0.81, 0.79), (0.90, 0.91, 0.89), (0.95, 0.96, 0.955)


def _find(study: StudySummary, kind: str) -> Finding | None:
    return next((each for each in derive_findings(study) if each.kind == kind), None)


def _summarise(*losses: Sequence[float], accuracy: float = 0.9) -> VariantSummary:
    """Summarise one run for each curve of validation loss."""
    experiments = [Experiment(MLP, seed, SPLIT) for seed in range(len(losses))]
    runs = {e.seed: make_run(e, accuracy, losses[e.seed]) for e in experiments}
    return VariantSummary(MLP, runs, planned=len(losses))


def test_a_better_level_is_found() -> None:
    """A level well above the baseline on every seed is clearly better, and nothing ties with it."""
    study = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": BETTER})
    finding = _find(study, "best")
    assert finding is not None
    assert "clear" == finding.strength
    assert study.levels[2] is finding.values["best"]
    assert study.levels[1] is finding.values["baseline"]
    assert () == finding.values["ties"]
    difference = finding.values["difference"]
    assert isinstance(difference, Difference)
    assert pytest.approx(0.055) == difference.mean


def test_the_baseline_can_be_the_best() -> None:
    """Where the baseline leads, there is no difference to give."""
    study = plant(RATES, {"0.01": WORSE, "0.1": BETTER, "1": PLAIN})
    finding = _find(study, "best")
    assert finding is not None
    assert ("clear", study.baseline) == (finding.strength, finding.values["best"])
    assert finding.values["difference"] is None


def test_a_lead_within_noise_is_not_called_better() -> None:
    """A higher mean that depends on the seed is within noise, and the baseline ties with it."""
    study = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": (0.99, 0.85, 0.93)})
    finding = _find(study, "best")
    assert finding is not None
    assert ("within noise", study.levels[2]) == (finding.strength, finding.values["best"])
    assert study.baseline in finding.values["ties"]  # type: ignore[operator]


def test_one_seed_says_nothing_about_better() -> None:
    """However large the lead, one seed cannot show it; every other level may be as good."""
    study = plant(RATES, {"0.01": (0.5,), "0.1": (0.6,), "1": (0.99,)})
    finding = _find(study, "best")
    assert finding is not None
    assert "too few seeds" == finding.strength
    assert 2 == len(finding.values["ties"])  # type: ignore[arg-type]


def test_comparing_is_symmetrical() -> None:
    """Whoever is compared with whom, the verdict is the same."""
    study = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": (0.99, 0.85, 0.93)})
    low, middle, high = (level.summary for level in study.levels)
    assert "clear" == judge_difference(low, middle) == judge_difference(middle, low)
    assert "within noise" == judge_difference(high, middle) == judge_difference(middle, high)
    assert "within noise" == judge_difference(middle, middle)


def test_noise_alone_is_seldom_called_better() -> None:
    """Of 400 pairs of equal variants on three seeds, about one in twenty is told apart."""
    draw = np.random.default_rng(0)
    study = make_rate_study([0.1, 1.0])
    told_apart = 0
    for _ in range(400):
        noise = draw.normal(0.9, 0.01, (2, 3)).tolist()
        summary = plant(study, {"0.1": noise[0], "1": noise[1]})
        told_apart += "clear" == judge_difference(*(level.summary for level in summary.levels))
    assert 0.02 < told_apart / 400 < 0.09


def test_spread_is_held_against_the_noise() -> None:
    """The distance between best and worst level stands beside the baseline's deviation."""
    study = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": BETTER})
    finding = _find(study, "spread")
    assert finding is not None
    assert pytest.approx(0.155) == finding.values["spread"]
    assert pytest.approx(0.01) == finding.values["noise"]
    assert study.levels[0] is finding.values["worst"]


def test_one_seed_has_no_noise_floor() -> None:
    """With one seed the spread has nothing to be held against."""
    finding = _find(plant(RATES, {"0.01": (0.5,), "0.1": (0.6,), "1": (0.7,)}), "spread")
    assert finding is not None
    assert ("too few seeds", None) == (finding.strength, finding.values["noise"])


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
    finding = _find(plant(RATES, {"0.01": low, "0.1": middle, "1": high}), "edge")
    assert side == (finding.values["side"] if finding else None)


def test_named_variants_have_no_edge() -> None:
    """What is no number has no largest value."""
    study = plant(
        make_ablation(), {"neither": BETTER, "dropout": PLAIN, "norm": PLAIN, "both": WORSE}
    )
    assert _find(study, "edge") is None


def test_chance_is_called_chance() -> None:
    """Levels that end near one in ten on every seed learned nothing; one good seed is enough."""
    study = plant(RATES, {"0.01": (0.1, 0.12, 0.249), "0.1": PLAIN, "1": (0.1, 0.1, 0.3)})
    finding = _find(study, "at_chance")
    assert finding is not None
    assert (study.levels[0],) == finding.values["levels"]
    assert not is_at_chance(VariantSummary(MLP, {}, planned=3))


def test_unfinished_levels_are_told() -> None:
    """Levels with diverged or missing runs are named, and left out of the comparison."""
    study = plant(RATES, {"0.01": (0.9, None, 0.9), "0.1": PLAIN, "1": BETTER[:2]})
    finding = _find(study, "unfinished")
    assert finding is not None
    assert (study.levels[0], study.levels[2]) == finding.values["levels"]
    best = _find(study, "best")
    assert best is not None
    assert () == best.values["ties"]


def test_a_study_of_nothing_but_failures_says_so() -> None:
    """Where no run finished, the only finding is that."""
    study = plant(RATES, {"0.01": (None, None), "0.1": (None, None), "1": (None, None)})
    assert ["unfinished"] == [finding.kind for finding in derive_findings(study)]


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([FALLING, FALLING], True),
        ([FLAT, FLAT], False),
        ([FALLING, FLAT], True),  # the mean of the seeds is what falls
        ([FALLING[:4], FALLING[:4]], False),  # too short to tell
        ([[*FALLING[:-1], FALLING[-3]]] * 2, True),  # one wiggle is no end
        ([[*FALLING[:-2], FALLING[-4], FALLING[-4]]] * 2, False),  # rose at the end
        ([[2.0] * 8 + [1.9999, 1.9998]] * 2, False),  # fell by next to nothing
        ([], False),
    ],
)
def test_still_learning(losses: list[Sequence[float]], expected: bool) -> None:  # noqa: FBT001 - a table
    """Mean loss that is noticeably lower in the last fifth than in the fifth before is falling."""
    assert expected == is_still_learning(_summarise(*losses))


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([(1.0, 0.5, 0.6), (1.0, 0.5, 0.53)], True),
        ([(1.0, 0.5, 0.6), (1.0, 0.5, 0.52)], False),  # one seed rose by less than a twentieth
        ([FALLING, FALLING], False),
        ([FLAT, FLAT], False),
        ([], False),
    ],
)
def test_overfitted(losses: list[Sequence[float]], expected: bool) -> None:  # noqa: FBT001 - a table
    """Loss that ends well above its lowest on every seed had turned."""
    assert expected == is_overfitted(_summarise(*losses))


def test_a_loss_that_rises_everywhere_is_no_overfitting() -> None:
    """Where training loss rose with validation loss, descent was unstable: another matter."""
    losses, experiment = (1.0, 0.5, 0.6), Experiment(MLP, 0, SPLIT)
    for train_losses, expected in (((1.0, 0.4, 0.3), True), ((1.0, 0.4, 0.5), False)):
        run = make_run(experiment, 0.9, losses, train_losses=train_losses)
        assert expected == is_overfitted(VariantSummary(MLP, {0: run}, planned=1))


def test_learning_and_overfitting_are_told_by_level() -> None:
    """The levels concerned are named, and the widest gap with them."""
    accuracies = {"0.01": PLAIN, "0.1": PLAIN, "1": BETTER}
    study = plant(RATES, accuracies, {"0.01": FALLING, "1": (1.0, 0.5, 0.6)})
    learning, overfitted = _find(study, "still_learning"), _find(study, "overfitted")
    assert learning is not None
    assert overfitted is not None
    assert (study.levels[0],) == learning.values["levels"]
    assert (study.levels[2],) == overfitted.values["levels"]


def _with_work(study: StudySummary, work: Sequence[tuple[int, float]]) -> StudySummary:
    """Return ``study`` with a number of updates and seconds for each level."""
    levels: list[LevelSummary] = []
    for level, (updates, seconds) in zip(study.levels, work, strict=True):
        runs = {
            seed: replace(
                run,
                updates=updates,
                history=tuple(
                    replace(row, duration_seconds=seconds / len(run.history)) for row in run.history
                ),
            )
            for seed, run in level.summary.runs.items()
        }
        levels.append(replace(level, summary=replace(level.summary, runs=runs)))
    return StudySummary(study.study, tuple(levels))


def test_work_is_compared() -> None:
    """Different numbers of updates, and training times that differ by half, are told."""
    study = plant(RATES, {"0.01": PLAIN, "0.1": PLAIN, "1": PLAIN})
    uneven = _with_work(study, [(400, 1.0), (100, 0.9), (200, 1.6)])
    updates, cost = _find(uneven, "updates"), _find(uneven, "cost")
    assert updates is not None
    assert cost is not None
    assert (uneven.levels[1], uneven.levels[0]) == (
        updates.values["fewest"],
        updates.values["most"],
    )
    assert (uneven.levels[1], uneven.levels[2]) == (cost.values["quickest"], cost.values["slowest"])
    even = _with_work(study, [(400, 1.0), (400, 1.1), (400, 1.2)])
    assert {"updates", "cost"}.isdisjoint(finding.kind for finding in derive_findings(even))


def _difference(finding: Finding, which: str) -> float:
    difference = finding.values[which]
    assert isinstance(difference, Difference)
    return difference.mean


def _make_corners(both: Sequence[float]) -> dict[str, Sequence[float]]:
    return {
        "neither": (0.900, 0.905, 0.895),
        "dropout": (0.911, 0.914, 0.905),  # about + 1 point
        "norm": (0.930, 0.936, 0.925),  # about + 3 points
        "both": both,
    }


@pytest.mark.parametrize("baseline", ["neither", "both"])
def test_effects_that_add_up_do_not_interact(baseline: str) -> None:
    """Both switches together do what each does alone, whichever corner is the baseline."""
    corners = _make_corners((0.941, 0.945, 0.935))
    study = plant(make_ablation(baseline=baseline), corners)  # type: ignore[arg-type]
    finding = _find(study, "interaction")
    assert finding is not None
    assert "within noise" == finding.strength
    effects = {finding.values["first"]: "first_effect", finding.values["second"]: "second_effect"}
    assert pytest.approx(0.01, abs=1e-3) == _difference(finding, effects["dropout"])
    assert pytest.approx(0.03, abs=1e-3) == _difference(finding, effects["layer_norm"])
    assert pytest.approx(0.0, abs=1e-3) == _difference(finding, "interaction")


@pytest.mark.parametrize("baseline", ["neither", "both"])
def test_effects_that_cancel_interact(baseline: str) -> None:
    """If both together do no more than one alone, they interact, by the difference."""
    corners = _make_corners((0.931, 0.935, 0.926))
    study = plant(make_ablation(baseline=baseline), corners)  # type: ignore[arg-type]
    finding = _find(study, "interaction")
    assert finding is not None
    assert "clear" == finding.strength
    assert pytest.approx(-0.0097, abs=1e-3) == _difference(finding, "interaction")


def test_interaction_takes_seeds_and_all_four_corners() -> None:
    """One seed leaves it open; a corner that did not finish leaves it out."""
    one = {"neither": (0.9,), "dropout": (0.91,), "norm": (0.93,), "both": (0.99,)}
    finding = _find(plant(make_ablation(), one), "interaction")
    assert finding is not None
    assert "too few seeds" == finding.strength
    broken = plant(make_ablation(), one | {"both": (None,)})
    assert _find(broken, "interaction") is None
    rates = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": BETTER})
    assert _find(rates, "interaction") is None


def test_the_main_thing_comes_first() -> None:
    """Findings begin with the best level, and none comes twice."""
    study = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": BETTER})
    kinds = [finding.kind for finding in derive_findings(study)]
    assert "best" == kinds[0]
    assert len(set(kinds)) == len(kinds)
