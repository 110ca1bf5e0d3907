"""Writing so that a reader finds the old content or the new, never half of either.

Everything is written under another name beside its place, flushed to the disk and renamed. One
process at a time writes to a folder; what a killed one left half-written is swept away by the
next.
"""

import errno
import os
import shutil
import stat
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from mnistreport.errors import EnvironmentFault, LockedError

NEW, OLD = ".new-", ".old-"
"""Prefixes of what is not in place yet, and of what is no longer."""

ANOTHER_PLACE = "make room on the disk, or choose another --output or --cache"
"""What to do if the disk refuses, for what goes to either of the two."""

Content = bytes | Callable[[BinaryIO], None]
"""What a file is to hold, or what writes it."""


def replace_file(path: Path, content: Content) -> None:
    """Write ``path``; it appears complete, in place of what was there.

    Raises:
        EnvironmentFault: The disk refuses.
    """
    with _publishing(path) as fresh:
        _write_durably(fresh, content)
        fresh.replace(path)


def update_file(path: Path, change: Callable[[bytes | None], bytes], *, next_step: str) -> None:
    """Write what ``change`` makes of ``path``, as ``replace_file`` does; nobody writes in between.

    Args:
        path: The file.
        change: Is given what the file holds, or ``None`` if there is none, and returns the new.
        next_step: What to do if the disk refuses.

    Raises:
        EnvironmentFault: The disk refuses.
    """
    with _publishing(path, next_step) as fresh:
        _write_durably(fresh, change(path.read_bytes() if path.exists() else None))
        fresh.replace(path)


def read_kept(path: Path, most: int) -> bytes:
    """Read a file that was kept, of at most ``most`` bytes; whatever else lies there is left alone.

    A pipe would be waited for, a device might never end.

    Raises:
        OSError: It is not there, is no regular file, is longer, or cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"is longer than {most:,} bytes", str(path))
    return content


def remove_file(path: Path) -> None:
    """Remove ``path`` if it is there.

    Raises:
        EnvironmentFault: The disk refuses.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        msg = f"cannot be removed: {error.strerror or error}"
        raise EnvironmentFault(msg, file=path, next_step=ANOTHER_PLACE) from error


def publish_folder(folder: Path, files: Mapping[str, Content]) -> None:
    """Write ``files`` into ``folder``; it appears complete, in place of what was there.

    Raises:
        EnvironmentFault: The disk refuses.
    """
    with _publishing(folder) as fresh:
        fresh.mkdir()
        for name, content in files.items():
            _write_durably(fresh / name, content)
        _sync_folder(fresh)
        if folder.exists():  # rotten, outdated, or another process was faster
            folder.rename(folder.with_name(OLD + folder.name))
        fresh.rename(folder)


def remove_leftovers(folder: Path) -> None:
    """Remove what a killed process left half-written in ``folder`` itself."""
    if folder.is_dir():
        with FileLock(folder / ".lock"):
            _sweep(folder)


@contextmanager
def hold_folder(folder: Path) -> Generator[None]:
    """Hold a folder of documents against other builds, and see that it can be written.

    Raises:
        LockedError: Another build holds it.
        EnvironmentFault: It cannot be written.
    """
    holder = folder / ".build.pid"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".build.lock", timeout=0)
        lock.acquire()
        holder.write_text(f"{os.getpid()}\n")
    except Timeout as error:
        who = ""
        with suppress(OSError):  # it has not written its number yet, or is just done
            who = holder.read_text().strip()
        msg = f"another build{f' (process {who})' if who else ''} is writing here"
        step = "wait until it is done, or choose another --output"
        raise LockedError(msg, file=folder, next_step=step) from error
    except OSError as error:
        msg = f"cannot be written: {error.strerror or error}"
        step = "choose another --output, or give yourself the right to write there"
        raise EnvironmentFault(msg, file=folder, next_step=step) from error
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _publishing(target: Path, next_step: str = ANOTHER_PLACE) -> Generator[Path]:
    """Give a place beside ``target`` to write to, for one process at a time."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.parent / ".lock"):
            _sweep(target.parent)
            try:
                yield target.with_name(NEW + target.name)
                _sync_folder(target.parent)
            finally:
                _sweep(target.parent)
    except OSError as error:
        msg = f"cannot be written: {error.strerror or error}"
        raise EnvironmentFault(msg, file=target, next_step=next_step) from error


def _write_durably(path: Path, content: Content) -> None:
    with path.open("wb") as stream:
        if callable(content):
            content(stream)
        else:
            stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sweep(folder: Path) -> None:
    with os.scandir(folder) as entries:  # by names alone: there may be thousands of runs
        leftovers = [Path(entry) for entry in entries if entry.name.startswith((NEW, OLD))]
    for path in leftovers:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make renames last; only where a folder can be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
