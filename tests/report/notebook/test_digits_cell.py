"""The notebook's own cell that reads digits, against the program's readers."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from mnistreport.data.dataset import Images, Labels
from mnistreport.data.layouts import read_digits
from mnistreport.report.notebook.sources import gather_imports, read_cell
from tests.digit_files import draw_digits, write_csv, write_idx, write_idx_folder

Write = Callable[[Path, Images, Labels], object]


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What the cell finds from the cells before it; there is no data anywhere."""
    monkeypatch.delenv("MNISTREPORT_DATA", raising=False)
    folder = tmp_path / "output" / "mnist"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return {"IMAGE_SIZE": 28, "Images": Images, "Labels": Labels, "IS_ON_KAGGLE": False}


def run_cell(space: dict[str, Any]) -> tuple[Images, Labels]:
    """Run the cell; return what the cells after it find."""
    code = read_cell("mnist_files")
    exec(f"{gather_imports([code])}\n{code.text}", space)  # noqa: S102 - it is the program's own
    return space["images"], space["labels"]


def write_kept(folder: Path, images: Images, labels: Labels) -> None:
    """Write what the program itself keeps of checked digits."""
    folder.mkdir(parents=True)
    np.save(folder / "images.npy", images)
    np.save(folder / "labels.npy", labels)


def write_idx_part(folder: Path, part: str, images: Images, labels: Labels) -> None:
    """Write one of MNIST's two parts alone."""
    write_idx(folder / f"{part}-images-idx3-ubyte", images)
    write_idx(folder / f"{part}-labels-idx1-ubyte", labels)


LAYOUTS: dict[str, Write] = {
    "idx": lambda folder, *digits: write_idx_folder(folder, *digits, tests=20),
    "idx, gzipped": lambda folder, *digits: write_idx_folder(folder, *digits, tests=20, gz=True),
    "idx, dotted": lambda folder, *digits: write_idx_folder(
        folder, *digits, tests=20, naming="dotted"
    ),
    "idx, nested": lambda folder, *digits: write_idx_folder(
        folder, *digits, tests=20, naming="nested"
    ),
    "idx, training alone": lambda folder, *digits: write_idx_part(folder, "train", *digits),
    "idx, tests alone": lambda folder, *digits: write_idx_part(folder, "t10k", *digits),
    "csv": lambda folder, *digits: write_csv(folder / "train.csv", *digits),
    "kept": write_kept,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_reads_what_the_program_reads(
    space: dict[str, Any], tmp_path: Path, layout: str
) -> None:
    """Images and labels of each layout come in the same order, so that their digest is the same."""
    images, labels = draw_digits(100)
    LAYOUTS[layout](tmp_path / "data", images, labels)
    found = run_cell(space)
    if layout != "kept":
        raw = read_digits(tmp_path / "data")
        images, labels = raw.images, raw.labels
    assert np.array_equal(images, found[0])
    assert np.array_equal(labels, found[1])
    assert found[0].dtype == found[1].dtype == np.uint8


def test_the_variable_goes_first(
    space: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of that name further up does not stand in the way of the one that is named."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "readme.txt").write_text("something else")
    write_kept(tmp_path / "mine", *draw_digits(20))
    monkeypatch.setenv("MNISTREPORT_DATA", str(tmp_path / "mine"))
    assert 20 == len(run_cell(space)[1])


WHAT_TO_DO = "put their files into a folder named data, .* or set .* MNISTREPORT_DATA"


def test_without_digits_it_says_what_to_do(space: dict[str, Any], tmp_path: Path) -> None:
    """No folder, or nothing in it that can be read: the next step is in the message."""
    with pytest.raises(FileNotFoundError, match=WHAT_TO_DO):
        run_cell(space)
    (tmp_path / "data").mkdir()  # an empty one is none
    with pytest.raises(FileNotFoundError, match=WHAT_TO_DO):
        run_cell(space)
    (tmp_path / "data" / "readme.txt").write_text("no digits")
    with pytest.raises(FileNotFoundError, match="no IDX or labelled CSV files"):
        run_cell(space)


@pytest.mark.parametrize("error", [ImportError("no such module"), ConnectionError("no network")])
def test_without_kaggle_it_says_what_to_do(
    space: dict[str, Any], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Neither data nor a download: the same sentence, and no other error before it."""

    def fail(_handle: str) -> str:
        raise error

    library = ModuleType("kagglehub")
    library.dataset_download = fail  # type: ignore[attr-defined]
    is_missing = isinstance(error, ImportError)
    monkeypatch.setitem(sys.modules, "kagglehub", None if is_missing else library)
    with pytest.raises(FileNotFoundError, match=WHAT_TO_DO) as caught:
        run_cell(space | {"IS_ON_KAGGLE": True, "HANDLE": "a/b"})
    assert caught.value.__context__ is None


def test_a_download_is_read(
    space: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no folder of digits, those that kagglehub returns are read."""
    library = ModuleType("kagglehub")
    write_kept(tmp_path / "downloaded", *draw_digits(20))
    library.dataset_download = lambda _handle: str(tmp_path / "downloaded")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kagglehub", library)
    space |= {"IS_ON_KAGGLE": True, "HANDLE": "a/b"}
    assert 20 == len(run_cell(space)[1])
