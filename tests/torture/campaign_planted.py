"""Modules and settings of every name, in every folder: each command runs as if they were not there.

Planted is what any library imports, whether it is installed or not.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.opened_files import read_trace, skip_without_strace, spell_traced
from tests.planting import (
    AFTER_A_BUILD,
    ALLOWED,
    COMMAND,
    Trap,
    fetch_preview,
    list_first,
    list_imported,
    run,
    set_trap,
)
from tests.training.clusters import open_dask

Note = Callable[[str, object], None]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="traps are written with posix")

WAYS = {
    "the command": (COMMAND,),
    "python -m": (sys.executable, "-m", "mnistreport"),
    "python -E": (sys.executable, "-E", COMMAND),
}
BUILD = ("build", "--jobs", "2", "--log-to", "tensorboard", "--log-to", "mlflow")


class Place:
    """A project with traps, a working folder with traps, and how many commands ran there."""

    def __init__(self, folder: Path, trap: Trap, way: str, *, inside: bool) -> None:
        """Plant everything; without ``inside``, commands run in another folder than the project."""
        spared = list_first() if way == "python -m" else frozenset[str]()
        self.trap, self.words = trap, WAYS[way]
        self.project = trap.plant_project(folder / "project", spared=spared)
        if way != "python -m":  # Python itself would take it for the program
            trap.plant(self.project / "mnistreport")
        self.working = self.project
        self.options = tuple[str, ...]()
        if not inside:
            self.working = trap.plant(folder / "working", spared=spared)
            self.options = ("--manifest", str(self.project / "experiments.toml"))
        self.count = 0

    def run(self, *words: object, before: tuple[str, ...] = (), options: bool = True) -> None:
        """Run a command, and check that nothing was imported."""
        given = self.options if options else ()
        told = run(*before, *self.words, *words, *given, folder=self.working)
        assert [] == self.trap.read(), words
        assert 0 == told.code, told.err
        self.count += 1


@pytest.mark.parametrize("inside", [True, False], ids=["in the project", "elsewhere"])
@pytest.mark.parametrize("way", WAYS)
def test_no_command_imports_what_is_planted(
    way: str,
    inside: bool,  # noqa: FBT001 - a parameter of pytest's
    tmp_path: Path,
    record_property: Note,
) -> None:
    """Not by any way to call it, from within the project or not, nor when it verifies a zip."""
    trap = set_trap(tmp_path / "trap", list_imported())
    place = Place(tmp_path, trap, way, inside=inside)
    place.run("init", place.project, options=False)
    place.run(*BUILD)
    place.run("pack", *ALLOWED)
    (packed,) = place.project.rglob("*.zip")
    place.run("verify", packed, "--data", "digits", options=False)
    for words in AFTER_A_BUILD.values():
        place.run(*words)
    with open_dask(1) as dask:
        other = ("--output", tmp_path / "out", "--cache", tmp_path / "cache", "--no-notebook")
        place.run("build", "--executor", "dask", "--scheduler", dask.address, *other)
    if inside:
        assert fetch_preview(place.project, *place.words)
        assert [] == trap.read()
    record_property("planted names", len(trap.names))
    record_property("commands among planted modules", place.count)


def test_every_command_opens_only_what_is_meant(tmp_path: Path, record_property: Note) -> None:
    """Traced: what is opened below a project is on the list, and no program there is started."""
    skip_without_strace()
    place = Place(tmp_path, set_trap(tmp_path / "trap"), "the command", inside=True)
    numbers, opened = 0, set[str]()

    def trace(*words: object) -> None:
        nonlocal numbers
        numbers += 1
        log = tmp_path / f"{numbers}.trace"
        place.run(*words, before=tuple(spell_traced(log)))
        seen = read_trace(log)
        assert [] == (others := seen.list_unmeant(place.project)), (words, others)
        assert [] == seen.list_executed(place.project), words
        opened.update(path for path in seen.opened if path.startswith(str(place.project)))

    trace("init", ".")
    trace(*BUILD)
    trace("pack", *ALLOWED)
    (packed,) = place.project.rglob("*.zip")
    trace("verify", packed, "--data", "digits")
    for words in AFTER_A_BUILD.values():
        trace(*words)
    with open_dask(1) as dask:
        trace(
            *("build", "--executor", "dask", "--scheduler", dask.address, "--no-notebook"),
            *("--force", "--output", "rendered"),
        )
    log = tmp_path / "preview.trace"
    assert fetch_preview(place.project, *spell_traced(log, COMMAND))
    assert [] == read_trace(log).list_unmeant(place.project)
    assert str(place.project / "experiments.toml") in opened
    record_property("files opened below a traced project", len(opened))
