"""The notebook: that it is one, and that it was run from its first cell to its last."""

import json
import warnings
from collections.abc import Sequence
from typing import Any, Final, NoReturn, cast

from mnistreport.data.files import printable
from mnistreport.verification.passages import Cell, join_lines
from mnistreport.verification.verdict import Unsound

FORMAT: Final = 4
"""Of nbformat."""
LARGEST_NOTEBOOK: Final = 64 * 2**20
"""Bytes of a notebook, its pictures included."""


def read_notebook(content: bytes) -> list[Cell]:
    """Return the cells of a valid notebook of format 4.

    Raises:
        Unsound: It is none.
    """
    if len(content) > LARGEST_NOTEBOOK:
        msg = f"is larger than {LARGEST_NOTEBOOK // 2**20} MiB"
        raise Unsound(msg)
    try:
        parsed: object = json.loads(content, parse_constant=_refuse_constant)
    except RecursionError as error:
        msg = "is nested too deeply"
        raise Unsound(msg) from error
    except ValueError as error:
        msg = f"is no JSON ({printable(str(error))})"
        raise Unsound(msg) from error
    version = (
        cast("dict[str, object]", parsed).get("nbformat") if isinstance(parsed, dict) else None
    )
    if version != FORMAT:
        msg = f"is no notebook of format {FORMAT}"
        raise Unsound(msg)
    notebook = cast("dict[str, Any]", parsed)
    import nbformat

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is set right before validation
            nbformat.validate(notebook)
    except RecursionError as error:
        msg = "is nested too deeply"
        raise Unsound(msg) from error
    except Exception as error:  # nbformat's own, jsonschema's, and what odd values lead to
        why = str(error).partition("\n")[0]
        msg = f"is no valid notebook ({printable(why)})"
        raise Unsound(msg) from error
    return notebook["cells"]


def find_execution_faults(cells: Sequence[Cell]) -> list[str]:
    """Return where the notebook was not run, not in order, or not without an error."""
    faults: list[str] = []
    expected, outputs = 0, 0
    for number, cell in enumerate(cells, 1):
        if cell["cell_type"] != "code" or not join_lines(cell["source"]).strip():
            continue
        expected += 1
        count = cell["execution_count"]
        outputs += len(cell["outputs"])
        if count is None:
            faults.append(f"cell {number} was not run")
        elif count != expected:
            faults.append(f"cell {number} was run as number {count}, not {expected}")
        faults += [
            f"cell {number} ended with an error ({printable(output['ename'])})"
            for output in cell["outputs"]
            if output["output_type"] == "error"
        ]
    if not expected:
        faults.append("it has no code")
    elif not outputs:
        faults.append("no cell has an output")
    return faults


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is no number of JSON"
    raise ValueError(msg)
