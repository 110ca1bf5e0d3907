"""Captions and keys of a study's figures: nothing is explained that is not drawn."""

from dataclasses import replace

import pytest

from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.report.figures.curves import plot_learning_curves
from mnistreport.report.figures.factors import plot_factor
from mnistreport.report.numbers import format_points
from tests.fake_results import find_study, make_results
from tests.report.test_study_figures import list_words

SQUARE = ["neither", "dropout", "layer norm", "both"]


def shift_training(study: StudySummary, amount: float) -> StudySummary:
    """Return the study with training accuracies moved."""

    def change(level: LevelSummary) -> LevelSummary:
        runs = {
            seed: replace(
                run,
                history=tuple(
                    replace(row, train_accuracy=row.train_accuracy + amount) for row in run.history
                ),
            )
            for seed, run in level.summary.runs.items()
        }
        return replace(level, summary=replace(level.summary, runs=runs))

    return StudySummary(study.study, tuple(map(change, study.levels)))


def test_widest_gap_is_the_furthest_on_either_side() -> None:
    """Where training is behind everywhere, the widest gap is the one furthest behind."""
    study = find_study(make_results(), "batch_size")
    ahead = plot_factor(study).caption
    assert "widest for batch size 16: training is" in ahead
    assert ahead.endswith(".")
    behind = shift_training(study, -0.05)
    gaps = {level.label: level.summary.gap for level in behind.levels}
    widest = gaps["1024"]
    assert widest is not None
    assert all(gap and widest.mean <= gap.mean < 0 for gap in gaps.values())
    size = format_points(-widest.mean, signed=False)
    said = f"widest for batch size 1024: training is {size} behind."
    assert said in plot_factor(behind).caption


def test_arrows_of_gaps_are_told() -> None:
    """An interval that is cut in the lower axes is explained as well."""
    study = find_study(make_results([0, 1]), "neurons")
    runs = {
        seed: replace(
            run,
            history=tuple(
                replace(row, validation_accuracy=0.9, train_accuracy=0.91 + 0.02 * seed)
                for row in run.history
            ),
        )
        for seed, run in study.levels[0].summary.runs.items()
    }
    level = replace(study.levels[0], summary=replace(study.levels[0].summary, runs=runs))
    even = tuple(
        replace(
            each,
            summary=replace(each.summary, runs={0: runs[0], 1: runs[0]}),
        )
        for each in study.levels[1:]
    )
    assert "an arrow" in plot_factor(StudySummary(study.study, (level, *even))).caption


@pytest.mark.parametrize("trouble", ["at_chance", "diverged"])
@pytest.mark.parametrize(
    ("slug", "baseline"), [("learning_rate", 0.01), ("dropout_layer_norm", "neither")]
)
def test_no_words_about_a_band_that_is_not_drawn(
    trouble: str, slug: str, baseline: float | str
) -> None:
    """A baseline that is far below the scale, or that diverged, is not drawn behind the others."""
    usual = plot_factor(find_study(make_results(), slug))
    assert "grey band" in usual.caption
    assert any("baseline ±" in words for words in list_words(usual))
    figure = plot_factor(find_study(make_results(**{trouble: [baseline]}), slug))  # type: ignore[arg-type]
    assert "from the baseline" not in figure.caption
    assert not any("baseline ±" in words for words in list_words(figure))


def test_curves_without_a_baseline_have_none_behind() -> None:
    """Where no run of the baseline finished, nothing is drawn in grey and nothing said of it."""
    usual = plot_learning_curves(find_study(make_results(), "learning_rate"))
    assert "in grey" in usual.caption
    figure = plot_learning_curves(find_study(make_results(diverged=[0.01]), "learning_rate"))
    assert "in grey" not in figure.caption
    # Beside the panel of the baseline itself it is said once.
    assert list_words(usual).count("baseline") - 1 == list_words(figure).count("baseline")


def test_no_dots_for_differences_that_nobody_knows() -> None:
    """With one corner left no seed finished both ways, and the caption says so."""
    three = make_results(diverged=SQUARE[1:], combined=False)
    figure = plot_factor(find_study(three, "dropout_layer_norm"))
    assert "paired by seed" not in figure.caption
    assert "no seed finished both with and without one of them" in figure.caption
    assert "paired by seed" in plot_factor(find_study(make_results(), "dropout_layer_norm")).caption


@pytest.mark.parametrize("slug", ["learning_rate", "dropout_layer_norm"])
def test_no_words_about_dots_where_nothing_finished(slug: str) -> None:
    """A figure without a finished run says that, and has no key."""
    results = make_results(diverged=[0.001, 0.01, 0.1, 0.5, *SQUARE], combined=False)
    figure = plot_factor(find_study(results, slug))
    assert "no run finished" in figure.caption
    assert "dot" not in figure.caption
    assert "one seed" not in list_words(figure)
