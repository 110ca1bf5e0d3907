"""The PDF for somebody who does not see it, as PDF/UA-1 (ISO 14289-1) asks."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest

from mnistreport.report.document import Document
from tests.report.paper import Element, count_untagged, list_fonts, walk_tags
from tests.report.reports import INFO


@pytest.fixture(scope="module")
def file(pdf: Path) -> Iterator[pikepdf.Pdf]:
    """The report as PDF, open."""
    with pikepdf.open(pdf) as file:
        yield file


@pytest.fixture(scope="module")
def tags(file: pikepdf.Pdf) -> list[Element]:
    """Its tags, in the order of reading."""
    return list(walk_tags(file))


def test_it_says_what_it_is(file: pikepdf.Pdf) -> None:
    """It is tagged, in a language, shows its title, and claims PDF/UA-1 in its metadata."""
    assert bool(file.Root.MarkInfo.Marked)
    assert INFO.language == str(file.Root.Lang)
    assert bool(file.Root.ViewerPreferences.DisplayDocTitle)
    with file.open_metadata() as metadata:
        assert "1" == metadata["{http://www.aiim.org/pdfua/ns/id/}part"]
        assert INFO.title == metadata["dc:title"]
        assert [author.name for author in INFO.authors] == metadata["dc:creator"]


def test_headings_are_in_order(tags: list[Element], document: Document) -> None:
    """One title; no level is left out on the way down; each section has its heading."""
    levels = [int(each.kind[1]) for each in tags if re.fullmatch("H[1-6]", each.kind)]
    assert 1 == levels[0]
    assert 1 == levels.count(1)
    assert all(below <= above + 1 for above, below in pairwise(levels))
    in_front = 3  # main findings, contents, summary
    assert in_front + len(document.sections) == levels.count(2)


def test_every_figure_is_described(tags: list[Element], document: Document) -> None:
    """What a figure shows is told in its words for those who do not see it."""
    told = [str(each.node.Alt) for each in tags if each.kind == "Figure"]
    assert [each.alt for each in document.figures.values()] == told
    assert all(told)


def test_tables_say_which_heading_is_whose(tags: list[Element], document: Document) -> None:
    """Headings have a scope, cells name their headings, and long tables repeat theirs."""
    headings = [each for each in tags if each.kind == "TH"]
    scopes = {
        str(each.node.A.Scope): {parent for parent in each.parents if parent in {"THead", "TBody"}}
        for each in headings
    }
    assert {"/Column": {"THead"}, "/Row": {"TBody"}} == scopes
    names = {str(each.node.ID) for each in headings}
    cells = [[str(name) for name in each.node.A.Headers] for each in tags if each.kind == "TD"]
    assert all(len(headers) == 2 and set(headers) <= names for headers in cells)
    rows = sum(1 for each in tags if each.kind == "TR" and "TBody" in each.parents)
    assert sum(len(table.rows) for table in document.tables.values()) == rows


def test_nothing_is_painted_without_being_told(file: pikepdf.Pdf) -> None:
    """Everything on a page is a tagged text or figure, or marked as decoration."""
    assert [0] * len(file.pages) == [count_untagged(page) for page in file.pages]


def test_running_headers_are_not_read_out(file: pikepdf.Pdf, tags: list[Element]) -> None:
    """Headers and page numbers are artifacts, and the tree of tags knows of nothing else."""
    for number, page in enumerate(file.pages, start=1):
        marks = [
            operands
            for operands, operator in pikepdf.parse_content_stream(page)
            if str(operator) == "BDC"
        ]
        pagination = [each for each in marks if each[0] == "/Artifact"]
        assert (0 if number == 1 else 3) == len(pagination)
        assert all(each[1].Type == "/Pagination" for each in pagination)
    told = {each.node.objgen for each in tags}
    elements = (
        each
        for each in file.objects
        if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/StructElem"
    )
    assert [] == [each.objgen for each in elements if each.objgen not in told]


def test_links_lead_somewhere_and_say_where(file: pikepdf.Pdf) -> None:
    """Every link within the report has its place in it, and every link has words."""
    names = [str(name) for name in list(file.Root.Names.Dests.Names)[::2]]
    links = [
        link
        for page in file.pages
        for link in page.get("/Annots", [])
        if link.get("/Subtype") == "/Link"
    ]
    assert len(links) > 50
    assert [] == [
        str(link.Dest) for link in links if "/Dest" in link and str(link.Dest) not in names
    ]
    assert all(str(link.Contents) for link in links)
    assert all("/StructParent" in link for link in links)


def test_the_side_bar_has_sections_and_what_is_in_them(
    file: pikepdf.Pdf, document: Document
) -> None:
    """The contents, the summary and each section; below some of them their parts."""
    with file.open_outline() as outline:
        titles = [each.title for each in outline.root]
        below = {each.title: [child.title for child in each.children] for each in outline.root}
    sections = [f"{each.number} {each.title}" for each in document.sections]
    assert [INFO.title, "Contents", "Summary", *sections] == titles
    finals = [final.title.capitalize() for final in document.context.finals]
    assert finals == next(parts for title, parts in below.items() if title.endswith("Final test"))


def test_it_brings_its_letters(file: pikepdf.Pdf) -> None:
    """Every font is in the file, and is one of those that come with the program."""
    fonts = list_fonts(file)
    families = {name.rstrip(",").replace("-", " ") for name in fonts}
    assert all(fonts.values())
    assert [] == [
        name
        for name in families
        if not name.startswith(("Source Sans 3", "Source Serif 4", "Source Code Pro"))
    ]
    assert len(families) > 3
