"""Data files: IDX, plain, gzipped and in a zip, and tables of comma-separated values."""

import gzip
import io
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

from mnistreport.data.sources import load_digit_set
from mnistreport.errors import DataError, ExitCode, disarm
from tests.digit_files import Pixels, encode_idx
from tests.torture.fuzz_mutations import mutate_bytes, mutate_lines
from tests.torture.fuzz_watch import Outcome

NAMES = (
    *("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    *("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "digits.zip"),
)
"""By the first byte of an input: what its other bytes are the content of."""
CELLS = (
    b"256",
    b"-1",
    b"nan",
    b"",
    b" ",
    b"1.5",
    b"1e2",
    b'"7"',
    b"0001",
    b"10",
    b"\xd9\xa3",
    b"9",
)
SIDES = (0, 1, 10, 27, 28, 29, 49, 50, 51, 784, 2**16, 300_000, 2**31, 2**32 - 1)


def _draw_sparse() -> tuple[Pixels, Pixels]:
    """Draw fifty different images that are mostly empty."""
    images = np.zeros((50, 28, 28), np.uint8)
    images[np.arange(50), np.arange(50) % 28, np.arange(50) // 28] = 200
    return images, (np.arange(50) % 10).astype(np.uint8)


def make_idx_seeds(_folder: Path) -> list[bytes]:
    """Return a file of each kind as it should be, after the number of its kind."""
    plain = [encode_idx(array) for array in _draw_sparse()]
    packed = [gzip.compress(content, mtime=0) for content in plain]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in zip(NAMES, plain, strict=False):
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    files = [*plain, *packed, archive.getvalue()]
    return [bytes([kind]) + content for kind, content in enumerate(files)]


def mutate_idx(content: bytes, draw: Random, fresh: bytes) -> bytes:
    """Change the header, the length, or bytes; of what is packed, inside or outside."""
    kind, inner = content[:1] or b"\0", content[1:]
    number = kind[0] % len(NAMES)
    if number in {2, 3} and draw.random() < 0.6:
        try:
            unpacked = gzip.decompress(inner)[:200_000]
        except (OSError, EOFError, ValueError, struct.error):
            unpacked = b""
        except Exception:  # noqa: BLE001 - zlib's own, of what is damaged already
            unpacked = b""
        tail = draw.choice((b"", b"", b"\0", fresh, gzip.compress(fresh)))
        return kind + gzip.compress(_mutate_array(unpacked, draw, fresh), 1, mtime=0) + tail
    if number < 2 and draw.random() < 0.6:
        return kind + _mutate_array(inner, draw, fresh)
    return (bytes([draw.randrange(5)]) if draw.random() < 0.05 else kind) + mutate_bytes(
        inner, draw, fresh
    )


def _mutate_array(content: bytes, draw: Random, fresh: bytes) -> bytes:
    way = draw.randrange(5)
    if way == 0 and len(content) > 16:
        at = draw.choice((4, 8, 12))
        return content[:at] + struct.pack(">I", draw.choice(SIDES)) + content[at + 4 :]
    if way == 1:
        return content[:2] + bytes([draw.choice((8, 9, 13, draw.randrange(256)))]) + content[3:]
    if way == 2:
        return content[:3] + bytes([draw.choice((0, 1, 2, 3, 4, 255))]) + content[4:]
    if way == 3:
        at = min(len(content), 8 + draw.randrange(50))
        return content[:at] + bytes([draw.choice((9, 10, 11, 255))]) + content[at + 1 :]
    return mutate_bytes(content, draw, fresh)


def make_csv_seeds(_folder: Path) -> list[bytes]:
    """Return a table with a header and one without."""
    images, labels = _draw_sparse()
    rows = np.column_stack([labels, images.reshape(50, -1)]).tolist()
    body = "".join(",".join(map(str, row)) + "\n" for row in rows)
    header = ",".join(["label", *(f"pixel{number}" for number in range(784))])
    return [body.encode(), f"{header}\n{body}".encode(), body.replace("\n", "\r\n").encode()]


def mutate_csv(content: bytes, draw: Random, fresh: bytes) -> bytes:
    """Change a cell, a row, a line, or any bytes."""
    way = draw.randrange(6)
    if way == 0:
        return mutate_bytes(content, draw, fresh)
    if way == 1:
        return mutate_lines(content, draw, (",", '"', "0," * 784, ",".join("0" * 785)))
    lines = content.split(b"\n")
    at = draw.randrange(len(lines))
    cells = lines[at].split(b",")
    place = draw.choice((0, draw.randrange(len(cells)), len(cells) - 1))
    if way < 5:
        cells[place] = fresh if draw.random() < 0.2 else draw.choice(CELLS)
    elif draw.random() < 0.5:
        del cells[place]
    else:
        cells[place:place] = [b"0"] * draw.choice((1, 2, 784, 9000))
    lines[at] = b",".join(cells)
    return b"\n".join(lines)


def make_idx_check(folder: Path) -> Callable[[bytes], Outcome]:
    """Return what loads a folder in which one of the files is the input."""
    source = folder / "given" / "digits"
    whole = {NAMES[seed[0]]: seed[1:] for seed in make_idx_seeds(folder)}
    partners = {NAMES[0]: NAMES[1], NAMES[1]: NAMES[0], NAMES[2]: NAMES[1], NAMES[3]: NAMES[0]}

    def check(content: bytes) -> Outcome:
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir()
        name = NAMES[(content[:1] or b"\0")[0] % len(NAMES)]
        (source / name).write_bytes(content[1:])
        if partner := partners.get(name):
            (source / partner).write_bytes(whole[partner])
        return _load(source)

    return check


def make_csv_check(folder: Path) -> Callable[[bytes], Outcome]:
    """Return what loads a table."""
    file = folder / "given" / "train.csv"

    def check(content: bytes) -> Outcome:
        file.write_bytes(content)
        return _load(file)

    return check


def _load(source: Path) -> Outcome:
    """Load ``source``: it is what a data set has to be, or it is refused and nothing of it kept."""
    cache = source.with_name("cache")
    shutil.rmtree(cache, ignore_errors=True)
    try:
        digits = load_digit_set(str(source), project=source.parent, cache=cache)
    except DataError as error:
        return _check_refusal(error, cache)
    assert digits.images.shape == (len(digits.labels), 28, 28)
    assert len(digits.labels) >= 50
    assert digits.labels.max() <= 9
    return "taken"


def _check_refusal(error: DataError, cache: Path) -> Outcome:
    assert ExitCode.DATA == error.exit_code
    (problem,) = error.problems
    assert problem.file
    assert disarm(str(problem)) == str(problem)
    assert not cache.exists()
    return "refused"
