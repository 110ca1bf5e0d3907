"""What rounds of a campaign have in common: a command in a process of its own, and what it leaves.

A campaign's rounds run in one process that has loaded everything, and that has one thread: each
round forks from it. Therefore that process is none of pytest's; it tells what came of its rounds
in a line of JSON.
"""

import gc
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mnistreport.cli import app
from mnistreport.files import NEW, OLD
from tests.torture.faults import Faults

SEED = int(os.environ.get("TORTURE_SEED", "1"))
"""Decides every campaign's chance."""

BUILD = ("build", "--jobs", "1", "--progress", "plain", "--no-notebook", "--manifest")


@dataclass(frozen=True)
class Told:
    """How a command ended.

    Attributes:
        code: Its exit code; below zero the signal that killed it.
        said: What it said.
        seconds: How long it took.
        left: What it had started and is still there.
    """

    code: int
    said: str
    seconds: float
    left: tuple[str, ...] = ()

    @property
    def errors(self) -> list[str]:
        """Its lines about errors."""
        return [line for line in self.said.splitlines() if line.startswith("error: ")]

    @property
    def is_clean_refusal(self) -> bool:
        """Whether it ended with one line about the machine, and no fault of its own."""
        rude = "Traceback" in self.said or "fault of mnistreport" in self.said
        return self.code == 6 and len(self.errors) == 1 and not rude


@dataclass
class Report:
    """What came of a campaign's rounds.

    Attributes:
        counts: How often what happened.
        failures: A line for each broken promise; no more than twenty are kept.
    """

    counts: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def count(self, what: str, times: int = 1) -> None:
        """Count something that happened."""
        self.counts[what] = self.counts.get(what, 0) + times

    def expect(self, holds: bool, what: str, *where: object) -> None:  # noqa: FBT001 - as assert
        """Note a promise that does not hold."""
        if not holds and len(self.failures) < 20:
            self.failures.append(f"seed {SEED}: {what}: {' '.join(map(str, where))}"[:1500])


class Running:
    """A command of the program in a process that is forked from this one, and leads a group."""

    alone = False

    def __init__(
        self,
        words: Sequence[object],
        faults: Faults | None = None,
        first: Callable[[], object] = lambda: None,
    ) -> None:
        """Start it, with ``faults`` happening, once it has done what comes ``first``."""
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed once it is read
        self._started = time.monotonic()
        gc.freeze()  # collecting what both have would copy it all
        self.number = os.fork()
        if not self.number:
            self._run([str(word) for word in words], faults, first)
        os.setpgid(self.number, self.number)

    def _run(
        self, words: list[str], faults: Faults | None, first: Callable[[], object]
    ) -> None:  # never returns
        code = 99
        try:
            os.setpgid(0, 0)
            for descriptor in (1, 2):
                os.dup2(self._said.fileno(), descriptor)
            first()
            with faults.happening() if faults else nullcontext():
                app(words)
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def kill(self) -> None:
        """Kill it, and all it has started."""
        os.killpg(self.number, signal.SIGKILL)

    def wait(self) -> Told:
        """Wait for its end."""
        _, status = os.waitpid(self.number, 0)
        seconds = time.monotonic() - self._started
        return Told(os.waitstatus_to_exitcode(status), self.read_said(), seconds)

    def read_said(self) -> str:
        """Return what it said, once it has ended."""
        with self._said:
            self._said.seek(0)
            return self._said.read().decode(errors="replace")


def run(words: Sequence[object], faults: Faults | None = None) -> Told:
    """Run a command to its end."""
    return Running(words, faults).wait()


def read_tree(folder: Path) -> dict[str, str]:
    """Return digests of all files below a folder, but not of locks."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


def list_leftovers(folder: Path) -> list[str]:
    """Return what is not in place yet, or no longer, or names a holder who is gone."""
    names = (path.name for path in folder.rglob(".*"))
    return [name for name in names if name.startswith((NEW, OLD)) or name.endswith(".pid")]


def read_documents(tree: Mapping[str, str]) -> dict[str, str]:
    """Return the documents of a tree, which are those that a reader sees."""
    return {
        name: digest
        for name, digest in tree.items()
        if name.startswith("output/") and "/." not in name and not name.endswith("/budget.json")
    }


def list_finished(folder: Path) -> dict[str, str]:
    """Return the stored runs that are complete: a digest by fingerprint."""
    runs = folder / ".mnistreport" / "runs"
    return {
        path.name: hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()
        for path in runs.glob("[!.]*")
        if len(files := sorted(path.glob("*"))) == 2
    }


def put_back(kept: Path, folder: Path) -> None:
    """Have a project be as it was kept."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(kept, folder)


def differences(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the names of files that are not the same."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def drive(module: str, *words: object) -> dict[str, int]:
    """Run a campaign's rounds, and return what they counted.

    Raises:
        AssertionError: A promise does not hold.
    """
    command = [sys.executable, "-m", f"tests.torture.{module}", *map(str, words)]
    root = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*command, folder],
            capture_output=True,
            check=False,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
            text=True,
            timeout=800,
        )
    assert 0 == done.returncode, done.stderr[-3000:]
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert [] == report["failures"], "\n".join(report["failures"])
    return report["counts"]


def tell(report: Report) -> None:
    """Tell whoever drives this what came of it."""
    sys.stdout.write(json.dumps(asdict(report)) + "\n")


def make_chance(*parts: object) -> random.Random:
    """Return chance that is the same each time."""
    return random.Random(f"{SEED} {parts}")  # noqa: S311 - no secret hangs on it
