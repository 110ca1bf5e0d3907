"""Code for a notebook's cells: the program's own source, and the cells around it.

The source is read as text, so that nothing is imported, and what a cell shows is what trained the
runs. Imports are gathered in one cell.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from mnistreport.resources import PACKAGE

_TO_TOOLS: Final = re.compile(r" *# (?:noqa|pyright|type): ?[^\n]*")
"""A remark to a linter or a type checker, which says nothing to a reader."""
_CELLS: Final = Path(__file__).parent / "cells"
_SOURCES: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "digits": {
        "study.experiment": ("IMAGE_SIZE", "CLASSES"),
        "data.dataset": ("Images", "Labels", "digest_digits"),
    },
    "embedded": {"data.embedded": ("BOX", "SMALL", "FULL", "frame_digits")},
    "kaggle": {"data.kaggle": ("HANDLE",)},
    "split": {"data.split": ("Indices", "digest_split")},
    "loader": {
        "data.pixels": ("BRIGHTEST", "CHUNK", "Normalisation", "measure_images"),
        "data.loaders": (
            *("Batch", "DigitTensors", "BatchIndices", "make_loader", "sample_digits"),
            *("convert_images", "_serve", "_keep"),
        ),
    },
    "settings": {
        "study.experiment": (
            *("RECIPE_VERSION", "MlpArchitecture", "CnnArchitecture", "Architecture"),
            *("TrainingSetting", "Variant", "Experiment", "_sha256"),
        ),
    },
    "cells": {"study.cells": ("_AT_FORMULA", "_GUARD", "unguard_text")},
    "networks": {
        "training.models": ("Mlp", "MapNorm", "FlattenMaps", "Cnn", "_MODELS", "make_model"),
    },
    "loss": {"training.loss": ("cross_entropy",)},
    "descent": {"training.descent": ("GradientDescent",)},
    "loop": {
        "training.result": ("Status", "FEWEST_MEASURED", "count_measured", "EpochRow"),
        "training.loop": (
            *("EVALUATION_BATCH", "LARGEST_LOSS", "TrainedModel", "Evaluation"),
            *("train_model", "explain_divergence", "make_row", "evaluate_model", "evaluate"),
        ),
    },
    "numbers": {
        "report.numbers": (
            *("NARROW_SPACE", "SPACE", "MINUS", "UNKNOWN", "_LOSS_DIGITS", "_SUPERSCRIPTS"),
            *("format_percent", "format_loss", "format_count"),
            *("_format_spread", "_exact", "_round", "_group", "_unit"),
        ),
    },
}
"""By the cell that shows them: names in the modules of this program."""


@dataclass(frozen=True, slots=True)
class Code:
    """What a code cell holds, and the imports it needs.

    Attributes:
        text: Source without imports at its top level.
        imports: One for each name that it binds, ``import torch`` or ``from torch import nn``.
    """

    text: str
    imports: tuple[str, ...] = ()


def quote_source(module: str, names: Iterable[str]) -> Code:
    """Return classes, functions and constants of a module of this program.

    Args:
        module: Its dotted name below ``mnistreport``, such as ``training.loop``.
        names: What is wanted; it comes in the module's order.

    Raises:
        LookupError: The module has no such thing.
    """
    source = _read(PACKAGE / f"{module.replace('.', '/')}.py")
    wanted = set(names)
    pieces: list[str] = []
    for node, following in zip(source.body, [*source.body[1:], None], strict=True):
        if name := _find_name(node) & wanted:
            wanted -= name
            explained = isinstance(node, ast.Assign) and _is_text(following)
            pieces.append(source.cut(node, following if explained else None))
    if wanted:
        msg = f"mnistreport.{module} has no {', '.join(sorted(wanted))}"
        raise LookupError(msg)
    return Code(_TO_TOOLS.sub("", _join(pieces)), source.imports)


def read_cell(name: str) -> Code:
    """Return the code of a cell that is the notebook's own, without its imports."""
    source = _read(_CELLS / f"{name}.py")
    rest = [node for node in source.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    text = "\n".join(source.lines[_find_start(rest[0], source.lines) :])
    return Code(text.rstrip(), source.imports)


def quote_cell(name: str, *, then: str = "") -> Code:
    """Return this program's source for a cell, and the notebook's own code after it."""
    codes = [quote_source(module, names) for module, names in _SOURCES[name].items()]
    codes += [read_cell(then)] if then else []
    text = "\n\n\n".join(code.text for code in codes)
    return Code(text, tuple(line for code in codes for line in code.imports))


def gather_imports(cells: Iterable[Code]) -> str:
    """Return one cell of all imports that ``cells`` make use of, Python's own first."""
    cells = tuple(cells)
    used = {
        node.id
        for cell in cells
        for node in ast.walk(ast.parse(cell.text))
        if isinstance(node, ast.Name)
    }
    modules: set[str] = set()
    members: dict[str, set[str]] = {}
    for line in {line for cell in cells for line in cell.imports}:
        node = ast.parse(line).body[0]
        if isinstance(node, ast.Import) and (node.names[0].asname or node.names[0].name) in used:
            modules.add(line)
        elif isinstance(node, ast.ImportFrom) and node.names[0].name in used:
            members.setdefault(str(node.module), set()).add(node.names[0].name)
    modules |= {f"from {module} import {', '.join(sorted(of))}" for module, of in members.items()}
    own = {line for line in modules if re.split("[ .]", line)[1] in sys.stdlib_module_names}
    groups = (sorted(group, key=_order_imports) for group in (own, modules - own))
    return "\n\n".join("\n".join(group) for group in groups if group)


def _order_imports(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line.lower()


@dataclass(frozen=True)
class _Source:
    lines: Sequence[str]
    body: Sequence[ast.stmt]
    imports: tuple[str, ...]

    def cut(self, first: ast.stmt, last: ast.stmt | None) -> str:
        decorators = getattr(first, "decorator_list", [])
        start = min([first.lineno, *(each.lineno for each in decorators)])
        return "\n".join(self.lines[start - 1 : (last or first).end_lineno])


@cache
def _read(path: Path) -> _Source:
    text = path.read_text("utf-8")
    body = ast.parse(text).body
    return _Source(text.splitlines(), body, tuple(_list_imports(body)))


def _list_imports(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield each import that is not of this program, a name at a time."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (ast.unparse(ast.Import([name])) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not str(node.module).startswith("mnistreport"):
            for name in node.names:
                yield f"from {node.module} import {name.name}"


def _find_name(node: ast.stmt) -> set[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {each.id for each in targets if isinstance(each, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
        case _:
            return set()


def _is_text(node: ast.stmt | None) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _find_start(node: ast.stmt, lines: Sequence[str]) -> int:
    """Return the index of the line at which a statement begins, comments before it included."""
    decorators = getattr(node, "decorator_list", [])
    start = min([node.lineno, *(each.lineno for each in decorators)]) - 1
    while start and lines[start - 1].startswith("#"):
        start -= 1
    return start


def _join(pieces: Sequence[str]) -> str:
    """Put two blank lines around what has a body, none between constants."""
    text, before = "", False
    for piece in pieces:
        has_body = piece.startswith(("def ", "class ", "@"))
        gap = "\n\n\n" if has_body or before else "\n"
        text += f"{gap if text else ''}{piece}"
        before = has_body
    return text
