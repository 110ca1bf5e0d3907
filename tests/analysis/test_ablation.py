from collections.abc import Sequence
from dataclasses import replace

import pytest

from mnistreport.analysis.comparisons import Comparison
from mnistreport.analysis.findings import Finding
from mnistreport.analysis.results import StudySummary
from tests.analysis.planted import find_finding, make_ablation, make_rate_study, plant

RATES = make_rate_study([0.01, 0.1, 1.0])
WORSE, PLAIN, BETTER = (0.80, 0.81, 0.79), (0.90, 0.91, 0.89), (0.95, 0.96, 0.955)


def _difference(finding: Finding, which: str) -> float:
    return finding.get(which, Comparison).difference.mean


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
    finding = find_finding(study, "interaction")
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
    finding = find_finding(study, "interaction")
    assert finding is not None
    assert "clear" == finding.strength
    assert pytest.approx(-0.0097, abs=1e-3) == _difference(finding, "interaction")


def test_interaction_takes_seeds_and_all_four_corners() -> None:
    """One seed leaves it open; a corner that did not finish leaves it out."""
    one = {"neither": (0.9,), "dropout": (0.91,), "norm": (0.93,), "both": (0.99,)}
    finding = find_finding(plant(make_ablation(), one), "interaction")
    assert finding is not None
    assert "too few seeds" == finding.strength
    broken = plant(make_ablation(), one | {"both": (None,)})
    assert find_finding(broken, "interaction") is None
    rates = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": BETTER})
    assert find_finding(rates, "interaction") is None


def test_both_has_to_be_what_one_and_the_other_are() -> None:
    """If “both” has another dropout than “dropout”, the four are no corners of one square."""
    ablation = make_ablation()
    *others, both = ablation.levels
    other = replace(both, fields=both.fields | {"dropout": 0.1})
    study = plant(replace(ablation, levels=(*others, other)), _make_corners((0.94, 0.945, 0.935)))
    assert find_finding(study, "interaction") is None


def test_an_interaction_counts_only_if_a_corner_differs() -> None:
    """What no corner's comparison with the baseline carries, no other question carries either."""
    corners = _make_corners((0.900, 0.905, 0.896))  # both switches together undo each other
    noisy = corners | {"neither": (0.95, 0.85, 0.90), "both": (0.95, 0.85, 0.901)}
    study = plant(make_ablation(), noisy)
    finding = find_finding(study, "interaction")
    assert finding is not None
    comparison = finding.get("interaction", Comparison)
    assert comparison.p_adjusted is not None
    assert comparison.p_adjusted >= study.gate > 0.05
    assert "clear" != finding.strength


def _set_gaps(study: StudySummary, gaps: dict[str, float]) -> StudySummary:
    """Return ``study`` with a training accuracy so far above the validation accuracy."""
    levels = []
    for level in study.levels:
        runs = {}
        for seed, run in level.summary.runs.items():
            last = run.history[-1]
            ahead = last.validation_accuracy + gaps[level.label] + 1e-4 * seed**2
            rows = (*run.history[:-1], replace(last, train_accuracy=ahead))
            runs[seed] = replace(run, history=rows)
        levels.append(replace(level, summary=replace(level.summary, runs=runs)))
    return StudySummary(study.study, tuple(levels))


def test_effects_on_the_gap_are_told_apart() -> None:
    """A switch that narrows the gap is clear, one that leaves it as it is stays within noise."""
    corners = _make_corners((0.941, 0.946, 0.935))
    study = plant(make_ablation(), corners)
    gaps = {"neither": 0.03, "dropout": 0.01, "norm": 0.0301, "both": 0.0101}
    finding = find_finding(_set_gaps(study, gaps), "gap")
    assert finding is not None
    assert "dropout" == finding.values["first"]
    dropout, norm = (finding.get(f"{which}_effect", Comparison) for which in ("first", "second"))
    assert pytest.approx(-0.02) == dropout.difference.mean
    assert pytest.approx(0.0001) == norm.difference.mean
    assert not norm.is_clear


def test_speed_is_told_in_epochs_to_a_common_accuracy() -> None:
    """The accuracy is one that every run reached, and each corner has its mean epoch of it."""
    study = plant(make_ablation(), _make_corners((0.941, 0.945, 0.935)))
    finding = find_finding(study, "speed")
    assert finding is not None
    assert 0.895 == finding.values["target"]  # made-up runs arrive in their last epoch
    assert (10.0,) * 4 == finding.values["epochs"]
    assert pytest.approx((0.1,) * 4) == finding.values["seconds_per_epoch"]
