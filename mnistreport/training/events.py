"""What is told of experiments in training, as it happens."""

from dataclasses import dataclass

from mnistreport.study.experiment import Experiment
from mnistreport.training.result import EpochRow, RunResult


@dataclass(frozen=True, slots=True)
class Started:
    """A worker has begun ``experiment``."""

    experiment: Experiment


@dataclass(frozen=True, slots=True)
class EpochDone:
    """A worker has finished one more epoch of ``experiment``."""

    experiment: Experiment
    row: EpochRow


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """The worker that trained ``experiment`` died or hung; it is begun again, or given up."""

    experiment: Experiment
    again: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """``experiment`` is over, well or badly.

    Attributes:
        experiment: What was trained.
        result: History and status.
        tensors: Weights and validation predictions as safetensors bytes; empty if it failed, or
            its worker hung.
    """

    experiment: Experiment
    result: RunResult
    tensors: bytes


Event = Started | EpochDone | WorkerLost | Ended
