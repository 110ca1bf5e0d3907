"""All figures of a report, each under its name."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mnistreport.analysis.results import Results
from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.report.figures.balance import plot_class_balance
from mnistreport.report.figures.confusion import plot_confusion
from mnistreport.report.figures.curves import plot_baseline_curves, plot_learning_curves
from mnistreport.report.figures.digits import plot_mistakes, plot_samples
from mnistreport.report.figures.factors import plot_factor
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.ranking import plot_ranking
from mnistreport.report.views import ReportContext
from mnistreport.training.result import FinalOutcome


def draw_figures(
    results: Results,
    digits: DigitSet,
    split: Split,
    outcomes: Sequence[FinalOutcome],
    context: ReportContext,
) -> Mapping[str, Figure]:
    """Draw every figure of the report.

    Args:
        results: The runs, summarised.
        digits: The data set.
        split: Which image is in which split.
        outcomes: What the test split said, for each of ``context.finals``.
        context: Titles, and images per digit.
    """
    figures = _draw(results, digits, split, outcomes, context)
    return {figure.name: figure for figure in figures}


def _draw(
    results: Results,
    digits: DigitSet,
    split: Split,
    outcomes: Sequence[FinalOutcome],
    context: ReportContext,
) -> Iterator[Figure]:
    yield plot_class_balance({each.name: each.per_digit for each in context.data.splits})
    yield plot_samples(digits.images, digits.labels, np.asarray(split.train))
    for model in context.models:
        yield plot_baseline_curves(results.variants[model.baseline.key], model.title)
    for study in results.studies:
        yield plot_learning_curves(study)
        yield plot_factor(study)
    yield plot_ranking(results, {model.name: model.title for model in context.models})
    for final, outcome in zip(context.finals, outcomes, strict=True):
        yield plot_confusion(outcome, final.title, model=final.model)
        yield plot_mistakes(outcome, digits.images, final.title, model=final.model)
