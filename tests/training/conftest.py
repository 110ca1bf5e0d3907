"""What the tests of this room share: scikit-learn's digits, checked, split and loaded once."""

from collections.abc import Iterator

import pytest
import torch

from mnistreport.data.dataset import DigitSet
from mnistreport.data.loaders import LearningTensors, load_tensors
from mnistreport.data.sources import load_digit_set
from mnistreport.data.split import Split, split_digits
from mnistreport.study.manifest import SplitFractions
from mnistreport.training.crew import WorkPlace


@pytest.fixture(autouse=True)
def _settings_of_torch() -> Iterator[None]:
    """Undo what a test says to torch."""
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> DigitSet:
    """The 1,797 embedded digits."""
    folder = tmp_path_factory.mktemp("digits")
    return load_digit_set("digits", project=folder, cache=folder)


@pytest.fixture(scope="session")
def split(digits: DigitSet) -> Split:
    """1,079 training, 359 validation and 359 test images."""
    cache = digits.folder.parents[1]
    return split_digits(digits, SplitFractions(0.6, 0.2, 0.2), 0, cache=cache)


@pytest.fixture(scope="session")
def tensors(digits: DigitSet, split: Split) -> LearningTensors:
    """The training and validation images; nobody changes them."""
    return load_tensors(digits.folder, split.folder)


@pytest.fixture(scope="session")
def place(digits: DigitSet, split: Split) -> WorkPlace:
    """What workers are told."""
    return WorkPlace(digits.folder, split.folder, split.learning_sizes, "cpu")
