"""The data set as a value: every labelled image there is, pooled and checked."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistreport.errors import DataError
from mnistreport.study.experiment import CLASSES, IMAGE_SIZE

MNIST_SHA256 = "78cde6028f05e29a7709d2419dd013b7484ab9f294be46f5eda7315eb2f534ee"
"""Digest of MNIST's 70,000 images and labels, the 60,000 for training first."""

FEWEST_IMAGES = 5
"""Images that every class must have, or it could not be spread over three splits."""

Images = NDArray[np.uint8]
"""Shape ``(n, 28, 28)``; 0 is the ground, 255 the brightest ink."""
Labels = NDArray[np.uint8]
"""Shape ``(n,)``; 0 to 9."""


@dataclass(frozen=True, slots=True)
class DigitSet:
    """All labelled images of one source, pooled and checked.

    Attributes:
        name: A safe folder name, such as ``mnist`` or ``digits``; names ``output/<name>``.
        title: The same for a reader.
        origin: Where it came from, in one sentence without absolute paths.
        images: ``uint8`` of shape ``(n, 28, 28)``, a read-only memory map.
        labels: ``uint8`` of shape ``(n,)``, 0 to 9, a read-only memory map.
        sha256: Digest of images and labels, in hex.
        folder: Holds ``images.npy`` and ``labels.npy``.
        notice: What was put in the place of something better, and why; ``None`` if nothing was.
    """

    name: str
    title: str
    origin: str
    images: Images
    labels: Labels
    sha256: str
    folder: Path
    notice: str | None


def check_digits(images: Images, labels: Labels, *, file: Path | None = None) -> None:
    """Check that ``images`` and ``labels`` can be learned from, and split.

    Args:
        images: ``uint8``, expected to be of shape ``(n, 28, 28)``.
        labels: ``uint8``, expected to be of shape ``(n,)``.
        file: Where they are from, for the message.

    Raises:
        DataError: Shapes do not fit, a label is no digit, or a class has too few images.
    """
    if images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE):
        size = " × ".join(map(str, images.shape[1:]))
        msg = f"images are {size} pixels, not {IMAGE_SIZE} × {IMAGE_SIZE}"
        raise DataError(msg, file=file)
    if len(images) != len(labels):
        msg = f"{len(images):,} images, but {len(labels):,} labels"
        raise DataError(msg, file=file)
    check_labels(labels)
    counts = np.bincount(labels, minlength=CLASSES)
    for digit, count in enumerate(counts.tolist()):
        if count < FEWEST_IMAGES:
            amount = "no image" if count == 0 else f"only {count} image{'s' * (count > 1)}"
            msg = f"there is {amount} of the digit {digit}; every split needs some"
            step = f"use a data set with at least {FEWEST_IMAGES} images of every digit"
            raise DataError(msg, file=file, next_step=step)


def check_labels(labels: Labels) -> None:
    """Check that every label is a digit.

    Raises:
        DataError: One is not; the first such label is named with its index, counted from 0.
    """
    wrong = np.flatnonzero(labels >= CLASSES)
    if wrong.size:
        index = int(wrong[0])
        msg = f"label {index} (counted from 0) is {labels[index]}, not a digit from 0 to 9"
        raise DataError(msg)


def digest_digits(images: Images, labels: Labels) -> str:
    """Compute the SHA-256, in hex, of shapes and bytes of ``images`` and ``labels``."""
    digest = hashlib.sha256()
    for array in (images, labels):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
