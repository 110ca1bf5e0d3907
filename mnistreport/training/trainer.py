"""What a worker process does with a cohort: data, device, loop, and the parcels it sends."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save

from mnistreport.data.loaders import load_tensors
from mnistreport.errors import EnvironmentFault
from mnistreport.study.experiment import Experiment
from mnistreport.training.cohort import train_cohort
from mnistreport.training.events import Ended, EpochDone
from mnistreport.training.grouping import Cohort, can_stack
from mnistreport.training.loop import TrainedModel, train_model
from mnistreport.training.processor import name_processor
from mnistreport.training.result import PREDICTIONS, Circumstances, EpochRow, RunResult


class Trainer:
    """Holds the data on the device, and trains one cohort after another."""

    def __init__(self, digits: Path, split: Path, device: str) -> None:
        """Load the training and validation images from their folders.

        Raises:
            EnvironmentFault: There is no such device.
        """
        # On a GPU, torch before 2.13 refuses to be deterministic without it.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        _settle_torch()
        self.device = choose_device(device)
        tensors = load_tensors(digits, split)
        self.train_digits = tensors.train.to(self.device)
        self.validation_digits = tensors.validation.to(self.device)

    def train(self, cohort: Cohort, report: Callable[[EpochDone], None]) -> Iterator[Ended]:
        """Train a cohort; a failure is a result, too.

        Raises:
            SystemExit: Training several together failed; this process is not to be trusted with
                what is left of its memory.
        """
        _settle_torch()  # somebody else's work in this process may have it otherwise

        def tell(experiment: Experiment, row: EpochRow) -> None:
            report(EpochDone(experiment, row))

        try:
            trained = self._train(cohort, tell)
        except (RuntimeError, MemoryError) as error:
            first, *others = cohort
            if others:  # one of them, or too much at once: a new worker trains each alone
                raise SystemExit(1) from error
            yield Ended(first, self._failure(first, error), b"")
        else:
            for experiment, each in zip(cohort, trained, strict=True):
                yield self._wrap_up(experiment, each)

    def _train(
        self, cohort: Cohort, tell: Callable[[Experiment, EpochRow], None]
    ) -> list[TrainedModel]:
        where = (self.train_digits, self.validation_digits)
        if can_stack(cohort[0].variant):
            return train_cohort(cohort, *where, device=self.device, on_epoch=tell)
        return [
            train_model(each, *where, device=self.device, on_epoch=partial(tell, each))
            for each in cohort
        ]

    def _wrap_up(self, experiment: Experiment, trained: TrainedModel) -> Ended:
        weights = {name: tensor.cpu() for name, tensor in trained.model.state_dict().items()}
        tensors = {name: tensor.contiguous() for name, tensor in weights.items()}
        tensors[PREDICTIONS] = trained.validation_predictions
        result = RunResult(
            experiment.fingerprint,
            trained.status,
            trained.history,
            trained.updates,
            trained.reason,
            self._circumstances(),
        )
        return Ended(experiment, result, save(tensors))

    def _failure(self, experiment: Experiment, error: Exception) -> RunResult:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        return RunResult(experiment.fingerprint, "failed", (), 0, reason, self._circumstances())

    def _circumstances(self) -> Circumstances:
        if self.device.type == "cuda":
            processor = torch.cuda.get_device_name(self.device)
        else:
            processor = name_processor()
        return Circumstances(torch.__version__, self.device.type, processor, threads=1)


def _settle_torch() -> None:
    """Have torch compute on one thread, and the same each time."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)


def choose_device(wanted: str) -> torch.device:
    """Return the GPU if there is one, or what ``wanted`` insists on.

    Raises:
        EnvironmentFault: ``wanted`` is ``cuda`` and there is none.
    """
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        msg = "--device cuda: torch finds no CUDA device on this machine"
        raise EnvironmentFault(msg, next_step="use --device auto, or --device cpu")
    return torch.device("cuda" if available and wanted != "cpu" else "cpu")
