"""Words that sentences share: of levels, measures, differences, seeds, and how sure they are."""

from collections.abc import Sequence

from mnistreport.analysis.comparisons import Comparison
from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.analysis.statistics import CONFIDENCE, Difference, Measure
from mnistreport.report.numbers import (
    format_measure,
    format_p,
    format_percent,
    format_points,
    format_seconds,
)
from mnistreport.report.wording import COUNTED, escape_markdown, name_level, name_levels

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def name(study: StudySummary, level: LevelSummary) -> str:
    """Return a level in words, as Markdown."""
    return escape_markdown(name_level(study, level))


def names(study: StudySummary, levels: Sequence[LevelSummary]) -> str:
    """Return several levels in words, as Markdown."""
    return escape_markdown(name_levels(study, levels))


def agree(study: StudySummary, level: LevelSummary) -> str:
    """Return the verb that goes with a level: ``learning rate 0.1 is``, ``128 neurons are``."""
    is_many = study.study.factor in COUNTED and level.label != "1"
    return "are" if is_many else "is"


def say_measure(measure: Measure | None) -> str:
    """Return mean and spread, or that there is nothing."""
    return format_measure(measure) if measure else "no result"


def say_duration(level: LevelSummary) -> str:
    """Return how long a run of a level trained, in the mean."""
    duration = level.summary.duration_seconds
    return format_seconds(duration.mean) if duration else "no time"


def say_interval(difference: Difference) -> str:
    """Return the interval of a difference."""
    if difference.interval is None:
        return "one pair" if difference.n == 1 else "the same in every seed"
    low, high = difference.interval.low, difference.interval.high
    return f"{format_percent(CONFIDENCE, 0)} interval {format_points(low)} to {format_points(high)}"


def say_evidence(comparison: Comparison) -> str:
    """Return the interval of a clear difference, and its p-value."""
    evidence = say_interval(comparison.difference)
    if comparison.p_adjusted is not None:
        evidence += f", corrected {format_p(comparison.p_adjusted)}"
    return evidence


def say_effect(comparison: Comparison) -> str:
    """Return a difference with how sure it is; only a clear one comes with a p-value."""
    how_sure = {
        "clear": say_evidence(comparison),
        "within noise": "within noise",
        "too few seeds": f"{say_seeds(comparison.difference.n)} cannot show that it is real",
    }[comparison.strength]
    return f"{format_points(comparison.difference.mean)} ({how_sure})"


def say_seeds(n: int) -> str:
    """Return a number of seeds: ``one seed``, ``three seeds``, ``12 seeds``."""
    return f"{_WORDS[n] if n < len(_WORDS) else n} seed{'' if n == 1 else 's'}"
