"""The filters of templates: a number, a measure or a difference, printed as the tables print it.

A reader writes ``level("0.1").against_baseline | points`` and
``level.variant.validation_accuracy | percent``. So what has a mean stands for its mean, as long as
the filter fits its unit.
"""

from collections.abc import Callable, Mapping
from typing import Concatenate, Final, ParamSpec

from jinja2 import Undefined

from mnistreport.analysis.comparisons import Comparison
from mnistreport.analysis.statistics import Difference, Measure
from mnistreport.report import numbers
from mnistreport.report.dates import format_date
from mnistreport.report.wording import capitalise, end_sentence

_UNITS: Final[Mapping[str, str]] = {
    "percent": "share",
    "points": "points",
    "loss": "nats",
    "seconds": "seconds",
}
"""Which unit of a measure a filter prints."""
_IN_WORDS: Final[Mapping[str, str]] = {
    "share": "a share",
    "points": "a difference of shares",
    "nats": "a loss",
    "seconds": "a duration",
}


Rest = ParamSpec("Rest")


def find_number(value: object, name: str) -> float:
    """Return the one number that a value stands for in the filter called ``name``.

    Raises:
        TypeError: It stands for none, or for one of another unit.
    """
    if isinstance(value, Undefined):
        return float(value)  # raises, and says which name does not exist
    if isinstance(value, Measure | Difference | Comparison):
        return _find_mean(value, name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    msg = f"| {name} cannot print a {type(value).__name__}"
    if value is None:
        msg += ": nothing is there, as of runs that did not finish; ask first, with {% if … %}"
    raise TypeError(msg)


def _find_mean(value: Measure | Difference | Comparison, name: str) -> float:
    unit = value.unit if isinstance(value, Measure) else "points"
    if _UNITS.get(name) != unit:
        fitting = next(each for each, its in _UNITS.items() if its == unit)
        msg = f"this is {_IN_WORDS[unit]}: print it with | {fitting}, not with | {name}"
        raise TypeError(msg)
    return value.difference.mean if isinstance(value, Comparison) else value.mean


def _print_measure(value: object, digits: int = 2) -> str:
    if isinstance(value, Measure):
        return numbers.format_measure(value, digits)
    if isinstance(value, Difference | Comparison):
        return numbers.format_points(find_number(value, "points"), digits)
    if isinstance(value, int | float):
        msg = "| measure prints what was measured over the seeds; print one number with "
        msg += " or ".join(f"| {name}" for name in _UNITS)
        raise TypeError(msg)
    return numbers.format_measure(Measure(find_number(value, "measure"), None, 1, ()))


def _print_p(value: object, *, named: bool = True) -> str:
    if isinstance(value, Difference):  # its own p-value is not corrected for the other levels
        msg = "a difference has no corrected p-value: print the level's, level.p_adjusted | p"
        raise TypeError(msg)
    p_value = value.p_adjusted if isinstance(value, Comparison) else value
    return numbers.format_p(find_number(p_value, "p"), named=named)


def _of_number(
    name: str, print_number: Callable[Concatenate[float, Rest], str]
) -> Callable[Concatenate[object, Rest], str]:
    def print_value(value: object, /, *args: Rest.args, **kwargs: Rest.kwargs) -> str:
        return print_number(find_number(value, name), *args, **kwargs)

    return print_value


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    "percent": _of_number("percent", numbers.format_percent),
    "points": _of_number("points", numbers.format_points),
    "loss": _of_number("loss", numbers.format_loss),
    "seconds": _of_number("seconds", numbers.format_seconds),
    "count": _of_number("count", lambda number: numbers.format_count(int(number))),
    "measure": _print_measure,
    "p": _print_p,
    "date": format_date,
    "sentence": end_sentence,
    "capitalize": capitalise,  # Jinja's own would put the rest in lower case
}
