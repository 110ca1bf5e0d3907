"""Drawings that are read: nothing is in them but what this program draws."""

from pathlib import Path

import pytest

from mnistreport.report.figures.svg import is_plain_drawing

SPECIMEN = Path(__file__).parents[2] / "output" / "mnist" / "figures"
DRAWING = """\
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9pt" \
height="9pt" viewBox="0 0 9 9" version="1.1" stroke-linejoin="round" stroke-linecap="butt">\
<defs><clipPath id="p1"><rect x="0" y="0" width="9" height="9"/></clipPath>\
<path id="m1" d="M 0 0 L 1 -1.5e-3"/></defs><g fill="#20242a"><!-- words --><g \
transform="translate(1 2) scale(0.1 -0.1)"><use xlink:href="#m1"/></g></g>\
<path d="M 0 0" clip-path="url(#p1)" fill="none" stroke="#fff" stroke-dasharray="0.5,1"><title>\
words</title></path><image xlink:href="data:image/png;base64,iVBORw0KGgo=" width="4" height="4" \
image-rendering="pixelated"/></svg>"""
PUT_IN = (
    "<script>alert(1)</script>",
    "<foreignObject><p>words</p></foreignObject>",
    '<a xlink:href="http://evil.example"><path d="M 0 0"/></a>',
    '<animate attributeName="d" values="a;b"/>',
    '<set attributeName="d" to="a"/>',
    "<style>path { fill: url(http://evil.example) }</style>",
    '<meta xmlns="http://www.w3.org/1999/xhtml" http-equiv="refresh" content="0;url=http://e"/>',
    '<script xmlns="">alert(1)</script>',
    "<text>words</text>",
    '<use xlink:href="http://evil.example/a.svg#b"/>',
    '<use xlink:href="a.svg#b"/>',
    '<use xlink:href="data:image/svg+xml;base64,AAAA#a"/>',
    '<use href="#m1"/>',
    '<image xlink:href="http://evil.example/a.png"/>',
    '<image xlink:href="data:image/svg+xml;base64,AAAA"/>',
    '<image xlink:href="javascript:alert(1)"/>',
    '<path xlink:href="#m1" d="M 0 0"/>',
    '<path onload="alert(1)"/>',
    '<path style="fill: url(http://evil.example)"/>',
    '<path fill="url(http://evil.example#a)"/>',
    '<path fill="url(evil.svg#a)"/>',
    '<path fill="URL(evil.svg#a)"/>',
    "<path fill=\"url('evil.svg#a')\"/>",
    r'<path fill="u\72 l(evil.svg#a)"/>',
    '<path fill="none" clip-path="url(#p1) url(evil#a)"/>',
    '<path class="a"/>',
    '<g xml:base="http://evil.example/"><use xlink:href="#m1"/></g>',
    "<![CDATA[words]]>",
    "<?xml-stylesheet href='http://evil.example'?>",
)


def test_what_is_drawn_is_plain() -> None:
    """Every figure of the report on MNIST can be read again."""
    drawings = sorted(SPECIMEN.glob("*.svg"))
    assert len(drawings) > 20
    assert [] == [path.name for path in drawings if not is_plain_drawing(path.read_bytes())]
    assert is_plain_drawing(DRAWING.encode())


@pytest.mark.parametrize("number", range(len(PUT_IN)))
def test_whatever_else_there_is_makes_it_none(number: int) -> None:
    """Scripts, foreign content, animation, events, styles, and addresses that lead out."""
    assert not is_plain_drawing(DRAWING.replace("</svg>", f"{PUT_IN[number]}</svg>").encode())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg",
        b"\xff\xfe",
        b"<html/>",
        b"<svg/>",
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + DRAWING.encode(),
        b'<?xml version="1.0"?>' + DRAWING.encode(),
        DRAWING.encode("utf-16"),
        b"<g>" * 5000 + b"</g>" * 5000,
    ],
    ids=range(9),
)
def test_what_is_no_drawing_is_none(content: bytes) -> None:
    """Neither something else, nor a drawing with a document type or in another encoding."""
    assert not is_plain_drawing(content)
