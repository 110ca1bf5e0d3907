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

_INK: Final = frozenset(
    {
        *("fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity"),
        *("stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin"),
        *("stroke-miterlimit", "opacity", "clip-path", "transform", "id"),
    }
)
_PLACE: Final = frozenset({"x", "y", "width", "height"})
_ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    "svg": _INK | _PLACE | {"viewBox", "version"},
    "g": _INK,
    "defs": _INK,
    "title": frozenset(),
    "path": _INK | {"d"},
    "use": _INK | _PLACE,
    "rect": _INK | _PLACE,
    "clipPath": _INK,
    "image": _INK | _PLACE | {"image-rendering"},
}
"""What may be in a drawing that is read, and with which attributes: no more than is written."""
_NOWHERE: Final = re.compile(r"(?!)")
_ADDRESSES: Final[Mapping[str, re.Pattern[str]]] = {
    "use": re.compile(r"#[\w.-]+"),
    "image": re.compile(r"data:image/png;base64,[\w+/=\s]+", re.ASCII),
}
"""Where each element may lead."""
_VALUE: Final = re.compile(r"(?!.*url\((?!#[\w.-]+\)))[\w\s#%.,()+-]*", re.IGNORECASE | re.DOTALL)
"""Numbers, colours, keywords and places in the drawing."""
_NO_DRAWING: Final = (b"<!DOCTYPE", b"<!ENTITY", b"<?", b"<![CDATA[")


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
    for element in root.iter():
        if element.tag != ET.Comment:
            _tidy_element(element)
        element.tail = None
    for element in root.iter():
        for child in list(element):
            if child.tag in {"metadata", "style"}:
                element.remove(child)
        if hint := hints.get(element.get("id", "")):
            title = ET.Element("title")
            title.text = hint
            element.insert(0, title)
    for name, value in {"xmlns": _SVG, "xmlns:xlink": _XLINK, **_JOINS}.items():
        root.set(name, value)
    _drop_unused_ids(root)
    return ET.tostring(root, encoding="unicode").encode()


def _tidy_element(element: ET.Element) -> None:
    # Prefixes are written out: ElementTree's own are one table for the whole process.
    element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
    if (reference := element.attrib.pop(f"{{{_XLINK}}}href", None)) is not None:
        element.set("xlink:href", reference)
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
        reference = element.get("xlink:href", "")
        if reference.startswith("#"):
            used.add(reference[1:])
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)


def is_plain_drawing(svg: bytes) -> bool:
    """Tell whether a drawing that is read has only what ``tidy_svg`` leaves in one.

    It is held to a list of elements and attributes: no script, no foreign content, no animation,
    no event, and no address but a place in the drawing or a picture that is in it as PNG.
    """
    if not svg.startswith(b"<svg") or any(mark in svg for mark in _NO_DRAWING):
        return False
    try:
        text = svg.decode()  # another encoding could hide what is looked for
        root = ET.fromstring(text)  # noqa: S314 - without a document type, it names no entity
    except (ET.ParseError, UnicodeDecodeError):
        return False
    return root.tag == f"{{{_SVG}}}svg" and all(map(_is_plain, root.iter()))


def _is_plain(element: ET.Element) -> bool:
    kind = element.tag.removeprefix(f"{{{_SVG}}}")
    allowed = _ATTRIBUTES.get(kind)
    if allowed is None or kind == element.tag:
        return False
    for name, value in element.attrib.items():
        if name == f"{{{_XLINK}}}href":
            if not _ADDRESSES.get(kind, _NOWHERE).fullmatch(value):
                return False
        elif name not in allowed or not _VALUE.fullmatch(value):
            return False
    return True
