"""What a disk or a power cut does to a program: at a chosen write, flush or rename, or from it on.

The primitives that Python gives are replaced by ones that count what is done below one folder, and
act when it is the turn of the chosen one. A file that is written to is cut off in the middle of
what should have gone into it.
"""

import builtins
import errno
import io
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self
from unittest import mock

Act = Literal["kill", "raise", "ENOSPC", "EIO"]
"""End the process; or its test, by raising ``CutOffError``; or have the disk refuse."""

KINDS = ("write", "fsync", "rename")
EVERY_KIND = (*KINDS, "open", "link", "unlink", "mkdir")


class CutOffError(BaseException):
    """Stands for the end of the process, where the process is a test's."""


@dataclass
class Faults:
    """Counts what is done to the disk below ``folder``, and acts at number ``at``.

    Attributes:
        folder: Elsewhere nothing is counted.
        act: What happens.
        at: When, counted from 1; never, if 0.
        stays: Whether everything fails from then on, not only this once.
        kinds: What counts.
        seen: What was done, in order: kind and path.
    """

    folder: Path
    act: Act = "EIO"
    at: int = 0
    stays: bool = False
    kinds: tuple[str, ...] = KINDS
    seen: list[tuple[str, str]] = field(default_factory=list)

    def meet(self, kind: str, path: object, before: Callable[[], object] = lambda: None) -> None:
        """Count something that is about to be done, and act if it is its turn.

        ``before`` does half of it.
        """
        place = _find_path(path)
        if kind not in self.kinds or not place.startswith(str(self.folder)):
            return
        self.seen.append((kind, place))
        number = len(self.seen)
        if not self.at or number < self.at or (number > self.at and not self.stays):
            return
        before()
        if self.act == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.act == "raise":
            raise CutOffError
        code = getattr(errno, self.act)
        raise OSError(code, os.strerror(code), place)

    @contextmanager
    def happening(self) -> Iterator["Faults"]:
        """Have faults happen meanwhile."""
        patches = [
            mock.patch.object(os, "fsync", self._wrap("fsync", os.fsync)),
            mock.patch.object(os, "rename", self._wrap("rename", os.rename)),
            mock.patch.object(os, "replace", self._wrap("rename", os.replace)),
            mock.patch.object(os, "link", self._wrap("link", os.link)),
            mock.patch.object(os, "unlink", self._wrap("unlink", os.unlink)),
            mock.patch.object(os, "rmdir", self._wrap("unlink", os.rmdir)),
            mock.patch.object(os, "mkdir", self._wrap("mkdir", os.mkdir)),
            mock.patch.object(os, "open", self._wrap_creation(os.open)),
            mock.patch.object(io, "open", self._wrap_open(io.open)),
            mock.patch.object(builtins, "open", self._wrap_open(builtins.open)),
        ]
        for patch in patches:
            patch.start()
        try:
            yield self
        finally:
            for patch in reversed(patches):
                patch.stop()

    def _wrap(self, kind: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(path: object, *others: object, **options: object) -> object:
            place = others[0] if kind in {"rename", "link"} else path
            if (folder := options.get("dir_fd")) is not None:
                place = Path(_find_path(folder), os.fspath(place))
            self.meet(kind, place)
            return do(path, *others, **options)

        return wrapped

    def _wrap_creation(self, do: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(path: object, flags: int, *others: object, **options: object) -> object:
            if flags & os.O_CREAT and not Path(_find_path(path)).exists():
                self.meet("open", path)
            return do(path, flags, *others, **options)

        return wrapped

    def _wrap_open(self, do: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(file: object, mode: str = "r", *others: object, **options: object) -> object:
            if not set("wxa+") & set(mode) or not _find_path(file).startswith(str(self.folder)):
                return do(file, mode, *others, **options)
            self.meet("open", file)
            return _Written(do(file, mode, *others, **options), file, self)

        return wrapped


class _Written:
    """A file that counts what is written to it."""

    def __init__(self, stream: Any, path: object, faults: Faults) -> None:  # noqa: ANN401 - any file
        self._stream, self._path, self._faults = stream, path, faults

    def write(self, content: Any) -> int:  # noqa: ANN401 - text or bytes
        def write_half() -> None:
            self._stream.write(content[: len(content) // 2])
            self._stream.flush()

        self._faults.meet("write", self._path, write_half)
        return self._stream.write(content)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _find_path(path: object) -> str:
    """Return an absolute path, also of what a descriptor is open on."""
    if isinstance(path, int):
        try:
            return str(Path(f"/proc/self/fd/{path}").readlink())
        except OSError:
            return ""
    return os.path.abspath(os.fspath(path))  # type: ignore[arg-type]  # noqa: PTH100 - no links followed
