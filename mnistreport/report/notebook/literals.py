"""Values of a manifest in code cells: as literals that cannot be anything but data."""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Final, cast

_PLAIN: Final = re.compile("[A-Za-z0-9_.-]*")
_WIDE: Final = 88


def write_settings(values: Mapping[str, object]) -> str:
    """Return a cell that gives each name its value.

    Raises:
        TypeError: A value could be more than data.
    """
    return "\n".join(f"{name} = {write_value(value)}" for name, value in values.items())


def write_value(value: object, indent: int = 0) -> str:
    """Return a number, a plain word, a tuple of such or a dataclass of this program as Python.

    Free text is refused, however harmless it looks: a name of the manifest belongs into a file
    that a cell reads.

    Raises:
        TypeError: It is something else.
    """
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return f'"{value}"'
    if isinstance(value, tuple):
        items = [write_value(item, indent) for item in cast("tuple[object, ...]", value)]
        return f"({', '.join(items)}{',' * (len(items) == 1)})"
    if is_dataclass(value) and not isinstance(value, type):
        return _write_dataclass(value, indent)
    msg = f"{type(value).__name__} is no plain value, and does not belong into code"
    raise TypeError(msg)


def _write_dataclass(value: object, indent: int) -> str:
    name = type(value).__name__
    given = [
        f"{field.name}={write_value(getattr(value, field.name), indent + 4)}"
        for field in fields(value)  # type: ignore[arg-type]
    ]
    line = f"{name}({', '.join(given)})"
    if len(line) + indent <= _WIDE and "\n" not in line:
        return line
    space = " " * (indent + 4)
    return "\n".join((f"{name}(", *(f"{space}{each}," for each in given), f"{' ' * indent})"))
