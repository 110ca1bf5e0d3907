"""Two builds from nothing, in different places and circumstances, are one build.

Training is real. What the clock says is all that may differ between two of them: so one pair is
given a clock that ticks alike, and has to be equal to the last byte, zip and PDF included; another
build has the usual clock, and is equal in everything but times.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.study.manifests import BOTH_MODELS

MANIFEST: Final = f"""\
{BOTH_MODELS}
[final]
combine = true

[submission]
ids = ["1", "2", "3"]
"""
WORDS: Final = "{{ finding('best') }} We call it {{ study.best.name }}.\n"
CLOCK: Final = """\
import itertools, time
_ticks = itertools.count()
time.perf_counter = lambda: next(_ticks) / 1024  # exact, so that differences are
"""
NOW: Final = "1700000000"
ALLOWED: Final = ("--allow-digits",)
TIMES: Final = {"duration_seconds", "training_seconds", "findings", "headline"}
"""What holds times, or, as some findings do, compares them."""
ALIKE: Final = ("data", "models", "finals", "fitted", "ledger", "runs", "proofs", "made_with")

Note = Callable[[str, object], None]


@dataclass(frozen=True)
class Surroundings:
    """Where and how a project is built.

    Attributes:
        folder: Name of its folder, below one of the test's.
        environment: Variables that differ from those of the test.
        umask: Which rights new files lack.
        jobs: Worker processes.
    """

    folder: str
    environment: Mapping[str, str]
    umask: int
    jobs: int = 1


PLAIN: Final = Surroundings("one", {"TZ": "UTC", "PYTHONHASHSEED": "1"}, 0o022)
FOREIGN: Final = Surroundings(
    "another place/with a längre name",
    {"TZ": "Pacific/Kiritimati", "LANG": "C", "LC_ALL": "C", "PYTHONHASHSEED": "2",
     "COLUMNS": "40", "HOME": "/nonexistent"},
    0o077,
)  # fmt: skip
QUICK: Final = Surroundings("third", {"TZ": "America/St_Johns", "LANG": "C.UTF-8"}, 0o022, jobs=2)


class Project:
    """A project that is built from nothing."""

    def __init__(self, place: Path, surroundings: Surroundings, *, clock: bool) -> None:
        self.folder = place / surroundings.folder
        self.output = self.folder / "output" / "digits"
        self._around = surroundings
        clocks = place / "clock"
        clocks.mkdir(exist_ok=True)
        (clocks / "sitecustomize.py").write_text(CLOCK)
        paths = [str(clocks)] if clock else []
        paths += os.environ.get("PYTHONPATH", "").split(os.pathsep)
        self._environment = {
            **os.environ,
            "SOURCE_DATE_EPOCH": NOW,
            "PYTHONPATH": os.pathsep.join([*paths, str(Path.cwd())]),
            **surroundings.environment,
        }
        insights = self.folder / "templates" / "insights"
        insights.mkdir(parents=True)
        (insights / "learning_rate.md.j2").write_text(WORDS)
        (self.folder / "experiments.toml").write_text(MANIFEST)

    def run(self, *words: str) -> None:
        """Run a command that has to end well."""
        done = subprocess.run(
            [sys.executable, "-m", "mnistreport", *words],
            cwd=self.folder,
            env=self._environment,
            umask=self._around.umask,
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=300,
        )
        assert 0 == done.returncode, done.stderr

    def build(self) -> "Project":
        """Train, write every document, and pack."""
        self.run("build", "--jobs", str(self._around.jobs), "--progress", "plain")
        self.run("pack", *ALLOWED)
        return self

    def read_documents(self) -> dict[str, bytes]:
        """Return everything that lies in the output, by its name; locks and stamps are none."""
        return {
            path.relative_to(self.output).as_posix(): path.read_bytes()
            for path in sorted(self.output.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }

    def read_store(self) -> dict[str, object]:
        """Return what is stored of runs: the tensors' digests, and records without times."""
        runs = self.folder / ".mnistreport" / "runs"
        stored: dict[str, object] = {}
        for path in sorted(runs.glob("*/*")):
            name = path.relative_to(runs).as_posix()
            if path.suffix == ".json":
                stored[name] = leave_times_out(json.loads(path.read_bytes())["content"])
            elif path.suffix == ".safetensors":
                stored[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return stored


def leave_times_out(value: object) -> object:
    """Return what a value of JSON says besides times."""
    if isinstance(value, dict):
        return {key: leave_times_out(each) for key, each in value.items() if key not in TIMES}
    return [leave_times_out(each) for each in value] if isinstance(value, list) else value


def leave_columns_out(text: bytes) -> list[list[str]]:
    """Return the cells of a table without those of times."""
    head, *rows = (line.split(",") for line in text.decode().splitlines())
    kept = [place for place, name in enumerate(head) if name not in TIMES]
    return [[row[place] for place in kept] for row in (head, *rows)]


def differ(one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    """Return the names of what is not equal, or not in both."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the projects lie."""
    return tmp_path_factory.mktemp("clean")


@pytest.fixture(scope="module")
def first(place: Path) -> Project:
    """Built with the clock that ticks alike."""
    return Project(place, PLAIN, clock=True).build()


def test_two_clean_builds_are_one(place: Path, first: Project, record_property: Note) -> None:
    """Report, notebook, tables, weights, figures and the packed zip: equal to the last byte."""
    started = time.monotonic()
    second = Project(place, FOREIGN, clock=True).build()
    ours, theirs = first.read_documents(), second.read_documents()
    assert [] == differ(ours, theirs)
    assert {"report.pdf", "report.html", "notebook.ipynb", "notebook.pdf", "1_2_3.zip"} <= set(ours)
    assert [] == differ(first.read_store(), second.read_store())
    record_property("clean builds, equal documents", len(ours))
    record_property("clean builds, equal bytes", sum(map(len, ours.values())))
    record_property("clean build with notebook and zip, seconds", round(time.monotonic() - started))


def test_the_clock_is_all_that_differs(place: Path, first: Project, record_property: Note) -> None:
    """With the usual clock and another number of workers, everything but times is equal."""
    third = Project(place, QUICK, clock=False)
    third.run("build", "--jobs", "2", "--progress", "plain", "--no-notebook")
    assert [] == differ(first.read_store(), third.read_store())
    ours, theirs = first.read_documents(), third.read_documents()
    for name in ("best_mlp.safetensors", "best_cnn.safetensors", "levels.csv"):
        assert ours[name] == theirs[name], name
    for name in ("runs.csv", "epochs.csv"):
        assert leave_columns_out(ours[name]) == leave_columns_out(theirs[name]), name
    results = [json.loads(each["results.json"]) for each in (ours, theirs)]
    assert results[0]["training_seconds"] != results[1]["training_seconds"]
    said = [
        {name: leave_times_out(each[name]) for name in ALIKE}
        | {"studies": [leave_times_out(study) for study in each["studies"]]}
        for each in results
    ]
    assert said[0] == said[1]
    record_property("runs trained twice, equal but for times", len(results[0]["runs"]))


def test_rendering_elsewhere_gives_the_same(
    place: Path, first: Project, record_property: Note
) -> None:
    """Documents made again of stored runs, in another zone, language and order of hashing."""
    before = first.read_documents()
    again = Project(place, Surroundings("fourth", FOREIGN.environment, 0o077), clock=False)
    cache = str(first.folder / ".mnistreport")
    again.run("render", "--cache", cache)
    again.run("pack", "--cache", cache, *ALLOWED)
    assert [] == differ(before, again.read_documents())
    record_property("documents rendered again, equal", len(before))
