"""Learning curves: loss and accuracy, epoch by epoch."""

import math
from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes

from mnistreport.analysis.results import CHANCE_LOSS, LevelSummary, StudySummary, VariantSummary
from mnistreport.report.figures import scales, style
from mnistreport.report.figures.curve import LINES, MOST_POINTS, summarise_curve
from mnistreport.report.figures.curve_names import Panel, name_curves
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.labels import (
    describe_end,
    describe_imported,
    describe_spread,
    describe_trouble,
    list_ends,
)
from mnistreport.report.figures.room import spread_places
from mnistreport.report.figures.style import Sheet, open_sheet
from mnistreport.report.numbers import format_measure
from mnistreport.report.wording import name_factor, name_level
from mnistreport.training.result import Run

_COLUMNS: Final = 5
_MOST: Final = 15  # levels that are drawn
_LEFT, _GUTTER, _RIGHT = 12.0, 3.5, 2.0  # millimetres, as all that follow
_KEY, _HEADING, _BETWEEN, _FOOT = 5.0, 9.5, 4.0, 9.0
_GAP: Final = 1.6  # between a level and the word beside it


def plot_learning_curves(study: StudySummary) -> Figure:
    """Draw loss above accuracy for each level of a study, the baseline in grey behind others."""
    levels = _choose_levels(study)
    rows = math.ceil(len(levels) / _COLUMNS)
    columns = math.ceil(len(levels) / rows)
    panel = 33.0 if rows == 1 else 25.0
    block = _HEADING + 2 * panel + _BETWEEN + _FOOT
    loss, accuracy = _collect(levels, "loss"), _collect(levels, "accuracy")
    width = (style.WIDTH - _LEFT - _RIGHT - (columns - 1) * _GUTTER) / columns
    epochs = max((len(run.history) for run in _list_runs(levels)), default=1)
    beyond, has_chance, has_baseline = "", False, False
    panels: list[Panel] = []
    with open_sheet(_KEY + rows * block) as sheet:
        for place, level in enumerate(levels):
            row, column = divmod(place, columns)
            left, top = _LEFT + column * (width + _GUTTER), _KEY + row * block
            _write_heading(sheet, study, level, left, top, width)
            tops = (top + _HEADING, top + _HEADING + panel + _BETWEEN)
            for metric, start in zip(("loss", "accuracy"), tops, strict=True):
                axes = sheet.add_panel(left, start, width, panel)
                scales.set_epoch_axis(axes, epochs)
                if metric == "loss":
                    beyond = scales.set_loss_axis(axes, loss)
                    axes.tick_params(labelbottom=False)
                else:
                    scales.set_accuracy_axis(axes, accuracy, least=4.0 / panel)
                if column:
                    axes.tick_params(labelleft=False)
                    axes.spines["left"].set_visible(False)
                if metric == "loss":
                    has_chance = _draw_chance(axes)
                has_baseline |= _draw_level(axes, level, study.baseline, metric)
                panels.append(Panel(axes, level.summary, study.baseline.summary, metric))
            if column == 0:
                for text, start in zip(("loss (nats)", "accuracy (%)"), tops, strict=True):
                    y = start + panel / 2
                    sheet.write(2.0, y, text, align="center", valign="center", rotation=90)
            if column == columns // 2:
                x = left + (width / 2 if columns % 2 else -_GUTTER / 2)
                sheet.write(x, tops[1] + panel + 7.0, "epoch", align="center")
        is_named = name_curves(sheet, panels, CHANCE_LOSS if has_chance else None)
        _draw_key(
            sheet, levels, is_named=is_named, has_baseline=has_baseline, has_chance=has_chance
        )
        picture = sheet.render()
    return Figure(
        f"{study.study.slug}-curves",
        picture,
        _caption_curves(study, levels, beyond=beyond, has_baseline=has_baseline),
        f"Learning curves by level, study “{study.study.title}”. "
        f"At the last epoch: {list_ends(study, levels)}",
    )


def plot_baseline_curves(summary: VariantSummary, model_title: str) -> Figure:
    """Draw a variant's loss on the left and its accuracy on the right, on plain axes."""
    with open_sheet(54.0) as sheet:
        width, top, height = 55.0, 8.0, 35.0
        for number, metric in enumerate(("loss", "accuracy")):
            left = 9.0 + number * 86.0
            axes = sheet.add_panel(left, top, width, height)
            _draw_plain(sheet, axes, summary, metric, (left + width, top, height))
            title = "Loss (nats)" if metric == "loss" else "Accuracy (%)"
            sheet.write(left - 6.0, 4.0, title, size=style.LARGE, weight=style.BOLD)
            sheet.write(left + width / 2, top + height + 7.5, "epoch", align="center")
        seeds = len(summary.finished)
        if seeds > 1:
            style.draw_key(sheet, 128.0, 4.0, [(f"range of {seeds} seeds", style.QUIET, None)])
        picture = sheet.render()
    caption = (
        f"Training (solid) and validation (dashed) of the baseline, {model_title}, at the end of "
        f"each epoch. {describe_spread([summary])}"
    )
    accuracy = summary.accuracy
    if accuracy is not None:
        caption += (
            f" Validation accuracy after the last epoch: {format_measure(accuracy)}"
            f"{' (mean and standard deviation)' if accuracy.sd is not None else ''}."
        )
    if summary.imported:
        of = "" if len(summary.imported) == summary.planned else f" ({len(summary.imported)} runs)"
        caption += f" Imported{of}, and not checked."
    when = "at the last epoch: " if accuracy else ""
    alt = (
        f"Loss and accuracy by epoch of the baseline, {model_title}; {when}{describe_end(summary)}."
    )
    return Figure(f"{summary.variant.model}-baseline", picture, caption, alt)


def _draw_plain(
    sheet: Sheet,
    axes: Axes,
    summary: VariantSummary,
    metric: str,
    place: tuple[float, float, float],
) -> None:
    right, top, height = place
    values = _list_values(summary, metric)
    scales.set_epoch_axis(axes, max((len(run.history) for run in summary.runs.values()), default=1))
    if metric == "loss":
        high = min(max(values, default=1.0), scales.HIGHEST_LOSS)
        scales.set_plain_ticks(axes, 0.0, high * 1.05)
    else:
        low, high = min(values, default=0.0), max(values, default=1.0)
        room = max(0.05 * (high - low), 0.002)
        scales.set_percent_ticks(axes, low - room, min(high + room, 1.0 + room / 2))
    _draw_runs(axes, summary, metric)
    _write_trouble(axes, summary)
    ends: list[tuple[float, str, str]] = []
    for split, (colour, _) in LINES.items():
        if curve := summarise_curve(summary, f"{split}_{metric}"):
            share = axes.transAxes.inverted().transform(  # pyright: ignore[reportUnknownMemberType]
                axes.transData.transform((curve.epochs[-1], curve.mean[-1]))
            )[1]
            ends.append((top + height * (1 - float(share)), style.name_split(split), colour))
    _write_ends(sheet, right + 1.5, ends)


def _write_ends(sheet: Sheet, x: float, ends: Sequence[tuple[float, str, str]]) -> None:
    """Write each line's name where it ends, moved apart where names would touch."""
    ordered = sorted(ends)
    places = spread_places([y for y, _, _ in ordered], 3.2)
    for y, (_, text, colour) in zip(places, ordered, strict=True):
        sheet.write(x, y, text, colour=colour, valign="center")


def _choose_levels(study: StudySummary) -> tuple[LevelSummary, ...]:
    """Return all levels, or of very many the baseline, the best and some evenly spread ones."""
    levels = study.levels
    if len(levels) <= _MOST:
        return levels
    kept = {levels.index(study.baseline), levels.index(study.best or study.baseline)}
    for place in range(_MOST):
        if len(kept) == _MOST:
            break
        kept.add(round(place * (len(levels) - 1) / (_MOST - 1)))
    return tuple(levels[place] for place in sorted(kept))


def _list_runs(levels: Sequence[LevelSummary]) -> list[Run]:
    return [run for level in levels for run in level.summary.runs.values()]


def _list_values(summary: VariantSummary, metric: str) -> list[float]:
    return [
        float(getattr(row, f"{split}_{metric}"))
        for run in summary.runs.values()
        for row in run.history
        for split in LINES
    ]


def _collect(levels: Sequence[LevelSummary], metric: str) -> list[float]:
    return [value for level in levels for value in _list_values(level.summary, metric)]


def _draw_chance(axes: Axes) -> bool:
    """Draw the loss of guessing, and tell whether it lies within the axes."""
    low, high = axes.get_ylim()
    if is_within := low <= CHANCE_LOSS <= high:
        axes.axhline(CHANCE_LOSS, color=style.QUIET, lw=0.5, ls=style.DOTTED)
    return is_within


def _draw_level(axes: Axes, level: LevelSummary, baseline: LevelSummary, metric: str) -> bool:
    """Draw a level's curves; return whether the baseline's are behind them."""
    has_baseline = False
    if level is not baseline:
        for split, (_, line) in LINES.items():
            if curve := summarise_curve(baseline.summary, f"{split}_{metric}"):
                _draw_line(axes, curve.epochs, curve.mean, style.REFERENCE, line, width=0.8)
                has_baseline = True
    _draw_runs(axes, level.summary, metric)
    if metric == "accuracy":
        _write_trouble(axes, level.summary)
    return has_baseline


def _write_trouble(axes: Axes, summary: VariantSummary) -> None:
    if trouble := describe_trouble(summary):
        axes.text(
            0.97,
            0.05,
            trouble.replace(" after", "\nafter").replace(", ", ",\n"),
            transform=axes.transAxes,
            size=style.SMALL,
            color=style.INK,
            ha="right",
            va="bottom",
            bbox={"facecolor": "white", "alpha": 0.85, "pad": 1.0, "lw": 0},
        )


def _draw_runs(axes: Axes, summary: VariantSummary, metric: str) -> None:
    """Draw mean and band of the finished runs, and a thin line for each that broke off."""
    for split, (colour, line) in LINES.items():
        name = f"{split}_{metric}"
        if curve := summarise_curve(summary, name):
            if len(summary.finished) > 1:
                axes.fill_between(
                    curve.epochs, curve.low, curve.high, color=colour, alpha=0.22, lw=0
                )
            _draw_line(axes, curve.epochs, curve.mean, colour, line)
        for run in summary.runs.values():
            if run.status != "finished" and run.history:
                rows = run.history[:: math.ceil(len(run.history) / MOST_POINTS)]
                epochs, values = (
                    [row.epoch for row in rows],
                    [float(getattr(row, name)) for row in rows],
                )
                _draw_line(axes, epochs, values, colour, line, width=0.7)
                axes.plot(epochs[-1], values[-1], "x", color=colour, ms=3, mew=0.9)


def _draw_line(
    axes: Axes,
    epochs: Sequence[int],
    values: Sequence[float],
    colour: str,
    line: object,
    *,
    width: float = 1.1,
) -> None:
    marker = "o" if len(epochs) == 1 else ""  # a line of one point is none
    axes.plot(epochs, values, color=colour, ls=line, lw=width, marker=marker, ms=3)  # pyright: ignore[reportArgumentType]


def _draw_key(
    sheet: Sheet,
    levels: Sequence[LevelSummary],
    *,
    is_named: bool,
    has_baseline: bool,
    has_chance: bool,
) -> None:
    """Write what is not said beside the lines."""
    entries: list[tuple[str, str, object]] = []
    if not is_named:
        entries += [(style.name_split(name), *look) for name, look in LINES.items()]
    seeds = {len(level.summary.finished) for level in levels} - {0}
    if max(seeds, default=0) > 1:
        how_many = f"{max(seeds)} seeds" if len(seeds) == 1 else "the seeds that finished"
        entries.append((f"range of {how_many}", style.QUIET, None))
    if has_baseline:
        entries.append(("baseline", style.REFERENCE, style.SOLID))
    if has_chance:
        entries.append(("guessing", style.QUIET, style.DOTTED))
    style.draw_key(sheet, _LEFT, 3.2, entries)


def _write_heading(
    sheet: Sheet, study: StudySummary, level: LevelSummary, left: float, top: float, width: float
) -> None:
    mark = "baseline" if level.level.is_baseline else ""
    room = width - style.measure_text(mark, style.SMALL) - _GAP
    label = level.label
    if study.study.factor:
        factor = style.cut_text(name_factor(study.study.factor), width, style.SMALL)
        sheet.write(left, top + 4.0, factor, size=style.SMALL, colour=style.QUIET)
        label = style.cut_text(label, room, style.LARGE, style.BOLD)
    else:
        first, *rest = style.wrap_text(label, room, 2, style.LARGE, style.BOLD)
        if rest:
            sheet.write(left, top + 4.0, first, size=style.LARGE, weight=style.BOLD)
        label = rest[0] if rest else first
    sheet.write(left, top + 7.6, label, size=style.LARGE, weight=style.BOLD)
    end = left + style.measure_text(label, style.LARGE, style.BOLD)
    sheet.write(end + _GAP, top + 7.6, mark, size=style.SMALL, colour=style.QUIET)


def _caption_curves(
    study: StudySummary, levels: Sequence[LevelSummary], *, beyond: str, has_baseline: bool
) -> str:
    what = name_factor(study.study.factor) if study.study.factor else "variant"
    said = (
        f"Loss (above) and accuracy (below) at the end of each epoch, by {what}: training solid, "
        f"validation dashed{', the baseline in grey behind' if has_baseline else ''}. "
        f"{describe_spread(level.summary for level in levels)} The loss axis is "
        "logarithmic, and so is the accuracy axis in the share of errors"
    )
    if beyond:
        said += f"; losses {beyond} nats are cut off"
    if len(levels) < len(study.levels):
        said += f"; shown are {len(levels)} of {len(study.levels)} levels"
    best = study.best
    if best is not None and best.summary.accuracy is not None:
        accuracy = format_measure(best.summary.accuracy)
        is_complete = all(level.summary.complete for level in study.levels)
        which = "The" if is_complete else "Among levels whose runs all finished, the"
        said += (
            f". {which} highest validation accuracy at the end is {accuracy}, for "
            f"{name_level(study, best)}"
        )
    return f"{said}.{describe_imported(levels)}"
