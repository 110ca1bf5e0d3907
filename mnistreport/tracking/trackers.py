"""The trackers that runs can be logged to, each a module and a line in the table of names."""

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from mnistreport.errors import EnvironmentFault
from mnistreport.tracking.entry import Documents, Entry

_LONGEST: Final = 200
"""Characters of what a tracker's library says."""
_USER: Final = re.compile(r"//[^/@\s]+@")
"""Whoever logs in by an address, and with what."""


class Tracker(Protocol):
    """Keeps runs and shows them; what it has already is not logged again.

    Whatever a method raises, the next call begins anew.
    """

    def log_run(self, entry: Entry) -> None:
        """Log a run, unless it is there with the same result."""

    def log_documents(self, documents: Documents) -> None:
        """Log documents, unless they are there as they are, if it keeps files at all."""

    def close(self) -> None:
        """Let go of what was opened."""


def open_tracker(name: str, project: Path, title: str) -> Tracker:
    """Open the tracker called ``name``.

    Args:
        name: One of ``TRACKERS``.
        project: Folder of the manifest.
        title: Title of the report.

    Raises:
        EnvironmentFault: Its package is not installed, or it cannot be logged to.
    """
    with _needing_extra(name):
        return TRACKERS[name](project, title)


def explain_failure(error: Exception) -> str:
    """Return what a tracker's library says, on part of a line and without passwords."""
    said = hide_user(" ".join(str(error).split())) or type(error).__name__
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"


def hide_user(text: str) -> str:
    """Return text without whoever logs in by an address that is in it."""
    return _USER.sub("//", text)


def _open_mlflow(project: Path, title: str) -> Tracker:
    from mnistreport.tracking.mlflow import open_mlflow

    return open_mlflow(project, title)


def _open_tensorboard(project: Path, _title: str) -> Tracker:
    from mnistreport.tracking.tensorboard import TensorBoard

    return TensorBoard(project)


TRACKERS: Final[Mapping[str, Callable[[Path, str], Tracker]]] = {
    "mlflow": _open_mlflow,
    "tensorboard": _open_tensorboard,
}


@contextmanager
def _needing_extra(name: str) -> Generator[None]:
    try:
        yield
    except ImportError as error:
        package = (error.name or str(error)).partition(".")[0]
        msg = f"--log-to {name}: {package} is not installed"
        step = f"install it: pip install 'mnistreport[{name}]'"
        raise EnvironmentFault(msg, next_step=step) from error
