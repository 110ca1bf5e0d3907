"""Operators: small changes that cosmic-ray does not make itself."""

from collections.abc import Iterator
from typing import Any

import parso
from cosmic_ray.operators.boolean_replacer import AddNot
from cosmic_ray.operators.operator import Operator
from parso.python import tree

Node = Any
"""A node of parso's; its children are nodes of any kind."""
Position = tuple[int, int]
"""Line and column."""


class NegateCondition(AddNot):
    """Negates the whole of a condition; cosmic-ray's own only what stands first in it."""

    def mutation_positions(self, node: Node) -> Iterator[tuple[Position, Position]]:
        """Yield where a condition stands, unless another operator negates it."""
        for start, end in super().mutation_positions(node):
            condition = node.children[1 if isinstance(node, self.NODE_TYPES) else 2]
            if condition.type not in {"comparison", "not_test"}:
                yield start, end

    def mutate(self, node: Node, index: int) -> Node:  # noqa: ARG002
        """Put ``not`` in front of the condition, in brackets."""
        place = 1 if isinstance(node, self.NODE_TYPES) else 2
        node.children[place] = parso.parse(f" not ({node.children[place].get_code().strip()})")
        return node


class DropCondition(Operator):
    """Takes the condition out of a comprehension."""

    def mutation_positions(self, node: Node) -> Iterator[tuple[Position, Position]]:
        """Yield where ``if`` stands in a comprehension."""
        if node.type in {"comp_if", "sync_comp_if"}:
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node: Node, index: int) -> Node:  # noqa: ARG002
        """Let the condition hold always; it is still evaluated, as it may set a name."""
        node.children[1] = parso.parse(f" [{node.children[1].get_code()}]")
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return none: they are for cosmic-ray's own tests."""
        return ()


class SwapName(Operator):
    """Puts the opposite in the place of a builtin function."""

    OPPOSITES = {"min": "max", "max": "min", "any": "all", "all": "any"}  # noqa: RUF012

    def mutation_positions(self, node: Node) -> Iterator[tuple[Position, Position]]:
        """Yield where such a function is called."""
        is_name = isinstance(node, tree.Name) and node.value in self.OPPOSITES
        if is_name and node.parent.type == "atom_expr" and node.parent.children[0] is node:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Node, index: int) -> Node:  # noqa: ARG002
        """Call the opposite."""
        node.value = self.OPPOSITES[node.value]
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return none."""
        return ()


class SwapMembership(Operator):
    """Turns ``in`` into ``not in``, and back."""

    def mutation_positions(self, node: Node) -> Iterator[tuple[Position, Position]]:
        """Yield where membership is tested."""
        if node.type == "comparison" and node.children[1].get_code().split() in (
            ["in"],
            ["not", "in"],
        ):
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node: Node, index: int) -> Node:  # noqa: ARG002
        """Test the opposite."""
        is_in = node.children[1].get_code().split() == ["in"]
        node.children[1] = parso.parse(" not in" if is_in else " in")
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return none."""
        return ()


class DropStatement(Operator):
    """Leaves out a call, a yielded value or an addition that stands as a line of its own."""

    def mutation_positions(self, node: Node) -> Iterator[tuple[Position, Position]]:
        """Yield such statements."""
        if node.type == "simple_stmt" and self._does_something(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    @staticmethod
    def _does_something(statement: Node) -> bool:
        if statement.type in {"atom_expr", "yield_expr"}:
            return True
        changes = statement.type == "expr_stmt" and statement.children[1].type == "operator"
        return changes and statement.children[1].value in {"+=", "-=", "|=", "&=", "*="}

    def mutate(self, node: Node, index: int) -> Node:  # noqa: ARG002
        """Do nothing instead."""
        prefix = node.get_first_leaf().prefix
        is_yield = node.children[0].type == "yield_expr"  # what yields nothing still has to yield
        node.children[0] = parso.parse(f"{prefix}{'yield from ()' if is_yield else 'pass'}")
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return none."""
        return ()
