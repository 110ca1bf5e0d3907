import numpy as np
from numpy.typing import NDArray

from mnistreport.analysis.fitted import compare_fitted_models
from mnistreport.analysis.statistics import adjust_by_holm, compare_fitted
from tests.analysis.planted import make_ablation, make_rate_study, plant_results

RATES = {"0.01": (0.80, 0.81, 0.79), "0.1": (0.90, 0.91, 0.89), "1": (0.95, 0.96, 0.955)}
CORNERS = dict.fromkeys(("neither", "dropout", "norm", "both"), (0.9, 0.91, 0.89))
LABELS = np.arange(100, dtype=np.uint8) % 10


def _predict(fingerprint: str) -> NDArray[np.uint8]:
    """Be wrong about one image in so many, as the fingerprint says."""
    step = 3 + int(fingerprint[:4], 16) % 7
    predictions = LABELS.copy()
    predictions[::step] = (predictions[::step] + 1) % 10
    return predictions


def test_best_and_baseline_and_the_winners_are_compared() -> None:
    """Each study whose best level is not the baseline has its pair, and so have two winners.

    All with the first seed, whichever did best.
    """
    results = plant_results([make_rate_study([0.01, 0.1, 1.0]), make_ablation()], [RATES, CORNERS])
    rates, winners = compare_fitted_models(results, (0, 1, 2), LABELS, _predict)
    study = results.studies[0]
    assert study.best is not None
    assert (study, study.best.summary, study.baseline.summary, 0) == (
        rates.study,
        rates.first,
        rates.second,
        rates.seed,
    )
    assert (None, {"mlp", "cnn"}) == (
        winners.study,
        {winners.first.variant.model, winners.second.variant.model},
    )


def test_counts_are_those_of_the_predictions() -> None:
    """Every image is counted once, by which of the two networks is right on it."""
    results = plant_results([make_rate_study([0.01, 0.1, 1.0])], [RATES])
    (found,) = compare_fitted_models(results, (0, 1, 2), LABELS, _predict)
    right = [
        _predict(summary.runs[0].fingerprint) == LABELS for summary in (found.first, found.second)
    ]
    difference = found.difference
    assert (right[0] & right[1]).sum() == difference.both_right
    assert (right[0] & ~right[1]).sum() == difference.only_first
    assert (~right[0] & right[1]).sum() == difference.only_second
    assert (~right[0] & ~right[1]).sum() == difference.both_wrong
    # Two levels could have been the best, so there are two tests.
    assert difference.p_value <= found.p_adjusted <= min(1.0, 2 * difference.p_value)


def test_every_level_that_could_have_been_the_best_is_counted() -> None:
    """Holm's correction is over all levels of all studies, and over the models' winners."""
    results = plant_results([make_rate_study([0.01, 0.1, 1.0]), make_ablation()], [RATES, CORNERS])
    found = compare_fitted_models(results, (0, 1, 2), LABELS, _predict)
    right = {
        key: _predict(summary.runs[0].fingerprint) == LABELS
        for key, summary in results.variants.items()
    }
    pairs = [
        (level.summary.variant.key, study.baseline.summary.variant.key)
        for study in results.studies
        for level in study.levels
        if level is not study.baseline
    ]
    pairs += [(each.first.variant.key, each.second.variant.key) for each in found[-1:]]
    p_values = [compare_fitted(right[one], right[other]).p_value for one, other in pairs]
    expected = dict(zip(pairs, adjust_by_holm(p_values), strict=True))
    assert {expected[e.first.variant.key, e.second.variant.key] for e in found} == {
        each.p_adjusted for each in found
    }
    assert 6 == len(expected)


def test_what_did_not_finish_has_no_pair() -> None:
    """Neither a baseline that lacks a seed nor a level that does."""
    lacking = RATES | {"0.1": (0.90, None, 0.89)}
    results = plant_results([make_rate_study([0.01, 0.1, 1.0])], [lacking])
    assert () == compare_fitted_models(results, (0, 1, 2), LABELS, _predict)
    level = RATES | {"1": (0.95, 0.96, None)}
    results = plant_results([make_rate_study([0.01, 0.1, 1.0])], [level])
    assert () == compare_fitted_models(results, (0, 1, 2), LABELS, _predict)


def test_one_model_that_nothing_beats_has_no_pair() -> None:
    """Where the baseline is best, and there is one model, there is nobody to compare."""
    ends = RATES | {"0.1": (0.99, 0.98, 0.97)}
    results = plant_results([make_rate_study([0.01, 0.1, 1.0])], [ends])
    assert () == compare_fitted_models(results, (0, 1, 2), LABELS, _predict)
