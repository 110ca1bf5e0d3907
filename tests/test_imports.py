"""Runs that were trained elsewhere, from the command line to the documents."""

import csv
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from mnistreport import load_results
from mnistreport.errors import ExitCode
from tests.commands import Told, call_command
from tests.report.undrawn import draw_nothing

MANIFEST = """\
[data]
source = "digits"

[training]
learning_rate = 0.02
epochs = 2
seeds = [0, 1]

[models.mlp]
kind = "mlp"
neurons = 8

[[studies]]
name = "rate"
model = "mlp"
factor = "learning_rate"
levels = [0.02, 0.05, 0.5]

[[rubric]]
requirement = "The best model, tested"
points = 1
check = "test_accuracy"
"""
IMPORT = """
[[runs]]
import = "histories/*.csv"
"""
COLUMNS = "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seed,learning_rate"
EVERY = (0.02, 0.05, 0.5)


@pytest.fixture(scope="module", autouse=True)
def _pages_left_out() -> Iterator[None]:
    """Leave out drawing, and the laying out of the PDF's pages, which take long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mnistreport.report.pdf.render_pdf", lambda page, **_: page.encode())
        patch.setattr("mnistreport.report.figures.gallery.draw_figures", draw_nothing)
        yield


def write_histories(folder: Path, rates: Sequence[float]) -> None:
    """Write a file for each rate: the larger it is, the better, and far better than in truth."""
    (folder / "histories").mkdir(exist_ok=True)
    for rate in rates:
        rows = [
            f"{epoch},{2 - epoch * 0.5},{0.3 * epoch + 0.1},{2.1 - epoch * 0.5},"
            f"{0.3 * epoch + 0.3 + 0.1 * rate + 0.002 * seed},{seed},{rate}"
            for seed in (0, 1)
            for epoch in (1, 2)
        ]
        text = "\n".join((COLUMNS, *rows)) + "\n"
        (folder / "histories" / f"rate-{rate}.csv").write_text(text)


def start(folder: Path, *rates: float, more: str = IMPORT) -> Path:
    """Make a project that imports the runs of some rates."""
    folder.mkdir(parents=True, exist_ok=True)
    write_histories(folder, rates)
    (folder / "experiments.toml").write_text(MANIFEST + more, encoding="utf-8")
    return folder


def call(command: str, folder: Path, *options: object) -> Told:
    """Run a command on a project."""
    return call_command(command, *options, "--manifest", folder / "experiments.toml")


def read_results(folder: Path) -> dict[str, Any]:
    """Return the numbers of a report."""
    return json.loads((folder / "output" / "digits" / "results.json").read_bytes())


def read_runs(folder: Path) -> list[dict[str, str]]:
    """Return the rows of ``runs.csv``."""
    text = (folder / "output" / "digits" / "runs.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """A project all of whose runs are imported, built; nobody changes it."""
    folder = start(tmp_path_factory.mktemp("whole"), *EVERY)
    return folder, call("build", folder)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that imports nothing, built; nobody changes it."""
    folder = start(tmp_path_factory.mktemp("trained"), more="")
    assert ExitCode.DONE == call("build", folder, "--jobs", 1).code
    return folder


def test_imported_runs_are_not_trained(whole: tuple[Path, Told]) -> None:
    """A manifest whose every run is imported trains nothing, and stores nothing."""
    folder, told = whole
    assert ExitCode.DONE == told.code, told.err
    assert "6 runs imported, and not checked" in told.err
    assert "training" not in told.err
    assert [] == list((folder / ".mnistreport" / "runs").glob("[0-9a-f]*"))
    assert not (folder / "output" / "digits" / "best_mlp.safetensors").exists()


def test_documents_say_what_was_imported(whole: tuple[Path, Told]) -> None:
    """Page, numbers and tables tell; the best model is not tested, and the rubric says why."""
    folder, _ = whole
    results = read_results(folder)
    files = [f"histories/rate-{rate}.csv" for rate in EVERY]
    assert files == [file["name"] for file in results["imported"]["files"]]
    assert {*files} == {row["imported"] for row in read_runs(folder)}
    assert {("finished", "", "")} == {
        (row["status"], row["updates"], row["duration_seconds"]) for row in read_runs(folder)
    }
    assert ([], ["feedforward network"]) == (results["finals"], results["imported"]["untested"])
    (verdict,) = results["rubric"]
    assert (False, True) == (verdict["is_met"], "without weights" in verdict["where"])
    page = (folder / "output" / "digits" / "report.html").read_text("utf-8")
    assert "Not one of the 6 runs was trained here; they were imported from" in page
    assert "higher; imported" in page
    assert "better than the baseline" not in page


def test_its_tables_are_read(whole: tuple[Path, Told]) -> None:
    """A script reads the tables of a report whose runs were imported, and which file has each."""
    tables = load_results(whole[0] / "output" / "digits")
    files = [f"histories/rate-{rate}.csv" for rate in EVERY]
    assert {*files} == {*tables.runs.imported}
    assert tables.runs.updates.isna().all()
    assert (6, 12, 3) == tuple(map(len, tables))


def test_commands_count_imported_runs_apart(whole: tuple[Path, Told]) -> None:
    """``plan`` and ``check`` tell what is stored from what is imported."""
    folder, _ = whole
    assert "6 runs, 6 imported, 0 stored, 0 to train" in call("plan", folder).out
    plan = json.loads(call("plan", folder, "--json").out)
    assert [(2, 0)] * 3 == [(each["imported"], each["missing"]) for each in plan["variants"]]
    assert "runs: 6 of 6 finished, 6 of them imported" in call("check", folder).out


def test_files_are_read_anew(whole: tuple[Path, Told], tmp_path: Path) -> None:
    """As long as their bytes are the same, nothing is made anew; what is gone is to be trained."""
    folder = shutil.copytree(whole[0], tmp_path / "copy")
    assert "nothing has changed" in call("build", folder).out
    path = folder / "histories" / "rate-0.5.csv"
    path.write_text(path.read_text().replace("0.952", "0.944"))
    assert "the manifest, templates or results have changed" in call("check", folder).out
    path.unlink()
    assert "6 runs, 4 imported, 0 stored, 2 to train" in call("plan", folder).out
    assert "2 of 6 runs are not stored" in call("render", folder).err


def test_what_is_not_imported_is_trained(trained: Path, tmp_path: Path) -> None:
    """Stored runs stay as they are; an imported one takes the place of the stored one.

    Nor is what the test split said of the stored run said of the imported one.
    """
    folder = shutil.copytree(trained, tmp_path / "copy")
    best = read_results(folder)["finals"][0]["variant"]["training"]
    assert "learning rate 0.05," in best
    start(folder, 0.05)
    told = call("build", folder)
    assert ExitCode.DONE == told.code, told.err
    assert "6 runs, 2 imported, 4 stored, 0 to train" in call("plan", folder).out
    results, before = read_results(folder), read_results(trained)
    assert [] == results["finals"]
    files = ["", "", *["histories/rate-0.05.csv"] * 2, "", ""]
    assert files == [run["imported"] for run in results["runs"]]
    both = zip(before["runs"], results["runs"], strict=True)
    assert [not file for file in files] == [
        one["validation_loss"] == other["validation_loss"] for one, other in both
    ]
    tables = load_results(folder / "output" / "digits")
    assert files == tables.runs.imported.tolist()
    assert [not file for file in files] == tables.runs.updates.notna().tolist()
    verdicts = {level["label"]: level["verdict"] for level in results["studies"][0]["levels"]}
    assert "not comparable" == verdicts["0.05"]
    assert 1 == len(results["ledger"])
    assert [n for n in results["notices"] if n.startswith("Not read on the test split")]


def test_without_imports_documents_are_as_they_were(trained: Path) -> None:
    """What is imported is said only where anything is: no key and no column more."""
    assert "imported" not in read_runs(trained)[0]
    assert b"imported" not in (trained / "output" / "digits" / "results.json").read_bytes()
    page = (trained / "output" / "digits" / "report.html").read_text("utf-8")
    assert "imported" not in page
    assert "Welch" not in page


@pytest.mark.parametrize("command", ["plan", "build", "render", "check"])
def test_what_cannot_be_imported_ends_a_command(tmp_path: Path, command: str) -> None:
    """Files have the exit code of data; each mistake is a line with its place."""
    folder = start(tmp_path, *EVERY)
    path = folder / "histories" / "rate-0.05.csv"
    path.write_text(path.read_text().replace("0.7", "70"))
    told = call(command, folder)
    assert ExitCode.DATA == told.code
    assert [f"error: {path}:3: train_accuracy: is 70, but must be a share from 0 to 1: divide"] == [
        line[: line.index(" by 100")] for line in told.err.splitlines() if ":3:" in line
    ]
    assert "Traceback" not in told.err


def test_no_file_is_a_mistake_of_the_manifest(tmp_path: Path) -> None:
    """A pattern that matches nothing is told with the manifest's line."""
    told = call("build", start(tmp_path))
    assert ExitCode.USAGE == told.code
    assert "experiments.toml:25: runs[0].import: no file of this name" in told.err


def test_no_budget_trims_imported_runs(tmp_path: Path) -> None:
    """What was trained elsewhere has the seeds and epochs that it has."""
    folder = start(tmp_path, 0.5)
    told = call("build", folder, "--budget", "1m")
    assert ExitCode.USAGE == told.code
    assert "imported runs ([[runs]]) have all their seeds and epochs" in told.err
    assert not (folder / ".mnistreport" / "runs").exists()
