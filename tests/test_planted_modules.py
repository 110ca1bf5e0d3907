"""No file of a folder in which somebody works is ever imported or executed."""

import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.commands import Told
from tests.opened_files import read_trace, skip_without_strace, spell_traced
from tests.planting import (
    AFTER_A_BUILD,
    ALLOWED,
    COMMAND,
    Trap,
    fetch_preview,
    list_first,
    run,
    set_trap,
)
from tests.training.clusters import open_dask

pytestmark = pytest.mark.skipif(os.name != "posix", reason="traps are written with posix")

SCRIPT = """\
import sys
here = sys.path.pop(0)
import os
from importlib.machinery import PathFinder

class Shield:
    clean = [*sys.path]

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return PathFinder.find_spec(name, cls.clean if path is None else path)

    @classmethod
    def find_distributions(cls, context):
        vars(context).setdefault("path", cls.clean)
        return PathFinder.find_distributions(context)

sys.meta_path[sys.meta_path.index(PathFinder)] = Shield
sys.path[:0] = [here, "", os.getcwd(), sys.argv[1]]
def look():
    return sys.path, {each: os.environ[each] for each in os.environ if each.startswith("PYTHON")}

before = [*sys.path], look()[1]

from mnistreport import build
build(os.path.join(sys.argv[1], "experiments.toml"), data="digits", jobs=1, notebook=False)
assert before == look()
"""
"""Python finds the planted modules first, but for this process alone, which has a shield."""

DRAWING = """\
from hashlib import sha256
from mnistreport.report.figures.loading import load_matplotlib

load_matplotlib()
from mnistreport.report.figures.balance import plot_class_balance

picture = plot_class_balance({"train": [9] * 10, "test": [3] * 10}).picture
print(*(sha256(part).hexdigest() for part in (picture.svg, picture.png)))
"""

LISTING_FONTS = """\
from mnistreport.search_path import clean_process

{}
from matplotlib.font_manager import fontManager
"""
"""What figures do on a machine where no font was listed before."""


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    """One with nothing in it."""
    return set_trap(tmp_path / "trap")


class Built(NamedTuple):
    """A project full of traps, and what its build said."""

    trap: Trap
    folder: Path
    told: Told


def _assert_unharmed(trap: Trap, told: Told, code: int = 0) -> None:
    assert [] == trap.read()
    assert code == told.code, told.err


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """One that was built with notebook and PDF; commands of other tests run in it."""
    trap = set_trap(tmp_path_factory.mktemp("trap"))
    folder = trap.plant_project(tmp_path_factory.mktemp("planted") / "project")
    trap.plant(folder / "mnistreport")
    words = ("build", "--jobs", "2", "--log-to", "tensorboard")
    return Built(trap, folder, run(COMMAND, *words, folder=folder))


def test_a_build_imports_nothing_of_its_folder(built: Built) -> None:
    """Neither do its workers, its templates' and its PDF's process, nor the notebook's kernel."""
    _assert_unharmed(built.trap, built.told)
    assert (built.folder / "output" / "digits" / "notebook.pdf").exists()


@pytest.mark.parametrize("words", AFTER_A_BUILD.values(), ids=AFTER_A_BUILD)
def test_a_command_imports_nothing_of_its_folder(words: tuple[str, ...], built: Built) -> None:
    """Whatever lies there, it does what it does elsewhere."""
    _assert_unharmed(built.trap, run(COMMAND, *words, folder=built.folder))


def test_a_project_begins_in_a_folder_of_traps(trap: Trap, tmp_path: Path) -> None:
    """What lies there stays, and is not run."""
    folder = trap.plant(tmp_path / "project")
    _assert_unharmed(trap, run(COMMAND, "init", ".", folder=folder))
    assert (folder / "experiments.toml").exists()


def test_a_zip_is_packed_and_read_among_planted_files(built: Built, tmp_path: Path) -> None:
    """An assistant may stand in a folder of what was handed in, or name a zip in another."""
    _assert_unharmed(built.trap, run(COMMAND, "pack", *ALLOWED, folder=built.folder))
    (packed,) = built.folder.rglob("*.zip")
    zip_file = built.trap.plant(tmp_path / "handed in") / packed.name
    zip_file.write_bytes(packed.read_bytes())
    _assert_unharmed(built.trap, run(COMMAND, "verify", zip_file, folder=built.folder))
    words = ("verify", zip_file.name, "--data", "digits")
    _assert_unharmed(built.trap, run(COMMAND, *words, folder=zip_file.parent))


def test_a_preview_imports_nothing_of_its_folder(built: Built) -> None:
    """Neither when it starts nor when it makes a page."""
    assert "Learning rate" in fetch_preview(built.folder, COMMAND)
    assert [] == built.trap.read()


def test_a_build_on_a_cluster_imports_nothing_of_its_folder(trap: Trap, tmp_path: Path) -> None:
    """The cluster works elsewhere; the build that asks it has children of its own."""
    folder = trap.plant_project(tmp_path / "project")
    with open_dask(1) as dask:
        words = ("--executor", "dask", "--scheduler", dask.address, "--no-notebook")
        _assert_unharmed(trap, run(COMMAND, "build", *words, folder=folder))


def test_a_script_builds_without_its_folder(trap: Trap, tmp_path: Path) -> None:
    """Python has the script look there; its children do not, and its own settings stay."""
    folder, working = trap.plant_project(tmp_path / "project"), trap.plant(tmp_path / "working")
    script = trap.plant(tmp_path / "scripts") / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    _assert_unharmed(trap, run(sys.executable, script, folder, folder=working))


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """One without what Python itself takes from it, before the program's first line."""
    trap = set_trap(tmp_path_factory.mktemp("trap"))
    folder = trap.plant_project(tmp_path_factory.mktemp("begun") / "project", spared=list_first())
    words = ("build", "--no-notebook", "--jobs", "1")
    return Built(trap, folder, run(sys.executable, "-m", "mnistreport", *words, folder=folder))


def test_python_m_imports_nothing_more_of_its_folder(begun: Built) -> None:
    """Python has put the folder before all others; it is gone with the program's first line."""
    _assert_unharmed(begun.trap, begun.told)


def test_variables_lead_nobody_astray(begun: Built) -> None:
    """Python follows them until the program begins; the program and its children do not."""
    path = os.pathsep.join(["", ".", "data", str(begun.folder), f"{begun.folder}/output/.."])
    told = run(
        *(COMMAND, "check"),
        folder=begun.folder,
        PYTHONPATH=path,
        PYTHONSTARTUP="startup.py",
        PYTHONINSPECT="1",  # and so its exit code is Python's
    )
    assert [] == begun.trap.read()
    assert "documents" in told.out


def test_a_python_that_ignores_variables_is_safe(built: Built) -> None:
    """``python -E`` has children that ignore them, too: their command line says it."""
    told = run(sys.executable, "-E", COMMAND, "check", folder=built.folder)
    _assert_unharmed(built.trap, told)


@pytest.mark.parametrize("words", [("check",), ("render", "--no-notebook")], ids=" ".join)
def test_only_what_is_meant_is_opened(words: tuple[str, ...], built: Built, tmp_path: Path) -> None:
    """No library reads settings in the project's folder, and no program there is started."""
    skip_without_strace()
    words = [*words, "--output", tmp_path / "new"] if "render" in words else words
    told = run(*spell_traced(tmp_path / "trace", COMMAND, *words), folder=built.folder)
    _assert_unharmed(built.trap, told)
    trace = read_trace(tmp_path / "trace")
    assert str(built.folder / "experiments.toml") in trace.opened
    assert [] == trace.list_unmeant(built.folder)
    assert [] == trace.list_executed(built.folder)


def test_what_is_not_meant_is_seen(tmp_path: Path) -> None:
    """A trace shows each file that is opened, or looked for, by whatever name, and each program."""
    skip_without_strace()
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy("/bin/true", folder / "program")
    (folder / "experiments.toml").touch()
    script = "cat experiments.toml; cat ../project/settings; cd /; cat $0/none; $0/program"
    log = tmp_path / "trace"
    run(*spell_traced(log, "sh", "-c", script, folder), folder=folder)
    assert ["none", "settings"] == read_trace(log).list_unmeant(folder)
    assert [str(folder / "program")] == read_trace(log).list_executed(folder)


def test_figures_take_no_settings_of_the_folder(tmp_path: Path) -> None:
    """Figures are the same, byte for byte; a file that never ends does not keep them waiting."""
    for name in ("plain", "settings", "endless"):
        (tmp_path / name).mkdir()
    (tmp_path / "settings" / "matplotlibrc").write_text("lines.linewidth: 9\nfont.size: 20\n")
    os.mkfifo(tmp_path / "endless" / "matplotlibrc")
    said = {
        folder.name: run(sys.executable, "-c", DRAWING, folder=folder)
        for folder in tmp_path.iterdir()
    }
    assert 0 == said["plain"].code, said["plain"].err
    assert said["plain"] == said["settings"] == said["endless"]


@pytest.mark.parametrize("path", [".", "/nowhere:", ":/nowhere", "{folder}"])
def test_no_program_of_the_folder_is_started(path: str, tmp_path: Path) -> None:
    """A search path may lead there, and a program that a library starts may be nowhere else."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "fc-list").write_text("#!/bin/sh\n: > started\nexit 1\n")
    (folder / "fc-list").chmod(0o755)
    environment = {"PATH": path.format(folder=folder), "MPLCONFIGDIR": str(tmp_path / "fonts")}
    run(sys.executable, "-c", LISTING_FONTS.format(""), folder=folder, **environment)
    assert (folder / "started").exists()  # without the program's care
    (folder / "started").unlink()
    shutil.rmtree(tmp_path / "fonts")
    told = run(
        sys.executable, "-c", LISTING_FONTS.format("clean_process()"), folder=folder, **environment
    )
    assert 0 == told.code, told.err
    assert not (folder / "started").exists()


def test_the_traps_work(tmp_path: Path) -> None:
    """Python that looks into such a folder is caught, with each kind of file."""
    trap = set_trap(tmp_path / "trap")
    folder = trap.plant_project(tmp_path / "project")
    for name in ("array", "torch", "sitecustomize"):
        assert run(sys.executable, "-c", f"import {name}", folder=folder).code
        assert trap.read()[-1].startswith(str(folder / name)), name
