from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch

from mnistreport.data.dataset import DigitSet
from mnistreport.data.loaders import DigitTensors, load_tensors, load_test_tensors, make_loader
from mnistreport.data.pixels import measure_pixels
from mnistreport.data.split import Split, split_digits
from mnistreport.errors import DataError
from mnistreport.study.manifest import SplitFractions
from tests.data.conftest import Drawn, Load
from tests.digit_files import write_idx_folder


@pytest.fixture
def digits(tmp_path: Path, drawn: Drawn, load: Load) -> DigitSet:
    """Load the drawn digits: 21 images of each class."""
    return load(write_idx_folder(tmp_path / "source", *drawn))


@pytest.fixture
def split(digits: DigitSet, cache: Path) -> Split:
    """Split 126 images for training, 42 for validation, 42 for tests."""
    return split_digits(digits, SplitFractions(0.6, 0.2, 0.2), 0, cache=cache)


def _numbered(count: int) -> DigitTensors:
    """Make tensors whose labels are their indices."""
    return DigitTensors(torch.zeros(count, 1, 28, 28), torch.arange(count))


def test_tensors_are_the_normalised_images(digits: DigitSet, split: Split) -> None:
    """Every split holds its own images, scaled with the training split's mean and deviation."""
    tensors = load_tensors(digits.folder, split.folder)
    measured = measure_pixels(digits, split)
    assert measured == tensors.normalisation
    tests = load_test_tensors(digits.folder, split.folder)
    for part, index in (
        (tensors.train, split.train),
        (tensors.validation, split.validation),
        (tests, split.test),
    ):
        expected = (digits.images[index] / 255 - measured.mean) / measured.std
        np.testing.assert_allclose(expected, part.images[:, 0].numpy(), atol=1e-5)
        np.testing.assert_array_equal(digits.labels[index], part.labels.numpy())
        assert (torch.float32, torch.int64) == (part.images.dtype, part.labels.dtype)
        assert (len(index), 1, 28, 28) == part.images.shape


def test_training_does_not_need_the_test_split(digits: DigitSet, split: Split) -> None:
    """Loading for training opens no test indices: it works without them."""
    (split.folder / "test.npy").unlink()
    assert 126 == len(load_tensors(digits.folder, split.folder).train)
    with pytest.raises(DataError):
        load_test_tensors(digits.folder, split.folder)


def test_missing_folder_is_named(split: Split, tmp_path: Path) -> None:
    """A worker whose cache was deleted says which folder is gone."""
    with pytest.raises(DataError, match="does not hold the data") as caught:
        load_tensors(tmp_path / "gone", split.folder)
    assert tmp_path / "gone" == caught.value.problems[0].file


@pytest.mark.parametrize(("count", "size"), [(10, 3), (9, 3), (10, 1), (10, 64), (7, 6)])
def test_every_image_is_served_once(count: int, size: int) -> None:
    """An epoch serves all images, in batches of one size; the last, smaller one is kept."""
    loader = make_loader(_numbered(count), size, generator=torch.Generator().manual_seed(0))
    batches = [labels.tolist() for _, labels in loader]
    assert list(range(count)) == sorted(chain.from_iterable(batches))
    assert len(loader) == len(batches)
    assert all(len(batch) == size for batch in batches[:-1])


def test_order_is_kept_without_a_generator() -> None:
    """Measuring goes through a split in order."""
    assert [0, 1, 2, 3, 4] == torch.cat(
        [y for _, y in make_loader(_numbered(5), 2, generator=None)]
    ).tolist()


def test_epochs_are_shuffled_anew_and_repeatably() -> None:
    """Each epoch has another order, and the generator's seed decides all of them."""

    def serve(seed: int) -> list[list[int]]:
        loader = make_loader(_numbered(50), 8, generator=torch.Generator().manual_seed(seed))
        return [torch.cat([labels for _, labels in loader]).tolist() for _ in range(3)]

    first, second, third = serve(1)
    assert first != second != third
    assert [first, second, third] == serve(1)
    assert first not in serve(2)


def test_loaders_leave_other_random_numbers_alone() -> None:
    """How often a split is measured changes neither dropout nor the shuffling of another loader."""
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    generator = torch.Generator().manual_seed(5)
    list(make_loader(_numbered(10), 4, generator=None))
    loader = make_loader(_numbered(10), 10, generator=generator)
    (batch,) = loader
    assert torch.equal(expected, torch.rand(4))
    assert torch.equal(torch.randperm(10, generator=torch.Generator().manual_seed(5)), batch[1])


def test_tensors_can_be_moved() -> None:
    """``to`` gives the same tensors on another device, and batches come from there."""
    moved = _numbered(4).to("meta")
    images, labels = moved[torch.tensor([1, 2])]
    assert ("meta", "meta") == (images.device.type, labels.device.type)
    assert (2, 1, 28, 28) == images.shape
