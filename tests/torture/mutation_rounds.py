"""Rounds of a campaign: one small change of the program each, and the tests near it.

The process that runs this has loaded the libraries, and nothing of the program: each round forks
from it, and loads the program from a copy in which one file is changed.
"""

import gc
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import tomllib
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.torture.mutants import ROOT, Mutant, draw_mutants, list_mutants, load_explained

NEAREST = ROOT / "tests" / "torture" / "nearest_tests.toml"
COPIED = ("mnistreport", "templates", "tests", "docs")
LIBRARIES = (
    "hypothesis", "jinja2", "markdown_it", "matplotlib.pyplot", "nbformat", "numpy", "pandas",
    "PIL.Image", "pydantic", "rich.console", "scipy.special", "scipy.stats", "seaborn",
    "sklearn.datasets", "torch", "typer",
)  # fmt: skip
SECONDS = 40.0
"""A round may take as long, and five times as long as with nothing changed."""
MEMORY = 4 * 2**30

Outcome = str


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one change.

    Attributes:
        module: The file.
        line: Number of the line.
        function: In which it was made.
        operator: The kind of change.
        change: The line before and after.
        outcome: ``noticed``, ``too long``, ``survived``, or ``no difference``.
        reason: Why no test notices it, if that is known.
    """

    module: str
    line: int
    function: str
    operator: str
    change: str
    outcome: Outcome
    reason: str = ""


def load_nearest() -> dict[str, list[str]]:
    """Return the tests that are nearest to each file, the likeliest to notice first."""
    nearest: dict[str, list[str]] = {}
    content = tomllib.loads(NEAREST.read_text("utf-8"))
    options = [f"--deselect={each}" for each in content["slow"]]
    for row in content["nearest"]:
        for pattern in row["modules"]:
            for path in sorted(ROOT.glob(pattern)):
                nearest.setdefault(path.relative_to(ROOT).as_posix(), row["tests"] + options)
    return nearest


class Copy:
    """A copy of the program and its tests, in which files are changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "copy"
        self._written = 0
        for name in COPIED:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, self._folder / name, ignore=ignored)
        for path in ROOT.glob("*.*"):
            if path.is_file():
                shutil.copy(path, self._folder)

    def write(self, name: str, text: str) -> None:
        """Write a file, with a time of its own: by that Python knows what it has compiled."""
        path = self._folder / name
        path.write_text(text, "utf-8")
        self._written += 1
        os.utime(path, (10**9 + self._written,) * 2)

    def test(self, tests: Sequence[str], seconds: float) -> tuple[int | None, str]:
        """Run tests; return pytest's exit code, ``None`` if it took too long, and what it said."""
        with tempfile.TemporaryFile() as said, tempfile.TemporaryDirectory() as basis:
            gc.freeze()
            number = os.fork()
            if not number:
                self._run(tests, basis, said.fileno())
            until = time.monotonic() + seconds
            while not (ended := os.waitpid(number, os.WNOHANG))[0]:
                if time.monotonic() > until:
                    break
                time.sleep(0.01)
            with suppress(ProcessLookupError):
                os.killpg(number, signal.SIGKILL)  # and whatever it has started
            code = os.waitstatus_to_exitcode(ended[1]) if ended[0] else None
            if code is None:
                os.waitpid(number, 0)
            said.seek(0)
            return code, said.read().decode(errors="replace")

    def _run(self, tests: Sequence[str], basis: str, descriptor: int) -> None:  # never returns
        code = 99
        try:
            os.setsid()
            for each in (1, 2):
                os.dup2(descriptor, each)
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            os.chdir(self._folder)
            for name in [each for each in sys.modules if each.split(".")[0] in COPIED]:
                del sys.modules[name]
            sys.path[:] = [str(self._folder), *(e for e in sys.path if e not in {"", str(ROOT)})]
            os.environ["PYTHONPATH"] = str(self._folder)
            options = (
                "-q",
                "-x",
                "-p",
                "no:cacheprovider",
                "--assert=plain",
                "--tb=line",
                f"--basetemp={basis}/t",
            )
            code = int(pytest.main([*options, *tests]))
        except BaseException:  # noqa: BLE001 - there is nobody above to show it
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def try_mutant(copy: Copy, mutant: Mutant, tests: Sequence[str], seconds: float) -> Outcome:
    """Run the tests with one change made."""
    name = mutant.place.module
    source = (ROOT / name).read_text("utf-8")
    copy.write(name, mutant.apply(source))
    code, _ = copy.test(tests, seconds)
    copy.write(name, source)
    if code == 0:
        return "survived"
    return "too long" if code is None else "noticed"


def measure_green(copy: Copy, names: Sequence[str], tests: Sequence[str]) -> float:
    """Return how long tests take, with nothing changed in ``names`` but their last line."""
    sources = {name: (ROOT / name).read_text("utf-8") for name in names}
    for name, source in sources.items():
        copy.write(name, source + "# the end\n")
    began = time.monotonic()
    code, said = copy.test(tests, 600)
    for name, source in sources.items():
        copy.write(name, source)
    if code != 0:
        msg = f"with nothing changed, these tests fail: {tests}\n{said[-3000:]}"
        raise AssertionError(msg)
    return time.monotonic() - began


def run_rounds(mutants: Sequence[Mutant], folder: Path) -> list[Row]:
    """Try every mutant."""
    nearest, explained, copy = load_nearest(), load_explained(), Copy(folder)
    names = sorted({mutant.place.module for mutant in mutants})
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        groups.setdefault(tuple(nearest[name]), []).append(name)
    seconds = {tests: measure_green(copy, group, tests) for tests, group in groups.items()}
    rows: list[Row] = []
    for mutant in mutants:
        place = mutant.place
        tests = tuple(nearest[place.module])
        known, began = explained.get(place), time.monotonic()
        outcome = "no difference"
        if known is None or known.is_counted:
            outcome = try_mutant(copy, mutant, tests, max(SECONDS, 5 * seconds[tests]))
        reason = known.reason if known else ""
        change = mutant.describe((ROOT / place.module).read_text("utf-8"))
        row = Row(
            place.module, mutant.number, place.function, place.operator, change, outcome, reason
        )
        rows.append(row)
        took = time.monotonic() - began
        sys.stderr.write(f"{outcome:13} {took:5.1f} s  {row.module}:{row.line} {change}\n")
    return rows


def main() -> None:
    """Try as many changes as asked for, below a folder; write what came of them to stdout."""
    count, seed, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    only = sys.argv[4:]
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    for name in LIBRARIES:
        importlib.import_module(name)
    modules = [ROOT / name for name in load_nearest() if not only or any(o in name for o in only)]
    uncounted = {place for place, known in load_explained().items() if not known.is_counted}
    rows = run_rounds(draw_mutants(list_mutants(modules), count, seed, uncounted), folder)
    sys.stdout.write(json.dumps([asdict(row) for row in rows]) + "\n")


if __name__ == "__main__":
    main()
