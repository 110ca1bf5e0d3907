"""Words of figures as text on paper."""

import re
from xml.etree import ElementTree as ET

import pytest

from mnistreport.report.document import Document
from mnistreport.report.lettering import set_letters

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'
WORDS = (
    '<g><!-- {} --><g transform="translate(17 9.5) {}scale(0.07 -0.07)" fill="#22262a">'
    '<defs><path id="{font}-41" d="M 0 0"/></defs><use xlink:href="#{font}-41"/></g></g>'
)
TEXT = "{http://www.w3.org/2000/svg}text"


def letter(words: str, rotate: str = "", font: str = "SourceSans3-Regular") -> ET.Element:
    """Return a drawing of words after its letters were set."""
    svg = SVG.format(WORDS.format(words, rotate, font=font)).encode()
    return ET.fromstring(set_letters(svg))  # noqa: S314 - our own drawing


@pytest.mark.parametrize(
    ("font", "weight"), [("SourceSans3-Regular", "400"), ("SourceSans3-Semibold", "600")]
)
def test_outlines_become_text_at_their_place(font: str, weight: str) -> None:
    """Place, turn, size, weight and colour are those of the outlines."""
    (text,) = letter("a &lt; b &amp; c", "rotate(-90) ", font).iter(TEXT)
    assert "a < b & c" == text.text
    assert {
        "transform": "translate(17 9.5) rotate(-90)",
        "fill": "#22262a",
        "font-family": "Source Sans 3",
        "font-weight": weight,
        "font-size": "7",
    } == text.attrib


@pytest.mark.parametrize(
    ("words", "font"),
    [
        ("深層", "DejaVuSans"),
        ("what comes - - after", "SourceSans3-Regular"),
        ("  led by spaces", "SourceSans3-Regular"),
        ("two  spaces", "SourceSans3-Regular"),
    ],
)
def test_what_cannot_be_text_stays_drawn(words: str, font: str) -> None:
    """Letters of other fonts, words that a comment cannot hold, and spaces keep their outlines."""
    root = letter(words, font=font)
    assert [] == list(root.iter(TEXT))
    assert 1 == len(list(root.iter("{http://www.w3.org/2000/svg}use")))


def test_elements_have_no_prefix_whoever_else_writes_xml() -> None:
    """Making a PDF changes how Python writes XML, but not how figures are written after it."""
    ET.register_namespace("", "")  # as WeasyPrint does
    svg = SVG.format(WORDS.format("a", "", font="SourceSans3-Regular")).encode()
    assert set_letters(svg).startswith(b'<svg xmlns="http://www.w3.org/2000/svg"')
    assert b"<text" in set_letters(svg)


def test_letters_that_others_use_stay(document: Document) -> None:
    """Every outline that is referred to is still there; what was drawn is drawn."""
    for figure in document.figures.values():
        before, after = figure.picture.svg.decode(), set_letters(figure.picture.svg).decode()
        used = set(re.findall(r'href="#([^"]+)"', after))
        assert used <= set(re.findall(r'id="([^"]+)"', after))
        assert before.count("data:image") == after.count("data:image")
        assert after.count("<text") >= 1


def test_spaces_at_the_end_are_no_reason_to_draw() -> None:
    """Nobody sees them; narrow ones that belong to a number are kept."""
    (text,) = letter("97.9\u202f%  ").iter(TEXT)
    assert "97.9\u202f%" == text.text
