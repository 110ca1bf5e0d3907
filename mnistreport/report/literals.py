"""Numbers typed into prose, which go stale unnoticed: which number of the results each stands for.

What a template prints through ``{{ }}`` comes from the results; what is typed beside it, or as a
constant inside, does not. A typed number stands for a number that its text can be about, see
``sources``, if that, rounded to as many decimals, is equal to it; before a percent sign or ``pp``,
a hundred times that share. Without a sign it stands for a number of either sign.

Left alone are

- whole numbers up to ``MOST_COUNTED`` and years, unless a percent sign or ``pp`` follows;
- headings, the numbers of list items, dates and times, the addresses of links, and code;
- numbers that are part of a word (``conv2d``, ``SHA-256``, ``3rd``, ``28x28``) or a version
  (``1.2.3``), but not ``28×28``, which is two numbers;
- what ``mine("97.3 %")`` prints.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Final

from markdown_it.token import Token

from mnistreport.report.markdown import parse_markdown, refuse_long
from mnistreport.report.sources import Quantity, Sources
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
_LONGEST_SENTENCE: Final = 400
"""Characters before and after a number that are looked at."""
_ENDS: Final = (". ", ".\n", "! ", "!\n", "? ", "?\n")
"""Ends of sentences."""
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
class TypedNumber:
    """A number that a person typed into a template.

    Attributes:
        file: The template.
        line: Line in it, from 1.
        number: As it was typed, with its unit.
        source: Which number it can stand for; empty if there is none that the text is about.
        elsewhere: Then, which number of the rest of the report it would be; empty if there is none.
        is_of_study: Whether it stands in a study's insight.
    """

    file: Path
    line: int
    number: str
    source: str
    elsewhere: str = ""
    is_of_study: bool = False


@dataclass(frozen=True, slots=True)
class _Literal:
    """A number as it stands in a text: its line, its parts, and the sentence around it."""

    line: int
    sign: str
    digits: str
    unit: str
    said: str
    sentence: str

    @property
    def is_quiet(self) -> bool:
        """Whether it is left alone: a small whole number, or a year."""
        if self.unit or not self.digits.isdecimal() or len(self.digits) > LONGEST:
            return False
        return int(self.digits) <= MOST_COUNTED or int(self.digits) in YEARS


def find_unsourced_numbers(
    templates: Templates, names: Iterable[str], context: ReportContext, manifest: Manifest
) -> tuple[TypedNumber, ...]:
    """Return the numbers typed into templates that stand for nothing."""
    found = find_typed_numbers(templates, names, context, manifest)
    return tuple(each for each in found if not each.source)


def find_typed_numbers(
    templates: Templates, names: Iterable[str], context: ReportContext, manifest: Manifest
) -> tuple[TypedNumber, ...]:
    """Return the numbers typed into templates, each with what it can stand for.

    Args:
        templates: Where they are read from.
        names: Of templates that make Markdown. What one includes comes after it, and is about the
            same.
        context: Every number of it is a result.
        manifest: Every number of it is a setting.

    Raises:
        TemplateError: A template is missing, malformed or far too long.
    """
    known = _Known(Sources(context, manifest))
    return tuple(
        known.trace(file, literal, owners)
        for name, owners in _name_owners(templates, names).items()
        if (file := templates.find(name))
        for literal in _list_typed(templates, name, file)
        if not literal.is_quiet
    )


def _name_owners(templates: Templates, names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return, for each template, the insight or section that it is part of, or several."""
    owners: dict[str, tuple[str, ...]] = {}
    for name in names:
        owners.setdefault(name, (name,))
        for each in templates.list_referenced(name):
            owners[each] = tuple(dict.fromkeys((*owners.get(each, ()), *owners[name])))
    return {name: owners[name] for name in names}


class _Known:
    """The numbers that a typed one can stand for; looked for once there is such a one."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._rounded: dict[tuple[str, Decimal, bool], dict[Decimal, list[Quantity]]] = {}

    def trace(self, file: Path, literal: _Literal, owners: Iterable[str]) -> TypedNumber:
        """Find out which number a typed one stands for."""
        found = [each for owner in owners for each in self._match(literal, owner)]
        is_of_study = all(map(self._sources.is_insight, owners))
        suitable = [each for each in found if _suits(each, literal)]
        fitting = min(suitable, key=lambda each: not _is_exact(each, literal), default=None)
        if fitting:
            return TypedNumber(file, literal.line, literal.said, fitting.said, "", is_of_study)
        rest = (*found, *self._match(literal, ""))
        elsewhere = next((each.said for each in rest), "")
        return TypedNumber(file, literal.line, literal.said, "", elsewhere, is_of_study)

    def _match(self, literal: _Literal, owner: str) -> Sequence[Quantity]:
        """Return the quantities that, rounded as ``literal`` is, equal it."""
        if len(literal.digits) > LONGEST:
            return ()
        typed = Decimal(literal.digits.replace(",", ""))
        least = Decimal(1).scaleb(typed.as_tuple().exponent)  # pyright: ignore[reportArgumentType] - no nan: an integer
        rounded = self._round_all(owner, least, is_percent=bool(literal.unit))
        signs = {"": (1, -1), "+": (1,)}.get(literal.sign, (-1,))
        return [each for sign in signs for each in rounded.get(sign * typed, ())]

    def _round_all(
        self, owner: str, least: Decimal, *, is_percent: bool
    ) -> Mapping[Decimal, Sequence[Quantity]]:
        """Return what an ``owner`` is about by its value, rounded to a multiple of ``least``.

        The whole report if the owner has no name. Of percentages only shares, times a hundred.
        """
        key = owner, least, is_percent
        if key not in self._rounded:
            quantities = self._sources.list_for(owner) if owner else self._sources.everything
            rounded: dict[Decimal, list[Quantity]] = {}
            for each in quantities:
                if each.is_share or not is_percent:
                    value = Decimal(repr(each.value)) * (100 if is_percent else 1)
                    number = value.quantize(least, ROUND_HALF_UP, _EXACT)
                    rounded.setdefault(number, []).append(each)
            self._rounded[key] = rounded
        return self._rounded[key]


def _suits(quantity: Quantity, literal: _Literal) -> bool:
    """Tell whether a sentence speaks of such quantities."""
    return not quantity.needs or bool(re.search(quantity.needs, literal.sentence, re.IGNORECASE))


def _is_exact(quantity: Quantity, literal: _Literal) -> bool:
    """Tell whether nothing was rounded, as of a value of the manifest."""
    scale = 100 if literal.unit else 1
    typed = Decimal(literal.digits.replace(",", ""))
    return abs(Decimal(repr(quantity.value)) * scale) == typed


def _list_typed(templates: Templates, name: str, file: Path) -> list[_Literal]:
    """Return the numbers of a template, in running text and in expressions, line by line."""
    found = list(_list_literals(_keep_prose(templates, name), file))
    lines = templates.read(name).splitlines()
    for each in templates.list_constants(name):
        around = lines[each.line - 1][:_LONGEST_SENTENCE] if each.line <= len(lines) else ""
        found += (replace(number, line=each.line, sentence=around) for number in _scan(each.text))
    return sorted(found, key=lambda each: each.line)


def _keep_prose(templates: Templates, name: str) -> str:
    """Return a template with its lines as they are, but in them only what was typed as prose."""
    text = ""
    for line, kind, piece in templates.split_source(name):
        text += "\n" * (line - 1 - text.count("\n"))
        text += piece if kind == "data" else _PRINTED if kind == "variable_begin" else ""
    return text


@lru_cache(maxsize=64)  # a live page asks again and again, and one text has changed
def _list_literals(prose: str, file: Path) -> tuple[_Literal, ...]:
    return tuple(_find_literals(prose, file))


def _find_literals(prose: str, file: Path) -> Iterator[_Literal]:
    """Yield each number of a file's running text with its line."""
    refuse_long(prose, file)
    in_heading = False
    # What a template indents is no block of code: mostly it belongs to an if or a for.
    for token in parse_markdown(prose, without="code"):
        if token.type in {"heading_open", "heading_close"}:
            in_heading = token.type == "heading_open"
        elif token.type == "inline" and token.map and not in_heading:
            for number in _scan("".join(map(_read_leaf, token.children or []))):
                yield replace(number, line=token.map[0] + number.line)


def _scan(text: str) -> Iterator[_Literal]:
    """Yield each number of a text, with its line in it, from 1."""
    text = _NO_NUMBER.sub(lambda found: re.sub(r"\d", "x", found.group()), text)
    for found in _NUMBER.finditer(text):
        line = 1 + text.count("\n", 0, found.start("digits"))
        said = " ".join(found.group().split())
        said = said if len(said) <= _LONGEST_TOLD else f"{said[: _LONGEST_TOLD - 1]}…"
        yield _Literal(
            line, found["sign"], found["digits"], found["unit"] or "", said, _cut(text, found)
        )


def _cut(text: str, found: re.Match[str]) -> str:
    """Return the sentence that a number stands in."""
    first, last = max(0, found.start() - _LONGEST_SENTENCE), found.end() + _LONGEST_SENTENCE
    start = max(text.rfind(end, first, found.start()) for end in _ENDS) + 1
    ends = [at for end in _ENDS if (at := text.find(end, found.end(), last)) >= 0]
    return text[max(start, first) : min(ends, default=last)]


def _read_leaf(leaf: Token) -> str:
    if leaf.type == "text":
        return leaf.content
    if leaf.type in {"softbreak", "hardbreak"}:
        return "\n"
    return _PRINTED if leaf.content else ""
