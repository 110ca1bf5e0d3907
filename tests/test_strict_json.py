"""JSON that every reader accepts: RFC 8259 has neither NaN nor Infinity, but Python writes them."""

import ast
from pathlib import Path

import pytest

import mnistreport

WRITERS = {"dump", "dumps", "writes"}
"""Functions of json and nbformat that write."""
SOURCES = sorted(Path(mnistreport.__file__).parent.rglob("*.py"))


def _list_writers(source: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITERS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"json", "nbformat"}
    ]


def _is_strict(call: ast.Call) -> bool:
    """Tell whether a call refuses to write what is no number."""
    return any(
        each.arg == "allow_nan" and isinstance(each.value, ast.Constant) and not each.value.value
        for each in call.keywords
    )


def test_nothing_writes_a_number_that_is_none() -> None:
    """Wherever the program writes JSON, a NaN would be an error and not a token."""
    calls = {path: _list_writers(path.read_text("utf-8")) for path in SOURCES}
    assert 15 <= sum(map(len, calls.values()))
    lax = [
        f"{path}:{call.lineno}"
        for path, each in calls.items()
        for call in each
        if not _is_strict(call)
    ]
    assert [] == lax


@pytest.mark.parametrize("arguments", ["", ", allow_nan=True", ", indent=1"])
def test_a_lax_call_is_found(arguments: str) -> None:
    """The test above would see it."""
    (call,) = _list_writers(f"import json\njson.dumps(1{arguments})")
    assert not _is_strict(call)
