"""A figure's words as text, for paper: searched for, copied, and drawn in a third of the time.

matplotlib draws letters as outlines and leaves what they say in a comment. The fonts of figures are
those of the report, so that the words can be set as text at the same place.
"""

import html
import re
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

_SVG: Final = "{http://www.w3.org/2000/svg}"
_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_WEIGHTS: Final = {"SourceSans3-Regular": "400", "SourceSans3-Semibold": "600"}
_UNITS: Final = 100.0
"""Size of a letter in units of its outline."""
_PLACE: Final = re.compile(r"(translate\([^)]*\)(?: rotate\([^)]*\))?) scale\(([\d.]+) -[\d.]+\)")
_LOST: Final = re.compile(r"^ |  |[\t\n\r]")
"""Spaces that text in a drawing loses, and with them its letters their places."""


def set_letters(svg: bytes) -> bytes:
    """Return a drawing with text in place of outlines, wherever every letter of it is in our fonts.

    Words that text would not show as they were drawn stay outlines.

    Args:
        svg: As ``figures.svg`` makes it of matplotlib's.
    """
    builder = ET.TreeBuilder(insert_comments=True)
    root = ET.fromstring(svg, ET.XMLParser(target=builder))  # noqa: S314 # our own drawing
    settings = [(parent, *found) for parent in root.iter() if (found := _find_words(parent))]
    for parent, outlines, text in settings:
        parent.remove(outlines)
        parent.append(text)
        parent.extend(outlines.findall(f"{_SVG}defs"))  # other words may use the same letters
    _unwrap(root)
    return _write(root)


def _unwrap(element: ET.Element) -> None:
    """Leave out groups without an effect, comments and empty lists: each of them costs time."""
    kept: list[ET.Element] = []
    for child in element:
        _unwrap(child)
        if child.tag == f"{_SVG}g" and not child.attrib:
            kept += child
        elif child.tag is not ET.Comment and (len(child) or child.tag != f"{_SVG}defs"):
            kept.append(child)
    element[:] = kept


def _write(root: ET.Element) -> bytes:
    """Return a drawing as text; prefixes as in SVG, whatever other libraries have made of them."""
    for element in root.iter():
        if element.tag is not ET.Comment:
            element.tag = element.tag.removeprefix(_SVG)
            if (reference := element.attrib.pop(_HREF, None)) is not None:
                element.set("xlink:href", reference)
    root.set("xmlns", _SVG.strip("{}"))
    root.set("xmlns:xlink", _HREF.partition("}")[0].strip("{"))
    return ET.tostring(root, encoding="unicode").encode()


def _find_words(group: ET.Element) -> tuple[ET.Element, ET.Element] | None:
    """Return the outlines of words, and the text to put there; nothing if the group has none."""
    if len(group) != 2 or group[0].tag is not ET.Comment:  # noqa: PLR2004 - the words, the outlines
        return None
    comment, outlines = group[0].text or "", group[1]
    words = html.unescape(comment.removeprefix(" ").rstrip(" "))  # spaces at its end are not seen
    place = _PLACE.fullmatch(outlines.get("transform", ""))
    fonts = set(_list_fonts(outlines))
    if not place or len(fonts) != 1 or not fonts <= set(_WEIGHTS):
        return None
    if "- -" in words or _LOST.search(words):  # a comment cannot hold two dashes
        return None
    text = ET.Element(f"{_SVG}text", {k: v for k, v in outlines.items() if k != "transform"})
    text.set("transform", place[1])
    text.set("font-family", "Source Sans 3")
    text.set("font-weight", _WEIGHTS[fonts.pop()])
    text.set("font-size", f"{float(place[2]) * _UNITS:g}")
    text.text = words
    return outlines, text


def _list_fonts(outlines: ET.Element) -> Iterator[str]:
    for use in outlines.iter(f"{_SVG}use"):
        yield use.get(_HREF, "").removeprefix("#").rpartition("-")[0]
