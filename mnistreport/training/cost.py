"""How long an experiment takes, before it is run: for plans, time budgets and queues.

No result depends on an estimate. The costs of an epoch's parts are fitted, for each kind of
network, on what stored runs of this machine took; without such runs there are constants.
"""

import heapq
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mnistreport.data.split import LearningSizes
from mnistreport.study.experiment import IMAGE_SIZE, Architecture, MlpArchitecture, Variant
from mnistreport.training.result import count_measured

TRAINING_PASSES: Final = 3
"""Forward passes' worth of arithmetic per image and epoch: the pass, and twice that for its
gradient."""
STARTUP_SECONDS: Final = 3.0
"""Until the workers have loaded torch and the images."""
_PULL: Final = 0.1
"""How much a cost that equals its constant is worth beside a setting that is estimated exactly:
enough to decide what the stored runs leave open, too little to outweigh them."""


_MOST_LEFT_OUT: Final = 50
"""Settings that are left out in turn, evenly spread, to find out how far estimates are off."""

Shares = NDArray[np.float64]
"""Of shape (settings, 3): what each part of an epoch takes of it."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What the parts of an epoch take on one core, in seconds.

    Attributes:
        multiplication: One of a forward pass, or of the two passes' worth behind its gradient.
        update: One update, beside its arithmetic.
        value: One value of an image or of a layer's output, moved through training.
    """

    multiplication: float
    update: float
    value: float


ROUGH: Final[Mapping[str, Costs]] = MappingProxyType(
    {"mlp": Costs(1.3e-11, 7e-5, 5e-10), "cnn": Costs(1.6e-11, 4e-4, 1e-9)}
)
"""One core of a recent processor, by kind of network."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What one run took.

    Attributes:
        variant: Its setting.
        images: Training images.
        epoch_seconds: An epoch's updates, mean over its epochs.
    """

    variant: Variant
    images: int
    epoch_seconds: float


@dataclass(frozen=True, slots=True)
class CostModel:
    """Estimates of durations.

    Attributes:
        costs: By kind of network.
        runs: How many stored runs they were fitted on, by kind; kinds without any are rough.
        tried: How many of them belong to settings that were left out of a fit in turn.
        error: Median relative error of what their updates were then estimated to take; ``None``
            if none was left out.
    """

    costs: Mapping[str, Costs] = field(default_factory=lambda: ROUGH)
    runs: Mapping[str, int] = field(default_factory=dict[str, int])
    tried: int = 0
    error: float | None = None

    def estimate_seconds(self, variant: Variant, sizes: LearningSizes) -> float:
        """Return about how many seconds one core takes to train ``variant`` on so many images.

        Measuring after each epoch is in it: a forward pass over the validation split, and over a
        sample of the training split.
        """
        architecture = variant.architecture
        costs = self.costs[architecture.kind]
        measured = sizes.validation + count_measured(*sizes)
        values = (IMAGE_SIZE**2 + _count_outputs(architecture)) / TRAINING_PASSES
        measuring = measured * (
            architecture.multiplications * costs.multiplication + values * costs.value
        )
        return variant.training.epochs * (
            _estimate_updates(costs, variant, sizes.train) + measuring
        )


ROUGH_COSTS: Final = CostModel()
"""The constants: the same on every machine."""


def estimate_wall_clock(seconds: Sequence[float], jobs: int) -> float:
    """Return about how long runs that take ``seconds`` each keep ``jobs`` workers busy.

    The longest begin first; each goes to the worker that is free first.
    """
    if not seconds:
        return 0.0
    busy = [STARTUP_SECONDS] * jobs
    for each in sorted(seconds, reverse=True):
        heapq.heapreplace(busy, busy[0] + each)
    return max(busy)


def fit_costs(timings: Iterable[Timing]) -> CostModel:
    """Fit the costs of each kind of network on what runs took.

    The sum of squared relative errors is made least, with no cost below zero: a setting counts
    once, by the median of its runs, whether it takes a second or an hour.
    """
    by_kind: dict[str, dict[tuple[object, ...], list[Timing]]] = {}
    for timing in timings:
        variant = timing.variant
        setting = (variant.architecture, variant.training, timing.images)
        runs_of = by_kind.setdefault(variant.architecture.kind, {})
        runs_of.setdefault(setting, []).append(timing)
    if not by_kind:
        return ROUGH_COSTS
    costs, runs = dict(ROUGH), dict[str, int]()
    errors: list[float] = []
    for kind, by_setting in by_kind.items():
        settings = tuple(by_setting.values())
        rows = _list_shares(settings, ROUGH[kind])
        costs[kind] = _fit_rows(rows, ROUGH[kind])
        runs[kind] = sum(map(len, settings))
        step = -(-len(settings) // _MOST_LEFT_OUT)
        for place in range(0, len(settings) if len(settings) > 1 else 0, step):
            without = _fit_rows(np.delete(rows, place, axis=0), ROUGH[kind])
            errors += [
                abs(_estimate_updates(without, each.variant, each.images) / each.epoch_seconds - 1)
                for each in settings[place]
            ]
    return CostModel(costs, runs, len(errors), statistics.median(errors) if errors else None)


def _list_shares(settings: Sequence[Sequence[Timing]], rough: Costs) -> Shares:
    """Return what the constants give for each part of an epoch, as shares of what it took."""
    seconds = np.array([statistics.median(run.epoch_seconds for run in runs) for runs in settings])
    work = np.array([_count_work(runs[0].variant, runs[0].images) for runs in settings])
    return work * _as_array(rough) / seconds[:, None]


def _fit_rows(shares: Shares, rough: Costs) -> Costs:
    from scipy.optimize import nnls

    pace = 1 / float(np.median(shares.sum(axis=1)))  # this machine's, beside the constants
    pull = _PULL * np.eye(shares.shape[1])
    rows = np.vstack((shares * pace, pull))
    times, _ = nnls(rows, np.concatenate((np.ones(len(shares)), pull.sum(axis=1))))
    multiplication, update, value = (float(each) for each in times * pace * _as_array(rough))
    return Costs(multiplication, update, value)


def _as_array(costs: Costs) -> Shares:
    return np.array((costs.multiplication, costs.update, costs.value))


def _estimate_updates(costs: Costs, variant: Variant, images: int) -> float:
    multiplications, updates, values = _count_work(variant, images)
    return multiplications * costs.multiplication + updates * costs.update + values * costs.value


def _count_work(variant: Variant, images: int) -> tuple[float, float, float]:
    """Return the multiplications, updates and moved values of an epoch."""
    architecture = variant.architecture
    outputs = _count_outputs(architecture) * (2 if architecture.layer_norm else 1)
    return (
        TRAINING_PASSES * images * architecture.multiplications,
        -(-images // variant.training.batch_size),
        images * (IMAGE_SIZE**2 + outputs),
    )


def _count_outputs(architecture: Architecture) -> int:
    """Return how many values the hidden layers give for one image."""
    if isinstance(architecture, MlpArchitecture):
        return sum(architecture.layers)
    total, size = architecture.dense, IMAGE_SIZE
    for channels in architecture.channels:
        total += channels * size**2
        size //= 2
    return total
