"""Mutants: the program with one small change, as cosmic-ray makes them, and which are drawn.

cosmic-ray finds the places and makes the changes. Its operators that replace one thing by anything
are left out, since what they make fails to run. A few of our own change what it leaves alone.
"""

import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider
from parso.python import tree
from parso.tree import NodeOrLeaf

from tests.torture.mutation_operators import (
    DropCondition,
    DropStatement,
    NegateCondition,
    SwapMembership,
    SwapName,
)

ROOT = Path(__file__).parents[2]
EXPLAINED = ROOT / "tests" / "torture" / "explained_mutants.toml"

CHOSEN = (
    *(f"ReplaceComparisonOperator_{each}" for each in (
        "Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is",
        "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt",
    )),
    *(f"ReplaceBinaryOperator_{each}" for each in (
        "Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Div", "Mod_FloorDiv", "Pow_Mul",
        "BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitOr",
    )),
    *(f"ReplaceUnaryOperator_Delete_{each}" for each in ("Not", "USub", "Invert")),
    "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr",
    "ReplaceOrWithAnd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak",
    "ExceptionReplacer", "NumberReplacer", "ZeroIterationForLoop",
)  # fmt: skip
"""Those of cosmic-ray's operators that are used."""
CALCULATIONS = {"arith_expr", "term", "power", "expr", "xor_expr", "and_expr"}
"""Where a sign calculates; elsewhere it may be a part of a call's or a function's arguments."""
FOR_PROGRAMMERS = {"msg", "step", "rule", "sentence", "reason"}
"""Names that stand for the words of an error."""
LIMITS = {"MOST_BYTES", "MOST_PARTS", "DEEPEST", "LONGEST_SCALAR", "MOST_PROBLEMS", "_MOST_ERRORS"}
"""Names of limits on what is read or printed, which are set with much to spare."""


OWN = (NegateCondition, DropCondition, SwapName, SwapMembership, DropStatement)


@cache
def _make_operators() -> dict[str, Operator]:
    provider = OperatorProvider()
    return {name: provider[name]() for name in CHOSEN} | {each.__name__: each() for each in OWN}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a change is made, in words that outlast changes elsewhere in the file.

    Attributes:
        module: The file, from the root of the project.
        function: Name of the function, with its class; empty outside.
        operator: Name of the operator.
        line: The line of code, without spaces around it.
        twin: Which of several that would be described alike, from 0.
    """

    module: str
    function: str
    operator: str
    line: str
    twin: int

    def rank(self, seed: int) -> str:
        """Return what the draw sorts by."""
        return hashlib.sha256(f"{seed} {self}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why no test notices a change.

    Attributes:
        reason: In words.
        is_counted: Whether a test could notice it, so that it counts as not noticed.
    """

    reason: str
    is_counted: bool


@dataclass(frozen=True, slots=True)
class Mutant:
    """One small change.

    Attributes:
        place: Where.
        occurrence: Which of the operator's places in the file, from 0.
        number: Of the line.
    """

    place: Place
    occurrence: int
    number: int

    def apply(self, source: str) -> str:
        """Return the changed text of the file."""
        operator = _make_operators()[self.place.operator]
        changed = mutate_code(source, operator, self.occurrence)
        assert changed is not None
        return changed

    def describe(self, source: str) -> str:
        """Return the first line that differs, as it was and as it is."""
        before, after = source.splitlines(), self.apply(source).splitlines()
        for lines in zip(before, after, strict=False):
            one, other = (" ".join(re.sub(" +# .*", "", line).split()) for line in lines)
            if one != other:
                return f"{one} → {other}"
        return "the last lines differ"


def list_mutants(modules: Sequence[Path]) -> list[Mutant]:
    """Return every change that could be made in ``modules``."""
    return [each for module in modules for each in _list_in_module(module)]


def draw_mutants(
    mutants: Sequence[Mutant], count: int, seed: int, uncounted: Container[Place] = ()
) -> list[Mutant]:
    """Draw ``count`` mutants, in order, and those that are not counted on the way.

    With each seed others; a change of the program redraws only what it changes.
    """
    drawn: list[Mutant] = []
    for mutant in sorted(mutants, key=lambda each: each.place.rank(seed)):
        if count <= 0:
            break
        drawn.append(mutant)
        count -= mutant.place not in uncounted
    return sorted(drawn, key=lambda each: (each.place.module, each.number))


def load_explained() -> dict[Place, Explanation]:
    """Return what is said of changes that no test notices."""
    rows: list[dict[str, Any]] = tomllib.loads(EXPLAINED.read_text("utf-8"))["mutants"]
    names = ("module", "function", "operator", "line")
    return {
        Place(*(row[name] for name in names), twin=twin): Explanation(
            row["reason"], is_counted=row.get("counted", False)
        )
        for row in rows
        for twin in row.get("twins", [0])
    }


def _list_in_module(module: Path) -> Iterator[Mutant]:
    name = module.relative_to(ROOT).as_posix()
    lines = module.read_text("utf-8").splitlines()
    nodes = [*ast_nodes(get_ast_from_path(module))]
    seen: Counter[tuple[str, str, str]] = Counter()
    for kind, operator in _make_operators().items():
        places = [
            (node, start[0]) for node in nodes for start, _ in operator.mutation_positions(node)
        ]
        for occurrence, (node, number) in enumerate(places):
            if kind == "NumberReplacer" and occurrence % 2:
                continue  # it makes a number greater by one, and then less by one
            line = lines[number - 1].strip()
            if _is_to_be_changed(node, kind) and not line.startswith("case "):
                described = _name_function(node), kind, line
                yield Mutant(Place(name, *described, seen[described]), occurrence, number)
                seen[described] += 1


def _list_parents(node: NodeOrLeaf) -> Iterator[tuple[NodeOrLeaf, NodeOrLeaf]]:
    """Yield each parent with its child on the way to ``node``."""
    child = node
    while (parent := child.parent) is not None:
        yield parent, child
        child = parent


def _name_function(node: NodeOrLeaf) -> str:
    names = [
        str(parent.name.value)
        for parent, _ in _list_parents(node)
        if parent.type in {"funcdef", "classdef"}
    ]
    return ".".join(reversed(names))


def _is_to_be_changed(node: NodeOrLeaf, kind: str) -> bool:
    if kind.startswith("ReplaceBinary"):
        if node.parent is None or node.parent.type not in CALCULATIONS:
            return False
        if kind.startswith("ReplaceBinaryOperator_BitOr") and not _name_function(node):
            return False  # a type, as in ``Count = int | None``, or a pattern
    if isinstance(node, tree.IfStmt) and _is_left_alone(node, node.children[1]):
        return False
    return not any(_is_left_alone(*each) for each in _list_parents(node))


def _is_left_alone(parent: NodeOrLeaf, child: NodeOrLeaf) -> bool:
    """Tell whether ``child`` is for readers of the code: a type, a decorator, an error's words."""
    match parent:
        case tree.Param(annotation=annotation) | tree.Function(annotation=annotation) if annotation:
            left_alone = child is annotation or child.type == "tfpdef"
        case tree.PythonNode(type="annassign"):
            left_alone = child is parent.children[1]
        case tree.PythonNode(type="argument"):  # a guard against faults of the program itself
            left_alone = parent.children[0].get_code().strip() == "strict"
        case tree.ExprStmt(children=[tree.Name(value=name), *_]):
            left_alone = name in FOR_PROGRAMMERS | LIMITS
        case tree.IfStmt():
            left_alone = "TYPE_CHECKING" in parent.children[1].get_code()
        case _:
            left_alone = parent.type in {"decorator", "raise_stmt"}
    return left_alone
