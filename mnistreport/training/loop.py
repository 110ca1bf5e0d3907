"""The training loop: an experiment in, a history and a trained network out."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mnistreport.data.loaders import DigitTensors, make_loader, sample_digits
from mnistreport.study.experiment import Experiment
from mnistreport.training.descent import GradientDescent
from mnistreport.training.loss import cross_entropy
from mnistreport.training.models import make_model
from mnistreport.training.result import EpochRow, Status, count_measured

EVALUATION_BATCH = 256
"""Images per forward pass when measuring; chosen for speed, decides no result but the last bits."""

LARGEST_LOSS = 100.0
"""In nats; a run whose loss is larger, or no number, has diverged. Guessing costs ln 10 ≈ 2.3."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What the loop hands on.

    Attributes:
        model: The network after the last epoch, in evaluation mode.
        status: ``finished`` or ``diverged``.
        history: A row per completed epoch with finite losses.
        updates: Gradient steps taken.
        reason: Why it diverged; empty if it finished.
        validation_predictions: uint8 (n,), the digit predicted for each validation image.
    """

    model: nn.Module
    status: Status
    history: tuple[EpochRow, ...]
    updates: int
    reason: str
    validation_predictions: Tensor


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a network does on one split.

    Attributes:
        loss: Mean cross-entropy, in nats.
        accuracy: Share of images classified correctly.
        probabilities: float32 (n, 10), the softmax of the logits.
    """

    loss: float
    accuracy: float
    probabilities: Tensor

    @property
    def predictions(self) -> Tensor:
        """The digit predicted for each image, uint8 (n,), on the CPU."""
        return self.probabilities.argmax(dim=1).to("cpu", torch.uint8)


def train_model(
    experiment: Experiment,
    train: DigitTensors,
    validation: DigitTensors,
    *,
    device: torch.device,
    on_epoch: Callable[[EpochRow], None],
) -> TrainedModel:
    """Train one network from scratch, as ``experiment`` says.

    Initial weights and dropout draw from torch's global generator, the order of the batches from
    one of its own; both are seeded with the experiment's seed, so that on one machine an equal
    experiment ends in equal bits, whatever ran before it. The images come on ``device``.
    """
    setting = experiment.variant.training
    torch.manual_seed(experiment.seed)
    # Channels last in memory: the convolutions are faster so, and linear layers do not notice.
    model = make_model(experiment.variant.architecture).to(device)
    model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - undeclared
    order = torch.Generator().manual_seed(experiment.seed)
    batches = make_loader(train, setting.batch_size, generator=order)
    descent = GradientDescent(
        model.parameters(),
        learning_rate=setting.learning_rate,
        momentum=setting.momentum,
        weight_decay=setting.weight_decay,
    )

    measured = sample_digits(train, count_measured(len(train), len(validation)))
    history: list[EpochRow] = []
    status: Status = "finished"
    updates, reason = 0, ""
    predictions = torch.zeros(len(validation), dtype=torch.uint8)
    for epoch in range(1, setting.epochs + 1):
        model.train()
        started = time.perf_counter()
        for images, labels in batches:
            descent.step(cross_entropy(model(images), labels))
            updates += 1
        duration = time.perf_counter() - started

        on_train = evaluate_model(model, measured)
        on_validation = evaluate_model(model, validation)
        if reason := explain_divergence(epoch, on_train, on_validation):
            status = "diverged"
            break
        predictions = on_validation.predictions
        row = make_row(epoch, on_train, on_validation, duration)
        history.append(row)
        on_epoch(row)
    return TrainedModel(model.eval(), status, tuple(history), updates, reason, predictions)


def explain_divergence(epoch: int, on_train: Evaluation, on_validation: Evaluation) -> str:
    """Say how a run diverged by the end of an epoch; empty if it did not."""
    losses = on_train.loss, on_validation.loss
    worst = max(losses, key=lambda loss: (math.isnan(loss), loss))
    if worst < LARGEST_LOSS:
        return ""
    size = f"{worst:.3g} nats" if math.isfinite(worst) else "no longer a number"
    return f"the loss was {size} after epoch {epoch}"


def make_row(
    epoch: int, on_train: Evaluation, on_validation: Evaluation, duration_seconds: float
) -> EpochRow:
    """Join what was measured at the end of an epoch."""
    return EpochRow(
        epoch,
        on_train.loss,
        on_train.accuracy,
        on_validation.loss,
        on_validation.accuracy,
        duration_seconds,
    )


def evaluate_model(model: nn.Module, digits: DigitTensors) -> Evaluation:
    """Measure ``model`` on ``digits``, with its weights at rest and dropout off."""
    return evaluate(model.eval(), digits)


@torch.inference_mode()
def evaluate(classify: Callable[[Tensor], Tensor], digits: DigitTensors) -> Evaluation:
    """Measure on ``digits`` what returns logits, float32 (n, 10), of images (n, 1, 28, 28)."""
    batches = torch.split(digits.images, EVALUATION_BATCH)
    logits = torch.cat([classify(images) for images in batches])
    right = int((logits.argmax(dim=1) == digits.labels).sum())
    loss = float(cross_entropy(logits.double(), digits.labels))
    return Evaluation(loss, right / len(digits), logits.softmax(dim=1))
