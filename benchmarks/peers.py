"""The peers: what a user would write instead of using mnistreport, each in its usual form.

Each trains the network of a variant on the same normalised tensors, with torch's default number of
threads, and tells the seconds of every epoch, its validation included, and the last accuracy.
"""

import logging
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from mnistreport.data.loaders import DigitTensors, load_tensors
from mnistreport.study.experiment import CLASSES, IMAGE_SIZE, Architecture, MlpArchitecture, Variant
from mnistreport.training.crew import WorkPlace

WARM_UP_BATCHES: Final = 20


@dataclass(frozen=True, slots=True)
class Digits:
    """Training and validation images, each as images and labels."""

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class Trained:
    """What training came to.

    Attributes:
        seconds: Of each epoch.
        accuracy: Share of the validation images classified correctly after the last epoch.
    """

    seconds: Sequence[float]
    accuracy: float


def measure_peer(
    name: str,
    variants: Sequence[Variant],
    place: WorkPlace,
    *,
    epochs: int,
    share: float,
    seed: int,
) -> list[Trained]:
    """Train one variant after another, each after a warm-up of some batches; for a fresh process.

    Args:
        name: One of ``PEERS``.
        variants: What is trained; ``epochs`` counts instead of theirs.
        place: Where the digits are, and ``cuda`` if the usual script shall use the GPU.
        epochs: Passes over the training images.
        share: Share of the images, of both splits, that is used.
        seed: Of torch's generator.
    """
    tensors = load_tensors(place.digits, place.split)
    train, validation = (
        _take(each, round(share * len(each))) for each in (tensors.train, tensors.validation)
    )
    trained: list[Trained] = []
    for variant in variants:
        few = _take(tensors.train, WARM_UP_BATCHES * variant.training.batch_size)
        PEERS[name](variant, Digits(few, few), 1, place.device)
        torch.manual_seed(seed)
        trained.append(PEERS[name](variant, Digits(train, validation), epochs, place.device))
    return trained


def train_usually(variant: Variant, digits: Digits, epochs: int, device: str) -> Trained:
    """Train with the loop that everybody writes."""
    size = variant.training.batch_size
    train_loader = DataLoader(TensorDataset(*digits.train), batch_size=size, shuffle=True)
    validation_loader = DataLoader(TensorDataset(*digits.validation), batch_size=size)
    model = make_network(variant.architecture).to(device)
    loss_function = nn.CrossEntropyLoss()
    optimizer = make_optimizer(model, variant)
    seconds: list[float] = []
    accuracy = 0.0
    for _ in range(epochs):
        started = time.perf_counter()
        model.train()
        total_loss, right = 0.0, 0
        for images, labels in train_loader:
            images, labels = images.to(device), labels.to(device)  # noqa: PLW2901 - the usual way
            optimizer.zero_grad()
            outputs = model(images)
            loss = loss_function(outputs, labels)
            loss.backward()
            optimizer.step()
            total_loss += loss.item() * len(images)
            right += (outputs.argmax(1) == labels).sum().item()
        model.eval()
        total_loss, right = 0.0, 0
        with torch.no_grad():
            for images, labels in validation_loader:
                images, labels = images.to(device), labels.to(device)  # noqa: PLW2901 - as above
                outputs = model(images)
                total_loss += loss_function(outputs, labels).item() * len(images)
                right += (outputs.argmax(1) == labels).sum().item()
        accuracy = right / len(digits.validation[1])
        seconds.append(time.perf_counter() - started)
    return Trained(seconds, accuracy)


def train_with_skorch(variant: Variant, digits: Digits, epochs: int, device: str) -> Trained:
    """Train with skorch's classifier, its validation split given."""
    from skorch import NeuralNetClassifier
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split

    setting = variant.training
    net = NeuralNetClassifier(
        make_network(variant.architecture),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        optimizer__momentum=setting.momentum,
        optimizer__weight_decay=setting.weight_decay,
        lr=setting.learning_rate,
        batch_size=setting.batch_size,
        max_epochs=epochs,
        iterator_train__shuffle=True,
        train_split=predefined_split(Dataset(*digits.validation)),
        classes=list(range(CLASSES)),
        device=device,
        verbose=0,
    )
    net.fit(*digits.train)
    return Trained(net.history[:, "dur"], net.history[-1, "valid_acc"])


def train_with_lightning(variant: Variant, digits: Digits, epochs: int, device: str) -> Trained:
    """Train with Lightning's trainer; progress bar, checkpoints and logger are off."""
    import lightning

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")  # on the number of a loader's workers, among others

    class LitNetwork(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = make_network(variant.architecture)
            self.loss_function = nn.CrossEntropyLoss()

        def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
            images, labels = batch
            loss = self.loss_function(self.network(images), labels)
            self.log("train_loss", loss)
            return loss

        def validation_step(self, batch: tuple[Tensor, Tensor]) -> None:
            images, labels = batch
            outputs = self.network(images)
            self.log("val_loss", self.loss_function(outputs, labels))
            self.log("val_accuracy", (outputs.argmax(1) == labels).float().mean())

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return make_optimizer(self, variant)

    class Clock(lightning.Callback):
        """Times each epoch, its validation included, without the trainer's own set-up."""

        def __init__(self) -> None:
            self.started = 0.0
            self.seconds: list[float] = []

        def on_train_epoch_start(self, *_: object) -> None:
            self.started = time.perf_counter()

        def on_train_epoch_end(self, *_: object) -> None:
            self.seconds.append(time.perf_counter() - self.started)

    size = variant.training.batch_size
    clock = Clock()
    trainer = lightning.Trainer(
        accelerator="gpu" if device == "cuda" else device,
        devices=1,
        max_epochs=epochs,
        callbacks=[clock],
        enable_progress_bar=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        logger=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(
        LitNetwork(),
        DataLoader(TensorDataset(*digits.train), batch_size=size, shuffle=True),
        DataLoader(TensorDataset(*digits.validation), batch_size=size),
    )
    return Trained(clock.seconds, float(trainer.callback_metrics["val_accuracy"]))


PEERS: Final[dict[str, Callable[[Variant, Digits, int, str], Trained]]] = {
    "usual": train_usually,
    "skorch": train_with_skorch,
    "lightning": train_with_lightning,
}


def make_network(architecture: Architecture) -> nn.Sequential:
    """Make the network as it is usually written down, layer after layer."""
    layers: list[nn.Module] = []
    if isinstance(architecture, MlpArchitecture):
        layers.append(nn.Flatten())
        inputs, hidden = IMAGE_SIZE**2, architecture.layers
    else:
        before, size, kernel = 1, IMAGE_SIZE, architecture.kernel_size
        for channels in architecture.channels:
            layers.append(nn.Conv2d(before, channels, kernel, padding=kernel // 2))
            layers += [nn.ReLU(), nn.MaxPool2d(2)]
            before, size = channels, size // 2
            if architecture.layer_norm:
                layers.append(nn.LayerNorm([channels, size, size]))
        layers.append(nn.Flatten())
        inputs, hidden = before * size**2, (architecture.dense,)
    for neurons in hidden:
        layers += [nn.Linear(inputs, neurons), nn.ReLU()]
        if architecture.layer_norm:
            layers.append(nn.LayerNorm(neurons))
        if architecture.dropout:
            layers.append(nn.Dropout(architecture.dropout))
        inputs = neurons
    return nn.Sequential(*layers, nn.Linear(inputs, CLASSES))


def make_optimizer(model: nn.Module, variant: Variant) -> torch.optim.Optimizer:
    """Make torch's gradient descent, as the variant says."""
    setting = variant.training
    return torch.optim.SGD(
        model.parameters(),
        lr=setting.learning_rate,
        momentum=setting.momentum,
        weight_decay=setting.weight_decay,
    )


def _take(digits: DigitTensors, images: int) -> tuple[Tensor, Tensor]:
    return digits.images[:images], digits.labels[:images]
