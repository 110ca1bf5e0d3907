"""The report's tables, as text in cells; a template makes HTML of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mnistreport.analysis.statistics import Difference, Measure
from mnistreport.report.numbers import (
    UNKNOWN,
    format_count,
    format_loss,
    format_measure,
    format_p,
    format_percent,
    format_points,
    format_seconds,
)
from mnistreport.report.records import RunOrigin
from mnistreport.report.table_words import explain_comparison, explain_measure, is_partial
from mnistreport.report.views import FinalView, LevelView, ReportContext, StudyView, VariantView
from mnistreport.report.wording import count_things

NOTHING = UNKNOWN
NOT_TOLD = "not told"
"""Of an imported run, what its file does not say."""
SHORT = 8
"""Digits of a fingerprint that tell runs apart for a reader."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, and whether its cells are numbers (set flush right)."""

    title: str
    is_number: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells, and what sets it apart.

    Attributes:
        mark: ``baseline``, ``best``, ``failing``, ``total`` or nothing.
        anchor: Its own name, if something leads to it.
        target: Anchor that its first cell leads to, if any.
    """

    cells: tuple[str, ...]
    mark: str = ""
    anchor: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        name: Names its anchor; unique in a report.
        caption: What it shows, in one or two sentences.
        is_sortable: Whether a reader may want its rows in another order.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    is_sortable: bool = False


def name_run(fingerprint: str) -> str:
    """Return the anchor of a run's row in the table of every run."""
    return f"run-{fingerprint[:SHORT]}"


def make_split_table(context: ReportContext) -> Table:
    """Images of every split, for each digit."""
    splits = context.data.splits
    total = context.data.images
    columns = (
        Column("Split", is_number=False),
        *(Column(str(digit)) for digit in range(10)),
        Column("All"),
        Column("Share"),
    )
    rows = [
        Row(
            (
                split.name,
                *(format_count(images) for images in split.per_digit),
                format_count(split.images),
                format_percent(split.images / total, digits=1),
            )
        )
        for split in splits
    ]
    caption = "Images of each digit in the three splits, stratified by digit."
    return Table("splits", caption, columns, tuple(rows))


def make_model_table(context: ReportContext) -> Table:
    """The baselines."""
    columns = (
        Column("Model", is_number=False),
        Column("Architecture", is_number=False),
        Column("Training", is_number=False),
        Column("Parameters"),
        Column("Validation accuracy"),
    )
    rows = [
        Row(
            (
                f"{model.title}{_mark_imported(model.baseline)}",
                model.baseline.architecture,
                model.baseline.training,
                format_count(model.baseline.parameters),
                _measure_of(model.baseline),
            ),
            target=_lead_to(model.runs),
        )
        for model in context.models
    ]
    caption = (
        "The baseline of each model: the setting that every study departs from. "
        + explain_measure(context, [model.baseline for model in context.models])
    )
    return Table("baselines", caption, columns, tuple(rows))


def make_study_table(context: ReportContext, study: StudyView) -> Table:
    """A study's levels: where each ended, and how it compares with the baseline."""
    columns = (
        Column(study.factor_name.capitalize(), is_number=study.factor is not None),
        Column("Train loss"),
        Column("Val. loss"),
        Column("Train acc."),
        Column("Val. acc."),
        Column("Against baseline (pp)"),
        Column("p"),
        Column("Verdict", is_number=False),
        Column("Updates"),
        Column("Time"),
    )
    rows = [
        Row(
            (
                level.label,
                _mean(level.variant.train_loss, format_loss),
                _mean(level.variant.validation_loss, format_loss),
                _mean(level.variant.train_accuracy, format_percent),
                _measure_of(level.variant),
                _difference(level.against_baseline),
                _p_value(level),
                f"{level.verdict}{_mark_imported(level.variant)}",
                _tell(level.variant, level.variant.updates or None, format_count),
                _tell(level.variant, _find_mean(level.variant.duration_seconds), format_seconds),
            ),
            mark="baseline" if level.is_baseline else "best" if level.is_best else "",
            target=_lead_to(level.runs),
        )
        for level in study.levels
    ]
    said = explain_measure(context, [level.variant for level in study.levels])
    caption = f"{study.title}: metrics at the last epoch. {said}"
    if len(context.seeds) > 1:
        caption += explain_comparison(study)
    return Table(f"{study.slug}-levels", caption, columns, tuple(rows), is_sortable=True)


def make_fitted_table(context: ReportContext) -> Table:
    """Fitted models side by side, on the same images."""
    columns = (
        Column("Study", is_number=False),
        Column("First", is_number=False),
        Column("Second", is_number=False),
        *map(Column, ("Both right", "Only first", "Only second", "Neither", "p")),
    )
    rows = [
        Row(
            (
                each.title,
                each.first,
                each.second,
                *map(
                    format_count,
                    (
                        each.difference.both_right,
                        each.difference.only_first,
                        each.difference.only_second,
                        each.difference.both_wrong,
                    ),
                ),
                format_p(each.p_adjusted, named=False),
            )
        )
        for each in context.fitted
    ]
    caption = (
        "Which of two fitted models is right on more of the same images? Validation images, both "
        f"models trained with seed {context.seeds[0]}; p of the exact test of McNemar on those "
        "that just one gets right, corrected for every level that could have been the first "
        "(Holm). It speaks of these two networks, not of what other seeds would give."
    )
    if context.imported:
        caption += " Settings with imported runs are left out: there are no networks of theirs."
    return Table("fitted", caption, columns, tuple(rows), is_sortable=True)


def make_final_table(context: ReportContext) -> Table:
    """The tested models side by side."""
    columns = (
        Column("Model", is_number=False),
        Column("Setting", is_number=False),
        Column("Validation accuracy"),
        Column("Test accuracy over seeds"),
        Column("Test accuracy shown"),
        Column("95\u202f% interval"),
        Column("Macro F1"),
    )
    rows = [
        Row(
            (
                final.title,
                f"{final.variant.architecture}; {final.variant.training}",
                _measure(final.variant.validation_accuracy),
                _measure(final.over_seeds),
                f"{format_percent(final.accuracy)} (seed {final.seed})",
                f"{format_percent(final.interval.low)} to {format_percent(final.interval.high)}",
                format_percent(final.macro_f1),
            ),
            target=_lead_to([run for run in final.runs if run.seed == final.seed]),
        )
        for final in context.finals
    ]
    whose = "each winner that was tested" if context.untested_models else "each model’s winner"
    caption = (
        f"Test accuracy of {whose}: over all its seeds, and of the one fitted model "
        "whose confusion matrix is shown, with its Wilson interval."
    )
    return Table("final", caption, columns, tuple(rows))


def make_digit_table(final: FinalView) -> Table:
    """Precision, recall and F1 of each digit."""
    columns = (Column("Digit"), *map(Column, ("Precision", "Recall", "F1", "Test images")))
    rows = [
        Row(
            (
                str(score.digit),
                format_percent(score.precision),
                format_percent(score.recall),
                format_percent(score.f1),
                format_count(score.images),
            )
        )
        for score in final.digits
    ]
    caption = f"Precision, recall and F1 of each digit: {final.title}, seed {final.seed}, test."
    return Table(f"{final.model}-digits", caption, columns, tuple(rows), is_sortable=True)


def _measure_of(variant: VariantView) -> str:
    """Return a variant's validation accuracy, and of how many seeds it is, if not of all."""
    said = _measure(variant.validation_accuracy)
    if not is_partial(variant):
        return said
    return f"{said} ({variant.finished} of {count_things(variant.planned, 'seed')})"


def _lead_to(runs: Sequence[RunOrigin]) -> str:
    """Return the anchor of the first run; the other seeds follow it in that table."""
    return name_run(runs[0].fingerprint) if runs else ""


def _measure(measure: Measure | None) -> str:
    return format_measure(measure) if measure else NOTHING


def _mean(measure: Measure | None, form: Callable[[float], str]) -> str:
    return form(measure.mean) if measure else NOTHING


def _mark_imported(variant: VariantView) -> str:
    """Return what is said beside a variant some of whose runs were not trained here."""
    if not variant.imported:
        return ""
    if variant.imported == variant.planned:
        return "; imported"
    return f"; {variant.imported} of {variant.planned} runs imported"


def _tell(variant: VariantView, value: float | None, form: Callable[..., str]) -> str:
    """Return a number of a variant, or that there is none, or that no file tells it."""
    if value is not None:
        return form(value)
    return NOT_TOLD if variant.imported else NOTHING


def _find_mean(measure: Measure | None) -> float | None:
    return measure.mean if measure else None


def _p_value(level: LevelView) -> str:
    """Return the corrected p-value; too few seeds to tell have none."""
    if level.p_adjusted is None or level.verdict == "too few seeds":
        return NOTHING
    return format_p(level.p_adjusted, named=False)


def _difference(difference: Difference | None) -> str:
    if difference is None:
        return NOTHING
    mean = format_points(difference.mean, unit=False)
    if difference.interval is None:
        return mean
    low = format_points(difference.interval.low, unit=False)
    high = format_points(difference.interval.high, unit=False)
    return f"{mean} [{low}, {high}]"
