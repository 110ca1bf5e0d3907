"""Where a template's variables come from: what is missing in a value is missing in what it makes.

``{% set m = level("5").variant.overfitted %}{% claim not m %}…`` asks about a run that did not
finish, though the claim itself names only ``m``. So each variable that a template sets gets a
second one, which holds what was missing among the values it was made of: in the same scope, set by
the same statements, and read wherever the variable is. That is done to the tree of a template,
before it is compiled.

What an ``if`` or ``for`` decides counts as well: for what is set in its body, and for what would
have been set there.
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar, cast

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.visitor import NodeTransformer

from mnistreport.report.dataflow import SUFFIX, DataflowExtension

Kind = TypeVar("Kind", bound=nodes.Node)


def follow_variables(template: nodes.Template, dataflow: DataflowExtension) -> nodes.Template:
    """Return the tree of a template with second variables, which ``dataflow`` keeps."""
    followed: nodes.Template = _Follower(dataflow).visit(template)
    followed.set_environment(dataflow.environment)
    return followed


class _Recaller(NodeTransformer):
    """Has each variable that an expression reads bring along what is missing in it."""

    def __init__(self, calls: "_Calls") -> None:
        self._calls = calls

    def visit_Name(self, node: nodes.Name) -> nodes.Expr:  # noqa: N802 - as Jinja names it
        if node.ctx != "load":
            return node
        return self._calls.make(node.lineno, "recall", node, _second(node.name, node.lineno))


class _Calls:
    """Makes calls of the extension."""

    def __init__(self, extension: Extension) -> None:
        self._extension = extension

    def make(self, line: int, method: str, *args: nodes.Expr) -> nodes.Call:
        call = self._extension.call_method(method, list(args), lineno=line)
        call.set_lineno(line)  # of those that have none
        return call

    def state(self, line: int, method: str, *args: nodes.Expr) -> nodes.ExprStmt:
        return nodes.ExprStmt(self.make(line, method, *args), lineno=line)


class _Follower(NodeTransformer):
    """Adds the second variables to a template."""

    def __init__(self, extension: DataflowExtension) -> None:
        self._calls = _Calls(extension)
        self._recaller = _Recaller(self._calls)
        self._name_decision = extension.name_decision
        self._decisions: tuple[str, ...] = ()

    def visit_Assign(self, node: nodes.Assign) -> list[nodes.Node]:  # noqa: N802
        node.node = self._enclose("closed", node.node)
        if isinstance(node.target, nodes.NSRef):
            space = nodes.Name(node.target.name, "load", lineno=node.lineno)
            return [
                node,
                self._calls.state(node.lineno, "stained", space, self._last(node), _const(())),
            ]
        return [node, *self._set_second(node.target, self._last(node))]

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> list[nodes.Node]:  # noqa: N802
        self.generic_visit(node)
        node.body.insert(0, self._calls.state(node.lineno, "opened"))
        lacks = self._calls.make(node.lineno, "closed_block", _const(self._decisions))
        return [node, *self._set_second(node.target, lacks)]

    def visit_If(self, node: nodes.If) -> list[nodes.Node]:  # noqa: N802
        name = self._name_decision()
        node.test = self._enclose("decided", node.test, _const(name))
        for other in node.elif_:
            other.test = self._enclose("decided_further", other.test, _const(name))
        branches = [node.body, *(other.body for other in node.elif_), node.else_]
        might = [*_list_set([each for branch in branches for each in branch])]
        with_decision, before = (*self._decisions, name), self._decisions
        self._decisions = with_decision
        node.body, *others, node.else_ = [self._visit_all(branch) for branch in branches]
        for other, body in zip(node.elif_, others, strict=True):
            other.body = body
        self._decisions = before
        return [node, *self._stain(might, name, node.lineno)]

    def visit_For(self, node: nodes.For) -> list[nodes.Node]:  # noqa: N802
        name, inside = self._name_decision(), self._name_decision()
        target, decisions = node.target, _const(self._decisions)
        at_once, item = _const(value=True), _const(None)
        if isinstance(target, nodes.Name) and not node.recursive:
            at_once, item = _const(value=False), nodes.Name(target.name, "load", lineno=node.lineno)
        node.iter = self._enclose("iterated", node.iter, _const(name), at_once)
        if node.test is not None:
            node.test = self._enclose("tested", node.test, _const(name), item)
        might = [each for each in _list_set(node.body) if isinstance(each, nodes.NSRef)]
        before, self._decisions = self._decisions, (*self._decisions, inside)
        entered = self._calls.make(
            node.lineno, "entered", _const(name), _const(inside), item, decisions
        )
        node.body = [*self._set_second(target, entered), *self._visit_all(node.body)]
        self._decisions = before
        node.else_ = self._visit_all(node.else_)
        return [node, *self._stain(might, name, node.lineno)]

    def visit_With(self, node: nodes.With) -> nodes.Node:  # noqa: N802
        targets, values = list[nodes.Expr](), list[nodes.Expr]()
        for target, value in zip(node.targets, node.values, strict=True):
            seconds = [_second(each.name, each.lineno, "store") for each in _find_names(target)]
            targets += [target, *seconds]
            values += [self._enclose("closed", value), *(self._last(node) for _ in seconds)]
        node.targets, node.values = targets, values
        node.body = self._visit_all(node.body)
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        # What is given to a macro may be asked about in it.
        node.nodes = [
            self._enclose("closed", each) if any(_find_all([each], nodes.Call)) else each
            for each in node.nodes
        ]
        return node

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node | list[nodes.Node]:  # noqa: N802
        node.body = self._visit_all(node.body)
        if isinstance(node.call.node, nodes.ExtensionAttribute):  # a claim, which sees to itself
            return node
        node.call = cast("nodes.Call", self._recaller.generic_visit(node.call))
        lost = nodes.Name(f"call{SUFFIX}", "store", lineno=node.lineno)
        closing = self._calls.make(node.lineno, "closed_block", _const(()))
        end = nodes.Assign(lost, closing, lineno=node.lineno)
        return [self._calls.state(node.lineno, "opened"), node, end]

    def visit_ExprStmt(self, node: nodes.ExprStmt) -> nodes.Node:  # noqa: N802
        node.node = self._recaller.visit(node.node)  # the condition of a claim
        return node

    def visit_FromImport(self, node: nodes.FromImport) -> nodes.Node:  # noqa: N802
        if node.with_context:
            seconds: list[str | tuple[str, str]] = []
            for each in node.names:
                name, alias = each if isinstance(each, tuple) else (each, each)
                seconds.append((f"{name}{SUFFIX}", f"{alias}{SUFFIX}"))
            node.names = [*node.names, *seconds]
        return node

    def _enclose(self, method: str, expression: nodes.Node, *args: nodes.Expr) -> nodes.Call:
        """Return an expression that is computed in a frame of notes, which ``method`` closes."""
        line = expression.lineno
        recalling: nodes.Expr = self._recaller.visit(expression)
        opened = self._calls.make(line, "opened")
        return self._calls.make(line, method, *args, opened, recalling)

    def _last(self, node: nodes.Node) -> nodes.Call:
        return self._calls.make(node.lineno, "last", _const(self._decisions))

    def _set_second(self, target: nodes.Node, lacks: nodes.Expr) -> list[nodes.Assign]:
        return [
            nodes.Assign(_second(each.name, each.lineno, "store"), lacks, lineno=each.lineno)
            for each in _find_names(target)
        ]

    def _stain(
        self, targets: Iterable[nodes.Name | nodes.NSRef], decision: str, line: int
    ) -> Iterator[nodes.Node]:
        """Yield what marks variables and namespaces that a decision has set, or might have."""
        decisions = _const((decision,))
        for target in targets:
            if isinstance(target, nodes.NSRef):
                space = nodes.Name(target.name, "load", lineno=line)
                yield self._calls.state(line, "stained", space, _const(()), decisions)
            else:
                second = _second(target.name, line)
                lacks = self._calls.make(line, "joined", second, decisions)
                yield nodes.Assign(_second(target.name, line, "store"), lacks, lineno=line)

    def _visit_all(self, body: list[nodes.Node]) -> list[nodes.Node]:
        visited: list[nodes.Node] = []
        for each in body:
            made: nodes.Node | list[nodes.Node] = self.visit(each)
            visited += made if isinstance(made, list) else [made]
        return visited


def _second(name: str, line: int, ctx: str = "load") -> nodes.Name:
    return nodes.Name(f"{name}{SUFFIX}", ctx, lineno=line)


def _const(value: object) -> nodes.Const:
    return nodes.Const(value)


def _find_all(roots: Iterable[nodes.Node | None], kind: type[Kind]) -> Iterator[Kind]:
    for root in roots:
        if isinstance(root, kind):
            yield root
        if root is not None:
            yield from root.find_all(kind)


def _find_names(target: nodes.Node) -> Iterator[nodes.Name]:
    """Yield the variables that a statement sets: one, or several of a tuple."""
    yield from _find_all([target], nodes.Name)


def _list_set(body: Iterable[nodes.Node]) -> Iterator[nodes.Name | nodes.NSRef]:
    """Yield the variables that statements set in their scope, and the namespaces in any."""
    for node in body:
        match node:
            case nodes.Assign() | nodes.AssignBlock():
                yield from _find_names(node.target)
                yield from _find_all([node.target], nodes.NSRef)
            case nodes.If():
                yield from _list_set([*node.body, *node.elif_, *node.else_])
            case _:
                for each in _find_all([node], nodes.Assign):
                    yield from _find_all([each.target], nodes.NSRef)
