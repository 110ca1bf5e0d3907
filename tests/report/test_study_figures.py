import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from mnistreport.analysis.results import (
    CHANCE_LOSS,
    LevelSummary,
    Results,
    StudySummary,
    VariantSummary,
)
from mnistreport.analysis.statistics import Interval, estimate_mean, summarise_values
from mnistreport.report.figures import style
from mnistreport.report.figures.curves import plot_baseline_curves
from mnistreport.report.figures.curves import plot_learning_curves as plot_curves
from mnistreport.report.figures.factors import plot_factor
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.marks import find_reach, is_cut
from mnistreport.report.figures.updates import choose_courses
from mnistreport.report.numbers import format_count, format_measure, format_percent, format_points
from mnistreport.study.experiment import Variant
from tests.fake_results import find_study, make_long_study, make_results
from tests.report.test_figures import CASES, assert_sound

SVG = "{http://www.w3.org/2000/svg}"
POINT = 25.4 / 72


def list_hints(figure: Figure) -> list[str]:
    """Return what a browser says over a figure."""
    tree = ET.fromstring(figure.picture.svg)  # noqa: S314 # our own
    return [element.text or "" for element in tree.iter(f"{SVG}title")]


def list_words(figure: Figure) -> list[str]:
    """Return the texts of a figure, as matplotlib notes them beside their outlines."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))  # noqa: S314 # our own
    tree = ET.fromstring(figure.picture.svg, parser)  # noqa: S314
    return [str(each.text).strip() for each in tree.iter() if each.tag is ET.Comment]


def change_losses(study: StudySummary, highest: float) -> StudySummary:
    """Return the study with every loss made smaller, so that ``highest`` is the highest."""
    runs = [run for level in study.levels for run in level.summary.runs.values()]
    rows = [row for run in runs for row in run.history]
    factor = highest / max(max(row.train_loss, row.validation_loss) for row in rows)

    def change(summary: VariantSummary) -> VariantSummary:
        return replace(
            summary,
            runs={
                seed: replace(
                    run,
                    history=tuple(
                        replace(
                            row,
                            train_loss=row.train_loss * factor,
                            validation_loss=row.validation_loss * factor,
                        )
                        for row in run.history
                    ),
                )
                for seed, run in summary.runs.items()
            },
        )

    levels = tuple(replace(level, summary=change(level.summary)) for level in study.levels)
    return StudySummary(study.study, levels)


@dataclass(frozen=True)
class Drawn:
    """A figure with its texts: what they say, and their boxes in the pixels of the sheet."""

    figure: Figure
    texts: Sequence[tuple[str, Bbox, Bbox]]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.replace(" ", "-"))
def drawn(request: pytest.FixtureRequest) -> list[Drawn]:
    """Both figures of every study, from results of many kinds."""
    texts: list[tuple[str, Bbox, Bbox]] = []
    draw = Text.draw

    def note(text: Text, renderer: object, *others: object, **named: object) -> None:
        draw(text, renderer, *others, **named)  # type: ignore[arg-type]
        if isinstance(renderer, RendererAgg) and text.get_text() and text.get_visible():
            box, sheet = text.get_window_extent(renderer), text.get_figure().bbox  # type: ignore[union-attr]
            texts.append((text.get_text(), box.frozen(), sheet.frozen()))

    figures: list[Drawn] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", note)
        *studies, square = CASES[request.param]().studies
        for study in (*studies, square, StudySummary(square.study, square.levels[:3])):
            for plot in (plot_curves, plot_factor):
                texts.clear()
                figures.append(Drawn(plot(study), tuple(texts)))
    return figures


def test_figures_are_sound(drawn: list[Drawn]) -> None:
    """Whatever the results and their names, each figure is whole and holds nothing active."""
    for each in drawn:
        assert_sound(each.figure)


def test_words_neither_touch_nor_leave_the_sheet(drawn: list[Drawn]) -> None:
    """Whatever the results, every text of a study's figures can be read."""
    for each in drawn:
        for text, box, sheet in each.texts:
            assert box.x0 > -2 < box.y0, text
            assert box.x1 < sheet.x1 + 2, text
            assert box.y1 < sheet.y1 + 2, text
        for (one, box, _), (other, rival, _) in combinations(each.texts, 2):
            shared = Bbox.intersection(box, rival)
            # Boxes hold the room for accents and tails, too, where words have none.
            is_apart = shared is None or shared.height < 0.35 * box.height or shared.width < 2
            assert is_apart, (each.figure.name, one, other)


def test_factor_figures_do_not_fill_half_a_page(drawn: list[Drawn]) -> None:
    """They are no higher than 88 mm."""
    for figure in (each.figure for each in drawn):
        if figure.name.endswith("-factor"):
            height = ET.fromstring(figure.picture.svg).get("height", "")  # noqa: S314 # our own
            assert float(height.removesuffix("pt")) * POINT <= 88.0


def test_curves_are_named_once(drawn: list[Drawn]) -> None:
    """Training and validation are told beside a pair of curves, or else in the key."""
    for figure in (each.figure for each in drawn):
        if figure.name.endswith("-curves"):
            words = list_words(figure)
            assert (1, 1) == (words.count("training"), words.count("validation"))


@pytest.mark.parametrize(
    ("highest", "is_drawn"),
    [(2.9, True), (CHANCE_LOSS + 0.01, True), (CHANCE_LOSS - 0.1, True), (1.0, False)],
)
def test_line_of_guessing_is_in_the_key_wherever_it_is_drawn(
    highest: float, *, is_drawn: bool
) -> None:
    """A line that lies within the axes only by their margin is explained as well."""
    figure = plot_curves(change_losses(find_study(make_results(), "neurons"), highest))
    assert is_drawn == ("guessing" in list_words(figure))


def test_band_of_the_baseline_is_explained() -> None:
    """The curves of a baseline say what their band is, where there is one."""
    for seeds, expected in (([0, 1, 2], True), ([0], False)):
        summary = find_study(make_results(seeds), "neurons").baseline.summary
        words = list_words(plot_baseline_curves(summary, "network"))
        assert expected == (f"range of {len(seeds)} seeds" in words)


@pytest.mark.parametrize("slug", ["learning_rate", "neurons", "dropout_layer_norm"])
def test_seeds_and_means_can_be_hovered(slug: str) -> None:
    """A browser tells each seed's accuracy, and each level's mean and standard deviation."""
    study = find_study(make_results(), slug)
    hints = list_hints(plot_factor(study))
    for level in study.levels:
        assert level.summary.accuracy is not None
        assert any(format_measure(level.summary.accuracy) in hint for hint in hints)
        for seed, accuracy in level.summary.decisive.items():
            assert f"seed {seed}: {format_percent(accuracy)}" in hints


def test_intervals_widen_an_axis_only_so_far() -> None:
    """The interval of two seeds is cut where it would squash everything; that of three is not."""
    pair, triple = summarise_values([0.97, 0.98]), summarise_values([0.97, 0.975, 0.98])
    bounds = Interval(0.0, 1.0)
    reach = find_reach([pair], least=0.004, bounds=bounds)
    assert is_cut(pair, reach)
    assert pytest.approx((0.96, 0.99)) == (reach.low, reach.high)
    reach = find_reach([triple], least=0.004, bounds=bounds)
    assert not is_cut(triple, reach)
    assert estimate_mean(triple) == reach
    assert find_reach([summarise_values([0.999, 1.0])], least=0.002, bounds=bounds).high == 1.0


def test_cut_intervals_are_told() -> None:
    """A caption explains arrows where there are some, and only there."""
    two = find_study(make_results([0, 1], epochs=1), "neurons")
    three = find_study(make_results(), "neurons")
    assert "an arrow" in plot_factor(two).caption
    assert "an arrow" not in plot_factor(three).caption
    assert "95 % interval" in plot_factor(three).caption
    assert "interval" not in plot_factor(find_study(make_results([0]), "neurons")).caption


def test_only_steps_are_drawn_by_updates() -> None:
    """Learning rates and batch sizes have their courses by updates, and other factors none."""
    results = make_results()
    for study in results.studies:
        figure = plot_factor(study)
        expected = study.study.factor in {"learning_rate", "batch_size"}
        assert expected == ("updates (logarithmic)" in list_words(figure))
        assert expected == ("by number of updates" in figure.caption)
        is_scaled = "learning rate × updates (logarithmic)" in list_words(figure)
        assert (study.study.factor == "learning_rate") == is_scaled
        if expected:
            for level in study.levels:
                assert level.summary.updates is not None
                assert f"{level.label}: {format_count(level.summary.updates)}" in figure.alt


def test_too_many_courses_are_thinned() -> None:
    """Of many levels the baseline, the best and some others are drawn, which the caption says."""
    study = make_long_study(30)
    chosen = choose_courses(study)
    assert (6, True, True) == (len(chosen), study.baseline in chosen, study.best in chosen)
    assert "shown are 6 of 30 levels" in plot_factor(study).caption
    assert choose_courses(make_long_study(6)) == make_long_study(6).levels


def test_square_tells_the_difference_along_each_side() -> None:
    """What a switch changes is told with and without the other, paired by seed."""
    study = find_study(make_results(), "dropout_layer_norm")
    neither, dropout, norm, both = (level.summary.decisive for level in study.levels)
    figure = plot_factor(study)
    for said, off, on in (
        ("Dropout, without layer normalisation", neither, dropout),
        ("Dropout, with layer normalisation", norm, both),
        ("Layer normalisation, without dropout", neither, norm),
        ("Layer normalisation, with dropout", dropout, both),
    ):
        measure = summarise_values([on[seed] - off[seed] for seed in off], "points")
        interval = estimate_mean(measure)
        assert interval is not None
        ends = f"{format_points(interval.low)} to {format_points(interval.high)}"
        assert f"{said}: {format_points(measure.mean)} (95 % interval {ends})" in figure.alt
        assert format_points(measure.mean) in list_words(figure)


def test_square_with_missing_corners() -> None:
    """A side without both its ends has no difference, and says so."""
    failed = make_results(failed=["both"])
    figure = plot_factor(find_study(failed, "dropout_layer_norm"))
    assert "Dropout, with layer normalisation: no seed finished both ways." in figure.alt
    assert list_words(figure).count("–") == 2
    far = plot_factor(find_study(make_results(at_chance=["both"]), "dropout_layer_norm"))
    assert "triangle" in far.caption


def make_rates(results: Results) -> StudySummary:
    """Make four corners of which one field is never off: two learning rates."""

    def change(level: LevelSummary) -> LevelSummary:
        fields = dict(level.level.fields)
        variant: Variant = level.summary.variant
        if "dropout" in fields:
            fields["learning_rate"] = 10 * variant.training.learning_rate
            del fields["dropout"]
            training = replace(variant.training, learning_rate=fields["learning_rate"])
            architecture = replace(variant.architecture, dropout=0.0)
            variant = replace(variant, architecture=architecture, training=training)
        summary = replace(level.summary, variant=variant)
        return replace(
            level, level=replace(level.level, fields=fields, variant=variant), summary=summary
        )

    study = find_study(results, "dropout_layer_norm")
    return StudySummary(study.study, tuple(map(change, study.levels)))


def test_only_switches_make_a_square() -> None:
    """Three variants, or a field that is never off, are drawn side by side."""
    square = find_study(make_results(), "dropout_layer_norm")
    three = StudySummary(square.study, square.levels[:3])
    assert "without dropout" in list_words(plot_factor(square))
    for study in (three, make_rates(make_results())):
        figure = plot_factor(study)
        assert "without dropout" not in list_words(figure)
        assert "by variant" in figure.caption
        assert figure.name == plot_factor(square).name


def test_letters_are_large_enough() -> None:
    """No letters are smaller than seven points."""
    assert style.SMALL >= 7.0
