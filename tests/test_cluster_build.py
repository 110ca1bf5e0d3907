"""`mnistreport build --executor dask`: the same report, and what is refused."""

import csv
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mnistreport.errors import ExitCode
from mnistreport.training import scheduler
from tests.commands import call_command, run_command
from tests.training.clusters import Dask, open_dask

MANIFEST = """\
[data]
source = "digits"

[training]
epochs = 2
seeds = [0, 1]

[models.mlp]
kind = "mlp"
neurons = 16

[[studies]]
name = "learning_rate"
model = "mlp"
factor = "learning_rate"
levels = [0.01, 0.1]
"""


@pytest.fixture(scope="module")
def dask() -> Iterator[Dask]:
    """A scheduler and two workers."""
    with open_dask(2) as dask:
        yield dask


def _start_project(folder: Path) -> Path:
    folder.mkdir()
    (folder / "experiments.toml").write_text(MANIFEST, encoding="utf-8")
    return folder


def _read_runs(folder: Path) -> list[Mapping[str, str]]:
    """Return the table of runs, without the one column that is a time."""
    with (folder / "output" / "digits" / "runs.csv").open(encoding="utf-8") as file:
        return [
            {name: value for name, value in row.items() if name != "duration_seconds"}
            for row in csv.DictReader(file)
        ]


def test_a_cluster_builds_the_same_report(dask: Dask, tmp_path: Path) -> None:
    """Runs, their order and the winner's weights are those of a build by this machine alone."""
    here, there = (_start_project(tmp_path / name) for name in ("here", "there"))
    told = run_command("build", folder=here)
    assert told.code == 0, told.err
    told = run_command("build", "--executor", "dask", "--scheduler", dask.address, folder=there)
    assert told.code == 0, told.err
    assert "[4/4]" in told.err
    assert "worker" not in told.err  # nobody was lost, refused or waited for
    assert 4 == len(_read_runs(here))
    assert _read_runs(here) == _read_runs(there)
    weights = [
        (folder / "output" / "digits" / "best_mlp.safetensors").read_bytes()
        for folder in (here, there)
    ]
    assert weights[0] == weights[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--executor", "dask"), "--executor dask: needs an address; add --scheduler"),
        (("--scheduler", "127.0.0.1:1"), "--scheduler: is the address of a cluster"),
        (("--executor", "dask", "--scheduler", "192.0.2.1:8786"), "is another machine"),
        (("--executor", "dask", "--scheduler", "127.0.0.1:1", "--jobs", "2"), "--jobs: is about"),
        (
            ("--executor", "dask", "--scheduler", "127.0.0.1:1", "--budget", "1m"),
            "--budget: is about this machine's processor",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """One line says what is missing, too much, or not safe, before anything is done."""
    folder = _start_project(tmp_path / "project")
    told = call_command("build", "--manifest", folder / "experiments.toml", *words)
    assert ExitCode.USAGE == told.code
    assert said in told.err
    assert ["experiments.toml"] == [path.name for path in folder.iterdir()]


def test_an_unreachable_scheduler_ends_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 6 and one line with the address; nothing was trained."""
    monkeypatch.setattr(scheduler, "CONNECT_SECONDS", 1)
    folder = _start_project(tmp_path / "project")
    told = call_command(
        *("build", "--manifest", folder / "experiments.toml"),
        *("--executor", "dask", "--scheduler", "127.0.0.1:9"),
    )
    assert ExitCode.ENVIRONMENT == told.code
    last = told.err.splitlines()[-1]
    assert last.startswith("error: --scheduler: no Dask scheduler answers at tcp://127.0.0.1:9: ")
    assert not (folder / "output" / "digits" / "report.html").exists()


def test_without_distributed_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing package is named with the command that brings it, exit code 6."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    folder = _start_project(tmp_path / "project")
    told = call_command(
        *("build", "--manifest", folder / "experiments.toml"),
        *("--executor", "dask", "--scheduler", "127.0.0.1:9"),
    )
    assert ExitCode.ENVIRONMENT == told.code
    assert "pip install 'mnistreport[cluster]'" in told.err.splitlines()[-1]
