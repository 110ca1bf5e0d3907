"""Prose of the report: Markdown with Jinja, written by a person, filled from the results.

``templates/insights/<study>.md.j2`` stands beside a study's figures; ``templates/sections/*.md.j2``
are the parts around the studies. In both, numbers come from the results through filters, and
comparisons from findings.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mnistreport.report.claims import Claim
from mnistreport.report.literals import mark_mine
from mnistreport.report.markdown import render_markdown
from mnistreport.report.templating import Templates
from mnistreport.report.views import LevelView, ReportContext, StudyView
from mnistreport.report.wording import FINDING_KINDS

INSIGHTS = "insights"
SECTIONS = "sections"
AUTOMATIC = f"{INSIGHTS}/automatic.md.j2"
"""What a study without an insight file gets; says that no person has written about it."""

Refer = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Passage:
    """A template's prose.

    Attributes:
        html: As it stands in the report.
        claims: Those met in it, in their order.
    """

    html: Markup
    claims: tuple[Claim, ...]

    @property
    def refuted(self) -> tuple[Claim, ...]:
        """The claims that the results do not bear out."""
        return tuple(claim for claim in self.claims if not claim.holds)


def name_insight(slug: str) -> str:
    """Return the template name of a study's insight."""
    return f"{INSIGHTS}/{slug}.md.j2"


def find_insight(templates: Templates, slug: str) -> str:
    """Return the name of the template that makes a study's insight section.

    Only the project's own file counts: nobody signs words that came with the program.
    """
    name = name_insight(slug)
    return name if templates.is_own(name) else AUTOMATIC


def name_section(part: str) -> str:
    """Return the template name of a part around the studies."""
    return f"{SECTIONS}/{part}.md.j2"


def render_insight(
    templates: Templates, context: ReportContext, study: StudyView, refer: Refer
) -> Passage:
    """Return a study's insight section; ``refer`` links to a figure or table by name."""
    values = _common_values(context, refer) | {
        "study": study,
        "finding": _make_finding(study),
        "level": _make_level(study),
    }
    return _render(templates, find_insight(templates, study.slug), values)


def render_prose(
    templates: Templates, context: ReportContext, part: str, refer: Refer, **values: object
) -> Passage:
    """Return ``sections/<part>.md.j2``."""
    given = _common_values(context, refer) | values
    return _render(templates, name_section(part), given)


def _render(templates: Templates, name: str, values: Mapping[str, object]) -> Passage:
    draft, claims = templates.draft(name, values)
    return Passage(render_markdown(draft), claims)


def _common_values(context: ReportContext, refer: Refer) -> dict[str, object]:
    return {
        "report": context,
        "data": context.data,
        "studies": {study.slug: study for study in context.studies},
        "models": {model.name: model for model in context.models},
        "finals": {final.model: final for final in context.finals},
        "ref": refer,
        "mine": mark_mine,
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
