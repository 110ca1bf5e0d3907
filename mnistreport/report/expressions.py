"""Jinja expressions, read back: as a person writes them, and watched while they are evaluated.

Jinja keeps an expression as a tree without its text. A claim has to show its condition, and the
values of the names in it, so both are made from the tree.
"""

import json
from collections.abc import Callable
from typing import Final

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

_COMPARISONS: Final = {
    "eq": "==", "ne": "!=", "gt": ">", "gteq": ">=", "lt": "<", "lteq": "<=",
    "in": "in", "notin": "not in",
}  # fmt: skip
_BINARY: Final[dict[type[nodes.BinExpr], tuple[str, int]]] = {
    nodes.Or: ("or", 1), nodes.And: ("and", 2), nodes.Add: ("+", 5), nodes.Sub: ("-", 5),
    nodes.Mul: ("*", 7), nodes.Div: ("/", 7), nodes.FloorDiv: ("//", 7), nodes.Mod: ("%", 7),
    nodes.Pow: ("**", 8),
}  # fmt: skip
"""Each operator, and how strongly it binds; ``not`` and tests: 3, comparisons: 4, ``~``: 6."""
_TEST: Final = 3
_FILTER: Final = 10
_SIGN: Final = 11
_CHAIN: Final = 12

Watch = Callable[[str, nodes.Expr, tuple[str, ...]], nodes.Expr]


def say_expression(node: nodes.Node) -> str:
    """Return an expression as it can be written in a template."""
    return _say(node, 0)


def watch_operands(condition: nodes.Expr, watch: Watch) -> nodes.Expr:
    """Return ``condition`` with each of its operands put through ``watch``.

    An operand is the longest chain of attributes, items, calls and filters that begins with a
    name: ``study.best.label``, ``level("0.1").verdict``. ``watch`` is given what the operand
    reads as, the node that its trailing attributes belong to, and those attributes; what it
    returns takes the operand's place, and so is evaluated exactly when the operand would be.
    """
    watched: nodes.Expr = _Watcher(watch).visit(condition)
    return watched


class _Watcher(NodeTransformer):
    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def generic_visit(self, node: nodes.Node, *args: object, **kwargs: object) -> nodes.Node:
        if not (isinstance(node, nodes.Expr) and _is_chain(node)):
            return super().generic_visit(node, *args, **kwargs)
        owner, attributes = node, tuple[str, ...]()
        while isinstance(owner, nodes.Getattr):
            owner, attributes = owner.node, (owner.attr, *attributes)
        return self._watch(say_expression(node), owner, attributes)


def _is_chain(node: nodes.Node | None) -> bool:
    while isinstance(node, nodes.Getattr | nodes.Getitem | nodes.Call | nodes.Filter):
        node = node.node
    return isinstance(node, nodes.Name)


def _say(node: nodes.Node, around: int) -> str:
    """Return an expression, in brackets if what is ``around`` it binds more strongly."""
    text, strength = _say_operation(node) or _say_chain(node) or (_say_value(node), _CHAIN)
    return f"({text})" if strength < around else text


def _say_operation(node: nodes.Node) -> tuple[str, int] | None:  # noqa: PLR0911 - a line for each kind
    match node:
        case nodes.CondExpr():
            otherwise = f" else {_say(node.expr2, 0)}" if node.expr2 else ""
            return f"{_say(node.expr1, 4)} if {_say(node.test, 1)}{otherwise}", 0
        case nodes.Not(node=nodes.Test() as test):
            return _say_test(test, "is not"), _TEST
        case nodes.Test():
            return _say_test(node, "is"), _TEST
        case nodes.Not():
            return f"not {_say(node.node, 3)}", 3
        case nodes.Compare():
            rest = "".join(f" {_COMPARISONS[o.op]} {_say(o.expr, 5)}" for o in node.ops)
            return f"{_say(node.expr, 5)}{rest}", 4
        case nodes.Concat():
            return " ~ ".join(_say(each, 7) for each in node.nodes), 6
        case nodes.Neg() | nodes.Pos():
            return f"{node.operator}{_say(node.node, _SIGN)}", _SIGN
        case nodes.BinExpr():
            sign, strength = _BINARY[type(node)]
            left, right = _say(node.left, strength), _say(node.right, strength + 1)
            return f"{left} {sign} {right}", strength
        case _:
            return None


def _say_test(test: nodes.Test, verb: str) -> str:
    arguments = _say_arguments(test)
    return f"{_say(test.node, _FILTER)} {verb} {test.name}{arguments and f'({arguments})'}"


def _say_chain(node: nodes.Node) -> tuple[str, int] | None:
    match node:
        case nodes.Name():
            return node.name, _CHAIN
        case nodes.Getattr():
            return f"{_say(node.node, _CHAIN)}.{node.attr}", _CHAIN
        case nodes.Getitem():
            return f"{_say(node.node, _CHAIN)}[{_say(node.arg, 0)}]", _CHAIN
        case nodes.Call():
            return f"{_say(node.node, _CHAIN)}({_say_arguments(node)})", _CHAIN
        case nodes.Filter() if node.node:
            arguments = _say_arguments(node)
            filtered = f"{_say(node.node, _FILTER)} | {node.name}"
            return filtered + (arguments and f"({arguments})"), _FILTER
        case _:
            return None


def _say_value(node: nodes.Node) -> str:  # noqa: PLR0911 - a line for each kind
    match node:
        case nodes.Const(value=bool() | None):
            return str(node.value).lower()
        case nodes.Const(value=str()):
            return json.dumps(node.value, allow_nan=False, ensure_ascii=False)
        case nodes.Const():
            return repr(node.value)
        case nodes.List():
            return f"[{_join(node.items)}]"
        case nodes.Tuple():
            return f"({_join(node.items)}{',' if len(node.items) == 1 else ''})"
        case nodes.Dict():
            return f"{{{_join(node.items)}}}"
        case nodes.Pair():
            return f"{_say(node.key, 0)}: {_say(node.value, 0)}"
        case nodes.Keyword():
            return f"{node.key}={_say(node.value, 0)}"
        case nodes.Slice():
            parts = [node.start, node.stop, *([node.step] if node.step else [])]
            return ":".join(_say(part, 0) if part else "" for part in parts)
        case _:
            return "…"


def _say_arguments(node: nodes.Call | nodes.Filter | nodes.Test) -> str:
    return _join([*node.args, *node.kwargs])


def _join(parts: list[nodes.Expr] | list[nodes.Pair] | list[nodes.Node]) -> str:
    return ", ".join(_say(part, 0) for part in parts)
