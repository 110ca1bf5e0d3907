"""The ranking of a model's variants: who could be the best."""

from dataclasses import replace

import numpy as np
import pytest

from mnistreport.analysis.ranking import rank_variants
from mnistreport.analysis.results import Results, VariantSummary
from mnistreport.analysis.statistics import estimate_mean, summarise_values
from mnistreport.study.experiment import Experiment
from tests.analysis.planted import MLP, SPLIT, make_run
from tests.fake_results import find_study, make_results

# Accuracies of three seeds: the best, one close to it, one far off, and one that scatters widely.
BEST, CLOSE = (0.981, 0.982, 0.983), (0.981, 0.9815, 0.983)
FAR, WIDE = (0.951, 0.953, 0.952), (0.99, 0.80, 0.93)


def _make_results(*accuracies: tuple[float | None, ...]) -> Results:
    """Make results of variants of one model, which no study compares."""
    variants: dict[str, VariantSummary] = {}
    for place, each in enumerate(accuracies):
        setting = replace(MLP.training, learning_rate=0.1 + place)
        variant = replace(MLP, training=setting)
        runs = {
            seed: make_run(Experiment(variant, seed, SPLIT), accuracy)
            for seed, accuracy in enumerate(each)
        }
        variants[variant.key] = VariantSummary(variant, runs, len(each))
    return Results((), {}, variants, (), {})


def _find_places(results: Results) -> tuple[int, ...]:
    """Return which of the variants, by place, are not told from the best."""
    (ranking,) = rank_variants(results)
    keys = list(results.variants)
    return tuple(keys.index(each.variant.key) for each in ranking.possible)


def test_variants_are_told_by_the_seeds_not_by_rank() -> None:
    """What is close is not told from the best, nor what scatters; what is far off is."""
    results = _make_results(FAR, BEST, WIDE, CLOSE)
    (ranking,) = rank_variants(results)
    assert ranking.best is list(results.variants.values())[1]
    assert (3, 2) == _find_places(results)
    means = [each.mean_accuracy for each in ranking.variants]
    assert sorted(means, reverse=True) == means


def test_unfinished_variants_are_not_compared() -> None:
    """A variant with a diverged run has its rank, but is neither the best nor close to it."""
    results = _make_results(BEST, (0.99, None, 0.99), (None, None, None))
    (ranking,) = rank_variants(results)
    assert ranking.best is next(iter(results.variants.values()))
    assert not ranking.possible
    assert not ranking.can_tell
    assert ranking.variants[-1].accuracy is None


def test_one_seed_tells_nothing() -> None:
    """With one seed there are no comparisons to speak of, however far apart the variants are."""
    (ranking,) = rank_variants(_make_results((0.9,), (0.1,)))
    assert not ranking.can_tell


@pytest.mark.parametrize("missing", [{}, {"dropout": [0]}])
def test_a_study_is_not_contradicted(missing: dict[str, list[int]]) -> None:
    """Levels that a study cannot tell from the best level are not told from it in the ranking."""
    results = make_results(missing=dict(missing))
    study = find_study(results, "dropout_layer_norm")
    *_, ranking = rank_variants(results)
    assert ranking.best is not None
    assert study.best is not None
    assert study.best.level.variant == ranking.best.variant
    tied = {level.level.variant.key for level in study.ties}
    assert tied <= {each.variant.key for each in ranking.possible}


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_what_a_study_sets_below_another_is_not_the_best(seeds: int) -> None:
    """A level that its study calls clearly worse, or a baseline clearly surpassed, is ruled out."""
    results = make_results(range(seeds))
    clear = 0
    for ranking in rank_variants(results):
        possible = {each.variant.key for each in ranking.possible}
        for study in results.studies:
            for level in study.levels:
                judged = level.against_baseline
                if study.study.model != ranking.model or not judged or not judged.is_clear:
                    continue
                lower = study.baseline if judged.difference.mean > 0 else level
                assert lower.level.variant.key not in possible
                clear += 1
    assert clear


@pytest.mark.parametrize("variants", [2, 5, 12])
def test_the_true_best_is_rarely_left_out(variants: int) -> None:
    """Of variants that all are equally good, a given one is set apart in at most 5 % of studies.

    All being equal is the hardest case: whichever is asked for truly is the best.
    """
    noise, studies = np.random.default_rng(variants), 400
    missed = 0
    for _ in range(studies):
        accuracies = noise.normal(0.97, 0.001, (variants, 3)).tolist()
        results = _make_results(*map(tuple, accuracies))
        (ranking,) = rank_variants(results)
        given = next(iter(results.variants))
        assert ranking.best is not None
        kept = {ranking.best.variant.key, *(each.variant.key for each in ranking.possible)}
        missed += given not in kept
    assert missed <= 0.05 * studies


def test_interval_of_a_mean() -> None:
    """Student's t with n - 1 degrees of freedom, from a table: 4.303 for three values."""
    interval = estimate_mean(summarise_values([0.96, 0.97, 0.98]))
    half = 4.302653 * 0.01 / 3**0.5
    assert interval is not None
    assert pytest.approx(0.97 - half, abs=1e-6) == interval.low
    assert pytest.approx(0.97 + half, abs=1e-6) == interval.high
    assert estimate_mean(summarise_values([0.96])) is None
    assert estimate_mean(summarise_values([0.5, 0.5])) is None
