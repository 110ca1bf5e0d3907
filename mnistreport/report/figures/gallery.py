"""Drawing the figures of a report, on two processes where that is quicker."""

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from typing import Final

import numpy as np

from mnistreport.analysis.first_layer import FirstLayer
from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.processes import (
    collector_paused,
    interrupts_held,
    obey_parent,
    starting_children,
)
from mnistreport.report.figures.balance import plot_class_balance
from mnistreport.report.figures.confusion import plot_confusion
from mnistreport.report.figures.curves import plot_baseline_curves, plot_learning_curves
from mnistreport.report.figures.digits import plot_mistakes, plot_samples
from mnistreport.report.figures.factors import plot_factor
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.filters import plot_filters
from mnistreport.report.figures.plan import PlannedFigure
from mnistreport.report.figures.ranking import plot_ranking
from mnistreport.report.figures.timing import plot_training_time
from mnistreport.training.result import FinalOutcome

_ELSEWHERE: Final = ("curves", "factor")
"""Kinds that another process draws: about half of the work, from little that has to be sent."""
_LEAST: Final = 4
"""Figures for which it is worth while to start one."""


def draw_figures(planned: Sequence[PlannedFigure]) -> dict[str, Figure]:
    """Draw figures; return them by name, in their order."""
    sent = [each for each in planned if each.kind in _ELSEWHERE]
    if len(sent) < _LEAST or len(sent) == len(planned):
        return {each.name: draw_figure(each) for each in planned}
    # Spawned, since a process with threads (torch's, say) cannot safely be forked.
    context = multiprocessing.get_context("spawn")
    with starting_children():  # also the process that sees to its locks
        helper = ProcessPoolExecutor(1, mp_context=context, initializer=obey_parent)
    try:
        with starting_children():
            awaited = {each.name: helper.submit(draw_figure, each) for each in sent}
        drawn = {each.name: draw_figure(each) for each in planned if each.name not in awaited}
        drawn |= {each.name: _get(awaited[each.name], each) for each in reversed(sent)}
    finally:  # at once, also when interrupted: what was not begun is not drawn
        helper.shutdown(cancel_futures=True)
    return {each.name: drawn[each.name] for each in planned}


def _get(drawing: Future[Figure], planned: PlannedFigure) -> Figure:
    """Return what the helper draws; draw it here if it has not come to that, or is gone."""
    if drawing.cancel():
        return draw_figure(planned)
    try:
        return drawing.result()
    except BrokenExecutor:
        return draw_figure(planned)


def draw_figure(planned: PlannedFigure) -> Figure:
    """Draw one figure."""
    with collector_paused(), interrupts_held():
        return _PLOTS[planned.kind](*planned.subject)


def _draw_samples(digits: DigitSet, split: Split) -> Figure:
    return plot_samples(digits.images, digits.labels, np.asarray(split.train))


def _draw_confusion(outcome: FinalOutcome, title: str, model: str) -> Figure:
    return plot_confusion(outcome, title, model=model)


def _draw_mistakes(outcome: FinalOutcome, title: str, model: str, digits: DigitSet) -> Figure:
    return plot_mistakes(outcome, digits.images, title, model=model)


def _draw_filters(
    layer: FirstLayer | None, title: str, model: str, digits: DigitSet, split: Split
) -> Figure:
    train = np.asarray(split.train)
    return plot_filters(layer, digits.images, digits.labels, train, title, model=model)


_PLOTS: Final[Mapping[str, Callable[..., Figure]]] = {
    "class-balance": plot_class_balance,
    "samples": _draw_samples,
    "baseline": plot_baseline_curves,
    "curves": plot_learning_curves,
    "factor": plot_factor,
    "ranking": plot_ranking,
    "training-time": plot_training_time,
    "confusion": _draw_confusion,
    "mistakes": _draw_mistakes,
    "filters": _draw_filters,
}
"""Kinds of figures, and what draws them."""
