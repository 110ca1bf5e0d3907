"""The ranking's words: what they say of arrows, order and shades is so."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from mnistreport.analysis.ranking import rank_variants
from mnistreport.analysis.results import Results, VariantSummary
from mnistreport.analysis.statistics import Interval, summarise_values
from mnistreport.report.figures import scales
from mnistreport.report.figures.marks import clip_interval, find_cuts, is_cut
from mnistreport.report.figures.ranking import plot_ranking
from mnistreport.study.experiment import Experiment
from tests.fake_results import MLP, SPLIT, make_results, make_run
from tests.report.test_figures import CASES, TITLES


def make_model(errors: Sequence[Sequence[float]]) -> Results:
    """Make variants of one model that no study compares, from the errors (%) of their seeds."""
    variants: dict[str, VariantSummary] = {}
    for place, each in enumerate(errors):
        setting = replace(MLP.training, learning_rate=0.001 * (1 + place), epochs=1)
        variant = replace(MLP, training=setting)
        runs = {
            seed: make_run(Experiment(variant, seed, SPLIT), error, 0.3)
            for seed, error in enumerate(each)
        }
        last = {
            seed: replace(row, validation_accuracy=1 - each[seed] / 100)
            for seed, run in runs.items()
            for row in run.history
        }
        runs = {seed: replace(run, history=(last[seed],)) for seed, run in runs.items()}
        variants[variant.key] = VariantSummary(variant, runs, len(each))
    return Results((), {}, variants, (), {})


def test_intervals_end_at_100_percent() -> None:
    """An interval that passes 100 % ends there; one that an axis cuts before is said to go on."""
    close = summarise_values([0.999, 1.0])
    assert (False, False) == find_cuts(close, Interval(0.9, 1.0))
    assert not is_cut(close, Interval(0.9, 1.0))
    assert (True, False) == find_cuts(close, Interval(0.998, 1.0))
    assert (False, True) == find_cuts(close, Interval(0.9, 0.9999))
    assert 1.0 == clip_interval(close, Interval(0.9, 1.0)).high
    points = replace(close, unit="points")  # a difference may well be more
    assert (False, True) == find_cuts(points, Interval(0.9, 1.0))


def test_no_ranks_without_runs() -> None:
    """Where no run of any variant finished, nothing is said of seeds or of close ranks."""
    failed = make_results(failed=["neither", "dropout", "layer norm", "both"], combined=False)
    results = replace(failed, variants={k: v for k, v in failed.variants.items() if not v.finished})
    caption = plot_ranking(results, TITLES).caption
    assert "no run finished" in caption
    assert "close ranks" not in caption
    assert "no run finished" not in plot_ranking(CASES["one seed"](), TITLES).caption


def test_who_leads_need_not_be_the_best() -> None:
    """An incomplete variant may have the highest mean, and then it is said who the best is."""
    said = "the best of a model is the highest whose runs all finished"
    assert said in plot_ranking(make_results(missing={"both": [0]}), TITLES).alt
    assert said not in plot_ranking(make_results(), TITLES).alt


def test_no_key_of_shades_that_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long ranking only rows that are shown are called shaded, or clearly behind."""
    names = "mnistreport.report.figures.ranking.name_variants"
    monkeypatch.setattr(names, lambda results: dict.fromkeys(results.variants, "a name"))
    best = (2.0, 2.001, 2.002)
    clear = [(3 + place / 100, 3.001 + place / 100, 3.0 + place / 100) for place in range(45)]
    scattered = (2.0, 30.0, 10.0)
    figure = plot_ranking(make_model([best, *clear, scattered]), TITLES)
    assert "Shaded" not in figure.caption
    assert b"do not rule it out" not in figure.picture.svg
    assert b"all others shown are ruled out as the best" in figure.picture.svg
    assert "Besides a name, the seeds do not rule out as the best: 1 lower rank." in figure.alt
    short = plot_ranking(make_model([best, *clear[:5], scattered]), TITLES)
    assert "Shaded" in short.caption


def test_what_only_a_study_rules_out_is_not_called_behind_the_best() -> None:
    """Two seeds tell no variant from the best of many, but a study rules levels out by itself."""
    results = make_results([0, 1])
    (ranking, _) = rank_variants(results)
    told = {key for key, each in ranking.behind.items() if each.is_clear}
    assert ranking.surpassed - told
    figure = plot_ranking(results, {})
    assert "behind the best" not in figure.alt
    assert "or behind a level of its study" in figure.caption


def test_at_most_half_of_the_levels_are_put_off_the_scale() -> None:
    """Two good levels of many are no reason to hide the others; one bad level of four is hidden."""
    many = [0.91, 0.90, *(0.1 + place / 50 for place in range(12))]
    assert scales.find_cut(many) is None
    assert scales.find_cut([0.97, 0.96, 0.965, 0.2]) == pytest.approx(0.58)
