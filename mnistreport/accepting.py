"""Keeping stale words: a person has read them beside the new results, and they still hold."""

import difflib
from dataclasses import dataclass
from pathlib import Path

from mnistreport.errors import UsageError
from mnistreport.options import Listener, Options
from mnistreport.pipeline import (
    collect_results,
    gather_material,
    look_up,
    open_project,
)
from mnistreport.report.context import make_context
from mnistreport.report.insights import name_insight, read_own_words
from mnistreport.report.records import Change
from mnistreport.report.staleness import renew_words, review_study
from mnistreport.report.standing import refuse_gaps
from mnistreport.report.templating import Templates
from mnistreport.study.manifest import Manifest, Study


@dataclass(frozen=True, slots=True)
class Accepted:
    """Words that were kept as they are.

    Attributes:
        file: Where they stand.
        changes: What is otherwise than when they were written, beyond noise.
    """

    file: Path
    changes: tuple[Change, ...]


def accept_words(options: Options, name: str, listener: Listener) -> Accepted:
    """Keep a study's words, and the results of now as those that they were written beside.

    Args:
        options: Where manifest, data and stored runs are.
        name: The study's name or slug.
        listener: Is told what could not be trusted.

    Raises:
        ManifestError: The manifest is not usable.
        DataError: The data set cannot be had, or is not what it should be.
        UsageError: There is no such study, nobody has written about it, or runs are missing.
        TemplateError: The words cannot be read.
        EnvironmentFault: The disk refuses, or what is kept already cannot be read.
    """
    project = open_project(options, listener)
    study = _find_study(project.manifest, name)
    templates = Templates(project.folder)
    file = templates.folders[0] / name_insight(study.slug)
    words = read_own_words(templates, study.slug)
    if words is None:
        msg = "there are no words of your own to keep"
        step = "write some; what came with the program takes all its numbers from the results"
        raise UsageError(msg, file=file, next_step=step)
    results = collect_results(project, lambda each: look_up(each, project, listener))
    refuse_gaps(project.manifest, results)
    context = make_context(gather_material(project, results))
    view = next(each for each in context.studies if each.slug == study.slug)
    changes = review_study(templates, context, view)
    renew_words(templates, context, view, words)
    return Accepted(file, changes)


def _find_study(manifest: Manifest, name: str) -> Study:
    for study in manifest.studies:
        if name in {study.name, study.slug}:
            return study
    names = [study.name for study in manifest.studies]
    near = difflib.get_close_matches(name, names, n=1)
    step = f"did you mean “{near[0]}”?" if near else f"studies: {', '.join(names)}"
    msg = f"there is no study “{name}”"
    raise UsageError(msg, file=manifest.path, next_step=step)
