"""Whatever happens to the bytes of a source, it is loaded or refused in the reader's terms."""

import gzip
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnistreport.data.sources import load_digit_set
from mnistreport.errors import DataError
from tests.digit_files import draw_digits, encode_idx, write_csv, write_idx, write_zip

Changes = list[tuple[str, float, bytes]]

IMAGES, LABELS = draw_digits(50)
REPEATEDLY = settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])

places = st.floats(0, 1) | st.floats(0, 0.01) | st.floats(0.99, 1)
pieces = st.binary(min_size=1, max_size=6) | st.sampled_from([b",", b"\n", b"\r", b"\0", b"9"])
ways = st.sampled_from(["replace", "insert", "delete", "truncate", "repeat"])
mutations = st.lists(st.tuples(ways, places, pieces), min_size=1, max_size=4)


def _mutate(content: bytes, changes: Changes) -> bytes:
    for how, where, what in changes:
        at = int(where * len(content))
        before, after = content[:at], content[at:]
        content = {
            "replace": before + what + after[len(what) :],
            "insert": before + what + after,
            "delete": before + after[len(what) :],
            "truncate": before,
            "repeat": before + after[:2000] + after,
        }[how]
    return content


def _load_or_refuse(source: Path, cache: Path) -> None:
    """Load ``source``; if it is refused, nothing of it may be kept."""
    shutil.rmtree(cache, ignore_errors=True)
    try:
        digits = load_digit_set(str(source), project=source.parent, cache=cache)
    except DataError as error:
        refused = error
    else:
        assert len(digits.images) == len(digits.labels) >= 50
        assert digits.labels.max() <= 9
        return
    assert "\n" not in str(refused)
    assert refused.problems[0].file
    assert not cache.exists()


@REPEATEDLY
@given(changes=mutations, kind=st.sampled_from(["images-idx3", "labels-idx1"]), gz=st.booleans())
def test_idx(tmp_path: Path, changes: Changes, *, kind: str, gz: bool) -> None:
    """Mutated IDX files, compressed or not."""
    folder = _write_training(tmp_path / "digits")
    content = encode_idx(IMAGES if kind == "images-idx3" else LABELS)
    content = gzip.compress(content, compresslevel=1, mtime=0) if gz else content
    (folder / f"train-{kind}-ubyte").write_bytes(_mutate(content, changes))
    _load_or_refuse(folder, tmp_path / "cache")


@REPEATEDLY
@given(changes=mutations)
def test_csv(tmp_path: Path, table: Path, changes: Changes) -> None:
    """Mutated tables."""
    (tmp_path / "train.csv").write_bytes(_mutate(table.read_bytes(), changes))
    _load_or_refuse(tmp_path / "train.csv", tmp_path / "cache")


@REPEATEDLY
@given(changes=mutations)
def test_zip(tmp_path: Path, packed: Path, changes: Changes) -> None:
    """Mutated archives."""
    (tmp_path / "archive.zip").write_bytes(_mutate(packed.read_bytes(), changes))
    _load_or_refuse(tmp_path / "archive.zip", tmp_path / "cache")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a table as it should be."""
    return write_csv(tmp_path_factory.mktemp("csv") / "train.csv", IMAGES, LABELS)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an archive as it should be."""
    folder = tmp_path_factory.mktemp("zip")
    return write_zip(folder / "archive.zip", _write_training(folder / "digits"))


def _write_training(folder: Path) -> Path:
    write_idx(folder / "train-images-idx3-ubyte", IMAGES)
    write_idx(folder / "train-labels-idx1-ubyte", LABELS)
    return folder
