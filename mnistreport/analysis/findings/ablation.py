"""Findings about a 2 × 2 ablation: the effect of each change, and whether the two add up."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

from mnistreport.analysis.comparisons import FIRMNESS, BySeed, Strength, compare_family
from mnistreport.analysis.findings.effort import measure_seconds
from mnistreport.analysis.findings.finding import Finding
from mnistreport.analysis.results import LevelSummary, StudySummary, VariantSummary
from mnistreport.study.experiment import Variant
from mnistreport.study.manifest import FieldValue
from mnistreport.study.spelling import spell_fields


@dataclass(frozen=True, slots=True)
class Change:
    """A field that an ablation changes, and the direction in which its effect is given.

    Attributes:
        field: The field, as the manifest names it.
        before: Off, if one of the two values is; else the baseline's value.
        after: The other value.
    """

    field: str
    before: FieldValue | None
    after: FieldValue | None

    @property
    def is_switch(self) -> bool:
        """Whether the field goes from off to on."""
        return _is_off(self.before)


@dataclass(frozen=True, slots=True)
class Corners:
    """The four levels of a 2 × 2 ablation, told by their fields.

    Attributes:
        first: One field that is changed.
        second: The other.
        neither: Both as they are before.
        with_first: Only the first changed.
        with_second: Only the second changed.
        both: Both changed.
    """

    first: Change
    second: Change
    neither: LevelSummary
    with_first: LevelSummary
    with_second: LevelSummary
    both: LevelSummary

    @property
    def levels(self) -> tuple[LevelSummary, ...]:
        """All four."""
        return self.neither, self.with_first, self.with_second, self.both

    @property
    def are_switches(self) -> bool:
        """Whether both fields go from off to on."""
        return self.first.is_switch and self.second.is_switch


def find_corners(study: StudySummary) -> Corners | None:
    """Return the corners of a study that changes two fields and nothing else."""
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
    if dict(both.level.fields) != {**one.level.fields, **other.level.fields}:
        return None  # both fields, but not to where each alone was changed
    baseline = neither.summary.variant
    if _is_off(one.level.fields[first]):  # it is the baseline that has it on
        neither, one, other, both = one, neither, both, other
    if _is_off(other.level.fields[second]):
        neither, one, other, both = other, both, neither, one
    return Corners(
        _make_change(first, by_fields[singles[0]], baseline),
        _make_change(second, by_fields[singles[1]], baseline),
        neither,
        one,
        other,
        both,
    )


def _make_change(field: str, level: LevelSummary, baseline: Variant) -> Change:
    value = level.level.fields[field]
    own = (spell_fields(baseline, by_layer=True) | spell_fields(baseline)).get(field)
    return Change(field, value, own) if _is_off(value) else Change(field, own, value)


def _is_off(value: FieldValue | None) -> bool:
    return value == 0  # or false


def find_interaction(study: StudySummary) -> Finding | None:
    """Give each change's effect on validation accuracy, and whether the two add up.

    A main effect is the mean difference before and after the other change; the interaction is how
    much the first effect differs between the two. All three are one family.
    """
    corners = _find_complete(study)
    if corners is None:
        return None
    effects = _list_effects(corners, lambda summary: summary.decisive)
    first, second, interaction = compare_family(effects, study.noise_floor, gate=study.gate)
    return Finding(
        "interaction",
        interaction.strength,
        {
            "first": corners.first.field,
            "second": corners.second.field,
            "first_effect": first,
            "second_effect": second,
            "interaction": interaction,
        },
    )


def find_gap_effects(study: StudySummary) -> Finding | None:
    """Give each change's effect on the gap between training and validation accuracy."""
    corners = _find_complete(study)
    if corners is None:
        return None
    effects = _list_effects(corners, lambda summary: summary.gaps)[:2]
    gap = study.baseline.summary.gap
    judged = compare_family(effects, gap.sd if gap else None, gate=study.gate)
    strengths: list[Strength] = [each.strength for each in judged]
    return Finding(
        "gap",
        min(strengths, key=FIRMNESS.index),
        {
            "first": corners.first.field,
            "second": corners.second.field,
            "first_effect": judged[0],
            "second_effect": judged[1],
        },
    )


def find_speed(study: StudySummary) -> Finding | None:
    """Give the epochs that each corner took to a common accuracy, and what an epoch took.

    The common accuracy is the lowest that any seed of any corner ended at, so that all reach it.
    """
    corners = _find_complete(study)
    if corners is None:
        return None
    target = min(
        accuracy for level in corners.levels for accuracy in level.summary.decisive.values()
    )
    return Finding(
        "speed",
        "observed",
        {
            "target": target,
            "levels": corners.levels,
            "epochs": tuple(_count_epochs(level.summary, target) for level in corners.levels),
            "seconds_per_epoch": tuple(
                measure_seconds(level) / level.summary.variant.training.epochs
                for level in corners.levels
            ),
        },
    )


def _find_complete(study: StudySummary) -> Corners | None:
    """Return corners whose runs all finished and were trained here, so that seeds pair them."""
    corners = find_corners(study)
    if corners is None or study.imported:
        return None
    return corners if all(each.summary.complete for each in corners.levels) else None


def _list_effects(
    corners: Corners, measure: Callable[[VariantSummary], BySeed]
) -> list[tuple[BySeed, BySeed]]:
    """Return what to compare for both main effects and the interaction, by seed."""
    plain, one, other, joint = (measure(level.summary) for level in corners.levels)
    return [
        (_average(one, joint), _average(plain, other)),
        (_average(other, joint), _average(plain, one)),
        ({s: joint[s] - other[s] for s in plain}, {s: one[s] - plain[s] for s in plain}),
    ]


def _average(one: BySeed, other: BySeed) -> BySeed:
    return {seed: fmean((one[seed], other[seed])) for seed in one}


def _count_epochs(summary: VariantSummary, target: float) -> float:
    """Return after how many epochs validation accuracy first reached ``target``, in the mean."""
    return fmean(
        next(row.epoch for row in history if row.validation_accuracy >= target)
        for history in summary.histories
    )
