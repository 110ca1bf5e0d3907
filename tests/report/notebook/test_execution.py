from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat import NotebookNode, v4

from mnistreport.report.notebook import execution
from mnistreport.report.notebook.execution import fill_outputs
from mnistreport.report.notebook.file import read_notebook, write_notebook
from tests.report.reports import make_material

FILES = {"a.csv": b"seven"}
CODE = "print(open('a.csv').read())"

Fill = Callable[..., tuple[bytes, bool]]


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Fill a notebook's outputs; return it as a file, and whether it was run for that."""
    digits = make_material().digits

    def fill(
        standing: bytes | None,
        code: str = CODE,
        words: str = "Words",
        files: dict[str, bytes] = FILES,
    ) -> tuple[bytes, bool]:
        stages: list[str] = []
        notebook = make_notebook(code, words)
        fill_outputs(
            notebook,
            files,
            digits,
            place=tmp_path,
            standing=standing,
            on_stage=stages.append,
        )
        return write_notebook(notebook), bool(stages)

    return fill


def make_notebook(code: str, words: str) -> NotebookNode:
    """Make a notebook of one text and one cell of code."""
    cells = [v4.new_markdown_cell(words, id="a"), v4.new_code_cell(code, id="b")]
    return v4.new_notebook(cells=cells)


def test_it_runs_again_only_if_something_it_depends_on_has_changed(fill: Fill) -> None:
    """Other words alone: outputs are kept; other code, another file or other outputs: it runs."""
    first, was_run = fill(None)
    assert was_run
    assert b"seven" in first

    reworded, was_run = fill(first, words="Other words")
    assert not was_run
    assert read_notebook(first).cells[1].outputs == read_notebook(reworded).cells[1].outputs
    assert "Other words" == read_notebook(reworded).cells[0].source

    assert fill(first) == (first, False)
    assert fill(first, code=f"{CODE} # changed")[1]
    assert b"eight" in fill(first, files={"a.csv": b"eight"})[0]
    forged = first.replace(b"seven", b"eight")
    assert forged != first
    assert fill(forged) == (first, True)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[]", b"[" * 100_000])
def test_what_is_no_notebook_is_told(content: bytes) -> None:
    """Whatever stands in a notebook's place is an error of a kind that its reader knows."""
    with pytest.raises(execution.NO_NOTEBOOK):
        read_notebook(content)


def test_what_is_no_notebook_is_not_used(fill: Fill) -> None:
    """If something else stands in its place, the notebook is run and written anew."""
    content, was_run = fill(b"{}", code="1")
    assert was_run
    assert [1] == [cell.execution_count for cell in read_notebook(content).cells[1:]]


def test_equal_notebooks_are_equal_bytes(fill: Fill) -> None:
    """Run twice, it is the same file, byte for byte: no time, path or number of chance."""
    code = "import pandas as pd\npd.DataFrame({'a': [1, 2]})"
    assert fill(None, code=code) == fill(None, code=code)
