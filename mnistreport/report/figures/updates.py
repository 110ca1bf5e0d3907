"""Whether levels differ in more than how far they have come: accuracy by number of updates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from mnistreport.analysis.findings.progress import PACE
from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.report.figures import scales, style
from mnistreport.report.figures.boxes import Box
from mnistreport.report.figures.curve import MOST_POINTS
from mnistreport.report.figures.room import LINE_HEIGHT, Room, spread_places, trace_line
from mnistreport.report.figures.style import SMALL, Sheet
from mnistreport.report.numbers import format_count, format_measure
from mnistreport.report.wording import capitalise, name_factor, name_level

MOST: Final = len(style.LEVELS) + 1
"""Levels that are drawn: as many as there are lines to tell apart, and the baseline."""

_FOOT, _BETWEEN = 8.0, 5.0  # millimetres, for an axis' name, and from there to the next axes
_LABELS: Final = 19.0  # millimetres for what stands right of the axes
_HEAVY, _LIGHT = 1.7, 1.1  # points
_APART: Final = 0.4  # millimetres between words and anything else
_NEAR_EDGE: Final = 4.0  # of the axes, from where on names stand beside them
_MOVED: Final = 1.2  # a name that stands further from its line is joined to it
_TOLERANCE: Final = 0.4  # lines that lie on one another are equally near


@dataclass(frozen=True, slots=True)
class _Line:
    """A level's course.

    Attributes:
        level: Whose.
        xs: How far it had come at the end of each epoch.
        ys: Validation accuracy there, mean over the finished seeds.
        look: How it is drawn.
    """

    level: LevelSummary
    xs: list[float]
    ys: list[float]
    look: tuple[str, object, float]


def has_courses(study: StudySummary) -> bool:
    """Tell whether a study's factor changes how far descent comes, and any run shows it."""
    if study.imported:  # of which nobody knows how far it has come
        return False
    return study.study.factor in PACE and any(level.summary.updates for level in study.levels)


def choose_courses(study: StudySummary) -> tuple[LevelSummary, ...]:
    """Return the levels that are drawn: of very many the baseline, the best and some others."""
    levels = [level for level in study.levels if level.summary.updates]
    if len(levels) <= MOST:
        return tuple(levels)
    kept = {levels.index(each) for each in (study.baseline, study.best) if each in levels}
    for place in (0, *range(MOST - 1, 0, -1)):
        if len(kept) < MOST:
            kept.add(round(place * (len(levels) - 1) / (MOST - 1)))
    return tuple(levels[place] for place in sorted(kept))


def draw_courses(sheet: Sheet, study: StudySummary, left: float, top: float, bottom: float) -> None:
    """Draw validation accuracy by updates, and for learning rates by rate × updates, too.

    Args:
        sheet: Where; what is drawn reaches to its right edge.
        study: Of one of the factors that change how far descent comes.
        left: Of the axes, in millimetres.
        top: Of the upper axes.
        bottom: Of everything, names of the axes included.
    """
    levels = choose_courses(study)
    width = style.WIDTH - _LABELS - left
    names = ["updates"]
    if len({_find_rate(level) for level in levels}) > 1:
        names.append("learning rate × updates")
    height = (bottom - top - (len(names) - 1) * _BETWEEN) / len(names) - _FOOT
    for number, name in enumerate(names):
        start = top + number * (height + _FOOT + _BETWEEN)
        axes = sheet.add_panel(left, start, width, height)
        lines = list(_make_lines(levels, is_scaled=number > 0))
        xs = [x for line in lines for x in (line.xs[0], line.xs[-1])]
        low, high = min(xs), max(xs)
        room = 1.06 if high > 1.2 * low else 1.5
        scales.set_updates_axis(axes, low / room, high * room)
        ys = [y for line in lines for y in line.ys]
        scales.set_accuracy_axis(axes, ys, least=4.0 / height)
        _draw_lines(sheet, axes, study, lines)
        panel = Box(left, start, left + width, start + height)
        _write_names(sheet, axes, lines, panel, is_needed=number == 0)
        x, y = left + width / 2, start + height + 7.2
        sheet.write(x, y, f"{name} (logarithmic)", align="center")


def caption_courses(study: StudySummary) -> str:
    """Say what is drawn beside the levels' accuracies, and how to read it."""
    levels = choose_courses(study)
    said = " Right, the mean at the end of each epoch by number of updates"
    if len({_find_rate(level) for level in levels}) > 1:
        said += " and, below, by learning rate × updates"
    said += ": where lines lie on one another, levels differ only in how far they have come by then"
    finished = [level for level in study.levels if level.summary.updates]
    if len(levels) < len(finished):
        said += f"; shown are {len(levels)} of {len(finished)} levels"
    return f"{said}."


def describe_courses(study: StudySummary) -> str:
    """Say for a text alternative how many updates each level took."""
    factor = name_factor(study.study.factor or "")
    parts = [
        f"{level.label}: {format_count(level.summary.updates)}"
        for level in study.levels
        if level.summary.updates
    ]
    return f"Updates by {factor}: {'; '.join(parts)}."


def _make_lines(levels: Sequence[LevelSummary], *, is_scaled: bool) -> Iterator[_Line]:
    others = [level for level in levels if not level.level.is_baseline]
    for level in levels:
        ys = level.summary.curve("validation_accuracy")
        each = (level.summary.updates or 0) / len(ys) * (_find_rate(level) if is_scaled else 1)
        epochs = sorted({*range(1, len(ys), -(-len(ys) // MOST_POINTS)), len(ys)})
        look = (style.INK, style.SOLID, _HEAVY)
        if level in others:
            # Few levels are spread over the shades, so that neighbours are far apart.
            place = round(others.index(level) * (len(style.LEVELS) - 1) / max(len(others) - 1, 1))
            look = (*style.LEVELS[place], _LIGHT)
        yield _Line(level, [epoch * each for epoch in epochs], [ys[e - 1] for e in epochs], look)


def _find_rate(level: LevelSummary) -> float:
    return level.summary.variant.training.learning_rate


def _draw_lines(sheet: Sheet, axes: Axes, study: StudySummary, lines: Sequence[_Line]) -> None:
    for line in lines:
        colour, dashes, width = line.look
        is_baseline = line.level.level.is_baseline
        zorder = 2.0 if is_baseline else 3.0  # the widest lies below the others
        axes.plot(line.xs, line.ys, color=colour, ls=dashes, lw=width, zorder=zorder)  # pyright: ignore[reportArgumentType]
        (end,) = axes.plot(
            line.xs[-1], line.ys[-1], "o", ms=3.2, color=colour, zorder=4, clip_on=False
        )
        accuracy, updates = line.level.summary.accuracy, line.level.summary.updates
        if accuracy and updates:
            name = capitalise(name_level(study, line.level))
            said = f"{format_measure(accuracy)} after {format_count(updates)} updates"
            sheet.hint(end, f"{name}: {said}")


def _write_names(
    sheet: Sheet, axes: Axes, lines: Sequence[_Line], panel: Box, *, is_needed: bool
) -> None:
    """Write each level where its line ends: beside the axes, or where nothing else is.

    If it is ``is_needed``, words that find no such place cross a line rather than be left out.
    """
    traces = [trace_line(sheet, axes, line.xs, line.ys) for line in lines]
    words, own = Room(), [Room() for _ in lines]
    for each, trace in zip(own, traces, strict=True):
        each.add_line(trace)
        each.add_box(Box(*map(float, (*trace[-1], *trace[-1]))).grow(0.5))
    outer = [n for n, trace in enumerate(traces) if trace[-1][0] > panel.right - _NEAR_EDGE]
    _write_beside(sheet, [(lines[n], traces[n][-1].tolist()) for n in outer], words)
    within = Box(panel.left, panel.top - 2.4, style.WIDTH, panel.bottom)
    inner = sorted(set(range(len(lines))).difference(outer), key=lambda n: -traces[n][-1][0])
    for number in inner:
        text, weight = _name(lines[number].level)
        x, y = map(float, traces[number][-1])
        width = style.measure_text(text, SMALL, weight)
        places = [box for box in _list_places(x, y, width) if within.holds(box)]
        places = [box for box in places if words.measure_clearance(box) > _APART]
        others = [room for place, room in enumerate(own) if place != number]
        free = (box for box in places if _is_beside(box, own[number], others))
        if box := next(free, places[0] if places and is_needed else None):
            words.add_box(box)
            sheet.write(box.left, box.bottom - 0.75, text, size=SMALL, weight=weight)


def _write_beside(
    sheet: Sheet, ends: Sequence[tuple[_Line, tuple[float, float]]], words: Room
) -> None:
    """Write names right of the axes, moved apart where they would touch."""
    if not ends:
        return
    ordered = sorted(ends, key=lambda end: end[1][1])
    x = max(end[0] for _, end in ordered) + 1.3
    overlay = sheet.add_overlay()
    for (line, end), y in zip(
        ordered, spread_places([end[1] for _, end in ordered], LINE_HEIGHT), strict=True
    ):
        text, weight = _name(line.level)
        if abs(y - end[1]) > _MOVED:
            overlay.plot([end[0] + 0.6, x + 1.3], [end[1], y], color=style.REFERENCE, lw=0.4)
        start = x + (1.6 if abs(y - end[1]) > _MOVED else 0.0)
        sheet.write(start, y + 0.75, text, size=SMALL, weight=weight)
        width = style.measure_text(text, SMALL, weight)
        words.add_box(Box(start, y - LINE_HEIGHT / 2, start + width, y + LINE_HEIGHT / 2))


def _name(level: LevelSummary) -> tuple[str, int]:
    """Return how a line is called, and in which weight."""
    is_baseline = level.level.is_baseline
    weight, room = style.BOLD if is_baseline else 400, _LABELS - 3.6
    text = f"{level.label} baseline"
    if not is_baseline or style.measure_text(text, SMALL, weight) > room:
        text = level.label  # heavy letters will do
    return style.cut_text(text, room, SMALL, weight), weight


def _is_beside(box: Box, own: Room, others: Sequence[Room]) -> bool:
    """Tell whether words are free of all lines, and not nearer to another's than to their own."""
    near = own.measure_clearance(box)
    rivals = [room.measure_clearance(box) for room in others]
    return near > _APART and all(rival > max(_APART, near - _TOLERANCE) for rival in rivals)


def _list_places(x: float, y: float, width: float) -> Iterator[Box]:
    """List places for words beside the end of a line, the best first."""
    half = LINE_HEIGHT / 2
    for shift in (0.0, 0.8, -0.8, 1.6, -1.6, 2.4, -2.4, 3.2, -3.2):
        yield Box(x + 1.2, y - half + shift, x + 1.2 + width, y + half + shift)
    for away in (1.0, 1.8, 2.8, 4.0, 5.5, 7.5):
        for start in (x - width / 2, x + 0.4, x - width - 0.4):
            for top in (y + away, y - away - LINE_HEIGHT):
                yield Box(start, top, start + width, top + LINE_HEIGHT)
        yield Box(x + 1.2, y - half + away + 1, x + 1.2 + width, y + half + away + 1)
        yield Box(x + 1.2, y - half - away - 1, x + 1.2 + width, y + half - away - 1)
