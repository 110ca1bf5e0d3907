"""Constants in a template's expressions that it prints: numbers that a person typed there.

``{{ 0.9987 | percent }}`` and ``{% set x = "98.76 %" %}{{ x }}`` print a number that comes from no
result. What only chooses among results is no such number: the arguments of ``level`` or ``round``,
an index, what a condition compares with, a factor that a result is multiplied by.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from jinja2 import nodes

_LOOKUPS: Final = frozenset(("level", "finding", "ref", "mine", "range"))
"""Functions whose arguments are not printed; or are a person's own, and said to be."""
_PRINTING: Final = frozenset(("default", "d", "join", "replace", "format", "indent"))
"""Filters that print their arguments, too."""
_UNITS: Final = {"percent": ("%", 100), "points": ("pp", 100)}
_SCALING: Final = (nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow)
_CHOOSING: Final = (nodes.CondExpr, nodes.And, nodes.Or, nodes.List, nodes.Tuple, nodes.Dict)
_JOINING: Final = (nodes.Add, nodes.Sub, nodes.Concat, nodes.And, nodes.Or, nodes.List, nodes.Tuple)

Leaf = tuple[nodes.Const | nodes.Name, str]
"""A constant or variable whose value is printed, and the filter that gives it its unit."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant that a template prints.

    Attributes:
        line: Line in the template, from 1.
        text: What it reads as, ``99.87 %``.
    """

    line: int
    text: str


def find_constants(template: nodes.Template) -> tuple[Constant, ...]:
    """Return the constants that a template prints, in the order of its lines."""
    found = _Search()
    found.look_through(template.body)
    loaded = {each.name for each in template.find_all(nodes.Name) if each.ctx == "load"}
    # A variable that nothing here reads may be printed by another template.
    unread = [name for name in found.values if name not in loaded]
    leaves = [*found.leaves]
    leaves += [leaf for name in unread for leaf in found.take(name)]
    for leaf, _ in leaves:  # grows: what is printed may be set from what was set before
        leaves += found.take(leaf.name) if isinstance(leaf, nodes.Name) else []
    constants = (_read(leaf, unit) for leaf, unit in leaves if isinstance(leaf, nodes.Const))
    return tuple(sorted(filter(None, constants), key=lambda each: each.line))


class _Search:
    """Goes through a template's statements.

    Attributes:
        leaves: What it prints.
        values: What each variable is set to, here and there.
    """

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self.values: dict[str, list[list[Leaf]]] = {}

    def take(self, name: str) -> list[Leaf]:
        """Return what a variable is set to, unless that was taken before."""
        taken: list[Leaf] = []
        for group in self.values.pop(name, []):
            taken += group
            group.clear()  # others may be set by the same statement
        return taken

    def look_through(self, body: Iterable[nodes.Node]) -> None:
        """Gather what statements print and set."""
        for node in body:
            self._look_at(node)
            for name in ("body", "elif_", "else_"):
                self.look_through(getattr(node, name, None) or ())

    def _look_at(self, node: nodes.Node) -> None:
        match node:
            case nodes.Output():
                self._print(node.nodes)
            case nodes.Assign():
                self._assign(node.target, [node.node])
            case nodes.For():
                self._assign(node.target, [node.iter])
            case nodes.With():
                for target, value in zip(node.targets, node.values, strict=True):
                    self._assign(target, [value])
            case nodes.Macro():
                self._print(node.defaults)
            case nodes.CallBlock() if not isinstance(node.call.node, nodes.ExtensionAttribute):
                self._print([*node.defaults, node.call])
            case nodes.FilterBlock():
                self._print([node.filter])
            case _:
                pass

    def _print(self, expressions: Iterable[nodes.Node]) -> None:
        self.leaves += [leaf for each in expressions for leaf in _list_leaves(each, "")]

    def _assign(self, target: nodes.Node, values: Iterable[nodes.Node]) -> None:
        names = [each.name for each in target.find_all((nodes.Name, nodes.NSRef))]
        names += [target.name] if isinstance(target, nodes.Name | nodes.NSRef) else []
        leaves = [leaf for each in values for leaf in _list_leaves(each, "")]
        for name in names:
            self.values.setdefault(name, []).append(leaves)


def _list_leaves(node: nodes.Node | None, unit: str) -> Iterator[Leaf]:
    """Yield the constants and variables whose value an expression comes to, at least in part."""
    match node:
        case nodes.Const() | nodes.Name():
            yield node, unit
        case nodes.Neg(node=nodes.Const(value=int() | float()) as inner):
            yield nodes.Const(-inner.value, lineno=inner.lineno), unit
        case nodes.Filter():
            yield from _list_leaves(node.node, node.name if node.name in _UNITS else unit)
            if node.name in _PRINTING:
                yield from _list_arguments(node)
        case nodes.Call():
            if not (isinstance(node.node, nodes.Name) and node.node.name in _LOOKUPS):
                yield from _list_leaves(node.node, "")
                yield from _list_arguments(node)
        case nodes.Expr():
            for each in _list_parts(node):
                yield from _list_leaves(each, unit if isinstance(node, _CHOOSING) else "")
        case _:
            return


def _list_parts(node: nodes.Expr) -> Iterable[nodes.Node | None]:
    """Return the parts of an expression whose values are in its own."""
    match node:
        case nodes.Getattr() | nodes.Getitem() | nodes.Neg() | nodes.Pos():
            return (node.node,)
        case nodes.CondExpr():
            return (node.expr1, node.expr2)
        case nodes.Dict():
            return [each.value for each in node.items]
        case nodes.BinExpr() if isinstance(node, _SCALING):
            sides = (node.left, node.right)
            factors = [each for each in sides if _is_number(each)]
            return sides if len(factors) != 1 else [each for each in sides if each not in factors]
        case _ if isinstance(node, _JOINING):
            return node.iter_child_nodes()
        case _:
            return ()


def _list_arguments(node: nodes.Call | nodes.Filter) -> Iterator[Leaf]:
    for each in (*node.args, *(pair.value for pair in node.kwargs), node.dyn_args, node.dyn_kwargs):
        yield from _list_leaves(each, "")


def _is_number(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, int | float)


def _read(constant: nodes.Const, unit: str) -> Constant | None:
    """Return a constant as it is read; nothing if there is no number in it."""
    value = constant.value
    if isinstance(value, str):
        return Constant(constant.lineno, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = Decimal(repr(value))
    if not number.is_finite():
        return None
    said, scale = _UNITS.get(unit, ("", 1))
    return Constant(constant.lineno, f"{(number * scale).normalize():f} {said}".strip())
