"""Findings about the course of training: what they rest on, number by number."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from mnistreport.analysis.findings import Finding
from mnistreport.analysis.findings.course import find_overfitted, find_still_learning
from mnistreport.analysis.learning import (
    is_at_chance,
    is_overfitted,
    judge_still_learning,
    measure_fall,
)
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


def test_a_level_with_one_seed_makes_it_less_sure() -> None:
    """Of all levels that overfitted each needs a second seed."""
    lacking = ALIKE | {"0.01": (0.90, None, None)}
    study = _give_courses(plant(RATES, lacking), {"0.01": TURNED_LESS, "1": TURNED})
    finding = find_overfitted(study)
    assert finding is not None
    assert 2 == len(finding.get_all("levels", LevelSummary))
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


@pytest.mark.parametrize(
    ("losses", "train_losses", "expected"),
    [
        ((2.0, 1.0, 1.05), (1.0, 0.4, 0.3), True),  # a twentieth is enough
        ((2.0, 1.0, 1.0499), (1.0, 0.4, 0.3), False),
        ((2.0, 1.0, 1.2), (1.0, 0.4, 0.4), False),  # training loss has to have fallen
        ((2.0, 0.0, 0.0), (1.0, 0.4, 0.3), False),
    ],
)
def test_loss_has_to_rise_by_a_twentieth_while_training_loss_falls(
    losses: Sequence[float], train_losses: Sequence[float], *, expected: bool
) -> None:
    """That is what overfitting is called after."""
    run = make_run(Experiment(MLP, 0, SPLIT), 0.9, losses, train_losses=train_losses)
    assert expected == is_overfitted(VariantSummary(MLP, {0: run}, planned=1))


def _progress(rates: Sequence[float], losses: Mapping[str, Sequence[float]]) -> Finding:
    """Return the finding on progress of levels that all differ clearly from the baseline 0.1."""
    ends = {f"{rate:g}": (0.80 - rate, 0.81 - rate, 0.785 - rate) for rate in rates}
    study = plant(make_rate_study(rates), ends | {"0.1": PLAIN}, losses)
    finding = find_finding(study, "progress")
    assert finding is not None
    return finding


def test_losses_are_compared_where_both_have_come_equally_far() -> None:
    """Between two epochs along a straight line; by hand.

    A fourth of the rate comes as far in ten epochs as the baseline in two and a half: there its
    loss is midway between 4 and 2.
    """
    baseline = (8.0, 4.0, 2.0, *(1.0,) * 7)
    for end, explained in ((3.3, ["0.025"]), (6.0, [])):
        finding = _progress([0.025, 0.1], {"0.1": baseline, "0.025": (9.0,) * 9 + (end,)})
        assert pytest.approx(end / 1.0) == finding.values["factor_epochs"]
        assert pytest.approx(end / 3.0) == finding.values["factor_progress"]
        told = [each.label for each in finding.get_all("explained", LevelSummary)]
        others = [each.label for each in finding.get_all("unexplained", LevelSummary)]
        assert (explained, ["0.025"]) == (told, told + others)


def test_a_third_of_the_distance_may_be_left() -> None:
    """Progress explains a level if at most a third of the logarithm of its factor is left."""
    baseline = (8.0, 4.0, 2.0, *(1.0,) * 7)  # 3.0 where the other ends
    for end, explained in ((3.0 * 1.7, True), (3.0 * 1.75, False)):
        finding = _progress([0.025, 0.1], {"0.1": baseline, "0.025": (9.0,) * 9 + (end,)})
        assert explained == bool(finding.values["explained"])


def test_each_level_is_explained_by_itself() -> None:
    """One that progress explains does not stand for one that it does not."""
    baseline = (8.0, 4.0, 2.0, *(1.0,) * 7)
    losses = {
        "0.1": baseline,
        "0.025": (9.0,) * 9 + (3.3,),
        "0.05": (9.0,) * 9 + (7.0,),  # at 5 epochs of the baseline's, whose loss is 1 there
    }
    finding = _progress([0.025, 0.05, 0.1], losses)
    told = [each.label for each in finding.get_all("explained", LevelSummary)]
    others = [each.label for each in finding.get_all("unexplained", LevelSummary)]
    assert (["0.025"], ["0.05"]) == (told, others)
    furthest = finding.get("furthest", LevelSummary)
    assert ("0.05", pytest.approx(7.0)) == (furthest.label, finding.values["factor_epochs"])
    assert "clear" == finding.strength


@pytest.mark.parametrize(("end", "said"), [(1.1001, True), (1.0999, False)])
def test_losses_that_are_a_tenth_apart_are_worth_a_word(end: float, *, said: bool) -> None:
    """Below a factor of 1.1 after equal epochs nothing is said."""
    ends = {"0.025": (0.80, 0.81, 0.785), "0.1": PLAIN}
    losses = {"0.1": (8.0, 4.0, 2.0, *(1.0,) * 7), "0.025": (9.0,) * 9 + (end,)}
    study = plant(make_rate_study([0.025, 0.1]), ends, losses)
    assert said == (find_finding(study, "progress") is not None)


def _give_last_loss(study: StudySummary, label: str, by_seed: Mapping[int, float]) -> StudySummary:
    """Return a study in which the last validation loss of one level is another, by seed."""
    levels: list[LevelSummary] = []
    for level in study.levels:
        runs = {
            seed: replace(
                run,
                history=(
                    *run.history[:-1],
                    replace(run.history[-1], validation_loss=by_seed[seed]),
                ),
            )
            if level.label == label and seed in by_seed
            else run
            for seed, run in level.summary.runs.items()
        }
        levels.append(replace(level, summary=replace(level.summary, runs=runs)))
    return StudySummary(study.study, tuple(levels))


@pytest.mark.parametrize(
    ("ends", "explained", "unexplained", "strength"),
    [
        ((3.3, 3.3, 3.3), True, False, "clear"),
        ((7.0, 7.0, 7.0), False, True, "clear"),
        ((3.3, 3.3, 7.0), False, False, "within noise"),  # on some seeds, and not on others
        ((3.3, 7.0, 7.0), False, False, "within noise"),
    ],
)
def test_progress_explains_on_every_seed_or_not(
    ends: Sequence[float], strength: str, *, explained: bool, unexplained: bool
) -> None:
    """What holds on some seeds alone is said neither way."""
    losses = {"0.1": (8.0, 4.0, 2.0, *(1.0,) * 7), "0.025": (9.0,) * 10}
    accuracies = {"0.025": (0.80, 0.81, 0.785), "0.1": PLAIN}
    study = plant(make_rate_study([0.025, 0.1]), accuracies, losses)
    finding = find_finding(_give_last_loss(study, "0.025", dict(enumerate(ends))), "progress")
    assert finding is not None
    assert (explained, unexplained, strength) == (
        bool(finding.values["explained"]),
        bool(finding.values["unexplained"]),
        finding.strength,
    )


def test_two_seeds_are_enough_to_speak_of_progress() -> None:
    """If the difference itself is clear; it takes seeds that hardly differ."""
    losses = {"0.1": (8.0, 4.0, 2.0, *(1.0,) * 7), "0.025": (9.0,) * 9 + (3.3,)}
    accuracies = {"0.025": (0.80, 0.8001), "0.1": (0.90, 0.9002)}
    finding = find_finding(plant(make_rate_study([0.025, 0.1]), accuracies, losses), "progress")
    assert finding is not None
    assert "clear" == finding.strength


@pytest.mark.parametrize(("accuracy", "expected"), [(0.2499, True), (0.25, False)])
def test_a_quarter_of_all_digits_is_more_than_chance(accuracy: float, *, expected: bool) -> None:
    """Two and a half times what guessing gives is something learned."""
    run = make_run(Experiment(MLP, 0, SPLIT), accuracy)
    assert expected == is_at_chance(VariantSummary(MLP, {0: run}, planned=1))


def test_two_levels_with_other_numbers_of_updates_are_told() -> None:
    """Two different numbers are enough; one number is not worth a word."""
    study = plant(make_rate_study([0.1, 1.0]), {"0.1": PLAIN, "1": PLAIN})
    assert find_finding(study, "updates") is None
    baseline, level = study.levels
    runs = {seed: replace(run, updates=200) for seed, run in level.summary.runs.items()}
    more = replace(level, summary=replace(level.summary, runs=runs))
    finding = find_finding(StudySummary(study.study, (baseline, more)), "updates")
    assert finding is not None
    assert (baseline, more) == (finding.values["fewest"], finding.values["most"])
