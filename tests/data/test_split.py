import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnistreport.data import split as split_module
from mnistreport.data.dataset import DigitSet, Labels
from mnistreport.data.pixels import measure_pixels, measure_training_images
from mnistreport.data.split import NAMES, Split, split_digits
from mnistreport.errors import DataError, EnvironmentFault
from mnistreport.study.manifest import SplitFractions
from tests.data.conftest import Drawn, Load
from tests.digit_files import write_idx_folder

FRACTIONS = SplitFractions(0.6, 0.2, 0.2)


@pytest.fixture
def digits(tmp_path: Path, drawn: Drawn, load: Load) -> DigitSet:
    """Load the drawn digits: 21 images of each class."""
    return load(write_idx_folder(tmp_path / "source", *drawn))


def _parts(split: Split) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return split.train, split.validation, split.test


def _deviation(labels: Labels, split: Split) -> float:
    """Return how far any class is from its share of any split, in images."""
    counts = np.bincount(labels, minlength=10)
    return max(
        np.abs(np.bincount(labels[part], minlength=10) - counts * len(part) / len(labels)).max()
        for part in _parts(split)
    )


def test_every_image_is_in_one_split(digits: DigitSet, cache: Path) -> None:
    """The splits are disjoint, complete, ascending, and of the sizes that were asked for."""
    split = split_digits(digits, FRACTIONS, 7, cache=cache)
    assert [126, 42, 42] == [len(part) for part in _parts(split)]
    np.testing.assert_array_equal(np.arange(210), np.sort(np.concatenate(_parts(split))))
    assert all((np.diff(part) > 0).all() and np.int64 == part.dtype for part in _parts(split))


def test_a_split_that_came_with_a_project_is_made_again(
    digits: DigitSet, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Images to test on that somebody chose, with fitting digests, are not the split asked for."""
    split = split_digits(digits, FRACTIONS, 7, cache=cache)
    good = [part.copy() for part in _parts(split)]
    about = (split.folder / "about.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
        patch.setattr(split_module, "_divide", lambda *_: dict(zip(NAMES, good[::-1], strict=True)))
        forged = split_digits(digits, FRACTIONS, 7, cache=cache)
    assert len(good[2]) == len(forged.train)
    again = split_digits(digits, FRACTIONS, 7, cache=cache)
    assert split.sha256 == again.sha256
    assert about == (again.folder / "about.json").read_bytes()


def test_a_split_in_a_cache_that_can_only_be_read(
    digits: DigitSet, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What another user put there is used if it is the split asked for, and nothing else is."""
    split = split_digits(digits, FRACTIONS, 7, cache=cache)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    monkeypatch.setattr(split_module, "publish_arrays", _refuse)
    again = split_digits(digits, FRACTIONS, 7, cache=cache)
    assert (split.sha256, split.folder) == (again.sha256, again.folder)
    assert all(map(np.array_equal, _parts(split), _parts(again)))
    shuffle = np.load(split.folder / "test.npy")[::-1]
    np.save(split.folder / "test.npy", shuffle)
    with pytest.raises(EnvironmentFault):
        split_digits(digits, FRACTIONS, 7, cache=cache)


def _refuse(folder: Path, *_: object) -> None:
    msg = "cannot be written"
    raise EnvironmentFault(msg, file=folder)


def test_seed_and_fractions_decide(digits: DigitSet, cache: Path, tmp_path: Path) -> None:
    """The same seed splits the same way anywhere; another one, or other fractions, do not."""
    split = split_digits(digits, FRACTIONS, 1, cache=cache)
    assert split.sha256 == split_digits(digits, FRACTIONS, 1, cache=tmp_path / "else").sha256
    others = [
        split_digits(digits, FRACTIONS, 2, cache=cache),
        split_digits(digits, SplitFractions(0.5, 0.3, 0.2), 1, cache=cache),
    ]
    assert 3 == len({split.sha256, *(other.sha256 for other in others)})
    assert 3 == len({split.folder, *(other.folder for other in others)})


def test_images_decide_the_digest(
    digits: DigitSet, tmp_path: Path, drawn: Drawn, load: Load, cache: Path
) -> None:
    """Another pixel in the data set is another split, though the indices are the same."""
    images = drawn[0].copy()
    images[0, 0, 0] += 1
    other = load(write_idx_folder(tmp_path / "other", images, drawn[1]))
    first, second = (split_digits(which, FRACTIONS, 0, cache=cache) for which in (digits, other))
    np.testing.assert_array_equal(first.train, second.train)
    assert first.sha256 != second.sha256


def test_second_split_needs_no_sklearn(
    digits: DigitSet, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A split that was made before is read, not made."""
    first = split_digits(digits, FRACTIONS, 0, cache=cache)
    monkeypatch.setattr(split_module, "_divide", lambda *_: pytest.fail("was divided again"))
    assert first.sha256 == split_digits(digits, FRACTIONS, 0, cache=cache).sha256


@pytest.mark.parametrize("name", ["train.npy", "test.npy", "about.json"])
@pytest.mark.parametrize("damage", ["flip", "empty", "gone"])
def test_rotten_split_is_made_again(digits: DigitSet, cache: Path, name: str, damage: str) -> None:
    """Damage to a stored split is noticed, and repaired to the same split."""
    split = split_digits(digits, FRACTIONS, 0, cache=cache)
    file = split.folder / name
    content = bytearray(file.read_bytes())
    content[-8 if name.endswith("npy") else 20] ^= 1
    file.write_bytes(content if damage == "flip" else b"")
    if damage == "gone":
        file.unlink()
    again = split_digits(digits, FRACTIONS, 0, cache=cache)
    assert (
        split.sha256
        == again.sha256
        == json.loads((split.folder / "about.json").read_text())["sha256"]
    )
    assert [126, 42, 42] == [len(part) for part in _parts(again)]


def test_no_flipped_bit_goes_unnoticed(digits: DigitSet, cache: Path) -> None:
    """Whichever bit of a stored split flips (here one in 136), it is made again, as it was."""
    split = split_digits(digits, FRACTIONS, 0, cache=cache)
    for name in ("about.json", "test.npy"):
        file = split.folder / name
        content = file.read_bytes()
        for place in range(0, len(content), 17):  # odd: every bit has its turn
            flipped = bytearray(content)
            flipped[place] ^= 1 << place % 8
            file.unlink()  # what is mapped into memory stays as it is
            file.write_bytes(flipped)
            assert split.sha256 == split_digits(digits, FRACTIONS, 0, cache=cache).sha256
            assert content == file.read_bytes()


def test_a_disk_that_lies_is_told(
    digits: DigitSet, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A split that does not come back as it was written is not worked with."""
    monkeypatch.setattr(split_module, "open_arrays", lambda *_: None)
    with pytest.raises(EnvironmentFault, match="does not hold what was written"):
        split_digits(digits, FRACTIONS, 0, cache=cache)


@pytest.mark.parametrize("fractions", [(0.96, 0.02, 0.02), (0.02, 0.49, 0.49), (0.9, 0.1, 0.0)])
def test_too_few_images_for_a_split(
    digits: DigitSet, cache: Path, fractions: tuple[float, float, float]
) -> None:
    """A split that could not have some of every class is refused, and not stored."""
    with pytest.raises(DataError) as caught:
        split_digits(digits, SplitFractions(*fractions), 0, cache=cache)
    assert "use a larger data set" in (caught.value.problems[0].next_step or "")
    assert not (cache / "splits").exists()


def test_class_that_a_split_would_miss(cache: Path) -> None:
    """Five images of a class do not reach for a split of a twentieth."""
    labels = np.repeat(np.arange(10), [5, *[100] * 9]).astype(np.uint8)
    digits = SimpleNamespace(labels=labels, sha256="0" * 64)
    with pytest.raises(DataError, match="no image of the digit 0 is left for the test split"):
        split_digits(digits, SplitFractions(0.7, 0.25, 0.05), 0, cache=cache)  # type: ignore[arg-type]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    counts=st.lists(st.integers(20, 90), min_size=10, max_size=10), seed=st.integers(0, 2**32 - 1)
)
def test_every_class_keeps_its_share(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], seed: int
) -> None:
    """No class is two images away from its share of any split, or one from that of the tests."""
    labels = np.repeat(np.arange(10), counts).astype(np.uint8)
    digits = SimpleNamespace(labels=labels, sha256="0" * 64)
    split = split_digits(digits, FRACTIONS, seed, cache=tmp_path_factory.mktemp("cache"))  # type: ignore[arg-type]
    tests = np.bincount(labels[split.test]) - np.array(counts) * len(split.test) / len(labels)
    assert np.abs(tests).max() <= 1
    assert _deviation(labels, split) < 2


# --- Pixels -----------------------------------------------------------------------------------


def test_normalisation_is_that_of_the_training_split(digits: DigitSet, cache: Path) -> None:
    """Mean and deviation are those of the training pixels in [0, 1], and of no other image."""
    split = split_digits(digits, FRACTIONS, 0, cache=cache)
    pixels = digits.images[split.train].astype(np.float64) / 255
    measured = measure_pixels(digits, split)
    assert pytest.approx(pixels.mean(), rel=1e-12) == measured.mean
    assert pytest.approx(pixels.std(), rel=1e-12) == measured.std


def test_blank_images_cannot_be_normalised() -> None:
    """Images without any ink would be divided by zero."""
    with pytest.raises(DataError, match="all pixels of the training images are the same"):
        measure_training_images(np.full((20, 28, 28), 9, np.uint8), np.arange(20))


# --- The real data sets -----------------------------------------------------------------------


def test_embedded_digits_keep_their_shares(load: Load, cache: Path) -> None:
    """Of scikit-learn's digits no class is more than one image away from its share."""
    digits = load("digits")
    split = split_digits(digits, FRACTIONS, 0, cache=cache)
    assert [1079, 359, 359] == [len(part) for part in _parts(split)]
    assert _deviation(digits.labels, split) <= 1


def test_mnist(mnist_folder: Path, load: Load, cache: Path) -> None:
    """MNIST is known by its content, and split 42,000 / 14,000 / 14,000 within one per class."""
    digits = load(mnist_folder)
    assert ("mnist", "MNIST handwritten digits") == (digits.name, digits.title)
    assert (70_000, 28, 28) == digits.images.shape
    for seed in range(3):
        split = split_digits(digits, FRACTIONS, seed, cache=cache)
        assert [42_000, 14_000, 14_000] == [len(part) for part in _parts(split)]
        assert _deviation(digits.labels, split) <= 1
    measured = measure_pixels(digits, split)
    assert pytest.approx(0.1307, abs=1e-3) == measured.mean
    assert pytest.approx(0.3081, abs=1e-3) == measured.std
