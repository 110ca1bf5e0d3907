"""The one split of a data set: stratified, decided by a seed, and the same for every run."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from mnistreport.data.dataset import DigitSet, Labels
from mnistreport.data.store import (
    ABOUT,
    open_arrays,
    publish_arrays,
    read_json,
    tells_the_same,
)
from mnistreport.errors import DataError, EnvironmentFault
from mnistreport.signing import sign
from mnistreport.study.experiment import CLASSES
from mnistreport.study.manifest import SplitFractions

SPLIT_VERSION = 1
"""Raised whenever the same seed would split differently."""

Indices = NDArray[np.int64]
"""Shape ``(m,)``: which images of a data set, ascending."""

MORE_STEP = "use a larger data set, or other shares in [data] split"

NAMES = ("train", "validation", "test")


class LearningSizes(NamedTuple):
    """How many images there are to learn from."""

    train: int
    validation: int


@dataclass(frozen=True, slots=True)
class Split:
    """Which image is in which split; every image is in exactly one.

    Attributes:
        train: Indices into the data set, ``int64``, ascending; a read-only memory map.
        validation: The same of the validation split.
        test: The same of the test split.
        sha256: Digest of the data set's digest and all indices; part of every fingerprint.
        folder: Holds ``train.npy``, ``validation.npy`` and ``test.npy``.
    """

    train: Indices
    validation: Indices
    test: Indices
    sha256: str
    folder: Path

    @property
    def learning_sizes(self) -> LearningSizes:
        """How many images the training and the validation split have."""
        return LearningSizes(len(self.train), len(self.validation))


def split_digits(digits: DigitSet, fractions: SplitFractions, seed: int, *, cache: Path) -> Split:
    """Split ``digits`` with scikit-learn's ``train_test_split``, stratified by label.

    Every split's size is its share of the images, rounded. Every class is within one image of its
    share in the test split, and within two in the others, where two roundings can meet; none of
    MNIST's is more than one away. A split that was made before is taken from ``cache``.

    Args:
        digits: What is split.
        fractions: Shares of the splits.
        seed: Decides which image goes where; 0 to 2³² - 1.
        cache: Folder of splits that were made before.

    Raises:
        DataError: There are too few images for every split to have some of every class.
        EnvironmentFault: The cache cannot be written.
    """
    shares = (fractions.train, fractions.validation, fractions.test)
    recipe = json.dumps([SPLIT_VERSION, digits.sha256, *shares, seed], allow_nan=False)
    folder = cache / "splits" / hashlib.sha256(recipe.encode()).hexdigest()
    if known := _open(folder, digits, seed, recipe):
        return known
    indices = _divide(digits.labels, shares, seed)
    try:
        publish_arrays(folder, indices, _describe(indices, digits, seed, recipe))
    except EnvironmentFault:
        if _holds(folder, indices):  # a cache that can only be read: the split is made each time
            return Split(**indices, sha256=digest_split(digits.sha256, indices), folder=folder)
        raise
    if made := _open(folder, digits, seed, recipe):
        return made
    msg = "does not hold what was written to it"
    raise EnvironmentFault(msg, file=folder, next_step="check the disk")


def _divide(labels: Labels, shares: tuple[float, float, float], seed: int) -> dict[str, Indices]:
    """Hold out the test split first, then the validation split from what is left."""
    validation_size, test_size = (round(len(labels) * share) for share in shares[1:])
    everything = np.arange(len(labels), dtype=np.int64)
    rest, test = _hold_out(everything, labels, test_size, seed)
    train, validation = _hold_out(rest, labels, validation_size, seed)
    indices = {"train": train, "validation": validation, "test": test}
    for name, index in indices.items():
        counts = np.bincount(labels[index], minlength=CLASSES)
        if not counts.all():
            msg = f"no image of the digit {int(counts.argmin())} is left for the {name} split"
            raise DataError(msg, next_step=MORE_STEP)
    return indices


def _hold_out(indices: Indices, labels: Labels, size: int, seed: int) -> tuple[Indices, Indices]:
    """Divide ``indices`` in two, ``size`` of them in the second, with the same mix of labels."""
    from sklearn import model_selection

    train_test_split = cast("Callable[..., list[Indices]]", model_selection.train_test_split)
    try:
        kept, held_out = train_test_split(
            indices, test_size=size, stratify=labels[indices], random_state=seed
        )
    except ValueError as error:
        msg = f"{size:,} of {len(indices):,} images cannot be held out: {error}"
        raise DataError(msg, next_step=MORE_STEP) from error
    return np.sort(kept), np.sort(held_out)


def _open(folder: Path, digits: DigitSet, seed: int, recipe: str) -> Split | None:
    """Open a split that was made before; ``None`` if there is none, it is rotten or not ours."""
    arrays = open_arrays(folder, NAMES)
    if not arrays:
        return None
    indices: dict[str, Indices] = dict(zip(NAMES, arrays, strict=True))
    if not tells_the_same(folder, _describe(indices, digits, seed, recipe)):
        return None
    return Split(**indices, sha256=digest_split(digits.sha256, indices), folder=folder)


def _holds(folder: Path, indices: Mapping[str, Indices]) -> bool:
    """Tell whether these indices are what stands in ``folder``."""
    arrays = open_arrays(folder, tuple(indices))
    return bool(arrays) and all(map(np.array_equal, arrays, indices.values()))


def _describe(
    indices: Mapping[str, Indices], digits: DigitSet, seed: int, recipe: str
) -> dict[str, object]:
    """Return what is told beside the indices; signed, as a split decides what is tested on what."""
    sha256 = digest_split(digits.sha256, indices)
    sizes = {name: len(index) for name, index in indices.items()}
    about = {"sha256": sha256, "digits": digits.sha256, "seed": seed, "images": sizes}
    return {**about, "seal": sign("split", f"{recipe} {sha256}".encode())}


def find_images(cache: Path) -> dict[str, str]:
    """Return the digest of the images of every stored split, by the split's own digest."""
    found: dict[str, str] = {}
    for file in sorted((cache / "splits").glob(f"*/{ABOUT}")):
        about = read_json(file) or {}
        split, images = about.get("sha256"), about.get("digits")
        if isinstance(split, str) and isinstance(images, str):
            found[split] = images
    return found


def digest_split(data_sha256: str, indices: Mapping[str, Indices]) -> str:
    """Compute the SHA-256, in hex, of the data set's digest and of all indices, by split."""
    digest = hashlib.sha256(data_sha256.encode())
    for name, index in indices.items():
        digest.update(f"{name}{index.dtype.str}{index.shape}".encode())
        digest.update(np.ascontiguousarray(index).data)
    return digest.hexdigest()
