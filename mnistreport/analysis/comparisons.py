"""Which of two settings is better: the one definition, and how firmly it can be said.

Comparisons are made in families, so that a study with nothing to find is unlikely (5 %) to show
anything. The levels of a study against its baseline are the first family. Whatever else a study
is asked – which levels the best one leaves behind, main effects, diminishing returns – is a family
of its own, and judged only where the first found something (gatekeeping).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mnistreport.analysis.statistics import ALPHA, Difference, adjust_by_holm, pair_differences

Strength = Literal["clear", "within noise", "too few seeds", "not comparable", "observed"]
"""How firmly something can be said.

``clear``: the seeds show it. ``within noise``: it is no larger than what a seed changes.
``too few seeds``: it is larger, but so few seeds cannot show that it is more than chance.
``not comparable``: only some of the runs were trained here; nothing else was asked of them.
``observed``: it was counted or timed, and is no comparison that chance could have made.
"""

FIRMNESS: tuple[Strength, ...] = ("clear", "within noise", "too few seeds", "not comparable")
"""What a comparison can come to, the firmest first."""

BySeed = Mapping[int, float]
"""One quantity, by seed."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One setting minus another, judged together with the others of its family.

    Attributes:
        difference: Paired by seed, or between imported runs unpaired.
        p_adjusted: Its p-value after Holm's correction; ``None`` if it has none.
        strength: ``clear``, ``within noise`` or ``too few seeds``.
    """

    difference: Difference
    p_adjusted: float | None
    strength: Strength

    @property
    def is_clear(self) -> bool:
        """Whether one is better than the other: what every such word in a report rests on."""
        return self.strength == "clear"


def compare_family(
    pairs: Sequence[tuple[BySeed, BySeed]], noise_floor: float | None, *, gate: float = 0.0
) -> tuple[Comparison, ...]:
    """Compare the first of each pair with its second, all as one family.

    Args:
        pairs: Each with at least one seed in common.
        noise_floor: What a seed changes: the baseline's standard deviation over its seeds.
        gate: Smallest adjusted p-value of the family that has to find something first; no
            adjusted p-value here is smaller.
    """
    differences = [require_pairs(ours, theirs) for ours, theirs in pairs]
    return judge_family(differences, noise_floor, gate=gate)


def judge_family(
    differences: Sequence[Difference], noise_floor: float | None, *, gate: float = 0.0
) -> tuple[Comparison, ...]:
    """Judge differences as one family; the other arguments are those of ``compare_family``."""
    known = [difference.p_value for difference in differences if difference.p_value is not None]
    adjusted = (max(gate, p_value) for p_value in adjust_by_holm(known))
    return tuple(
        _judge(difference, None if difference.p_value is None else next(adjusted), noise_floor)
        for difference in differences
    )


def _judge(
    difference: Difference, p_adjusted: float | None, noise_floor: float | None
) -> Comparison:
    strength: Strength = "too few seeds"
    if p_adjusted is not None and p_adjusted < ALPHA:
        strength = "clear"
    elif difference.n > 1 and abs(difference.mean) <= (noise_floor or 0.0):
        strength = "within noise"
    return Comparison(difference, p_adjusted, strength)


def require_pairs(ours: BySeed, theirs: BySeed) -> Difference:
    """Return ``ours - theirs``, paired by at least one seed in common."""
    difference = pair_differences(ours, theirs)
    if difference is None:
        msg = "compared settings have no seed in common"
        raise ValueError(msg)
    return difference
