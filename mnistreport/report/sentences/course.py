"""Sentences about the course of training."""

from collections.abc import Sequence
from typing import cast

from mnistreport.analysis.findings import Finding
from mnistreport.analysis.results import CHANCE, LevelSummary, StudySummary
from mnistreport.report.numbers import format_percent, format_points
from mnistreport.report.sentences.phrases import name, names, say_measure
from mnistreport.report.wording import count_things, escape_markdown, join_words, name_files


def say_at_chance(study: StudySummary, finding: Finding) -> str:
    """Say which levels ended little better than guessing."""
    ended = [
        f"{name(study, level)} ({say_measure(level.summary.accuracy)})"
        for level in finding.get_all("levels", LevelSummary)
    ]
    return (
        f"Hardly anything was learned with {join_words(ended)}: guessing among ten digits gives "
        f"about {format_percent(CHANCE, 0)}."
    )


def say_imported(study: StudySummary, finding: Finding) -> str:
    """Say which levels have runs that were not trained here, and what follows from that."""
    runs, of = finding.get("runs", int), finding.get("of", int)
    files = escape_markdown(name_files(finding.get_all("files", str)))
    levels = names(study, finding.get_all("levels", LevelSummary))
    of_runs = f"of the study’s {count_things(of, 'run')}"
    if runs == of:
        which = f"Not one {of_runs} was trained here; they were imported"
        how = (
            "Nothing makes pairs of them, so they are compared by Welch’s unpaired test, and what "
            "ends higher or lower need not do so for its setting alone."
        )
    else:
        verb = "was" if runs == 1 else "were"
        which = f"{runs} {of_runs} ({levels}) {verb} not trained here, but imported"
        how = (
            "Imported runs are compared with imported ones alone, by Welch’s unpaired test, and "
            "not with runs that were trained here."
        )
    return (
        f"{which} from {files}. On which data, split and seeds, with which settings and by which "
        f"code was not checked. {how} What takes pairs, numbers of updates, times or weights is "
        "not asked of this study."
    )


def say_unfinished(study: StudySummary, finding: Finding) -> str:
    """Say which levels lack runs."""
    parts: list[str] = []
    for level in finding.get_all("levels", LevelSummary):
        finished, planned = len(level.summary.finished), level.summary.planned
        parts.append(f"{name(study, level)} ({finished} of {planned} runs finished)")
    return f"Left out of every comparison: {join_words(parts)}."


def say_still_learning(study: StudySummary, finding: Finding) -> str:
    """Say where validation loss was still falling, and what that does to the comparison."""
    levels = finding.get_all("levels", LevelSummary)
    where = "At every level" if len(levels) == len(study.levels) else f"With {names(study, levels)}"
    least, most = (format_percent(finding.get(key, float), 1) for key in ("least", "most"))
    by = least if least == most else f"{least} to {most}"
    windows = cast("tuple[tuple[int, int, int, int], ...]", finding.get("epochs", tuple))
    ends = [(range(a, b + 1), range(c, d + 1)) for a, b, c, d in windows]
    return (
        f"{where} validation loss was still falling: {_say_fall(by, ends)}. "
        "Accuracy there tells how fast a setting learns, not how far it gets in the end."
    )


def _say_fall(by: str, ends: Sequence[tuple[range, range]]) -> str:
    """Say which epochs were compared, where levels have as many epochs or not."""
    if len(ends) > 1:
        pairs = [f"{_name_epochs(last)} against {_name_epochs(before)}" for before, last in ends]
        return f"it was {by} lower at the end than before ({join_words(pairs)}, in the mean)"
    ((before, last),) = ends
    if len(last) == 1:
        return f"it was {by} lower after {_name_epochs(last)} than after {_name_epochs(before)}"
    return f"its mean over {_name_epochs(last)} was {by} lower than over {_name_epochs(before)}"


def _name_epochs(epochs: range) -> str:
    if len(epochs) == 1:
        return f"epoch {epochs[0]}"
    joined = "and" if len(epochs) == 2 else "to"  # noqa: PLR2004 - two follow each other
    return f"epochs {epochs[0]} {joined} {epochs[-1]}"


def say_overfitted(study: StudySummary, finding: Finding) -> str:
    """Say where validation loss had turned, when, and how the gap opened."""
    worst = finding.get("worst", LevelSummary)
    levels = finding.get_all("levels", LevelSummary)
    then, end = (
        format_points(finding.get(f"gap_{k}", float), signed=False) for k in ("then", "end")
    )
    which = "" if len(levels) == 1 else f" with {name(study, worst)}"
    return (
        f"Validation loss ended well above its lowest point with {names(study, levels)}, a sign of "
        f"overfitting. In the mean{which} it was lowest after epoch {finding.get('opened', int)} "
        f"and {format_percent(finding.get('rise', float), 1)} higher at the end, while the gap "
        f"between training and validation accuracy went from {then} to {end}."
    )
