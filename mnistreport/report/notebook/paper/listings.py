"""Code, and what it printed, line by line: each line is a paragraph that may be broken."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from markupsafe import Markup, escape
from nbconvert.filters.ansi import (
    ansi2html,  # pyright: ignore[reportUnknownVariableType]
    strip_ansi,  # pyright: ignore[reportUnknownVariableType]
)
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name  # pyright: ignore[reportUnknownVariableType]
from pygments.util import ClassNotFound

from mnistreport.report.figures.style import clean_text

_LONG: Final = 72
"""Columns; a longer line may have to be broken, and is made ready for it."""
_DEEPEST: Final = 24
"""Columns by which what is left of a line is indented at most."""
_HANG: Final = 2
_PIECE: Final = 8000
"""Letters; the time to lay a line out grows with the square of its length."""
_COLUMN: Final = 0.6
"""Width of a letter of Source Code Pro, in its size."""
_WIDE: Final = ("F", "W")
"""Letters of two columns."""


def set_code(source: str, language: str) -> Markup:
    """Return code in colours, if Pygments knows its language, and in black otherwise."""
    source = source.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    lines = source.split("\n")
    lexer = _find_lexer(language)
    if lexer is None:
        return _enclose("code", lines, map(escape, lines))
    formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True)
    coloured = str(highlight(source, lexer, formatter)).removesuffix("\n").split("\n")
    return _enclose("code", lines, map(Markup, coloured))  # Pygments has escaped them


def set_output(text: str, kind: str) -> Markup:
    """Return what a program printed, in the terminal's colours; ``kind`` is the class of it.

    Of a line that was written over, what was written last is shown.
    """
    shown = (line.rstrip("\r").rpartition("\r")[2] for line in text.rstrip("\n").split("\n"))
    lines = [piece for line in shown for piece in _cut(line)]
    coloured = (Markup(ansi2html(line)) for line in lines)  # noqa: S704 # it has escaped them
    return _enclose(kind, [strip_ansi(line) for line in lines], coloured)


def _cut(line: str) -> Sequence[str]:
    """Cut a line in pieces that can be laid out in good time, if it is longer than any page."""
    places = range(0, max(1, len(line)), _PIECE)
    return [line[place : place + _PIECE] for place in places]


def _find_lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _enclose(kind: str, lines: Sequence[str], coloured: Iterable[Markup]) -> Markup:
    paragraphs = (_set_line(line, html) for line, html in zip(lines, coloured, strict=True))
    return Markup('<div class="listing {}">{}</div>').format(kind, Markup("").join(paragraphs))


def _set_line(line: str, html: Markup) -> Markup:
    """Return a line; if it is broken, the rest is indented more than its beginning."""
    html = Markup(clean_text(html))  # noqa: S704
    if sum(1 + (unicodedata.east_asian_width(letter) in _WIDE) for letter in line) <= _LONG:
        return Markup('<p class="line">{}</p>').format(html)
    indent = min(len(line) - len(line.lstrip(" ")), _DEEPEST)
    hang = _COLUMN * (indent + _HANG)
    return Markup(
        '<p class="line long" style="padding-left: {:.1f}em; text-indent: -{:.1f}em; '
        'background-position: {:.1f}em 1.35em">{}</p>'
    ).format(hang, hang, _COLUMN * indent, html)
