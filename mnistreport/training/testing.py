"""Reading the test split, for models chosen beforehand by a rule that does not see it."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load
from sklearn import metrics

from mnistreport.data.loaders import DigitTensors, load_test_tensors
from mnistreport.study.experiment import CLASSES, Experiment
from mnistreport.training.loop import evaluate_model
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


def _test_run(
    experiment: Experiment, store: RunStore, test: DigitTensors, indices: NDArray[np.int64]
) -> FinalOutcome:
    weights = load(store.load_tensors(experiment.fingerprint))
    del weights[PREDICTIONS]
    model = make_model(experiment.variant.architecture)
    model.load_state_dict(weights)
    evaluation = evaluate_model(model, test)
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
