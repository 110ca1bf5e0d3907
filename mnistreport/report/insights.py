"""Prose of the report: Markdown with Jinja, written by a person, filled from the results.

``templates/insights/<study>.md.j2`` stands beside a study's figures; ``templates/sections/*.md.j2``
are the parts around the studies. In both, numbers come from the results through filters, and
comparisons from findings.
"""

from collections.abc import Callable, Iterable, Mapping

from mnistreport.report.lookups import Findings, Levels, mark_mine
from mnistreport.report.passage import Passage
from mnistreport.report.sentences import FINDING_KINDS
from mnistreport.report.shipped_words import is_as_shipped
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext, StudyView
from mnistreport.study.manifest import Manifest

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


def find_insight(templates: Templates, slug: str) -> str:
    """Return the name of the template that makes a study's insight section.

    Only the project's own file counts: nobody signs words that came with the program.
    """
    name = name_insight(slug)
    return name if templates.is_own(name) else AUTOMATIC


def name_section(part: str) -> str:
    """Return the template name of a part around the studies."""
    return f"{SECTIONS}/{part}.md.j2"


def check_prose(templates: Templates, manifest: Manifest) -> None:
    """Parse what the prose of a report will be made of; nothing is run.

    Raises:
        TemplateError: A template is malformed.
    """
    for path in sorted((templates.folders[-1] / SECTIONS).glob("*.md.j2")):
        templates.check_syntax(f"{SECTIONS}/{path.name}")
    for study in manifest.studies:
        templates.check_syntax(find_insight(templates, study.slug))


def render_insight(templates: Templates, common: Mapping[str, object], study: StudyView) -> Passage:
    """Return a study's insight section; ``common`` is of ``common_values``."""
    values = {
        "study": study,
        "finding": Findings(
            tuple(FINDING_KINDS),
            {each.kind: each.sentence for each in study.findings},
            study.unfinished,
        ),
        "level": Levels({level.label: level for level in study.levels}),
    }
    return templates.draft(find_insight(templates, study.slug), values, common)


def render_prose(
    templates: Templates, common: Mapping[str, object], part: str, **values: object
) -> Passage:
    """Return ``sections/<part>.md.j2``; ``common`` is of ``common_values``."""
    return templates.draft(name_section(part), values, common)


def common_values(context: ReportContext, refer: Refer) -> Mapping[str, object]:
    """Return what all prose of a report sees; ``refer`` links to a figure or table by name."""
    return {
        "report": context,
        "data": context.data,
        "studies": {study.slug: study for study in context.studies},
        "models": {model.name: model for model in context.models},
        "finals": {final.model: final for final in context.finals},
        "ref": refer,
        "mine": mark_mine,
    }
