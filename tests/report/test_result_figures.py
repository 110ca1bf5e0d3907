"""Figures about all variants and about the tested models: what they say, and what they must not."""

import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from mnistreport.analysis.results import Results
from mnistreport.report.figures import style
from mnistreport.report.figures.annotations import Label, place_labels
from mnistreport.report.figures.balance import plot_class_balance
from mnistreport.report.figures.boxes import Box
from mnistreport.report.figures.confusion import plot_confusion
from mnistreport.report.figures.digits import plot_mistakes, plot_samples
from mnistreport.report.figures.ranking import plot_ranking
from mnistreport.report.figures.timing import plot_training_time
from mnistreport.report.numbers import format_probability, format_weight
from mnistreport.training.result import Circumstances, Mistake
from tests.fake_results import make_digits, make_outcome, make_results
from tests.report.test_figures import CASES, COUNTS, SVG, TITLES

PAPER, DARK_PAGE, DARK_PAGES_INK = "#ffffff", "#16181b", "#e4e7ea"


def list_hints(svg: bytes) -> list[str]:
    """Return the words that a browser shows on hover."""
    return [each.text or "" for each in ET.fromstring(svg).iter(f"{SVG}title")]  # noqa: S314


def measure_height(svg: bytes) -> float:
    """Return a drawing's height in millimetres."""
    return float(ET.fromstring(svg).get("height", "").removesuffix("pt")) / 72 * 25.4  # noqa: S314


def test_the_band_is_said_in_words() -> None:
    """Who is not told from the best is shaded, called so, and never called equal or better."""
    figure = plot_ranking(make_results(), TITLES)
    said = "Besides both, the seeds do not rule out as the best: layer norm and dropout."
    assert said in figure.alt
    assert "All others are ruled out as the best; that is best levels combined." in figure.alt
    assert b"these seeds do not rule it out as the best" in figure.picture.svg
    assert "does not make them equal" in " ".join(figure.caption.split())


def test_unfinished_variants_are_in_no_band() -> None:
    """What is not compared is neither close to the best nor clearly behind it."""
    figure = plot_ranking(make_results(missing={"dropout": [0]}), TITLES)
    band = re.search(r"Besides both, the seeds do not rule out as the best: ([^.]*)\.", figure.alt)
    assert band is not None
    assert band[1] == "layer norm"
    assert "it is not compared" in figure.caption
    alone = plot_ranking(make_results(missing={"dropout": [0], "layer norm": [1]}), TITLES)
    assert (
        "All others with every run finished are ruled out as the best; that is both." in alone.alt
    )


@pytest.mark.parametrize("case", ["one seed", "nothing trained"])
def test_nothing_is_told_apart_without_seeds(case: str) -> None:
    """With one seed no variant is said to be behind, and none to be close."""
    figure = plot_ranking(CASES[case](), TITLES)
    assert "behind" not in figure.caption + figure.alt
    assert "rule" not in (figure.caption + figure.alt).lower()
    assert b"ruled out" not in figure.picture.svg


def test_the_intervals_of_two_seeds_outgrow_the_axis() -> None:
    """Where that is so, an arrow and the caption say it."""
    figure = plot_ranking(make_results([0, 1]), TITLES)
    assert "goes on beyond the axis" in figure.caption


@pytest.mark.parametrize("case", CASES)
def test_training_time_is_sound(case: str) -> None:
    """Whatever the results, accuracy against time is drawn, or it is said why it is not."""
    results = CASES[case]()
    figure = plot_training_time(results, TITLES)
    ET.fromstring(figure.picture.svg)  # noqa: S314 # our own
    assert figure.name == "training-time"
    finished = [each for each in results.variants.values() if each.finished]
    assert ("No run finished" in figure.caption) == (not finished)
    assert len(finished) == len(list_hints(figure.picture.svg))


def test_frontier_is_what_nothing_beats_in_both() -> None:
    """On the line is each variant that no complete one surpasses in time and accuracy."""
    results = make_results(missing={"both": [0]})
    complete = [each for each in results.variants.values() if each.complete]
    spots = [
        (each.duration_seconds.mean, each.accuracy.mean)
        for each in complete
        if each.duration_seconds and each.accuracy
    ]
    expected = sum(
        not any(
            (other[0] <= time and accuracy <= other[1]) and (time, accuracy) != other
            for other in spots
        )
        for time, accuracy in spots
    )
    line = plot_training_time(results, TITLES).alt.rpartition(" and more accurate: ")[2]
    assert expected == len(re.split("[,;] ", line))
    assert "both" not in line


def test_times_of_other_devices_are_not_compared() -> None:
    """Where runs were computed on several kinds of device, the caption says what that means."""
    results = make_results()
    assert "under the load" in plot_training_time(results).caption
    name, run = next(iter(results.runs.items()))
    other = replace(run, circumstances=Circumstances("2.9.0", "cuda", "a card", 1))
    mixed = replace(results, runs={**results.runs, name: other})
    assert "cannot be compared as they stand" in plot_training_time(mixed).caption


def test_spots_far_below_do_not_squash_the_others() -> None:
    """A variant that learnt nothing stands at the bottom edge, with its number."""
    results: Results = make_results(at_chance=[0.5])
    figure = plot_training_time(results, TITLES)
    assert "far below the axis" in figure.caption
    assert b"learning rate 0.5: 11." in figure.picture.svg


def test_labels_keep_clear_of_one_another() -> None:
    """No label leaves the panel, covers a dot or runs into another; some have no room at all."""
    noise = np.random.default_rng(4)
    panel = Box(0, 0, 150, 70)
    dots = [(float(x), float(y)) for x, y in noise.uniform((0, 0), (150, 70), (60, 2))]
    taken = [Box.around(dot, dot, 1.1) for dot in dots]
    labels = [Label(f"a label {n}", dot, (dot[0] - 2, dot[0] + 2)) for n, dot in enumerate(dots)]
    placed = [place.box for _, place in place_labels(labels, panel, taken, gap=1.7)]
    assert len(placed) > 20
    assert all(panel.holds(box) for box in placed)
    assert not any(box.meets(dot) for box in placed for dot in taken)
    assert not any(one.meets(other) for one, other in combinations(placed, 2))


def test_cells_say_what_they_count() -> None:
    """Every cell with images has words on hover; the figure leaves room for its caption."""
    outcome = make_outcome(1000, accuracy=0.9)
    svg = plot_confusion(outcome, "network").picture.svg
    counts = np.array(outcome.confusion)
    assert np.count_nonzero(counts) == len(list_hints(svg))
    assert f"4 taken for 9: {counts[4, 9]} images, {counts[4, 9]}.0\u202f%" in list_hints(svg)
    assert f"4 recognised: {counts[4, 4]} images, {counts[4, 4]}.0\u202f%" in list_hints(svg)
    assert measure_height(svg) <= 100


def test_a_digit_without_images_has_no_share() -> None:
    """A test split that lacks a digit, or in which all is right, is drawn all the same."""
    figure = plot_confusion(make_outcome(5, accuracy=1.0), "network")
    assert "No image was misclassified." in figure.caption
    assert "9 recognised: 0 images, 0.0\u202f%" in list_hints(figure.picture.svg)


def _mix(colour: str, ground: str, opacity: float) -> tuple[float, ...]:
    pairs = zip(to_rgb(colour), to_rgb(ground), strict=True)
    return tuple(opacity * ours + (1 - opacity) * theirs for ours, theirs in pairs)


def _contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return the contrast of two colours by WCAG 2.2, from 1 to 21."""

    def measure(colour: tuple[float, ...]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((measure(one), measure(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("ground", "ink"), [(PAPER, style.INK), (DARK_PAGE, DARK_PAGES_INK)])
def test_letters_on_mistakes_can_be_read(ground: str, ink: str) -> None:
    """On paper and on a dark page, on the faintest cell and the deepest: 4.5 to 1 at least."""
    for opacity in np.linspace(style.FAINTEST, style.MIDDLE, 20):
        assert _contrast(to_rgb(ink), _mix(style.ERRORS, ground, float(opacity))) >= 4.5
    deepest = _mix(style.ERRORS, ground, style.DEEPEST)
    assert _contrast(to_rgb(style.ON_DEEP), deepest) >= 4.5


def test_weights_are_told_apart_without_colour() -> None:
    """From negative to positive the colours grow darker, so that grey paper tells them, too."""
    white = to_rgb(PAPER)
    steps = [_contrast(white, to_rgb(colour)) for colour in style.WEIGHTS]
    assert steps[1] > 2 * steps[0]
    assert steps[2] > 2 * steps[1]


@pytest.mark.parametrize(
    ("probability", "printed"),
    [
        (1.0, ">\u202f99.9\u202f%"),
        (0.99996, ">\u202f99.9\u202f%"),
        (0.9995, ">\u202f99.9\u202f%"),
        (0.9994, "99.9\u202f%"),
        (0.5, "50.0\u202f%"),
        (0.0006, "0.1\u202f%"),
        (0.0004, "<\u202f0.1\u202f%"),
        (0.0, "<\u202f0.1\u202f%"),
        (math.nan, "–"),
    ],
)
def test_nothing_is_certain(probability: float, printed: str) -> None:
    """A probability of a softmax is never printed as all or nothing, nor rounded to it."""
    assert printed == format_probability(probability)


def test_weights_are_rounded() -> None:
    """Two decimals, four for small ones, and a true minus."""
    assert "\u22120.39" == format_weight(-0.3931)
    assert "0.0123" == format_weight(0.01234)
    assert "0.0000" == format_weight(-0.0)
    assert "–" == format_weight(math.inf)


def test_sure_mistakes_are_not_certain() -> None:
    """A confidence that the computer rounds to 1 is printed as more than 99.9 %."""
    images, _ = make_digits(100)
    outcome = replace(make_outcome(100), mistakes=(Mistake(3, 3, 8, 1.0),))
    figure = plot_mistakes(outcome, images, "network")
    assert "3 taken for 8 with >\u202f99.9\u202f%" in figure.alt
    assert b"100.0" not in figure.picture.svg


def test_the_data_fits_on_half_a_page() -> None:
    """Balance and samples together are at most 110 mm high, and bars say what they count."""
    images, labels = make_digits()
    balance = plot_class_balance(COUNTS).picture.svg
    samples = plot_samples(images, labels, np.arange(len(images)))
    assert measure_height(balance) + measure_height(samples.picture.svg) <= 110
    assert "3, training: 60 images" in list_hints(balance)
    assert "6 of each digit" in samples.caption
    few = plot_samples(images, labels, np.arange(30))
    assert "up to 6 of each digit" in few.caption
