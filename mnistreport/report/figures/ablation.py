"""Two switches: the four corners of an ablation, and what each switch changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from mnistreport.analysis.findings.ablation import Corners, find_corners
from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.analysis.statistics import Interval, Measure, estimate_mean, summarise_values
from mnistreport.report.figures import marks, scales, style
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.labels import describe_trouble, list_ends
from mnistreport.report.figures.marks import Mark
from mnistreport.report.figures.style import SMALL, Sheet, open_sheet
from mnistreport.report.numbers import format_measure, format_percent, format_points
from mnistreport.report.wording import capitalise, name_factor, name_level

_HEIGHT: Final = 83.0  # millimetres, as all that follow
_TOP, _BOTTOM = 17.5, 74.0
_HEADS: Final = 16.0  # left of the cells, for what their rows are
_CELL, _GUTTER = 33.5, 3.0
_TALL: Final = (_BOTTOM - _TOP - _GUTTER) / 2
_TEXT: Final = 13.0  # of a cell, for its words
_NAMES, _FOREST, _NUMBERS = 93.5, 117.5, 11.0  # where rows begin and their axes, room for numbers
_HEADING: Final = 6.5
_HALF: Final = 2.2  # of a mark
_LEAST: Final = 0.002  # range of accuracies, or of differences


@dataclass(frozen=True, slots=True)
class _Edge:
    """A side of the square: what a switch changes while the other stays as it is.

    Attributes:
        switch: What is switched on, in words.
        beside: How the other one is, in words.
        off: Without it.
        on: With it.
        measure: Differences in validation accuracy, paired by seed; ``None`` without such pairs.
        seeds: Words for each of them.
    """

    switch: str
    beside: str
    off: LevelSummary
    on: LevelSummary
    measure: Measure | None
    seeds: Sequence[str]

    @property
    def is_complete(self) -> bool:
        """Whether all runs of both ends finished; only then is it a comparison."""
        return self.off.summary.complete and self.on.summary.complete


def find_switches(study: StudySummary) -> Corners | None:
    """Return the corners of a study whose two fields are each something that is on or off."""
    corners = find_corners(study)
    if corners is None or study.imported:  # what adding one changes is read off pairs of seeds
        return None
    return corners if corners.are_switches else None


def plot_ablation(study: StudySummary, corners: Corners) -> Figure:
    """Draw the four corners as a square, and beside it the difference along each of its sides."""
    edges = _list_edges(corners)
    cells = [level.summary.accuracy for level in corners.levels]
    cut = scales.find_cut([cell.mean for cell in cells if cell])
    near = [cell for cell in cells if cell and not (cut and cell.mean < cut)]
    reach = marks.find_reach(near, least=_LEAST, bounds=Interval(0.0, 1.0))
    has_interval = any(cell and cell.sd is not None for cell in cells)
    with open_sheet(_HEIGHT) as sheet:
        _write_title(sheet, 0.5, "Validation accuracy at the last epoch")
        has_baseline = _draw_square(sheet, study, corners, reach, cut)
        if any(cells):
            band = marks.name_band(study) if has_baseline else ""
            marks.draw_key(sheet, 3.0, has_interval=has_interval, band=band)
        _write_title(sheet, _NAMES, "What adding one changes")
        forest = _draw_forest(sheet, study, edges, cut)
        picture = sheet.render()
    is_cut = any(marks.is_cut(cell, reach) for cell in near) or any(
        edge.measure and not _is_far(edge, cut) and marks.is_cut(edge.measure, forest)
        for edge in edges
    )
    return Figure(
        f"{study.study.slug}-factor",
        picture,
        _caption(
            study,
            corners,
            edges,
            is_cut=is_cut,
            has_far=len(near) < len([*filter(None, cells)]),
            has_baseline=has_baseline,
        ),
        f"The four corners of study “{study.study.title}”. {list_ends(study, corners.levels)} "
        + " ".join(f"{_describe_edge(edge)}." for edge in edges),
    )


def _list_edges(corners: Corners) -> tuple[_Edge, ...]:
    first, second = name_factor(corners.first.field), name_factor(corners.second.field)
    neither, one, other, both = corners.levels
    return (
        _make_edge(first, f"without {second}", neither, one),
        _make_edge(first, f"with {second}", other, both),
        _make_edge(second, f"without {first}", neither, other),
        _make_edge(second, f"with {first}", one, both),
    )


def _make_edge(switch: str, beside: str, off: LevelSummary, on: LevelSummary) -> _Edge:
    before, after = off.summary.decisive, on.summary.decisive
    seeds = [seed for seed in after if seed in before]
    values = [after[seed] - before[seed] for seed in seeds]
    words = [
        f"seed {seed}: {format_points(value)}, from {format_percent(before[seed])} to "
        f"{format_percent(after[seed])}"
        for seed, value in zip(seeds, values, strict=True)
    ]
    measure = summarise_values(values, "points") if values else None
    return _Edge(switch, beside, off, on, measure, words)


def _draw_square(
    sheet: Sheet, study: StudySummary, corners: Corners, reach: Interval, cut: float | None
) -> bool:
    """Draw the corners; return whether the baseline's accuracy is behind any."""
    has_baseline = False
    first, second = name_factor(corners.first.field), name_factor(corners.second.field)
    neither, one, other, both = corners.levels
    rows = ((f"without {second}", (neither, one)), (f"with {second}", (other, both)))
    for column, text in enumerate((f"without {first}", f"with {first}")):
        x = _HEADS + column * (_CELL + _GUTTER)
        sheet.write(x, _TOP - 1.6, style.cut_text(text, _CELL, SMALL), size=SMALL)
    for row, (text, levels) in enumerate(rows):
        top = _TOP + row * (_TALL + _GUTTER)
        _write_lines(sheet, 0.5, top + 3.6, style.wrap_text(text, _HEADS - 1.5, 3, SMALL))
        for column, level in enumerate(levels):
            left = _HEADS + column * (_CELL + _GUTTER)
            has_baseline |= _draw_cell(sheet, study, level, left, top, reach, cut)
            if row == 0:
                continue
            sheet.write(left + _CELL / 2, _BOTTOM + 7.2, "validation accuracy (%)", align="center")
    return has_baseline


def _draw_cell(
    sheet: Sheet,
    study: StudySummary,
    level: LevelSummary,
    left: float,
    top: float,
    reach: Interval,
    cut: float | None,
) -> bool:
    """Draw a corner; return whether the baseline's accuracy is behind it."""
    summary, measure = level.summary, level.summary.accuracy
    axes = sheet.add_panel(left, top, _CELL, _TALL)
    axes.set_facecolor(style.CELL)
    margin = 0.08 * (reach.high - reach.low)
    scales.set_percent_axis(axes, reach.low - margin, reach.high + margin, marks=3)
    axes.set(ylim=(_TALL, 0), yticks=[])
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelbottom=top > _TOP)
    remark = "baseline" if level.level.is_baseline else ""
    label = style.cut_text(level.label, _CELL - 4.5 - style.measure_text(remark, SMALL), SMALL)
    sheet.write(left + 1.5, top + 3.8, label, size=SMALL)
    end = left + 3.0 + style.measure_text(label, SMALL)
    sheet.write(end, top + 3.8, remark, size=SMALL, colour=style.QUIET)
    if measure is None:
        lines = style.wrap_text(describe_trouble(summary), _CELL - 3.0, 3, SMALL)
        _write_lines(sheet, left + 1.5, top + 8.0, lines)
        return False
    weight = style.BOLD if level is study.best else 400
    sheet.write(left + 1.5, top + 8.2, format_measure(measure), size=style.LARGE, weight=weight)
    if gap := summary.gap:
        text = f"training {format_points(abs(gap.mean), signed=False)} "
        text += "higher" if gap.mean >= 0 else "lower"
        sheet.write(left + 1.5, top + 11.9, text, size=SMALL, colour=style.QUIET)
    noise = study.baseline.summary.accuracy
    middle = (_TEXT + _TALL) / 2
    has_baseline = noise is not None and noise.mean in Interval(*axes.get_xlim())
    if noise and has_baseline:
        ends = (_TEXT + 0.6, _TALL)
        if noise.sd is not None:
            x = [noise.mean - noise.sd, noise.mean + noise.sd]
            axes.fill_between(x, *ends, color=style.NOISE, lw=0, zorder=0)
        axes.plot([noise.mean] * 2, ends, color=style.REFERENCE, lw=0.6, ls=style.FINE, zorder=1)
    said = f"{capitalise(name_level(study, level))}: {format_measure(measure)}"
    if cut and measure.mean < cut:
        (arrow,) = axes.plot(reach.low, middle, "<", ms=3.6, color=style.VALIDATION)
        sheet.hint(arrow, said)
        return has_baseline
    mark = Mark(measure, marks.name_seeds(summary, measure.values), said, summary.complete)
    marks.draw_mark(sheet, axes, middle, mark, reach, half=_HALF, is_flat=True)
    return has_baseline


def _draw_forest(
    sheet: Sheet, study: StudySummary, edges: Sequence[_Edge], cut: float | None
) -> Interval:
    """Draw a row for each side, and return how far its intervals are drawn."""
    near = [edge.measure for edge in edges if edge.measure and not _is_far(edge, cut)]
    reach = marks.find_reach(near or [Measure(0.0, None, 1, (0.0,), "points")], least=_LEAST)
    noise = study.baseline.summary.accuracy
    width = style.WIDTH - _NUMBERS - _FOREST
    axes = sheet.add_panel(_FOREST, _TOP, width, _BOTTOM - _TOP)
    low, high = min(reach.low, 0.0), max(reach.high, 0.0)
    if noise and noise.sd is not None:
        low, high = min(low, -noise.sd), max(high, noise.sd)
    room = 0.05 * (high - low)
    scales.set_percent_axis(axes, low - room, high + room, marks=4)
    axes.set(ylim=(_BOTTOM - _TOP, 0), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x")
    if noise and noise.sd is not None:
        axes.axvspan(-noise.sd, noise.sd, color=style.NOISE, lw=0, zorder=0)
    axes.axvline(0, color=style.QUIET, lw=0.6, zorder=1)
    step = (_BOTTOM - _TOP) / 2
    for number, edge in enumerate(edges):
        group, row = divmod(number, 2)
        start = _TOP + group * step
        if row == 0:
            text = style.cut_text(edge.switch, _FOREST - _NAMES - 2.0, SMALL, style.BOLD)
            sheet.write(_NAMES, start + 4.0, text, size=SMALL, weight=style.BOLD)
        y = start + _HEADING + (row + 0.5) * (step - _HEADING) / 2
        lines = style.wrap_text(edge.beside, _FOREST - _NAMES - 2.0, 2, SMALL)
        _write_lines(sheet, _NAMES, y + 0.9 - 1.5 * (len(lines) - 1), lines)
        _draw_edge(sheet, axes, edge, y - _TOP, reach, is_far=_is_far(edge, cut))
        text = format_points(edge.measure.mean) if edge.measure else "–"
        sheet.write(style.WIDTH, y + 0.9, text, size=SMALL, align="right")
    text = "difference (percentage points)"
    sheet.write(_FOREST + width / 2, _BOTTOM + 7.2, text, align="center")
    return reach


def _draw_edge(
    sheet: Sheet, axes: Axes, edge: _Edge, y: float, reach: Interval, *, is_far: bool
) -> None:
    if edge.measure is None:
        return
    said = _describe_edge(edge)
    if is_far:
        is_low = edge.measure.mean < 0
        end = axes.get_xlim()[0 if is_low else 1]
        marker = "<" if is_low else ">"
        (arrow,) = axes.plot(end, y, marker, ms=3.6, color=style.VALIDATION, clip_on=False)
        sheet.hint(arrow, said)
        return
    mark = Mark(edge.measure, edge.seeds, said, edge.is_complete)
    marks.draw_mark(sheet, axes, y, mark, reach, half=_HALF, is_flat=True)


def _is_far(edge: _Edge, cut: float | None) -> bool:
    """Tell whether just one end of a side is far below the others: a difference off any scale."""
    ends = (edge.off.summary.accuracy, edge.on.summary.accuracy)
    return cut is not None and len({bool(end and end.mean < cut) for end in ends}) > 1


def _describe_edge(edge: _Edge) -> str:
    if edge.measure is None:
        return f"{capitalise(edge.switch)}, {edge.beside}: no seed finished both ways"
    said = f"{capitalise(edge.switch)}, {edge.beside}: {format_points(edge.measure.mean)}"
    if interval := estimate_mean(edge.measure):
        said += f" (95 % interval {format_points(interval.low)} to {format_points(interval.high)})"
    return said


def _write_title(sheet: Sheet, x: float, text: str) -> None:
    sheet.write(x, 9.0, text, size=style.LARGE, weight=style.BOLD)


def _write_lines(sheet: Sheet, x: float, y: float, lines: Sequence[str]) -> None:
    for number, line in enumerate(lines):
        sheet.write(x, y + 3.0 * number, line, size=SMALL)


def _caption(
    study: StudySummary,
    corners: Corners,
    edges: Sequence[_Edge],
    *,
    is_cut: bool,
    has_far: bool,
    has_baseline: bool,
) -> str:
    both = f"{name_factor(corners.first.field)} and {name_factor(corners.second.field)}"
    where = f"validation accuracy at the last epoch with and without {both}"
    measures = [level.summary.accuracy for level in corners.levels if level.summary.accuracy]
    known = [edge for edge in edges if edge.measure]
    if not measures:
        return f"{capitalise(where)}: no run finished."
    said = f"Left, {where}, and how far training accuracy was from it"
    if known:
        said += "; right, what adding one of them changes, paired by seed"
    said += ": a dot for each seed"
    if any(measure.sd is not None for measure in measures):
        said += (
            ", the mean, and its 95 % interval (Student’s t over the seeds, each for itself). "
            "Numbers in the cells are mean and standard deviation"
        )
    if is_cut:
        said += "; an arrow: the interval goes on beyond the axis"
    baseline = study.baseline.summary.accuracy
    if baseline is not None and baseline.sd is not None:
        left = "from the baseline, or from no difference," if has_baseline else "from no difference"
        said += (
            f". What lies in the grey band is no further {left} than one standard deviation of the "
            "baseline’s seeds"
        )
    said += "."
    if not known:
        said += " Right, nothing is known: no seed finished both with and without one of them."
    if has_far:
        said += " A triangle in colour stands for a value far off the axis."
    if any(level.summary.finished and not level.summary.complete for level in corners.levels):
        said += " Hollow dots: not all runs of the variant finished."
    if compared := [edge for edge in known if edge.is_complete]:
        largest = max(compared, key=lambda edge: abs(edge.measure.mean) if edge.measure else 0.0)
        said += f" The largest difference: {_lower(_describe_edge(largest))}."
    return said


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
