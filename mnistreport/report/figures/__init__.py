"""The report's figures: one function each, from results to a picture with its caption."""

from mnistreport.report.figures.balance import plot_class_balance
from mnistreport.report.figures.confusion import plot_confusion
from mnistreport.report.figures.curves import plot_baseline_curves, plot_learning_curves
from mnistreport.report.figures.digits import plot_mistakes, plot_samples
from mnistreport.report.figures.factors import plot_factor
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.gallery import draw_figures
from mnistreport.report.figures.ranking import plot_ranking

__all__ = [
    "Figure",
    "draw_figures",
    "plot_baseline_curves",
    "plot_class_balance",
    "plot_confusion",
    "plot_factor",
    "plot_learning_curves",
    "plot_mistakes",
    "plot_ranking",
    "plot_samples",
]
