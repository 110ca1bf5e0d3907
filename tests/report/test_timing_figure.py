"""Accuracy against training time: what the line is said to be, and whose a label is."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pytest

from mnistreport.analysis.results import Results
from mnistreport.report.figures import timing
from mnistreport.report.figures.annotations import Label, Place, place_labels
from mnistreport.report.figures.boxes import Box
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.timing import plot_training_time
from mnistreport.training.result import RunResult
from tests.fake_results import make_results
from tests.report.test_figures import CASES, TITLES

LINE = "variant is both faster and more accurate"


def keep_labelled(results: Results, model: str, values: Collection[float]) -> Results:
    """Return only a model's variants of some learning rates."""
    kept = {
        key: each
        for key, each in results.variants.items()
        if each.variant.model == model and each.variant.training.learning_rate in values
    }
    return replace(results, variants=kept)


def set_times(results: Results, seconds: float) -> Results:
    """Return the results as if every run had taken the same time."""

    def change(run: RunResult) -> RunResult:
        if not run.history:
            return run
        first, *others = (replace(row, duration_seconds=0.0) for row in run.history)
        return replace(run, history=(replace(first, duration_seconds=seconds), *others))

    variants = {
        key: replace(each, runs={seed: change(run) for seed, run in each.runs.items()})
        for key, each in results.variants.items()
    }
    return replace(results, variants=variants)


def read(figure: Figure) -> tuple[str, str, str]:
    """Return what a figure's drawing, caption and alternative say."""
    return figure.picture.svg.decode(), figure.caption, figure.alt


def test_line_is_about_complete_variants_only() -> None:
    """An incomplete variant may be faster and more accurate: no words claim that it is not."""
    for said in read(plot_training_time(make_results(missing={"both": [0]}), TITLES)):
        assert f"no complete {LINE}" in said.lower()
    for said in read(plot_training_time(make_results(), TITLES)):
        assert f"no {LINE}" in said.lower()


def test_no_words_about_a_line_that_is_not_drawn() -> None:
    """Where one variant is both the fastest and the most accurate, there is no line."""
    figure = plot_training_time(set_times(make_results(), 8.0), TITLES)
    for said in read(figure):
        assert LINE not in said
    assert "on the line" not in (figure.caption + figure.alt).lower()
    assert "No variant is faster or more accurate than " in figure.alt


def test_variants_on_the_line_are_told_apart() -> None:
    """Baselines of two models are called the same, so the model is named beside them."""
    both = plot_training_time(make_results(), TITLES).alt
    assert "(Feedforward network)" in both.rpartition(LINE)[2]
    one = plot_training_time(keep_labelled(make_results(), "mlp", {0.001, 0.1, 0.01}), TITLES)
    assert "(Feedforward network)" not in one.alt


def find_strays(labels: Sequence[Label], placed: Sequence[tuple[Label, Place]]) -> list[str]:
    """Return the labels without a line to their dot that are nearer to another's."""
    return [
        label.text
        for label, place in placed
        if not place.leader
        and place.box.measure_distance(label.dot)
        > min(place.box.measure_distance(other.dot) for other in labels)
    ]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("is_even", [False, True])
def test_labels_are_nearest_to_their_own_dots(
    case: str, monkeypatch: pytest.MonkeyPatch, *, is_even: bool
) -> None:
    """Nobody takes a label for that of another variant."""
    strays: list[str] = []

    def place(
        labels: Sequence[Label], panel: Box, taken: Sequence[Box], *, gap: float
    ) -> list[tuple[Label, Place]]:
        placed = place_labels(labels, panel, taken, gap=gap)
        strays.extend(find_strays(labels, placed))
        return placed

    monkeypatch.setattr(timing, "place_labels", place)
    results = CASES[case]()
    plot_training_time(set_times(results, 8.0) if is_even else results, TITLES)
    assert [] == strays


@pytest.mark.parametrize("seed", range(5))
def test_labels_among_many_dots_are_nearest_to_their_own(seed: int) -> None:
    """However dots lie, a label that is not joined to its dot is beside it."""
    noise, panel = np.random.default_rng(seed), Box(0, 0, 150, 70)
    dots = [(float(x), float(y)) for x, y in noise.uniform((0, 0), (150, 70), (40, 2))]
    taken = [Box.around(dot, dot, 1.1) for dot in dots]
    labels = [Label(f"a label {n}", dot, (dot[0] - 4, dot[0] + 4)) for n, dot in enumerate(dots)]
    placed = place_labels(labels, panel, taken, gap=1.7)
    assert len(placed) > len(dots) / 2
    assert [] == find_strays(labels, placed)
    for label, place in placed:
        for other, crossed in placed:
            is_crossed = any(map(crossed.box.meets, place.trace_leader()))
            assert label is other or not is_crossed, (label.text, other.text)
