import re
from pathlib import Path

import pikepdf
import pytest

from mnistreport.errors import ExitCode, RenderingError
from mnistreport.report.document import Document
from mnistreport.report.pdf import lay_out_pdf
from mnistreport.report.views import ReportContext
from tests.report.reports import INFO, NOTICE, read_page

PAGE = '<!DOCTYPE html><html lang="en"><title>a</title><body>{}</body></html>'
SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>{}</svg>"
INSIDE = SVG.format("<image href='file:///etc/hostname' width='9' height='9'/>")
REFUSALS = r"asks for (file|http)|[Rr]elative URI|Failed to render SVG image"
CONTENTS_LINE = re.compile(r"^\s*(?:(\d+|[A-Z])\s+)?(\S.*?)(?: \.)+ *(\d+)\s*$")


def squeeze(text: str) -> str:
    """Return text without spaces and hyphens, which lines are broken at."""
    return re.sub(r"[\s\u2010\u00ad-]+", "", text)


def test_the_title_page_says_what_it_is(pdf_pages: list[str]) -> None:
    """Title, subtitle, course, authors with their numbers, and the notice are on page 1."""
    first = squeeze(pdf_pages[0])
    expected = [INFO.title, INFO.subtitle, INFO.course, NOTICE]
    expected += [f"{author.name} {author.id}" for author in INFO.authors]
    assert [] == [text for text in expected if squeeze(text) not in first]


def test_sections_are_on_the_pages_that_the_contents_say(
    document: Document, pdf_pages: list[str]
) -> None:
    """Each section's heading stands on the page whose number the contents give."""
    contents = {
        match.group(2): (match.group(1), int(match.group(3)))
        for line in pdf_pages[1].splitlines()
        if (match := CONTENTS_LINE.match(line))
    }
    titles = ["Summary", *(section.title for section in document.sections)]
    assert titles == list(contents)
    for title, (number, page) in contents.items():
        heading = f"{number} {title}" if number else title
        lines = [" ".join(line.split()) for line in pdf_pages[page - 1].splitlines()]
        assert heading in lines[1:], heading  # the first line is the running header


def test_every_page_after_the_contents_has_its_header_and_number(pdf_pages: list[str]) -> None:
    """The report's title above, the page's number below."""
    for number, text in enumerate(pdf_pages, start=1):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if number > 2:
            assert lines[0].startswith(INFO.title), number
        if number > 1:
            assert str(number) == lines[-1]


def test_every_section_and_insight_is_in_it(document: Document, pdf_pages: list[str]) -> None:
    """Nothing that HTML says is lost: each paragraph of prose stands in the PDF."""
    headers = {squeeze(page.lstrip().splitlines()[0]) for page in pdf_pages if page.strip()}
    body = "".join(
        squeeze(line)
        for page in pdf_pages
        for line in page.splitlines()
        if squeeze(line) not in headers and not re.fullmatch(r"\s*\d+\s*", line)
    )
    lost = [
        (name, paragraph[:60])
        for name, html in document.prose.items()
        for paragraph in re.findall(r"<p>(.*?)</p>", html, flags=re.DOTALL)
        if squeeze(read_page(paragraph).text) not in body
    ]
    assert [] == lost


def test_its_tables_show_the_same_numbers(context: ReportContext, pdf_pages: list[str]) -> None:
    """Final accuracies are those of the context."""
    body = squeeze("".join(pdf_pages))
    for final in context.finals:
        assert squeeze(f"{final.right} of {final.images} test images correctly") in body


def test_it_knows_its_title_language_and_outline(document: Document, pdf: Path) -> None:
    """A reader's window, a screen reader and the side bar are told what they show."""
    with pikepdf.open(pdf) as file:
        assert INFO.title == str(file.docinfo["/Title"])
        assert "Ada Lovelace, Alan" == str(file.docinfo["/Author"])
        assert INFO.language == str(file.Root["/Lang"])
        assert "/StructTreeRoot" in file.Root
        with file.open_outline() as outline:
            titles = {each.title for each in outline.root}
    assert set() == {f"{each.number} {each.title}" for each in document.sections} - titles


def test_it_has_nothing_that_acts(pdf: Path) -> None:
    """No script, no attachment, no action on opening; links lead within it or to web pages."""
    with pikepdf.open(pdf) as file:
        kinds = {
            str(item["/S"])
            for item in file.objects
            if isinstance(item, pikepdf.Dictionary) and "/S" in item and "/URI" in item
        }
        assert set() == {"/OpenAction", "/AA", "/AF"} & set(file.Root.keys())
        assert {} == dict(file.attachments)
    assert {"/URI"} >= kinds


@pytest.mark.parametrize(
    "page",
    [
        '<img src="file:///etc/hostname" alt="a">',
        '<img src="http://127.0.0.1:9/a.png" alt="a">',
        '<img src="https://example.org/a.png" alt="a">',
        '<img src="/etc/hostname" alt="a">',
        '<img src="../../etc/hostname" alt="a">',
        "<style>@import 'file:///etc/hostname';</style>a",
        "<style>@import url(http://127.0.0.1:9/a.css);</style>a",
        "<style>p { background: url(file:///etc/hostname) }</style><p>a</p>",
        "<style>@font-face { font-family: a; src: url(file:///a) } p { font-family: a }</style>a",
        '<link rel="stylesheet" href="file:///etc/hostname">a',
        '<link rel="attachment" href="file:///etc/hostname">a',
        '<a rel="attachment" href="file:///etc/hostname">a</a>',
        '<object data="file:///etc/hostname"></object>',
        '<embed src="file:///etc/hostname">',
        '<svg width="9" height="9"><image href="file:///etc/hostname" width="9" height="9"/></svg>',
        f'<img src="data:image/svg+xml,{INSIDE}" alt="a">',
    ],
)
def test_a_page_that_asks_for_a_file_or_an_address_gets_none(page: str) -> None:
    """Whatever a template brings in, nothing from outside the page is read: exit code 4."""
    with pytest.raises(RenderingError, match=REFUSALS) as caught:
        lay_out_pdf(PAGE.format(page))
    assert ExitCode.RENDERING == caught.value.exit_code
    assert "\n" not in str(caught.value)


def test_a_drawing_that_refers_to_a_file_reads_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of another file is left out of a drawing, and nobody looks for it."""
    asked: list[str] = []
    monkeypatch.setattr("weasyprint.urls.URLFetcher.fetch", lambda _, url, *__: asked.append(url))
    use = '<use href="file:///etc/hostname#a"/><use href="http://127.0.0.1:9/a.svg#a"/>'
    lay_out_pdf(PAGE.format(SVG.format(use)))
    assert [] == asked


def test_a_page_that_brings_everything_is_rendered() -> None:
    """What stands in ``data:`` addresses is loaded."""
    svg = f"data:image/svg+xml,{SVG.format('')}"
    assert lay_out_pdf(PAGE.format(f'<p>a<img src="{svg}" alt="b"></p>')).startswith(b"%PDF-")
