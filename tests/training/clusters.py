"""A scheduler and workers of Dask on the loopback, in processes of their own."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from distributed import Client

DASK = (sys.executable, "-m", "dask")
LOG = "log.txt"
QUIET = ("--no-dashboard", "--host", "127.0.0.1")


@dataclass
class Dask:
    """A scheduler, and workers that come when they are asked for.

    Attributes:
        address: The scheduler's.
        scheduler: Its process.
        folder: Where they work.
        environment: What all begin with.
        workers: Theirs, in the order in which they came.
    """

    address: str
    scheduler: subprocess.Popen[str]
    folder: str
    environment: Mapping[str, str]
    workers: list[subprocess.Popen[str]] = field(default_factory=list[subprocess.Popen[str]])

    def add_worker(self, *options: str, **environment: str) -> subprocess.Popen[str]:
        """Start a worker; it comes when it is ready."""
        name = f"w{len(self.workers)}"
        words = (*DASK, "worker", self.address, "--no-nanny", *QUIET, "--name", name)
        words += options or ("--nthreads", "1")
        words += ("--local-directory", self.folder)
        worker = _start(words, self.folder, {**self.environment, **environment})
        self.workers.append(worker)
        return worker

    def wait_for_workers(self, count: int) -> None:
        """Wait until so many have come."""
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)


@contextmanager
def open_dask(count: int, *, scheme: str = "tcp", **environment: str) -> Generator[Dask]:
    """Start a scheduler and ``count`` workers, and end them, and all that came later."""
    with tempfile.TemporaryDirectory() as folder:
        command = (*DASK, "scheduler", "--no-show", *QUIET, "--port", "0", "--protocol", scheme)
        scheduler = _start(command, folder, environment)
        address = _find_address(scheduler, Path(folder, LOG))
        dask = Dask(address, scheduler, folder, environment)
        try:
            for _ in range(count):
                dask.add_worker()
            yield dask
        finally:
            for process in (*dask.workers, scheduler):
                process.kill()
            for process in (*dask.workers, scheduler):
                process.wait()


def _start(
    words: tuple[str, ...], folder: str, environment: Mapping[str, str]
) -> subprocess.Popen[str]:
    with Path(folder, LOG).open("a", encoding="utf-8") as log:
        return subprocess.Popen(
            words,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path.cwd()), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            text=True,
        )


def _find_address(scheduler: subprocess.Popen[str], log: Path) -> str:
    """Wait until the scheduler says where it is."""
    while scheduler.poll() is None:
        if found := re.search(r"Scheduler at: +(\S+)\n", log.read_text()):
            return found[1]
        time.sleep(0.05)
    pytest.fail(f"the scheduler does not start: {log.read_text()}")
