"""The report as a whole: its sections in order, numbered figures and tables, and its prose.

Everything is gathered here first; HTML and PDF are the same content in two skins.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count

from markupsafe import Markup

from mnistreport.report import appendix, tables
from mnistreport.report.claims import Claim
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.plan import PlannedFigure, list_figures, plan_figures
from mnistreport.report.insights import (
    Refer,
    common_values,
    find_insight,
    name_section,
    render_insight,
    render_prose,
)
from mnistreport.report.lookups import References
from mnistreport.report.material import Material
from mnistreport.report.outline import Outline, Section
from mnistreport.report.passage import Passage
from mnistreport.report.staleness import Stale
from mnistreport.report.tables import Table
from mnistreport.report.templating import Templates
from mnistreport.report.untested import make_winner_table
from mnistreport.report.views import ReportContext

Draw = Callable[[Sequence[PlannedFigure]], Mapping[str, Figure]]
"""Returns figures by name: drawn now, or as they stand."""


@dataclass(frozen=True, slots=True)
class Document:
    """What the skins put on a page.

    Attributes:
        context: The numbers.
        sections: In order.
        planned: The figures, in the order of their numbers.
        figures: Those, drawn, by name, in the same order.
        tables: Likewise.
        prose: Rendered Markdown, named as in ``Text``.
        claims: Those met in it, in the order of the report.
        refuted: The sections in which a claim does not hold.
        stale: The studies whose insight was written beside other results.
    """

    context: ReportContext
    sections: tuple[Section, ...]
    planned: tuple[PlannedFigure, ...]
    figures: Mapping[str, Figure]
    tables: Mapping[str, Table]
    prose: Mapping[str, Markup]
    claims: tuple[Claim, ...]
    refuted: tuple[Section, ...]
    stale: tuple[Stale, ...] = ()

    def number_figure(self, name: str) -> int:
        """Return the figure's number, from 1."""
        return list(self.figures).index(name) + 1

    def number_table(self, name: str) -> int:
        """Return the table's number, from 1."""
        return list(self.tables).index(name) + 1


@dataclass(frozen=True, slots=True)
class Text:
    """All prose of a report.

    Attributes:
        passages: ``study-<slug>`` for insights, ``final-<model>``, and the parts by their names.
    """

    passages: Mapping[str, Passage]

    @property
    def html(self) -> Mapping[str, Markup]:
        """The passages as they stand in the report."""
        return {name: passage.html for name, passage in self.passages.items()}

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Every claim met, in the order of the report."""
        return tuple(claim for each in self.passages.values() for claim in each.claims)


def compose_document(
    context: ReportContext,
    material: Material,
    templates: Templates,
    draw: Draw,
    *,
    stale: tuple[Stale, ...] = (),
) -> Document:
    """Get every figure, fill every table, render every insight; those in ``stale`` are marked.

    Raises:
        TemplateError: A template is missing, malformed, or names what does not exist.
    """
    text = render_all_prose(context, templates)  # first: a mistake in an insight is told at once
    planned = plan_figures(context, material)
    drawn = draw(planned)
    sections = tuple(_list_sections(context))
    return Document(
        context,
        sections,
        planned,
        {each.name: drawn[each.name] for each in planned},
        {name: make() for name, make in _list_tables(context)},
        text.html,
        text.claims,
        tuple(_find_refuted(sections, text)),
        stale,
    )


def outline_document(context: ReportContext) -> Outline:
    """Return where everything will stand, without drawing anything."""
    return Outline(
        {section.anchor: section.number for section in _list_sections(context)},
        _name_figures(context),
        tuple(name for name, _ in _list_tables(context)),
    )


def _list_sections(context: ReportContext) -> Iterator[Section]:
    number = map(str, count(1))
    yield Section("data", next(number), "Data", "data")
    yield Section("method", next(number), "Models and training", "method")
    yield Section("baseline", next(number), "The baseline", "baseline")
    for study in context.studies:
        yield Section(f"study-{study.slug}", next(number), study.title, "study", study)
    yield Section("comparison", next(number), "All variants compared", "comparison")
    if has_final_section(context):
        yield Section("final", next(number), "Final test", "final")
    yield Section("conclusion", next(number), "Conclusion", "conclusion")
    yield Section("setup", "A", "How this report was made", "setup")
    yield Section("runs", "B", "Every run", "runs")
    if context.rubric:  # last: it cites the numbers of all the others
        yield Section("rubric", "C", "What was asked for", "rubric")


def has_final_section(context: ReportContext) -> bool:
    """Tell whether there is a final test to speak of: one that was, or one that is still to be."""
    unread = any(each.reading == "unread" for each in context.untested_models)
    return bool(context.finals) or unread


def _name_figures(context: ReportContext) -> tuple[str, ...]:
    return tuple(name for name, _, _ in list_figures(context))


def _list_tables(context: ReportContext) -> Iterator[tuple[str, Callable[[], Table]]]:
    """Yield each table's name, and what makes it, in the order of their numbers."""
    yield "splits", partial(tables.make_split_table, context)
    yield "baselines", partial(tables.make_model_table, context)
    for study in context.studies:
        yield f"{study.slug}-levels", partial(tables.make_study_table, context, study)
    if context.fitted:
        yield "fitted", partial(tables.make_fitted_table, context)
    if has_final_section(context):
        make = tables.make_final_table if context.finals else make_winner_table
        yield "final", partial(make, context)
    for final in context.finals:
        yield f"{final.model}-digits", partial(tables.make_digit_table, final)
    yield "setup", partial(appendix.make_setup_table, context)
    if context.ledger or context.ledger_elsewhere:
        yield "ledger", partial(appendix.make_ledger_table, context)
    yield "budgets", partial(appendix.make_budget_table, context)
    yield "one-factor", partial(appendix.make_proof_table, context)
    yield "runs", partial(appendix.make_run_table, context)
    if context.rubric:
        yield "rubric", partial(appendix.make_rubric_table, context)


def render_all_prose(
    context: ReportContext, templates: Templates, refer: Refer | None = None
) -> Text:
    """Render every insight and every part between them.

    Args:
        context: The numbers.
        templates: The project's.
        refer: Says where a figure or table is, by name; as in the report if it is not given.

    Raises:
        TemplateError: A template is missing, malformed, or names what does not exist.
    """
    outline = outline_document(context)
    common = common_values(context, refer or References(outline.figures, outline.tables))

    def render(part: str) -> dict[str, Passage]:
        return {part: render_prose(templates, common, part)}

    passages: dict[str, Passage] = {}
    for part in ("findings", "summary", "data", "method", "baseline"):
        passages |= render(part)
    for study in context.studies:
        passages[f"study-{study.slug}"] = render_insight(templates, common, study)
    passages |= render("comparison")
    for final in context.finals:
        passage = render_prose(templates, common, "final", final=final)
        passages[f"final-{final.model}"] = passage
    return Text(passages | render("conclusion"))


def list_prose_templates(context: ReportContext, templates: Templates) -> tuple[str, ...]:
    """Return the names of the templates that ``render_all_prose`` runs, each once.

    With those that they include, import or extend by name.
    """
    finals = ("final",) if context.finals else ()
    begin = ("findings", "summary", "data", "method", "baseline")
    parts = (*begin, "comparison", *finals, "conclusion")
    insights = (find_insight(templates, study.slug) for study in context.studies)
    names = [*map(name_section, parts), *insights]
    for name in names:  # grows as it goes
        names += [each for each in templates.list_referenced(name) if each not in names]
    return tuple(dict.fromkeys(names))


def _find_refuted(sections: Sequence[Section], text: Text) -> Iterator[Section]:
    """Yield the parts in front and the sections in which a claim does not hold, each once."""
    refuted = {name for name, passage in text.passages.items() if passage.refuted}
    front = (
        Section("findings", "", "Main findings", "findings"),
        Section("summary", "", "Summary", "summary"),
    )
    for section in (*front, *sections):
        if section.anchor in refuted or any(
            section.anchor == "final" and name.startswith("final-") for name in refuted
        ):
            yield section
