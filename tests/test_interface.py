"""The program in somebody's own script or notebook."""

import doctest
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from markdown_it import MarkdownIt
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import mnistreport
from mnistreport import Listener, Manifest, MnistReportError, build, interface, load_results
from mnistreport.analysis import frames
from mnistreport.cli_options import Device
from mnistreport.errors import DataError, ManifestError, UsageError
from mnistreport.study.naming import EPOCHS, RUNS

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = """\
[training]
learning_rate = 0.02
epochs = 2
seeds = [0]

[models.7]
kind = "mlp"
neurons = 8

[[studies]]
name = "NA"
model = "7"
factor = "learning_rate"
levels = [0.02, 0.05]
"""
SCRIPT = """\
from mnistreport import build

print("this is the script")
report = build("experiments.toml", data="digits", pdf=False, jobs=2)
print(len(report.results.runs), "runs,", len(report.unfinished), "unfinished")
"""
"""As people write them: it does not ask whether it is ``__main__``."""
IN_A_THREAD = """\
import threading

found = []
work = lambda: found.append(build(manifest, data="digits", pdf=False, force=True, jobs=1))
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(len(found[0].results.runs), "trained in a thread")
"""
IN_A_KERNEL = """\
import asyncio
from pathlib import Path
from nbformat.v4 import new_code_cell, new_notebook
from mnistreport.report.notebook.kernel import run_notebook

asyncio.get_running_loop()

def run_cell():
    notebook = new_notebook(cells=[new_code_cell("print('a kernel in a kernel')")])
    run_notebook(notebook, {}, Path(), place=Path())
    print(notebook.cells[0].outputs[0].text)

run_cell()
thread = threading.Thread(target=run_cell)
thread.start()
thread.join()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that a script has built; nobody changes what is built of it."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "experiments.toml").write_text(MANIFEST, encoding="utf-8")
    (folder / "script.py").write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, "script.py"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, check=False, encoding="utf-8", timeout=120
    )
    (folder / "told.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    return folder


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """A loaded manifest of which nothing was built."""
    path = tmp_path / "experiments.toml"
    path.write_text(MANIFEST, encoding="utf-8")
    return Manifest.load(path)


def build_quietly(manifest: Manifest | Path) -> interface.BuiltReport:
    """Build the page from what is stored, and drop the warning that these are the digits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mnistreport.MnistReportWarning)
        return build(manifest, data="digits", pdf=False)


def find_steps(error: MnistReportError) -> list[str]:
    """Return what a traceback shows below the error."""
    return list(getattr(error, "__notes__", []))


# --- Building -------------------------------------------------------------------------------------


def test_a_script_without_a_guard_builds_once(folder: Path) -> None:
    """Workers do not run the script again; all that it hears of warnings is one from its line."""
    told = (folder / "told.txt").read_text("utf-8").splitlines()
    assert ["this is the script", "2 runs, 0 unfinished"] == told[:2], told
    assert f"{folder}/script.py:4: MnistReportWarning: The images are" in told[2]
    assert 4 == len(told), told


def test_what_is_built_is_returned(folder: Path) -> None:
    """Paths, results and complaints are those of the documents; a second build writes nothing."""
    report = build_quietly(folder / "experiments.toml")
    assert folder / "output" / "digits" == report.folder
    assert report.folder / "report.html" == report.documents[0]
    assert [] == [path for path in report.documents if not path.is_file()]
    assert (False, (), ()) == (report.is_fresh, report.complaints, report.unfinished)
    assert len(repr(report)) < 500


def test_a_warning_is_never_lost(folder: Path) -> None:
    """The same line warns each time; who filters warnings finds them in what is returned."""
    heard: list[str] = []
    manifest = Manifest.load(folder / "experiments.toml")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(2):
            build(manifest, data="digits", pdf=False, listener=Listener(on_warning=heard.append))
    assert [__file__] * 2 == [each.filename for each in caught]
    assert heard == [str(each.message) for each in caught]
    report = build_quietly(manifest)
    assert tuple(heard[:1]) == report.warnings


def test_what_was_loaded_is_what_is_built(manifest: Manifest) -> None:
    """A file that has changed since, or a manifest that was, is refused before anything is done."""
    with pytest.raises(ManifestError, match="does not say what the given manifest says") as caught:
        build(replace(manifest, seeds=(5,)), data="digits")
    assert ["change the file, and load it again"] == find_steps(caught.value)
    manifest.path.write_text(MANIFEST.replace("[0]", "[0, 1]"), encoding="utf-8")
    with pytest.raises(ManifestError, match="has changed since it was loaded") as caught:
        build(manifest, data="digits")
    assert ["load it again"] == find_steps(caught.value)
    assert ["experiments.toml"] == [path.name for path in manifest.path.parent.iterdir()]


def test_a_manifest_is_the_same_file_everywhere(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loaded by a relative path, it is found again from another folder."""
    monkeypatch.chdir(folder)
    manifest = Manifest.load("experiments.toml")
    monkeypatch.chdir(tmp_path)
    assert folder / "output" / "digits" == build_quietly(manifest).folder


@pytest.mark.parametrize(
    ("call", "kind", "words", "step"),
    [
        (lambda m: build(m, jobs=0), UsageError, "jobs: 0 is less than 1", None),
        (lambda m: build(m, scheduler="127.0.0.1:1", jobs=2), UsageError, "jobs: is about", None),
        (
            lambda m: build(m, scheduler="192.0.2.1:8786"),
            UsageError,
            "is another machine",
            "tls://",
        ),
        (lambda m: build(m, device="tpu"), UsageError, "device: 'tpu' is none of auto", None),
        (lambda m: build(m, budget="soon"), UsageError, "'soon' is no duration", "write it like"),
        (lambda m: build(m, budget=0), UsageError, "'0' is no duration", "write it like"),
        (lambda m: build(m.path.parent / "no.toml"), ManifestError, "no such file", "run: mnist"),
        (
            lambda m: build(m, data=m.path.parent / "no"),
            DataError,
            "no file or folder",
            "Give the path",
        ),
    ],
)
def test_what_cannot_be_is_one_of_the_family(
    manifest: Manifest,
    call: Callable[[Manifest], object],
    kind: type[MnistReportError],
    words: str,
    step: str | None,
) -> None:
    """Each error says where and why, and below it what to do; nothing is written."""
    with pytest.raises(kind, match=words) as caught:
        call(manifest)
    assert [step is not None] == [any(step or "-" in each for each in find_steps(caught.value))]
    assert not (manifest.path.parent / "output").exists()


def test_the_disk_is_one_of_the_family(manifest: Manifest) -> None:
    """What the disk refuses is no bare OSError."""
    with pytest.raises(MnistReportError, match="cannot be written"):
        build(manifest, data="digits", cache="/dev/null/cache")


# --- Tables ---------------------------------------------------------------------------------------


def test_tables_are_read_as_they_were_made(folder: Path) -> None:
    """Exactly, with their types: a model called 7 is no number, and no text is missing."""
    report = build_quietly(folder / "experiments.toml")
    tables = load_results(report)
    for made, read in (
        (frames.make_runs_frame(report.results), tables.runs),
        (frames.make_epochs_frame(report.results), tables.epochs),
        (frames.make_levels_frame(report.results), tables.levels),
    ):
        pd.testing.assert_frame_equal(made, read, check_exact=True)
    assert ("7", "na") == (tables.runs.model[0], tables.levels.study[0])
    for one, other in zip(tables, load_results(str(report.folder)), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_every_column_is_explained() -> None:
    """The docstring of the tables names each column."""
    text = interface.ResultTables.__doc__ or ""
    names = {name for columns in frames.COLUMNS.values() for name in columns}
    assert set() == {name for name in names if f"``{name}``" not in text}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (RUNS, None, "runs.csv: cannot be read: No such file"),
        (EPOCHS, b"epoch,seed\n1,0\n", "epochs.csv: is no table of this version's: its columns"),
        (RUNS, b"", "runs.csv: is no table"),
        (RUNS, b"\xff", "runs.csv: is no table"),
    ],
)
def test_other_tables_are_refused(
    folder: Path, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    """A folder without them, or with others, is told by the file, with the next step."""
    for path in (folder / "output" / "digits").glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=words) as caught:
        load_results(tmp_path)
    assert len(find_steps(caught.value)) == 1


def test_a_value_of_another_kind_is_refused(folder: Path, tmp_path: Path) -> None:
    """A seed that is no number is told, not read as text."""
    for path in (folder / "output" / "digits").glob("*.csv"):
        text = path.read_text("utf-8")
        (tmp_path / path.name).write_text(text.replace(",0,finished", ",zero,finished"), "utf-8")
    with pytest.raises(UsageError, match=r"runs\.csv: is no table of this version's"):
        load_results(tmp_path)


# --- Loading --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "loaded"),
    [
        ("import mnistreport", set[str]()),
        ("from mnistreport import Manifest, MnistReportError", {"mnistreport.study.manifest"}),
    ],
)
def test_only_what_is_asked_for_is_loaded(asked: str, loaded: set[str]) -> None:
    """The package is loaded at once, a name when somebody wants it."""
    heavy = ("torch", "numpy", "pandas", "pydantic", "typing" if not loaded else "scipy")
    script = f"import sys; before = {{*sys.modules}}; {asked}; print(*{{*sys.modules}} - before)"
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path}; {script}"]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    modules = set(done.stdout.split())
    assert {"mnistreport"} | loaded <= modules
    assert set() == modules & {*heavy}


def test_its_names_are_there() -> None:
    """All that is offered exists; what is not is an AttributeError with the name."""
    assert [] == [name for name in mnistreport.__all__ if not hasattr(mnistreport, name)]
    assert set(mnistreport.__all__) < set(dir(mnistreport))
    assert [*Device] == [*get_args(interface.DeviceName)]
    with pytest.raises(AttributeError, match="'biuld'"):
        mnistreport.biuld  # noqa: B018 # pyright: ignore[reportAttributeAccessIssue]


# --- What is written about it ---------------------------------------------------------------------


def test_examples_in_docstrings_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They print what they say they print."""
    monkeypatch.chdir(folder)
    with pytest.warns(mnistreport.MnistReportWarning, match="embedded digits"):
        found = doctest.testmod(interface)
    assert (0, True) == (found.failed, found.attempted > 4)


class OwnPython(AsyncKernelManager):
    """A kernel of the Python that runs the tests, whatever kernels the user may have."""

    kernel_spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        language="python",
    )


def test_the_readme_runs_in_a_notebook(folder: Path) -> None:
    """Its Python, in a kernel, whose event loop runs; then a build, and kernels, in a thread."""
    text = (ROOT / "README.md").read_text("utf-8")
    fences = [token for token in MarkdownIt().parse(text) if token.type == "fence"]
    (shown,) = [
        token.content
        for token in fences
        if token.info == "python" and "from mnistreport" in token.content
    ]
    cells = [new_code_cell(code) for code in (shown, IN_A_THREAD, IN_A_KERNEL)]
    client = NotebookClient(new_notebook(cells=cells), km=OwnPython(), timeout=120)
    client.shutdown_kernel = "immediate"
    with client.setup_kernel(cwd=str(folder), cleanup_kc=True):
        for index, cell in enumerate(cells):
            client.execute_cell(cell, index)
    printed = ["".join(each.get("text", "") for each in cell.outputs) for cell in cells]
    assert "writing the report\n" in printed[0]
    assert "mean" in cells[0].outputs[-1].data["text/plain"]
    assert printed[1].endswith("2 trained in a thread\n")
    assert "a kernel in a kernel\n\n" * 2 == printed[2]
