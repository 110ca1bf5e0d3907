"""The notebook from a manifest to the zip, with names that would be code, HTML and formulas."""

import ast
import shutil
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode

import mnistreport
from mnistreport.errors import ExitCode
from mnistreport.report.notebook import composition
from mnistreport.report.notebook.file import read_notebook
from mnistreport.report.notebook.kernel import run_notebook
from tests.commands import Told, call_command
from tests.report.reports import read_page

PWN = "\"]);open('pwn','w')#"
MANIFEST = rf"""
[report]
title = "Digits for $5 <b>and</b> $6"
authors = [{{ name = "Ada", id = "1" }}, {{ name = "李雷 अमित", id = "2" }}]

[data]
source = "digits"

[training]
epochs = 2
seeds = [0, 1]
learning_rate = 0.05

[models.mlp]
kind = "mlp"
neurons = 16

[models.cnn]
kind = "cnn"
channels = [2]
dense = 4

[[studies]]
name = '''{PWN}'''
title = '''{PWN}'''
model = "mlp"
factor = "learning_rate"
levels = [0.05, 0.2, 1e6]

[[studies]]
name = "variants"
title = "What <script>alert(1)</script> and $x$ change"
model = "cnn"
variants = [
    {{ label = "_plain" }},
    {{ label = "$y^2$ <i>", dropout = 0.5 }},
    {{ label = "_plain (baseline)", layer_norm = true }},
]

[submission]
ids = ["1", "2", "3"]

[[rubric]]
requirement = "One zip"
check = "submission"
"""


@dataclass(frozen=True)
class Project:
    """A project that was built with its notebook.

    Attributes:
        folder: With the manifest.
        told: What the build said.
    """

    folder: Path
    told: Told

    @property
    def output(self) -> Path:
        """Where its documents are."""
        return self.folder / "output" / "digits"

    @cached_property
    def notebook(self) -> NotebookNode:
        """The notebook."""
        return read_notebook((self.output / "notebook.ipynb").read_bytes())

    @property
    def codes(self) -> list[Any]:
        """Its cells of code."""
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    def call(self, *words: str) -> Told:
        """Run a command on it."""
        return call_command(*words, "--manifest", self.folder / "experiments.toml")

    def find_printed(self, code: str) -> str:
        """Return what the cell printed that holds ``code``."""
        outputs = next(cell.outputs for cell in self.codes if code in cell.source)
        return "".join(str(each.get("text", each.get("data"))) for each in outputs)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build it once; nobody changes it."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "experiments.toml").write_text(MANIFEST, encoding="utf-8")
    told = call_command("build", "--notebook", "--manifest", folder / "experiments.toml")
    return Project(folder, told)


@pytest.fixture
def _pages_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the laying out of pages, which takes long and has tests of its own."""
    for place in ("mnistreport.report.pdf", "mnistreport.report.notebook.paper.pdf"):
        monkeypatch.setattr(f"{place}.render_pdf", lambda page, **_: page.encode())


@pytest.fixture
def copy(project: Project, tmp_path: Path) -> Project:
    """The built project once more, to be changed."""
    return Project(shutil.copytree(project.folder, tmp_path / "copy"), project.told)


def test_it_is_run_from_top_to_bottom(project: Project) -> None:
    """Every cell of code was run, in order, and none with an error; a diverged level is a row."""
    assert ExitCode.INCOMPLETE == project.told.code, project.told.err  # as one level diverges
    assert [*range(1, len(project.codes) + 1)] == [cell.execution_count for cell in project.codes]
    kinds = {output.output_type for cell in project.codes for output in cell.outputs}
    assert {"stream", "execute_result", "display_data"} == kinds
    assert not any(output.get("name") == "stderr" for c in project.codes for output in c.outputs)


def test_names_of_the_manifest_are_no_code(project: Project) -> None:
    """A study's name runs nowhere and stands in no cell of code; no file betrays that it ran."""
    assert [] == [cell.source for cell in project.codes if "open('pwn'" in cell.source]
    assert [] == [cell.source for cell in project.codes if "alert(1)" in cell.source]
    assert [] == [*project.folder.rglob("pwn")]
    assert not Path("pwn").exists()
    words = [cell.source for cell in project.notebook.cells if cell.cell_type == "markdown"]
    assert any("open('pwn'" in text for text in words)
    assert [] == [text for text in words if "<script" in text.replace(r"\<", "")]


def test_its_code_is_what_trained_the_runs(project: Project) -> None:
    """Networks, loss, descent and loop in its cells are, as Python reads them, the modules'."""
    shown = {ast.dump(node) for cell in project.codes for node in ast.parse(cell.source).body}
    package = Path(mnistreport.__file__).parent / "training"
    for module, name in (
        ("models", "Mlp"),
        ("models", "Cnn"),
        ("loss", "cross_entropy"),
        ("descent", "GradientDescent"),
        ("loop", "train_model"),
        ("loop", "evaluate_model"),
    ):
        body = ast.parse((package / f"{module}.py").read_text("utf-8")).body
        node = next(each for each in body if getattr(each, "name", "") == name)
        assert ast.dump(node) in shown, name


def test_its_training_is_the_stored_one(project: Project) -> None:
    """The baseline that is trained in it ends in its stored run's numbers, but for rounding."""
    said, _, difference = project.find_printed("Its stored twin").rpartition(" ")
    assert "2 epochs compared, largest difference of any number:" == said
    assert float(difference) < 1e-5


def test_its_tables_are_those_of_the_report(project: Project) -> None:
    """What it computes of the runs is printed as on the page, level by level and digit by digit."""
    page = read_page((project.output / "report.html").read_text("utf-8"))
    reported = [tuple(row[:5]) for row in page.rows]
    tables = [
        read_page(output.data["text/html"]).rows[1:]
        for cell in project.codes
        if composition.RESULTS in cell.metadata.get("tags", [])
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    ]
    rows = [tuple(row[:5]) for table in tables for row in table if any(row[1:])]
    assert 3 + 3 + 10 + 10 == len(rows)
    # The page marks the baseline by its style sheet, and not in its text.
    plain = [(row[0].removesuffix(" (baseline)"), *row[1:]) for row in rows]
    pairs = zip(rows, plain, strict=True)
    assert [] == [row for row, bare in pairs if row not in reported and bare not in reported]


def test_it_tells_no_place(project: Project) -> None:
    """Nothing in it says where on this machine it was made, or by whom."""
    text = (project.output / "notebook.ipynb").read_text("utf-8")
    places = (project.folder, Path.home(), tempfile.gettempdir(), sys.prefix, Path.cwd())
    assert [] == [place for place in map(str, places) if f"{place}/" in text]


def test_it_runs_again_from_the_zip_alone(project: Project, tmp_path: Path) -> None:
    """Unpacked somewhere else, without this program's help, it ends in the same outputs."""
    allowed = ("--allow-digits", "--allow-false-claims")
    told = project.call("pack", *allowed)
    assert ExitCode.DONE == told.code, told.err
    with zipfile.ZipFile(project.output / "1_2_3.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    names = {"runs.csv", "epochs.csv", "levels.csv", "best_mlp.safetensors", "best_cnn.safetensors"}
    assert names < {*files}
    notebook = read_notebook(files.pop("notebook.ipynb"))
    before = _list_data(notebook)
    run_notebook(notebook, files, tmp_path, place=tmp_path)
    assert before == _list_data(notebook)


def _list_data(notebook: NotebookNode) -> list[object]:
    """Return what cells printed, without what this program says of their pictures."""
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [(each.get("text"), each.get("data")) for cell in codes for each in cell.outputs]


def test_what_is_packed_is_verified(project: Project) -> None:
    """The zip of a real build passes every check, its weights on the test split among them."""
    told = project.call("pack", "--allow-digits")
    assert ExitCode.DONE == told.code, told.err
    path = project.output / "1_2_3.zip"
    verified = call_command("verify", path, "--data", "digits")
    assert (ExitCode.DONE, "") == (verified.code, verified.err), verified.out
    assert [] == [line for line in verified.out.splitlines() if not line.startswith("passed")]


@pytest.mark.usefixtures("_pages_left_out")
def test_other_words_run_nothing(copy: Project) -> None:
    """After an insight was written, the notebook has it, with the outputs that it had before."""
    slug = "variants"
    words = copy.folder / "templates" / "insights" / f"{slug}.md.j2"
    words.parent.mkdir(parents=True)
    words.write_text("We had not expected that.", encoding="utf-8")
    before = [cell.outputs for cell in copy.codes]
    told = copy.call("render", "--notebook")
    assert "running the notebook" not in told.err
    again = Project(copy.folder, told)
    assert before == [cell.outputs for cell in again.codes]
    assert "We had not expected that." in (copy.output / "notebook.ipynb").read_text("utf-8")


@pytest.mark.usefixtures("_pages_left_out")
def test_a_failing_cell_is_told_and_the_last_notebook_stays(
    copy: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 4 with the cell's number; the report is written, the good notebook is as it was."""
    manifest = copy.folder / "experiments.toml"
    manifest.write_text(MANIFEST.replace("Digits for", "Numerals for"), encoding="utf-8")
    monkeypatch.setattr(composition, "gather_imports", lambda _cells: "1 / 0")
    before = (copy.output / "notebook.ipynb").read_bytes()
    told = copy.call("render", "--notebook")
    assert ExitCode.RENDERING == told.code
    assert "notebook.ipynb: cell 2 ([1]): ZeroDivisionError: division by zero" in told.err
    assert before == (copy.output / "notebook.ipynb").read_bytes()
    assert "Numerals for" in (copy.output / "report.html").read_text("utf-8")
    packed = copy.call("pack", "--allow-digits")
    assert (ExitCode.USAGE, True) == (packed.code, "notebook.ipynb: was not made" in packed.err)
