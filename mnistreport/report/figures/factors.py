"""A factor's effect: where each level ended, against the noise of the baseline."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from matplotlib.axes import Axes

from mnistreport.analysis.results import StudySummary
from mnistreport.analysis.statistics import Interval, Measure
from mnistreport.report.figures import marks, scales, style, updates
from mnistreport.report.figures.ablation import find_switches, plot_ablation
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.labels import describe_imported, describe_trouble, list_ends
from mnistreport.report.figures.marks import Mark
from mnistreport.report.figures.places import CLOSEST, Row, Spot, place_levels
from mnistreport.report.figures.style import SMALL, Sheet, open_sheet
from mnistreport.report.numbers import format_measure, format_percent, format_points
from mnistreport.report.wording import capitalise, name_factor, name_level

_LEFT: Final = 11.0  # millimetres, as all that follow
_NARROW: Final = 72.0  # width of the axes where others stand beside them
_COURSES: Final = 97.0  # where those begin
_TOP, _GAP_HEIGHT = 12.5, 12.0
_STRIPS: Final = (0.0, 8.5, 8.5, 11.0)  # height of what stands below the axes, by lines of words
_HIGHEST: Final = 87.0  # of all together, if labels are no longer than numbers are
_HEIGHTS: Final = (24.0, 38.0)
_EDGES: Final = (8.0, 11.0)  # between the ends of narrow or wide axes and the outermost levels
_ROOM_FOR_NUMBERS: Final = 11.0
_LONGEST_LABEL: Final = 24.0  # when written upwards
_CLOSEST_LABELS: Final = 3.2  # when written upwards; more are left out
_LINES: Final = 2
_SHARES: Final = Interval(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where everything stands, in millimetres.

    Attributes:
        row: The levels.
        below: Those that are far below the axes.
        width: Of the axes.
        height: Of the upper ones.
        strip: Lines of what is written below them.
        is_upright: Whether labels are.
        has_courses: Whether accuracies by number of updates stand beside them.
    """

    row: Row
    below: Sequence[Spot]
    width: float
    height: float
    strip: int
    is_upright: bool
    has_courses: bool

    @property
    def gap_top(self) -> float:
        """Upper end of the lower axes."""
        return _TOP + self.height + _STRIPS[self.strip] + 8.0

    @property
    def bottom(self) -> float:
        """Lower end of the lower axes."""
        return self.gap_top + _GAP_HEIGHT


def plot_factor(study: StudySummary) -> Figure:
    """Draw validation accuracy by level, every seed a dot, and how far training is ahead of it.

    Levels that change how far descent comes have their courses beside that, by number of
    updates. A study that switches two things on and off is drawn as the square that it is.
    """
    if corners := find_switches(study):
        return plot_ablation(study, corners)
    plan, below_axes = _plan(study)
    row = plan.row
    shown = [spot for spot in row.spots if spot.accuracy and spot not in plan.below]
    reach = marks.find_reach(
        [spot.accuracy for spot in shown if spot.accuracy], least=0.004, bounds=_SHARES
    )
    with open_sheet(plan.bottom + below_axes) as sheet:
        _write_title(sheet, 0.5, 9.0, "Validation accuracy (%) at the last epoch")
        axes = sheet.add_panel(_LEFT, _TOP, plan.width, plan.height)
        has_baseline = _draw_accuracies(sheet, axes, study, plan, shown, reach)
        if plan.strip:
            _draw_strip(sheet, plan)
        title = "Training minus validation accuracy (percentage points)"
        _write_title(sheet, 0.5, plan.gap_top - 2.6, title)
        gaps = sheet.add_panel(_LEFT, plan.gap_top, plan.width, _GAP_HEIGHT)
        is_cut = any(spot.accuracy and marks.is_cut(spot.accuracy, reach) for spot in shown)
        is_cut |= _draw_gaps(sheet, gaps, study, plan)
        _write_labels(sheet, study, plan)
        measures = [spot.accuracy for spot in row.spots if spot.accuracy]
        if measures:
            has_interval = any(measure.sd is not None for measure in measures)
            band = marks.name_band(study) if has_baseline else ""
            marks.draw_key(sheet, 3.0, has_interval=has_interval, band=band)
        if plan.has_courses:
            _write_title(sheet, _COURSES - 8.0, 9.0, "Validation accuracy (%) after each epoch")
            updates.draw_courses(sheet, study, _COURSES, _TOP, max(sheet.height, 70.0))
        picture = sheet.render()
    alt = (
        f"Validation accuracy at the last epoch by level, study “{study.study.title}”. "
        f"{list_ends(study, study.levels)}"
    )
    if plan.has_courses:
        alt += f" {updates.describe_courses(study)}"
    caption = _caption_factor(study, plan, is_cut=is_cut, has_baseline=has_baseline)
    return Figure(f"{study.study.slug}-factor", picture, caption, alt)


def _plan(study: StudySummary) -> tuple[_Plan, float]:
    """Return where everything stands, and the height of what stands below the axes."""
    has_courses = updates.has_courses(study)
    width, edge = (_NARROW, _EDGES[0]) if has_courses else (style.WIDTH - _LEFT - 1.0, _EDGES[1])
    row = place_levels(study, edge, width - edge)
    cut = scales.find_cut([spot.accuracy.mean for spot in row.spots if spot.accuracy])
    below = [spot for spot in row.spots if spot.accuracy and cut and spot.accuracy.mean < cut]
    lines = [len(_wrap_trouble(spot, row)) for spot in row.spots if not spot.accuracy]
    strip = max([*lines, 2 if below else 0])
    is_upright = _are_upright(row)
    labels = _measure_labels(study, is_upright=is_upright)
    taken = _Plan(row, below, width, 0.0, strip, is_upright, has_courses).bottom + labels
    height = min(max(_HIGHEST - taken, _HEIGHTS[0]), _HEIGHTS[1])
    return _Plan(row, below, width, height, strip, is_upright, has_courses), labels


def _draw_accuracies(
    sheet: Sheet,
    axes: Axes,
    study: StudySummary,
    plan: _Plan,
    shown: Sequence[Spot],
    reach: Interval,
) -> bool:
    """Draw the levels' accuracies; return whether the baseline's is among what can be seen."""
    span = reach.high - reach.low
    low, high = reach.low - 0.06 * span, reach.high + 0.16 * span
    scales.set_percent_ticks(axes, low, high)
    axes.set_xlim(0, plan.width)
    axes.tick_params(bottom=False, labelbottom=False)
    axes.spines["bottom"].set_visible(False)
    baseline = study.baseline.summary.accuracy
    has_baseline = baseline is not None and low <= baseline.mean <= high
    if baseline and has_baseline:
        _draw_noise(axes, baseline)
    row = plan.row
    for before, after in pairwise(row.spots):
        is_drawn = row.scale and before in shown and after in shown
        if is_drawn and before.accuracy and after.accuracy:
            means = (before.accuracy.mean, after.accuracy.mean)
            axes.plot((before.x, after.x), means, color=style.REFERENCE, lw=0.7, zorder=2)
    for spot in shown:
        if not (measure := spot.accuracy):
            continue
        summary = spot.level.summary
        mean = f"{capitalise(name_level(study, spot.level))}: {format_measure(measure)}"
        mark = Mark(measure, marks.name_seeds(summary, measure.values), mean, summary.complete)
        marks.draw_mark(sheet, axes, spot.x, mark, reach, half=_find_half(row))
        if row.spacing >= _ROOM_FOR_NUMBERS:
            interval = marks.clip_interval(measure, reach)
            axes.annotate(
                format_percent(measure.mean),
                (spot.x, max(*measure.values, interval.high)),
                (0, 3.5),
                textcoords="offset points",
                ha="center",
                size=SMALL,
                weight=style.BOLD if spot.level is study.best else 400,
                bbox={"facecolor": "white", "alpha": 0.8, "pad": 0.4, "lw": 0},
            )
    return has_baseline


def _draw_noise(axes: Axes, baseline: Measure) -> None:
    axes.axhline(baseline.mean, color=style.REFERENCE, lw=0.6, ls=style.FINE, zorder=1)
    if baseline.sd is not None:
        low, high = baseline.mean - baseline.sd, baseline.mean + baseline.sd
        axes.axhspan(low, high, color=style.NOISE, lw=0, zorder=0)


def _find_half(row: Row) -> float:
    return min(2.8, 0.4 * row.spacing)


def _draw_strip(sheet: Sheet, plan: _Plan) -> None:
    """Write below the axes what does not fit on them: levels far below, and those without runs."""
    top, right, row = _TOP + plan.height + 1.5, _LEFT + plan.width, plan.row
    overlay = sheet.add_overlay()
    overlay.plot([_LEFT, right], [top, top], color=style.QUIET, lw=0.5, ls=(0, (1.5, 1.5)))
    width = _find_width(row)
    for spot in row.spots:
        x = _LEFT + spot.x
        if spot in plan.below and spot.accuracy:
            (mark,) = overlay.plot(x, top + 2.2, "v", ms=3.6, color=style.VALIDATION)
            sheet.hint(mark, format_measure(spot.accuracy))
            texts = [format_percent(spot.accuracy.mean, digits) for digits in (2, 1, 0)]
            fitting = (text for text in texts if style.measure_text(text, SMALL) <= width)
            text = next(fitting, "")  # its hint has it
            sheet.write(x, top + 6.4, text, size=SMALL, align="center")
        elif not spot.accuracy:
            for number, line in enumerate(_wrap_trouble(spot, row)):
                sheet.write(x, top + 3.4 + 2.8 * number, line, size=SMALL, align="center")
    if plan.below:
        for number, text in enumerate(("far", "below")):
            y = top + 3.4 + 3.0 * number
            sheet.write(_LEFT - 1.0, y, text, size=SMALL, colour=style.QUIET, align="right")


def _find_width(row: Row) -> float:
    return min(row.spacing - 1.0, 2 * row.spots[0].x)


def _wrap_trouble(spot: Spot, row: Row) -> list[str]:
    trouble = describe_trouble(spot.level.summary)
    return style.wrap_text(trouble, _find_width(row), len(_STRIPS) - 1, SMALL)


def _draw_gaps(sheet: Sheet, axes: Axes, study: StudySummary, plan: _Plan) -> bool:
    """Draw the gaps; return whether an interval goes on beyond the axis."""
    row = plan.row
    gaps = [(spot, gap) for spot in row.spots if (gap := spot.level.summary.gap)]
    reach = marks.find_reach([gap for _, gap in gaps], least=0.002)
    low, high = min(reach.low, 0.0), max(reach.high, 0.0)
    room = 0.12 * (high - low)
    axes.set_xlim(0, plan.width)
    scales.set_percent_ticks(axes, low - room, high + room, marks=4)
    axes.set_xticks([spot.x for spot in row.spots], [""] * len(row.spots))
    axes.axhline(0, color=style.QUIET, lw=0.5)
    for spot, gap in gaps:
        summary = spot.level.summary
        seeds = [f"seed {seed}: {format_points(value)}" for seed, value in summary.gaps.items()]
        mean = f"{capitalise(name_level(study, spot.level))}: {format_measure(gap)}"
        mark = Mark(gap, seeds, mean, summary.complete, style.QUIET)
        marks.draw_mark(sheet, axes, spot.x, mark, reach, half=_find_half(row))
    return any(marks.is_cut(gap, reach) for _, gap in gaps)


def _are_upright(row: Row) -> bool:
    """Tell whether the levels' labels fit below one another only if they are written upwards."""
    wrapped = [_wrap_label(spot, row) for spot in row.spots]
    is_cut = any(line.endswith("…") for lines in wrapped for line in lines)
    return row.spacing < CLOSEST or (is_cut and row.spacing < 2 * _EDGES[1])


def _wrap_label(spot: Spot, row: Row) -> list[str]:
    """Return a level's label in lines that reach neither the next one nor the sheet's edge."""
    edge = min(_LEFT + spot.x, style.WIDTH - _LEFT - spot.x)
    weight = style.BOLD if spot.level.level.is_baseline else 400
    width = min(row.spacing - 1.5, 2 * edge - 0.5)
    return style.wrap_text(spot.level.label, width, _LINES, SMALL, weight)


def _measure_labels(study: StudySummary, *, is_upright: bool) -> float:
    """Return the height of what stands below the axes."""
    axis = 5.5 if study.study.factor else 3.0
    if not is_upright:
        return 8.0 + axis
    longest = max(style.measure_text(level.label, SMALL, style.BOLD) for level in study.levels)
    return min(longest, _LONGEST_LABEL) + 3.5 + axis


def _write_labels(sheet: Sheet, study: StudySummary, plan: _Plan) -> None:
    row, top = plan.row, plan.bottom
    every = math.ceil(_CLOSEST_LABELS / row.spacing)
    for place, spot in enumerate(row.spots):
        if (place - study.levels.index(study.baseline)) % every:
            continue
        x, label = _LEFT + spot.x, spot.level.label
        is_baseline = spot.level.level.is_baseline
        weight = style.BOLD if is_baseline else 400
        if plan.is_upright:
            text = style.cut_text(label, _LONGEST_LABEL, SMALL, weight)
            y = top + 2.5
            sheet.write(
                x, y, text, size=SMALL, weight=weight, align="center", valign="top", rotation=90
            )
            continue
        lines = _wrap_label(spot, row)
        for number, line in enumerate(lines):
            y = top + 4.2 + 3.0 * number
            sheet.write(x, y, line, size=SMALL, weight=weight, align="center")
        if is_baseline:
            y = top + 4.2 + 3.0 * len(lines)
            sheet.write(x, y, "baseline", size=SMALL, colour=style.QUIET, align="center")
    if factor := study.study.factor:
        notes = {"logarithmic": " (logarithmic)", "even": " (not to scale)"}
        text = name_factor(factor) + notes.get(row.scale, "")
        sheet.write(_LEFT + plan.width / 2, sheet.height - 0.8, text, align="center")


def _write_title(sheet: Sheet, x: float, y: float, text: str) -> None:
    sheet.write(x, y, text, size=style.LARGE, weight=style.BOLD)


def _caption_factor(study: StudySummary, plan: _Plan, *, is_cut: bool, has_baseline: bool) -> str:
    what = name_factor(study.study.factor) if study.study.factor else "variant"
    said = f"Validation accuracy at the last epoch by {what}"
    measures = [spot.accuracy for spot in plan.row.spots if spot.accuracy]
    if not measures:
        return f"{said}: no run finished."
    said += ": a dot for each seed"
    if any(measure.sd is not None for measure in measures):
        said += ", the mean, and its 95 % interval (Student’s t over the seeds)"
    if is_cut:
        said += "; an arrow: the interval goes on beyond the axis"
    said += f".{_say_noise(study, has_baseline=has_baseline)}"
    if any(level.summary.finished and not level.summary.complete for level in study.levels):
        said += " Hollow dots: not all runs of the level finished."
    far = [
        f"{name_level(study, spot.level)} with {format_measure(spot.accuracy)}"
        for spot in plan.below
        if spot.accuracy
    ]
    if far:
        said += f" Far below the scale: {', '.join(far)}."
    said += _say_gap(study) + describe_imported(study.levels)
    return said + (updates.caption_courses(study) if plan.has_courses else "")


def _say_noise(study: StudySummary, *, has_baseline: bool) -> str:
    """Say how to read the band of the baseline, if there is one, or else why there is none."""
    baseline = study.baseline.summary.accuracy
    if baseline is None:
        return " No run of the baseline finished."
    if baseline.sd is None:
        return " The spread of the baseline over seeds is not known."
    if not has_baseline:
        return ""  # it is far below the scale, which is said of every such level
    return (
        " What lies in the grey band is no further from the baseline than its own seeds usually "
        "are."
    )


def _say_gap(study: StudySummary) -> str:
    """Say where training accuracy is furthest from validation accuracy, on either side of it."""
    gaps = [(gap.mean, level) for level in study.levels if (gap := level.summary.gap)]
    if not gaps:
        return ""
    widest, level = max(gaps, key=lambda gap: abs(gap[0]))
    side = "ahead" if widest >= 0 else "behind"
    return (
        f" Below, the gap to training accuracy, widest for {name_level(study, level)}: training is "
        f"{format_points(abs(widest), signed=False)} {side}."
    )
