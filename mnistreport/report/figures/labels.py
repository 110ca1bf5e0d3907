"""The words of figures: what levels are called, where they ended, what went wrong."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from mnistreport.analysis.results import LevelSummary, StudySummary, VariantSummary
from mnistreport.report.numbers import format_loss, format_measure
from mnistreport.report.wording import capitalise, join_words, name_level
from mnistreport.training.result import Status

_TROUBLES: Final[Mapping[Status, str]] = {
    "diverged": "diverged",
    "failed": "failed",
    "timeout": "timed out",
}
"""What is said of the runs that did not finish, by their status."""


def describe_trouble(summary: VariantSummary) -> str:
    """Say what became of the runs that did not finish: ``diverged after epoch 3``, or nothing."""
    parts: list[str] = []
    for state, said in _TROUBLES.items():
        ends = [len(run.history) for run in summary.runs.values() if run.status == state]
        if ends:
            parts.append(f"{_count(said, len(ends), summary.planned)} {_say_when(ends)}")
    if missing := summary.planned - len(summary.runs):
        parts.append(_count("not trained", missing, summary.planned))
    return ", ".join(parts)


def describe_spread(summaries: Iterable[VariantSummary]) -> str:
    """Say over how many runs curves are averaged, and what their band spans."""
    runs = {len(summary.finished) for summary in summaries} - {0}
    if not runs:
        return "No run finished."
    if max(runs) == 1:
        return "One seed each, so no spread is known."
    if len(runs) > 1:
        return f"Mean of the runs that finished (at most {max(runs)} seeds); the band spans them."
    return f"Mean of {max(runs)} seeds; the band spans their minimum and maximum."


def describe_imported(levels: Sequence[LevelSummary]) -> str:
    """Say, as a caption goes on, which levels have runs that were not trained here, if any has."""
    names = [level.label for level in levels if level.summary.imported]
    return f" Imported, and not checked: {join_words(names)}." if names else ""


def list_ends(study: StudySummary, levels: Sequence[LevelSummary]) -> str:
    """List where some of a study's levels ended, for a text alternative."""
    return " ".join(
        f"{capitalise(name_level(study, level))}"
        f"{' (baseline)' if level.level.is_baseline else ''}: {describe_end(level.summary)}."
        for level in levels
    )


def describe_end(summary: VariantSummary) -> str:
    """Say where a variant ended, or what happened to it."""
    train, validation = summary.final("train_loss"), summary.final("validation_loss")
    accuracy, trouble = summary.accuracy, describe_trouble(summary)
    if train is None or validation is None or accuracy is None:
        return trouble
    said = (
        f"training loss {format_loss(train.mean)}, validation loss "
        f"{format_loss(validation.mean)}, validation accuracy {format_measure(accuracy)}"
    )
    return f"{said} ({trouble})" if trouble else said


def _say_when(ends: Sequence[int]) -> str:
    first, last = min(ends), max(ends)
    if last == 0:
        return "in epoch 1"
    if first == last:
        return f"after epoch {last}"
    return f"after epochs {first} to {last}"


def _count(state: str, runs: int, planned: int) -> str:
    return state if runs == planned else f"{runs} of {planned} {state}"
