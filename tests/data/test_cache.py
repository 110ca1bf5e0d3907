import os
from pathlib import Path

import numpy as np
import pytest

from mnistreport import files
from mnistreport.data import digit_cache, layouts, sources
from mnistreport.data.dataset import digest_digits
from mnistreport.data.split import split_digits
from mnistreport.errors import DataError, EnvironmentFault, ExitCode
from mnistreport.study.manifest import SplitFractions
from tests.data.conftest import Drawn, Load
from tests.digit_files import write_idx_folder


@pytest.fixture
def folder(tmp_path: Path, drawn: Drawn) -> Path:
    """Write a source that was never loaded."""
    return write_idx_folder(tmp_path / "digits-here", *drawn)


def _forbid_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: Path) -> layouts.RawDigits:
        pytest.fail(f"{source} was read again")

    monkeypatch.setattr(sources, "read_digits", fail)


def test_second_load_only_hashes(folder: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was checked before is mapped into memory, not parsed again, and is told the same way."""
    first = load(folder)
    _forbid_reading(monkeypatch)
    second = load(folder)
    assert (first.sha256, first.origin, first.name) == (second.sha256, second.origin, second.name)
    np.testing.assert_array_equal(first.images, second.images)


def test_sha256_is_that_of_the_content(folder: Path, load: Load, cache: Path) -> None:
    """The digest is of images and labels, and names the folder that holds them."""
    digits = load(folder)
    assert digest_digits(digits.images, digits.labels) == digits.sha256
    assert cache / "data" / digits.sha256 == digits.folder
    assert {"images.npy", "labels.npy", "about.json"} == {
        path.name for path in digits.folder.iterdir()
    }


def test_changed_pixel_is_noticed(folder: Path, load: Load, cache: Path) -> None:
    """One pixel changed, size and time restored: another digest, so every run trains again."""
    first = load(folder)
    parted = split_digits(first, SplitFractions(0.6, 0.2, 0.2), 0, cache=cache)
    file = folder / "train-images-idx3-ubyte"
    status, content = file.stat(), bytearray(file.read_bytes())
    content[5000] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    changed = load(folder)
    assert first.sha256 != changed.sha256
    # The same images in each split, by number; but no run's fingerprint, of which this is part.
    again = split_digits(changed, SplitFractions(0.6, 0.2, 0.2), 0, cache=cache)
    assert parted.sha256 != again.sha256


@pytest.mark.parametrize("name", ["images.npy", "labels.npy", "about.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone", "header", "pickle", "pipe"])
def test_rotten_entry_is_made_again(
    folder: Path, load: Load, recwarn: pytest.WarningsRecorder, name: str, damage: str
) -> None:
    """Whatever happened to the cached arrays, the next load has the right ones, without a word."""
    digits = load(folder)
    sha256, images = digits.sha256, digits.images.copy()
    file = digits.folder / name
    content = bytearray(file.read_bytes())
    content[-3] ^= 16
    file.write_bytes(
        {
            "flip": content,
            "cut": content[:-1],
            "empty": b"",
            "gone": b"",
            "pipe": b"",
            "header": b"\x93NUMPY\x01\x00\x10\x00{'descr': __imp}",
            "pickle": b"\x80\x04.",
        }[damage]
    )
    if damage in {"gone", "pipe"}:
        file.unlink()
    if damage == "pipe":  # nobody ever writes to it
        os.mkfifo(file)
    again = load(folder)
    assert sha256 == again.sha256
    np.testing.assert_array_equal(images, again.images)
    assert not recwarn.list


@pytest.mark.parametrize(
    "content", ["", "[]", '{"digits": 1}', '{"digits": "../..", "origin": ""}']
)
def test_rotten_note_is_written_again(folder: Path, load: Load, cache: Path, content: str) -> None:
    """A note that cannot be read, or leads elsewhere, is as good as none."""
    first = load(folder)
    (note,) = (cache / "sources").glob("*.json")
    before = note.read_bytes()
    note.write_text(content)
    assert first.sha256 == load(folder).sha256
    assert before == note.read_bytes()


def test_a_note_that_came_with_a_project_is_not_believed(
    folder: Path, load: Load, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A cache that another user's program wrote leads from no source to its images, or words."""
    first = load(folder)
    (note,) = (cache / "sources").glob("*.json")
    raw = layouts.RawDigits(np.full_like(first.images, 7), first.labels.copy(), "MNIST, they say")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    forged = digit_cache.recall_digits(note.stem, lambda: raw, cache=cache)
    assert ("MNIST, they say", 7) == (forged.origin, forged.images.max())
    monkeypatch.undo()
    again = load(folder)
    assert (first.sha256, first.origin) == (again.sha256, again.origin)


def test_images_in_a_cache_that_can_only_be_read(
    folder: Path, load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The source is read again, and what another user put there is used if it is the same."""

    def refuse(file: Path, *_: object) -> None:
        msg = "cannot be written"
        raise EnvironmentFault(msg, file=file)

    first = load(folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    for name in ("publish_json", "publish_arrays"):
        monkeypatch.setattr(digit_cache, name, refuse)
    again = load(folder)
    assert (first.sha256, first.folder) == (again.sha256, again.folder)
    (first.folder / "labels.npy").unlink()
    with pytest.raises(EnvironmentFault):
        load(folder)


def test_same_images_are_kept_once(folder: Path, tmp_path: Path, drawn: Drawn, load: Load) -> None:
    """Two layouts of the same images share a cache entry."""
    other = write_idx_folder(tmp_path / "other", *drawn, gz=True)
    assert load(folder).folder == load(other).folder


def test_remains_of_a_killed_process_are_swept(folder: Path, load: Load, cache: Path) -> None:
    """What a process left that was killed while it wrote is gone after the next load."""
    remains = cache / "data" / f"{files.NEW}abc"
    remains.mkdir(parents=True)
    (remains / "images.npy").write_bytes(b"half")
    digits = load(folder)
    assert [digits.sha256] == [path.name for path in (cache / "data").iterdir() if path.is_dir()]


@pytest.mark.parametrize("name", ["fsync", "rename"])
def test_full_disk_leaves_nothing_behind(
    folder: Path, load: Load, cache: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A disk that fails while the cache is written ends with code 6; afterwards all is as new."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(*((os, name) if name == "fsync" else (Path, name)), fail)
        with pytest.raises(EnvironmentFault, match="No space left") as caught:
            load(folder)
    assert ExitCode.ENVIRONMENT == caught.value.exit_code
    assert not [path for path in (cache / "data").iterdir() if path.name != ".lock"]
    assert 210 == len(load(folder).labels)


def test_source_that_changes_while_it_is_read(
    folder: Path, load: Load, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is still being written is not kept under the digest of what it was before."""
    read = sources.read_digits

    def change(source: Path) -> layouts.RawDigits:
        raw = read(source)
        (source / "README").write_text("new")
        return raw

    monkeypatch.setattr(sources, "read_digits", change)
    with pytest.raises(DataError, match="changed while it was read"):
        load(folder)
    assert not cache.exists()


def test_cache_that_lies_is_not_believed(
    folder: Path, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that does not return what was written is an error, not an endless repetition."""
    monkeypatch.setattr(digit_cache, "open_arrays", lambda *_: None)
    with pytest.raises(EnvironmentFault, match="does not hold what was written"):
        load(folder)


def test_flipped_bits_are_noticed(folder: Path, load: Load, cache: Path) -> None:
    """Neither a note nor the header of an array can change without being put right."""
    digits = load(folder)
    (note,) = (cache / "sources").glob("*.json")
    arrays = [digits.folder / name for name in ("images.npy", "labels.npy", "about.json")]
    for file in (note, *arrays):
        content = file.read_bytes()
        for position in range(0, min(len(content), 140), 5):
            flipped = bytearray(content)
            flipped[position] ^= (
                1 << position % 8
            )  # 5 and 8 share no factor: every bit has its turn
            file.unlink()  # what is mapped into memory stays as it is
            file.write_bytes(flipped)
            again = load(folder)
            assert (digits.sha256, digits.origin) == (again.sha256, again.origin)
            np.testing.assert_array_equal(digits.labels, again.labels)
            assert content == file.read_bytes()
