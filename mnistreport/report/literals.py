"""Numbers typed into prose, which go stale unnoticed: those that nothing bears out.

What a template prints through ``{{ }}`` comes from the results; what is typed beside it does not.
A typed number is borne out if a number of the report or of the manifest, rounded to as many
decimals, is equal to it; before a percent sign or ``pp``, a hundred times that number. Without a
sign it stands for a number of either sign.

Left alone are

- whole numbers up to ``MOST_COUNTED`` and years, unless a percent sign or ``pp`` follows;
- headings, the numbers of list items, dates and times, the addresses of links, and code;
- numbers that are part of a word (``conv2d``, ``SHA-256``, ``3rd``, ``28x28``) or a version
  (``1.2.3``), but not ``28×28``, which is two numbers;
- what ``mine("97.3 %")`` prints.
"""

import dataclasses
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, cast

from markdown_it.token import Token

from mnistreport.report.markdown import parse_markdown, refuse_long
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from mnistreport.study.manifest import Manifest

MOST_COUNTED: Final = 20
"""Whole numbers up to this are mostly counts that a person sees at a glance, two networks or ten
digits, and almost any of them would be some number of the results as well."""
YEARS: Final = range(1900, 2100)

LONGEST: Final = 40
"""Digits of a typed number beyond which nothing bears it out, whatever its value: no float has as
many, and reading millions of them would take for ever."""
_EXACT: Final = Context(prec=400)
"""Digits enough for any float, with ``LONGEST`` decimals."""
_LONGEST_TOLD: Final = 60
_PRINTED: Final = "\ufffc"
"""Stands for what a template prints there."""
_MONTHS: Final = (
    "(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    "Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\\b\\.?"
)
_NO_NUMBER: Final = re.compile(
    rf"""https?://\S+
    | \b\d{{4}}-\d\d(?:-\d\d)?\b
    | \b\d{{1,2}}(?P<between>[./])\d{{1,2}}(?P=between)\d{{2,4}}\b
    | \b(?:[01]?\d|2[0-3]):[0-5]\d\b
    | \b\d{{1,2}}\.?\s{_MONTHS}
    | {_MONTHS}\s\d{{1,2}}\b(?!\.\d)""",
    re.VERBOSE,
)
"""Addresses, dates and times; a year beside them is quiet by itself."""
_NUMBER: Final = re.compile(
    rf"""(?<![\w.,{_PRINTED}])(?<![^\W\d][-\u2010\u2011])      # no part of a word
    (?P<sign>[+\-\u2212]?)
    (?P<digits>(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?)
    (?:\s{{,2}}(?P<unit>%|pp\b|percent\b|per\s+cent\b|percentage\s+points?\b)
      |(?![\w{_PRINTED}]|[.,]\d))""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Unsourced:
    """A number in prose that nothing bears out.

    Attributes:
        file: The template.
        line: Line in it, from 1.
        number: As it was typed, with its unit.
    """

    file: Path
    line: int
    number: str


def mark_mine(text: object) -> str:
    """Return the words of a person who knows where the number in them comes from.

    Raises:
        ValueError: There is nothing to print.
    """
    if isinstance(text, str | int | float) and not isinstance(text, bool) and str(text).strip():
        return str(text)
    msg = f'mine() needs the words to print, as in mine("97.3 %"), not {text!r:.40}'
    raise ValueError(msg)


def find_unsourced_numbers(
    templates: Templates, names: Iterable[str], context: ReportContext, manifest: Manifest
) -> tuple[Unsourced, ...]:
    """Return the numbers typed into templates that nothing bears out, in the order of ``names``.

    Args:
        templates: Where they are read from.
        names: Of templates that make Markdown.
        context: Every number of it is a result.
        manifest: Every number of it is a setting.

    Raises:
        TemplateError: A template is missing, malformed or far too long.
    """
    known = _Known(context, manifest)
    return tuple(
        Unsourced(file, line, _tell(number))
        for name in names
        if (file := templates.find(name))
        for line, number in _list_literals(_keep_prose(templates, name), file)
        if not _is_quiet(number) and not known.bears_out(number)
    )


class _Known:
    """The numbers that a typed one can stand for; looked for once there is such a one."""

    def __init__(self, *holders: object) -> None:
        self._holders = holders
        self._rounded: dict[tuple[Decimal, int], frozenset[Decimal]] = {}

    def bears_out(self, literal: re.Match[str]) -> bool:
        """Tell whether a number, rounded as ``literal`` is, equals it."""
        if len(literal["digits"]) > LONGEST:
            return False
        typed = Decimal(literal["digits"].replace(",", ""))
        least = Decimal(1).scaleb(typed.as_tuple().exponent)  # pyright: ignore[reportArgumentType] - no nan: an integer
        scale = 100 if literal["unit"] else 1
        signs = {"": (1, -1), "+": (1,)}.get(literal["sign"], (-1,))
        return any(sign * typed in self._round_all(least, scale) for sign in signs)

    @cached_property
    def _numbers(self) -> tuple[Decimal, ...]:
        finite = filter(math.isfinite, _find_numbers(*self._holders))
        return tuple(Decimal(repr(number)) for number in finite)

    def _round_all(self, least: Decimal, scale: int) -> frozenset[Decimal]:
        """Return all numbers, times ``scale``, rounded to multiples of ``least``."""
        if (least, scale) not in self._rounded:
            self._rounded[least, scale] = frozenset(
                (number * scale).quantize(least, ROUND_HALF_UP, _EXACT) for number in self._numbers
            )
        return self._rounded[least, scale]


def _find_numbers(*holders: object) -> set[float]:
    """Return every number that these hold, however deep; lines of a file are none."""
    found: set[float] = set()
    waiting = list(holders)
    while waiting:
        value = waiting.pop()
        if value is None or isinstance(value, str | bool):
            continue
        if isinstance(value, int | float):
            found.add(value)
        elif dataclasses.is_dataclass(value):
            fields = dataclasses.fields(value)
            waiting += [getattr(value, each.name) for each in fields if each.name != "line"]
        elif isinstance(value, Mapping):
            waiting += cast("Mapping[object, object]", value).values()
        elif isinstance(value, Sequence):
            waiting += cast("Sequence[object]", value)
    return found


def _keep_prose(templates: Templates, name: str) -> str:
    """Return a template with its lines as they are, but in them only what was typed as prose."""
    text = ""
    for line, kind, piece in templates.split_source(name):
        text += "\n" * (line - 1 - text.count("\n"))
        text += piece if kind == "data" else _PRINTED if kind == "variable_begin" else ""
    return text


@lru_cache(maxsize=64)  # a live page asks again and again, and one text has changed
def _list_literals(prose: str, file: Path) -> tuple[tuple[int, re.Match[str]], ...]:
    return tuple(_find_literals(prose, file))


def _find_literals(prose: str, file: Path) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield each number of a file's running text with its line."""
    refuse_long(prose, file)
    in_heading = False
    # What a template indents is no block of code: mostly it belongs to an if or a for.
    for token in parse_markdown(prose, without="code"):
        if token.type in {"heading_open", "heading_close"}:
            in_heading = token.type == "heading_open"
        elif token.type == "inline" and token.map and not in_heading:
            text = "".join(map(_read_leaf, token.children or []))
            text = _NO_NUMBER.sub(lambda found: re.sub(r"\d", "x", found.group()), text)
            for number in _NUMBER.finditer(text):
                yield token.map[0] + 1 + text.count("\n", 0, number.start("digits")), number


def _read_leaf(leaf: Token) -> str:
    if leaf.type == "text":
        return leaf.content
    if leaf.type in {"softbreak", "hardbreak"}:
        return "\n"
    return _PRINTED if leaf.content else ""


def _is_quiet(literal: re.Match[str]) -> bool:
    if literal["unit"] or not literal["digits"].isdecimal():
        return False
    if len(literal["digits"]) > LONGEST:
        return False
    return int(literal["digits"]) <= MOST_COUNTED or int(literal["digits"]) in YEARS


def _tell(literal: re.Match[str]) -> str:
    said = " ".join(literal.group().split())
    return said if len(said) <= _LONGEST_TOLD else f"{said[: _LONGEST_TOLD - 1]}…"
