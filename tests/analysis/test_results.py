from dataclasses import replace

import pytest

from mnistreport.analysis.results import VariantSummary, summarise_results
from mnistreport.analysis.statistics import Measure
from mnistreport.study.experiment import Experiment
from tests.analysis.planted import (
    FALLING,
    MLP,
    SPLIT,
    make_manifest,
    make_rate_study,
    make_run,
    plant,
    plant_results,
)

STUDY = make_rate_study([0.01, 0.1, 1.0])


def _summarise(*accuracies: float | None) -> VariantSummary:
    return plant(make_rate_study([0.1]), {"0.1": accuracies}).baseline.summary


def test_metrics_are_those_of_the_last_epoch() -> None:
    """A variant's accuracy is the mean over its seeds after the last epoch."""
    summary = _summarise(0.9, 0.92, 0.97)
    assert summary.accuracy is not None
    assert (pytest.approx(0.93), 3) == (summary.accuracy.mean, summary.accuracy.n)
    assert {0: 0.9, 1: 0.92, 2: 0.97} == summary.by_seed("validation_accuracy")
    assert pytest.approx(0.036056, abs=1e-6) == summary.accuracy.sd


def test_one_seed_has_no_spread() -> None:
    """A single run has a value and no standard deviation."""
    assert Measure(0.9, None, 1, (0.9,)) == _summarise(0.9).accuracy


def test_unfinished_runs_do_not_count() -> None:
    """A diverged seed is left out of means and curves, and its variant is not complete."""
    summary = _summarise(0.9, None, 0.92)
    assert (3, 2, False) == (summary.planned, len(summary.finished), summary.complete)
    assert {0: 0.9, 2: 0.92} == summary.by_seed("validation_accuracy")
    assert -1.0 == summary.mean_accuracy
    assert len(FALLING) == len(summary.curve("train_loss"))


def test_a_variant_without_a_finished_run_has_no_metrics() -> None:
    """Where nothing finished, nothing is said, and nothing fails."""
    summary = _summarise(None, None)
    assert summary.accuracy is None
    assert summary.gap is None
    assert summary.updates is None
    assert summary.duration_seconds is None
    assert [] == summary.curve("validation_loss")


def test_curves_are_means_over_seeds() -> None:
    """A curve has a value for each epoch: the mean of the seeds'."""
    experiments = [Experiment(MLP, seed, SPLIT) for seed in (0, 1)]
    losses = ([3.0, 2.0, 1.0], [1.0, 1.0, 0.5])
    runs = {
        seed: make_run(each, 0.9, loss)
        for seed, (each, loss) in enumerate(zip(experiments, losses, strict=True))
    }
    summary = VariantSummary(MLP, runs, planned=2)
    assert [2.0, 1.5, 0.75] == summary.curve("validation_loss")


def test_gap_is_training_minus_validation() -> None:
    """A network that knows its training images better has a positive gap."""
    experiment = Experiment(MLP, 0, SPLIT)
    run = make_run(experiment, 0.9, train_accuracy=0.95, seconds=3.0, updates=7)
    summary = VariantSummary(MLP, {0: run}, planned=1)
    assert summary.gap is not None
    assert summary.duration_seconds is not None
    assert pytest.approx(0.05) == summary.gap.mean
    assert (pytest.approx(3.0), 7) == (summary.duration_seconds.mean, summary.updates)


def test_differences_are_against_the_baseline() -> None:
    """Each level but the baseline's own is compared with it, seed by seed."""
    study = plant(STUDY, {"0.01": (0.8, 0.7), "0.1": (0.9, 0.9), "1": (None, 0.95)})
    low, baseline, high = study.levels
    assert baseline is study.baseline
    assert baseline.against_baseline is None
    assert low.against_baseline is not None
    difference = low.against_baseline.difference
    assert (pytest.approx(-0.15), 2) == (difference.mean, difference.n)
    assert high.against_baseline is None  # one of its seeds diverged


def test_incomplete_levels_are_never_the_best() -> None:
    """A level that diverged on one seed is not chosen, however good the others were."""
    study = plant(STUDY, {"0.01": (0.8, 0.7), "0.1": (0.9, 0.9), "1": (None, 0.99)})
    assert study.best is study.baseline


def test_the_baseline_is_best_among_equals() -> None:
    """A change that changes nothing is not called the best."""
    study = plant(STUDY, {"0.01": (0.9, 0.8), "0.1": (0.8, 0.9), "1": (0.7, 0.7)})
    assert study.best is study.baseline


def test_missing_seeds_make_a_level_incomplete() -> None:
    """A level that was not trained on every seed yet is not chosen."""
    study = plant(STUDY, {"0.01": (0.99,), "0.1": (0.9, 0.9), "1": (0.8, 0.8)})
    assert (1, 2) == (len(study.levels[0].summary.runs), study.levels[0].summary.planned)
    assert study.best is study.baseline


def test_the_earlier_of_two_equal_levels_is_the_best() -> None:
    """A tie goes to the level that stands first in the manifest."""
    study = plant(STUDY, {"0.01": (0.9, 0.8), "0.1": (0.7, 0.7), "1": (0.8, 0.9)})
    assert study.best is study.levels[0]


def test_without_a_complete_level_there_is_no_best() -> None:
    """Where everything diverged, nothing is best."""
    assert plant(STUDY, {"0.01": (None,), "0.1": (None,), "1": (None,)}).best is None


def test_incomplete_experiments_are_listed() -> None:
    """Diverged and missing runs are both unfinished, in the manifest's order."""
    results = plant_results([STUDY], [{"0.01": (0.9,), "0.1": (0.9, None), "1": (0.9, 0.9)}])
    unfinished = [(e.variant.training.learning_rate, e.seed) for e in results.incomplete]
    assert [(0.01, 1), (0.1, 1)] == unfinished


def test_order_of_arrival_makes_no_difference() -> None:
    """Runs that came in another order make the same results, in the same order."""
    planted = plant_results([STUDY], [{"0.01": (0.8, 0.7), "0.1": (0.9, 0.9), "1": (0.7, None)}])
    manifest = make_manifest(STUDY, seeds=2)
    late = dict(reversed(planted.runs.items()))
    found = summarise_results(manifest, planted.experiments, late, combined={})
    assert planted == found
    assert list(planted.runs) == list(found.runs)


def test_a_shared_baseline_is_one_variant() -> None:
    """Two studies of one model share the baseline's runs."""
    other = make_rate_study([0.1, 0.5], name="other")
    results = plant_results(
        [STUDY, other], [{"0.01": (0.8,), "0.1": (0.9,), "1": (0.7,)}, {"0.1": (), "0.5": (0.6,)}]
    )
    assert 4 == len(results.variants) == len(results.experiments)
    first, second = results.studies
    assert first.baseline.summary is second.baseline.summary
    assert replace(MLP) == first.baseline.level.variant
