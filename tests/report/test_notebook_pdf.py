"""The notebook on paper: nothing is lost, nothing is clipped, nothing is loaded."""

import re
from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Final

import pikepdf
import pytest

from mnistreport.errors import RenderingError
from mnistreport.report.notebook.paper.pdf import render_notebook_pdf, render_page
from mnistreport.report.pdf import lay_out_pdf
from mnistreport.report.templating import Templates
from tests.report.notebooks import (
    CODE,
    FORMULAS,
    LONG,
    PRINTED,
    ROWS,
    WIDE,
    make_hostile,
    make_notebook,
)
from tests.report.paper import (
    Element,
    convert_to_text,
    count_untagged,
    list_fonts,
    read_pages,
    walk_tags,
)

WIDTH, MARGIN, MM = 210.0, 22.0, 72 / 25.4
WORD: Final = re.compile(r'<word xMin="([\d.-]+)" yMin="[\d.-]+" xMax="([\d.-]+)"[^>]*>([^<]*)<')


@pytest.fixture(scope="module")
def path(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook as PDF, in a file."""
    path = tmp_path_factory.mktemp("notebook") / "notebook.pdf"
    path.write_bytes(_render(templates))
    return path


@pytest.fixture(scope="module")
def pages(path: Path) -> list[str]:
    """The text of each page."""
    return read_pages(path)


@pytest.fixture(scope="module")
def file(path: Path) -> Iterator[pikepdf.Pdf]:
    """The PDF, open."""
    with pikepdf.open(path) as file:
        yield file


@pytest.fixture(scope="module")
def tags(file: pikepdf.Pdf) -> list[Element]:
    """Its tags, in the order of reading."""
    return list(walk_tags(file))


def _render(templates: Templates) -> bytes:
    return render_notebook_pdf(make_notebook(), templates, title="A notebook", language="en")


def squeeze(text: str) -> str:
    """Return text without its spaces, which lines are broken at."""
    return re.sub(r"\s", "", text)


def test_every_line_of_every_cell_is_in_it(pages: list[str]) -> None:
    """Code, what it printed, prose, tables and raw cells: all their words stand on some page."""
    body = squeeze("".join(pages))
    prose = (
        "A notebook", "Ada Lovelace 1815 · Alan 1", "A course, 2026", "1 The data",
        "A paragraph of prose with code, a link to the end, and $5 for $6 coffees.",
        "The mean is", "of them. One step is", r"$\begin{pmatrix} a \end{pmatrix}$",
        "training 42,000", "test 14,000", "first point", "second point", "def fenced(a):",
        "return a", "raw <words>", "2 The end", "2.1 Very last", "The last paragraph.",
        "In [1]", "In [2]", "Out [2]",
    )  # fmt: skip
    cells = (cell for row in ROWS for cell in row)
    lines = (*CODE.split("\n"), *PRINTED.split("\n"), *prose, *cells, *WIDE)
    assert [] == [line for line in lines if squeeze(line) not in body]


def test_indentation_is_kept(pages: list[str]) -> None:
    """Lines of code begin where they begin in the cell, in code cells and in fences alike."""
    text = "\n".join(pages)
    starts = [re.search(rf"^(.*){re.escape(words)}", text, re.MULTILINE) for words in
              ("def forward", "if images.ndim", "raise ValueError")]  # fmt: skip
    widths = [len(found[1]) for found in starts if found]
    assert [4, 4] == [after - before for before, after in pairwise(widths)]
    assert re.search(r"^( *)def fenced\(a\):\n\1 {4}return a$", text, re.MULTILINE)


def test_nothing_is_beyond_the_paper(path: Path) -> None:
    """Every word lies within the margins, and a line of 300 characters is there, in order."""
    found = WORD.findall(convert_to_text(path, "-bbox"))
    words = [(float(a), float(b), unescape(text)) for a, b, text in found]
    right = (WIDTH - MARGIN + 0.5) * MM
    prompts = {"In", "Out", "[1]", "[2]"}
    beyond = [w for w in words if w[1] > right or w[0] < (MARGIN - 0.5) * MM]
    assert [] == [text for _, _, text in beyond if text not in prompts]
    assert squeeze(LONG) in squeeze("".join(text for *_, text in words))
    assert 300 == len(LONG)


def test_formulas_are_drawn(file: pikepdf.Pdf, pages: list[str], tags: list[Element]) -> None:
    """They are outlines, so that no TeX is on the page; a screen reader is told the TeX."""
    body = squeeze("".join(pages))
    told = [str(each.node.Alt) for each in tags if each.kind == "Figure"]
    assert [*FORMULAS, "A blue field.", "Picture that cell 2 shows"] == told
    assert r"\frac" not in body
    assert r"\eta" not in body
    assert {"Regular", "BoldItalic"} & {name.split("-")[-1] for name in list_fonts(file)} == set()


def test_pictures_are_in_it(file: pikepdf.Pdf) -> None:
    """Each picture that a cell shows is a picture on a page, with all its pixels."""
    sizes = {
        (int(each.Width), int(each.Height))
        for each in file.objects
        if isinstance(each, pikepdf.Stream) and each.get("/Subtype") == "/Image"
    }
    assert {(900, 300), (300, 300)} <= sizes


def test_pages_have_numbers_and_headers(pages: list[str]) -> None:
    """The number below, and above, but for the first page, title and section."""
    assert len(pages) > 2
    for number, text in enumerate(pages, start=1):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        assert str(number) == lines[-1]
        assert (number > 1) == bool(re.fullmatch(r"A notebook +\d .*", lines[0]))


def test_it_says_what_it_is(file: pikepdf.Pdf) -> None:
    """It is tagged, in a language, with a title, and claims PDF/UA-1."""
    assert bool(file.Root.MarkInfo.Marked)
    assert "en" == str(file.Root.Lang)
    assert bool(file.Root.ViewerPreferences.DisplayDocTitle)
    with file.open_metadata() as metadata:
        assert "1" == metadata["{http://www.aiim.org/pdfua/ns/id/}part"]
        assert "A notebook" == metadata["dc:title"]
    with file.open_outline() as outline:
        titles = [each.title for each in outline.root]
        below = [child.title for each in outline.root for child in each.children]
    assert ["A notebook", "1 The data", "2 The end"] == titles
    assert ["2.1 Very last"] == below


def test_a_screen_reader_finds_its_way(file: pikepdf.Pdf, tags: list[Element]) -> None:
    """Headings in order, headings of tables with a scope, and nothing that is not told."""
    levels = [int(each.kind[1]) for each in tags if re.fullmatch("H[1-6]", each.kind)]
    assert [1, 2, 2, 3] == levels
    scopes = {
        (str(each.node.A.Scope), "THead" in each.parents) for each in tags if each.kind == "TH"
    }
    assert {("/Column", True), ("/Row", False)} == scopes
    assert [0] * len(file.pages) == [count_untagged(page) for page in file.pages]
    assert all(list_fonts(file).values())
    assert [] == [name for name in list_fonts(file) if not name.startswith("Source-")]


def test_links_lead_to_headings(file: pikepdf.Pdf) -> None:
    """A link by Jupyter's name for a heading leads there."""
    names = [str(name) for name in list(file.Root.Names.Dests.Names)[::2]]
    links = [link for page in file.pages for link in page.get("/Annots", [])]
    assert 1 == len(links)
    assert str(links[0].Dest) in names


def test_equal_notebooks_are_equal_files(path: Path, templates: Templates) -> None:
    """The bytes depend on the notebook, not on when it is printed, nor on what was before it."""
    render_notebook_pdf(make_hostile("<b>other</b>"), templates, title="b", language="en")
    assert path.read_bytes() == _render(templates)


CANARY: Final = "canary-5f3c"
HOSTILE: Final = """<script>document.title = "run"</script>
<style>@import url("{0}"); body {{ display: none }} p {{ background: url({0}) }}</style>
<link rel="stylesheet" href="{0}"><link rel="attachment" href="{0}"><base href="{0}">
<iframe src="{0}"></iframe><object data="{0}"></object><embed src="{0}">
<svg><image href="{0}" width="9" height="9"/></svg><video src="{0}" poster="{0}"></video>
<p style="position: fixed; background: url({0}); display: none" onclick="run()">A said word.</p>
<a rel="attachment" href="{0}">a file</a> <a href="javascript:run()">an action</a>
<form action="{0}"><input type="image" src="{0}"><button>a button</button></form>
</section></main></body></html>"""


def test_nothing_is_loaded_or_run(
    templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a notebook would load has no effect; words in it, before and behind are printed."""
    secret = tmp_path / "secret.css"
    secret.write_text(f"p::before {{ content: '{CANARY}' }}")
    asked: list[str] = []
    monkeypatch.setattr("weasyprint.urls.URLFetcher.fetch", lambda _, url, *__: asked.append(url))
    monkeypatch.setattr("mnistreport.report.notebook.paper.pdf.embed_fonts", lambda _: "")
    for address in (secret.as_uri(), "http://127.0.0.1:9/a"):
        notebook = make_hostile(HOSTILE.format(address))
        path = tmp_path / "hostile.pdf"
        page = render_page(notebook, templates, title="Title", language="en")
        path.write_bytes(lay_out_pdf(page))
        text = " ".join(" ".join(read_pages(path)).split())
        assert 3 == text.count("A said word.")
        assert 3 == text.count("[iframe: not shown on paper]")
        assert [] == [word for word in ("Title", "behind", "The last paragraph.", "a button")
                      if word not in text]  # fmt: skip
        assert CANARY not in text
        assert "run" not in text
        with pikepdf.open(path) as file:
            assert {} == dict(file.attachments)
            assert set() == {"/OpenAction", "/AA", "/AF"} & set(file.Root.keys())
            links = [link for page in file.pages for link in page.get("/Annots", [])]
            assert {address} & {"http://127.0.0.1:9/a"} == {str(link.A.URI) for link in links}
    assert [] == [address for address in asked if not address.startswith("data:")]


@pytest.mark.parametrize(
    "html",
    [
        '<img src="file:///etc/passwd">',
        '<img src="figures/a.png" alt="a">',
        '<img src="http://127.0.0.1:9/a.png">',
        "![a](a.png)",
        "![a](attachment:a.png)",
    ],
)
def test_a_picture_that_is_not_in_it_is_an_error(html: str, templates: Templates) -> None:
    """It would be missing; the author is told which one, and what to do."""
    with pytest.raises(RenderingError, match=r"passwd|a\.png") as caught:
        render_notebook_pdf(make_hostile(html), templates, title="Title", language="en")
    assert caught.value.problems[0].next_step


def test_a_heap_of_elements_is_an_error(templates: Templates) -> None:
    """Elements in elements beyond measure end in one line, not in a crash."""
    notebook = make_hostile("<div>" * 5000)
    with pytest.raises(RenderingError, match="more than 100 elements"):
        render_notebook_pdf(notebook, templates, title="Title", language="en")
