import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mnistreport.data import sources
from mnistreport.data.dataset import digest_digits
from mnistreport.data.kaggle import KaggleError
from mnistreport.data.mnist import KNOWN
from mnistreport.data.sources import DATA_VARIABLE
from mnistreport.errors import DataError, ExitCode
from tests.data.conftest import Drawn, Load
from tests.digit_files import write_csv, write_idx, write_idx_folder


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Path:
        msg = "Kaggle could not be reached"
        raise KaggleError(msg)

    monkeypatch.setattr(sources, "fetch_from_kaggle", fail)


def test_embedded_digits(load: Load) -> None:
    """scikit-learn's 1,797 images stand in MNIST's frame, with a notice that they are not MNIST."""
    digits = load("digits")
    assert ("digits", (1797, 28, 28)) == (digits.name, digits.images.shape)
    assert 255 == digits.images.max()
    assert not digits.images[:, :4].any()
    assert not digits.images[:, :, -4:].any()
    assert np.bincount(digits.labels).min() > 170
    assert digits.notice
    assert "little about MNIST" in digits.notice


def test_embedded_digits_are_the_same_everywhere(load: Load) -> None:
    """The digest of the resized digits is a constant: no machine trains what another has."""
    expected = "0e776e5deacc4ad1e084f5405a340275718ea26be8619be26f083f9a850b3903"
    assert expected == load("digits").sha256


def test_cached_load_imports_nothing_heavy(load: Load, cache: Path) -> None:
    """Once cached, digits are there without scikit-learn, scipy, pandas or torch."""
    load("digits")
    program = (
        "import sys; from pathlib import Path; from mnistreport.data.sources import *\n"
        "from mnistreport.data import pixels, split\n"
        "load_digit_set('digits', project=Path('.'), cache=Path(sys.argv[1]))\n"
        "print({'sklearn', 'scipy', 'pandas', 'torch', 'kagglehub', 'PIL'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", program, cache]
    assert "set()\n" == subprocess.run(command, check=True, capture_output=True, text=True).stdout


# --- auto -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_offline")
def test_auto_takes_the_best_there_is(
    tmp_path: Path, drawn: Drawn, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``data/`` goes before MNISTREPORT_DATA, and that before the embedded digits."""
    assert "digits" == load("auto").name
    named = write_idx_folder(tmp_path / "from-variable", *drawn)
    monkeypatch.setenv(DATA_VARIABLE, str(named))
    assert "from-variable" == load("auto").name
    write_csv(tmp_path / "data" / "train.csv", *drawn)
    assert "data" == load("auto").name


@pytest.mark.usefixtures("_offline")
def test_auto_says_why_it_took_digits(tmp_path: Path, load: Load) -> None:
    """The notice names each better source and what was wrong with it, in a single sentence."""
    expected = (
        "The folder “data” does not exist, MNISTREPORT_DATA is not set, and Kaggle could not be "
        "reached, so the images are scikit-learn's 1,797 embedded digits, resized to "
        "28 × 28; accuracies on them say little about MNIST."
    )
    assert expected == load("auto").notice
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / ".gitkeep").touch()
    assert "The folder “data” is empty, " in (load("auto").notice or "")


@pytest.mark.usefixtures("_offline")
def test_auto_does_not_pass_over_wrong_data(
    tmp_path: Path, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data that is there but wrong is an error, not a reason to take other data."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "README.md").write_text("soon")
    with pytest.raises(DataError, match="holds no labelled digits"):
        load("auto")
    shutil.rmtree(data)
    data.symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError):
        load("auto")
    data.unlink()
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(DataError, match=f"{DATA_VARIABLE}: there is no file or folder"):
        load("auto")


# --- Paths ------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["", " ", "kagle", "no/such", "a\0b", "x" * 5000, "~nobody-x/d"])
def test_what_is_not_there(load: Load, cache: Path, source: str) -> None:
    """A word that is no source, and no path either, is answered with the words there are."""
    with pytest.raises(DataError, match="none of auto, kaggle, digits") as caught:
        load(source)
    assert ExitCode.DATA == caught.value.exit_code
    step = caught.value.problems[0].next_step or ""
    assert ("did you mean “kaggle”?" in step) == (source == "kagle")
    assert "one of auto, kaggle, digits" in step
    assert not cache.exists()


def test_path_is_relative_to_the_project(tmp_path: Path, drawn: Drawn, load: Load) -> None:
    """A path starts from the manifest's folder; where it leads is not told to the report."""
    write_idx_folder(tmp_path / "here", *drawn)
    digits = load("here")
    assert 210 == len(digits.labels)
    assert str(tmp_path) not in digits.origin + digits.title


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("My Digits (2026)", "my-digits-2026"),
        ("Zahlen für Müller", "zahlen-fur-muller"),
        ("train.csv.gz", "train"),
        ("数字", "data"),
        ("..x.. ", "x"),
        ("-_-", "data"),
        ("a" * 200, "a" * 60),
    ],
)
def test_name_is_safe(tmp_path: Path, drawn: Drawn, load: Load, path: str, name: str) -> None:
    """The folder of the output has a name that every system takes."""
    if path.endswith(".gz"):
        write_csv(tmp_path / path, *drawn)
    else:
        write_idx_folder(tmp_path / path, *drawn)
    assert name == load(path).name


@pytest.mark.parametrize("layout", ["idx", "csv"])
@pytest.mark.parametrize(
    ("part", "gap"),
    [
        ("train", "MNIST’s 10,000 test images are missing (t10k-images-idx3-ubyte and t10k-"),
        ("test", "MNIST’s 60,000 training images are missing (train-images-idx3-ubyte and train-"),
    ],
)
def test_a_part_of_mnist_is_known(
    tmp_path: Path, drawn: Drawn, load: Load, monkeypatch: pytest.MonkeyPatch,
    part: str, gap: str, layout: str,
) -> None:  # fmt: skip
    """It is called MNIST's whatever its folder is called, and a notice says what is missing."""
    known = next(each for each in KNOWN.values() if each.name == f"mnist-{part}")
    monkeypatch.setattr(sources, "KNOWN", {digest_digits(*drawn): known})
    digits = load(write_lone_part(tmp_path / "my folder", drawn, part, layout))
    assert (f"mnist-{part}", known.title) == (digits.name, digits.title)
    assert digits.notice
    assert digits.notice.startswith(gap)
    used = "60,000 of its 70,000" if part == "train" else "10,000 of its 70,000"
    assert digits.notice.endswith(f"so that {used} images are used.")


@pytest.mark.parametrize(
    ("part", "said"),
    [("train", "no file of test images"), ("test", "no file of training images")],
)
def test_one_part_of_other_digits_is_told(
    tmp_path: Path, drawn: Drawn, load: Load, part: str, said: str
) -> None:
    """IDX files come in two parts: where one is missing, origin and a notice say so."""
    digits = load(write_lone_part(tmp_path / "mine", drawn, part, "idx"))
    assert digits.origin.endswith(f"(210 images); {said} is there.")
    assert f"The data set may not be whole: {said} is there." == digits.notice
    whole = load(write_idx_folder(tmp_path / "whole", *drawn, tests=30))
    assert (None, False) == (whole.notice, "no file of" in whole.origin)
    table = load(write_lone_part(tmp_path / "table", drawn, part, "csv"))
    assert table.notice is None


def test_images_without_labels_are_refused(tmp_path: Path, drawn: Drawn, load: Load) -> None:
    """Training images without labels are not passed over in favour of the test part alone."""
    folder = write_idx_folder(tmp_path / "mine", *drawn, tests=30)
    (folder / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="there are no labels for the images in train-images"):
        load(folder)


def write_lone_part(folder: Path, drawn: Drawn, part: str, layout: str) -> Path:
    """Write the files of one part of MNIST, with other digits in them."""
    if layout == "csv":
        write_csv(folder / f"mnist_{part}.csv", *drawn)
        return folder
    name = {"train": "train", "test": "t10k"}[part]
    for kind, array in zip(("images-idx3", "labels-idx1"), drawn, strict=True):
        write_idx(folder / f"{name}-{kind}-ubyte", array)
    return folder


@pytest.mark.parametrize("taken", ["mnist", "MNIST", "digits", "mnist-train", "mnist-test"])
def test_nothing_else_is_called_mnist(tmp_path: Path, drawn: Drawn, load: Load, taken: str) -> None:
    """Only MNIST goes by the name of MNIST, whatever its folder is called."""
    digits = load(write_idx_folder(tmp_path / taken, *drawn))
    assert f"{taken.lower()}-{digits.sha256[:8]}" == digits.name
    assert f"{taken}, 210 labelled images" == digits.title
