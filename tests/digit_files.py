"""Small data sets for tests, and the file layouts that digits are offered in."""

import gzip
import struct
import zipfile
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Naming = Literal["dashed", "dotted", "nested"]

PARTS = ("train", "t10k")


def draw_digits(count: int, seed: int = 0) -> tuple[Pixels, Pixels]:
    """Draw ``count`` images of ten patterns with noise: each is different, and easily learned.

    Returns:
        Images, ``uint8`` of shape ``(count, 28, 28)``, and labels, ``uint8`` of shape ``(count,)``,
        in turn from 0 to 9.
    """
    patterns = np.random.default_rng(0).random((10, 5, 5)) > 0.5
    labels = (np.arange(count) % 10).astype(np.uint8)
    ink = np.kron(patterns[labels], np.ones((4, 4), np.uint8)) * 160
    noise = np.random.default_rng(seed).integers(0, 96, (count, 20, 20))
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 4:24, 4:24] = ink + noise
    return images, labels


def write_idx(file: Path, array: Pixels, *, gz: bool = False) -> Path:
    """Write images or labels in the IDX format; ``gz`` compresses, and adds ``.gz`` to the name."""
    content = encode_idx(array)
    if gz:
        file, content = file.with_name(f"{file.name}.gz"), gzip.compress(content, mtime=0)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def encode_idx(array: Pixels) -> bytes:
    """Return the bytes of an IDX file."""
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


def write_idx_folder(
    folder: Path,
    images: Pixels,
    labels: Pixels,
    *,
    tests: int | None = None,
    gz: bool = False,
    naming: Naming = "dashed",
) -> Path:
    """Write MNIST's four files with ``images`` and ``labels``, and return ``folder``.

    Args:
        folder: Made if it is not there.
        images: ``uint8`` of shape ``(n, 28, 28)``; no two alike, or the reader will refuse what
            training and test part share.
        labels: ``uint8`` of shape ``(n,)``.
        tests: How many of the last images go into the ``t10k`` files; a seventh by default.
        gz: Whether files are compressed.
        naming: ``train-images-idx3-ubyte``, ``train-images.idx3-ubyte``, or the former in folders
            of the same name.
    """
    tests = len(images) // 7 if tests is None else tests
    cut = len(images) - tests
    for part, chosen in zip(PARTS, (slice(None, cut), slice(cut, None)), strict=True):
        for kind, array in (("images-idx3", images[chosen]), ("labels-idx1", labels[chosen])):
            name = f"{part}-{kind}-ubyte"
            if naming == "dotted":
                name = name.replace("-idx", ".idx")
            write_idx(folder / name / name if naming == "nested" else folder / name, array, gz=gz)
    return folder


def write_csv(
    file: Path,
    images: Pixels,
    labels: Pixels | None,
    *,
    header: Literal["kaggle", "in-csv"] | None = "kaggle",
    newline: str = "\n",
) -> Path:
    """Write a table of labels and pixels, or of pixels alone if ``labels`` is ``None``."""
    names = [f"pixel{index}" for index in range(784)]
    if header == "in-csv":
        names = [f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)]
    rows = images.reshape(len(images), -1)
    if labels is not None:
        names, rows = ["label", *names], np.column_stack([labels, rows])
    lines = [",".join(map(str, row)) for row in rows.tolist()]
    if header:
        lines.insert(0, ",".join(names))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes("".join(line + newline for line in lines).encode())
    return file


def write_zip(file: Path, folder: Path) -> Path:
    """Pack everything in ``folder`` into the zip archive ``file``."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return file
