"""Findings about the course of training: what they rest on, number by number."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from mnistreport.analysis.findings.course import find_overfitted, find_still_learning
from mnistreport.analysis.learning import judge_still_learning, measure_fall
from mnistreport.analysis.results import LevelSummary, StudySummary, VariantSummary
from mnistreport.study.experiment import Experiment
from tests.analysis.planted import MLP, SPLIT, find_finding, make_rate_study, make_run, plant

RATES = make_rate_study([0.01, 0.1, 1.0])
PLAIN = (0.90, 0.91, 0.89)
ALIKE = dict.fromkeys(("0.01", "0.1", "1"), PLAIN)
TURNED = {  # validation loss is lowest after the second of five epochs
    "validation_loss": (1.0, 0.5, 0.6, 0.7, 0.75),
    "train_loss": (1.0, 0.4, 0.3, 0.2, 0.1),
    "validation_accuracy": (0.78, 0.86, 0.87, 0.86, 0.85),
    "train_accuracy": (0.80, 0.90, 0.95, 0.97, 0.99),
}
TURNED_LESS = TURNED | {"validation_loss": (1.0, 0.5, 0.55, 0.55, 0.55)}


def _give_courses(
    study: StudySummary, courses: Mapping[str, Mapping[str, Sequence[float]]]
) -> StudySummary:
    """Return a study some of whose levels, by label, have these courses on every seed."""
    levels: list[LevelSummary] = []
    for level in study.levels:
        runs = dict(level.summary.runs)
        for seed, run in runs.items():
            rows = zip(*courses.get(level.label, {}).values(), strict=True)
            names = courses.get(level.label, {}).keys()
            history = tuple(
                replace(row, **dict(zip(names, values, strict=True)))
                for row, values in zip(run.history, rows, strict=False)
            )
            runs[seed] = replace(run, history=history or run.history)
        levels.append(replace(level, summary=replace(level.summary, runs=runs)))
    return StudySummary(study.study, tuple(levels))


def test_the_worst_of_those_that_overfitted_is_told_with_its_numbers() -> None:
    """The one whose loss rose most; from its lowest loss to the end, the gap goes with it."""
    study = _give_courses(plant(RATES, ALIKE), {"0.01": TURNED_LESS, "1": TURNED})
    finding = find_overfitted(study)
    assert finding is not None
    assert (study.levels[0], study.levels[2]) == finding.values["levels"]
    assert (study.levels[2], 2) == (finding.values["worst"], finding.values["opened"])
    assert pytest.approx(0.5) == finding.values["rise"]
    assert pytest.approx(0.04) == finding.values["gap_then"]
    assert pytest.approx(0.14) == finding.values["gap_end"]
    assert "clear" == finding.strength


def test_one_seed_is_too_few_to_say_that_it_overfits() -> None:
    """Seen on one seed it is told, but not firmly."""
    one = _give_courses(plant(RATES, dict.fromkeys(ALIKE, (0.9,))), {"1": TURNED})
    finding = find_overfitted(one)
    assert finding is not None
    assert "too few seeds" == finding.strength


def test_the_smallest_and_the_largest_fall_are_told() -> None:
    """Of the levels that still learn, from the one that fell least to the one that fell most."""
    fast, slow = (tuple(share**epoch for epoch in range(10)) for share in (0.8, 0.9))
    study = plant(RATES, ALIKE, {"0.01": fast, "1": slow})
    finding = find_still_learning(study)
    assert finding is not None
    assert (study.levels[0], study.levels[2]) == finding.values["levels"]
    assert pytest.approx((1 - 0.9**2, 1 - 0.8**2)) == (
        finding.values["least"],
        finding.values["most"],
    )


def _summarise(*losses: Sequence[float]) -> VariantSummary:
    experiments = [Experiment(MLP, seed, SPLIT) for seed in range(len(losses))]
    runs = {each.seed: make_run(each, 0.9, losses[each.seed]) for each in experiments}
    return VariantSummary(MLP, runs, planned=len(losses))


def test_a_loss_of_nothing_has_not_fallen() -> None:
    """Where there is no loss any more, there is no share of it to fall by."""
    assert 0.0 == measure_fall(_summarise([0.0] * 10))


@pytest.mark.parametrize(("last", "expected"), [(0.99, "clear"), (0.991, None), (1.0, None)])
def test_a_fall_of_one_percent_counts(last: float, expected: str | None) -> None:
    """From one fifth of the epochs to the next, by a hundredth at least, on seeds that agree."""
    curves = [[1.0] * 8 + [last + wobble] * 2 for wobble in (-1e-4, 0.0, 1e-4)]
    assert expected == judge_still_learning(_summarise(*curves))


def test_two_seeds_cannot_decide_however_they_agree() -> None:
    """Two seeds that fall alike show too little; three show enough."""
    curve = [0.9**epoch for epoch in range(10)]
    other = [0.89**epoch for epoch in range(10)]
    assert "too few seeds" == judge_still_learning(_summarise(curve, other))
    assert "clear" == judge_still_learning(_summarise(curve, other, curve))


@pytest.mark.parametrize(
    ("falls", "expected"),
    [
        ((0.05, 0.3, 0.9), "clear"),  # each by a twentieth at least, however they differ
        ((0.04, 0.3, 0.9), None),
    ],
)
def test_a_steep_fall_counts_whatever_the_seeds_differ_by(
    falls: Sequence[float], expected: str | None
) -> None:
    """Three falls that differ too much for the test count if each is steep."""
    curves = [[1.0] * 8 + [1.0 - fall - 1e-9] * 2 for fall in falls]
    assert expected == judge_still_learning(_summarise(*curves))


def test_a_level_that_was_further_after_an_epoch_is_not_held_against_progress() -> None:
    """Where one had come further after its first epoch than the other ever did, nothing is said."""
    study = make_rate_study([0.001, 0.1])
    slow = tuple(0.5 + 0.01 * epoch for epoch in range(10))
    losses = {"0.001": slow, "0.1": tuple(0.1 * loss for loss in slow)}
    ends = {"0.001": (0.80, 0.81, 0.785), "0.1": PLAIN}
    assert find_finding(plant(study, ends, losses), "progress") is None


@pytest.mark.parametrize("gone", ["0.1", "1"])
def test_a_loss_of_nothing_has_no_factor(gone: str) -> None:
    """A loss that came down to 0, the level's or the baseline's, is no number of times another."""
    study = make_rate_study([0.1, 1.0])
    curve = tuple(1 / epoch for epoch in range(1, 11))
    losses = {"0.1": curve, "1": tuple(0.5 * loss for loss in curve)}
    ends = {"0.1": PLAIN, "1": (0.95, 0.96, 0.955)}
    assert find_finding(plant(study, ends, losses), "progress") is not None
    nothing = losses | {gone: (*losses[gone][:-1], 0.0)}
    assert find_finding(plant(study, ends, nothing), "progress") is None
