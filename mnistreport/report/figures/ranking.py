"""All variants on one scale, each model's best on top."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from mnistreport.analysis.results import Results, VariantSummary
from mnistreport.report.figures import scales, style
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.labels import describe_trouble
from mnistreport.report.figures.style import Sheet, open_sheet
from mnistreport.report.numbers import format_count, format_measure
from mnistreport.report.wording import name_level

_LABELS, _NUMBERS = 47.0, 27.0  # millimetres
_ROW, _TITLE = 4.5, 8.0
_MOST: Final = 40  # rows
BASELINE = "baseline"
COMBINED = "best levels combined"


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    summary: VariantSummary

    @property
    def rank(self) -> float:
        measure = self.summary.accuracy
        return measure.mean if measure else -1.0


def plot_ranking(results: Results, titles: Mapping[str, str] | None = None) -> Figure:
    """Draw every variant's validation accuracy, every seed a dot, ranked within its model.

    Args:
        results: All of them.
        titles: Models in words; the manifest's names if not given.
    """
    titles = titles or {}
    groups, left_out = _rank_variants(results)
    rows = sum(map(len, groups.values()))
    means = [row.rank for group in groups.values() for row in group if row.summary.accuracy]
    cut = scales.find_cut(means)
    values = [
        value
        for group in groups.values()
        for row in group
        if row.summary.accuracy and not (cut and row.rank < cut)
        for value in row.summary.accuracy.values
    ]
    height = rows * _ROW + len(groups) * _TITLE + 9.0
    with open_sheet(height) as sheet:
        width = style.WIDTH - _LABELS - _NUMBERS - 4.0
        top = 0.0
        for place, (model, group) in enumerate(groups.items()):
            title = _title_model(model, titles)
            sheet.write(0.5, top + 5.0, title, size=style.LARGE, weight=style.BOLD)
            top += _TITLE
            axes = sheet.add_panel(_LABELS + 2.0, top, width, len(group) * _ROW)
            scales.set_accuracy_axis(axes, values, least=8.5 / width, horizontal=True)
            _draw_group(sheet, axes, group, top, cut)
            top += len(group) * _ROW
            is_last = place == len(groups) - 1
            axes.tick_params(bottom=is_last, labelbottom=is_last)
        sheet.write(
            _LABELS + 2.0 + width / 2,
            top + 7.5,
            "validation accuracy (%) at the last epoch",
            align="center",
        )
        picture = sheet.render()
    return Figure(
        "ranking",
        picture,
        _caption(groups, left_out, has_far=cut is not None),
        _describe(groups, titles),
    )


def _rank_variants(results: Results) -> tuple[dict[str, list[_Row]], int]:
    """Return each model's rows, best first, and how many are left out to keep to a page."""
    labels: dict[str, str] = {}
    for study in results.studies:
        for level in study.levels:
            name = name_level(study, level) if study.study.factor else level.label
            name = BASELINE if level.level.is_baseline else name
            labels.setdefault(level.level.variant.key, name)
    labels |= dict.fromkeys(results.combined.values(), COMBINED)
    groups: dict[str, list[_Row]] = {}
    for key, summary in results.variants.items():
        row = _Row(labels.get(key, BASELINE), summary)
        groups.setdefault(summary.variant.model, []).append(row)
    for group in groups.values():
        group.sort(key=lambda row: -row.rank)
    most = max(3, _MOST // max(1, len(groups)))
    total = sum(map(len, groups.values()))
    if total <= _MOST:
        return groups, 0
    kept = {
        model: [row for place, row in enumerate(group) if place < most or row.label == BASELINE]
        for model, group in groups.items()
    }
    return kept, total - sum(map(len, kept.values()))


def _draw_group(
    sheet: Sheet, axes: Axes, group: Sequence[_Row], top: float, cut: float | None
) -> None:
    axes.set_ylim(len(group) - 0.5, -0.5)
    axes.set_yticks(range(len(group)), [""] * len(group))
    axes.grid(visible=True, axis="both")
    axes.spines["left"].set_visible(False)
    start = axes.get_xlim()[0]
    for place, row in enumerate(group):
        y = top + (place + 0.5) * _ROW + 0.9
        measure = row.summary.accuracy
        weight = style.BOLD if row.label in {BASELINE, COMBINED} else 400
        colour = style.INK if measure else style.QUIET
        label = style.cut_text(row.label, _LABELS, style.SMALL, weight)
        sheet.write(0.5, y, label, size=style.SMALL, colour=colour, weight=weight)
        if measure is None:
            text = describe_trouble(row.summary)
            sheet.write(_LABELS + 3.0, y, text, size=style.SMALL, colour=colour)
            continue
        sheet.write(style.WIDTH, y, format_measure(measure), size=style.SMALL, align="right")
        if row.label == BASELINE and measure.sd is not None:
            axes.axvspan(
                measure.mean - measure.sd,
                measure.mean + measure.sd,
                color=style.NOISE,
                lw=0,
                zorder=0,
            )
        if cut is not None and measure.mean < cut:
            axes.plot(start, place, "<", ms=3.6, color=style.VALIDATION, clip_on=False)
            continue
        if measure.n > 1:
            axes.plot([measure.mean] * 2, [place - 0.33, place + 0.33], color=style.INK, lw=0.9)
        axes.plot(
            measure.values,
            [place] * measure.n,
            **style.dots(style.VALIDATION, is_complete=row.summary.complete),
        )


def _caption(groups: Mapping[str, Sequence[_Row]], left_out: int, *, has_far: bool) -> str:
    said = "Validation accuracy of every variant at the last epoch, ranked within its model"
    summaries = [row.summary for group in groups.values() for row in group]
    if any(summary.accuracy and summary.accuracy.sd is not None for summary in summaries):
        said += (
            ": a dot for each seed, a bar for their mean; the numbers are mean and standard "
            "deviation, and the grey band is the baseline's"
        )
    else:
        said += ", of one seed each, so that close ranks may be chance"
    said += ". The axis is logarithmic in the share of errors."
    if any(summary.finished and not summary.complete for summary in summaries):
        said += " Hollow dots: not all runs of the variant finished."
    if has_far:
        said += " A triangle at the left edge stands for a value far below the axis."
    if left_out:
        said += f" {format_count(left_out)} lower ranks are left out."
    return said


def _describe(groups: Mapping[str, Sequence[_Row]], titles: Mapping[str, str]) -> str:
    parts: list[str] = []
    for model, group in groups.items():
        ranks = "; ".join(
            f"{row.label}: "
            + (
                format_measure(row.summary.accuracy)
                if row.summary.accuracy
                else describe_trouble(row.summary)
            )
            for row in group
        )
        parts.append(f"{_title_model(model, titles)}: {ranks}.")
    return "Variants by validation accuracy, the highest first. " + " ".join(parts)


def _title_model(model: str, titles: Mapping[str, str]) -> str:
    title = titles.get(model)
    return title[:1].upper() + title[1:] if title else model
