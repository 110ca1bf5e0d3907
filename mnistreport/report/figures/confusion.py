"""Which digits were taken for which: the confusion matrix of a tested model."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mnistreport.report.figures import style
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.style import Sheet, open_sheet
from mnistreport.report.numbers import format_count, format_percent
from mnistreport.study.experiment import CLASSES
from mnistreport.study.naming import make_slug
from mnistreport.training.result import FinalOutcome

_LEFT, _TOP, _WIDTH, _HEIGHT = 13.0, 11.5, 13.6, 8.7  # millimetres; the last two of a cell
_NAMED: Final = 3  # pairs of digits that caption and text alternative name
_LEAST_DARKEST: Final = 0.01  # share of mistakes that is drawn darkest, unless there are larger
_DARK: Final = 0.8  # of the darkest, from which letters are white


def plot_confusion(outcome: FinalOutcome, model_title: str, *, model: str = "") -> Figure:
    """Draw the confusion matrix: counts, and shares of each true digit's images.

    Only mistakes are coloured; the diagonal would outshine them.

    Args:
        outcome: What the test split said.
        model_title: The model in words.
        model: The model's name in the manifest; names the figure, else the title does.
    """
    counts = np.array(outcome.confusion)
    with open_sheet(_TOP + CLASSES * _HEIGHT + 0.8) as sheet:
        axes = sheet.add_panel(_LEFT, _TOP, CLASSES * _WIDTH, CLASSES * _HEIGHT)
        _colour_cells(sheet, axes, counts)
        _write_cells(sheet, counts)
        _write_margins(sheet, counts)
        picture = sheet.render()
    pairs = _name_pairs(counts)
    right, of = format_count(outcome.right), format_count(outcome.images)
    accuracy = format_percent(outcome.accuracy)
    often = f"Most often confused: {pairs}." if pairs else "No image was misclassified."
    caption = (
        f"Confusion matrix of the {model_title} on the {of} test images: counts, and shares of "
        f"each true digit’s images; the larger that share, the deeper a mistake’s colour. {often}"
    )
    alt = (
        f"Confusion matrix of the {model_title}: {right} of {of} test images on the diagonal, an "
        f"accuracy of {accuracy}. {often}"
    )
    return Figure(f"{model or make_slug(model_title)}-confusion", picture, caption, alt)


def _colour_cells(sheet: Sheet, axes: Axes, counts: NDArray[np.int64]) -> None:
    """Colour what was taken for another digit, and say on hover how often."""
    import seaborn as sns

    shares = _share_rows(counts)
    clear, full = to_rgba(style.ERRORS, 0.0), to_rgba(style.ERRORS, 1.0)
    sns.heatmap(
        _find_opacities(shares),
        ax=axes,
        cmap=LinearSegmentedColormap.from_list("errors", [clear, full]),
        vmin=0,
        vmax=1,
        cbar=False,
        xticklabels=False,
        yticklabels=False,
        linewidths=0.5,
        linecolor=style.FAINT,
    )
    axes.collections[0].set_clip_on(False)  # the outer lines at full width
    for (true, predicted), count in np.ndenumerate(counts):
        is_right = true == predicted
        if not (count or is_right):
            continue
        cell = Rectangle((predicted, true), 1, 1, lw=0, color=style.NOISE)
        cell.set_alpha(None if is_right else 0.0)  # a mistake has its colour already
        axes.add_patch(cell)
        sheet.hint(cell, _say_cell(true, predicted, int(count), float(shares[true, predicted])))


def _say_cell(true: int, predicted: int, count: int, share: float) -> str:
    done = "recognised" if true == predicted else f"taken for {predicted}"
    images = "image" if count == 1 else "images"
    return f"{true} {done}: {format_count(count)} {images}, {format_percent(share, 1)}"


def _share_rows(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _find_opacities(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how deeply each cell is coloured, from 0 to 1; what is right is not.

    A step keeps out of the middle, where neither dark nor white letters can be read.
    """
    errors = np.where(np.eye(CLASSES, dtype=bool), 0.0, shares)
    depths = errors / max(float(errors.max()), _LEAST_DARKEST)
    light = style.FAINTEST + (style.MIDDLE - style.FAINTEST) * depths / _DARK
    opacities = np.where(depths > _DARK, style.DEEPEST, light)
    return np.where(errors > 0, opacities, 0.0)


def _write_cells(sheet: Sheet, counts: NDArray[np.int64]) -> None:
    shares = _share_rows(counts)
    opacities = _find_opacities(shares)
    for (true, predicted), count in np.ndenumerate(counts):
        if not count:
            continue
        is_right, is_deep = true == predicted, opacities[true, predicted] > style.MIDDLE
        colour = style.ON_DEEP if is_deep else style.QUIET if is_right else style.INK
        x, y = _LEFT + (predicted + 0.5) * _WIDTH, _TOP + true * _HEIGHT
        number, percent = (
            format_count(int(count)),
            format_percent(float(shares[true, predicted]), 1),
        )
        weight = 400 if is_right else style.BOLD
        size = style.LARGE
        sheet.write(x, y + 3.8, number, size=size, colour=colour, weight=weight, align="center")
        sheet.write(x, y + 7.0, percent, size=style.SMALL, colour=colour, align="center")


def _write_margins(sheet: Sheet, counts: NDArray[np.int64]) -> None:
    right = _LEFT + CLASSES * _WIDTH
    sheet.write(_LEFT + CLASSES * _WIDTH / 2, 4.0, "predicted digit", align="center")
    sheet.write(
        2.0,
        _TOP + CLASSES * _HEIGHT / 2,
        "true digit",
        align="center",
        valign="center",
        rotation=90,
    )
    sheet.write(
        right + 15.0, 9.5, "test images", size=style.SMALL, colour=style.QUIET, align="right"
    )
    for digit in range(CLASSES):
        x, y = _LEFT + (digit + 0.5) * _WIDTH, _TOP + (digit + 0.5) * _HEIGHT
        sheet.write(x, 9.5, str(digit), size=style.LARGE, weight=style.BOLD, align="center")
        sheet.write(
            _LEFT - 3.5,
            y,
            str(digit),
            size=style.LARGE,
            weight=style.BOLD,
            align="center",
            valign="center",
        )
        total = format_count(int(counts[digit].sum()))
        sheet.write(
            right + 12.0,
            y,
            total,
            size=style.SMALL,
            colour=style.QUIET,
            align="right",
            valign="center",
        )


def _name_pairs(counts: NDArray[np.int64]) -> str:
    """Name the most frequent confusions: ``4 taken for 9 (31 times)``."""
    errors = np.where(np.eye(CLASSES, dtype=bool), 0, counts)
    order = np.argsort(-errors, axis=None, kind="stable")[:_NAMED].tolist()
    said = [
        f"{place // CLASSES} taken for {place % CLASSES} "
        f"({'once' if times == 1 else f'{format_count(times)} times'})"
        for place in order
        if (times := int(errors.flat[place]))
    ]
    return ", ".join(said)
