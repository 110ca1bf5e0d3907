"""Watching what a report is made of: templates, manifest, data, and the results of builds."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from mnistreport.errors import EnvironmentFault

STEP_MS: Final = 20
"""A save is over once nothing more happens for so long; an editor writes a file in several steps"""
LONGEST_MS: Final = 100
"""and is not waited for longer than that."""
TICK_SECONDS: Final = 1.0
"""How often to look whether folders were made, or put in the place of others."""
CALM_SECONDS: Final = 1.0
"""Runs that end one after the other, while a build trains, are not read more often than that."""


class Kind(StrEnum):
    """What was changed."""

    template = "template"
    project = "project"
    result = "result"


@dataclass(frozen=True, slots=True)
class Places:
    """Where a report comes from; not all of it need be there.

    Attributes:
        manifest: The file.
        templates: The folder, with all that is in it.
        data: Folders and files in which a data set is looked for.
        results: Folders that builds write to: runs, outcomes of tests, documents.
    """

    manifest: Path
    templates: Path
    data: tuple[Path, ...]
    results: tuple[Path, ...]

    def judge(self, path: Path) -> Kind | None:
        """Return what it means that a file has changed; hidden files and backups mean nothing."""
        if path.name.startswith(".") or path.name.endswith("~"):
            return None
        if path == self.templates or self.templates in path.parents:
            return Kind.template
        if path in {self.manifest, self.manifest.resolve()}:
            return Kind.project
        if path in self.data or path.parent in self.data:
            return Kind.project
        return Kind.result if path.parent in self.results else None

    def list_shallow(self) -> Iterator[Path]:
        """Yield the folders in which only files directly in them matter."""
        yield self.manifest.parent
        yield self.manifest.resolve().parent
        for each in (*self.data, *self.results):
            yield each if each.is_dir() else each.parent

    def identify(self) -> dict[Path, tuple[int, int]]:
        """Return which folders there are, and which these are: another may take one's place."""
        found: dict[Path, tuple[int, int]] = {}
        for path in (self.templates, *self.list_shallow()):
            try:
                status = path.stat()
            except OSError:
                continue
            if path.is_dir():
                found[path] = status.st_dev, status.st_ino
        return found


class Watcher:
    """Tells what has changed since it was last asked."""

    def __init__(self) -> None:
        self._found: dict[Path, tuple[int, int]] = {}
        self._told = queue.SimpleQueue[Kind | Exception]()
        self._ended = threading.Event()
        self._read_at = 0.0

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Watch no longer."""
        self._ended.set()

    def follow(self, places: Places) -> bool:
        """Watch these places from now on; say whether they are others than before.

        Raises:
            EnvironmentFault: The system has no means left to watch them.
        """
        found = places.identify()
        if found == self._found:
            return False
        self._ended.set()
        self._ended, self._found = threading.Event(), found
        deep = [path for path in found if path == places.templates]
        shallow = [path for path in found if path != places.templates]
        for paths, is_deep in ((deep, True), (shallow, False)):
            if paths:
                self._start(paths, is_deep, places)
        return True

    def wait(self, find_places: Callable[[], Places]) -> bool:
        """Wait for a change; say whether more than templates has changed.

        Raises:
            EnvironmentFault: The system has no means left to watch.
        """
        kinds = set[Kind]()
        while not kinds or (kinds == {Kind.result} and self._is_too_soon()):
            try:
                told = self._told.get(timeout=TICK_SECONDS if not kinds else CALM_SECONDS / 10)
            except queue.Empty:
                if not kinds and self.follow(find_places()):
                    return True
                continue
            kinds |= {told} if isinstance(told, Kind) else self._fail(told)
        kinds |= self._take_all()
        if kinds == {Kind.template}:
            return False
        self._read_at = time.monotonic()
        return True

    def _is_too_soon(self) -> bool:
        return time.monotonic() < self._read_at + CALM_SECONDS

    def _take_all(self) -> set[Kind]:
        kinds = set[Kind]()
        while not self._told.empty():
            told = self._told.get()
            kinds |= {told} if isinstance(told, Kind) else self._fail(told)
        return kinds

    def _fail(self, error: Exception) -> set[Kind]:
        if isinstance(error, FileNotFoundError):  # gone meanwhile, and found out by the next tick
            self._found = {}
            return set[Kind]()
        msg = f"files cannot be watched: {error}"
        step = "close programs that watch many files, or raise fs.inotify.max_user_watches"
        raise EnvironmentFault(msg, next_step=step) from error

    def _start(self, paths: list[Path], is_deep: bool, places: Places) -> None:  # noqa: FBT001
        """Start watching, and return once nothing is missed any more."""
        is_ready, ended, found = threading.Event(), self._ended, self._found

        def listen() -> None:
            from watchfiles import Change, watch

            renewed = {Change.added, Change.deleted}
            try:
                for changes in watch(
                    *paths,
                    watch_filter=None,
                    debounce=LONGEST_MS,
                    step=STEP_MS,
                    rust_timeout=2 * STEP_MS,  # yields that nothing happened, and so that it began
                    yield_on_timeout=True,
                    recursive=is_deep,
                    raise_interrupt=False,
                ):
                    if ended.is_set():
                        return
                    is_ready.set()
                    if any(Path(path) in found and how in renewed for how, path in changes):
                        self._found = {}  # another folder may be in its place, and even look alike
                    for kind in {places.judge(Path(path)) for _, path in changes} - {None}:
                        self._told.put(kind or Kind.project)
            except Exception as error:  # noqa: BLE001 - told to who waits
                self._told.put(error)
            finally:
                is_ready.set()

        threading.Thread(target=listen, daemon=True).start()
        is_ready.wait()
