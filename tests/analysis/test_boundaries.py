"""The rules of comparison at their boundaries, and just past them."""

from dataclasses import replace

import pytest

from mnistreport.analysis.budgets import measure_budget
from mnistreport.analysis.comparisons import Comparison, judge_family
from mnistreport.analysis.findings import Finding
from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.analysis.statistics import ALPHA, Difference, Interval
from mnistreport.study.manifest import Level
from tests.analysis.planted import (
    Accuracies,
    find_finding,
    make_ablation,
    make_rate_study,
    make_width_study,
    plant,
)
from tests.fake_results import make_results


@pytest.mark.parametrize(
    ("p_value", "expected"), [(ALPHA, "too few seeds"), (0.9999 * ALPHA, "clear")]
)
def test_only_a_p_value_below_alpha_is_clear(p_value: float, expected: str) -> None:
    """A p-value of exactly 0.05 shows nothing."""
    difference = Difference(0.02, Interval(0.0, 0.04), 3, p_value)
    (comparison,) = judge_family([difference], noise_floor=0.01)
    assert expected == comparison.strength


def _plant_cost(best: Accuracies, cheap: Accuracies, times: float = 10.0) -> StudySummary:
    """Return a study whose best level, 1, trains so many times as long as the others."""
    study = plant(
        make_rate_study([0.01, 0.1, 1.0]),
        {"0.01": cheap, "0.1": (0.90, 0.91, 0.89)[: len(best)], "1": best},
    )
    levels: list[LevelSummary] = []
    for level in study.levels:
        seconds = times if level.label == "1" else 1.0
        runs = {
            seed: replace(
                run, history=tuple(replace(row, duration_seconds=seconds) for row in run.history)
            )
            for seed, run in level.summary.runs.items()
        }
        levels.append(replace(level, summary=replace(level.summary, runs=runs)))
    return StudySummary(study.study, tuple(levels))


@pytest.mark.parametrize(
    ("cheap", "expected"),
    [
        ((0.952, 0.97, 0.988), "0.01"),  # as good as the best, to within noise
        ((0.90, 0.97, 0.99), None),  # too few seeds to show it, but 2 points worse
    ],
)
def test_a_cheap_level_beyond_noise_is_not_recommended(
    cheap: Accuracies, expected: str | None
) -> None:
    """A cheap level that is 2 points worse is not recommended, though too few seeds show it."""
    study = _plant_cost(best=(0.96, 0.98, 0.98), cheap=cheap)
    assert "0.01" in {level.label for level in study.ties}
    cost = find_finding(study, "cost")
    assert cost is not None
    thrifty = cost.values["thrifty"]
    assert expected == (thrifty.label if isinstance(thrifty, LevelSummary) else None)


def test_one_seed_has_no_noise_to_hide_in() -> None:
    """With one seed only a level that ends as high is a cheaper way to the best."""
    cost = find_finding(_plant_cost(best=(0.96,), cheap=(0.95,)), "cost")
    assert cost is not None
    assert cost.values["thrifty"] is None


def test_three_sizes_are_two_steps() -> None:
    """Three sizes are the fewest of which the last step can be held against the first."""
    ends = {"32": (0.80, 0.81, 0.79), "64": (0.90, 0.91, 0.89), "128": (0.92, 0.93, 0.91)}
    returns = find_finding(plant(make_width_study([32, 64, 128], baseline=32), ends), "returns")
    assert returns is not None
    assert pytest.approx(0.1) == returns.values["first_gain"]
    assert pytest.approx(0.02) == returns.values["last_gain"]
    two = plant(make_width_study([32, 64], baseline=32), ends)
    assert find_finding(two, "returns") is None


def test_experiments_without_any_run_are_untrained() -> None:
    """A run that diverged or failed was trained; one that is missing was not."""
    results = make_results(missing={0.1: [1, 2]}, diverged=[0.5], failed=[16])
    found = [(each.variant.training.learning_rate, each.seed) for each in results.untrained]
    assert [(0.1, 1), (0.1, 2)] == found


def test_one_pair_of_seeds_is_too_few_however_small_the_difference() -> None:
    """A difference of one pair says nothing about noise."""
    (one,) = judge_family([Difference(0.001, None, 1)], noise_floor=0.01)
    (two,) = judge_family([Difference(0.001, Interval(-1.0, 1.0), 2, 0.9)], noise_floor=0.01)
    (edge,) = judge_family([Difference(0.01, Interval(-1.0, 1.0), 2, 0.9)], noise_floor=0.01)
    assert ("too few seeds", "within noise", "within noise") == (
        one.strength,
        two.strength,
        edge.strength,
    )


def test_two_levels_with_times_are_enough_to_compare_them() -> None:
    """Times half as far apart again as the shortest are told; one level has nothing beside it."""
    study = _plant_cost(best=(0.96, 0.98, 0.98), cheap=(0.96, 0.97, 0.98))
    assert find_finding(StudySummary(study.study, study.levels[1:]), "cost") is not None
    assert find_finding(StudySummary(study.study, study.levels[1:2]), "cost") is None


def test_a_finding_gives_its_values_by_their_kind() -> None:
    """A value of another kind is a fault, none is none, and a tuple gives those of the kind."""
    finding = Finding("any", "clear", {"share": 0.5, "none": None, "all": (1, "b", 2)})
    assert (0.5, None) == (finding.get("share", float), finding.get_optional("none", float))
    assert 0.5 == finding.get_optional("share", float)
    assert (1, 2) == finding.get_all("all", int)
    with pytest.raises(TypeError, match="share of finding any is no str"):
        finding.get("share", str)


@pytest.mark.parametrize(("times", "said"), [(1.5, True), (1.4999, False)])
def test_half_as_long_again_is_worth_a_word(times: float, *, said: bool) -> None:
    """Times that differ by less are a machine's; of those that do not, the cheaper is named."""
    study = _plant_cost(best=(0.96, 0.98, 0.98), cheap=(0.952, 0.97, 0.988), times=times)
    cost = find_finding(study, "cost")
    assert said == (cost is not None)
    if cost:
        assert study.levels[0] is cost.values["thrifty"]


def test_a_spread_takes_two_ends() -> None:
    """Two levels have one; a level by itself, or without its baseline, has none."""
    two = make_rate_study([0.1, 1.0])
    spread = find_finding(plant(two, {"0.1": (0.90, 0.91), "1": (0.95, 0.96)}), "spread")
    assert spread is not None
    assert pytest.approx(0.05) == spread.values["spread"]
    broken = plant(two, {"0.1": (0.90, 0.91), "1": (0.95, None)})
    assert find_finding(broken, "spread") is None
    three = make_rate_study([0.01, 0.1, 1.0])
    ends = {"0.01": (0.90, 0.91), "0.1": (0.9, None), "1": (0.95, 0.96)}
    assert find_finding(plant(three, ends), "spread") is None


def test_two_values_make_a_range_that_goes_on() -> None:
    """As many times the last as that was the one before."""
    study = plant(make_rate_study([0.1, 0.2]), {"0.1": (0.8, 0.81, 0.79), "0.2": (0.9, 0.91, 0.89)})
    edge = find_finding(study, "edge")
    assert edge is not None
    assert 0.4 == edge.values["next"]


def test_what_is_asked_of_a_study_is_as_clear_as_its_first_family() -> None:
    """The smallest p-value there is; 1 where seeds give none; 0 where nothing was asked."""
    rates = make_rate_study([0.01, 0.1, 1.0])
    ends = {"0.01": (0.8, 0.81, 0.79), "0.1": (0.9, 0.91, 0.89), "1": (0.91, 0.9, 0.9)}
    study = plant(rates, ends)
    p_values = [
        level.against_baseline.p_adjusted for level in study.levels if level.against_baseline
    ]
    assert study.gate == min(each for each in p_values if each is not None)
    assert 1.0 == plant(rates, {label: values[:1] for label, values in ends.items()}).gate
    assert 0.0 == plant(rates, ends | {"0.1": (0.9, None, 0.89)}).gate


@pytest.mark.parametrize(
    ("ends", "lead"),
    [
        ({"0.01": (0.8, 0.81, 0.785), "0.1": (0.9, 0.91, 0.89)}, "clear"),
        ({"0.01": (0.89, 0.91, 0.9), "0.1": (0.91, 0.9, 0.9)}, "within noise"),
        ({"0.01": (0.8, None, 0.79), "0.1": (0.9, 0.91, 0.89)}, "observed"),
        ({"0.01": (0.8, 0.81, 0.79), "0.1": (0.9, None, 0.89)}, "too few seeds"),
        ({"0.01": (0.8,), "0.1": (0.9,)}, "too few seeds"),
    ],
)
def test_a_baseline_leads_as_firmly_as_the_nearest_level_is_below(
    ends: dict[str, Accuracies], lead: str
) -> None:
    """If nothing else finished there is nothing to lead; two levels are a comparison."""
    assert lead == plant(make_rate_study([0.01, 0.1]), ends).lead


def test_epochs_of_a_budget_are_the_fewest_and_the_most() -> None:
    """Over all variants, each once."""
    results = make_results()
    both = [results.variants[study.baseline.summary.variant.key] for study in results.studies]
    budget = measure_budget(both)
    assert ((12, 20), 2) == (budget.epochs, budget.settings)
    assert (6, 2, 0) == (budget.runs, budget.complete, budget.imported)


def _plant_ablation(*levels: Level) -> StudySummary:
    study = replace(make_ablation(), levels=levels)
    return plant(study, {level.label: (0.90, 0.91, 0.89) for level in levels})


def test_four_corners_are_needed_for_an_interaction() -> None:
    """Neither, one, the other, both: no level more, and none in the place of another."""
    neither, dropout, norm, both = make_ablation().levels
    third = Level(
        "slow",
        None,
        {"learning_rate": 0.01},
        replace(neither.variant, training=replace(neither.variant.training, learning_rate=0.01)),
        is_baseline=False,
    )
    weak = Level(
        "weak",
        None,
        {"dropout": 0.1},
        replace(neither.variant, architecture=replace(neither.variant.architecture, dropout=0.1)),
        is_baseline=False,
    )
    assert find_finding(_plant_ablation(neither, dropout, norm, both), "interaction") is not None
    for levels in (
        (neither, dropout, norm, both, third),
        (neither, dropout, norm),
        (neither, dropout, norm, third),
        (neither, dropout, norm, both, weak),
        (neither, dropout, weak, norm),
        (neither, dropout, weak, both),
    ):
        assert find_finding(_plant_ablation(*levels), "interaction") is None


def test_effects_on_the_gap_are_a_family_of_two() -> None:
    """Holm's correction counts the two of them, and not what they do together."""
    corners = make_ablation()
    study = plant(
        corners,
        {
            "neither": (0.900, 0.9051, 0.8952),
            "dropout": (0.911, 0.9140, 0.9051),
            "norm": (0.9301, 0.936, 0.9252),
            "both": (0.9412, 0.945, 0.9353),
        },
    )
    levels: list[LevelSummary] = []
    gaps = {"neither": 0.03, "dropout": 0.01, "norm": 0.031, "both": 0.0115}
    for level in study.levels:
        runs = {
            seed: replace(
                run,
                history=tuple(
                    replace(
                        row, train_accuracy=row.validation_accuracy + gaps[level.label] * wobble
                    )
                    for row in run.history
                ),
            )
            for (seed, run), wobble in zip(
                level.summary.runs.items(), (1.0, 1.001, 1.03), strict=True
            )
        }
        levels.append(replace(level, summary=replace(level.summary, runs=runs)))
    finding = find_finding(StudySummary(study.study, tuple(levels)), "gap")
    assert finding is not None
    effects = [finding.get(f"{which}_effect", Comparison) for which in ("first", "second")]
    smaller, larger = sorted(effects, key=lambda each: each.difference.p_value or 0.0)
    assert smaller.difference.p_value is not None
    assert pytest.approx(max(study.gate, 2 * smaller.difference.p_value)) == smaller.p_adjusted
    assert larger.p_adjusted is not None
    assert larger.p_adjusted >= (larger.difference.p_value or 0.0)
