"""Telling MNIST from other digits."""

from collections.abc import Mapping
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


def is_mnist(digits: DigitSet) -> bool:
    """Tell whether ``digits`` are MNIST, or a part of it that is handed round.

    All of it in its usual order is known by its digest. In another order, or a part, it is taken
    for MNIST if there are as many images of each digit as there should be.
    """
    if digits.sha256 == MNIST_SHA256:
        return True
    counts = np.bincount(digits.labels, minlength=CLASSES)
    return MNIST_COUNTS.get(len(digits.labels)) == tuple(counts.tolist())
