"""Runs that were not trained here: what they are compared with, and what is not asked of them."""

import numpy as np
import pytest
from scipy import stats

from mnistreport.analysis.budgets import measure_budget
from mnistreport.analysis.findings import derive_findings
from mnistreport.analysis.fitted import compare_fitted_models
from mnistreport.analysis.frames import make_epochs_frame, make_runs_frame
from mnistreport.analysis.ranking import rank_variants
from mnistreport.analysis.results import Results
from mnistreport.analysis.rigour import prove_one_factor
from mnistreport.analysis.selection import choose_testable, choose_winners
from mnistreport.analysis.statistics import compare_means, pair_differences
from tests.fake_results import ERRORS, find_study, import_runs, make_results

SEEDS = (0, 1, 2)
PAIRED = {"interaction", "gap", "speed", "returns", "cost", "updates", "progress"}
"""Findings that take pairs, times or numbers of updates."""


def import_study(slug: str, *, but: object = None, seconds: float | None = None) -> Results:
    """Return the usual results, with a study's levels imported, all but one."""
    levels = {value: SEEDS for value in ERRORS[slug] if value != but}
    return import_runs(make_results(), levels, seconds=seconds)


def test_welch_is_scipys() -> None:
    """Difference, interval and p-value are those of the t-test for unequal variances."""
    ours, theirs = [0.91, 0.93, 0.97, 0.92], [0.84, 0.85, 0.845]
    found = compare_means(ours, theirs)
    expected = stats.ttest_ind(ours, theirs, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert expected.pvalue == pytest.approx(found.p_value)
    assert found.interval is not None
    assert (interval.low, interval.high) == pytest.approx((found.interval.low, found.interval.high))
    assert (3, pytest.approx(np.mean(ours) - np.mean(theirs))) == (found.n, found.mean)


@pytest.mark.parametrize(
    ("ours", "theirs", "p_value"), [([0.5], [0.4], None), ([0.5] * 3, [0.5] * 3, 1.0),
                                    ([0.5] * 3, [0.4] * 3, 2 / 20)],
)  # fmt: skip
def test_without_noise_there_is_nothing_to_judge_by(
    ours: list[float], theirs: list[float], p_value: float | None
) -> None:
    """One value, or values that are all the same, give no p-value that could be clear."""
    assert p_value == compare_means(ours, theirs).p_value


def test_imported_levels_are_compared_unpaired() -> None:
    """Where all runs of a study are imported, equal seeds make no pairs."""
    study = find_study(import_study("learning_rate"), "learning_rate")
    level, baseline = study.levels[2], study.baseline
    assert level.against_baseline is not None
    ours, theirs = level.summary.decisive, baseline.summary.decisive
    assert compare_means([*ours.values()], [*theirs.values()]) == (
        level.against_baseline.difference
    )
    assert pair_differences(ours, theirs) != level.against_baseline.difference


@pytest.mark.parametrize("imported", ["level", "baseline", "seed"])
def test_runs_of_different_origin_are_not_compared(imported: str) -> None:
    """A level that was imported, wholly or in part, is not held against runs trained here."""
    levels = {"level": {0.1: SEEDS}, "baseline": {0.01: SEEDS}, "seed": {0.1: [1]}}[imported]
    study = find_study(import_runs(make_results(), levels), "learning_rate")
    level = study.levels[2]
    assert (None, False) == (level.against_baseline, level.is_comparable)
    assert level is study.best
    assert "not comparable" == study.lead
    home = study.levels[0]
    assert (imported != "baseline") == (home.against_baseline is not None)


def test_what_cannot_be_compared_spans_nothing() -> None:
    """No distance is given between runs of different origin; between levels of one it is."""
    mixed = find_study(import_runs(make_results(), {0.1: SEEDS}), "learning_rate")
    assert "spread" not in {each.kind for each in derive_findings(mixed)}
    imported = find_study(import_study("learning_rate"), "learning_rate")
    assert "spread" in {each.kind for each in derive_findings(imported)}


def test_what_cannot_be_compared_is_not_left_behind() -> None:
    """A best level is clearly the best only if every other one could be compared with it."""
    study = find_study(import_runs(make_results(), {0.001: SEEDS}), "learning_rate")
    behind = study.levels[0]
    assert study.uncompared == (behind,)
    assert behind in study.ties
    assert behind not in find_study(make_results(), "learning_rate").ties
    edge = import_study("neurons", but=512)
    kinds = {each.kind: each.strength for each in derive_findings(find_study(edge, "neurons"))}
    assert "clear" != kinds["edge"]


def test_a_baseline_that_cannot_be_compared_has_no_clear_lead() -> None:
    """The baseline's lead over levels of another origin is not called clear."""
    results = import_runs(make_results(at_chance=[0.1, 0.5, 0.001]), dict.fromkeys(
        [0.1, 0.5, 0.001], SEEDS))  # fmt: skip
    study = find_study(results, "learning_rate")
    assert study.best is study.baseline
    assert "not comparable" == study.lead


@pytest.mark.parametrize("slug", ERRORS)
@pytest.mark.parametrize("seconds", [None, 1.5])
def test_what_files_do_not_tell_is_not_asked(slug: str, seconds: float | None) -> None:
    """No finding of pairs, updates or times; the one that says so names runs and files."""
    before = {each.kind for each in derive_findings(find_study(make_results(), slug))}
    found = {
        e.kind: e for e in derive_findings(find_study(import_study(slug, seconds=seconds), slug))
    }
    assert before & PAIRED
    assert not found.keys() & PAIRED
    levels = len(ERRORS[slug])
    values = found["imported"].values
    assert (3 * levels, 3 * levels) == (values["runs"], values["of"])
    assert "imported" not in before


def test_times_and_updates_are_not_made_up() -> None:
    """What is not told is nothing, and never 0; what is told is what the files say."""
    untold = find_study(import_study("neurons"), "neurons").levels[0].summary
    told = find_study(import_study("neurons", seconds=2.0), "neurons").levels[0].summary
    assert (None, None) == (untold.updates, untold.duration_seconds)
    assert told.duration_seconds is not None
    assert (None, 40.0) == (told.updates, told.duration_seconds.mean)
    partly = import_runs(make_results(), {32: [2]}, seconds=None)
    mixed = find_study(partly, "neurons").levels[0].summary
    assert (None, None) == (mixed.updates, mixed.duration_seconds)


def test_budgets_count_what_was_trained_here() -> None:
    """Updates and times of a study are those of its own runs; imported ones are counted apart."""
    results = import_runs(make_results(), {32: SEEDS, 512: SEEDS}, seconds=9.0)
    study = find_study(results, "neurons")
    budget = measure_budget(level.summary for level in study.levels)
    home = [e.summary for e in study.levels if not e.summary.imported]
    own = measure_budget(home)
    assert (15, 6) == (budget.runs, budget.imported)
    assert (own.updates, own.duration_seconds) == (
        budget.updates,
        budget.duration_seconds,
    )


def test_an_imported_winner_cannot_be_tested() -> None:
    """The rule's winner stays the winner, and no other is read on the test split in its place."""
    results = import_runs(make_results(combined=False), {0.1: [0]})
    assert ["mlp", "cnn"] == [winner.model for winner in choose_winners(results)]
    assert ["cnn"] == [winner.model for winner in choose_testable(results)]


def test_networks_that_are_not_at_hand_are_left_out() -> None:
    """No prediction is looked up for a variant with an imported run, not even a stored one."""
    results = import_runs(make_results(combined=False), {0.1: SEEDS, "both": [1]})
    asked: list[str] = []

    def predict(fingerprint: str) -> np.ndarray:
        asked.append(fingerprint)
        return np.zeros(5, np.uint8)

    compare_fitted_models(results, SEEDS, np.zeros(5, np.uint8), predict)
    both = [s.runs[0].fingerprint for s in results.variants.values() if s.imported]
    assert asked
    assert not {*both} & {*asked}


def test_nothing_is_proven_of_imported_runs() -> None:
    """A level with an imported run, or beside an imported baseline, is no proof of one factor."""
    for levels in ({0.1: [0]}, {0.01: SEEDS}):
        proofs = prove_one_factor(import_runs(make_results(), levels))
        proof = next(each for each in proofs if each.slug == "learning_rate")
        checked = {level.label: level.holds for level in proof.levels}
        expected = {"0.001": True, "0.01": True, "0.1": False, "0.5": True}
        assert (expected if 0.1 in levels else dict.fromkeys(expected, False)) == checked


def test_no_variant_is_ruled_out_by_one_of_another_origin() -> None:
    """In a ranking, what cannot be compared with the best may be the best."""
    results = import_runs(make_results(combined=False), {16: SEEDS, 0.001: SEEDS})
    (mlp, _) = rank_variants(results)
    assert mlp.best is not None
    possible = {each.variant.key for each in mlp.possible}
    imported = {s.variant.key for s in results.variants.values() if s.imported}
    assert imported <= possible | {mlp.best.variant.key}


def test_tables_of_runs_say_what_was_imported() -> None:
    """``runs.csv`` names each file; where nothing was imported, it has no such column."""
    frame = make_runs_frame(import_runs(make_results(), {0.1: [1]}))
    assert ["", "histories/mlp.csv"] == sorted(set(frame.imported))
    (row,) = frame[frame.imported != ""].itertuples()
    assert (1, "finished") == (row.seed, row.status)
    assert frame[frame.imported != ""].isna()[["updates", "duration_seconds"]].all().all()
    assert "imported" not in make_runs_frame(make_results()).columns
    epochs = make_epochs_frame(import_runs(make_results(), {0.1: [1]}))
    assert 20 == epochs.duration_seconds.isna().sum()
