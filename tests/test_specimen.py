"""The report on MNIST that lies in the repository: every number in its prose has a source."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

from mnistreport.report import numbers

SPECIMEN = Path(__file__).resolve().parent.parent / "output" / "mnist"
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


@cache
def load_results() -> dict[str, object]:
    """Return ``results.json``."""
    return json.loads((SPECIMEN / "results.json").read_bytes())


def list_sources() -> dict[str, object]:
    """Return, for each section, what its numbers may come from: a study's own, or everything."""
    results = load_results()
    studies = {f"study-{study['slug']}": study for study in results["studies"]}  # type: ignore[index]
    shared = {key: results[key] for key in ("seeds", "confidence", "chance_accuracy", "data")}
    proofs = {f"study-{proof['slug']}": proof for proof in results["proofs"]}  # type: ignore[index]
    rubric = results["rubric"]
    points = [
        sum(line["points"] for line in rubric if line["is_met"] >= least)  # type: ignore[attr-defined]
        for least in (True, False)
    ]
    met = [line for line in rubric if line["is_met"]]  # type: ignore[attr-defined]
    sources = {name: [study, shared, proofs[name]] for name, study in studies.items()}
    return sources | {"rubric": [rubric, met, points]}


PAGE = (SPECIMEN / "report.html").read_text("utf-8")
PROSE = read_prose(PAGE, skipped=("a", "code"))  # what they hold is a place, or a name
METHOD = {"2", "1", "1908", "1979", "1947", "1927", "1998", "0"}
"""Numbers of the method, which are no result: 2×2 pooling, the interval [0, 1], years."""


@pytest.mark.parametrize("section", PROSE)
def test_every_number_in_its_prose_is_one_of_the_results(section: str) -> None:
    """Whatever stands in the text of a section is printed from ``results.json``.

    In a study's section from that study's own results.
    """
    source = list_sources().get(section, load_results())
    untraced = find_untraced(PROSE[section], source)
    assert [] == [each for each in untraced if not METHOD & set(NUMBER.findall(each))]


@pytest.mark.parametrize("section", [name for name in PROSE if name.startswith("study-")])
def test_a_number_that_is_not_so_would_be_found(section: str) -> None:
    """Were the results others, by 1.3 %, numbers of every section would have no source.

    Counts and small differences stay as they are printed, or are like another one by chance.
    """
    source = json.dumps(list_sources()[section])
    changed = json.loads(source, parse_float=lambda number: float(number) * 1.013)
    assert [] == find_untraced(PROSE[section], json.loads(source))
    assert len(find_untraced(PROSE[section], changed)) >= 3


def test_its_pdf_says_the_same() -> None:
    """Every sentence with a number in it stands in the PDF, word for word."""
    try:
        done = subprocess.run(
            # The paper without running headers and page numbers, in points.
            ["pdftotext", "-x", "0", "-y", "66", "-W", "596", "-H", "716", "-nopgbrk",
             SPECIMEN / "report.pdf", "-"],
            capture_output=True, check=True, encoding="utf-8",
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("pdftotext is not installed (Debian: poppler-utils)")
    paper = _squeeze(done.stdout)
    sentences = [
        sentence
        for text in read_prose(PAGE).values()
        for sentence in re.split(r"(?<=[.:;])\s+|\n\n", text)
        if NUMBER.search(sentence)
    ]
    assert len(sentences) > 100
    assert [] == [sentence for sentence in sentences if _squeeze(sentence) not in paper]


def _squeeze(text: str) -> str:
    """Return text without what lines are broken at."""
    return re.sub(r"[\s\u2010\u00ad-]+", "", text)


def test_it_can_be_sent_by_mail() -> None:
    """The page is below 5 MB, the PDF below 2 MB."""
    assert (SPECIMEN / "report.html").stat().st_size < 5_000_000
    assert (SPECIMEN / "report.pdf").stat().st_size < 2_000_000
