import gzip
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mnistreport.data import files
from mnistreport.errors import ExitCode
from tests.data.conftest import Drawn, Refuse
from tests.digit_files import encode_idx, write_csv, write_idx_folder, write_zip

MEBIBYTE = 2**20
WATCHED = """
import re, sys, time
from pathlib import Path
from mnistreport.data.sources import load_digit_set
from mnistreport.errors import DataError
try:
    load_digit_set(sys.argv[1], project=Path("."), cache=Path(sys.argv[2]))
except DataError as error:
    # Not getrusage, whose peak is that of the process that started this one, if that was larger.
    (peak,) = re.findall("VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())
    print(time.process_time(), int(peak) * 1024, error)
    sys.exit(int(error.exit_code))
"""


def _watch(source: Path, cache: Path) -> str:
    """Load ``source`` in a process of its own, and check what time and memory it took.

    The processor's time is measured, imports included: it does not depend on who else is at work.
    """
    command = [sys.executable, "-c", WATCHED, source, cache]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ExitCode.DATA == done.returncode, done.stderr
    seconds, peak, reason = done.stdout.split(maxsplit=2)
    assert float(seconds) < 5
    assert int(peak) < 512e6
    assert not cache.exists()
    return reason


BOMBS = {
    "zeros": (b"", bytes(MEBIBYTE)),
    "images": (struct.pack(">4B3I", 0, 0, 8, 3, 340_000, 28, 28), bytes(MEBIBYTE)),
    "rows": (b"label" + b",p" * 784 + b"\n", (b"7" + b",0" * 784 + b"\n") * 668),
    "line": (b"label" + b",p" * 784 + b"\n", b"0," * (MEBIBYTE // 2)),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_gzip_bomb(tmp_path: Path, cache: Path, kind: str) -> None:
    """A small file that unpacks to a gigabyte is refused, quickly and in little room."""
    start, filling = BOMBS[kind]
    file = tmp_path / "train.gz"
    file.write_bytes(gzip.compress(start) + gzip.compress(filling) * 1024)
    assert "train.gz" in _watch(file, cache)


def test_zip_bomb(tmp_path: Path, cache: Path) -> None:
    """An archive that unpacks to far more than digits need is refused by what it says itself."""
    file = tmp_path / "archive.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part in range(6):  # 1.2 GB
            archive.writestr(f"train-{part}.csv", bytes(200 * MEBIBYTE))
    assert "unpacks to more than 512 MiB" in _watch(file, cache)


def test_zip_that_lies_about_its_size(tmp_path: Path, refuse: Refuse) -> None:
    """A member that holds more than the archive says is damaged; no more than that is read."""
    file = tmp_path / "archive.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train-images-idx3-ubyte", bytes(MEBIBYTE))
    content = file.read_bytes()
    file.write_bytes(content.replace(struct.pack("<I", MEBIBYTE), struct.pack("<I", 1000)))
    assert "damaged" in refuse(file).reason


def test_crowded_zip(tmp_path: Path, refuse: Refuse) -> None:
    """An archive of thousands of files is refused before they are listed."""
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        for number in range(2000):
            archive.writestr(f"{number}.csv", b"")
    assert "holds more than 64 files" == refuse(tmp_path / "archive.zip").reason


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/evil", "..\\evil", "C:\\evil"])
def test_member_must_stay_inside(tmp_path: Path, drawn: Drawn, refuse: Refuse, name: str) -> None:
    """A member that points outside is refused, even beside good data, and nothing is written."""
    file = write_zip(tmp_path / "a.zip", write_idx_folder(tmp_path / "digits", *drawn))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, b"harm")
    before = sorted(tmp_path.rglob("*"))
    assert "points outside the archive" in refuse(file).reason
    assert before == sorted(tmp_path.rglob("*"))


@pytest.mark.parametrize("name", ["", "\0evil"])
def test_a_member_needs_a_name(tmp_path: Path, refuse: Refuse, name: str) -> None:
    """One without a name, or whose name ends before it begins, is refused as others are."""
    file = tmp_path / "archive.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x", b"1,2,3")
        archive.infolist()[0].filename = name
    assert "has a member without a name" == refuse(file).reason


def test_damaged_member_is_named(tmp_path: Path, drawn: Drawn, refuse: Refuse) -> None:
    """A flipped bit in an archive is found by its checksum, and the member is named."""
    file = write_zip(tmp_path / "a.zip", write_idx_folder(tmp_path / "digits", *drawn))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    problem = refuse(file)
    assert file == problem.file
    assert "train-images-idx3-ubyte" == problem.key


@pytest.mark.parametrize("flag", ["encrypted", "method"])
def test_unusual_member_is_refused(tmp_path: Path, refuse: Refuse, flag: str) -> None:
    """An encrypted archive, or one packed with a rare method, is to be unpacked by its owner."""
    file = tmp_path / "archive.zip"
    method = zipfile.ZIP_LZMA if flag == "method" else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("train.csv", b"1,2,3")
    if flag == "encrypted":
        content = bytearray(file.read_bytes())
        content[6] |= 1  # flags of the member
        content[content.rindex(b"PK\x01\x02") + 8] |= 1  # and of its entry in the directory
        file.write_bytes(content)
    problem = refuse(file)
    assert "unpack it and give the folder" == problem.next_step


def test_pipe_is_not_waited_for(tmp_path: Path, drawn: Drawn, refuse: Refuse) -> None:
    """A FIFO, alone or among data, is refused at once: nobody may ever write to it."""
    folder = write_idx_folder(tmp_path / "digits", *drawn)
    os.mkfifo(folder / "more.csv")
    assert folder / "more.csv" == refuse(folder).file
    assert "neither a regular file nor a folder" in refuse(folder / "more.csv").reason


def test_link_to_a_device_is_refused(tmp_path: Path, refuse: Refuse) -> None:
    """A link to an endless device is no data file."""
    (tmp_path / "train.csv").symlink_to("/dev/zero")
    assert "neither a regular file nor a folder" in refuse(tmp_path / "train.csv").reason


def test_broken_link_is_named(tmp_path: Path, refuse: Refuse) -> None:
    """A link that leads nowhere is an error, not an absent file."""
    (tmp_path / "digits").mkdir()
    (tmp_path / "digits" / "train.csv").symlink_to(tmp_path / "nothing")
    assert "cannot be read: No such file or directory" == refuse(tmp_path / "digits").reason


def test_large_file_is_refused_unread(tmp_path: Path, refuse: Refuse) -> None:
    """A file larger than any set of digits is not even read."""
    folder = tmp_path / "digits"
    folder.mkdir()
    with (folder / "backup.tar").open("wb") as stream:
        stream.truncate(files.LARGEST_FILE + 1)
    assert folder / "backup.tar" == refuse(folder).file


def test_a_folder_of_everything_is_refused(tmp_path: Path, refuse: Refuse) -> None:
    """A folder with hundreds of files is surely not the one that was meant."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    for number in range(files.MOST_FILES + 1):
        (folder / f"{number}.txt").touch()
    assert "holds more than 64 files" == refuse(folder).reason


def test_gzip_is_told_by_content(tmp_path: Path, drawn: Drawn, refuse: Refuse) -> None:
    """Trailing bytes after a gzip stream are damage; ``.gz`` on a plain file is none."""
    file = write_csv(tmp_path / "train.csv", *drawn)
    file.write_bytes(gzip.compress(file.read_bytes()) + b"more")
    assert "damaged" in refuse(file).reason
    plain = tmp_path / "images-idx3-ubyte.gz"
    plain.write_bytes(encode_idx(drawn[0]))
    assert "no labels" in refuse(plain).reason
