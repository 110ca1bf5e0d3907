"""Formulas in TeX, drawn by matplotlib's mathtext: no TeX has to be installed."""

import base64
import io
import logging
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Final

import matplotlib.style
from markupsafe import Markup
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextToPath

from mnistreport.processes import interrupts_held

_INK: Final = "#15181c"
"""As print.css has it."""
_UNITS: Final = 100
"""Size of a letter in units of its outline."""
_STROKES: Final = {
    Outline.MOVETO: "M",
    Outline.LINETO: "L",
    Outline.CURVE3: "Q",
    Outline.CURVE4: "C",
    Outline.CLOSEPOLY: "Z",
}
_STYLE: Final = {"mathtext.fontset": "stix", "mathtext.fallback": "stix"}
"""Letters that go with Source Serif."""
_SAME: Final[Mapping[str, str]] = {
    r"\\[tc]frac(?![a-zA-Z])": r"\\frac",
    r"\\(frac|dfrac) *(\d) *(\d)": r"\\\1{\2}{\3}",
    r"\\[lr]Vert(?![a-zA-Z])": r"\\|",
    r"\\[lr]vert(?![a-zA-Z])": "|",
    r"\\(?:[bB]ig|[bB]igg)[lrm]?(?![a-zA-Z])": "",
    r"\\(?:nonumber|notag|displaystyle|textstyle|limits)(?![a-zA-Z])": "",
}
"""What mathtext knows by another name, or can do without."""
_DISPLAYED: Final = {r"\frac": r"\dfrac", r"\sum": r"\,\sum", r"\prod": r"\,\prod"}
_LONGEST: Final = 2000
"""Characters; what is longer is no formula."""


def draw_formula(tex: str, *, displayed: bool = False) -> Markup | None:
    """Return a formula as a picture in a line of text, with its TeX as alternative text.

    It is measured in the size of the letters around it, and stands on their baseline.

    Args:
        tex: Without the dollar signs.
        displayed: Whether it has a line of its own, where fractions are large.

    Returns:
        Nothing if mathtext cannot draw all of it.
    """
    tex = " ".join(tex.split())
    if not tex or len(tex) > _LONGEST:
        return None
    outline = _trace(_enlarge(tex) if displayed else tex)
    if outline is None:
        return None
    left, bottom, right, top = _measure(outline)
    height, drop = (top - bottom) / _UNITS, bottom / _UNITS
    picture = base64.b64encode(_write_svg(outline, (left, bottom, right, top))).decode()
    return Markup(
        '<img class="formula" src="data:image/svg+xml;base64,{}" alt="{}" '
        'style="height: {:.3f}em; vertical-align: {:.3f}em">'
    ).format(picture, tex, height, drop)


@cache
def _trace(tex: str) -> Outline | None:
    """Return a formula's letters and lines as one outline; nothing if one of them is missing."""
    for pattern, other in _SAME.items():
        tex = re.sub(pattern, other, tex)
    # After a reset, since the user's own matplotlibrc is not the report's.
    with (
        interrupts_held(),
        matplotlib.style.context(_STYLE, after_reset=True),
        _collect_remarks() as remarks,
    ):
        # One that was just made remembers no formula, and makes its remarks again.
        try:
            points, codes = TextToPath().get_text_path(
                FontProperties(math_fontfamily="stix"), f"${tex}$", ismath=True
            )
        except (ValueError, RecursionError, RuntimeError):
            return None
    if remarks or not len(points):
        return None
    return Outline(points, codes)


def _enlarge(tex: str) -> str:
    """Make fractions large that are not part of something else in braces, and sums stand free."""
    depth, pieces = 0, re.split(r"(\\[a-zA-Z]+|\\.|[{}])", tex)
    for place, piece in enumerate(pieces):
        depth += {"{": 1, "}": -1}.get(piece, 0)
        if depth == 0:
            pieces[place] = _DISPLAYED.get(piece, piece)
    return "".join(pieces)


def _measure(outline: Outline) -> tuple[float, float, float, float]:
    box = outline.get_extents()
    return box.x0 - 2, box.y0 - 1, box.x1 + 2, box.y1 + 1


def _write_svg(outline: Outline, box: tuple[float, float, float, float]) -> bytes:
    left, bottom, right, top = box
    words = io.StringIO()
    for points, code in outline.iter_segments(simplify=False):
        words.write(_STROKES[code])
        if code != Outline.CLOSEPOLY:
            pairs = zip(points[::2], points[1::2], strict=True)
            words.write(" ".join(f"{x - left:.1f} {top - y:.1f}" for x, y in pairs))
    width, height = right - left, top - bottom
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.1f}" height="{height:.1f}" '
        f'viewBox="0 0 {width:.1f} {height:.1f}"><path fill="{_INK}" d="{words.getvalue()}"/></svg>'
    ).encode()


@contextmanager
def _collect_remarks() -> Generator[list[str]]:
    """Collect what mathtext says of letters that it replaces by another sign."""
    remarks: list[str] = []

    def note(record: logging.LogRecord) -> bool:
        remarks.append(record.getMessage())
        return False

    logger = logging.getLogger("matplotlib.mathtext")
    logger.addFilter(note)
    try:
        yield remarks
    finally:
        logger.removeFilter(note)
