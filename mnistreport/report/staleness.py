"""Stale words: an insight written beside other results than those it stands beside now.

What a person's words were written beside is kept (``written_beside``). They are stale when the
words are the same and the results are not, that is, when beyond noise

- a level's mean validation accuracy has moved: by more than the larger of its standard deviations
  over the seeds, then and now, and so that it shows in print (a single seed has no standard
  deviation; there only the second counts); or it has a result where it had none, or none any more;
- a level's verdict, its comparison with the baseline, is another;
- another level has the highest mean;
- a level was added or taken away.

Words that were changed since are never stale. Those that came with the program are not kept: every
number in them comes from the results.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mnistreport.analysis.statistics import Measure
from mnistreport.report.insights import name_insight, read_own_words
from mnistreport.report.numbers import format_measure, format_percent
from mnistreport.report.records import Change
from mnistreport.report.shipped_words import digest_words
from mnistreport.report.templating import Templates
from mnistreport.report.views import LevelView, ReportContext, StudyView
from mnistreport.report.written_beside import KeptLevel, Snapshot, WrittenBeside

NO_LEVEL = "not in the study"
NO_RESULT = "without a result"


@dataclass(frozen=True, slots=True)
class Stale:
    """A study whose words were written beside other results.

    Attributes:
        slug: The study's.
        title: The study's.
        file: Where the words stand.
        changes: What is otherwise now; at least one.
    """

    slug: str
    title: str
    file: Path
    changes: tuple[Change, ...]


def review_words(templates: Templates, context: ReportContext) -> tuple[Stale, ...]:
    """Return the studies whose words are stale, in the report's order; writes nothing.

    Raises:
        TemplateError: Words cannot be read.
        EnvironmentFault: What they were written beside cannot be read.
    """
    return tuple(
        Stale(study.slug, study.title, templates.folders[0] / name_insight(study.slug), changes)
        for study in context.studies
        if (changes := review_study(templates, context, study))
    )


def review_study(
    templates: Templates, context: ReportContext, study: StudyView
) -> tuple[Change, ...]:
    """Return what has changed since somebody wrote about a study; nothing if nobody did.

    Raises:
        TemplateError: The words cannot be read.
        EnvironmentFault: What they were written beside cannot be read.
    """
    words = read_own_words(templates, study.slug)
    if words is None:
        return ()
    kept = WrittenBeside(templates.folders[0]).load().get(study.slug, {}).get(context.data.name)
    return find_changes(kept, take_snapshot(study, words)) if kept else ()


def keep_words(templates: Templates, context: ReportContext) -> None:
    """Keep what words that are new or changed now stand beside; called once they are published.

    Words that were kept before stay beside the results they were written beside, stale or not.
    ``templates`` must be those that the published words were rendered from: what was edited since
    is not theirs.

    Raises:
        TemplateError: Words cannot be read.
        EnvironmentFault: The disk refuses, or what is kept already cannot be read.
    """
    snapshots = {
        study.slug: take_snapshot(study, words)
        for study in context.studies
        if (words := read_own_words(templates, study.slug)) is not None
    }
    if snapshots:
        WrittenBeside(templates.folders[0]).keep(context.data.name, snapshots)


def renew_words(templates: Templates, context: ReportContext, study: StudyView, words: str) -> None:
    """Keep the results of now as those that a study's ``words`` were written beside.

    Raises:
        EnvironmentFault: The disk refuses, or what is kept already cannot be read.
    """
    snapshots = {study.slug: take_snapshot(study, words)}
    WrittenBeside(templates.folders[0]).keep(context.data.name, snapshots, renew=True)


def take_snapshot(study: StudyView, words: str) -> Snapshot:
    """Return what ``words`` about a study stand beside now."""
    return Snapshot(
        words=digest_words(words),
        best=study.best.label if study.best else None,
        levels={level.label: _keep_level(level) for level in study.levels},
    )


def _keep_level(level: LevelView) -> KeptLevel:
    accuracy = level.variant.validation_accuracy
    if accuracy is None:
        return KeptLevel(level.name, None, None, 0, level.verdict)
    return KeptLevel(level.name, accuracy.mean, accuracy.sd, accuracy.n, level.verdict)


def find_changes(kept: Snapshot, now: Snapshot) -> tuple[Change, ...]:
    """Return what has changed beyond noise since the same words were written.

    Nothing has if the words are others. What that means is at the head of this module.
    """
    return () if kept.words != now.words else tuple(_compare(kept, now))


def _compare(kept: Snapshot, now: Snapshot) -> Iterator[Change]:
    for label, level in now.levels.items():
        if label in kept.levels:
            yield from _compare_level(kept.levels[label], level)
        else:
            yield Change(level.name, NO_LEVEL, f"{_print_accuracy(level)}")
    for label, level in kept.levels.items():
        if label not in now.levels:
            yield Change(level.name, f"{_print_accuracy(level)}", NO_LEVEL)
    if kept.best != now.best:
        yield Change("the level with the highest mean", _name_best(kept), _name_best(now))


def _compare_level(before: KeptLevel, after: KeptLevel) -> Iterator[Change]:
    if _has_moved(before, after):
        what = f"validation accuracy of {after.name}"
        yield Change(what, _print_accuracy(before), _print_accuracy(after))
    if before.verdict != after.verdict:
        what = f"the verdict on {after.name}"
        yield Change(what, f"“{before.verdict}”", f"“{after.verdict}”")


def _has_moved(before: KeptLevel, after: KeptLevel) -> bool:
    if before.mean is None or after.mean is None:
        return before.mean != after.mean
    noise = max(before.sd or 0.0, after.sd or 0.0)
    shows = format_percent(before.mean) != format_percent(after.mean)
    return shows and abs(after.mean - before.mean) > noise


def _print_accuracy(level: KeptLevel) -> str:
    if level.mean is None:
        return NO_RESULT
    return format_measure(Measure(level.mean, level.sd, level.n, ()))


def _name_best(snapshot: Snapshot) -> str:
    best = snapshot.levels.get(snapshot.best or "")
    return best.name if best else "none"
