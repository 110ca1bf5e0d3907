"""Holding a report against its results before it is handed on: what a reader has to be told.

False claims, words that are in no report, stale words, numbers without a source, and requirements
that are not met.
``build``, ``render`` and ``check`` all ask here.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from mnistreport.errors import Problem
from mnistreport.report.claims import Claim
from mnistreport.report.complaint import Complaint
from mnistreport.report.context import make_context
from mnistreport.report.document import list_prose_templates, outline_document
from mnistreport.report.insights import find_own_words
from mnistreport.report.literals import TypedNumber, find_typed_numbers
from mnistreport.report.material import Material
from mnistreport.report.rubric import review_rubric
from mnistreport.report.staleness import Stale
from mnistreport.report.templating import Templates
from mnistreport.report.unread import find_unread
from mnistreport.report.views import ReportContext


def review_context(
    material: Material, templates: Templates, output: Path, *, written: Collection[str] = ()
) -> ReportContext:
    """Return what templates see, the rubric reviewed.

    Args:
        material: What the report is made of.
        templates: The project's.
        output: Folder of the documents.
        written: Names of the documents that are about to be written there.
    """
    return answer_rubric(make_context(material), material, templates, output, written=written)


def answer_rubric(
    context: ReportContext,
    material: Material,
    templates: Templates,
    output: Path,
    *,
    written: Collection[str] = (),
) -> ReportContext:
    """Return a context made of ``material``, with its rubric reviewed; see ``review_context``."""
    slugs = [study.slug for study in material.manifest.studies]
    rubric = review_rubric(
        material,
        outline_document(context),
        own_words=find_own_words(templates, slugs),
        output=output,
        written=written,
    )
    return replace(context, rubric=rubric)


def review_prose(
    material: Material,
    context: ReportContext,
    templates: Templates,
    claims: Collection[Claim],
    stale: Collection[Stale],
) -> tuple[Complaint, ...]:
    """Return what is wrong with a report, the gravest first.

    Args:
        material: What the report is made of.
        context: As from ``review_context``.
        templates: Those that the prose was rendered from.
        claims: Those met in it.
        stale: The studies whose words are.
    """
    numbers = list_typed_numbers(material, context, templates)
    unread = tuple(find_unread(templates, context, list_prose_templates(context, templates)))
    return (
        *(_refute(claim) for claim in claims if not claim.holds),
        *(each for each in unread if each.is_amiss),
        *(complaint for each in stale for complaint in _list_changes(each)),
        *(_question(each) for each in numbers if not each.source),
        *list_unmet(context, material.manifest.path),
        *(each for each in unread if not each.is_amiss),
    )


def list_typed_numbers(
    material: Material, context: ReportContext, templates: Templates
) -> tuple[TypedNumber, ...]:
    """Return the numbers that a person typed into a report, each with what it stands for."""
    names = list_prose_templates(context, templates)
    return find_typed_numbers(templates, names, context, material.manifest)


def review_without_runs(
    material: Material, context: ReportContext, templates: Templates
) -> tuple[Complaint, ...]:
    """Return what can be said of a report whose prose cannot be rendered yet, for want of runs."""
    unread = find_unread(templates, context, list_prose_templates(context, templates))
    return (*unread, *list_unmet(context, material.manifest.path))


def list_unmet(context: ReportContext, manifest: Path) -> Iterator[Complaint]:
    """Yield the requirements of the rubric that are not met."""
    for verdict in context.rubric:
        if not (verdict.is_met or verdict.is_open):
            what, _, step = verdict.reason.partition("; ")
            reason = f"“{verdict.requirement}” is not met: {what}"
            problem = Problem(reason, file=manifest, key=verdict.check, next_step=step or None)
            yield Complaint("rubric", problem)


def _refute(claim: Claim) -> Complaint:
    reason = f"“{claim.words}” {claim.refutation[0].lower()}{claim.refutation[1:].rstrip('.')}"
    step = "say what the results bear out, or correct the condition"
    problem = Problem(
        reason, file=claim.file, line=claim.line, key=f"claim {claim.condition}", next_step=step
    )
    return Complaint("claim", problem, claim.words)


def _question(typed: TypedNumber) -> Complaint:
    """Complain of a number that stands for nothing that its text is about."""
    reason = f"{typed.number} is no number of the results or the manifest"
    if typed.elsewhere:
        what = "among this study's results" if typed.is_of_study else "what this text is about"
        reason = f"{typed.number} is not {what}; it is {typed.elsewhere}"
    step = "take it from the results in {{ … }}, or say that it is yours: "
    step += f'{{{{ mine("{typed.number}") }}}}'
    problem = Problem(reason, file=typed.file, line=typed.line, next_step=step)
    return Complaint("number", problem, typed.number)


def _list_changes(stale: Stale) -> Iterator[Complaint]:
    step = f"edit the words, or keep them: mnistreport insights accept {stale.slug}"
    for change in stale.changes:
        reason = f"written beside other results: {change}"
        yield Complaint("stale", Problem(reason, file=stale.file, next_step=step))
