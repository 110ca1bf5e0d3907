"""Numbers in a report's running text, and whether ``results.json`` is where they come from."""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest

from mnistreport.report import numbers

SAID = {"sentence", "headline", "budget_statement", "statement", "where", "alt", "caption"}
"""Keys of ``results.json`` whose values are prose themselves, and no source of it."""
NUMBER: Final = re.compile(r"[+\u2212]?\d(?:[\d,]*\d)?(?:\.\d+)?")
UNIT: Final = re.compile(r"[\u202f\u00a0 ]?(%|pp\b)?")

Forms = Mapping[str, list[Callable[[float], str]]]
FORMS: Forms = {
    "%": [partial(numbers.format_percent, digits=digits) for digits in (0, 1, 2)]
    + [lambda sd: numbers._format_spread(sd, 2)],
    "pp": [
        numbers.format_points,
        partial(numbers.format_points, signed=False),
    ],
    "": [
        numbers.format_loss,
        numbers.format_seconds,
        numbers.format_factor,
        numbers.format_mean,
        numbers.format_p,
        lambda value: f"{value:g}",
        lambda value: numbers.format_count(int(value)) if value == int(value) else "",
    ],
}


class _Prose(HTMLParser):
    """Collects a report's running text by section, without the elements that are ``skipped``."""

    def __init__(self, skipped: Sequence[str]) -> None:
        super().__init__()
        self.sections: dict[str, str] = {}
        self._skip = skipped
        self._section, self._skipped, self._in_main = "", 0, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_main |= tag == "main"
        if tag == "section":
            self._section = dict(attrs)["id"] or ""
        self._skipped += tag in self._skip

    def handle_endtag(self, tag: str) -> None:
        self._in_main &= tag != "main"
        self._skipped -= tag in self._skip
        if tag in {"p", "li", "h3"}:
            self.handle_data("\n\n")

    def handle_data(self, data: str) -> None:
        if self._in_main and not self._skipped:
            self.sections[self._section] = self.sections.get(self._section, "") + data


def read_prose(page: str, *, skipped: Sequence[str] = ()) -> dict[str, str]:
    """Return the running text of each section; figures, tables and what is closed are none."""
    prose = _Prose(("figure", "h2", "details", *skipped))
    prose.feed(page)
    return prose.sections


def find_leaves(value: object) -> Iterator[float | str]:
    """Yield every number and every name below a value, but no prose."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key not in SAID:
                yield from find_leaves(each)
    elif isinstance(value, list):
        yield len(value)  # prose counts studies, seeds and levels
        for each in value:
            yield from find_leaves(each)
    elif isinstance(value, (int, float, str)) and not isinstance(value, bool):
        yield value


def print_numbers(source: object) -> dict[str, set[str]]:
    """Return, by unit, the numbers that what is in ``source`` can be printed as."""
    printed: dict[str, set[str]] = {"%": set(), "pp": set(), "": set()}
    for leaf in find_leaves(source):
        if isinstance(leaf, str):
            for unit in printed:
                printed[unit] |= set(NUMBER.findall(leaf))
            continue
        for unit, forms in FORMS.items():
            for form in forms:
                printed[unit] |= set(NUMBER.findall(form(leaf)))
    return printed


def find_untraced(text: str, source: object) -> list[str]:
    """Return the numbers of a text that are in no way those of ``source``."""
    printed = print_numbers(source)
    untraced: list[str] = []
    for match in NUMBER.finditer(text):
        unit = UNIT.match(text, match.end())
        kind = (unit[1] or "") if unit else ""
        if match[0] not in printed[kind] and match[0].lstrip("+\u2212") not in printed[kind]:
            untraced.append(text[max(0, match.start() - 40) : match.end() + 12])
    return untraced


def list_sources(results: Mapping[str, Any]) -> dict[str, object]:
    """Return, for each section, what its numbers may come from: a study's own, or everything.

    Args:
        results: What is in ``results.json``; a section that is not named may use all of it.
    """
    studies = {f"study-{study['slug']}": study for study in results["studies"]}
    shared = {key: results[key] for key in ("seeds", "confidence", "chance_accuracy", "data")}
    proofs = {f"study-{proof['slug']}": proof for proof in results["proofs"]}
    rubric = results["rubric"]
    points = [
        sum(line["points"] for line in rubric if line["is_met"] >= least) for least in (True, False)
    ]
    met = [line for line in rubric if line["is_met"]]
    sources = {name: [study, shared, proofs[name]] for name, study in studies.items()}
    return sources | {"rubric": [rubric, met, points]}


METHOD = {"2", "1", "1908", "1979", "1947", "1927", "1998", "0"}
"""Numbers of the method, which are no result: 2×2 pooling, the interval [0, 1], years."""


def find_unsaid(page: str, paper: Path) -> list[str]:
    """Return the sentences of a page that have a number and do not stand in a PDF, word for word.

    A test that calls this is skipped where poppler is missing.
    """
    try:
        # In the order of lines, and in that of drawing: each may put a heading into a sentence.
        papers = [_squeeze(_read_paper(paper, *order)) for order in ((), ("-raw",))]
    except FileNotFoundError:
        pytest.skip("pdftotext is not installed (Debian: poppler-utils)")
    sentences = {each: _squeeze(each) for each in list_sentences(page)}
    return [each for each, bare in sentences.items() if not any(bare in said for said in papers)]


def _read_paper(paper: Path, *order: str) -> str:
    """Return the text of a PDF without running headers and page numbers."""
    sheet = ["-x", "0", "-y", "66", "-W", "596", "-H", "716"]  # in points
    command = ["pdftotext", *sheet, "-nopgbrk", *order, paper, "-"]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    return done.stdout


def list_sentences(page: str) -> list[str]:
    """Return the sentences of a page's running text that have a number."""
    return [
        sentence
        for text in read_prose(page).values()
        for sentence in re.split(r"(?<=[.:;])\s+|\n\n", text)
        if NUMBER.search(sentence)
    ]


def _squeeze(text: str) -> str:
    """Return text without what lines are broken at."""
    return re.sub(r"[\s\u2010\u00ad-]+", "", text)
