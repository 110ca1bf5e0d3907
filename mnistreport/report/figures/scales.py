"""Axes on which results can be read, whatever one of the levels did."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from mnistreport.report.numbers import MINUS

HIGHEST_LOSS: Final = 10.0
LOWEST_LOSS: Final = 0.003
"""Losses beyond these, in nats, are cut off."""

_SOFTENING: Final = 0.002
_TICKS: Final = (
    *(0.9, 0.99, 1.0, 0.5, 0.98, 0.95, 0.8, 0.995, 0.97, 0.6, 0.96, 0.94, 0.92, 0.7, 0.985),
    *(0.999, 0.2, 0.93, 0.91, 0.85, 0.975, 0.965, 0.955, 0.945, 0.992, 0.998, 0.996, 0.994),
    *(0.993, 0.991, 0.988, 0.986, 0.984, 0.982, 0.4, 0.3, 0.1, 0.0, 0.75, 0.65, 0.25, 0.05),
)  # accuracies that may be marked, the more welcome first
_WIDE: Final = 4.0  # longest over shortest time
_OFF_SCALE: Final = (0.05, 2.0)  # least gap: as a share, and in terms of the range above it


def set_loss_axis(axes: Axes, losses: Iterable[float]) -> str:
    """Make the y axis one of losses, logarithmic; return in words which losses lie beyond it."""
    values = list(losses) or [1.0]
    low, high = (min(max(each, LOWEST_LOSS), HIGHEST_LOSS) for each in (min(values), max(values)))
    room = max((high / low) ** 0.05, 1.15 if high < 1.5 * low else 1.0)
    low, high = low / room, high * room
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    _set_ticks(axes.yaxis, {each: f"{each:g}" for each in _list_decades(low, high)})
    beyond = [f"below {LOWEST_LOSS:g}"] if min(values) < LOWEST_LOSS else []
    beyond += [f"above {HIGHEST_LOSS:g}"] if max(values) > HIGHEST_LOSS else []
    return " and ".join(beyond)


def _list_decades(low: float, high: float) -> list[float]:
    """List round numbers between two positive ones: about three to six of them."""
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        marks = [float(f"{step}e{power}") for power in powers for step in steps]
        marks = [mark for mark in marks if low <= mark <= high]
        if len(marks) >= 3:  # noqa: PLR2004
            return marks
    return [float(f"{value:.2g}") for value in np.geomspace(low, high, 5)[1:-1]]


def set_accuracy_axis(
    axes: Axes, accuracies: Iterable[float], *, least: float, horizontal: bool = False
) -> None:
    """Make an axis of accuracies in percent, stretched towards 100 %.

    It is logarithmic in the share of errors, so that it is the same step from 90 % to 95 % as
    from 98 % to 99 %; two thousandths are added to that share, which gives 100 % a place, too.

    Args:
        axes: Whose.
        accuracies: What is to be shown, as shares.
        least: Distance between two ticks, as a share of the axis.
        horizontal: Whether it is the x axis.
    """
    values = list(accuracies) or [0.5]
    low, high = (_stretch(np.array(each)).item() for each in (min(values), max(values)))
    room = max(0.05 * (high - low), 0.01)
    least_place, most_place = _stretch(np.array([0.0, 1.0])).tolist()
    low, high = max(low - room, least_place), min(high + room, most_place)
    start, end = _relax(np.array([low, high])).tolist()
    if horizontal:
        axes.set_xscale("function", functions=(_stretch, _relax))
        axes.set_xlim(start, end)
    else:
        axes.set_yscale("function", functions=(_stretch, _relax))
        axes.set_ylim(start, end)
    taken: dict[float, float] = {}
    for tick in _TICKS:
        place = (_stretch(np.array(tick)).item() - low) / (high - low)
        if 0 <= place <= 1 and all(abs(place - other) >= least for other in taken.values()):
            taken[tick] = place
    if len(taken) < 3:  # noqa: PLR2004 # so narrow a range that it is as good as linear
        taken = {each / 100: each for each in _list_round(100 * start, 100 * end, 4)}
    axis = axes.xaxis if horizontal else axes.yaxis
    _set_ticks(axis, {tick: f"{100 * tick:.4g}" for tick in sorted(taken)})


def _stretch(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return -np.log10(np.maximum(1 + _SOFTENING - share, _SOFTENING / 2))


def _relax(place: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 + _SOFTENING - 10.0**-place


def set_duration_axis(axes: Axes, seconds: Iterable[float]) -> bool:
    """Make the x axis one of seconds; return whether it is logarithmic.

    That is the case if the longest is more than four times the shortest.
    """
    values = list(seconds)
    low, high = min(values), max(values)
    is_log = high > _WIDE * low
    if is_log:
        room = (high / low) ** 0.06
        low, high = low / room, high * room
        axes.set_xscale("log")
        places = _list_decades(low, high)
    else:
        room = 0.08 * (high - low) or 0.1 * high
        low, high = max(low - room, 0.0), high + room
        places = _list_round(low, high, 6)
    axes.set_xlim(low, high)
    _set_ticks(axes.xaxis, {place: f"{place:,g}" for place in places})
    return is_log


def find_cut(accuracies: Sequence[float]) -> float | None:
    """Return the accuracy below which levels are so far off that they would squash the others.

    That is the case below a gap of five percentage points at least, and twice the range of all
    that lies above it. Two levels must be left above, and half of all.
    """
    ordered = sorted(accuracies, reverse=True)
    least, ratio = _OFF_SCALE
    for place in range(max(2, math.ceil(len(ordered) / 2)), len(ordered)):
        gap = ordered[place - 1] - ordered[place]
        if gap >= max(least, ratio * (ordered[0] - ordered[place - 1])):
            return (ordered[place - 1] + ordered[place]) / 2
    return None


def set_percent_ticks(axes: Axes, low: float, high: float, *, marks: int = 5) -> None:
    """Make the y axis one of accuracies in percent, linear, with round ticks inside."""
    axes.set_ylim(low, high)
    _set_ticks(axes.yaxis, _list_percents(low, high, marks))


def set_percent_axis(axes: Axes, low: float, high: float, *, marks: int = 5) -> None:
    """Make the x axis one of accuracies in percent, linear, with round ticks inside."""
    axes.set_xlim(low, high)
    _set_ticks(axes.xaxis, _list_percents(low, high, marks))


def _list_percents(low: float, high: float, marks: int) -> dict[float, str]:
    places = [place for place in _list_round(100 * low, 100 * high, marks) if place <= 100]  # noqa: PLR2004
    digits = _count_decimals(places)
    return {place / 100: f"{place:.{digits}f}" for place in places}


def set_plain_ticks(axes: Axes, low: float, high: float, *, marks: int = 5) -> None:
    """Make the y axis a linear one with round ticks inside."""
    axes.set_ylim(low, high)
    places = _list_round(low, high, marks)
    digits = _count_decimals(places)
    _set_ticks(axes.yaxis, {place: f"{place:.{digits}f}" for place in places})


def _list_round(low: float, high: float, marks: int) -> list[float]:
    places = MaxNLocator(nbins=marks, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [place for place in np.asarray(places).round(9).tolist() if low <= place <= high]


def _count_decimals(places: Iterable[float]) -> int:
    return max((len(f"{place:.6g}".partition(".")[2]) for place in places), default=0)


def set_epoch_axis(axes: Axes, epochs: int, *, marks: int = 4) -> None:
    """Make the x axis one of epochs, counted from 1."""
    if epochs <= 1:
        axes.set_xlim(0.5, 1.5)
        _set_ticks(axes.xaxis, {1: "1"})
        return
    axes.set_xlim(1, epochs)
    places = [place for place in _list_round(1, epochs, marks) if place == int(place)]
    _set_ticks(axes.xaxis, {place: f"{place:.0f}" for place in places})


def set_updates_axis(axes: Axes, low: float, high: float) -> None:
    """Make the x axis a logarithmic one, from ``low`` to ``high``, with round ticks."""
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    marks = _list_decades(low, high)
    marks = marks[:: math.ceil(len(marks) / 6)]
    _set_ticks(axes.xaxis, {each: f"{each:,.0f}" if each >= 1 else f"{each:g}" for each in marks})


def _set_ticks(axis: Axis, ticks: Mapping[float, str]) -> None:
    axis.set_major_locator(FixedLocator(list(ticks)))
    axis.set_major_formatter(FixedFormatter([text.replace("-", MINUS) for text in ticks.values()]))
    axis.set_minor_locator(NullLocator())
