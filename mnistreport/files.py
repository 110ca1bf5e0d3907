"""Writing so that a reader finds the old content or the new, never half of either."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mnistreport.errors import EnvironmentFault


def replace_file(path: Path, content: bytes) -> None:
    """Write ``content`` beside ``path``, then rename it into place.

    Raises:
        EnvironmentFault: The disk refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                _write_durably(file.fileno(), content)
            Path(aside).chmod(0o644)
            Path(aside).replace(path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _disk_fault(path, error) from error


def publish_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write ``files`` into a folder aside, then rename it to ``folder``, replacing what is there.

    Raises:
        EnvironmentFault: The disk refuses.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".part"))
        try:
            for name, content in files.items():
                with (aside / name).open("wb") as file:
                    _write_durably(file.fileno(), content)
            aside.chmod(0o755)
            if folder.exists():
                shutil.rmtree(folder)
            aside.rename(folder)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    except OSError as error:
        raise _disk_fault(folder, error) from error


def remove_leftovers(folder: Path) -> None:
    """Remove what a killed process left half-written in ``folder`` itself."""
    for aside in folder.glob(".*.part"):
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink(missing_ok=True)


def _write_durably(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _disk_fault(path: Path, error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"cannot be written: {error.strerror or error}",
        file=path,
        next_step="make room on the disk or choose another --output and --cache, then build again",
    )
