"""Arrays kept on disk, written aside and renamed into place, so that no half of them is ever seen.

What is kept: ``data/<sha256>/`` with images and labels, ``splits/<key>/`` with indices, and
``sources/<key>.json``, which leads from the bytes of a source to the digits that were in it.
"""

import json
import os
import re
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from mnistreport.errors import EnvironmentFault

ABOUT = "about.json"
NPY_START = 10
"""Bytes before the header of an array: the magic string, the version, the header's length."""
NPY_HEADER = re.compile(
    rb"\x93NUMPY\x01\0\{'descr': '[|<>][iu][18]', 'fortran_order': False, "
    rb"'shape': \((\d+,|\d+(, \d+)+)\), \} *\n"
)
"""The magic string, the version and the header of what ``publish_arrays`` writes."""
NEW, OLD = ".new-", ".old-"
"""Prefixes of what is not in place yet, and of what is no longer."""


def publish_arrays(
    folder: Path, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, object]
) -> None:
    """Write ``arrays`` as ``<name>.npy`` and ``about`` as JSON; ``folder`` appears complete.

    What was at ``folder`` before is replaced.

    Raises:
        EnvironmentFault: The disk is full, or the folder cannot be written.
    """
    with _publishing(folder) as fresh:
        fresh.mkdir()
        for name, array in arrays.items():
            with (fresh / f"{name}.npy").open("wb") as stream:
                np.save(stream, array, allow_pickle=False)
                stream.flush()
                os.fsync(stream.fileno())
        _write_text(fresh / ABOUT, _dump(about))
        _sync_folder(fresh)
        if folder.exists():  # rotten, or another process was faster
            folder.rename(folder.with_name(OLD + folder.name))
        fresh.rename(folder)


def publish_json(file: Path, value: Mapping[str, object]) -> None:
    """Write ``value`` as JSON; ``file`` appears complete, or is replaced.

    Raises:
        EnvironmentFault: The disk is full, or the folder cannot be written.
    """
    with _publishing(file) as fresh:
        _write_text(fresh, _dump(value))
        fresh.replace(file)


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
        value: object = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None  # type: ignore[return-value]


@contextmanager
def _publishing(target: Path) -> Generator[Path]:
    """Give a place beside ``target`` to write to, for one process at a time."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.parent / ".lock"):
            _sweep(target.parent)  # the remains of a process that was killed
            try:
                yield target.with_name(NEW + target.name)
                _sync_folder(target.parent)
            finally:
                _sweep(target.parent)
    except OSError as error:
        msg = f"cannot be written: {error.strerror or error}"
        step = "make room or choose another folder with --cache"
        raise EnvironmentFault(msg, file=target, next_step=step) from error


def _map_array(file: Path) -> NDArray[Any]:
    """Map an array of integers; NumPy is not asked to guess what a rotten header may mean."""
    with file.open("rb") as stream:
        start = stream.read(NPY_START)
        header = stream.read(int.from_bytes(start[-2:], "little"))
    if not NPY_HEADER.fullmatch(start[:-2] + header):
        msg = "is no array of integers"
        raise ValueError(msg)
    array: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    return array


def _sweep(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name.startswith((NEW, OLD)):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _write_text(file: Path, text: str) -> None:
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """Make renames last; only where a folder can be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _dump(value: Mapping[str, object]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
