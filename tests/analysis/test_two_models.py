"""Results of two models, and of two splits: nothing of one counts for the other."""

from mnistreport.analysis.ranking import rank_variants
from mnistreport.analysis.results import Results
from mnistreport.analysis.rigour import prove_one_factor
from mnistreport.analysis.selection import choose_levels, join_levels
from mnistreport.study.experiment import Experiment
from tests.analysis.planted import (
    make_ablation,
    make_rate_study,
    make_width_study,
    plant_results,
)
from tests.fake_results import make_manifest, make_results

RATES = {"0.01": (0.90, 0.96, 0.84), "0.1": (0.90, 0.95, 0.85), "1": (0.89, 0.96, 0.84)}
CORNERS = {
    "neither": (0.900, 0.905, 0.895),
    "dropout": (0.91, 0.925, 0.900),
    "norm": (0.901, 0.906, 0.896),
    "both": (0.940, 0.934, 0.925),
}


def test_a_models_ranking_rests_on_its_own_studies() -> None:
    """What a seed changes in one model is no measure for the other."""
    results = plant_results([make_rate_study([0.01, 0.1, 1.0]), make_ablation()], [RATES, CORNERS])
    alone = plant_results([make_ablation()], [CORNERS])
    theirs = {ranking.model: ranking for ranking in rank_variants(results)}
    (own,) = rank_variants(alone)
    found = theirs["cnn"]
    assert (own.best, own.behind) == (found.best, found.behind)
    assert (own.tied, own.surpassed) == (found.tied, found.surpassed)
    noise = results.studies[0].noise_floor
    assert noise is not None
    assert any(abs(each.difference.mean) < noise for each in own.behind.values())
    assert "too few seeds" in {each.strength for each in own.behind.values()}


def test_best_levels_are_joined_where_that_is_something_new() -> None:
    """A joined variant that a study has already is not trained a second time."""
    results = make_results(combined=False)
    joined = join_levels(make_manifest(), results)
    assert ["mlp"] == list(joined)
    labels = [level.label for level in choose_levels(results, "mlp")]
    assert ["0.1", "16", "512", "4"] == labels
    training = joined["mlp"].training
    assert ((512,) * 4, 0.1, 16) == (
        joined["mlp"].architecture.sizes,
        training.learning_rate,
        training.batch_size,
    )
    assert ["both"] == [level.label for level in choose_levels(results, "cnn")]
    assert {} == join_levels(make_manifest(), make_results())


def _move(results: Results, seed: int) -> Results:
    """Have all runs of a seed be trained on another split."""
    moved = {
        each.fingerprint: Experiment(each.variant, each.seed, "6" * 64)
        for each in results.experiments
        if each.seed == seed
    }
    runs = {
        moved[name].fingerprint if name in moved else name: run
        for name, run in results.runs.items()
    }
    experiments = tuple(moved.get(each.fingerprint, each) for each in results.experiments)
    return Results(experiments, runs, results.variants, results.studies, results.combined)


def test_two_splits_are_not_one() -> None:
    """Where every level was trained on the same two splits, none shares the one split there is."""
    results = plant_results([make_rate_study([0.01, 0.1, 1.0])], [RATES])
    (proof,) = prove_one_factor(results)
    assert proof.holds
    (proof,) = prove_one_factor(_move(results, seed=1))
    assert [False] * 3 == [level.shares_split for level in proof.levels]
    assert {("5" * 64, "6" * 64)} == {level.splits for level in proof.levels}


def test_ties_are_those_with_the_best_of_all() -> None:
    """What ties with the best of another study, which is not the best of all, is no tie."""
    rates = {"0.01": (0.80, 0.81, 0.79), "0.1": (0.90, 0.91, 0.89), "1": (0.95, 0.96, 0.945)}
    widths = {"4": (0.80, 0.82, 0.81), "8": (0.90, 0.91, 0.89), "16": (0.9, 0.9101, 0.8899)}
    studies = [make_rate_study([0.01, 0.1, 1.0]), make_width_study([4, 8, 16], baseline=8)]
    results = plant_results(studies, [rates, widths])
    (ranking,) = rank_variants(results)
    best = results.studies[0].best
    assert best is not None
    assert ranking.best == best.summary
    assert frozenset() == ranking.tied
    other = results.studies[1]
    assert other.ties
    assert not {level.summary.variant.key for level in other.levels} & {
        each.variant.key for each in ranking.possible
    }


def test_what_is_clearly_below_the_baseline_is_not_the_best() -> None:
    """Even where the best scatters so widely that it is not clearly above it."""
    ends = {"0.01": (0.85, 0.86, 0.845), "0.1": (0.90, 0.91, 0.89), "1": (0.99, 0.80, 0.95)}
    results = plant_results([make_rate_study([0.01, 0.1, 1.0])], [ends])
    (ranking,) = rank_variants(results)
    low, baseline, high = (level.summary for level in results.studies[0].levels)
    assert high == ranking.best
    assert {low.variant.key} == ranking.surpassed
    assert (baseline,) == ranking.possible


def test_two_seeds_can_tell_variants_apart() -> None:
    """One cannot, and neither can any number where there is nothing else."""
    ends = {"0.01": (0.80, 0.81), "0.1": (0.90, 0.91), "1": (0.95, 0.97)}
    (two,) = rank_variants(plant_results([make_rate_study([0.01, 0.1, 1.0])], [ends]))
    one = {label: values[:1] for label, values in ends.items()}
    (single,) = rank_variants(plant_results([make_rate_study([0.01, 0.1, 1.0])], [one]))
    only = {"0.01": (None, None), "0.1": (0.90, 0.91), "1": (None, 0.9)}
    (alone,) = rank_variants(plant_results([make_rate_study([0.01, 0.1, 1.0])], [only]))
    assert (True, False, False) == (two.can_tell, single.can_tell, alone.can_tell)
