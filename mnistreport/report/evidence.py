"""What a claim rests on: the operands of its condition, with their values as a reader sees them."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, cast

from jinja2 import Undefined

from mnistreport.analysis.statistics import Difference, Measure
from mnistreport.report.numbers import MINUS, format_measure, format_percent, format_points
from mnistreport.report.views import FinalView

_ITEMS_SHOWN: Final = 8
_LONGEST_TEXT: Final = 80
_NAMES: Final = ("name", "label", "title", "sentence", "architecture", "model")
"""What a value of many fields is called by: the first of these that it has."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """An operand of a condition.

    Attributes:
        name: As the condition has it, ``study.best.label``.
        value: What it was, for a reader: ``"0.1"``, ``97.91 %``, ``true``.
    """

    name: str
    value: str


def describe_value(value: object, owners: Sequence[object] = (), attribute: str = "") -> str:
    """Return a value in a few words.

    Args:
        value: Anything that a template can name.
        owners: What it was reached through, the nearest last: they tell in which unit it is.
        attribute: Its name in the nearest owner.
    """
    if isinstance(value, float) and (said := _describe_in_unit(value, owners, attribute)):
        return said
    return _describe(value)


def _describe_in_unit(value: float, owners: Sequence[object], attribute: str) -> str | None:
    if not owners:
        return None
    owner = owners[-1]
    if isinstance(owner, Measure) and attribute in {"mean", "sd"}:
        # A spread of shares is printed in the same unit as their mean.
        return format_measure(Measure(value, None, 1, (value,), owner.unit))
    if isinstance(owner, Difference) and attribute == "mean":
        return format_points(value)
    if attribute in {"low", "high"} and len(owners) > 1:
        if isinstance(owners[-2], Difference):
            return format_points(value)
        if isinstance(owners[-2], FinalView):
            return format_percent(value)
    return None


def _describe(value: object) -> str:  # noqa: PLR0911 - a line for each kind of value
    match value:
        case Undefined():
            return "not there"
        case bool() | None:
            return str(value).lower()
        case str():
            text = " ".join(value.split())
            return f'"{text}"' if len(text) <= _LONGEST_TEXT else f'"{text[:_LONGEST_TEXT]}…"'
        case int() | float():
            return f"{value:.6g}".replace("-", MINUS) if isinstance(value, float) else str(value)
        case Measure():
            return format_measure(value)
        case Difference():
            return format_points(value.mean)
        case _ if dataclasses.is_dataclass(value):
            names = (getattr(value, name, None) for name in _NAMES)
            return next((str(name) for name in names if name), type(value).__name__)
        case Iterable() if not isinstance(value, Iterator):
            items = list(islice(cast("Iterable[object]", value), _ITEMS_SHOWN + 1))
            shown = [_describe(item) for item in items[:_ITEMS_SHOWN]]
            return ", ".join([*shown, "…"] if len(items) > _ITEMS_SHOWN else shown) or "nothing"
        case _:
            return type(value).__name__
