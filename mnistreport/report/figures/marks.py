"""How a quantity that was measured over the seeds is drawn: its seeds, its mean, its interval."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from mnistreport.analysis.results import StudySummary, VariantSummary
from mnistreport.analysis.statistics import Interval, Measure, estimate_mean
from mnistreport.report.figures import style
from mnistreport.report.figures.style import SMALL, Sheet
from mnistreport.report.numbers import format_percent

INTERVAL: Final = "mean and 95 % interval"
"""What the bar is, as a key calls it."""

_STEP: Final = 1.7  # millimetres between the dots of two seeds
_EQUAL: Final = 1e-9  # shares; the ends of an axis are rounded
_DOTS_ABOVE: Final = 1.0  # how far intervals may widen an axis, in terms of the range of the dots


@dataclass(frozen=True, slots=True)
class Mark:
    """A measure, and what a browser says of it.

    Attributes:
        measure: What is drawn.
        seeds: Words for each of its values.
        mean: Words for its mean.
        is_complete: Whether no planned run is missing.
        colour: Of its dots.
    """

    measure: Measure
    seeds: Sequence[str]
    mean: str
    is_complete: bool = True
    colour: str = style.VALIDATION


def find_reach(
    measures: Iterable[Measure], *, least: float, bounds: Interval | None = None
) -> Interval:
    """Return how far an axis has to reach for every value, and for intervals as far as it may.

    The interval of two seeds can be so wide that nothing else could be seen beside it. It
    widens the axis by no more than the range of the values to either side.

    Args:
        measures: What is to be drawn.
        least: Smallest range of values; or else differences of nothing would look like some.
        bounds: No interval is drawn beyond.
    """
    measures = list(measures)
    values = [value for each in measures for value in each.values]
    low, high = min(values, default=0.0), max(values, default=1.0)
    span = max(high - low, least)
    middle = (low + high) / 2
    intervals = [interval for each in measures if (interval := estimate_mean(each))]
    bottom = min((each.low for each in intervals), default=low)
    top = max((each.high for each in intervals), default=high)
    bottom = min(middle - span / 2, max(bottom, low - _DOTS_ABOVE * span))
    top = max(middle + span / 2, min(top, high + _DOTS_ABOVE * span))
    if bounds is None:
        return Interval(bottom, top)
    return Interval(max(bottom, bounds.low), min(top, bounds.high))


def clip_interval(measure: Measure, reach: Interval) -> Interval:
    """Return what of a measure's interval is drawn; its mean where there is none."""
    interval = estimate_mean(measure) or Interval(measure.mean, measure.mean)
    return Interval(max(interval.low, reach.low), min(interval.high, reach.high))


def find_cuts(measure: Measure, reach: Interval) -> tuple[bool, bool]:
    """Tell whether a measure's interval goes on beyond the low end of the axis, and the high one.

    The interval of a share may pass 0 % or 100 %, where there is nothing to go on to.
    """
    interval = estimate_mean(measure)
    if interval is None:
        return False, False
    low, high = interval.low, interval.high
    if measure.unit == "share":
        low, high = max(low, 0.0), min(high, 1.0)
    return low < reach.low - _EQUAL, high > reach.high + _EQUAL


def is_cut(measure: Measure, reach: Interval) -> bool:
    """Tell whether a measure's interval goes on beyond the axis."""
    return any(find_cuts(measure, reach))


def draw_mark(
    sheet: Sheet,
    axes: Axes,
    place: float,
    mark: Mark,
    reach: Interval,
    *,
    half: float,
    is_flat: bool = False,
) -> None:
    """Draw each seed as a dot, side by side, over their mean and its interval.

    Args:
        sheet: Where hints are noted.
        axes: Their other axis is in millimetres.
        place: On that axis.
        mark: What is drawn.
        reach: How far intervals are drawn; an arrow says that one goes on.
        half: Half of the room that there is, in millimetres.
        is_flat: Whether values run from left to right.
    """
    measure = mark.measure

    def plot(places: Sequence[float], values: Sequence[float], **look: object) -> None:
        pair = (values, places) if is_flat else (places, values)
        (line,) = axes.plot(*pair, **look)  # pyright: ignore[reportArgumentType, reportUnknownMemberType]
        if hint:
            sheet.hint(line, hint)

    hint = ""
    if measure.sd is not None:
        clipped = clip_interval(measure, reach)
        low, high = clipped.low, clipped.high
        arrows = zip((low, high), "<>" if is_flat else "v^", find_cuts(measure, reach), strict=True)
        for end, marker, goes_on in arrows:
            if goes_on:
                plot([place], [end], marker=marker, ms=3.2, color=style.INK)
        plot([place, place], [low, high], color=style.INK, lw=0.7, zorder=3, solid_capstyle="butt")
        hint = mark.mean
        mean = [measure.mean] * 2
        plot([place - half, place + half], mean, color=style.INK, lw=1.0, zorder=3)
    dots = style.dots(mark.colour, is_complete=mark.is_complete)
    step = min(_STEP, 2 * (half - 0.2) / measure.n)
    for number, (value, words) in enumerate(zip(measure.values, mark.seeds, strict=True)):
        hint = words
        plot([place + step * (number - (measure.n - 1) / 2)], [value], zorder=4, **dots)


def name_seeds(summary: VariantSummary, values: Iterable[float]) -> list[str]:
    """Return what is said of the accuracy of each finished seed."""
    return [
        f"seed {seed}: {format_percent(value)}"
        for seed, value in zip(summary.finished, values, strict=True)
    ]


def name_band(study: StudySummary) -> str:
    """Return what the band of a figure is; empty if no run of the baseline finished."""
    measure = study.baseline.summary.accuracy
    if measure is None:
        return ""
    if measure.sd is None:
        return "baseline"
    return f"baseline ± one standard deviation ({measure.n} seeds)"


def draw_key(sheet: Sheet, y: float, *, has_interval: bool, band: str, x: float = 0.5) -> None:
    """Write what dots, bars and the band of a figure are.

    Args:
        sheet: Where.
        y: Of the words.
        has_interval: Whether there are seeds enough for a mean and its interval.
        band: What the band is; empty if there is none.
        x: Where it begins.
    """
    overlay, middle = sheet.add_overlay(), y - 0.9
    overlay.plot(x + 1.2, middle, **style.dots(style.VALIDATION))
    x = _write_entry(sheet, x + 3.4, y, "one seed")
    if has_interval:
        overlay.plot([x + 1.8] * 2, [middle - 1.5, middle + 1.5], color=style.INK, lw=0.7)
        overlay.plot([x, x + 3.6], [middle] * 2, color=style.INK, lw=1.0)
        x = _write_entry(sheet, x + 4.8, y, INTERVAL)
    if band:
        if "±" in band:
            overlay.fill_between([x, x + 6], middle - 1.2, middle + 1.2, color=style.NOISE, lw=0)
        overlay.plot([x, x + 6], [middle] * 2, color=style.REFERENCE, lw=0.6, ls=style.FINE)
        _write_entry(sheet, x + 7.2, y, band)


def _write_entry(sheet: Sheet, x: float, y: float, text: str) -> float:
    sheet.write(x, y, text, size=SMALL)
    return x + style.measure_text(text, SMALL) + 5.0
