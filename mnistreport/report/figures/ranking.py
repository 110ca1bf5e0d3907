"""All variants on one scale, each model's best on top, and those that could be it as well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from mnistreport.analysis.ranking import Ranking, rank_variants
from mnistreport.analysis.results import Results, VariantSummary
from mnistreport.analysis.statistics import Interval, Measure
from mnistreport.report.figures import marks, scales, style
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.labels import describe_trouble
from mnistreport.report.figures.style import Sheet, open_sheet
from mnistreport.report.figures.variants import BASELINE, COMBINED, name_model, name_variants
from mnistreport.report.numbers import format_count, format_measure, format_percent
from mnistreport.report.wording import capitalise, count_things, join_words

_LABELS, _NUMBERS = 47.0, 27.0  # millimetres
_PANEL, _WIDTH = _LABELS + 2.0, style.WIDTH - _LABELS - _NUMBERS - 4.0
_ROW, _TITLE = 4.4, 8.0
_MOST: Final = 40  # rows


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    summary: VariantSummary
    is_best: bool
    is_possible: bool

    @property
    def measure(self) -> Measure | None:
        return self.summary.accuracy


@dataclass(frozen=True, slots=True)
class _Group:
    ranking: Ranking
    title: str
    rows: tuple[_Row, ...]

    @property
    def left_out(self) -> int:
        return len(self.ranking.variants) - len(self.rows)

    @property
    def has_band(self) -> bool:
        """Whether any row is shaded: those that would be may be left out."""
        return any(row.is_possible for row in self.rows)


def plot_ranking(results: Results, titles: Mapping[str, str] | None = None) -> Figure:
    """Draw every variant's validation accuracy, every seed a dot, ranked within its model.

    Args:
        results: All of them.
        titles: Models in words; the manifest's names if not given.
    """
    groups = _group_rows(results, titles or {})
    means = [row.measure.mean for group in groups for row in group.rows if row.measure]
    cut = scales.find_cut(means)
    values = [
        value
        for group in groups
        for row in group.rows
        if row.measure and not (cut and row.measure.mean < cut)
        for value in row.measure.values
    ]
    height = sum(_TITLE + len(group.rows) * _ROW for group in groups) + 9.0
    with open_sheet(height) as sheet:
        top, is_clipped = 0.0, False
        for group in groups:
            _write_heading(sheet, group, top + 5.0)
            top += _TITLE
            _shade_band(sheet, group, top)
            axes = sheet.add_panel(_PANEL, top, _WIDTH, len(group.rows) * _ROW)
            scales.set_accuracy_axis(axes, values, least=8.5 / _WIDTH, horizontal=True)
            is_clipped |= _draw_group(sheet, axes, group.rows, top, cut)
            top += len(group.rows) * _ROW
            is_last = group is groups[-1]
            axes.tick_params(bottom=is_last, labelbottom=is_last)
        axis = "validation accuracy (%) at the last epoch"
        sheet.write(_PANEL + _WIDTH / 2, top + 7.5, axis, align="center")
        picture = sheet.render()
    caption = _caption(groups, has_far=cut is not None, is_clipped=is_clipped)
    return Figure("ranking", picture, caption, _describe(groups))


def _group_rows(results: Results, titles: Mapping[str, str]) -> list[_Group]:
    """Return each model's rows, best first; lower ranks are left out to keep to a page."""
    names, rankings = name_variants(results), rank_variants(results)
    is_long = len(results.variants) > _MOST
    most = max(3, _MOST // max(1, len(rankings))) if is_long else _MOST
    groups: list[_Group] = []
    for ranking in rankings:
        possible = [each.variant.key for each in ranking.possible if ranking.can_tell]
        rows = [
            _Row(names[key := each.variant.key], each, each is ranking.best, key in possible)
            for each in ranking.variants
        ]
        kept = [
            row
            for place, row in enumerate(rows)
            if place < most or row.is_best or row.label == BASELINE
        ]
        groups.append(_Group(ranking, name_model(ranking.model, titles), tuple(kept)))
    return groups


def _write_heading(sheet: Sheet, group: _Group, y: float) -> None:
    said = _say_band(group)
    width = style.measure_text(said, style.SMALL) + 2.0
    title = style.cut_text(group.title, style.WIDTH - width - 12.0, style.LARGE, style.BOLD)
    sheet.write(0.5, y, title, size=style.LARGE, weight=style.BOLD)
    sheet.write(style.WIDTH - 0.5, y, said, size=style.SMALL, align="right")
    if group.has_band:
        ends = [style.WIDTH - width - 6.5, style.WIDTH - width - 1.0]
        sheet.add_overlay().fill_between(ends, y - 2.6, y + 0.7, color=style.NOISE, lw=0)


def _say_band(group: _Group) -> str:
    if group.has_band:
        return "these seeds do not rule it out as the best"
    if not group.ranking.can_tell:
        return ""
    which = "all others"
    if group.ranking.possible:
        which += " shown"  # of those left out, some are not
    if not all(each.complete for each in group.ranking.variants):
        which += " with every run finished"
    return f"{which} are ruled out as the best"


def _shade_band(sheet: Sheet, group: _Group, top: float) -> None:
    overlay = sheet.add_overlay()
    for place, row in enumerate(group.rows):
        if row.is_possible:
            y = top + place * _ROW
            overlay.fill_between([0, style.WIDTH], y, y + _ROW, color=style.NOISE, lw=0)


def _draw_group(
    sheet: Sheet, axes: Axes, rows: Sequence[_Row], top: float, cut: float | None
) -> bool:
    """Draw rows; return whether an interval goes on beyond the axis."""
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [""] * len(rows))
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    is_clipped = False
    for place, row in enumerate(rows):
        y = top + (place + 0.5) * _ROW + 0.9
        is_bold = row.is_best or row.label in {BASELINE, COMBINED}
        weight = style.BOLD if is_bold else 400
        colour = style.INK if row.measure else style.QUIET
        label = style.cut_text(row.label, _LABELS - 1.0, style.SMALL, weight)
        sheet.write(1.0, y, label, size=style.SMALL, colour=colour, weight=weight)
        if row.measure is None:
            text = style.cut_text(describe_trouble(row.summary), _WIDTH + _NUMBERS, style.SMALL)
            sheet.write(_PANEL + 1.0, y, text, size=style.SMALL, colour=colour)
            continue
        numbers = format_measure(row.measure)
        sheet.write(style.WIDTH - 0.5, y, numbers, size=style.SMALL, align="right")
        if cut is not None and row.measure.mean < cut:
            start = axes.get_xlim()[0]
            axes.plot(start, place, "<", ms=3.6, color=style.VALIDATION, clip_on=False)
        else:
            is_clipped |= _draw_interval(axes, row.measure, place)
            _draw_seeds(sheet, axes, row, place)
    return is_clipped


def _draw_interval(axes: Axes, measure: Measure, place: int) -> bool:
    """Draw mean and interval; return whether the axis is too short for it."""
    if measure.sd is None:
        return False
    reach = Interval(*axes.get_xlim())
    drawn, cuts = marks.clip_interval(measure, reach), marks.find_cuts(measure, reach)
    ends = (drawn.low, drawn.high)
    axes.plot(ends, [place] * 2, color=style.QUIET, lw=0.8, solid_capstyle="butt")
    axes.plot([measure.mean] * 2, [place - 0.36, place + 0.36], color=style.INK, lw=0.9)
    for x, marker, goes_on in zip(ends, "<>", cuts, strict=True):
        if goes_on:
            axes.plot(x, place, marker, ms=2.4, color=style.QUIET, clip_on=False)
    return any(cuts)


def _draw_seeds(sheet: Sheet, axes: Axes, row: _Row, place: int) -> None:
    looks = style.dots(style.VALIDATION, is_complete=row.summary.complete)
    for seed, accuracy in row.summary.decisive.items():
        (dot,) = axes.plot(accuracy, place, **looks)
        sheet.hint(dot, f"{row.label}, seed {seed}: {format_percent(accuracy)}")


def _caption(groups: Sequence[_Group], *, has_far: bool, is_clipped: bool) -> str:
    said = "Validation accuracy of every variant at the last epoch, ranked within its model"
    summaries = [row.summary for group in groups for row in group.rows]
    if any(summary.accuracy and summary.accuracy.sd is not None for summary in summaries):
        said += (
            ": a dot for each seed, an upright bar for their mean, a line for the mean’s 95 % "
            "interval (Student’s t); the numbers are mean and standard deviation."
        )
    elif any(summary.accuracy for summary in summaries):
        said += ", of one seed each, so that close ranks may be chance."
    else:
        said += ": no run finished."
    if any(group.ranking.can_tell for group in groups):
        said += (
            " Ruled out as the best of its model is a variant that is clearly behind another: "
            "behind the best, where all are judged together, or behind a level of its study."
        )
    if any(group.has_band for group in groups):
        said += " Shaded: not ruled out by these seeds, which does not make them equal."
    if any(summary.accuracy for summary in summaries):
        said += " The axis is logarithmic in the share of errors."
    if any(summary.finished and not summary.complete for summary in summaries):
        said += " Hollow dots: not all runs of the variant finished, so it is not compared."
    if is_clipped:
        said += " An interval with an arrowhead goes on beyond the axis."
    if has_far:
        said += " A triangle at the left edge stands for a value far below the axis."
    if left_out := sum(group.left_out for group in groups):
        said += f" {format_count(left_out)} lower ranks are left out."
    return said + _say_imported(groups)


def _say_imported(groups: Sequence[_Group]) -> str:
    rows = [row.label for group in groups for row in group.rows if row.summary.imported]
    if not rows:
        return ""
    said = f" Imported, and not checked: {join_words(list(dict.fromkeys(rows)))}."
    if all(row.summary.imported for group in groups for row in group.rows):
        return said
    return (
        f"{said} What was imported and what was trained here are not compared, so that neither "
        "rules out the other."
    )


def _describe(groups: Sequence[_Group]) -> str:
    parts = [
        f"{group.title}: {'; '.join(map(_describe_row, group.rows))}.{_describe_band(group)}"
        for group in groups
    ]
    order = "the highest first"
    if any(group.ranking.best and not group.rows[0].is_best for group in groups):
        order += "; the best of a model is the highest whose runs all finished"
    return f"Variants by validation accuracy, {order}. {' '.join(parts)}"


def _describe_row(row: _Row) -> str:
    if row.measure is None:
        return f"{row.label}: {describe_trouble(row.summary)}"
    return f"{row.label}: {format_measure(row.measure)}"


def _describe_band(group: _Group) -> str:
    if not group.ranking.can_tell:
        return ""
    best = next(row.label for row in group.rows if row.is_best)
    if not group.ranking.possible:
        return f" {capitalise(_say_band(group))}; that is {best}."
    possible = [row.label for row in group.rows if row.is_possible]
    hidden = len(group.ranking.possible) - len(possible)
    more = [count_things(hidden, "lower rank")] if hidden else []
    return (
        f" Besides {best}, the seeds do not rule out as the best: {join_words([*possible, *more])}."
    )
