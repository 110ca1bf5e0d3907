"""Which experiments are trained side by side, as one cohort, and in which order.

On a processor, what a run ends in does not depend on it; how long everything takes does.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from mnistreport.study.experiment import Experiment, MlpArchitecture, Variant
from mnistreport.training.result import Run

Cohort = tuple[Experiment, ...]
"""Experiments that one worker trains together: one, or several that can be stacked."""

LARGEST_PRODUCT: Final = 24e6
"""Multiplications of a stack's forward pass, all batches together, beyond which stacking slows a
processor down: its products are large enough to keep it busy, and no longer fit its cache."""
ALIGNED: Final = 16
"""What is stacked is as wide as a multiple of it, batches and layers: then each member's part of
a stack begins at a cache line (64 bytes), as it would alone. Products of data that lie otherwise
differ in their last bits."""
MOST_MEMBERS: Final = 8
"""Networks in a stack on a processor; more gained nothing."""
MOST_MEMBERS_ON_GPU: Final = 64
"""Networks in a stack on a GPU, which has far more units to keep busy."""
SHARES_PER_WORKER: Final = 4
"""A cohort is at most this part of a worker's work, so that all workers end at about one time."""

ROUNDING: Final = 1e-6
"""Of a quotient that would be a whole number, were sums exact."""


def pick_missing(experiments: Iterable[Experiment], settled: Container[str]) -> list[Experiment]:
    """Return what is to be trained, in the same order: all but those ``settled``, each once.

    Args:
        experiments: What is asked for. Models of other names may ask for the same.
        settled: Fingerprints of the experiments that need not be trained.
    """
    missing: dict[str, Experiment] = {}
    for each in experiments:
        if each.fingerprint not in settled:
            missing.setdefault(each.fingerprint, each)
    return list(missing.values())


def name_settled(runs: Mapping[str, Run]) -> frozenset[str]:
    """Return the fingerprints of the runs that need not be trained again."""
    return frozenset(name for name, run in runs.items() if run.is_settled)


def can_stack(variant: Variant) -> bool:
    """Say whether runs of ``variant`` are trained as a stack, if only as a stack of one."""
    architecture = variant.architecture
    return isinstance(architecture, MlpArchitecture) and not architecture.layer_norm


def group_cohorts(
    experiments: Iterable[Experiment],
    *,
    estimate: Callable[[Experiment], float],
    jobs: int,
    on_gpu: bool,
) -> list[Cohort]:
    """Divide experiments into cohorts, the longest first, so that the last to end are short.

    Members of a cohort differ in seed and learning rate alone.

    Args:
        experiments: What is to be trained.
        estimate: Seconds that an experiment takes.
        jobs: Number of workers.
        on_gpu: Whether they work on a GPU.
    """
    groups: dict[object, list[Experiment]] = {}
    for experiment in experiments:
        groups.setdefault(_name_shape(experiment), []).append(experiment)
    total = sum(estimate(each) for group in groups.values() for each in group)
    longest = total / (jobs * SHARES_PER_WORKER)
    cohorts = [
        cohort
        for group in groups.values()
        for cohort in _divide(
            group, _limit_members(group[0], estimate(group[0]), longest, on_gpu=on_gpu)
        )
    ]
    return sorted(cohorts, key=lambda cohort: sum(map(estimate, cohort)), reverse=True)


def _name_shape(experiment: Experiment) -> object:
    """Return what the members of a cohort have in common."""
    variant = experiment.variant
    if can_stack(variant):
        return variant.architecture, replace(variant.training, learning_rate=0.0)
    return experiment


def _limit_members(experiment: Experiment, seconds: float, longest: float, *, on_gpu: bool) -> int:
    variant = experiment.variant
    widths = (variant.training.batch_size, *variant.architecture.sizes)
    if not can_stack(variant) or any(width % ALIGNED for width in widths):
        return 1
    product = variant.training.batch_size * variant.architecture.multiplications
    fast = MOST_MEMBERS_ON_GPU if on_gpu else min(MOST_MEMBERS, int(LARGEST_PRODUCT // product))
    return max(1, min(fast, int(longest / seconds + ROUNDING)))


def _divide(group: Sequence[Experiment], most: int) -> list[Cohort]:
    """Divide ``group`` into as few cohorts as ``most`` members allow, of nearly equal size."""
    count = -(-len(group) // most)
    bounds = [len(group) * i // count for i in range(count + 1)]
    return [tuple(group[a:b]) for a, b in pairwise(bounds)]
