"""Findings about the course of training: what never learned, still learned, or overfitted."""

from mnistreport.analysis.comparisons import Strength
from mnistreport.analysis.findings.finding import Finding
from mnistreport.analysis.learning import (
    find_ends,
    is_at_chance,
    is_overfitted,
    judge_still_learning,
    measure_fall,
)
from mnistreport.analysis.results import LevelSummary, StudySummary


def find_still_learning(study: StudySummary) -> Finding | None:
    """Name the levels that more epochs would have improved, and by how much they still fell.

    ``epochs`` are those compared: of each pair of windows the first and the last epoch of the
    earlier one, then of the later one.
    """
    judged = [(level, judge_still_learning(level.summary)) for level in study.levels]
    levels = tuple(level for level, strength in judged if strength)
    if not levels:
        return None
    falls = [measure_fall(level.summary) for level in levels]
    is_weak = any(strength == "too few seeds" for _, strength in judged)
    strength: Strength = "too few seeds" if is_weak else "clear"
    ends = dict.fromkeys(filter(None, (find_ends(level.summary) for level in levels)))
    epochs = tuple((before[0], before[-1], last[0], last[-1]) for before, last in ends)
    values = {"levels": levels, "least": min(falls), "most": max(falls), "epochs": epochs}
    return Finding("still_learning", strength, values)


def find_overfitted(study: StudySummary) -> Finding | None:
    """Name the levels whose validation loss had turned, and how the worst of them came to it.

    ``opened`` is the epoch of the lowest mean validation loss; the gap between training and
    validation accuracy is given there and at the end.
    """
    levels = tuple(level for level in study.levels if is_overfitted(level.summary))
    if not levels:
        return None
    worst = max(levels, key=_measure_rise)
    opened = _find_lowest(worst)
    train, validation = (
        worst.summary.curve(f"{split}_accuracy") for split in ("train", "validation")
    )
    return Finding(
        "overfitted",
        "clear" if all(len(each.summary.finished) > 1 for each in levels) else "too few seeds",
        {
            "levels": levels,
            "worst": worst,
            "opened": opened + 1,
            "rise": _measure_rise(worst),
            "gap_then": train[opened] - validation[opened],
            "gap_end": train[-1] - validation[-1],
        },
    )


def find_at_chance(study: StudySummary) -> Finding | None:
    """Name the levels that learned nothing."""
    levels = tuple(level for level in study.levels if is_at_chance(level.summary))
    return Finding("at_chance", "observed", {"levels": levels}) if levels else None


def find_unfinished(study: StudySummary) -> Finding | None:
    """Name the levels with runs that diverged, failed, timed out or are missing."""
    levels = tuple(level for level in study.levels if not level.summary.complete)
    return Finding("unfinished", "observed", {"levels": levels}) if levels else None


def find_imported(study: StudySummary) -> Finding | None:
    """Name the levels with runs that were not trained here, their files, and how many there are."""
    if not study.imported:
        return None
    runs = [run for level in study.imported for run in level.summary.imported.values()]
    return Finding(
        "imported",
        "observed",
        {
            "levels": study.imported,
            "runs": len(runs),
            "of": sum(len(level.summary.runs) for level in study.levels),
            "files": tuple(dict.fromkeys(run.file for run in runs)),
        },
    )


def _find_lowest(level: LevelSummary) -> int:
    curve = level.summary.curve("validation_loss")
    return curve.index(min(curve))


def _measure_rise(level: LevelSummary) -> float:
    """Return by which share of its lowest value mean validation loss had risen at the end."""
    curve = level.summary.curve("validation_loss")
    return curve[-1] / min(curve) - 1 if min(curve) else 0.0
