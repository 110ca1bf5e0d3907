"""Tables that others made, as the report's own: numbers to the right, as wide as the page."""

import re
from typing import Final

from bs4.element import Tag

_NUMBER: Final = re.compile(
    r"[-+\u2212]?(?:\d[\d.,\s%±()×e+\u2212-]*|nan|inf|NaN)"
    r"(?:ms|s|min|h|[kKMG]i?B|nats?|points?|percentage points?)?"
)
_NOTHING: Final = frozenset({"", "\u2013", "\u2014", "-", "\u2026", "..."})
_LONGEST_WORD: Final = 28
"""Letters; a longer word is broken."""
_PROSE: Final = 36
"""Letters that a column of words needs, however long they are."""
_LETTER: Final = 0.52
"""Width of a letter on average, in its size."""
_ROOM: Final = 470
"""Width of the text on a page, in points."""
_SHORT: Final = 16
"""Rows of a table that is not torn."""
_SIZES: Final = ((8.0, 11.1, ""), (6.7, 4.8, "wide"), (5.8, 4.8, "wider"))
"""Size of letters, room between columns (both in points), and the class that notebook.css has."""


def settle_table(table: Tag) -> None:
    """Give a table the classes that ``notebook.css`` lays it out by, and headings their scope."""
    rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
    grid = [list(row.find_all(("td", "th"), recursive=False)) for row in rows]
    for row, cells in zip(rows, grid, strict=True):
        in_head = row.find_parent("thead") is not None
        for cell in cells:
            if cell.name == "th":
                cell["scope"] = "col" if in_head else "row"
            if _is_long(_read(cell)):
                _mark(cell, "long")
    _join_heads(rows, grid)
    _align(rows, grid)
    _mark(table, _choose_width(grid))
    if len(rows) <= _SHORT:
        _mark(table, "short")


def _join_heads(rows: list[Tag], grid: list[list[Tag]]) -> None:
    """Make one row of two, if the second only fills gaps in the first, as pandas has it."""
    heads = [n for n, row in enumerate(rows) if row.find_parent("thead") is not None]
    if heads != [0, 1] or len(grid[0]) != len(grid[1]):
        return
    if any({"colspan", "rowspan"} & set(cell.attrs) for cells in grid[:2] for cell in cells):
        return
    pairs = list(zip(grid[0], grid[1], strict=True))
    if any(_read(above) and _read(below) for above, below in pairs):
        return
    joined = [above if _read(above) else below for above, below in pairs]
    for (above, _), cell in zip(pairs, joined, strict=True):
        if cell is not above:
            above.replace_with(cell)
    rows.pop(1).decompose()
    grid[:2] = [joined]


def _align(rows: list[Tag], grid: list[list[Tag]]) -> None:
    """Put numbers to the right, and over them their headings, where each column is whole."""
    body = [c for r, c in zip(rows, grid, strict=True) if r.find_parent("thead") is None]
    spans = any({"colspan", "rowspan"} & set(cell.attrs) for cells in grid for cell in cells)
    if spans or not body:
        _align_spans(grid, body)
        return
    for place in range(max(map(len, grid))):
        column = [cells[place] for cells in body if place < len(cells)]
        words = [_read(cell) for cell in column]
        if all(map(_is_number, words)) and any(word not in _NOTHING for word in words):
            for cell in (cells[place] for cells in grid if place < len(cells)):
                _mark(cell, "number")


def _align_spans(grid: list[list[Tag]], body: list[list[Tag]]) -> None:
    """Do so where cells span others: with the values, if all of them are numbers."""
    values = [cell for cells in body for cell in cells if cell.name == "td"]
    if not all(_is_number(_read(cell)) for cell in values):
        return
    names = max((sum(cell.name == "th" for cell in cells) for cells in body), default=0)
    above = [cell for cells in grid[: len(grid) - len(body)] for cell in cells[names:]]
    for cell in (*values, *(cell for cell in above if "colspan" not in cell.attrs)):
        _mark(cell, "number")


def _choose_width(grid: list[list[Tag]]) -> str:
    """Return the class of a table by how many letters stand side by side in it."""
    widths: list[int] = []
    for cells in grid:
        widths += [0] * (len(cells) - len(widths))
        for place, cell in enumerate(cells):
            if "colspan" not in cell.attrs:
                widths[place] = max(widths[place], _measure(_read(cell)))
    letters, columns = sum(widths), len(widths)
    return next(
        (name for size, gap, name in _SIZES if letters * size * _LETTER + columns * gap <= _ROOM),
        "widest",
    )


def _measure(words: str) -> int:
    longest = max(map(len, words.split()), default=0)
    return max(min(len(words), _PROSE), min(longest, _LONGEST_WORD))


def _is_number(words: str) -> bool:
    return words in _NOTHING or _NUMBER.fullmatch(words) is not None


def _is_long(words: str) -> bool:
    return any(len(word) > _LONGEST_WORD for word in words.split())


def _read(cell: Tag) -> str:
    return " ".join(cell.get_text().split())


def _mark(element: Tag, name: str) -> None:
    if name:
        classes = [each for each in element.get_attribute_list("class") if each]
        element["class"] = " ".join((*classes, name))
