"""Telling MNIST from other digits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from mnistreport.data.dataset import MNIST_SHA256, DigitSet
from mnistreport.study.experiment import CLASSES

MNIST_COUNTS: Final[Mapping[int, tuple[int, ...]]] = {
    70_000: (6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293, 6825, 6958),
    60_000: (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
    42_000: (4132, 4684, 4177, 4351, 4072, 3795, 4137, 4401, 4063, 4188),
}
"""Images of each digit, 0 to 9: in all of MNIST, in its part for training, and in the labelled part
of Kaggle's competition “Digit Recognizer”."""


@dataclass(frozen=True, slots=True)
class KnownImages:
    """MNIST, or one of its two parts, in the usual order.

    Attributes:
        name: Names the data set, and its output folder.
        title: The same for a reader.
        gap: What is missing of MNIST; nothing if it is all there.
    """

    name: str
    title: str
    gap: str | None = None


def _tell_gap(missing: int, what: str, files: str) -> str:
    whole = 70_000
    return (
        f"MNIST’s {missing:,} {what} images are missing ({files}), so that {whole - missing:,} of "
        f"its {whole:,} images are used."
    )


KNOWN: Final[Mapping[str, KnownImages]] = {
    MNIST_SHA256: KnownImages("mnist", "MNIST handwritten digits"),
    "465b4c294b957b850120e6abb5b8a2e81d06429f0e2fd488ddf7a4e046b4c37d": KnownImages(
        "mnist-train",
        "MNIST handwritten digits, training images only",
        _tell_gap(
            10_000,
            "test",
            "t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, or mnist_test.csv",
        ),
    ),
    "43eade786d86f967f3e08102d3f21409f5b69b59f1d56701589f1a10416cb79b": KnownImages(
        "mnist-test",
        "MNIST handwritten digits, test images only",
        _tell_gap(
            60_000,
            "training",
            "train-images-idx3-ubyte and train-labels-idx1-ubyte, or mnist_train.csv",
        ),
    ),
}
"""By the digest of images and labels."""


def is_mnist(digits: DigitSet) -> bool:
    """Tell whether ``digits`` are MNIST, or a part of it that is handed round.

    In its usual order, all of it and each part is known by its digest. Otherwise it is taken for
    MNIST if there are as many images of each digit as there should be.
    """
    if digits.sha256 in KNOWN:
        return True
    counts = np.bincount(digits.labels, minlength=CLASSES)
    return MNIST_COUNTS.get(len(digits.labels)) == tuple(counts.tolist())
