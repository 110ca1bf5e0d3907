"""The settings that decide a run, and the fingerprint that names it.

Adding a hyper-parameter means one field here, one in ``settings`` where it is read and
bounded, and the one place in ``training`` that obeys it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

RECIPE_VERSION = 3
"""Raised whenever ``training`` changes in a way that changes results; part of every fingerprint."""

IMAGE_SIZE = 28
"""Height and width of every image, in pixels."""
CLASSES = 10
"""The digits 0 to 9."""


@dataclass(frozen=True, slots=True)
class MlpArchitecture:
    """A feedforward network: hidden layers with ReLU between them, then ten logits.

    Attributes:
        layers: Neurons of each hidden layer, first to last.
        dropout: Probability of dropping a hidden activation, after each hidden layer.
        layer_norm: Whether each hidden layer's activations are normalised.
    """

    layers: tuple[int, ...]
    dropout: float = 0.0
    layer_norm: bool = False
    kind: Literal["mlp"] = "mlp"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Width of each hidden layer, first to last."""
        return self.layers

    @property
    def parameters(self) -> int:
        """Number of trainable weights and biases."""
        sizes = (IMAGE_SIZE**2, *self.layers, CLASSES)
        dense = sum((before + 1) * after for before, after in pairwise(sizes))
        return dense + (2 * sum(self.layers) if self.layer_norm else 0)

    @property
    def multiplications(self) -> int:
        """Multiplications of one image's forward pass, roughly: each weight is used once."""
        return self.parameters


@dataclass(frozen=True, slots=True)
class CnnArchitecture:
    """A convolutional network: blocks of convolution, 2×2 max-pooling and ReLU, then a dense layer.

    Attributes:
        channels: Output channels of each block, first to last.
        kernel_size: Height and width of every kernel, odd, in pixels; padded to keep the size.
        dense: Neurons of the dense layer between the last block and the ten logits.
        dropout: Probability of dropping one of the dense layer's activations.
        layer_norm: Whether each block's output and the dense layer's are normalised.
    """

    channels: tuple[int, ...]
    kernel_size: int
    dense: int
    dropout: float = 0.0
    layer_norm: bool = False
    kind: Literal["cnn"] = "cnn"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Channels of each block, then the width of the dense layer."""
        return (*self.channels, self.dense)

    @property
    def parameters(self) -> int:
        """Number of trainable weights and biases."""
        total, before, size = 0, 1, IMAGE_SIZE
        for after in self.channels:
            total += (before * self.kernel_size**2 + 1) * after
            before, size = after, size // 2
            total += 2 * after * size**2 if self.layer_norm else 0
        total += (before * size**2 + 1) * self.dense + (2 * self.dense if self.layer_norm else 0)
        return total + (self.dense + 1) * CLASSES

    @property
    def multiplications(self) -> int:
        """Multiplications of one image's forward pass: a kernel's weights serve every pixel."""
        total, before, size = 0, 1, IMAGE_SIZE
        for after in self.channels:
            total += before * after * self.kernel_size**2 * size**2
            before, size = after, size // 2
        return total + before * size**2 * self.dense + self.dense * CLASSES


Architecture = MlpArchitecture | CnnArchitecture


@dataclass(frozen=True, slots=True)
class TrainingSetting:
    """How a model is trained.

    Attributes:
        learning_rate: Step size of gradient descent.
        momentum: Share of the last step that is taken again; 0 is plain descent.
        weight_decay: L2 penalty, added to the gradient as ``weight_decay * weight``.
        batch_size: Images per update.
        epochs: Passes over the training split.
        optimizer: The one optimiser there is.
    """

    learning_rate: float
    batch_size: int
    epochs: int
    momentum: float = 0.0
    weight_decay: float = 0.0
    optimizer: Literal["sgd"] = "sgd"


@dataclass(frozen=True)
class Variant:
    """One complete setting of a model, without a seed.

    Attributes:
        model: The model's name in the manifest; says whose variant it is, decides no result.
        architecture: What is trained.
        training: How it is trained.
    """

    model: str
    architecture: Architecture
    training: TrainingSetting

    @cached_property
    def key(self) -> str:
        """Name of the variant: 12 hex digits that change with any field."""
        return _sha256({"model": self.model, **self.settings})[:12]

    @cached_property
    def settings(self) -> Mapping[str, object]:
        """Every field that decides a result, as plain JSON values."""
        return {"architecture": asdict(self.architecture), "training": asdict(self.training)}


@dataclass(frozen=True)
class Experiment:
    """A variant with a seed, on one split of one data set.

    Attributes:
        variant: What is trained, and how.
        seed: Decides initial weights, order of batches and dropout.
        split_sha256: Digest of images, labels and which image is in which split.
    """

    variant: Variant
    seed: int
    split_sha256: str

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hex, of everything that decides the result.

        The device is not in it: what a run was computed on is recorded with the run and shown
        in the report, and a machine that borrows runs from another need not train them again.
        """
        return _sha256(
            {
                **self.variant.settings,
                "seed": self.seed,
                "split": self.split_sha256,
                "recipe": RECIPE_VERSION,
            }
        )


def _sha256(value: Mapping[str, object]) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
