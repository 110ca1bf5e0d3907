"""What accuracy costs in time: every variant's validation accuracy against how long it trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from matplotlib.axes import Axes

from mnistreport.analysis.results import Results, VariantSummary
from mnistreport.analysis.selection import choose_winners
from mnistreport.report.figures import scales, style
from mnistreport.report.figures.annotations import Label, place_labels
from mnistreport.report.figures.boxes import Box
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.style import Sheet, open_sheet
from mnistreport.report.figures.variants import BASELINE, name_model, name_variants
from mnistreport.report.notices import describe_circumstances
from mnistreport.report.numbers import format_measure, format_percent, format_seconds
from mnistreport.report.wording import capitalise

_LEFT, _TOP, _WIDTH, _HEIGHT = 13.0, 9.0, 150.0, 72.0  # millimetres; of the panel
_DOT: Final = 1.1  # its radius
_ENDS: Final = 2  # that a line has
_LEAST: Final = 1e-3  # seconds that can have a place on a logarithmic axis
NAME: Final = "training-time"


@dataclass(frozen=True, slots=True)
class _Spot:
    """A variant: mean seconds, mean accuracy, and whether it is its model's best."""

    label: str
    summary: VariantSummary
    model: int
    seconds: float
    accuracy: float
    is_best: bool

    @property
    def times(self) -> tuple[float, float]:
        """The shortest and the longest time of a seed."""
        taken = [run.duration_seconds or 0.0 for run in self.summary.finished.values()]
        times = [max(seconds, _LEAST) for seconds in taken]
        return min(times), max(times)


def plot_training_time(results: Results, titles: Mapping[str, str] | None = None) -> Figure:
    """Draw each variant's mean accuracy against its mean training time, and the frontier.

    Args:
        results: All of them.
        titles: Models in words; the manifest's names if not given.
    """
    models = list(dict.fromkeys(each.variant.model for each in results.variants.values()))
    named = [name_model(model, titles or {}) for model in models]
    spots = _list_spots(results, models)
    if not spots:
        return _draw_nothing(results)
    cut = scales.find_cut([spot.accuracy for spot in spots])
    shown = [spot for spot in spots if cut is None or spot.accuracy >= cut]
    frontier = _find_frontier(shown)
    with open_sheet(_TOP + _HEIGHT + 11.0) as sheet:
        _draw_key(sheet, named, _say_line(spots, frontier))
        axes = sheet.add_panel(_LEFT, _TOP, _WIDTH, _HEIGHT)
        least = 6.0 / _HEIGHT
        scales.set_accuracy_axis(axes, [spot.accuracy for spot in shown], least=least)
        is_log = scales.set_duration_axis(axes, [time for spot in spots for time in spot.times])
        axes.grid(visible=True, axis="both")
        steps = _draw_frontier(axes, frontier)
        for spot in spots:
            _draw_spot(sheet, axes, spot, is_below=spot not in shown)
        _write_labels(sheet, axes, spots, frontier, steps)
        sheet.write(
            _LEFT + _WIDTH / 2,
            _TOP + _HEIGHT + 8.5,
            f"training time of a run (s{', logarithmic' if is_log else ''})",
            align="center",
        )
        sheet.write(
            2.5,
            _TOP + _HEIGHT / 2,
            "validation accuracy (%)",
            align="center",
            valign="center",
            rotation=90,
        )
        picture = sheet.render()
    caption = _caption(results, spots, frontier, has_far=len(shown) < len(spots))
    return Figure(NAME, picture, caption, _describe(spots, shown, frontier, named))


def _list_spots(results: Results, models: Sequence[str]) -> list[_Spot]:
    names = name_variants(results)
    best = {winner.summary.variant.key for winner in choose_winners(results)}
    return [
        _Spot(
            names[key],
            summary,
            models.index(summary.variant.model),
            max(summary.duration_seconds.mean, _LEAST),
            summary.accuracy.mean,
            key in best,
        )
        for key, summary in results.variants.items()
        if summary.accuracy and summary.duration_seconds and not summary.imported
    ]


def _find_frontier(spots: Sequence[_Spot]) -> list[_Spot]:
    """Return the complete variants that none beats in time without being less accurate.

    Of variants that are equal in both, it is the first.
    """
    frontier: list[_Spot] = []
    for spot in sorted(spots, key=lambda each: (each.seconds, -each.accuracy)):
        if spot.summary.complete and (not frontier or spot.accuracy > frontier[-1].accuracy):
            frontier.append(spot)
    return frontier


def _draw_nothing(results: Results) -> Figure:
    what = "No setting was wholly trained here" if results.imported else "No run finished"
    said = f"{what}, so there is no training time to compare."
    with open_sheet(10.0) as sheet:
        sheet.write(0.5, 6.0, said)
        picture = sheet.render()
    return Figure(NAME, picture, said, said)


def _say_line(spots: Sequence[_Spot], frontier: Sequence[_Spot]) -> str:
    """Return what the line stands for; empty if none is drawn."""
    if len(frontier) < _ENDS:
        return ""
    return f"no {_name_rivals(spots)} is both faster and more accurate"


def _name_rivals(spots: Sequence[_Spot]) -> str:
    is_complete = all(spot.summary.complete for spot in spots)
    return "variant" if is_complete else "complete variant"


def _draw_key(sheet: Sheet, named: Sequence[str], line: str) -> None:
    overlay, x = sheet.add_overlay(), _LEFT + 1.0
    for place, name in enumerate(named):
        overlay.plot(x, 3.2, **style.model_dots(place))
        text = style.cut_text(name, (style.WIDTH - 80.0) / len(named), style.SMALL)
        sheet.write(x + 2.2, 4.0, text, size=style.SMALL)
        x += 8.0 + style.measure_text(text, style.SMALL)
    if line:
        overlay.plot([x, x + 6], [3.2, 3.2], color=style.REFERENCE, lw=0.9)
        sheet.write(x + 7.2, 4.0, line, size=style.SMALL)


def _draw_frontier(axes: Axes, frontier: Sequence[_Spot]) -> list[tuple[float, float]]:
    """Draw the frontier as steps; return its corners as (seconds, accuracy)."""
    corners: list[tuple[float, float]] = []
    if len(frontier) < _ENDS:
        return corners
    for spot in frontier:
        if corners:
            corners.append((spot.seconds, corners[-1][1]))
        corners.append((spot.seconds, spot.accuracy))
    corners.append((axes.get_xlim()[1], corners[-1][1]))
    axes.plot(*zip(*corners, strict=True), color=style.REFERENCE, lw=0.9, zorder=1.5)
    return corners


def _draw_spot(sheet: Sheet, axes: Axes, spot: _Spot, *, is_below: bool) -> None:
    y = axes.get_ylim()[0] if is_below else spot.accuracy
    looks = style.model_dots(spot.model, is_complete=spot.summary.complete)
    looks |= {"marker": "v"} if is_below else {}
    if not is_below:
        axes.plot(spot.times, [y, y], color=style.model_colour(spot.model), lw=0.6, zorder=2)
    (dot,) = axes.plot(spot.seconds, y, clip_on=False, zorder=3, **looks)
    said = f"{format_percent(spot.accuracy)} in {format_seconds(spot.seconds)}"
    sheet.hint(dot, f"{spot.label}: {said}")


def _write_labels(
    sheet: Sheet,
    axes: Axes,
    spots: Sequence[_Spot],
    frontier: Sequence[_Spot],
    steps: Sequence[tuple[float, float]],
) -> None:
    """Name the dots, those that matter most first, as far as there is room."""
    bottom = axes.get_ylim()[0]
    places = [_locate(axes, spot.seconds, max(spot.accuracy, bottom)) for spot in spots]
    corners = [_locate(axes, *corner) for corner in steps]
    taken = [Box.around(place, place, _DOT) for place in places]
    taken += [Box.around(a, b, 0.25) for a, b in pairwise(corners)]
    ends = [[_locate(axes, time, bottom)[0] for time in spot.times] for spot in spots]
    taken += [
        Box.around((first, y), (last, y), 0.1)
        for (first, last), (_, y) in zip(ends, places, strict=True)
    ]
    named = _order_spots(spots, frontier)
    labels: list[Label] = []
    for spot in named:
        is_bold, is_below = spot.is_best or spot.label == BASELINE, spot.accuracy < bottom
        weight = style.BOLD if is_bold else 400
        text = style.cut_text(spot.label, 46.0, style.SMALL, weight)
        text += f": {format_percent(spot.accuracy)}" if is_below else ""
        matters = is_bold or spot in frontier
        colour = style.INK if matters else style.QUIET
        place, (first, last) = places[spots.index(spot)], ends[spots.index(spot)]
        labels.append(Label(text, place, (first, last), weight, colour, matters or is_below))
    panel = Box(_LEFT + 0.5, _TOP - 1.0, _LEFT + _WIDTH, _TOP + _HEIGHT - 0.3)
    overlay = sheet.add_overlay()
    for label, place in place_labels(labels, panel, taken, gap=_DOT + 0.6):
        if place.leader:
            overlay.plot(*zip(*place.leader, strict=True), color=style.QUIET, lw=0.4)
        x, y = place.box.left, place.baseline
        sheet.write(x, y, label.text, size=style.SMALL, weight=label.weight, colour=label.colour)


def _order_spots(spots: Sequence[_Spot], frontier: Sequence[_Spot]) -> list[_Spot]:
    """Return all spots: the best, the baselines, the frontier, and the others."""
    ordered = [spot for spot in spots if spot.is_best]
    ordered += [spot for spot in spots if spot.label == BASELINE]
    ordered += [*frontier, *spots]
    return [spot for place, spot in enumerate(ordered) if spot not in ordered[:place]]


def _locate(axes: Axes, seconds: float, accuracy: float) -> tuple[float, float]:
    """Return a place in millimetres from the sheet's top left corner."""
    x, y = axes.transAxes.inverted().transform(axes.transData.transform((seconds, accuracy)))
    return _LEFT + float(x) * _WIDTH, _TOP + (1 - float(y)) * _HEIGHT


def _caption(
    results: Results, spots: Sequence[_Spot], frontier: Sequence[_Spot], *, has_far: bool
) -> str:
    has_seeds = max(len(spot.summary.finished) for spot in spots) > 1
    said = "Validation accuracy at the last epoch against the time that a run spent on updates"
    said += (
        ", means over the seeds; thin lines span the seeds’ times." if has_seeds else ", one seed."
    )
    if line := _say_line(spots, frontier):
        said += (
            f" {capitalise(line)} than any on the line, and for every other {_name_rivals(spots)}"
            f"{' on the axis' if has_far else ''} one on the line is at least as fast and as "
            f"accurate, by these {'means' if has_seeds else 'numbers'}; small differences may be "
            "chance."
        )
    if len(describe_circumstances(results)) > 1:
        said += (
            " The runs were not all computed on the same kind of device, so their times cannot be "
            "compared as they stand."
        )
    else:
        said += (
            " Times were measured as the runs were trained, under the load that the machine "
            "had then, and of runs trained side by side each counts an equal share."
        )
    if any(not spot.summary.complete for spot in spots):
        said += " Hollow: not all runs of the variant finished."
    if has_far:
        said += " A triangle at the bottom edge stands for a value far below the axis."
    if results.imported:
        said += " Settings with imported runs are left out, as they were trained elsewhere."
    return said


def _describe(
    spots: Sequence[_Spot],
    shown: Sequence[_Spot],
    frontier: Sequence[_Spot],
    named: Sequence[str],
) -> str:
    parts: list[str] = []
    for place, title in enumerate(named):
        own = sorted((s for s in spots if s.model == place), key=lambda spot: spot.seconds)
        listed = "; ".join(
            f"{spot.label}: {format_measure(spot.summary.duration_seconds)}, "
            f"{format_percent(spot.accuracy)}"
            for spot in own
            if spot.summary.duration_seconds
        )
        parts += [f"{title}, the fastest first: {listed}."] if own else []
    said = f"Training time and validation accuracy. {' '.join(parts)}"
    if line := _say_line(spots, frontier):
        return f"{said} On the line, {line}: {_list_frontier(spots, frontier, named)}."
    rivals = [spot for spot in shown if spot.summary.complete and spot not in frontier]
    if not rivals:
        return said
    axis = " on the axis" if len(shown) < len(spots) else ""
    first = _list_frontier(spots, frontier, named)
    return f"{said} No {_name_rivals(spots)}{axis} is faster or more accurate than {first}."


def _list_frontier(spots: Sequence[_Spot], frontier: Sequence[_Spot], named: Sequence[str]) -> str:
    """Return the frontier's names in order; where several models are drawn, with theirs."""
    if len({spot.model for spot in spots}) == 1:
        return ", ".join(spot.label for spot in frontier)
    return "; ".join(
        f"{', '.join(spot.label for spot in group)} ({named[model]})"
        for model, group in groupby(frontier, key=lambda spot: spot.model)
    )
