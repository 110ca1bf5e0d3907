"""Reading the test split, for models chosen beforehand by a rule that does not see it."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load
from sklearn import metrics
from torch import Tensor

from mnistreport.data.loaders import DigitTensors, load_test_tensors
from mnistreport.study.experiment import CLASSES, Architecture, Experiment
from mnistreport.training.loop import Evaluation, evaluate_model
from mnistreport.training.models import make_model
from mnistreport.training.result import PREDICTIONS, FinalOutcome, Mistake
from mnistreport.training.store import RunStore


def read_test_split(
    experiments: Iterable[Experiment], store: RunStore, digits: Path, split: Path
) -> list[FinalOutcome]:
    """Classify the test split with each experiment's stored model, on the CPU with one thread."""
    torch.set_num_threads(1)
    indices = np.load(split / "test.npy", allow_pickle=False)
    test = load_test_tensors(digits, split)
    return [_test_run(experiment, store, test, indices) for experiment in experiments]


def classify_test_split(
    architecture: Architecture, weights: bytes, digits: Path, split: Path
) -> int:
    """Return how many test images a network with these weights classifies correctly.

    On the CPU with one thread, as ``read_test_split`` does; ``weights`` are safetensors bytes with
    the names and shapes of ``list_shapes``.
    """
    torch.set_num_threads(1)
    test = load_test_tensors(digits, split)
    evaluation = _evaluate(architecture, load(weights), test)
    return int((evaluation.probabilities.argmax(dim=1) == test.labels).sum())


def list_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a network's tensors by name; nothing is allocated for them."""
    with torch.device("meta"):
        state = make_model(architecture).state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _evaluate(
    architecture: Architecture, weights: Mapping[str, Tensor], test: DigitTensors
) -> Evaluation:
    model = make_model(architecture)
    model.load_state_dict(weights)
    return evaluate_model(model, test)


def _test_run(
    experiment: Experiment, store: RunStore, test: DigitTensors, indices: NDArray[np.int64]
) -> FinalOutcome:
    weights = load(store.load_tensors(experiment.fingerprint))
    del weights[PREDICTIONS]
    evaluation = _evaluate(experiment.variant.architecture, weights, test)
    confidence, predicted = (each.numpy() for each in evaluation.probabilities.max(dim=1))
    true = test.labels.numpy()
    confusion: NDArray[np.int64] = metrics.confusion_matrix(true, predicted, labels=range(CLASSES))
    wrong = np.flatnonzero(true != predicted)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    mistakes = tuple(
        Mistake(int(indices[i]), int(true[i]), int(predicted[i]), float(confidence[i]))
        for i in wrong
    )
    return FinalOutcome(
        fingerprint=experiment.fingerprint,
        images=len(test),
        right=int(np.trace(confusion)),
        loss=evaluation.loss,
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
        mistakes=mistakes,
    )
