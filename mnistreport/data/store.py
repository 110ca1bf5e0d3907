"""Arrays kept on disk, written aside and renamed into place, so that no half of them is ever seen.

What is kept: ``data/<sha256>/`` with images and labels, ``splits/<key>/`` with indices, and
``sources/<key>.json``, which leads from the bytes of a source to the digits that were in it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistreport.files import Content, check_kept, publish_folder, read_kept, replace_file

ABOUT = "about.json"
MOST_BYTES, MOST_ARRAY = 2**20, 2**30
"""No JSON that is kept here, and no array, has more; MNIST's images are 55 MB."""
NPY_START = 10
"""Bytes before the header of an array: the magic string, the version, the header's length."""
NPY_HEADER = re.compile(
    rb"\x93NUMPY\x01\0\{'descr': '[|<>][iu][18]', 'fortran_order': False, "
    rb"'shape': \((\d+,|\d+(, \d+)+)\), \} *\n"
)
"""The magic string, the version and the header of what ``publish_arrays`` writes."""


def publish_arrays(
    folder: Path, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, object]
) -> None:
    """Write ``arrays`` as ``<name>.npy`` and ``about`` as JSON; ``folder`` appears complete.

    What was at ``folder`` before is replaced.

    Raises:
        EnvironmentFault: The disk is full, or the folder cannot be written.
    """
    files: dict[str, Content] = {
        f"{name}.npy": partial(np.save, arr=array, allow_pickle=False)
        for name, array in arrays.items()
    }
    publish_folder(folder, files | {ABOUT: _dump(about)})


def publish_json(file: Path, value: Mapping[str, object]) -> None:
    """Write ``value`` as JSON; ``file`` appears complete, or is replaced.

    Raises:
        EnvironmentFault: The disk is full, or the folder cannot be written.
    """
    replace_file(file, _dump(value))


def open_arrays(folder: Path, names: Sequence[str]) -> tuple[NDArray[Any], ...] | None:
    """Map the arrays called ``names`` into memory, read-only; ``None`` if one cannot be read.

    Whether they hold what they should is for the caller to check.
    """
    try:
        return tuple(_map_array(folder / f"{name}.npy") for name in names)
    except (OSError, ValueError, OverflowError):
        return None


def read_json(file: Path) -> dict[str, object] | None:
    """Read what ``publish_json`` or ``publish_arrays`` wrote; ``None`` if it cannot be read."""
    try:
        value: object = json.loads(read_kept(file, MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None  # type: ignore[return-value]


def tells_the_same(folder: Path, about: Mapping[str, object]) -> bool:
    """Tell whether what stands beside the arrays in ``folder`` is ``about``, byte for byte."""
    try:
        return read_kept(folder / ABOUT, MOST_BYTES) == _dump(about)
    except OSError:
        return False


def _map_array(file: Path) -> NDArray[Any]:
    """Map an array of integers; NumPy is not asked to guess what a rotten header may mean."""
    check_kept(file, MOST_ARRAY)
    with file.open("rb") as stream:
        start = stream.read(NPY_START)
        header = stream.read(int.from_bytes(start[-2:], "little"))
    if not NPY_HEADER.fullmatch(start[:-2] + header):
        msg = "is no array of integers"
        raise ValueError(msg)
    array: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    return array


def _dump(value: Mapping[str, object]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
