"""How values and mistakes are put into words for somebody who writes a manifest."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from difflib import get_close_matches
from typing import Any, Final, cast

from pydantic_core import ErrorDetails

from mnistreport.study.positions import KeyPath
from mnistreport.study.spelling import format_label

_LONGEST: Final = 60  # characters of a value that a message repeats
_LISTED: Final = 5  # choices that a message names all of
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")

Schema = Mapping[str, Any]
"""A part of a JSON schema."""


def format_key(path: KeyPath) -> str:
    """Write a path as the manifest would: ``studies[1].levels[0]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if _BARE_KEY.fullmatch(part) else quote(part)
            text += f".{name}" if text else name
    return text


def quote(text: str) -> str:
    """Put text in quotation marks, on one line and cut to 60 characters."""
    escaped = "".join(map(_escape, text[: _LONGEST + 1]))
    return f'"{escaped if len(escaped) <= _LONGEST else escaped[: _LONGEST - 1] + "…"}"'


def format_value(value: object) -> str:
    """Write a value as the manifest would, or say what it is when that is long."""
    match value:
        case bool():
            text = "true" if value else "false"
        case int() if value.bit_length() > 4 * _LONGEST:
            text = "a number of very many digits"
        case int() | float():
            text = repr(value)
        case list() | tuple():
            text = f"a list of {_count_entries(len(cast('Sequence[object]', value)))}"
        case dict():
            text = "a table"
        case date() | time():
            text = f"the date or time {value.isoformat()}"
        case _:
            text = quote(str(value))
    return text


def find_nearest(name: str, known: Iterable[str]) -> str | None:
    """Find the known name that ``name`` is most likely a slip for."""
    by_folded = {each.casefold(): each for each in known}
    near = get_close_matches(name[: 2 * _LONGEST].casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[near[0]] if near else None


def suggest(name: str, known: Iterable[str]) -> str:
    """Continue a sentence with the nearest known name, or with all of them."""
    names = sorted(known)
    if nearest := find_nearest(name, names):
        return f"; did you mean `{nearest}`?"
    return f"; known here: {', '.join(names)}" if names else ""


def explain_error(error: ErrorDetails, node: Schema) -> str:
    """Put one of pydantic's errors into plain words.

    Args:
        error: The error.
        node: The JSON schema of the value it is about.
    """
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    match kind:
        case "missing":
            return "is missing"
        case "sentence":
            return error["msg"]
        case "rule":
            rule = error["msg"]
        case "finite_number":
            rule = "a finite number"
        case "too_short" | "too_long":
            return f"has {_count_entries(len(value))}, but must have {_describe_length(node)}"
        case "union_tag_invalid":
            value = value["kind"]
            rule = context["expected_tags"].replace("'", '"').replace(", ", " or ")
        case "literal_error":
            rule = _describe_choice(node, value)
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            rule = _describe_range(node)
        case "string_pattern_mismatch":
            rule = "letters a to z, digits, - and _ only, 40 at most"
        case _:
            rule = _describe_type(node)
    return f"is {format_value(value)}, but must be {rule}"


def _escape(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def _describe_choice(node: Schema, value: object) -> str:
    choices = [node["const"]] if "const" in node else node.get("enum", [])
    if len(choices) > _LISTED:
        return f"a known name{suggest(value if isinstance(value, str) else '', choices)}"
    return " or ".join(map(format_value, choices))


def _describe_range(node: Schema) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        return f"between {low} and {high}"
    bounds = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "exclusiveMaximum": "below",
        "maximum": "at most",
    }
    said = [f"{words} {format_label(node[key])}" for key, words in bounds.items() if key in node]
    return " and ".join(said) or "within range"


def _describe_type(node: Schema) -> str:
    match node.get("type"):
        case "integer":
            return "a whole number"
        case "number":
            return "a number"
        case "boolean":
            return "true or false"
        case "string":
            least, most = node.get("minLength", 0), node.get("maxLength")
            return "text" if most is None else f"text of {least or 'at most'} {most} characters"
        case "array":
            is_tables = "$ref" in node.get("items", {})
            return "a list of tables, each under [[ ]]" if is_tables else "a list"
        case _:
            return "a table"


def _describe_length(node: Schema) -> str:
    is_list = node.get("type") == "array"
    least = node.get("minItems" if is_list else "minProperties", 0)
    most = node.get("maxItems" if is_list else "maxProperties")
    return f"{least} to {most}"


def _count_entries(count: int) -> str:
    return {0: "no entries", 1: "one entry"}.get(count, f"{count} entries")
