"""The notebook's own cells that read the tables of results."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mnistreport.analysis.frames import make_levels_frame, make_runs_frame, write_frame
from mnistreport.report.context import make_context
from mnistreport.report.material import Material
from mnistreport.report.notebook.composition import compose_notebook
from mnistreport.report.templating import Templates
from tests.report.reports import make_small_material, rename_study

FORMULAS = ("=1+1", "-5", "'@SUM(A1)", "plain; +1")


def read_code(material: Material, folder: Path) -> str:
    """Return the cells of a report's notebook from its imports on that read the results."""
    notebook = compose_notebook(make_context(material), material, Templates(folder))
    cells = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    first = next(at for at, code in enumerate(cells) if "levels.csv" in code)
    last = next(at for at, code in enumerate(cells) if "def show_levels" in code)
    return "\n".join((cells[0], *cells[first:last]))


def test_names_are_shown_as_they_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What keeps a spreadsheet from computing a name does not show in the notebook."""
    material = make_small_material()
    study = rename_study(material.results.studies[0], "A title", FORMULAS)
    material = replace(material, results=replace(material.results, studies=(study,)))
    levels = write_frame(make_levels_frame(material.results))
    assert not re.search(rb"(^|[,;\n])[=+@-]", levels)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "levels.csv").write_bytes(levels)
    for name in ("runs.csv", "epochs.csv"):
        (tmp_path / name).write_bytes(write_frame(make_runs_frame(material.results)))
    space: dict[str, Any] = {}
    exec(read_code(material, tmp_path), space)  # noqa: S102 - it is the program's own
    assert [*FORMULAS] == space["levels"].label.tolist()


def test_usual_names_need_no_code_of_their_own(tmp_path: Path) -> None:
    """A reader meets that code only where a name needs it."""
    assert "unguard" not in read_code(make_small_material(), tmp_path)
