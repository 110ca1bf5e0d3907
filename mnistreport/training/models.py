"""The two networks: a feedforward one and a convolutional one.

Both end in ten logits, one for each digit; the softmax is part of the loss. Weights and biases
start as torch's layers draw them, from U(-a, a) with a = 1 / √inputs.
"""

from collections.abc import Callable

from torch import Tensor, nn

from mnistreport.study.experiment import (
    CLASSES,
    IMAGE_SIZE,
    Architecture,
    CnnArchitecture,
    MlpArchitecture,
)


class Mlp(nn.Module):
    """Feedforward network: linear layers with ReLU between them.

    Each hidden layer is linear → ReLU → (layer norm) → (dropout).
    """

    def __init__(self, architecture: MlpArchitecture) -> None:
        """Lay the layers out; ``architecture`` says how many, and how wide."""
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        inputs = IMAGE_SIZE**2
        for neurons in architecture.layers:
            layers += [nn.Linear(inputs, neurons), nn.ReLU()]
            if architecture.layer_norm:
                layers.append(nn.LayerNorm(neurons))
            if architecture.dropout:
                layers.append(nn.Dropout(architecture.dropout))
            inputs = neurons
        self.layers = nn.Sequential(*layers, nn.Linear(inputs, CLASSES))

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float32 (n, 10), of normalised images, float32 (n, 1, 28, 28)."""
        return self.layers(images)


class MapNorm(nn.LayerNorm):
    """Layer normalisation of feature maps that lie channels last in memory.

    Its weights, (height, width, channels), lie in the same order, so that nothing is moved.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - as torch calls it
        """Return maps of the same shape, (n, channels, height, width)."""
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class FlattenMaps(nn.Module):
    """Flattens feature maps, (n, channels, height, width), as they lie: pixel by pixel."""

    def forward(self, maps: Tensor) -> Tensor:
        """Return activations, (n, height · width · channels)."""
        return maps.permute(0, 2, 3, 1).flatten(1)


class Cnn(nn.Module):
    """Convolutional network: blocks that halve the image, then a dense layer.

    Each block is convolution → 2×2 max-pooling → ReLU → (layer norm). ReLU and max-pooling
    commute, and after pooling ReLU and the normalisation have a quarter of the work.
    """

    def __init__(self, architecture: CnnArchitecture) -> None:
        """Lay the layers out; ``architecture`` says how many channels, and how wide the rest."""
        super().__init__()
        kernel = architecture.kernel_size
        layers: list[nn.Module] = []
        inputs, size = 1, IMAGE_SIZE
        for channels in architecture.channels:
            layers += [
                nn.Conv2d(inputs, channels, kernel, padding=kernel // 2),
                nn.MaxPool2d(2),
                nn.ReLU(),
            ]
            inputs, size = channels, size // 2
            if architecture.layer_norm:
                layers.append(MapNorm([size, size, channels]))
        layers += [FlattenMaps(), nn.Linear(inputs * size**2, architecture.dense), nn.ReLU()]
        if architecture.layer_norm:
            layers.append(nn.LayerNorm(architecture.dense))
        if architecture.dropout:
            layers.append(nn.Dropout(architecture.dropout))
        self.layers = nn.Sequential(*layers, nn.Linear(architecture.dense, CLASSES))

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float32 (n, 10), of normalised images, float32 (n, 1, 28, 28)."""
        return self.layers(images)


_MODELS: dict[str, Callable[..., nn.Module]] = {"mlp": Mlp, "cnn": Cnn}


def make_model(architecture: Architecture) -> nn.Module:
    """Make the network that ``architecture`` describes, with fresh random weights."""
    return _MODELS[architecture.kind](architecture)
