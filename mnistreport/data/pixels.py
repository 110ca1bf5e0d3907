"""How pixels are scaled: by the mean and standard deviation of the training split."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistreport.data.dataset import DigitSet, Images
from mnistreport.data.split import Split
from mnistreport.errors import DataError

BRIGHTEST = 255
CHUNK = 4096
"""Images that are counted at once."""


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Mean and standard deviation of the training split's pixels, scaled to [0, 1].

    Attributes:
        mean: Taken from every pixel before a model sees it.
        std: What the rest is divided by; 0 only if all pixels are the same.
    """

    mean: float
    std: float


def measure_pixels(digits: DigitSet, split: Split) -> Normalisation:
    """Measure the pixels of ``split.train``.

    Raises:
        DataError: All of them are the same.
    """
    return measure_training_images(digits.images, split.train)


def measure_training_images(images: Images, indices: NDArray[np.int64]) -> Normalisation:
    """Measure as ``measure_images`` does, what others are to be normalised with.

    Raises:
        DataError: All of the pixels are the same.
    """
    measured = measure_images(images, indices)
    if not measured.std:
        msg = "all pixels of the training images are the same"
        raise DataError(msg, next_step="use a data set with digits on it")
    return measured


def measure_images(images: Images, indices: NDArray[np.int64]) -> Normalisation:
    """Measure the pixels of the images at ``indices``, exactly, from a histogram.

    Args:
        images: ``uint8`` of shape ``(n, 28, 28)``.
        indices: ``int64`` of shape ``(m,)``.
    """
    histogram = np.zeros(BRIGHTEST + 1, np.int64)
    for start in range(0, len(indices), CHUNK):
        pixels = images[indices[start : start + CHUNK]]
        histogram += np.bincount(pixels.ravel(), minlength=BRIGHTEST + 1)
    counts: list[int] = histogram.tolist()
    pixels_counted = sum(counts)
    total = sum(count * value for value, count in enumerate(counts))
    squares = sum(count * value**2 for value, count in enumerate(counts))
    spread = pixels_counted * squares - total**2  # whole numbers: nothing is rounded so far
    scale = pixels_counted * BRIGHTEST
    return Normalisation(mean=total / scale, std=math.sqrt(spread) / scale)
