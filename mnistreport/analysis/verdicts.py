"""The verdict on a level beside its study's baseline: one word, in tables and headlines alike."""

from typing import Literal

from mnistreport.analysis.comparisons import Comparison
from mnistreport.analysis.learning import is_still_learning
from mnistreport.analysis.results import LevelSummary, StudySummary, VariantSummary

Verdict = Literal[
    "baseline",
    "better",
    "worse",
    "ahead",
    "behind",
    "higher",
    "lower",
    "no clear difference",
    "too few seeds",
    "not finished",
    "baseline not finished",
    "not comparable",
]
"""What a level can be beside the baseline.

``better``, ``worse``: clearly so. ``ahead``, ``behind``: clearly so, but validation loss of one of
the two was still falling, so more epochs may change it. ``higher``, ``lower``: clearly so, between
imported runs, of which no more is known. ``no clear difference``: within noise. ``too few seeds``:
beyond noise, but it may be chance. ``not finished``, ``baseline not finished``: not all of its
runs, or of the baseline's, finished. ``not comparable``: only some of the runs were trained here.
"""


def judge_level(study: StudySummary, level: LevelSummary) -> Verdict:
    """Return the verdict on a level."""
    comparison = level.against_baseline
    if comparison is None:
        return _explain_no_comparison(study, level)
    unsettled = list_unsettled(study, level)
    return name_comparison(comparison, level.summary, is_unsettled=bool(unsettled))


def name_comparison(
    comparison: Comparison, summary: VariantSummary, *, is_unsettled: bool
) -> Verdict:
    """Return the word for a comparison with the baseline: the one place that chooses it.

    Args:
        comparison: A level's.
        summary: The level's variant.
        is_unsettled: Whether validation loss of one of the two was still falling.
    """
    if comparison.strength == "too few seeds":
        return "too few seeds"
    if not comparison.is_clear:
        return "no clear difference"
    is_above = comparison.difference.mean > 0
    if summary.imported:
        return "higher" if is_above else "lower"
    if is_unsettled:
        return "ahead" if is_above else "behind"
    return "better" if is_above else "worse"


def list_unsettled(study: StudySummary, level: LevelSummary) -> tuple[LevelSummary, ...]:
    """Return those of a level and the baseline whose validation loss was still falling.

    Between them the study shows who is ahead, not who ends better.
    """
    both = (level,) if level is study.baseline else (level, study.baseline)
    return tuple(each for each in both if is_still_learning(each.summary))


def _explain_no_comparison(study: StudySummary, level: LevelSummary) -> Verdict:
    if level is study.baseline:
        return "baseline"
    if not level.summary.complete:
        return "not finished"
    return "not comparable" if study.baseline.summary.complete else "baseline not finished"
