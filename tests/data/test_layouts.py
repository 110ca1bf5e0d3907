import gzip
from pathlib import Path

import numpy as np
import pytest

from mnistreport.data.dataset import DigitSet
from tests.data.conftest import Drawn, Load
from tests.digit_files import Naming, write_csv, write_idx, write_idx_folder, write_zip


@pytest.fixture
def plain(tmp_path: Path, drawn: Drawn, load: Load) -> DigitSet:
    """The drawn digits as MNIST's four files hold them."""
    return load(write_idx_folder(tmp_path / "plain", *drawn))


def test_idx_files_hold_what_was_written(plain: DigitSet, drawn: Drawn) -> None:
    """Images and labels come back unchanged, training part first, as read-only memory maps."""
    np.testing.assert_array_equal(drawn[0], plain.images)
    np.testing.assert_array_equal(drawn[1], plain.labels)
    assert isinstance(plain.images, np.memmap)
    assert not plain.images.flags.writeable
    assert not plain.labels.flags.writeable
    assert (np.uint8, np.uint8) == (plain.images.dtype, plain.labels.dtype)
    assert (
        "IDX files train-images-idx3-ubyte (180 images) and t10k-images-idx3-ubyte (30 images)."
        == (plain.origin)
    )
    assert plain.notice is None


@pytest.mark.parametrize("naming", ["dashed", "dotted", "nested"])
@pytest.mark.parametrize("gz", ["", "gz"])
def test_every_naming_of_idx_files(
    tmp_path: Path, drawn: Drawn, load: Load, plain: DigitSet, naming: Naming, gz: str
) -> None:
    """Dots, dashes, folders and compression make no other data set."""
    folder = write_idx_folder(tmp_path / "other", *drawn, naming=naming, gz=bool(gz))
    assert plain.sha256 == load(folder).sha256
    assert plain.sha256 == load(write_zip(tmp_path / "other.zip", folder)).sha256


def test_kaggle_idx_layout(tmp_path: Path, drawn: Drawn, load: Load, plain: DigitSet) -> None:
    """Kaggle has every file twice, one of them in a folder of its name; each counts once."""
    folder = write_idx_folder(tmp_path / "kaggle", *drawn, naming="dotted")
    write_idx_folder(folder, *drawn, naming="nested")
    both = load(folder)
    assert plain.sha256 == both.sha256
    assert 210 == len(both.labels)


@pytest.mark.parametrize("header", ["kaggle", "in-csv", None])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_two_tables(
    tmp_path: Path, drawn: Drawn, load: Load, plain: DigitSet, header: str, newline: str
) -> None:
    """Two tables make the same data set as the IDX files: training first, then tests."""
    images, labels = drawn
    options = {"header": header, "newline": newline}
    write_csv(tmp_path / "csv" / "mnist_train.csv", images[:180], labels[:180], **options)
    write_csv(tmp_path / "csv" / "mnist_test.csv", images[180:], labels[180:], **options)
    tables = load(tmp_path / "csv")
    assert plain.sha256 == tables.sha256
    assert "CSV files mnist_train.csv (180 images) and mnist_test.csv (30 images)." == tables.origin


@pytest.mark.parametrize("how", ["plain", "gz", "zip", "bom", "no newline", "blank end"])
def test_one_table(tmp_path: Path, drawn: Drawn, load: Load, plain: DigitSet, how: str) -> None:
    """A single table of all images is the same data set, however it is packed or ended."""
    file = write_csv(tmp_path / "csv" / "train.csv", *drawn)
    content = file.read_bytes()
    if how == "zip":
        file = write_zip(tmp_path / "train.zip", file.parent)
    file.write_bytes(
        {
            "gz": gzip.compress(content),
            "zip": file.read_bytes(),
            "bom": b"\xef\xbb\xbf" + content,
            "no newline": content.rstrip(),
            "blank end": content + b"\r\n\n\n",
        }.get(how, content)
    )
    assert plain.sha256 == load(file).sha256


def test_kaggle_competition_layout(tmp_path: Path, drawn: Drawn, load: Load) -> None:
    """Of the competition's three tables only one has labels; that others are left out is said."""
    folder = tmp_path / "digit-recognizer"
    write_csv(folder / "train.csv", *drawn)
    write_csv(folder / "test.csv", drawn[0][:28], None)
    (folder / "sample_submission.csv").write_text("ImageId,Label\n1,0\n2,0\n")
    digits = load(folder)
    assert "CSV file train.csv (210 images); test.csv without labels left out." == digits.origin
    assert 210 == len(digits.labels)


def test_archive_beside_its_content(tmp_path: Path, drawn: Drawn, load: Load) -> None:
    """A download beside what was unpacked from it counts once; so does a copy of a table."""
    folder = tmp_path / "digits"
    file = write_csv(folder / "train.csv", *drawn)
    write_zip(tmp_path / "a.zip", folder).rename(folder / "archive.zip")
    (folder / "train (1).csv").write_bytes(file.read_bytes())
    assert 210 == len(load(folder).labels)


def test_other_files_do_not_matter(
    tmp_path: Path, drawn: Drawn, load: Load, plain: DigitSet
) -> None:
    """Notes, licences and hidden files beside the data are passed over."""
    folder = write_idx_folder(tmp_path / "digits", *drawn)
    (folder / "README.md").write_text("# MNIST, really")
    (folder / "notes.csv").write_text("day,mood\n1,good\n")
    (folder / ".DS_Store").write_bytes(b"\x00\x00\x08\x03")
    (folder / "empty").touch()
    assert plain.sha256 == load(folder).sha256


def test_equal_labels_of_both_parts_are_no_copies(tmp_path: Path, drawn: Drawn, load: Load) -> None:
    """Training and test labels may happen to be the same; they are not taken for one file."""
    assert 200 == len(
        load(write_idx_folder(tmp_path / "d", drawn[0][:200], drawn[1][:200], tests=100)).labels
    )


def test_training_files_alone(tmp_path: Path, drawn: Drawn, load: Load) -> None:
    """Without test files the training files are the data set; names without a role do as well."""
    write_idx(tmp_path / "a" / "train-images-idx3-ubyte", drawn[0])
    write_idx(tmp_path / "a" / "train-labels-idx1-ubyte", drawn[1])
    write_idx(tmp_path / "b" / "images-idx3-ubyte", drawn[0])
    write_idx(tmp_path / "b" / "labels-idx1-ubyte", drawn[1])
    assert load(tmp_path / "a").sha256 == load(tmp_path / "b").sha256


def test_large_table_is_read_in_blocks(tmp_path: Path, drawn: Drawn, load: Load) -> None:
    """Rows that lie across blocks of reading are put together again."""
    images = np.tile(drawn[0], (6, 1, 1))
    images[:, 0, 0] = np.arange(len(images)) % 256
    file = write_csv(tmp_path / "train.csv", images, np.tile(drawn[1], 6), newline="\r\n")
    assert file.stat().st_size > 2**21
    np.testing.assert_array_equal(images, load(file).images)
