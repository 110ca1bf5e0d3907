"""Experiments that take a moment, on scikit-learn's digits."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import torch

from mnistreport.data.loaders import LearningTensors
from mnistreport.study.experiment import (
    Architecture,
    CnnArchitecture,
    Experiment,
    MlpArchitecture,
    TrainingSetting,
    Variant,
)
from mnistreport.training.loop import TrainedModel, train_model
from mnistreport.training.result import EpochRow, RunResult

MLP = MlpArchitecture((8, 8))
CNN = CnnArchitecture((2,), 3, 4)
SETTING = TrainingSetting(learning_rate=0.1, batch_size=64, epochs=2)
UNUSED_SPLIT = "0" * 64


def make_experiment(
    architecture: Architecture = MLP,
    setting: TrainingSetting = SETTING,
    *,
    seed: int = 0,
    split: str = UNUSED_SPLIT,
) -> Experiment:
    """Make an experiment of a model that is called after its kind."""
    return Experiment(Variant(architecture.kind, architecture, setting), seed, split)


def make_endless(seed: int) -> Experiment:
    """Make an experiment that is not over before its test is."""
    return make_experiment(setting=replace(SETTING, epochs=10_000), seed=seed)


def train_here(
    experiment: Experiment,
    tensors: LearningTensors,
    on_epoch: Callable[[EpochRow], None] = lambda _row: None,
) -> TrainedModel:
    """Train in this process, on the CPU."""
    return train_model(
        experiment,
        tensors.train,
        tensors.validation,
        device=torch.device("cpu"),
        on_epoch=on_epoch,
    )


def without_times(history: Iterable[EpochRow]) -> list[EpochRow]:
    """Return a history without what differs from one time to the next."""
    return [replace(row, duration_seconds=0.0) for row in history]


def timeless(result: RunResult) -> RunResult:
    """Return a result without what differs from one time to the next."""
    return replace(result, history=tuple(without_times(result.history)))
