"""Statements that the program derives from a study's results, each with what it rests on.

A finding says *what* is the case and how firmly; ``report.wording`` says it in words. Nothing in
a report that compares two levels comes from anywhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from mnistreport.analysis.results import CHANCE, LevelSummary, StudySummary, VariantSummary
from mnistreport.analysis.statistics import pair_differences
from mnistreport.training.result import EpochRow

Strength = Literal["clear", "within noise", "too few seeds"]

LAST_PART = 5
"""A run still learns if in the last fifth of its epochs the mean loss over its seeds …"""
STILL_FALLING = 0.01
"""… is lower than in the fifth before by at least this share."""
OVERFITTED = 0.05
"""A run overfits if in every seed validation loss ends at least this share above its lowest, and
training loss below where it was then."""


NEAR_CHANCE = 2.5 * CHANCE
"""Below this accuracy, in every seed, a run has hardly learned anything."""
COST_RATIO = 1.5
"""Training times that differ by less are not worth a word: the same machine varies as much."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement.

    Attributes:
        kind: What sort of statement; a key of ``report.wording``.
        strength: How firmly the runs carry it.
        values: What it rests on: labels, measures, differences.
    """

    kind: str
    strength: Strength
    values: Mapping[str, object]


def derive_findings(study: StudySummary) -> tuple[Finding, ...]:
    """Return what can be said of a study, the main thing first."""
    found = [derive(study) for derive in _DERIVATIONS]
    return tuple(finding for finding in found if finding)


def judge_difference(ours: VariantSummary, theirs: VariantSummary) -> Strength:
    """Say whether one variant's validation accuracy differs from another's.

    This is the one definition of "better" and "worse": over the seeds that both share, the 95 %
    interval of the mean paired difference leaves zero out. It takes two seeds to say anything.
    """
    difference = pair_differences(
        ours.by_seed("validation_accuracy"), theirs.by_seed("validation_accuracy")
    )
    if difference is None or difference.interval is None:
        return "too few seeds"
    if difference.n == 2 and difference.interval.low == difference.interval.high:  # noqa: PLR2004
        return "too few seeds"  # two equal differences show no spread to judge by
    return "within noise" if 0.0 in difference.interval else "clear"


def is_still_learning(summary: VariantSummary) -> bool:
    """Tell whether validation loss fell over the last fifth of training, in a run that learned."""
    curve = summary.curve("validation_loss")
    part = len(curve) // LAST_PART
    if not part or is_at_chance(summary):
        return False
    before, last = fmean(curve[-2 * part : -part]), fmean(curve[-part:])
    return before - last >= STILL_FALLING * before


def is_overfitted(summary: VariantSummary) -> bool:
    """Tell whether validation loss had risen well above its lowest while training loss fell."""
    return bool(summary.histories) and all(map(_is_history_overfitted, summary.histories))


def _is_history_overfitted(history: tuple[EpochRow, ...]) -> bool:
    lowest, last = min(history, key=lambda row: row.validation_loss), history[-1]
    return (
        last.validation_loss >= (1 + OVERFITTED) * lowest.validation_loss
        and last.train_loss < lowest.train_loss
    )


def is_at_chance(summary: VariantSummary) -> bool:
    """Tell whether no finished seed got well beyond the accuracy of guessing."""
    accuracies = summary.by_seed("validation_accuracy").values()
    return bool(accuracies) and max(accuracies) < NEAR_CHANCE


def _find_best(study: StudySummary) -> Finding | None:
    """Name the best level, by how much it beats the baseline, and which levels it does not beat."""
    best, baseline = study.best, study.baseline
    if best is None:
        return None
    ties = [
        level
        for level in study.levels
        if level is not best
        and level.summary.complete
        and judge_difference(best.summary, level.summary) != "clear"
    ]
    strength: Strength = (
        judge_difference(best.summary, baseline.summary)
        if best is not baseline
        else judge_ties(best, ties)
    )
    return Finding(
        "best",
        strength,
        {
            "best": best,
            "baseline": baseline,
            "difference": best.against_baseline,
            "ties": tuple(ties),
        },
    )


def judge_ties(best: LevelSummary, ties: list[LevelSummary]) -> Strength:
    """Say how firmly ``best`` leads levels it may be tied with."""
    measure = best.summary.accuracy
    if measure is None or measure.n < 2:  # noqa: PLR2004 - a spread takes two
        return "too few seeds"
    return "within noise" if ties else "clear"


def _find_spread(study: StudySummary) -> Finding | None:
    """Compare how far apart the levels are with how far apart the baseline's seeds are."""
    complete = [level for level in study.levels if level.summary.complete]
    baseline = study.baseline.summary
    noise = baseline.accuracy if baseline.complete else None
    if len(complete) < 2 or noise is None:  # noqa: PLR2004 - a spread takes two
        return None
    accuracies = [level.summary.mean_accuracy for level in complete]
    return Finding(
        "spread",
        "clear" if noise.sd is not None else "too few seeds",
        {
            "spread": max(accuracies) - min(accuracies),
            "noise": noise.sd,
            "worst": min(complete, key=lambda level: level.summary.mean_accuracy),
        },
    )


def _find_edge(study: StudySummary) -> Finding | None:
    """Warn when the best value is the smallest or largest tried: the optimum may lie beyond."""
    best = study.best
    numeric = [level for level in study.levels if _is_number(level.level.value)]
    if best is None or len(numeric) != len(study.levels) or best not in (numeric[0], numeric[-1]):
        return None
    return Finding(
        "edge",
        "clear",
        {"best": best, "side": "largest" if best is numeric[-1] else "smallest"},
    )


def _find_still_learning(study: StudySummary) -> Finding | None:
    """Name the levels that more epochs would have improved."""
    levels = tuple(level for level in study.levels if is_still_learning(level.summary))
    return Finding("still_learning", "clear", {"levels": levels}) if levels else None


def _find_overfitted(study: StudySummary) -> Finding | None:
    """Name the levels whose validation loss had turned, and where the largest gap is."""
    levels = tuple(level for level in study.levels if is_overfitted(level.summary))
    if not levels:
        return None
    widest = max(
        (level for level in study.levels if level.summary.gap),
        key=lambda level: level.summary.gap.mean if level.summary.gap else 0.0,
    )
    return Finding("overfitted", "clear", {"levels": levels, "widest": widest})


def _find_at_chance(study: StudySummary) -> Finding | None:
    """Name the levels that learned nothing."""
    levels = tuple(level for level in study.levels if is_at_chance(level.summary))
    return Finding("at_chance", "clear", {"levels": levels}) if levels else None


def _find_unfinished(study: StudySummary) -> Finding | None:
    """Name the levels with runs that diverged, failed or are missing."""
    levels = tuple(level for level in study.levels if not level.summary.complete)
    return Finding("unfinished", "clear", {"levels": levels}) if levels else None


def _find_updates(study: StudySummary) -> Finding | None:
    """Say that levels differ in their number of updates, if they do."""
    counts = [level.summary.updates for level in study.levels if level.summary.updates]
    if len(set(counts)) < 2:  # noqa: PLR2004 - two different ones
        return None
    fewest = min(study.levels, key=lambda level: level.summary.updates or max(counts) + 1)
    most = max(study.levels, key=lambda level: level.summary.updates or 0)
    return Finding("updates", "clear", {"fewest": fewest, "most": most})


def _find_cost(study: StudySummary) -> Finding | None:
    """Compare the training times of the quickest and the slowest level."""
    timed = [level for level in study.levels if level.summary.duration_seconds]
    if len(timed) < 2:  # noqa: PLR2004 - a comparison takes two
        return None

    def seconds(level: LevelSummary) -> float:
        duration = level.summary.duration_seconds
        return duration.mean if duration else 0.0

    quickest, slowest = min(timed, key=seconds), max(timed, key=seconds)
    if seconds(slowest) < COST_RATIO * seconds(quickest):
        return None
    return Finding("cost", "clear", {"quickest": quickest, "slowest": slowest})


def _find_interaction(study: StudySummary) -> Finding | None:
    """In a 2 × 2 ablation, give each switch's effect and whether the two add up.

    The four corners are told by their fields: neither, one, the other, both.
    """
    corners = _find_corners(study)
    if corners is None:
        return None
    (first, second), (neither, with_first, with_second, both) = corners
    if not all(level.summary.complete for level in (neither, with_first, with_second, both)):
        return None
    accuracies = [
        level.summary.by_seed("validation_accuracy")
        for level in (neither, with_first, with_second, both)
    ]
    seeds = accuracies[0].keys()
    plain, one, other, joint = ({seed: each[seed] for seed in seeds} for each in accuracies)
    first_effect = pair_differences(
        {s: fmean((one[s], joint[s])) for s in seeds},
        {s: fmean((plain[s], other[s])) for s in seeds},
    )
    second_effect = pair_differences(
        {s: fmean((other[s], joint[s])) for s in seeds},
        {s: fmean((plain[s], one[s])) for s in seeds},
    )
    interaction = pair_differences(
        {s: joint[s] - other[s] for s in seeds}, {s: one[s] - plain[s] for s in seeds}
    )
    return Finding(
        "interaction",
        "too few seeds"
        if interaction is None or interaction.interval is None
        else ("within noise" if 0.0 in interaction.interval else "clear"),
        {
            "first": first,
            "second": second,
            "first_effect": first_effect,
            "second_effect": second_effect,
            "interaction": interaction,
        },
    )


def _find_corners(
    study: StudySummary,
) -> tuple[tuple[str, str], tuple[LevelSummary, LevelSummary, LevelSummary, LevelSummary]] | None:
    """Return the two fields that are switched, and the levels that switch neither, one, both."""
    by_fields = {frozenset(level.level.fields): level for level in study.levels}
    singles = [fields for fields in by_fields if len(fields) == 1]
    if len(study.levels) != 4 or len(by_fields) != 4 or len(singles) != 2:  # noqa: PLR2004 - 2 × 2
        return None
    pair = singles[0] | singles[1]
    if frozenset() not in by_fields or pair not in by_fields:
        return None
    first, second = (next(iter(single)) for single in singles)
    neither, both = by_fields[frozenset()], by_fields[pair]
    one, other = by_fields[singles[0]], by_fields[singles[1]]
    if not one.level.fields[first]:  # it is the baseline that has it on
        neither, one, other, both = one, neither, both, other
    if not other.level.fields[second]:
        neither, one, other, both = other, both, neither, one
    return (first, second), (neither, one, other, both)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_DERIVATIONS: tuple[Callable[[StudySummary], Finding | None], ...] = (
    _find_best,
    _find_spread,
    _find_interaction,
    _find_edge,
    _find_at_chance,
    _find_unfinished,
    _find_still_learning,
    _find_overfitted,
    _find_updates,
    _find_cost,
)
