"""The PDF as paper: how full its pages are, what its figures say, how often it is the same."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from mnistreport.report.context import make_context
from mnistreport.report.dates import EPOCH
from mnistreport.report.document import Document, compose_document
from mnistreport.report.figures.figure import Figure, Picture
from mnistreport.report.figures.plan import plan_figures
from mnistreport.report.html import render_html
from mnistreport.report.pdf import render_pdf
from mnistreport.report.templating import Templates
from mnistreport.study.manifest import Author, ReportInfo
from tests.report.paper import measure_fill, read_pages
from tests.report.reports import INFO, make_material

ROOT: Final = Path(__file__).resolve().parent.parent.parent
MOST_BYTES: Final = 2_000_000

PUBLISH: Final = """
import sys
from pathlib import Path
from mnistreport.report.publication import publish_report
from tests.report.reports import make_small_material

publish_report(make_small_material(), Path("project"), Path(sys.argv[1]), notebook=False)
"""


def test_no_page_is_half_empty(pdf: Path, tmp_path: Path) -> None:
    """Text stands between what cannot be torn; only title and last page may end early."""
    fill = measure_fill(pdf, tmp_path)
    assert len(fill) > 10
    emptiest = {page: share for page, share in enumerate(fill[1:-1], start=2) if share < 0.5}
    assert {} == emptiest


def test_captions_and_headings_are_not_left_alone(document: Document, pdf_pages: list[str]) -> None:
    """No page ends with a heading, or with a caption that its table does not follow."""
    headings = {section.title for section in document.sections} | {"Insight", "Summary"}
    for text in pdf_pages[2:]:
        last = text.rstrip().splitlines()[:-1]  # without the page's number
        words = [line.strip() for line in last if line.strip()]
        assert re.sub(r"^(\d+|[A-Z])\s+", "", words[-1]) not in headings
        assert not words[-1].startswith("Table ")


def test_words_in_figures_are_text(document: Document, pdf_pages: list[str]) -> None:
    """A reader finds the name of an axis by searching; it was drawn as outlines before."""
    text = " ".join(" ".join(pdf_pages).split())
    for name in ("learning_rate-factor", "ranking"):
        words = re.findall(rb"<!--([^>]{12,60})-->", document.figures[name].picture.svg)
        assert words
        found = [each.decode().strip() in text for each in words]
        assert any(found), name


def test_it_is_small(pdf: Path) -> None:
    """It can be sent by mail."""
    assert pdf.stat().st_size < MOST_BYTES


def test_the_first_page_names_the_day(pdf_pages: list[str]) -> None:
    """In words, between the authors and what was found."""
    first = " ".join(pdf_pages[0].split())
    assert re.search(rf"{INFO.authors[-1].id} \d{{1,2}} [A-Z][a-z]+ 20\d\d ", first)


def test_the_same_report_is_the_same_file(tmp_path: Path) -> None:
    """Two processes that hash differently write the same bytes into every document."""
    contents: list[dict[str, bytes]] = []
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, EPOCH: "1794268800"}
        environment["PYTHONPATH"] = str(ROOT)
        call = [sys.executable, "-c", PUBLISH, seed]
        subprocess.run(call, check=True, cwd=tmp_path, env=environment)
        paths = sorted((tmp_path / seed).glob("re*"))
        contents.append({path.name: path.read_bytes() for path in paths})
    assert ["report.html", "report.pdf", "results.json"] == list(contents[0])
    assert contents[0] == contents[1]


def test_a_long_title_stays_on_its_page(templates: Templates, tmp_path: Path) -> None:
    """However long title and names are, the title page is one, and no word runs off it."""
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    authors = tuple(Author(f"Author {number} with a Long Name", "1234567") for number in range(6))
    info = ReportInfo(f"{word} and a title of three lines", "A subtitle " * 9, "", authors, "en")
    material = make_material(info=info)
    context = make_context(material)
    context = replace(context, notices=context.notices * 3)
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
    figures = {
        each.name: Figure(each.name, Picture(svg, b""), "Nothing.", "Nothing.")
        for each in plan_figures(context, material)
    }
    document = compose_document(context, material, templates, lambda _: figures)
    path = tmp_path / "report.pdf"
    path.write_bytes(render_pdf(render_html(document, templates, skin="print")))
    first, second, *_ = read_pages(path)
    assert "Test accuracy" in first
    assert re.sub(r"\s", "", first).count(word) == 1
    assert second.splitlines()[0].rstrip().endswith("Contents")
