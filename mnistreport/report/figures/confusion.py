"""Which digits were taken for which: the confusion matrix of a tested model."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mnistreport.report.figures import style
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.style import Sheet, open_sheet
from mnistreport.report.numbers import format_count, format_percent
from mnistreport.study.experiment import CLASSES
from mnistreport.training.result import FinalOutcome

_LEFT, _TOP, _WIDTH, _HEIGHT = 13.0, 12.0, 13.6, 9.6  # millimetres; the last two of a cell
_NAMED: Final = 3  # pairs of digits that caption and text alternative name
_LEAST_DARKEST: Final = 0.01  # share of mistakes that is drawn darkest, unless there are larger
_DARK: Final = 0.85  # of the darkest, from which letters are white


def plot_confusion(outcome: FinalOutcome, model_title: str, *, model: str = "") -> Figure:
    """Draw the confusion matrix: counts, and shares of each true digit's images.

    Only mistakes are coloured; the diagonal would outshine them.

    Args:
        outcome: What the test split said.
        model_title: The model in words.
        model: The model's name in the manifest; names the figure, else the title does.
    """
    counts = np.array(outcome.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with open_sheet(_TOP + CLASSES * _HEIGHT + 1.0) as sheet:
        axes = sheet.add_panel(_LEFT, _TOP, CLASSES * _WIDTH, CLASSES * _HEIGHT)
        _colour_cells(axes, shares)
        _write_cells(sheet, counts, shares)
        _write_margins(sheet, counts)
        picture = sheet.render()
    pairs = _name_pairs(counts)
    right, of = format_count(outcome.right), format_count(outcome.images)
    accuracy = format_percent(outcome.accuracy)
    often = f"Most often confused: {pairs}." if pairs else "No image was misclassified."
    caption = (
        f"Confusion matrix of the {model_title} on the {of} test images: counts, and shares of "
        f"each true digit's images; mistakes are the darker the larger that share. {often}"
    )
    alt = (
        f"Confusion matrix of the {model_title}: {right} of {of} test images on the diagonal, an "
        f"accuracy of {accuracy}. {often}"
    )
    return Figure(f"{model or style.make_slug(model_title)}-confusion", picture, caption, alt)


def _colour_cells(axes: Axes, shares: NDArray[np.float64]) -> None:
    import seaborn as sns

    errors = _drop_diagonal(shares)
    sns.heatmap(
        errors,
        ax=axes,
        cmap=LinearSegmentedColormap.from_list("errors", style.ERRORS),
        vmin=0,
        vmax=_find_darkest(shares),
        cbar=False,
        xticklabels=False,
        yticklabels=False,
        linewidths=0.5,
        linecolor=style.FAINT,
    )
    axes.collections[0].set_clip_on(False)  # the outer lines at full width
    for digit in range(CLASSES):
        axes.add_patch(Rectangle((digit, digit), 1, 1, color=style.NOISE, lw=0))


def _drop_diagonal(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.eye(CLASSES, dtype=bool), 0.0, values)


def _find_darkest(shares: NDArray[np.float64]) -> float:
    return max(float(_drop_diagonal(shares).max()), _LEAST_DARKEST)


def _write_cells(sheet: Sheet, counts: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
    darkest = _find_darkest(shares)
    for (true, predicted), count in np.ndenumerate(counts):
        if not count:
            continue
        share, is_right = float(shares[true, predicted]), true == predicted
        is_dark = not is_right and share > _DARK * darkest
        colour = "white" if is_dark else style.INK
        x, y = _LEFT + (predicted + 0.5) * _WIDTH, _TOP + true * _HEIGHT
        sheet.write(
            x,
            y + 4.2,
            format_count(int(count)),
            size=style.LARGE,
            colour=colour,
            weight=400 if is_right else style.BOLD,
            align="center",
        )
        colour = "white" if is_dark else style.QUIET if is_right else style.INK
        sheet.write(
            x, y + 7.6, format_percent(share, 1), size=style.SMALL, colour=colour, align="center"
        )


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
