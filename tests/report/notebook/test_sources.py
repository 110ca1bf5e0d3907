import ast
from pathlib import Path

import pytest

import mnistreport
from mnistreport.report.notebook import sources
from mnistreport.report.notebook.sources import Code, gather_imports, quote_source, read_cell

PACKAGE = Path(mnistreport.__file__).parent
QUOTED = [
    (module, names) for modules in sources._SOURCES.values() for module, names in modules.items()
]


@pytest.mark.parametrize(
    ("module", "names"), QUOTED, ids=[f"{module}.{names[0]}" for module, names in QUOTED]
)
def test_what_is_quoted_is_the_source(module: str, names: tuple[str, ...]) -> None:
    """Each class, function and constant of a cell is, as Python reads it, that of the module."""
    path = PACKAGE / f"{module.replace('.', '/')}.py"
    in_module = {ast.dump(node) for node in ast.parse(path.read_text("utf-8")).body}
    quoted = ast.parse(quote_source(module, names).text).body
    defined = [node for node in quoted if not isinstance(node, ast.Expr)]
    assert len(names) == len(defined)
    assert [] == [ast.unparse(node) for node in quoted if ast.dump(node) not in in_module]


def test_what_is_not_there_cannot_be_quoted() -> None:
    """A name that a module lost is told, not left out."""
    with pytest.raises(LookupError, match=r"mnistreport\.training\.loss has no entropy"):
        quote_source("training.loss", ["cross_entropy", "entropy"])


def test_imports_are_gathered_once() -> None:
    """One cell imports what the others use, Python's own first; what none uses is left out."""
    cells = [
        Code("Path(np.pi)", ("from pathlib import Path", "import numpy as np", "import os")),
        Code("nn.ReLU(Tensor)", ("from torch import nn", "from torch import Tensor")),
        Code("np.e", ("import numpy as np",)),
    ]
    expected = "from pathlib import Path\n\nimport numpy as np\nfrom torch import Tensor, nn"
    assert expected == gather_imports(cells)


def test_cells_of_the_notebook_import_nothing_themselves() -> None:
    """The first cell shows all that the notebook needs; Kaggle's library only if there is need."""
    for path in sorted((PACKAGE / "report" / "notebook" / "cells").glob("*.py")):
        body = ast.parse(read_cell(path.stem).text).body
        assert [] == [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)], path


def test_the_notebook_does_without_this_program() -> None:
    """Whoever runs it again need not have mnistreport: no code of its cells imports it."""
    codes = [quote_source(module, names) for module, names in QUOTED]
    assert [] == [line for code in codes for line in code.imports if "mnistreport" in line]
