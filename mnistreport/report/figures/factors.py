"""A factor's effect: where each level ended, against the noise of the baseline."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from matplotlib.axes import Axes

from mnistreport.analysis.results import StudySummary
from mnistreport.analysis.statistics import Measure
from mnistreport.report.figures import scales, style
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.labels import describe_trouble, list_ends
from mnistreport.report.figures.places import CLOSEST, Row, Spot, place_levels
from mnistreport.report.figures.style import SMALL, Sheet, open_sheet
from mnistreport.report.numbers import format_measure, format_percent, format_points
from mnistreport.report.wording import name_factor, name_level

_LEFT, _WIDTH = 11.0, 127.0  # millimetres
_TOP, _HEIGHT, _STRIP, _GAP_HEIGHT = 7.0, 41.0, 8.5, 16.0
_EDGE: Final = 11.0  # between the axes' ends and the first and last level
_ROOM_FOR_NUMBERS: Final = 13.0
_LONGEST_LABEL: Final = 44.0  # when written upwards
_CLOSEST_LABELS: Final = 3.2  # when written upwards; more are left out
_LINES: Final = 2


def plot_factor(study: StudySummary) -> Figure:
    """Draw validation accuracy by level, every seed a dot, and how far training is ahead of it."""
    row = place_levels(study, _EDGE, _WIDTH - _EDGE)
    means = [spot.accuracy.mean for spot in row.spots if spot.accuracy]
    cut = scales.find_cut(means)
    below = [spot for spot in row.spots if spot.accuracy and cut and spot.accuracy.mean < cut]
    has_strip = bool(below) or any(not spot.accuracy for spot in row.spots)
    gap_top = _TOP + _HEIGHT + (_STRIP if has_strip else 0.0) + 9.0
    bottom = gap_top + _GAP_HEIGHT
    with open_sheet(bottom + _measure_labels(study, row)) as sheet:
        _write_title(sheet, 3.0, "Validation accuracy (%) at the last epoch")
        axes = sheet.add_panel(_LEFT, _TOP, _WIDTH, _HEIGHT)
        _draw_accuracies(sheet, axes, study, row, below)
        if has_strip:
            _draw_strip(sheet, row, below)
        _write_title(sheet, gap_top - 3.0, "Training minus validation accuracy (percentage points)")
        _draw_gaps(sheet.add_panel(_LEFT, gap_top, _WIDTH, _GAP_HEIGHT), row)
        _write_labels(sheet, study, row, bottom)
        picture = sheet.render()
    return Figure(
        f"{study.study.slug}-factor",
        picture,
        _caption_factor(study, below),
        f"Validation accuracy at the last epoch by level, study “{study.study.title}”. "
        f"{list_ends(study, study.levels)}",
    )


def _draw_accuracies(
    sheet: Sheet, axes: Axes, study: StudySummary, row: Row, below: Sequence[Spot]
) -> None:
    shown = [spot for spot in row.spots if spot.accuracy and spot not in below]
    low, high = _find_limits(shown)
    scales.set_percent_ticks(axes, low, high)
    axes.set_xlim(0, _WIDTH)
    axes.tick_params(bottom=False, labelbottom=False)
    axes.spines["bottom"].set_visible(False)
    baseline = study.baseline.summary.accuracy
    if baseline and low <= baseline.mean <= high:
        y = _TOP + _HEIGHT * (high - baseline.mean) / (high - low)
        _draw_noise(sheet, axes, baseline, y)
    for before, after in pairwise(row.spots):
        is_drawn = row.scale and before in shown and after in shown
        if is_drawn and before.accuracy and after.accuracy:
            means = (before.accuracy.mean, after.accuracy.mean)
            axes.plot((before.x, after.x), means, color=style.REFERENCE, lw=0.7, zorder=2)
    for spot in shown:
        if not (measure := spot.accuracy):
            continue
        _draw_measure(axes, spot, measure, row.spacing)
        if row.spacing >= _ROOM_FOR_NUMBERS:
            axes.annotate(
                format_percent(measure.mean),
                (spot.x, max(_list_extremes(measure))),
                (0, 3.5),
                textcoords="offset points",
                ha="center",
                size=SMALL,
                weight=style.BOLD if spot.level is study.best else 400,
                bbox={"facecolor": "white", "alpha": 0.8, "pad": 0.4, "lw": 0},
            )


def _find_limits(shown: Sequence[Spot]) -> tuple[float, float]:
    """Return limits that hold every dot and bar, and above them a number."""
    values = [value for spot in shown if spot.accuracy for value in _list_extremes(spot.accuracy)]
    low, high = min(values, default=0.0), max(values, default=1.0)
    span = max(high - low, 0.004)  # or else differences of nothing would look like some
    middle = (low + high) / 2
    return middle - 0.57 * span, middle + 0.66 * span


def _draw_noise(sheet: Sheet, axes: Axes, baseline: Measure, y: float) -> None:
    x = _LEFT + _WIDTH + 1.5
    axes.axhline(baseline.mean, color=style.REFERENCE, lw=0.6, ls=(0, (4, 2)), zorder=1)
    text = "baseline"
    if baseline.sd is not None:
        low, high = baseline.mean - baseline.sd, baseline.mean + baseline.sd
        axes.axhspan(low, high, color=style.NOISE, lw=0, zorder=0)
        text = f"baseline ± one\nstandard deviation\nover {baseline.n} seeds"
    sheet.write(x, y, text, size=SMALL, colour=style.QUIET, valign="center")


def _draw_measure(
    axes: Axes, spot: Spot, measure: Measure, spacing: float, colour: str = style.VALIDATION
) -> None:
    """Draw each seed as a dot, side by side, over their mean and standard deviation."""
    half = min(2.8, 0.4 * spacing)
    step = min(1.7, 2 * (half - 0.2) / measure.n)
    if measure.sd is not None:
        axes.errorbar(spot.x, measure.mean, measure.sd, color=style.INK, lw=0.7, zorder=3)
        ends = [spot.x - half, spot.x + half]
        axes.plot(ends, [measure.mean] * 2, color=style.INK, lw=0.9, zorder=3)
    places = [spot.x + step * (place - (measure.n - 1) / 2) for place in range(measure.n)]
    dots = style.dots(colour, is_complete=spot.is_complete)
    axes.plot(places, measure.values, zorder=4, **dots)


def _list_extremes(measure: Measure) -> list[float]:
    sd = measure.sd or 0.0
    return [*measure.values, measure.mean - sd, measure.mean + sd]


def _draw_strip(sheet: Sheet, row: Row, below: Sequence[Spot]) -> None:
    """Write below the axes what does not fit on them: levels far below, and those without runs."""
    top, right = _TOP + _HEIGHT + 1.5, _LEFT + _WIDTH
    overlay = sheet.add_overlay()
    overlay.plot([_LEFT, right], [top, top], color=style.QUIET, lw=0.5, ls=(0, (1.5, 1.5)))
    width = min(row.spacing - 1.0, 2 * _EDGE)
    for spot in row.spots:
        x = _LEFT + spot.x
        if spot in below and spot.accuracy:
            overlay.plot(x, top + 2.2, "v", ms=3.6, color=style.VALIDATION)
            text = style.cut_text(format_percent(spot.accuracy.mean), width, SMALL)
            sheet.write(x, top + 6.4, text, size=SMALL, align="center")
        elif not spot.accuracy:
            trouble = describe_trouble(spot.level.summary)
            for number, line in enumerate(style.wrap_text(trouble, width, _LINES, SMALL)):
                sheet.write(x, top + 3.4 + 3.0 * number, line, size=SMALL, align="center")
    if below:
        text = "far below\nthis scale"
        sheet.write(right + 1.5, top + 3.8, text, size=SMALL, colour=style.QUIET, valign="center")


def _draw_gaps(axes: Axes, row: Row) -> None:
    gaps = [(spot, gap) for spot in row.spots if (gap := spot.level.summary.gap)]
    values = [0.0, *(value for _, gap in gaps for value in _list_extremes(gap))]
    low, high = min(values), max(values)
    span = max(high - low, 0.002)
    axes.set_xlim(0, _WIDTH)
    scales.set_percent_ticks(axes, low - 0.12 * span, high + 0.12 * span, marks=4)
    axes.set_xticks([spot.x for spot in row.spots], [""] * len(row.spots))
    axes.axhline(0, color=style.QUIET, lw=0.5)
    for spot, gap in gaps:
        _draw_measure(axes, spot, gap, row.spacing, style.QUIET)


def _are_upright(study: StudySummary, row: Row) -> bool:
    """Tell whether the levels' labels fit below one another only if they are written upwards."""
    labels = [level.label for level in study.levels]
    wrapped = [style.wrap_text(label, row.spacing - 1.5, _LINES, SMALL) for label in labels]
    is_cut = any(line.endswith("…") for lines in wrapped for line in lines)
    return row.spacing < CLOSEST or (is_cut and row.spacing < 2 * _EDGE)


def _measure_labels(study: StudySummary, row: Row) -> float:
    """Return the height of what stands below the axes."""
    axis = 5.5 if study.study.factor else 3.0
    if not _are_upright(study, row):
        return 9.0 + axis
    longest = max(style.measure_text(level.label, SMALL, style.BOLD) for level in study.levels)
    return min(longest, _LONGEST_LABEL) + 3.5 + axis


def _write_labels(sheet: Sheet, study: StudySummary, row: Row, top: float) -> None:
    is_upright = _are_upright(study, row)
    every = math.ceil(_CLOSEST_LABELS / row.spacing)
    for place, spot in enumerate(row.spots):
        if (place - study.levels.index(study.baseline)) % every:
            continue
        x, label = _LEFT + spot.x, spot.level.label
        is_baseline = spot.level.level.is_baseline
        weight = style.BOLD if is_baseline else 400
        if is_upright:
            text = style.cut_text(label, _LONGEST_LABEL, SMALL, weight)
            y = top + 2.5
            sheet.write(
                x, y, text, size=SMALL, weight=weight, align="center", valign="top", rotation=90
            )
            continue
        lines = style.wrap_text(label, row.spacing - 1.5, _LINES, SMALL, weight)
        for number, line in enumerate(lines):
            y = top + 5.0 + 3.0 * number
            sheet.write(x, y, line, size=SMALL, weight=weight, align="center")
        if is_baseline:
            y = top + 5.0 + 3.0 * len(lines)
            sheet.write(x, y, "baseline", size=SMALL, colour=style.QUIET, align="center")
    if factor := study.study.factor:
        notes = {"logarithmic": " (logarithmic)", "even": " (not to scale)"}
        text = name_factor(factor) + notes.get(row.scale, "")
        sheet.write(_LEFT + _WIDTH / 2, sheet.height - 1.5, text, align="center")


def _write_title(sheet: Sheet, y: float, text: str) -> None:
    sheet.write(0.5, y, text, size=style.LARGE, weight=style.BOLD)


def _caption_factor(study: StudySummary, below: Sequence[Spot]) -> str:
    what = name_factor(study.study.factor) if study.study.factor else "variant"
    said = f"Validation accuracy at the last epoch by {what}: a dot for each seed"
    baseline = study.baseline.summary.accuracy
    if baseline is not None and baseline.sd is not None:
        said += (
            ", with mean and standard deviation; what lies in the grey band is no further from "
            "the baseline than its own seeds usually are."
        )
    else:
        said += ". The spread of the baseline over seeds is not known."
    if any(level.summary.finished and not level.summary.complete for level in study.levels):
        said += " Hollow dots: not all runs of the level finished."
    far = [
        f"{name_level(study, spot.level)} with {format_measure(spot.accuracy)}"
        for spot in below
        if spot.accuracy
    ]
    if far:
        said += f" Far below the scale: {', '.join(far)}."
    gaps = [(gap.mean, level) for level in study.levels if (gap := level.summary.gap)]
    if gaps:
        widest, level = max(gaps, key=lambda gap: gap[0])
        said += (
            f" Below, the gap to training accuracy, widest for {name_level(study, level)} "
            f"({format_points(widest)})."
        )
    return said
