"""The report on MNIST that lies in the repository: every number in its prose has a source."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.traced_numbers import (
    METHOD,
    NUMBER,
    find_unsaid,
    find_untraced,
    list_sentences,
    list_sources,
    read_prose,
)

SPECIMEN = Path(__file__).resolve().parent.parent / "output" / "mnist"


@cache
def load_results() -> dict[str, Any]:
    """Return ``results.json``."""
    return json.loads((SPECIMEN / "results.json").read_bytes())


PAGE = (SPECIMEN / "report.html").read_text("utf-8")
PROSE = read_prose(PAGE, skipped=("a", "code"))  # what they hold is a place, or a name


@pytest.mark.parametrize("section", PROSE)
def test_every_number_in_its_prose_is_one_of_the_results(section: str) -> None:
    """Whatever stands in the text of a section is printed from ``results.json``.

    In a study's section from that study's own results.
    """
    source = list_sources(load_results()).get(section, load_results())
    untraced = find_untraced(PROSE[section], source)
    assert [] == [each for each in untraced if not METHOD & set(NUMBER.findall(each))]


@pytest.mark.parametrize("section", [name for name in PROSE if name.startswith("study-")])
def test_a_number_that_is_not_so_would_be_found(section: str) -> None:
    """Were the results others, by 1.3 %, numbers of every section would have no source.

    Counts and small differences stay as they are printed, or are like another one by chance.
    """
    source = json.dumps(list_sources(load_results())[section])
    changed = json.loads(source, parse_float=lambda number: float(number) * 1.013)
    assert [] == find_untraced(PROSE[section], json.loads(source))
    assert len(find_untraced(PROSE[section], changed)) >= 3


def test_its_pdf_says_the_same() -> None:
    """Every sentence with a number in it stands in the PDF, word for word."""
    assert len(list_sentences(PAGE)) > 100
    assert [] == find_unsaid(PAGE, SPECIMEN / "report.pdf")


def test_it_can_be_sent_by_mail() -> None:
    """The page is below 5 MB, the PDF below 2 MB."""
    assert (SPECIMEN / "report.html").stat().st_size < 5_000_000
    assert (SPECIMEN / "report.pdf").stat().st_size < 2_000_000
