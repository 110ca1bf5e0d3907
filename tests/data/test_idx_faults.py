import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mnistreport.errors import ExitCode
from tests.data.conftest import Drawn, Refuse
from tests.digit_files import draw_digits, write_csv, write_idx, write_idx_folder


def test_truncated_gzip_is_refused_wherever_it_ends(
    tmp_path: Path, drawn: Drawn, refuse: Refuse
) -> None:
    """A download that broke off is named, at whatever byte it broke off."""
    folder = write_idx_folder(tmp_path / "digits", *drawn, gz=True)
    file = folder / "t10k-images-idx3-ubyte.gz"
    whole = file.read_bytes()
    for length in (*range(30), len(whole) // 2, *range(len(whole) - 12, len(whole))):
        file.write_bytes(whole[:length])
        assert file == refuse(folder).file


@pytest.mark.parametrize("change", [-784, -1, 1, 784])
def test_header_and_length_must_agree(
    tmp_path: Path, drawn: Drawn, refuse: Refuse, change: int
) -> None:
    """A payload that is shorter or longer than the header says is refused."""
    folder = write_idx_folder(tmp_path / "digits", *drawn)
    file = folder / "train-images-idx3-ubyte"
    content = file.read_bytes()
    file.write_bytes(content[:change] if change < 0 else content + bytes(change))
    problem = refuse(folder)
    assert file == problem.file
    assert "141,120" in problem.reason


def test_optimised_python_checks_as_well(tmp_path: Path, drawn: Drawn) -> None:
    """``python -O`` drops assertions, but no check."""
    folder = write_idx_folder(tmp_path / "digits", *drawn)
    file = folder / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes() + b"!")
    program = (
        "import sys; from pathlib import Path; from mnistreport.data.sources import *\n"
        "try: load_digit_set(sys.argv[1], project=Path('.'), cache=Path(sys.argv[2]))\n"
        "except DataError as error: sys.exit(int(error.exit_code))\n"
    )
    command = [sys.executable, "-O", "-c", program, folder, tmp_path / "cache"]
    assert ExitCode.DATA == subprocess.run(command, check=False).returncode


@pytest.mark.parametrize("count", [2**31, 2**32 - 1, 400_000])
def test_header_cannot_ask_for_memory(tmp_path: Path, refuse: Refuse, count: int) -> None:
    """A header that promises more than any data set needs is refused before anything is read."""
    file = tmp_path / "train-images-idx3-ubyte"
    file.write_bytes(struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28))
    assert "promises" in refuse(file).reason


@pytest.mark.parametrize("label", [10, 255])
def test_label_must_be_a_digit(tmp_path: Path, drawn: Drawn, refuse: Refuse, label: int) -> None:
    """A label that is no digit is named with its index and its file."""
    images, labels = drawn[0], drawn[1].copy()
    labels[17] = label
    folder = write_idx_folder(tmp_path / "digits", images, labels)
    problem = refuse(folder)
    assert f"label 17 (counted from 0) is {label}, not a digit from 0 to 9" == problem.reason
    assert folder / "train-labels-idx1-ubyte" == problem.file


def test_images_and_labels_are_counted(tmp_path: Path, drawn: Drawn, refuse: Refuse) -> None:
    """180 images with 179 labels are refused with both numbers."""
    folder = write_idx_folder(tmp_path / "digits", *drawn)
    write_idx(folder / "train-labels-idx1-ubyte", drawn[1][:179])
    reason = refuse(folder).reason
    assert "holds 180 images, but train-labels-idx1-ubyte holds 179 labels" == reason


def test_swapped_labels_are_noticed(tmp_path: Path, drawn: Drawn, refuse: Refuse) -> None:
    """Labels of training and tests in each other's place do not fit in number."""
    folder = write_idx_folder(tmp_path / "digits", *drawn)
    train, tests = (folder / f"{part}-labels-idx1-ubyte" for part in ("train", "t10k"))
    train.rename(folder / "aside")
    tests.rename(train)
    (folder / "aside").rename(tests)
    reason = refuse(folder).reason
    assert "180 images" in reason
    assert "30 labels" in reason


def test_images_under_the_name_of_labels_are_noticed(
    tmp_path: Path, drawn: Drawn, refuse: Refuse
) -> None:
    """Images and labels in each other's place contradict their names."""
    folder = write_idx_folder(tmp_path / "digits", *drawn)
    images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    images.rename(folder / "aside")
    labels.rename(images)
    (folder / "aside").rename(labels)
    assert "is named for images, but holds labels" == refuse(folder).reason


def test_images_of_another_size_are_refused(tmp_path: Path, refuse: Refuse) -> None:
    """Images must be of 28 × 28 pixels."""
    labels = draw_digits(70)[1]
    folder = write_idx_folder(tmp_path / "digits", np.zeros((70, 32, 32), np.uint8), labels)
    assert "holds images of 32 × 32 pixels, not 28 × 28" == refuse(folder).reason


def test_a_file_named_idx_must_be_one(tmp_path: Path, drawn: Drawn, refuse: Refuse) -> None:
    """A web page saved under the name of a data file is not passed over."""
    folder = write_idx_folder(tmp_path / "digits", *drawn)
    (folder / "t10k-images-idx3-ubyte").write_text("<!DOCTYPE html>")
    assert "does not begin like one" in refuse(folder).reason


def test_images_need_their_labels(tmp_path: Path, drawn: Drawn, refuse: Refuse) -> None:
    """A folder, or a file alone, with images but no labels is refused, and says what is missing."""
    folder = write_idx_folder(tmp_path / "digits", *drawn)
    assert "no labels" in refuse(folder / "train-images-idx3-ubyte").reason
    (folder / "t10k-images-idx3-ubyte").unlink()
    assert "no images" in refuse(folder).reason


def test_two_different_files_for_one_thing_are_refused(
    tmp_path: Path, drawn: Drawn, refuse: Refuse
) -> None:
    """It is never guessed which of two training files is meant."""
    folder = write_idx_folder(tmp_path / "digits", *drawn)
    write_idx(folder / "train-images.idx3-ubyte", draw_digits(180, seed=1)[0])
    assert "it is not clear which to use" in refuse(folder).reason


def test_rare_digits_are_refused(tmp_path: Path, drawn: Drawn, refuse: Refuse) -> None:
    """A class with fewer than five images cannot be stratified, and is named."""
    images, labels = drawn
    one_seven = (labels != 7) | (np.arange(len(labels)) == 7)
    folder = write_idx_folder(tmp_path / "one", images[one_seven], labels[one_seven])
    assert "there is only 1 image of the digit 7" in refuse(folder).reason
    folder = write_idx_folder(tmp_path / "none", images[labels != 3], labels[labels != 3])
    assert "there is no image of the digit 3" in refuse(folder).reason


def test_parts_must_not_share_images(tmp_path: Path, drawn: Drawn, refuse: Refuse) -> None:
    """Two files of overlapping images would put training images into the test split."""
    images, labels = drawn
    write_csv(tmp_path / "digits" / "train.csv", images, labels)
    write_csv(tmp_path / "digits" / "test.csv", images[100:], labels[100:])
    assert "110 of its 110 images are in train.csv, too" == refuse(tmp_path / "digits").reason
