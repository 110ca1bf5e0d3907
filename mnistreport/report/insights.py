"""Prose of the report: Markdown with Jinja, written by a person, filled from the results.

``templates/insights/<study>.md.j2`` stands beside a study's figures; ``templates/sections/*.md.j2``
are the parts around the studies. In both, numbers come from the results through filters, and
comparisons from findings.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from mnistreport.report.sentences import FINDING_KINDS
from mnistreport.report.shipped_words import is_as_shipped
from mnistreport.report.templating import Templates
from mnistreport.report.views import LevelView, ReportContext, StudyView

INSIGHTS = "insights"
SECTIONS = "sections"
AUTOMATIC = f"{INSIGHTS}/automatic.md.j2"
"""What a study without an insight file gets; says that no person has written about it."""
STARTING = f"{INSIGHTS}/starting.md.j2"
"""What the file of a study begins with for which the program has no text of its own."""
RESERVED = frozenset({"automatic", "starting"})
"""Names in that folder which are no study's."""

Refer = Callable[[str], str]


def name_insight(slug: str) -> str:
    """Return the template name of a study's insight."""
    return f"{INSIGHTS}/{slug}.md.j2"


def read_own_words(templates: Templates, slug: str) -> str | None:
    """Return what a person of the project has written about a study.

    ``None`` if nobody has: there is no file of the project's own, it is empty, or it is as it came
    with the program.

    Raises:
        TemplateError: The file cannot be read.
    """
    name = name_insight(slug)
    if not templates.is_own(name):
        return None
    words = templates.read(name)
    return None if not words.strip() or is_as_shipped(words) else words


def find_own_words(templates: Templates, slugs: Iterable[str]) -> Mapping[str, bool]:
    """Tell for each study, by its slug, whether a person of the project has written about it."""
    return {slug: read_own_words(templates, slug) is not None for slug in slugs}


def render_insight(
    templates: Templates, context: ReportContext, study: StudyView, refer: Refer
) -> Markup:
    """Return a study's insight section as HTML; ``refer`` links to a figure or table by name.

    Only the project's own file counts: nobody signs words that came with the program.
    """
    name = name_insight(study.slug)
    if not templates.is_own(name):
        name = AUTOMATIC
    values = _common_values(context, refer) | {
        "study": study,
        "finding": _make_finding(study),
        "level": _make_level(study),
    }
    return render_markdown(templates.render(name, values))


def render_prose(
    templates: Templates, context: ReportContext, part: str, refer: Refer, **values: object
) -> Markup:
    """Return ``sections/<part>.md.j2`` as HTML."""
    given = _common_values(context, refer) | values
    return render_markdown(templates.render(f"{SECTIONS}/{part}.md.j2", given))


def render_markdown(text: str, *, below: int = 2) -> Markup:
    """Return Markdown as HTML; raw HTML in it is shown as text, headings start below ``h<below>``.

    Links to anything but web pages, mail addresses and places in the report are left as text, as
    markdown-it does by itself.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for token in tokens:
        _lower_heading(token, below)
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S704 - escaped above


def _lower_heading(token: Token, below: int) -> None:
    if token.type in {"heading_open", "heading_close"}:
        token.tag = f"h{min(6, below + int(token.tag[1]))}"


def _common_values(context: ReportContext, refer: Refer) -> dict[str, object]:
    return {
        "report": context,
        "data": context.data,
        "studies": {study.slug: study for study in context.studies},
        "models": {model.name: model for model in context.models},
        "finals": {final.model: final for final in context.finals},
        "ref": refer,
    }


def _make_finding(study: StudyView) -> Callable[[str], str]:
    sentences = {finding.kind: finding.sentence for finding in study.findings}
    return lambda kind: sentences.get(_known(kind, FINDING_KINDS, "finding"), "")


def _make_level(study: StudyView) -> Callable[[object], LevelView]:
    levels = {level.label: level for level in study.levels}
    return lambda label: levels[_known(str(label), list(levels), "level")]


def _known(name: str, known: Sequence[str], what: str) -> str:
    if name in known:
        return name
    raise unknown_name(name, known, what)


def unknown_name(name: str, known: Sequence[str], what: str) -> LookupError:
    """Return the error for a ``name`` that is none of ``known``, with the nearest one."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
    return LookupError(f"there is no {what} {name!r}; {hint}")
