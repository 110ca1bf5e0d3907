"""Digits as tensors, resident in memory, and the loaders that serve them in batches.

A whole batch is one indexing operation. Indexing one image at a time, and stacking what comes
out, takes longer than training a small network on it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from mnistreport.data.dataset import Images, Labels
from mnistreport.data.pixels import BRIGHTEST, Normalisation, measure_training_images
from mnistreport.data.split import Indices
from mnistreport.data.store import open_arrays
from mnistreport.errors import DataError

Batch = tuple[Tensor, Tensor]
"""Images, ``float32`` of shape ``(b, 1, 28, 28)``, and labels, ``int64`` of shape ``(b,)``."""


class DigitTensors(Dataset[Batch]):
    """The images of one split, normalised, and their labels.

    Attributes:
        images: ``float32`` of shape ``(n, 1, 28, 28)``.
        labels: ``int64`` of shape ``(n,)``, 0 to 9.
    """

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images = images
        self.labels = labels

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    def __getitem__(self, index: Tensor) -> Batch:  # a whole batch; Dataset asks for Any
        """Return the images and labels at ``index``, ``int64`` of shape ``(b,)``."""
        index = index.to(self.labels.device)
        return self.images.index_select(0, index), self.labels.index_select(0, index)

    def to(self, device: torch.device | str) -> "DigitTensors":
        """Return the same tensors on ``device``."""
        return DigitTensors(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True, slots=True)
class LearningTensors:
    """What training may see.

    Attributes:
        train: The training split.
        validation: The validation split.
        normalisation: Measured on the training split, applied to all.
    """

    train: DigitTensors
    validation: DigitTensors
    normalisation: Normalisation


class BatchIndices(Sampler[Tensor]):
    """Yields the indices of one batch after another, ``int64`` of shape ``(b,)``.

    The last batch is smaller if the batch size does not divide the number of images.
    """

    def __init__(self, length: int, batch_size: int, generator: torch.Generator | None) -> None:
        self._length = length
        self._batch_size = batch_size
        self._generator = generator

    def __len__(self) -> int:
        """Return the number of batches."""
        return (self._length + self._batch_size - 1) // self._batch_size

    def __iter__(self) -> Iterator[Tensor]:
        """Yield one pass over all images, newly shuffled if there is a generator."""
        if self._generator is None:
            order = torch.arange(self._length)
        else:
            order = torch.randperm(self._length, generator=self._generator)
        yield from order.split(self._batch_size)


class StackedIndices(Sampler[Tensor]):
    """Yields the indices of several samplers' batches, one after another in one tensor."""

    def __init__(self, samplers: Sequence[BatchIndices]) -> None:
        self._samplers = samplers

    def __len__(self) -> int:
        """Return the number of batches that each of them has."""
        return len(self._samplers[0])

    def __iter__(self) -> Iterator[Tensor]:
        """Yield one pass of all of them, side by side."""
        return map(torch.cat, zip(*self._samplers, strict=True))


def load_tensors(digits_folder: Path, split_folder: Path) -> LearningTensors:
    """Load the training and validation splits; test images are not read.

    Args:
        digits_folder: ``DigitSet.folder``.
        split_folder: ``Split.folder``.

    Raises:
        DataError: A folder does not hold what it should.
    """
    images, labels, train = _open(digits_folder, split_folder, "train")
    normalisation = measure_training_images(images, train)
    *_, validation = _open(digits_folder, split_folder, "validation")
    return LearningTensors(
        convert_images(images, labels, train, normalisation),
        convert_images(images, labels, validation, normalisation),
        normalisation,
    )


def load_test_tensors(digits_folder: Path, split_folder: Path) -> DigitTensors:
    """Load the test split, normalised like the others: by the training split's pixels.

    Raises:
        DataError: A folder does not hold what it should.
    """
    images, labels, train = _open(digits_folder, split_folder, "train")
    *_, test = _open(digits_folder, split_folder, "test")
    return convert_images(images, labels, test, measure_training_images(images, train))


def make_loader(
    tensors: DigitTensors, batch_size: int, *, generator: torch.Generator | None
) -> DataLoader[Batch]:
    """Make a loader of whole batches.

    Args:
        tensors: What is served.
        batch_size: Images per batch; the last batch may be smaller.
        generator: Shuffles anew in each epoch, and decides the order; ``None`` keeps the order.
    """
    return _serve(tensors, BatchIndices(len(tensors), batch_size, generator))


def make_stacked_loader(
    tensors: DigitTensors, batch_size: int, *, generators: Iterable[torch.Generator]
) -> DataLoader[Batch]:
    """Make a loader of one batch for each generator, joined to one of ``batch_size`` times as many.

    Each generator's part is, image by image, what ``make_loader`` serves with it.
    """
    samplers = [BatchIndices(len(tensors), batch_size, each) for each in generators]
    return _serve(tensors, StackedIndices(samplers))


def _serve(tensors: DigitTensors, sampler: Sampler[Tensor]) -> DataLoader[Batch]:
    return DataLoader(
        tensors,
        batch_size=None,  # the sampler makes the batches
        sampler=sampler,
        collate_fn=_keep,
        num_workers=0,
        # A loader draws a seed for workers it does not have, from the generator it is given;
        # from its own one, so that neither shuffling nor dropout depends on how often it is used.
        generator=torch.Generator(),
    )


def sample_digits(tensors: DigitTensors, size: int) -> DigitTensors:
    """Return ``size`` of the images, evenly spread: always the same ones; all if it is as many."""
    if size == len(tensors):
        return tensors
    index = torch.arange(size) * len(tensors) // size
    return DigitTensors(*tensors[index])


def convert_images(
    images: Images, labels: Labels, indices: Indices, normalisation: Normalisation
) -> DigitTensors:
    """Return the images at ``indices``, normalised, and their labels."""
    pixels = torch.from_numpy(images[indices]).unsqueeze(1).to(torch.float32)
    pixels.div_(BRIGHTEST).sub_(normalisation.mean).div_(normalisation.std)
    return DigitTensors(pixels, torch.from_numpy(labels[indices].astype(np.int64)))


def _keep(batch: Any) -> Any:  # noqa: ANN401 - DataLoader believes in lists of samples
    return batch


def _open(digits_folder: Path, split_folder: Path, name: str) -> tuple[Images, Labels, Indices]:
    arrays = open_arrays(digits_folder, ("images", "labels"))
    indices = open_arrays(split_folder, (name,))
    if not arrays or not indices:
        folder = split_folder if arrays else digits_folder
        msg = "does not hold the data that was put there"
        step = "delete the folder and run the command again"
        raise DataError(msg, file=folder, next_step=step)
    return arrays[0], arrays[1], indices[0]
