"""Looking a project over: manifest, data, templates, words and rubric, and what is still to do."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from mnistreport.data.dataset import DigitSet
from mnistreport.isolation import pack_problem
from mnistreport.options import Listener, Options
from mnistreport.pipeline import (
    collect_results,
    gather_material,
    look_up,
    open_project,
)
from mnistreport.report.complaint import Complaint
from mnistreport.report.document import render_all_prose
from mnistreport.report.insights import name_insight, read_own_words
from mnistreport.report.literals import TypedNumber
from mnistreport.report.numbers import format_count
from mnistreport.report.records import RubricVerdict
from mnistreport.report.review import (
    list_typed_numbers,
    review_context,
    review_prose,
    review_without_runs,
)
from mnistreport.report.staleness import review_words
from mnistreport.report.standing import Standing, look_at_documents, name_next_step
from mnistreport.report.submission import State, find_zip_name, look_at_zip
from mnistreport.report.templating import Templates
from mnistreport.report.untested import tell_unread
from mnistreport.report.wording import count_things
from mnistreport.study.expansion import expand_variants
from mnistreport.study.manifest import Manifest, Study
from mnistreport.study.naming import is_placeholder

_ZIP: Final[Mapping[State, str]] = {
    "none": "none yet; mnistreport pack makes it",
    "current": "{} holds the documents that stand beside it",
    "outdated": "{} does not hold the documents of now; mnistreport pack makes it anew",
}


@dataclass(frozen=True, slots=True)
class StudyWords:
    """Where a study's insight stands.

    Attributes:
        study: The study's name.
        file: ``None`` if there is none yet.
        is_own: Whether a person wrote it; otherwise it is as it came with the program.
    """

    study: str
    file: Path | None
    is_own: bool

    def __str__(self) -> str:
        """Say it on a line."""
        if self.file is None:
            return f"{self.study}: no insight yet: mnistreport insights starts one"
        return f"{self.study}: {self.file}{'' if self.is_own else ' (as it came with the program)'}"


@dataclass(frozen=True, slots=True)
class Checkup:
    """What looking a project over gave.

    Attributes:
        manifest: What is asked for.
        digits: The data.
        output: Folder of the documents.
        planned: Runs that are asked for.
        finished: How many of them have finished.
        imported: How many of those were not trained here.
        words: The insights, in the order of the studies.
        claims: Claims that were tried; ``None`` if words could not be, for want of runs.
        numbers: Those that a person typed, with what each stands for; none for want of runs.
        documents: How they compare with what there is now.
        next_step: The command that makes them.
        packed: Whether the zip holds them.
        rubric: What was asked for, and whether it is met.
        complaints: What is not in order, the gravest first.
    """

    manifest: Manifest
    digits: DigitSet
    output: Path
    planned: int
    finished: int
    imported: int
    words: tuple[StudyWords, ...]
    claims: int | None
    numbers: tuple[TypedNumber, ...]
    documents: Standing
    next_step: str
    packed: State
    rubric: tuple[RubricVerdict, ...]
    complaints: tuple[Complaint, ...]

    @property
    def has_placeholders(self) -> bool:
        """Whether names or ids are still those that nobody has."""
        authors = self.manifest.report.authors
        return bool(
            any(is_placeholder(each.name) for each in authors)
            or self.manifest.submission.placeholders
        )

    def passes(self, *, strict: bool) -> bool:
        """Tell whether no claim is false; with ``strict``, whether nothing at all is amiss."""
        return not any(each.is_false or (strict and each.is_amiss) for each in self.complaints)

    def as_lines(self) -> tuple[str, ...]:
        """Return what is in order, or to be done, a line each, for a person."""
        if self.claims is None:
            said = "well-formed; what they say can be tried once every run is stored"
        else:
            said = f"in order, {count_things(self.claims, 'claim')}"
        imported = f", {self.imported} of them imported" if self.imported else ""
        zip_name = find_zip_name(self.manifest.submission)
        lines = (
            f"{self.manifest.path}: {_count_contents(self.manifest)}",
            f"data: {self.digits.title}, {format_count(len(self.digits.labels))} images",
            f"runs: {self.finished} of {self.planned} finished{imported}",
            *map(str, self.words),
            f"templates: {said}",
            *self._list_numbers(),
            f"documents: {self.documents.describe(self.next_step)}",
            f"zip: {_ZIP[self.packed].format(zip_name)}",
        )
        if self.has_placeholders:
            to_do = "to do: put your names and ids into [report] authors and [submission] ids"
            return (*lines, to_do)
        return lines

    def _list_numbers(self) -> Iterator[str]:
        """Yield a line for each typed number that stands for one of the results."""
        sourced = [each for each in self.numbers if each.source]
        if self.numbers:
            yield f"numbers: {len(self.numbers)} typed, {len(sourced)} with a source"
        for each in sourced:
            yield f"  {each.file}:{each.line}: {each.number} is {each.source}"

    def as_json(self, *, strict: bool) -> Mapping[str, object]:
        """Return all of it for a program."""
        manifest = self.manifest
        return {
            "manifest": {
                "file": str(manifest.path),
                "sha256": manifest.sha256,
                "studies": len(manifest.studies),
                "variants": len(expand_variants(manifest)),
                "seeds": list(manifest.seeds),
            },
            "data": {
                "name": self.digits.name,
                "title": self.digits.title,
                "images": len(self.digits.labels),
                "sha256": self.digits.sha256,
            },
            "runs": {
                "planned": self.planned,
                "finished": self.finished,
                "imported": self.imported,
            },
            "insights": [
                {"study": each.study, "file": each.file and str(each.file), "is_own": each.is_own}
                for each in self.words
            ],
            "claims": self.claims,
            "numbers": [
                {
                    "number": each.number,
                    "file": str(each.file),
                    "line": each.line,
                    "source": each.source or None,
                }
                for each in self.numbers
            ],
            "documents": {"folder": str(self.output), "state": self.documents.state},
            "zip": {"name": find_zip_name(manifest.submission), "state": self.packed},
            "placeholders": self.has_placeholders,
            "rubric": [asdict(each) for each in self.rubric],
            "complaints": [
                {"kind": each.kind} | dict(pack_problem(each.problem)) for each in self.complaints
            ],
            "strict": strict,
            "passes": self.passes(strict=strict),
        }


def check_project(options: Options, listener: Listener) -> Checkup:
    """Check manifest, data, templates, words and rubric against the stored runs; writes nothing.

    Raises:
        ManifestError: The manifest is not usable.
        DataError: The data set cannot be had, or is not what it should be.
        TemplateError: A template cannot be rendered.
        EnvironmentFault: What words were written beside cannot be read.
    """
    project = open_project(options, listener)
    manifest = project.manifest
    results = collect_results(project, lambda each: look_up(each, project, listener))
    material = gather_material(project, results)
    templates = Templates(project.folder)
    context = review_context(material, templates, project.output)
    if results.untrained:
        _check_all_syntax(templates)
        numbers = tuple[TypedNumber, ...]()
        tried, complaints = None, review_without_runs(material, context, templates)
    else:
        claims = render_all_prose(context, templates).claims
        stale = review_words(templates, context)
        complaints = review_prose(material, context, templates, claims, stale)
        numbers, tried = list_typed_numbers(material, context, templates), len(claims)
        if unread := tell_unread(material):
            listener.on_warning(unread)
    return Checkup(
        manifest,
        project.digits,
        project.output,
        planned=len(results.distinct),
        finished=len(results.distinct) - len(results.incomplete),
        imported=len(results.imported),
        words=tuple(_find_words(templates, study) for study in manifest.studies),
        claims=tried,
        numbers=numbers,
        documents=look_at_documents(material, project.folder, project.output),
        next_step=name_next_step(manifest, results),
        packed=look_at_zip(project.output, manifest.submission),
        rubric=context.rubric,
        complaints=complaints,
    )


def _count_contents(manifest: Manifest) -> str:
    variants = len(expand_variants(manifest))
    counts = (
        (len(manifest.studies), "study"),
        (variants, "variant"),
        (len(manifest.seeds), "seed"),
    )
    return f"{', '.join(count_things(*each) for each in counts)} each"


def _find_words(templates: Templates, study: Study) -> StudyWords:
    name = name_insight(study.slug)
    if not templates.is_own(name):
        return StudyWords(study.name, None, is_own=False)
    is_own = read_own_words(templates, study.slug) is not None
    return StudyWords(study.name, templates.find(name), is_own)


def _check_all_syntax(templates: Templates) -> None:
    """Parse every template that makes prose, the project's own and the packaged ones."""
    for folder in templates.folders:
        for path in sorted(folder.glob("*/*.md.j2")):
            templates.check_syntax(path.relative_to(folder).as_posix())
