"""Drawings as part of a page: the same SVG, in the page's colours, among the ids of others."""

import re
from functools import lru_cache
from typing import Final
from xml.etree import ElementTree as ET

from markupsafe import Markup

from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.theme import name_colour

_XLINK: Final = "{http://www.w3.org/1999/xlink}href"
_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")
_COLOURED: Final = ("fill", "stroke")


@lru_cache(maxsize=64)  # a live page shows the same drawings again and again
def draw_inline(figure: Figure) -> Markup:
    """Return a figure as an element of HTML, with its ``alt`` as name; it is as wide as its place.

    Its ids begin with the figure's name, so that no two figures share one. Comments are left out:
    they hold names, and HTML ends a comment earlier than XML does.
    """
    root = ET.fromstring(figure.picture.svg)  # noqa: S314 # our own drawing
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # HTML knows which elements are SVG's
        _join_page(element, f"{figure.name}-")
    size = {name: root.attrib[name] for name in ("viewBox", "stroke-linejoin", "stroke-linecap")}
    root.attrib.clear()
    root.attrib |= size | {"role": "img", "aria-label": figure.alt}
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 # escaped by ElementTree


def _join_page(element: ET.Element, prefix: str) -> None:
    for name, value in list(element.attrib.items()):
        if name == "id":
            element.set(name, prefix + value)
        elif name == _XLINK:
            del element.attrib[name]
            element.set("href", f"#{prefix}{value[1:]}" if value.startswith("#") else value)
        elif name in _COLOURED:
            element.set(name, name_colour(value))
        elif "url(#" in value:
            element.set(name, _REFERENCE.sub(rf"url(#{prefix}\1)", value))
