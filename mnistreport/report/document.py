"""The report as a whole: its sections in order, numbered figures and tables, and its prose.

Everything is gathered here first; HTML and PDF are the same content in two skins.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from markupsafe import Markup

from mnistreport.report import appendix, tables
from mnistreport.report.figures import Figure, draw_figures
from mnistreport.report.insights import render_insight, render_prose, unknown_name
from mnistreport.report.material import Material
from mnistreport.report.outline import Outline
from mnistreport.report.staleness import Stale
from mnistreport.report.tables import Table
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext, StudyView
from mnistreport.report.wording import Prose


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered section.

    Attributes:
        anchor: Its id in the document.
        number: As printed: ``3``, ``A``.
        title: Its heading.
        kind: Name of its template in ``sections/``.
        study: The study that it tells of, if it is one.
    """

    anchor: str
    number: str
    title: str
    kind: str
    study: StudyView | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What the skins put on a page.

    Attributes:
        context: The numbers.
        sections: In order.
        figures: By name, in the order of their numbers.
        tables: Likewise.
        prose: Rendered Markdown: by study slug for insights, by part for the rest.
        stale: The studies whose insight was written beside other results.
    """

    context: ReportContext
    sections: tuple[Section, ...]
    figures: Mapping[str, Figure]
    tables: Mapping[str, Table]
    prose: Mapping[str, Markup]
    stale: tuple[Stale, ...] = ()

    def number_figure(self, name: str) -> int:
        """Return the figure's number, from 1."""
        return list(self.figures).index(name) + 1

    def number_table(self, name: str) -> int:
        """Return the table's number, from 1."""
        return list(self.tables).index(name) + 1


def compose_document(
    context: ReportContext,
    material: Material,
    templates: Templates,
    *,
    stale: tuple[Stale, ...] = (),
) -> Document:
    """Draw every figure, fill every table, render every insight; those in ``stale`` are marked.

    Raises:
        TemplateError: A template is missing, malformed, or names what does not exist.
    """
    prose = render_all_prose(context, templates)  # first: a mistake in an insight is told at once
    drawn = draw_figures(
        material.results,
        material.digits,
        material.split,
        [tested.shown for tested in material.tested],
        context,
    )
    return Document(
        context,
        tuple(_list_sections(context)),
        {name: drawn[name] for name in _list_figures(context)},
        {table.name: table for table in _make_tables(context)},
        prose,
        stale,
    )


def outline_document(context: ReportContext) -> Outline:
    """Return where everything will stand, without drawing anything."""
    return Outline(
        {section.anchor: section.number for section in _list_sections(context)},
        tuple(_list_figures(context)),
        tuple(table.name for table in _make_tables(context)),
    )


def _list_sections(context: ReportContext) -> Iterator[Section]:
    number = map(str, count(1))
    yield Section("data", next(number), "Data", "data")
    yield Section("method", next(number), "Models and training", "method")
    yield Section("baseline", next(number), "The baseline", "baseline")
    for study in context.studies:
        yield Section(f"study-{study.slug}", next(number), study.title, "study", study)
    yield Section("comparison", next(number), "All variants compared", "comparison")
    if context.finals:
        yield Section("final", next(number), "Final test", "final")
    yield Section("conclusion", next(number), "Conclusion", "conclusion")
    yield Section("setup", "A", "How this report was made", "setup")
    yield Section("runs", "B", "Every run", "runs")
    if context.rubric:  # last: it cites the numbers of all the others
        yield Section("rubric", "C", "What was asked for", "rubric")


def _list_figures(context: ReportContext) -> Iterator[str]:
    yield from ("class-balance", "samples")
    yield from (f"{model.name}-baseline" for model in context.models)
    for study in context.studies:
        yield from (f"{study.slug}-curves", f"{study.slug}-factor")
    yield "ranking"
    for final in context.finals:
        yield from (f"{final.model}-confusion", f"{final.model}-mistakes")


def _make_tables(context: ReportContext) -> Iterator[Table]:
    yield tables.make_split_table(context)
    yield tables.make_model_table(context)
    for study in context.studies:
        yield tables.make_study_table(context, study)
    if context.fitted:
        yield tables.make_fitted_table(context)
    if context.finals:
        yield tables.make_final_table(context)
        yield from map(tables.make_digit_table, context.finals)
    yield tables.make_setup_table(context)
    if context.ledger:
        yield tables.make_ledger_table(context)
    yield appendix.make_budget_table(context)
    yield appendix.make_proof_table(context)
    yield tables.make_run_table(context)
    if context.rubric:
        yield appendix.make_rubric_table(context)


def render_all_prose(context: ReportContext, templates: Templates) -> dict[str, Markup]:
    """Render every insight and every part between them: ``study-<slug>``, ``final-<model>``, parts.

    Raises:
        TemplateError: A template is missing, malformed, or names what does not exist.
    """
    tables_made = tuple(table.name for table in _make_tables(context))
    refer = _References(tuple(_list_figures(context)), tables_made)
    prose = {
        part: render_prose(templates, context, part, refer)
        for part in ("summary", "data", "method", "baseline", "comparison", "conclusion")
    }
    prose |= {
        f"final-{final.model}": render_prose(templates, context, "final", refer, final=final)
        for final in context.finals
    }
    return prose | {
        f"study-{study.slug}": render_insight(templates, context, study, refer)
        for study in context.studies
    }


@dataclass(frozen=True, slots=True)
class _References:
    """Turns a figure's or table's name into a link with its number, in Markdown."""

    figures: tuple[str, ...]
    tables: tuple[str, ...]

    def __call__(self, name: str) -> Prose:
        for word, names in (("Figure", self.figures), ("Table", self.tables)):
            if name in names:
                number = names.index(name) + 1
                return Prose(f"[{word}\u00a0{number}](#{word.lower()}-{name})")
        raise unknown_name(name, (*self.figures, *self.tables), "figure or table")
