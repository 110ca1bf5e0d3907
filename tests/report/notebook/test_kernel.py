"""Running cells: in an environment of their own, for a limited time, without a trace."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbformat import NotebookNode, v4

from mnistreport.errors import EnvironmentFault, RenderingError
from mnistreport.files import remove_leftovers
from mnistreport.report.notebook.kernel import run_notebook
from tests.commands import is_alive

SLEEP = "import time; time.sleep(600)"
WAITING = """
import sys
from pathlib import Path
from nbformat import v4
from mnistreport.report.notebook.kernel import run_notebook
note = f"open({sys.argv[1]!r}, 'w').write(str(__import__('os').getpid()))"
code = f"{note}; import time; time.sleep(600)"
notebook = v4.new_notebook(cells=[v4.new_code_cell(code)])
run_notebook(notebook, {}, Path(), place=Path(sys.argv[1]).parent)
"""


def make_notebook(*codes: str) -> NotebookNode:
    """Make a notebook of a line of text and some code."""
    return v4.new_notebook(
        cells=[v4.new_markdown_cell("Words"), *(v4.new_code_cell(code) for code in codes)]
    )


def wait_for(path: Path) -> int:
    """Return the number that somebody writes into a file."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.is_file() and path.read_text():
            return int(path.read_text())
        time.sleep(0.05)
    raise AssertionError(path)


def has_ended(process: int, seconds: float) -> bool:
    """Tell whether a process ends within that time."""
    deadline = time.monotonic() + seconds
    while is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(process)


def test_cells_run_in_order_beside_their_files(tmp_path: Path) -> None:
    """Outputs and counts are put into the notebook; files lie where the cells look for them."""
    notebook = make_notebook("a = open('a.csv').read()", "print(a)", "a * 2")
    run_notebook(notebook, {"a.csv": b"seven"}, tmp_path, place=tmp_path)
    assert [1, 2, 3] == [cell.execution_count for cell in notebook.cells[1:]]
    outputs = [output for cell in notebook.cells[1:] for output in cell.outputs]
    assert ["seven\n", "'sevenseven'"] == [
        outputs[0]["text"],
        outputs[1]["data"]["text/plain"],
    ]
    assert all("execution" not in cell.metadata for cell in notebook.cells)  # no times


def test_the_kernel_sees_nothing_of_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable but those that are needed, no home, no configuration; the data are named."""
    monkeypatch.setenv("SECRET_TOKEN", "1234")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    notebook = make_notebook("import os, json; print(json.dumps(dict(os.environ)))")
    run_notebook(notebook, {}, tmp_path, place=tmp_path)
    said = notebook.cells[1].outputs[0]["text"]
    assert [] == [each for each in ("1234", "PYTHONPATH", "JUPYTER_PATH", "PROXY") if each in said]
    assert os.environ.get("HOME", "nowhere") not in said.replace(os.environ["PATH"], "")
    assert f'"MNISTREPORT_DATA": "{tmp_path}"' in said


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise ValueError('two\\nlines')", "ValueError: two lines"),
        (SLEEP, "took longer than the notebook may"),
        ("import os; os._exit(3)", "ended the kernel"),
        ("import os; os.kill(os.getpid(), 9)", "ended the kernel"),
        ("import os; os.kill(os.getpid(), 19)", "took longer than the notebook may"),  # SIGSTOP
    ],
)
def test_a_cell_that_does_not_end_well_is_named(tmp_path: Path, code: str, reason: str) -> None:
    """The error has the cell's number and what it said; no process or folder is left."""
    note = f"import os; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))"
    with pytest.raises(RenderingError) as error:
        run_notebook(make_notebook(note, code), {}, tmp_path, place=tmp_path, limit_seconds=2)
    assert f"notebook.ipynb: cell 3 ([2]): {reason}" == str(error.value)
    assert has_ended(int((tmp_path / "pid").read_text()), 2)
    assert ["pid"] == [path.name for path in tmp_path.iterdir()]


def test_what_a_cell_started_ends_with_it(tmp_path: Path) -> None:
    """A process that a cell left running is gone when the notebook is done."""
    start = "import subprocess; p = subprocess.Popen(['sleep', '600'])"
    note = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(p.pid))"
    run_notebook(make_notebook(start, note), {}, tmp_path, place=tmp_path)
    assert has_ended(int((tmp_path / "pid").read_text()), 2)


def test_nothing_tells_where_it_was_run(tmp_path: Path) -> None:
    """A warning names its file: not where that lies on this machine."""
    code = (
        "import sys, warnings; warnings.warn('hear'); print(sys.prefix, __import__('os').getcwd())"
    )
    notebook = make_notebook(code)
    run_notebook(notebook, {}, tmp_path, place=tmp_path)
    said = str(notebook.cells[1].outputs)
    assert "hear" in said
    assert [] == [place for place in (str(tmp_path), sys.prefix) if place in said]


def test_a_place_with_a_long_name_will_do(tmp_path: Path) -> None:
    """Sockets have short names only; where the place's is too long, the kernel is reached else."""
    place = tmp_path / ("long" * 30)
    place.mkdir()
    notebook = make_notebook("1")
    run_notebook(notebook, {}, tmp_path, place=place)
    assert 1 == notebook.cells[1].execution_count


def test_what_a_killed_program_left_is_swept_away(tmp_path: Path) -> None:
    """A folder that a kernel worked in, and nobody removed, goes with all half-written things."""
    (tmp_path / ".new-notebook-abc").mkdir()
    remove_leftovers(tmp_path)
    assert [".lock"] == [path.name for path in tmp_path.iterdir()]


def test_a_missing_kernel_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Python says of the kernel that it cannot start is in the error, and what to do."""
    monkeypatch.setattr("mnistreport.report.notebook.kernel.MODULE", "no_such_kernel")
    with pytest.raises(EnvironmentFault, match=r"no notebook kernel answers: .*no_such_kernel"):
        run_notebook(make_notebook("1"), {}, tmp_path, place=tmp_path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A disk that refuses is a fault of the environment, with its place."""
    with pytest.raises(EnvironmentFault, match=r"nowhere: cannot be written"):
        run_notebook(make_notebook("1"), {}, tmp_path, place=tmp_path / "nowhere")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_kernel_ends_with_the_program(tmp_path: Path, number: signal.Signals) -> None:
    """Whether the program is killed or interrupted, its kernel does not outlive it for long."""
    command = [sys.executable, "-c", WAITING, str(tmp_path / "pid")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as program:
        kernel = wait_for(tmp_path / "pid")
        program.send_signal(number)
        program.wait(timeout=5)
    assert has_ended(kernel, 5)
