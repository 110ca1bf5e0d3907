"""Headings of a notebook, as those of one document: one title, no level left out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Final
from urllib.parse import unquote

from bs4 import BeautifulSoup
from bs4.element import Tag
from markupsafe import Markup

from mnistreport.report.notebook.paper.foreign_html import parse_html
from mnistreport.report.notebook.paper.printed import PrintedCell, PrintedOutput

_NAMES: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_DEEPEST: Final = len(_NAMES)


def settle_headings(cells: Sequence[PrintedCell], title: str) -> tuple[PrintedCell, ...]:
    """Return the cells with headings that follow each other, and links that lead to them.

    Args:
        cells: Of the whole notebook.
        title: Put in front, if the notebook does not begin with a title of its own.
    """
    soups = [parse_html(html) for html in _list_pieces(cells)]
    if not cells or not cells[0].is_text or not _begins_with_title(soups[0]):
        front = PrintedCell("text", "", Markup("<h1>{}</h1>").format(title))
        return settle_headings((front, *cells), title)
    front, rest = _split_front(soups[0])
    soups[0] = rest
    headings = front.find_all(_NAMES) + [found for soup in soups for found in soup.find_all(_NAMES)]
    _settle_levels(headings)
    _settle_links((front, *soups), headings)
    pieces = (Markup(str(soup)) for soup in soups)  # noqa: S704
    settled = (_put_pieces(cell, pieces) for cell in cells)
    title_page = PrintedCell("front", "", Markup(str(front)))  # noqa: S704
    return (title_page, *(cell for cell in settled if cell.html.strip() or cell.outputs))


def _split_front(soup: BeautifulSoup) -> tuple[BeautifulSoup, BeautifulSoup]:
    """Return a title with what is said of the notebook, and what begins with the next heading."""
    front, rest = parse_html(""), parse_html("")
    goal = front
    for node in list(soup.contents):
        if goal.contents and isinstance(node, Tag) and node.name in _NAMES and goal.find("h1"):
            goal = rest
        goal.append(node.extract())
    return front, rest


def _begins_with_title(soup: BeautifulSoup) -> bool:
    heading = soup.find(_NAMES)
    return heading is not None and heading.name == "h1" and bool(heading.get_text(strip=True))


def _list_pieces(cells: Sequence[PrintedCell]) -> Iterator[str]:
    """Yield what may have headings; code has none."""
    for cell in cells:
        if cell.is_text:
            yield cell.html
        yield from (output.html for output in cell.outputs if output.kind == "html")


def _put_pieces(cell: PrintedCell, pieces: Iterator[Markup]) -> PrintedCell:
    html = next(pieces) if cell.is_text else cell.html
    outputs = tuple(
        PrintedOutput(each.kind, each.prompt, next(pieces) if each.kind == "html" else each.html)
        for each in cell.outputs
    )
    return replace(cell, html=html, outputs=outputs)


def _settle_levels(headings: list[Tag]) -> None:
    """Have one title; where a notebook has several, they are its sections."""
    shift = sum(heading.name == "h1" for heading in headings) > 1
    above = 0
    for heading in headings:
        if not heading.get_text(strip=True) and not heading.find("img"):
            heading.decompose()
            continue
        level = int(heading.name[1]) + (shift if above else 0)
        above = min(level, above + 1, _DEEPEST)
        heading.name = _NAMES[above - 1]


def _settle_links(soups: Sequence[BeautifulSoup], headings: Sequence[Tag]) -> None:
    """Give each heading a name, and have links lead there, by Jupyter's names for headings."""
    places: dict[str, str] = {}
    names = (f"place-{number}" for number in count(1))
    for soup in soups:
        for element in soup.find_all(id=True):
            name = next(names)
            places.setdefault(str(element["id"]), name)
            element["id"] = name
    for heading in headings:
        if not heading.decomposed and "id" not in heading.attrs:
            name = next(names)
            places.setdefault(heading.get_text().replace(" ", "-"), name)
            heading["id"] = name
    for soup in soups:
        for link in soup.find_all("a", href=True):
            address = str(link["href"])
            if address.startswith("#"):
                if place := places.get(unquote(address[1:])):
                    link["href"] = f"#{place}"
                else:
                    del link["href"]
