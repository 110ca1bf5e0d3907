"""The names of learning curves, written beside one pair of them that leaves room for words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from mnistreport.analysis.results import VariantSummary
from mnistreport.report.figures import style
from mnistreport.report.figures.boxes import Box
from mnistreport.report.figures.curve import LINES, Curve, summarise_curve
from mnistreport.report.figures.room import LINE_HEIGHT, Points, Room, fill_line, trace_line
from mnistreport.report.figures.style import SMALL, Sheet

_GAP: Final = 0.7  # millimetres from a curve to its name
_APART: Final = 0.5  # from the name to anything else
_RIVAL: Final = 1.8  # from the name to the other curve
_STEP: Final = 4  # points from one place that is tried to the next


@dataclass(frozen=True, slots=True)
class Panel:
    """Axes with the curves of a level, and the baseline's behind them.

    Attributes:
        axes: Theirs.
        summary: The level's.
        baseline: The baseline's.
        metric: ``loss`` or ``accuracy``.
    """

    axes: Axes
    summary: VariantSummary
    baseline: VariantSummary
    metric: str


def name_curves(sheet: Sheet, panels: Sequence[Panel], chance: float | None) -> bool:
    """Write which curve is which in the panel with the most room for it.

    Losses come first; without room for both names nothing is written.

    Args:
        sheet: Where.
        panels: Of a figure.
        chance: The loss of guessing, if it is drawn.

    Returns:
        Whether the names are written.
    """
    for metric in ("loss", "accuracy"):
        found = [
            places
            for panel in panels
            if panel.metric == metric and (places := _find_places(sheet, panel, chance))
        ]
        if found:
            _, boxes = max(found, key=lambda each: each[0])
            for split, box in boxes.items():
                colour = LINES[split][0]
                text = style.name_split(split)
                sheet.write(box.left, box.bottom - 0.75, text, size=SMALL, colour=colour)
            return True
    return False


def _find_places(
    sheet: Sheet, panel: Panel, chance: float | None
) -> tuple[float, dict[str, Box]] | None:
    """Return where both names find room in a panel, and how much there is."""
    axes, summary = panel.axes, panel.summary
    curves = {split: summarise_curve(summary, f"{split}_{panel.metric}") for split in LINES}
    if len(summary.finished) < len(summary.runs) or len(summary.curve("train_loss")) < 2:  # noqa: PLR2004
        return None  # what broke off is drawn, too, and told in words; and a point is no line
    rooms = {split: Room() for split in LINES}
    means: dict[str, Points] = {}
    for split, curve in curves.items():
        if curve:
            means[split] = _add_curve(sheet, axes, rooms[split], curve)
    behind = Room()
    for split in LINES:
        if curve := summarise_curve(panel.baseline, f"{split}_{panel.metric}"):
            behind.add_line(trace_line(sheet, axes, curve.epochs, curve.mean))
    if panel.summary is panel.baseline:
        behind = Room()
    if chance is not None and panel.metric == "loss":
        behind.add_line(trace_line(sheet, axes, axes.get_xlim(), (chance, chance)))
    found: dict[str, Box] = {}
    clearances: list[float] = []
    for split, other in zip(LINES, reversed(tuple(LINES)), strict=True):
        best = max(
            _rate_places(sheet, panel, split, means[split], (rooms[split], rooms[other], behind)),
            key=lambda rated: rated[0],
            default=None,
        )
        if best is None:
            return None
        clearances.append(best[0])
        found[split] = best[1]
        behind.add_box(best[1])
    return min(clearances), found


def _add_curve(sheet: Sheet, axes: Axes, room: Room, curve: Curve) -> Points:
    low, mean, high = (
        trace_line(sheet, axes, curve.epochs, values)
        for values in (curve.low, curve.mean, curve.high)
    )
    room.add_line(mean)
    room.add_band(low, high)
    return mean


def _rate_places(
    sheet: Sheet, panel: Panel, split: str, mean: Points, rooms: tuple[Room, Room, Room]
) -> Iterator[tuple[float, Box]]:
    """Yield places for a curve's name above and below it, with how far other things are."""
    own, other, behind = rooms
    width = style.measure_text(style.name_split(split), SMALL)
    place = panel.axes.get_position()
    within = Box(
        place.x0 * sheet.width + 0.4,
        (1 - place.y1) * sheet.height + 0.3,
        place.x1 * sheet.width - 0.2,
        (1 - place.y0) * sheet.height - 0.3,
    )
    for x in fill_line(mean)[::_STEP, 0].tolist():
        low, high = own.find_span(x - width / 2, x + width / 2)
        for top in (low - _GAP - LINE_HEIGHT, high + _GAP):
            box = Box(x - width / 2, top, x + width / 2, top + LINE_HEIGHT)
            if not within.holds(box) or own.measure_clearance(box) < _APART:
                continue
            rival, clearance = other.measure_clearance(box), behind.measure_clearance(box)
            if rival > _RIVAL and clearance > _APART:
                yield min(rival, 2 * clearance, 6.0) - (high - low), box
