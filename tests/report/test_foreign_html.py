"""HTML of others: what it says stays, what it does goes, and its tables become the report's."""

import re
from typing import Final

import pytest
from markupsafe import Markup

from mnistreport.errors import RenderingError
from mnistreport.report.notebook.paper.foreign_html import clean_html
from mnistreport.report.notebook.paper.headings import settle_headings
from mnistreport.report.notebook.paper.listings import set_code, set_output
from mnistreport.report.notebook.paper.printed import PrintedCell
from mnistreport.report.templating import Templates
from tests.report.reports import read_page

PICTURE: Final = "data:image/png;base64,AAAA"
GROUND: Final = "#f4f6f8"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a <b>b</b> &lt;c&gt;", "a <b>b</b> &lt;c&gt;"),
        ("<p onclick='x()'>a</p><!-- b -->", "<p>a</p>"),
        ("<script>a</script><style>b</style><template>c</template>d", "d"),
        ("<b>never closed", "<b>never closed</b>"),
        ("</section></main>a", "a"),
        ("<center><font size=7>a</font></center>", "a"),
        ("<a href='javascript:b()'>a</a>", "<a>a</a>"),
        ("<a href='runs.csv'>a</a>", "<a>a</a>"),
        ("<a href='https://a.b/c' target=x>a</a>", '<a href="https://a.b/c">a</a>'),
        ("<p style='color: #123; position: fixed; background: url(x)'>a</p>",
         '<p style="color: #123">a</p>'),
        ("<p style='color: url(x)'>a</p>", "<p>a</p>"),
        ("<p class=prompt>a</p>", "<p>a</p>"),
        ("<div class='cell front'><p class='line title-page'>a</p></div>",
         '<div><p class="line">a</p></div>'),
        ("<span class='k left-out'>a</span><b class=k>b</b>", '<span class="k">a</span><b>b</b>'),
        ("<pre>a\n    b</pre>", "<pre>a\n    b</pre>"),
        ("http://a.b", "http://a.b"),
        ("<?xml version='1.0'?><p>a</p>", "<p>a</p>"),
        ("a\x00\x1bb", "a\ufffd\ufffdb"),
    ],
)  # fmt: skip
def test_only_what_is_allowed_stays(html: str, expected: str) -> None:
    """Elements and attributes are kept by a list, and each element is closed."""
    assert expected == clean_html(html)


def test_pictures_are_in_the_document_or_an_error() -> None:
    """A picture without a description gets one."""
    assert "without a description" in clean_html(f"<img src='{PICTURE}' onerror=a>")
    assert f'alt="b" src="{PICTURE}" style="width: 90px' in clean_html(
        f"<img alt=b src='{PICTURE}' style='height: 9999em' width=90>"
    )
    for address in ("a.png", "//a.b/c.png", "file:///a", " https://a.b", "", "data:text/html,a"):
        with pytest.raises(RenderingError, match="not in it"):
            clean_html(f"<img src='{address}'>")


def test_numbers_are_put_to_the_right() -> None:
    """Whole columns, with their headings; the name of the index joins the headings."""
    html = clean_html(
        "<table class=dataframe border=1><thead><tr><th></th><th>loss</th><th>words</th></tr>"
        "<tr><th>level</th><th></th><th></th></tr></thead><tbody>"
        "<tr><th>0.1</th><td>\u22120.1087</td><td>3 layers</td></tr>"
        "<tr><th>relu</th><td>97.91\u202f% ± 0.08\u202f%</td><td>7</td></tr></tbody></table>"
    )
    page = read_page(html)
    assert [["level", "loss", "words"], ["0.1", "\u22120.1087", "3 layers"]] == page.rows[:2]
    numbers = re.findall(r'class="number"[^>]*>([^<]*)<', html)
    assert ["loss", "\u22120.1087", "97.91\u202f% ± 0.08\u202f%"] == numbers
    assert 3 == html.count('scope="col"')
    assert 2 == html.count('scope="row"')


def test_wide_tables_become_small() -> None:
    """The more letters stand side by side, the smaller they are; a long word may be broken."""
    widths = []
    for columns in (4, 13, 16, 60):
        row = "<td>12345678</td>" * columns
        found = re.search(r'<table class="(\w*)', clean_html(f"<table><tr>{row}</tr></table>"))
        widths.append(found[1] if found else "")
    assert ["short", "wide", "wider", "widest"] == widths
    assert '<td class="long">' in clean_html(f"<table><tr><td>{'x' * 300}</td></tr></table>")


def test_colours_of_cells_stay() -> None:
    """As pandas writes them: a style sheet that names cells; and nothing else of the sheet."""
    html = clean_html(
        "<style>#T_a_row0_col0, #T_a_row1_col0 { background-color: #08306b; color: #f1f1f1; "
        "background-image: url(x) } p { display: none }</style>"
        "<table id=T_a><tr><td id=T_a_row0_col0>1</td></tr></table><p>b</p>"
    )
    assert 'style="background-color: #08306b; color: #f1f1f1"' in html
    assert "url" not in html
    assert html.endswith("<p>b</p>")


def settle(*cells: str) -> str:
    """Return Markdown cells with their headings settled, as one text."""
    texts = tuple(PrintedCell("text", "", Markup(html)) for html in cells)  # noqa: S704
    return "|".join(f"{cell.kind}: {cell.html}" for cell in settle_headings(texts, "Given"))


def list_levels(html: str) -> list[str]:
    """Return the headings of a text, in order."""
    return re.findall(r"<(h[1-6])", html)


def test_headings_are_those_of_one_document() -> None:
    """One title, which is given if there is none; levels without gaps; empty ones left out."""
    assert ["h1", "h2", "h3", "h2"] == list_levels(
        settle("<h1>a</h1>", "<h2>b</h2><h4>c</h4><h3> </h3>", "<h2>d</h2>")
    )
    assert ["h1", "h2", "h3", "h2"] == list_levels(
        settle("<h1>a</h1>", "<h1>b</h1>", "<h2>c</h2>", "<h1>d</h1>")
    )
    assert settle("<h2>a</h2>").startswith("front: <h1 ")
    assert "Given" in settle()


def test_what_follows_the_title_stands_before_the_first_section() -> None:
    """The title, who wrote it and when are set by themselves, the rest as text."""
    settled = settle("<h1>a</h1><p>Ada</p><h2>Summary</h2><p>b</p>")
    assert re.fullmatch(
        r'front: <h1 id="[\w-]+">a</h1><p>Ada</p>\|text: <h2 id="[\w-]+">Summary</h2><p>b</p>',
        settled,
    )


def test_links_lead_to_the_first_heading_of_that_name() -> None:
    """A link to nowhere is no link; twins have names of their own."""
    html = settle(
        "<h1>a</h1>",
        '<a href="#b-c">x</a><a href="#nowhere">y</a><h2>b c</h2><h2>b c</h2><h2 id="b-c">z</h2>',
    )
    ids = re.findall(r'id="([\w-]+)"', html)
    assert len(set(ids)) == len(ids) == 4
    assert 1 == html.count("href=")
    assert re.search(r'href="#([\w-]+)"', html)[1] in ids  # type: ignore[index]


def test_a_line_that_was_written_over_is_shown_as_it_ended() -> None:
    """As a terminal does with progress; its colours become classes."""
    html = set_output("10 %\r50 %\r100 %\r\n\x1b[31mred\x1b[0m <b>\n\nend\n", "stream")
    assert ["100 %", "red <b>", "", "end"] == [
        read_page(line).text for line in re.findall(r'<p class="line">(.*?)</p>', html)
    ]
    assert 'class="ansi-red-fg"' in html


def test_code_keeps_every_character() -> None:
    """In whatever language, also in one that nobody knows."""
    code = 'def a(b):\n\tif b < 1:  # <c> & "d"\n\n        return """\n  e\n"""'
    for language in ("ipython3", "python", "no such language", "text"):
        lines = re.findall(r'<p class="line">(.*?)</p>', set_code(code, language))
        assert code.split("\n") == ["".join(read_page(line).words) for line in lines]


def test_code_can_be_read_on_its_ground(templates: Templates) -> None:
    """Every colour of code, prompts and the terminal has a contrast of 4.5 : 1 at least."""
    sheet = templates.read("css/notebook.css")
    assert f"background: {GROUND}" in sheet
    colours = set(re.findall(r"[{;] *color: (#[0-9a-f]{6})", sheet))
    assert len(colours) > 6
    ground = luminance(GROUND)
    faint = [each for each in colours if (ground + 0.05) / (luminance(each) + 0.05) < 4.5]
    assert [] == faint


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(w * s for w, s in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
