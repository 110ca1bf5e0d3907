"""Writing so that a reader finds the old content or the new, never half of either.

Everything is written under another name beside its place, flushed to the disk and renamed. One
process at a time writes to a folder; what a killed one left half-written is swept away by the
next, and what it had moved out of the way is moved back.
"""

import errno
import filecmp
import os
import shutil
import stat
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final

from filelock import FileLock

from mnistreport.errors import EnvironmentFault

NEW, OLD = ".new-", ".old-"
"""Prefixes of what is not in place yet, and of what is no longer."""

ANOTHER_PLACE = "make room on the disk, or choose another --output or --cache"
"""What to do if the disk refuses, for what goes to either of the two."""

_NO_LINKS: Final = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
"""What a file system says that knows no second name for a file."""

Content = bytes | Callable[[BinaryIO], None]
"""What a file is to hold, or what writes it."""


def replace_file(path: Path, content: Content) -> None:
    """Write ``path``; it appears complete, in place of what was there.

    Raises:
        EnvironmentFault: The disk refuses; what was there before is back.
    """
    with replacing({path: content}):
        pass


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
    """Read a file that was kept, of at most ``most`` bytes.

    Raises:
        OSError: It is not there, is no regular file, is longer, or cannot be read.
    """
    check_kept(path, most)
    return path.read_bytes()


def check_kept(path: Path, most: int) -> None:
    """See that a file can be read to its end: a pipe would be waited for, a device has none.

    Raises:
        OSError: It is not there, is no regular file, or is longer than ``most`` bytes.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    if status.st_size > most:
        raise OSError(errno.EFBIG, f"is longer than {most:,} bytes", str(path))


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


def create_file(path: Path) -> BinaryIO:
    """Open a new file; what lies there goes, and a link that lies there is not followed.

    Raises:
        OSError: It cannot be created.
    """
    try:
        return path.open("xb")
    except FileExistsError:
        path.unlink()
        return path.open("xb")


@contextmanager
def telling_refusal(path: Path, next_step: str) -> Generator[None]:
    """Tell what the disk refuses meanwhile.

    Raises:
        EnvironmentFault: It does, of ``path``.
    """
    try:
        yield
    except OSError as error:
        msg = f"cannot be written: {error.strerror or error}"
        raise EnvironmentFault(msg, file=path, next_step=next_step) from error


def find_kept_name(path: Path) -> Path:
    """Return the name under which a person's file is kept: ``report.kept-1.html``, or the next.

    It is free, or a copy of the file lies there already.
    """
    names = (path.with_name(f"{path.stem}.kept-{number}{path.suffix}") for number in count(1))
    return next(each for each in names if not os.path.lexists(each) or _are_equal(path, each))


def _are_equal(path: Path, other: Path) -> bool:
    are_files = all(each.is_file() and not each.is_symlink() for each in (path, other))
    return are_files and filecmp.cmp(path, other, shallow=False)


@contextmanager
def replacing(
    files: Mapping[Path, Content],
    outdated: Collection[Path] = (),
    kept_as: Mapping[Path, Path] | None = None,
) -> Generator[None]:
    """Write ``files`` in place of what was there, and remove what is ``outdated``: all or nothing.

    Everything is on the disk before the first file is replaced; what is outdated goes before that,
    as a new index of files may list none of it. The body of the ``with`` finds all of it in place;
    if it raises, or the disk refuses anything, what was there before is back.
    Some of what was there stays, ``kept_as`` another name, which it has before its place is taken.

    Raises:
        EnvironmentFault: The disk refuses.
    """
    paths = (*outdated, *files)
    with ExitStack() as stack:
        for folder in sorted({path.parent for path in paths}):
            stack.enter_context(_alone_in(folder, folder, ANOTHER_PLACE))
        for path, content in files.items():
            with telling_refusal(path, ANOTHER_PLACE):
                _write_durably(_fresh(path), content)
        # Swept away in any case is what is outdated: once it is gone, it must not come back.
        kept = {path: _old(path) if path in files else _fresh(path) for path in paths}
        for path, second in kept.items():
            with telling_refusal(path, ANOTHER_PLACE):
                _keep(path, second)
        stack.enter_context(_copying(kept_as or {}))
        begun: list[Path] = []
        try:
            for path in paths:
                begun.append(path)
                with telling_refusal(path, ANOTHER_PLACE):
                    if path in files:
                        _fresh(path).replace(path)
                    else:
                        path.unlink(missing_ok=True)
            for folder in {path.parent for path in paths}:
                with telling_refusal(folder, ANOTHER_PLACE):
                    _sync_folder(folder)
            yield
        except BaseException:
            for path in reversed(begun):
                _put_back(path, kept[path])
            raise


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
            folder.rename(_old(folder))
        fresh.rename(folder)


def remove_leftovers(folder: Path) -> None:
    """Remove what a killed process left half-written in ``folder`` itself.

    Raises:
        EnvironmentFault: The disk refuses.
    """
    if folder.is_dir():
        with _alone_in(folder, folder, ANOTHER_PLACE):
            pass


def prepare_folder(folder: Path) -> None:
    """Make ``folder`` if there is none, without leftovers, and see that it can be written.

    Raises:
        EnvironmentFault: It cannot.
    """
    with _alone_in(folder, folder, ANOTHER_PLACE):
        if not os.access(folder, os.W_OK | os.X_OK):
            msg = "cannot be written: there is no right to"
            raise EnvironmentFault(msg, file=folder, next_step=ANOTHER_PLACE)


@contextmanager
def _publishing(target: Path, next_step: str = ANOTHER_PLACE) -> Generator[Path]:
    """Give a place beside ``target`` to write to, for one process at a time."""
    with _alone_in(target.parent, target, next_step), telling_refusal(target, next_step):
        yield _fresh(target)
        _sync_folder(target.parent)


@contextmanager
def _alone_in(folder: Path, target: Path, next_step: str) -> Generator[None]:
    """Be the only process that writes to ``folder``, which is swept before and afterwards.

    Who is alone there already stays so; then it is swept when the first of them is done.
    """
    lock = FileLock(folder / ".lock", is_singleton=True)
    with telling_refusal(target, next_step):
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    is_first = lock.lock_counter == 1
    try:
        if is_first:
            _sweep(folder)
        yield
    finally:
        try:
            if is_first:
                _sweep(folder)
        finally:
            lock.release()


def _fresh(path: Path) -> Path:
    return path.with_name(NEW + path.name)


def _old(path: Path) -> Path:
    return path.with_name(OLD + path.name)


def _keep(path: Path, second: Path) -> None:
    """Give what stands at ``path`` a ``second`` name, so that it can be put back."""
    if not os.path.lexists(path):
        return
    try:
        os.link(path, second, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _write_durably(second, path.read_bytes())


@contextmanager
def _copying(kept_as: Mapping[Path, Path]) -> Generator[None]:
    """Give files second names, where there is none yet; without them again if the body raises."""
    begun: list[Path] = []
    try:
        for path, copy in kept_as.items():
            with telling_refusal(path, ANOTHER_PLACE):
                if not os.path.lexists(copy):
                    _keep(path, _fresh(copy))
                    begun.append(copy)
                    _fresh(copy).rename(copy)
        yield
    except BaseException:
        for copy in begun:
            with suppress(OSError):
                copy.unlink(missing_ok=True)
        raise


def _put_back(path: Path, kept: Path) -> None:
    """Have ``path`` be what it was before, which was ``kept``; as far as the disk lets us."""
    with suppress(OSError):
        if not os.path.lexists(kept):
            path.unlink(missing_ok=True)
            return
        try:
            kept.replace(path)
        except OSError:  # perhaps it only refuses to rename
            if os.path.lexists(path) and os.path.samestat(path.lstat(), kept.lstat()):
                return  # and did so before
            path.unlink(missing_ok=True)
            os.link(kept, path, follow_symlinks=False)


def _write_durably(path: Path, content: Content) -> None:
    with create_file(path) as stream:
        if callable(content):
            content(stream)
        else:
            stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sweep(folder: Path) -> None:
    """Remove leftovers; but what made way for something that never came goes back.

    What cannot be removed now is in nobody's way: the next process tries again.
    """
    with suppress(OSError):
        with os.scandir(folder) as entries:  # by names alone: there may be thousands of runs
            leftovers = [Path(entry) for entry in entries if entry.name.startswith((NEW, OLD))]
        for path in leftovers:
            with suppress(OSError):
                place = path.with_name(path.name.removeprefix(OLD))
                if path.name.startswith(OLD) and not os.path.lexists(place):
                    path.rename(place)
                elif path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()


def _sync_folder(folder: Path) -> None:
    """Make renames last; only where a folder can be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
