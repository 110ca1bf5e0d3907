"""What a fitted network looks for in an image: the weights of its first layer, without torch."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistreport.data.pixels import BRIGHTEST, Normalisation
from mnistreport.study.experiment import IMAGE_SIZE

Floats = NDArray[np.float32]

_WEIGHT, _BIAS = ".weight", ".bias"
_MATRIX, _KERNELS = 2, 4  # axes of the weights of a linear layer, and of a convolution


@dataclass(frozen=True, slots=True)
class FirstLayer:
    """The first layer of a fitted network.

    Attributes:
        weights: Shape ``(n, 28, 28)``, an image for each neuron, or ``(n, k, k)``, a kernel for
            each channel.
        biases: Shape ``(n,)``.
        influence: Shape ``(n,)``, of neurons: the absolute weights by which the next linear layer
            takes each of them, added up; ``None`` for a convolution.
    """

    weights: Floats
    biases: Floats
    influence: Floats | None

    @property
    def is_convolution(self) -> bool:
        """Whether it is one of kernels, not of neurons that see the whole image."""
        return self.influence is None

    @property
    def sha256(self) -> str:
        """Digest of all of it, by which a drawing is known to be up to date."""
        digest = hashlib.sha256()
        for each in (self.weights, self.biases, self.influence):
            digest.update(b"" if each is None else np.ascontiguousarray(each).tobytes())
            digest.update(str(None if each is None else each.shape).encode())
        return digest.hexdigest()


def read_first_layer(tensors: Mapping[str, NDArray[np.generic]]) -> FirstLayer | None:
    """Return the first layer of a network; ``None`` if the tensors are of no network known here.

    Args:
        tensors: A run's, by the names that torch gave them: ``layers.0.weight``.
    """
    # Those of a layer normalisation have one axis, or three.
    found = {
        name: each
        for name, each in tensors.items()
        if name.endswith(_WEIGHT) and each.ndim in {_MATRIX, _KERNELS}
    }
    layers = sorted(found, key=_find_place)
    if not layers:
        return None
    first = np.asarray(found[layers[0]], np.float32)
    biases = np.asarray(tensors[layers[0].removesuffix(_WEIGHT) + _BIAS], np.float32)
    if first.ndim == _KERNELS and first.shape[1] == 1:
        return FirstLayer(first[:, 0], biases, None)
    if first.ndim == _MATRIX and first.shape[1] == IMAGE_SIZE**2 and len(layers) > 1:
        following = np.asarray(found[layers[1]], np.float32)
        influence = np.abs(following).sum(axis=0)
        return FirstLayer(first.reshape(-1, IMAGE_SIZE, IMAGE_SIZE), biases, influence)
    return None


def _find_place(name: str) -> int:
    return next((int(part) for part in name.split(".") if part.isdecimal()), 0)


def apply_kernels(
    layer: FirstLayer, image: NDArray[np.uint8], normalisation: Normalisation
) -> Floats:
    """Return what each kernel finds in an image: convolution and ReLU, as the network has them.

    In the network max-pooling stands between the two; the order of these two does not matter.

    Args:
        layer: One of kernels.
        image: uint8 (28, 28).
        normalisation: That of the training split.

    Returns:
        Shape ``(n, 28, 28)``, at least 0.
    """
    size = layer.weights.shape[-1]
    pixels = (image.astype(np.float32) / BRIGHTEST - normalisation.mean) / normalisation.std
    padded = np.pad(pixels, size // 2)  # with zeros: the mean brightness
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    found = np.einsum("nij,xyij->nxy", layer.weights, windows) + layer.biases[:, None, None]
    return np.maximum(found, 0.0).astype(np.float32)
