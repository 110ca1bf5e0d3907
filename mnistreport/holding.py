"""One build at a time in a folder of documents, and its number for whoever comes meanwhile."""

import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from mnistreport.errors import LockedError
from mnistreport.files import NEW, create_file, read_kept, telling_refusal

LOCK: Final = ".build.lock"
"""Lies in every folder that a build has begun to write to."""
_NO_RIGHT: Final = "choose another --output, or give yourself the right to write there"
_NAMING_SECONDS: Final = 0.5
"""How long a build that has just begun is given to say its number."""


@contextmanager
def hold_folder(folder: Path) -> Generator[None]:
    """Hold a folder of documents against other builds, and see that it can be written.

    Raises:
        LockedError: Another build holds it.
        EnvironmentFault: It cannot be written.
    """
    holder = folder / ".build.pid"
    lock = FileLock(folder / LOCK, timeout=0)
    with telling_refusal(folder, _NO_RIGHT):
        folder.mkdir(parents=True, exist_ok=True)
        _acquire(lock, holder)
    try:
        with telling_refusal(folder, _NO_RIGHT):  # which a folder that is only read would not take
            fresh = holder.with_name(NEW + holder.name)
            with create_file(fresh) as stream:
                stream.write(f"{os.getpid()}\n".encode())
            fresh.replace(holder)
        yield
    finally:
        with suppress(OSError):  # a number of nobody's is no obstacle
            holder.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock, holder: Path) -> None:
    """Acquire a lock that is free; or tell who holds it, once that one has said its number.

    Raises:
        LockedError: Another process holds it.
    """
    deadline = time.monotonic() + _NAMING_SECONDS
    while True:
        try:
            lock.acquire()
        except Timeout as error:
            who = ""
            with suppress(OSError):
                who = read_kept(holder, 64).decode("ascii", "replace").strip()
            if not _is_alive(who) and time.monotonic() < deadline:
                time.sleep(0.01)  # this number is of one before, or of a build that is just done
                continue
            msg = f"another build{f' (process {who})' if who else ''} is writing here"
            step = "wait until it is done, or choose another --output"
            raise LockedError(msg, file=holder.parent, next_step=step) from error
        else:
            return


def _is_alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except PermissionError:  # somebody else's
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return True
