"""Where words find room among lines: every label that stands beside what it names."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mnistreport.report.figures.boxes import Box
from mnistreport.report.figures.style import Sheet

Points = NDArray[np.float64]
"""Places on a sheet, in millimetres: float (n, 2)."""

LINE_HEIGHT: Final = 2.9
"""Of a line of small letters, in millimetres."""

_DENSITY: Final = 0.4  # millimetres from one point of a line to the next
_FAR: Final = 400.0  # millimetres, beyond any sheet


class Room:
    """What is drawn on a sheet already, as points."""

    def __init__(self) -> None:
        self._points: Points = np.empty((0, 2))

    def add_line(self, line: Points) -> None:
        """Take note of a line through some places."""
        self._points = np.concatenate([self._points, fill_line(line)])

    def add_band(self, low: Points, high: Points) -> None:
        """Take note of what lies between two lines that have the same places along the x axis."""
        between = np.linspace(0, 1, 9)[:, None, None]
        for line in low + between * (high - low):
            self.add_line(line)

    def add_box(self, box: Box) -> None:
        """Take note of words, or of another thing that fills a rectangle."""
        columns = np.arange(box.left, box.right + _DENSITY, _DENSITY)
        rows = np.arange(box.top, box.bottom + _DENSITY, _DENSITY)
        grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
        self._points = np.concatenate([self._points, grid])

    def find_span(self, left: float, right: float) -> tuple[float, float]:
        """Return from where to where things are drawn between two places that have some."""
        x, y = self._points.T
        between = y[(x >= left) & (x <= right)]
        return float(between.min()), float(between.max())

    def measure_clearance(self, box: Box) -> float:
        """Return how far ``box`` is from what is drawn nearest, in millimetres."""
        if not len(self._points):
            return _FAR
        x, y = self._points.T
        across = np.maximum(np.maximum(box.left - x, x - box.right), 0)
        along = np.maximum(np.maximum(box.top - y, y - box.bottom), 0)
        return float(np.hypot(across, along).min())


def trace_line(sheet: Sheet, axes: Axes, xs: Sequence[float], ys: Sequence[float]) -> Points:
    """Return where on the sheet a line of some axes runs, in millimetres."""
    values = np.stack([np.asarray(xs, dtype=float), np.asarray(ys, dtype=float)], axis=-1)
    low, high = sorted(axes.get_ylim())
    values[:, 1] = values[:, 1].clip(low, high)  # beyond the axes nothing is drawn
    shares = axes.transAxes.inverted().transform(axes.transData.transform(values))  # pyright: ignore[reportUnknownMemberType]
    place = axes.get_position()
    left, top = place.x0 * sheet.width, (1 - place.y1) * sheet.height
    width, height = place.width * sheet.width, place.height * sheet.height
    return np.stack([left + shares[:, 0] * width, top + (1 - shares[:, 1]) * height], axis=-1)


def fill_line(line: Points) -> Points:
    """Return a line with so many more points that no words fit between two of them."""
    steps = np.hypot(*np.diff(line, axis=0).T) if len(line) > 1 else np.zeros(0)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    places = np.arange(0, along[-1] + _DENSITY, _DENSITY)
    return np.stack([np.interp(places, along, line[:, axis]) for axis in (0, 1)], axis=-1)


def spread_places(wanted: Sequence[float], least: float) -> list[float]:
    """Move ascending places apart until neighbours are ``least`` apart, each as little as may be.

    Those that touch form a group around the middle of what they wanted.
    """
    groups: list[list[float]] = []
    for place in wanted:
        groups.append([place])
        while len(groups) > 1 and _end(groups[-2], least) + least > _start(groups[-1], least):
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_start(group, least) + least * n for group in groups for n in range(len(group))]


def _start(group: Sequence[float], least: float) -> float:
    return sum(group) / len(group) - least * (len(group) - 1) / 2


def _end(group: Sequence[float], least: float) -> float:
    return sum(group) / len(group) + least * (len(group) - 1) / 2
