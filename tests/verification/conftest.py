"""What the tests of this room share: one submission that is as it should be."""

from collections.abc import Iterator

import pytest
import torch

from mnistreport.data.dataset import DigitSet
from mnistreport.data.sources import load_digit_set
from mnistreport.data.split import Split, split_digits
from mnistreport.study.manifest import SplitFractions
from tests.verification.submissions import (
    SHARES,
    SPLIT_SEED,
    Members,
    Trained,
    make_submission,
    train_small,
    write_zip,
)


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> DigitSet:
    """The 1,797 embedded digits."""
    folder = tmp_path_factory.mktemp("digits")
    return load_digit_set("digits", project=folder, cache=folder)


@pytest.fixture(scope="session")
def split(digits: DigitSet) -> Split:
    """359 of them are test images."""
    cache = digits.folder.parents[1]
    return split_digits(digits, SplitFractions(*SHARES), SPLIT_SEED, cache=cache)


@pytest.fixture(scope="session")
def trained(
    digits: DigitSet, split: Split, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trained]:
    """A small network."""
    threads = torch.get_num_threads()
    yield train_small(digits, split, tmp_path_factory.mktemp("runs"))
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def members(trained: Trained, digits: DigitSet, split: Split) -> Members:
    """The members of a submission that passes."""
    return make_submission(trained, digits, split)


@pytest.fixture(scope="session")
def good(members: Members) -> bytes:
    """The zip of them."""
    return write_zip(members)
