"""What a finding is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from mnistreport.analysis.comparisons import Strength

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement.

    Attributes:
        kind: What sort of statement; a key of ``report.sentences``.
        strength: How firmly the runs carry it.
        values: What it rests on: levels, measures, comparisons, counts.
    """

    kind: str
    strength: Strength
    values: Mapping[str, object]

    def get(self, key: str, kind: type[T]) -> T:
        """Return a value that is a ``kind``."""
        value = self.values[key]
        if not isinstance(value, kind):
            msg = f"{key} of finding {self.kind} is no {kind.__name__}"
            raise TypeError(msg)
        return value

    def get_optional(self, key: str, kind: type[T]) -> T | None:
        """Return a value that is a ``kind``, or nothing."""
        return None if self.values[key] is None else self.get(key, kind)

    def get_all(self, key: str, kind: type[T]) -> tuple[T, ...]:
        """Return a value that is a tuple of ``kind``."""
        values = cast("tuple[object, ...]", self.get(key, tuple))
        return tuple(value for value in values if isinstance(value, kind))
