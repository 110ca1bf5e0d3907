"""Templates of a project that no report is made of: a person's words that would vanish unnoticed.

An insight is read by the name of its study. If the study is renamed, or the file has another
ending, letter case or folder, its words are not in the report. The same goes for a section or a
style sheet whose name differs from that of the packaged one by a letter.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mnistreport.errors import EnvironmentFault, Problem, TemplateError
from mnistreport.report.complaint import Complaint
from mnistreport.report.insights import INSIGHTS, RESERVED, SECTIONS, name_insight
from mnistreport.report.shipped_words import is_as_shipped
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext, StudyView
from mnistreport.report.wording import join_words
from mnistreport.report.written_beside import Kept, Snapshot, WrittenBeside
from mnistreport.resources import find_resource

_SUFFIX: Final = ".md.j2"
_OF_TEXT: Final = frozenset((".md", ".j2", ".jinja", ".jinja2", ".markdown", ".txt", ".css", ".js"))
"""Ends of files in which a person may have put words, or the look of a report."""
_LOST: Final = "its words are not in the report"
_MOST_NAMED: Final = 6
"""Studies that are listed where none is the likely one."""


@dataclass(frozen=True, slots=True)
class _Studies:
    """The studies of a report, and which of them have words.

    Attributes:
        titles: By slug.
        levels: By slug, the levels in words, ``learning rate 0.1``.
        bare: Slugs of those without a file, in order.
        wordless: Those whose file, if there is one, has no words of a person.
    """

    titles: Mapping[str, str]
    levels: Mapping[str, frozenset[str]]
    bare: tuple[str, ...]
    wordless: frozenset[str]


def find_unread(
    templates: Templates, context: ReportContext, read: Collection[str]
) -> Iterator[Complaint]:
    """Yield a complaint for each template of the project that is not read.

    Words are complained of where it is likely that they belong to this report: to a study that has
    none of its own, or to a part with a name much like theirs. Words of a study that was taken out
    are a note.

    Args:
        templates: The project's.
        context: Its studies are those that have insights.
        read: Names of the templates that the report's prose is made of.
    """
    folder = templates.folders[0]
    if not folder.is_dir():
        return
    studies = _list_studies(templates, context.studies)
    kept: Kept = {}
    with suppress(EnvironmentFault):  # whoever needs it says what is wrong with it
        kept = WrittenBeside(folder).load()
    packaged = frozenset(_list_files(find_resource("templates")))
    unread = [each for each in _list_files(folder) if each not in {*packaged, *read}]
    included = frozenset(_list_included(templates)) if unread else ()
    for name in unread:
        if name in included or not _has_words(templates, name):
            continue
        if name.startswith(f"{INSIGHTS}/"):
            yield from _judge_insight(folder, name, studies, kept)
        else:
            yield from _judge_part(folder, name, packaged)


def _list_files(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_hidden = any(part.startswith((".", "__pycache__")) for part in name.split("/"))
        if path.suffix.lower() in _OF_TEXT and not is_hidden and path.is_file():
            yield name


def _list_included(templates: Templates) -> Iterator[str]:
    """Yield the templates that others of the project include, of Markdown or of HTML."""
    for name in _list_files(templates.folders[0]):
        if name.endswith(".j2"):
            with suppress(TemplateError):  # a mistake in it is told where it is rendered
                yield from templates.list_referenced(name)


def _has_words(templates: Templates, name: str) -> bool:
    try:
        words = templates.read(name)
    except TemplateError:  # in another encoding, say: somebody wrote it
        return True
    return bool(words.strip()) and not is_as_shipped(words)


def _list_studies(templates: Templates, studies: Iterable[StudyView]) -> _Studies:
    listed = tuple(studies)
    slugs = [each.slug for each in listed]
    own = {slug for slug in slugs if templates.is_own(name_insight(slug))}
    return _Studies(
        {each.slug: each.title for each in listed},
        {each.slug: frozenset(level.name for level in each.levels) for each in listed},
        tuple(slug for slug in slugs if slug not in own),
        frozenset(s for s in slugs if s not in own or not _has_words(templates, name_insight(s))),
    )


def _judge_insight(folder: Path, name: str, studies: _Studies, kept: Kept) -> Iterator[Complaint]:
    """Yield what is to be said of a file among the insights that is no study's."""
    slug = _read_slug(name)
    is_insight = name == name_insight(slug)
    if slug in RESERVED and is_insight:
        return
    likely = _find_likely(slug, name, studies, kept.get(slug, {}))
    if likely:
        step = f"they probably belong to “{studies.titles[likely]}”: rename the file to "
        step += f"templates/{name_insight(likely)}"
        yield _complain(folder, name, f"{_explain(name, slug, studies)}, so {_LOST}", step)
    elif is_insight and studies.bare and slug not in kept:
        first, more = studies.bare[:_MOST_NAMED], studies.bare[_MOST_NAMED:]
        named = join_words([*first, *([f"{len(more)} more"] if more else [])])
        step = f"if they belong to a study without a file, rename it; these have none: {named}"
        yield _complain(folder, name, f"{_explain(name, slug, studies)}, so {_LOST}", step)
    elif is_insight:
        reason = f"{_explain(name, slug, studies)}; the words are kept, and not in the report"
        yield Complaint("note", Problem(reason, file=folder / name))


def _read_slug(name: str) -> str:
    """Return the study that a file is named after, as far as its name can be read so."""
    return Path(name).name.partition(".")[0]


def _explain(name: str, slug: str, studies: _Studies) -> str:
    if slug not in studies.titles:
        return f"no study is called {slug}"
    where = Path(name).parent.as_posix()
    if where != INSIGHTS:
        return f"insights are read from templates/{INSIGHTS}, not from templates/{where}"
    return f"an insight ends in {_SUFFIX}"


def _find_likely(
    slug: str, name: str, studies: _Studies, snapshots: Mapping[str, Snapshot]
) -> str | None:
    """Return the study without words that words probably belong to."""
    wordless = [each for each in studies.titles if each in studies.wordless]
    same = [each for each in wordless if _simplify(each) == _simplify(slug)]
    if same or name != name_insight(slug):  # another file is a note to oneself, perhaps
        return next(iter(same), None)
    levels = {each.name for snapshot in snapshots.values() for each in snapshot.levels.values()}
    shared = [each for each in wordless if 2 * len(levels & studies.levels[each]) > len(levels)]
    near = difflib.get_close_matches(slug, wordless, n=1)
    # Where it is known what they were about, the only study left is not taken for it.
    only = [each for each in (studies.bare, wordless) if len(each) == 1 and not snapshots]
    return next(iter((*shared, *near, *(each[0] for each in only))), None)


def _simplify(slug: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", slug.lower())


def _judge_part(folder: Path, name: str, packaged: Collection[str]) -> Iterator[Complaint]:
    """Yield what is to be said of a file that nothing includes and that takes no other's place."""
    near = _find_namesake(name, packaged)
    is_prose = name.startswith(f"{SECTIONS}/") and ".md" in name
    what = _LOST if is_prose else "it changes nothing"
    reason = f"no template has this name or includes it, so {what}"
    if near:
        yield _complain(folder, name, reason, f"did you mean templates/{near}?")
    elif is_prose or name.endswith(".j2"):
        yield Complaint("note", Problem(reason, file=folder / name))


def _find_namesake(name: str, packaged: Collection[str]) -> str | None:
    """Return the packaged template of the same folder whose name is nearest."""
    beside = [each for each in packaged if Path(each).parent == Path(name).parent]
    end = Path(name).name.partition(".")[2]
    alike = [each for each in beside if each.endswith(f".{end}")] or beside
    stems = {_read_slug(each): each for each in sorted(alike, reverse=True)}
    near = difflib.get_close_matches(_read_slug(name).lower(), stems, n=1)
    same = [each for each in packaged if each.lower() == name.lower() or each == f"{name}.j2"]
    return next(iter((*same, *(stems[each] for each in near))), None)


def _complain(folder: Path, name: str, reason: str, step: str) -> Complaint:
    return Complaint("unread", Problem(reason, file=folder / name, next_step=step))
