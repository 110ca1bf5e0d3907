"""Asking a build to end, again and again, at moments that chance chooses."""

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mnistreport import pipeline
from mnistreport.errors import ExitCode
from mnistreport.options import Listener, Options
from mnistreport.training.store import RECORD, TENSORS
from tests.commands import is_alive
from tests.study.manifests import BOTH_MODELS, replace_once

SEED = int(os.environ.get("TORTURE_SEED", "27"))
MANIFEST = f"""\
{replace_once(BOTH_MODELS, "epochs = 2", "epochs = 30")}
[[studies]]
name = "neurons"
title = "Neurons"
model = "mlp"
factor = "neurons"
levels = [8, 16]
"""
STAGES = (
    ("", 1.5),  # the program loads
    ("warning: The images", 0.1),
    ("training ", 2.5),  # workers load torch, then train
    ("[1/", 1.0),
    ("reading the test split", 0.3),
    ("writing the report", 2.0),  # figures, on two processes
    ("writing the report", 5.0),  # pages
    ("running the notebook", 5.0),
)
"""What a build says when a part of its work begins, and about how many seconds that takes."""
LAST_WORDS = re.compile(
    r"interrupted(; (the run had not finished|none of \d+ runs had finished), and the next build "
    r"begins again|; \d+ of \d+ runs finished and (is|are) stored, and the next build goes on from "
    r"there)?"
)
SOON, AT_ONCE = 5.0, 1.0
"""Seconds from a request, and from a repeated one, to the end of everything."""
DOCUMENTS = {"report.html", "report.pdf", "notebook.ipynb", "notebook.pdf", "results.json"}


@dataclass
class Outcome:
    """What became of the requests to a project's builds."""

    seconds: list[float] = field(default_factory=list)
    seconds_if_repeated: list[float] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)


class Build:
    """A running build, and what it has said so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mnistreport", "build", "--jobs", "2", "--progress", "plain"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(iter(self.process.stderr.readline, ""))

    def wait_for(self, beginning: str) -> bool:
        """Wait until it says something; tell whether it did, or ended before."""
        while self.process.poll() is None:
            if any(line.startswith(beginning) for line in self.lines) or not beginning:
                return True
            time.sleep(0.01)
        return False

    def list_processes(self) -> list[int]:
        """Return what belongs to it and is alive: of its session, or at work in its folder."""
        return [pid for pid in _list_all() if is_alive(pid) and self._owns(pid)]

    def _owns(self, pid: int) -> bool:
        try:
            works_here = os.fsencode(self.folder) in Path(f"/proc/{pid}/cmdline").read_bytes()
            return works_here or os.getsid(pid) == self.process.pid
        except OSError:
            return False

    def close(self) -> None:
        """See that nothing of it is left, and that all that it said was heard."""
        for pid in self.list_processes():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._listener.join()
        assert self.process.stderr is not None
        self.process.stderr.close()


def _list_all() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _wait_until(is_so: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


def _start_project(folder: Path) -> Path:
    folder.mkdir()
    (folder / "experiments.toml").write_text(MANIFEST)
    return folder


def _list_runs(folder: Path) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield each stored run, by name: its record and a digest of its weights."""
    for path in sorted((folder / ".mnistreport" / "runs").glob("[!.]*")):
        tensors = (path / TENSORS).read_bytes()
        yield path.name, (path / RECORD).read_bytes(), hashlib.sha256(tensors).digest()


def _collect(folder: Path) -> dict[str, tuple[object, bytes]]:
    """Return what was trained, without what differs from time to time."""
    runs: dict[str, tuple[object, bytes]] = {}
    for name, record, tensors in _list_runs(folder):
        content = json.loads(record, parse_constant=_refuse)["content"]
        for row in content["result"]["history"]:
            del row["duration_seconds"]
        runs[name] = (content, tensors)
    return runs


def _refuse(token: str) -> None:
    raise AssertionError(token)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[object, bytes]]:
    """What a build trains that nobody interrupts, without its documents."""
    folder = _start_project(tmp_path_factory.mktemp("undisturbed") / "project")
    options = Options(folder / "experiments.toml", jobs=2)
    project = pipeline.open_project(options, Listener())
    pipeline.collect_results(
        project, lambda each: pipeline._train(each, project, options, Listener())
    )
    return _collect(folder)


def _interrupt(
    build: Build, chance: random.Random, outcome: Outcome, delay: float, where: str
) -> None:
    """Ask a build to end, once or twice, and see that it does, and what it says."""
    number = chance.choice([signal.SIGINT, signal.SIGINT, signal.SIGTERM])
    twice = chance.random() < 1 / 3
    time.sleep(delay)
    asked = time.monotonic()
    os.killpg(build.process.pid, number)  # as a terminal does
    if twice:
        time.sleep(chance.uniform(0, 0.2))
        asked = time.monotonic()
        if build.process.poll() is None:
            os.kill(build.process.pid, number)
    code = build.process.wait(SOON)
    took = time.monotonic() - asked
    (outcome.seconds_if_repeated if twice else outcome.seconds).append(took)
    assert took < (AT_ONCE if twice else SOON), where
    assert _wait_until(lambda: not build.list_processes(), SOON), where
    build.close()
    said = f"{where}\n{''.join(build.lines)}"
    assert ExitCode.INTERRUPTED == code, said
    last = [line.strip() for line in build.lines if LAST_WORDS.fullmatch(line.strip())]
    assert (1, build.lines[-1].strip()) == (len(last), last[0] if last else ""), said
    for word in ("Traceback", "Exception", "Error", "was destroyed", "never awaited"):
        assert word not in said, said


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
def test_every_request_ends_a_build_soon(
    tmp_path: Path,
    undisturbed: dict[str, tuple[object, bytes]],
    record_property: Callable[[str, object], None],
) -> None:
    """One line, exit code 130, no process left; finished runs stay, and in the end all is there."""
    chance = random.Random(SEED)  # noqa: S311 - moments are no secrets
    folder = _start_project(tmp_path / "project")
    outcome = Outcome()
    kept: dict[str, tuple[bytes, bytes]] = {}
    for beginning, seconds in STAGES:
        delay = chance.uniform(0.1 if not beginning else 0, seconds)
        build = Build(folder)
        try:
            assert build.wait_for(beginning), "".join(build.lines)
            where = f"TORTURE_SEED={SEED}: {delay:.3f} s after {beginning!r}"
            _interrupt(build, chance, outcome, delay, where)
        finally:
            build.close()
        outcome.stages.append(beginning)
        runs = {name: (record, tensors) for name, record, tensors in _list_runs(folder)}
        assert kept == {name: runs.get(name) for name in kept}
        kept = runs
    command = [sys.executable, "-m", "mnistreport", "build", "--jobs", "2"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert ExitCode.DONE == done.returncode, done.stderr
    assert undisturbed == _collect(folder)
    output = folder / "output" / "digits"
    assert set() == DOCUMENTS - {path.name for path in output.iterdir()}
    assert [] == [path for path in folder.rglob(".*-*") if path.name.startswith((".new", ".old"))]
    for path in (*folder.rglob("*.json"), output / "notebook.ipynb"):
        json.loads(path.read_bytes(), parse_constant=_refuse)
    once, twice = outcome.seconds, outcome.seconds_if_repeated
    record_property("requests to end survived", len(once) + len(twice))
    record_property("slowest end after one request, s", round(max(once), 3))
    record_property("slowest end after a second request, s", round(max(twice, default=0), 3))
