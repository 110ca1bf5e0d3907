"""matplotlib's SVG, made fit to stand in a page: no style sheet, shorter, with words on hover."""

import re
from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree as ET

_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_ROUNDED: Final = ("d", "x", "y", "width", "height", "points", "cx", "cy", "r")
_LONG: Final = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
_JOINS: Final = {"stroke-linejoin": "round", "stroke-linecap": "butt"}
"""What matplotlib's style sheet says of every element; inherited from the root here."""

ET.register_namespace("", _SVG)
ET.register_namespace("xlink", _XLINK)


def tidy_svg(svg: bytes, hints: Mapping[str, str]) -> bytes:
    """Return a drawing without metadata and style, places rounded to a hundredth of a point.

    A page that forbids style attributes, as a strict Content-Security-Policy does, shows it all
    the same.

    Args:
        svg: As matplotlib wrote it, from ``<svg`` on.
        hints: Words that a browser shows over an element, by its id.
    """
    builder = ET.TreeBuilder(insert_comments=True)  # they hold what texts drawn as outlines say
    root = ET.fromstring(svg, ET.XMLParser(target=builder))  # noqa: S314 # our own drawing
    for parent in root.iter():
        for child in list(parent):
            if child.tag in {f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"}:
                parent.remove(child)
    for element in root.iter():
        if element.tag != ET.Comment:
            _tidy_element(element)
        element.tail = None
        if hint := hints.get(element.get("id", "")):
            title = ET.Element(f"{{{_SVG}}}title")
            title.text = hint
            element.insert(0, title)
    for name, value in _JOINS.items():
        root.set(name, value)
    _drop_unused_ids(root)
    return ET.tostring(root, encoding="unicode").encode()


def _tidy_element(element: ET.Element) -> None:
    for declaration in element.attrib.pop("style", "").split(";"):
        name, _, value = declaration.partition(":")
        if value:
            element.set(name.strip(), value.strip())
    for name in _ROUNDED:
        if value := element.get(name):
            element.set(name, " ".join(_LONG.sub(_round, value).split()))
    element.text = (element.text or "").strip() or None


def _round(number: re.Match[str]) -> str:
    return f"{round(float(number[0]), 2) + 0.0:g}"  # no minus before zero


def _drop_unused_ids(root: ET.Element) -> None:
    """Keep the ids that something refers to; matplotlib names every group."""
    used: set[str] = set()
    for element in root.iter():
        for value in element.attrib.values():
            used |= set(re.findall(r"url\(#([^)]+)\)", value))
        reference = element.get(f"{{{_XLINK}}}href", "")
        if reference.startswith("#"):
            used.add(reference[1:])
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
