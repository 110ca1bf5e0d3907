import hashlib
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure as Canvas
from matplotlib.font_manager import FontProperties, findfont

from mnistreport.analysis.results import Results
from mnistreport.analysis.selection import choose_winners
from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import split_digits
from mnistreport.report import material as of_report
from mnistreport.report.context import make_context
from mnistreport.report.figures import scales, style
from mnistreport.report.figures.balance import plot_class_balance
from mnistreport.report.figures.confusion import plot_confusion
from mnistreport.report.figures.curves import plot_baseline_curves, plot_learning_curves
from mnistreport.report.figures.digits import plot_mistakes, plot_samples
from mnistreport.report.figures.factors import plot_factor
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.gallery import draw_figures
from mnistreport.report.figures.plan import plan_figures
from mnistreport.report.figures.ranking import plot_ranking
from mnistreport.report.numbers import format_loss, format_measure, format_percent, format_points
from mnistreport.study.manifest import SplitFractions
from tests.fake_results import (
    find_study,
    make_digits,
    make_long_study,
    make_manifest,
    make_outcome,
    make_results,
)

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
TITLES = {"mlp": "feedforward network", "cnn": "convolutional network"}
KINDS = ("curves", "factor")
COUNTS = {"train": [60] * 10, "validation": [20] * 10, "test": [20] * 10}


def draw_general(results: Results) -> list[Figure]:
    """Draw figures that are of no study; filters and training times have tests of their own."""
    images, labels = make_digits()
    outcome = make_outcome(len(images), accuracy=0.979)
    baselines = {study.study.model: study.baseline.summary for study in results.studies}
    return [
        plot_class_balance(COUNTS),
        plot_samples(images, labels, np.arange(0, len(images), 2)),
        plot_ranking(results, TITLES),
        plot_confusion(outcome, "feedforward network", model="mlp"),
        plot_mistakes(outcome, images, "feedforward network", model="mlp"),
        *(plot_baseline_curves(each, TITLES[model]) for model, each in baselines.items()),
    ]


def draw_every_kind() -> list[Figure]:
    """Draw them, and those of studies: steps, sizes and switches are drawn in ways of their own."""
    results = make_results()
    slugs = ("learning_rate", "neurons", "dropout_layer_norm")
    studies = [find_study(results, slug) for slug in slugs]
    of_studies = [plot(each) for each in studies for plot in (plot_learning_curves, plot_factor)]
    return [*draw_general(results), *of_studies]


def assert_sound(figure: Figure) -> None:
    """Check that a figure is XML, self-contained, named and described, and fit for a strict page.

    Such a page heeds no style sheet and no style attribute. No name in a figure is an element.
    """
    svg = figure.picture.svg
    assert re.fullmatch("[A-Za-z0-9_-]+", figure.name)
    assert figure.caption.strip().endswith(".")
    assert figure.alt.strip()
    tree = ET.fromstring(svg)  # noqa: S314 # our own
    assert f"{SVG}svg" == tree.tag
    for element in tree.iter():
        link = element.get(f"{XLINK}href", "#")
        assert link.startswith(("#", "data:image/png;base64,"))
        assert "script" not in str(element.tag)
    assert not re.search(rb"<style|\sstyle=|<metadata|<script|\son\w+=", svg)


def make_troubled() -> Results:
    """Results in which everything went wrong that can."""
    return make_results(
        diverged=[0.5],
        failed=[16, 64, "both"],
        at_chance=[0.001, 1024, 5],
        missing={0.1: [2], 512: [0, 1, 2], "dropout": [0]},
    )


CASES: dict[str, Callable[[], Results]] = {
    "usual": make_results,
    "troubled": make_troubled,
    "nothing finished": lambda: make_results(
        failed=[32, 64, 128, 256, 512, 16, 0.001, 0.01], diverged=[0.1, 0.5, 1024], combined=False
    ),
    "nothing trained": lambda: make_results(
        missing=dict.fromkeys(
            [
                *(0.001, 0.01, 0.1, 0.5, 16, 64, 256, 1024, 32, 128, 512, 2, 3, 4, 5),
                *("neither", "dropout", "layer norm", "both", "best levels joined"),
            ],
            (0, 1, 2),
        )
    ),
    "one seed": lambda: make_results([0]),
    "two seeds, one epoch": lambda: make_results([0, 1], epochs=1),
    "hard names": lambda: make_results(strange=True),
}


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.replace(" ", "-"))
def figures(request: pytest.FixtureRequest) -> list[Figure]:
    """The figures that are of no study, from results of many kinds."""
    return draw_general(CASES[request.param]())


def test_figures_are_sound(figures: list[Figure]) -> None:
    """Whatever the results and their names, each figure is whole and holds nothing active."""
    for figure in figures:
        assert_sound(figure)


def test_the_same_results_give_the_same_figures() -> None:
    """Byte for byte, and drawing leaves matplotlib's settings as they were."""
    before = mpl.rcParams.copy()
    once, again = draw_every_kind(), draw_every_kind()
    assert [figure.picture.svg for figure in once] == [figure.picture.svg for figure in again]
    assert before == mpl.rcParams


def test_figures_do_not_depend_on_process_or_settings(tmp_path: Path) -> None:
    """Another process with another hash seed and another matplotlibrc draws the same bytes."""
    (tmp_path / "matplotlibrc").write_text(
        "figure.facecolor: red\nfont.size: 20\ntext.usetex: True\n"
    )
    script = (
        "import hashlib; from tests.fake_results import *; "
        "from mnistreport.report.figures.factors import plot_factor; "
        "print(hashlib.sha256(plot_factor(make_results().studies[0]).picture.svg).hexdigest())"
    )
    env = os.environ | {"PYTHONHASHSEED": "7", "MATPLOTLIBRC": str(tmp_path)}
    printed = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    here = hashlib.sha256(plot_factor(make_results().studies[0]).picture.svg).hexdigest()
    assert here == printed.stdout.strip()


def test_figures_need_no_torch() -> None:
    """A report is rendered without torch."""
    script = (
        "import sys; from tests.fake_results import *; "
        "from mnistreport.report.figures.gallery import *; "
        "plot_confusion(make_outcome(), 'x'); plot_ranking(make_results()); "
        "print('torch' in sys.modules)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == "False"


def test_letters_come_with_the_program() -> None:
    """Every machine draws with the same font files, whose licences are beside them."""
    plot_class_balance(COUNTS)  # fonts are loaded with the first figure
    for weight, file in ((400, "SourceSans3-Regular.otf"), (700, "SourceSans3-Semibold.otf")):
        font = FontProperties(family=style.FAMILY, weight=weight)
        assert str(style.FONTS / file) == findfont(font, fallback_to_default=False)
    licences = sorted(path.name for path in style.FONTS.glob("LICENSE*"))
    families = ("SourceCodePro", "SourceSans3", "SourceSerif4")
    assert licences == [f"LICENSE-{family}.md" for family in families]
    assert sum(path.stat().st_size for path in style.FONTS.iterdir()) < 2_500_000


def test_hints_are_shown_over_what_they_tell_of() -> None:
    """A browser shows a hint over the element it was given for; as text, whatever is in it."""
    hint = "seed 2: <b>97.93\u202f%</b>"
    with style.open_sheet(20.0) as sheet:
        axes = sheet.add_panel(5, 5, 50, 10)
        axes.plot([0, 1], [0, 1])
        sheet.hint(axes.plot([0.5], [0.5], "o")[0], hint)
        tree = ET.fromstring(sheet.render().svg)  # noqa: S314 # our own
    [told] = [each for each in tree.iter(f"{SVG}g") if each.find(f"{SVG}title") is not None]
    assert hint == told.findtext(f"{SVG}title")
    assert told.find(f".//{SVG}use") is not None  # the one marker


@pytest.mark.parametrize("slug", ["learning_rate", "neurons", "dropout_layer_norm"])
def test_text_alternative_tells_the_numbers(slug: str) -> None:
    """Who cannot see curves or dots is told where every level ended, as the tables do."""
    study = find_study(make_results(), slug)
    for figure in (plot_learning_curves(study), plot_factor(study)):
        for level in study.levels:
            summary = level.summary
            loss = summary.final("validation_loss")
            assert summary.accuracy is not None
            assert loss is not None
            assert format_measure(summary.accuracy) in figure.alt
            assert format_loss(loss.mean) in figure.alt
            assert level.label in figure.alt


def test_captions_tell_the_highest() -> None:
    """A caption names the level with the highest accuracy, and that accuracy."""
    study = find_study(make_results(), "learning_rate")
    assert study.best is not None
    assert study.best.summary.accuracy is not None
    caption = plot_learning_curves(study).caption
    assert f"{format_measure(study.best.summary.accuracy)}, for learning rate 0.1" in caption
    partly = plot_learning_curves(make_results(missing={0.1: [2]}).studies[0]).caption
    assert "Among levels whose runs all finished, the highest" in partly
    assert "for learning rate 0.5" in partly


def test_one_seed_claims_no_spread() -> None:
    """With one seed there is no band, no deviation and no baseline noise to be read."""
    results = make_results([0])
    study = results.studies[0]
    for figure in (
        plot_learning_curves(study),
        plot_factor(study),
        plot_baseline_curves(study.baseline.summary, "network"),
        plot_ranking(results),
    ):
        assert "±" not in figure.caption + figure.alt
        assert "standard deviation" not in figure.caption
        assert "band" not in figure.caption
        assert b"FillBetween" not in figure.picture.svg
    assert "no spread is known" in plot_learning_curves(study).caption


def test_runs_that_broke_off_are_told() -> None:
    """A level without a finished run is in the picture, with the reason why it has no result."""
    results = make_troubled()
    rates, sizes, neurons = results.studies[:3]
    assert "Learning rate 0.5: diverged after epochs 2 to 4." in plot_factor(rates).alt
    assert "(1 of 3 not trained)" in plot_factor(rates).alt
    assert "Batch size 16: failed in epoch 1." in plot_learning_curves(sizes).alt
    assert "512 neurons per hidden layer: not trained." in plot_learning_curves(neurons).alt
    assert "learning rate 0.5: diverged after epochs 2 to 4" in plot_ranking(results).alt
    assert b"after epochs" in plot_factor(rates).picture.svg
    assert b"diverged" in plot_learning_curves(rates).picture.svg


def test_partly_finished_level_is_set_apart() -> None:
    """A level with some of its runs has hollow dots, and the caption says why."""
    results = make_results(missing={0.1: [2]})
    assert "Hollow dots" in plot_factor(results.studies[0]).caption
    assert "Hollow dots" in plot_ranking(results).caption
    assert "Hollow dots" not in plot_factor(results.studies[1]).caption


def test_level_at_chance_does_not_squash_the_others() -> None:
    """What is far below stands beside the axis, with its number, and the caption says so."""
    figure = plot_factor(find_study(make_results(at_chance=[0.5]), "learning_rate"))
    assert "Far below the scale: learning rate 0.5" in figure.caption
    assert b"<!-- below -->" in figure.picture.svg
    usual = plot_factor(find_study(make_results(), "learning_rate"))
    assert "Far below" not in usual.caption


@pytest.mark.parametrize(
    ("accuracies", "is_cut"),
    [
        ([0.98, 0.95, 0.9], False),
        ([0.98, 0.975, 0.97, 0.11], True),
        ([0.98, 0.90, 0.75, 0.11], True),
        ([0.98, 0.979, 0.975], False),
        ([0.98, 0.11], False),
        ([0.11, 0.112, 0.113], False),
        ([], False),
    ],
)
def test_cut(accuracies: list[float], *, is_cut: bool) -> None:
    """Only a level that is far below at least two others is taken off the axis."""
    cut = scales.find_cut(accuracies)
    assert is_cut == (cut is not None)
    assert cut is None or sum(accuracy > cut for accuracy in accuracies) >= 2


def test_cut_losses_are_told() -> None:
    """Losses beyond the axis are cut off only where the caption says so."""
    troubled, usual = make_results(diverged=[0.5]), make_results()
    assert "above 10" in plot_learning_curves(troubled.studies[0]).caption
    assert "cut off" not in plot_learning_curves(usual.studies[2]).caption


@pytest.mark.parametrize("values", [[0.1, 1.0], [0.98, 0.99], [0.999, 1.0], [0.5], [0.0, 0.05]])
def test_accuracy_axis_has_ticks_and_room(values: list[float]) -> None:
    """Every accuracy has its place on the axis, 100 % included, between ticks to read it by."""
    axes = Canvas().add_subplot()
    scales.set_accuracy_axis(axes, values, least=0.12)
    low, high = axes.get_ylim()
    assert low <= min(values) <= max(values) <= high + 1e-9
    assert len(axes.get_yticks()) >= 2
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in axes.get_yticks())


def test_very_many_levels_still_make_a_page() -> None:
    """A hundred levels are thinned for curves, which the caption says, and no page is too small."""
    study = make_long_study(100)
    curves, factor = plot_learning_curves(study), plot_factor(study)
    assert "shown are 15 of 100 levels" in curves.caption
    for figure in (curves, factor):
        height = ET.fromstring(figure.picture.svg).get("height", "")  # noqa: S314 # our own
        assert float(height.removesuffix("pt")) < 225 / 25.4 * 72


def test_curves_are_small() -> None:
    """Five levels on three seeds for twenty epochs make less than 150 KB."""
    assert len(plot_learning_curves(find_study(make_results(), "neurons")).picture.svg) < 150_000


def test_confusion_names_the_frequent_mistakes() -> None:
    """Caption and text alternative give the accuracy and the most frequent confusions."""
    outcome = make_outcome(1000, accuracy=0.9)
    counts = np.array(outcome.confusion) * (1 - np.eye(10, dtype=int))
    true, predicted = np.unravel_index(counts.argmax(), counts.shape)
    figure = plot_confusion(outcome, "feedforward network", model="mlp")
    assert figure.name == "mlp-confusion"
    assert f"{true} taken for {predicted} ({counts.max()} times)" in figure.caption
    assert format_percent(0.9) in figure.alt


def test_mistakes_are_pictures() -> None:
    """Of many mistakes the 24 most confident are drawn, of few all, and of none none."""
    images, _ = make_digits(1000)
    for accuracy, drawn, said in (
        (0.9, 24, "The 24 most confident of 100 mistakes"),
        (0.99, 10, "All 10 mistakes"),
        (0.999, 1, "The only mistake"),
        (1.0, 0, "classified all 1,000 test images correctly"),
    ):
        outcome = make_outcome(1000, accuracy=accuracy)
        figure = plot_mistakes(outcome, images, "feedforward network")
        assert drawn == figure.picture.svg.count(b"<image")
        assert said in figure.caption
        if outcome.mistakes:
            assert format_percent(outcome.mistakes[0].confidence, 1) in figure.alt


def test_samples_are_of_the_training_split() -> None:
    """Six images of each digit, none of them from another split."""
    images, labels = make_digits()
    train = np.arange(100, 500)
    figure = plot_samples(images, labels, train)
    hidden = images.copy()
    hidden[:100] = hidden[500:] = 77
    assert figure.picture.svg.count(b"<image") == 60
    assert figure.picture.svg == plot_samples(hidden, labels, train).picture.svg


def test_every_figure_of_the_report_is_drawn(tmp_path: Path) -> None:
    """What the report draws has the names by which its sections refer to figures."""
    images, labels = make_digits(1000)
    digits = DigitSet("x", "X", "made up", images, labels, "0" * 64, tmp_path, None)
    split = split_digits(digits, SplitFractions(0.6, 0.2, 0.2), 0, cache=tmp_path)
    results = make_results([0])
    tested = tuple(
        of_report.Tested(each, {0: make_outcome(200)}) for each in choose_winners(results)
    )
    material = of_report.Material(make_manifest([0]), digits, split, results, tested, ())
    drawn = draw_figures(plan_figures(make_context(material), material))
    expected = {"class-balance", "samples", "ranking", "training-time"}
    expected |= {f"{study.study.slug}-{kind}" for study in results.studies for kind in KINDS}
    kinds = ("baseline", "confusion", "mistakes", "filters")
    expected |= {f"{model}-{kind}" for model in TITLES for kind in kinds}
    assert expected == set(drawn)


def test_class_balance_measures_the_skew() -> None:
    """The caption says by how much a digit's share of a split differs from its share of all."""
    assert format_points(0.0, signed=False) in plot_class_balance(COUNTS).caption
    skewed = COUNTS | {"test": [40, 0, *[20] * 8]}
    figure = plot_class_balance(skewed)
    assert format_points(40 / 200 - 120 / 1000, signed=False) in figure.caption
    assert "0: 120, 1: 80" in figure.alt


def test_text_is_cut_to_its_room() -> None:
    """What is too long ends with an ellipsis and never runs into its neighbour."""
    for text in ("x" * 40, "several words of a label", "深層学習" * 9):
        assert style.measure_text(style.cut_text(text, 20.0)) <= 20.0
        lines = style.wrap_text(text, 15.0, 2)
        assert len(lines) <= 2
        assert all(style.measure_text(line) <= 15.0 for line in lines)
    assert style.cut_text("short", 20.0) == "short"


def test_control_characters_do_not_break_a_figure() -> None:
    """What XML cannot hold is replaced."""
    assert style.clean_text("a\x00b\x1bc\ud800") == "a\ufffdb\ufffdc\ufffd"
    figure = plot_confusion(make_outcome(100), "\x00title\x1b")
    ET.fromstring(figure.picture.svg)  # noqa: S314 # our own
