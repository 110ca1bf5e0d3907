"""The colours of figures on a page, by day and by night.

A figure inline in a page names its colours, and the page's style sheet says what they are: by day
those of ``style``, at night the same with their lightness turned round, so that what is dark on
paper is light on a dark page, letters on a filling stay legible, and blue stays blue.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

WHITE: Final = "#ffffff"
PAPER: Final = "var(--paper)"
"""What white is on a page: the page's own colour, which its style sheet sets."""

_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_DARKEST, _LIGHTEST = 0.21, 0.95
"""Lightness of a dark page, and of what is black on paper."""
_BLACK: Final = 0.27
"""Lightness of the darkest ink on paper."""

# Ottosson, A perceptual color space for image processing (2020): linear sRGB to OKLab.
_TO_LMS: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def name_colour(colour: str) -> str:
    """Return how a page refers to a colour of a figure; what is no ``#rrggbb`` stays as it is."""
    if colour == WHITE:
        return PAPER
    return f"var(--figure-{colour[1:]})" if _COLOUR.fullmatch(colour) else colour


def find_colours(svg: str) -> set[str]:
    """Return the colours that a drawing fills and strokes with."""
    return set(re.findall(rf'(?:fill|stroke)="({_COLOUR.pattern})"', svg)) - {WHITE}


def write_colours(colours: Iterable[str]) -> str:
    """Return the style sheet that says what the named colours are.

    A browser that does not know of two colours in one has those of the day.
    """
    days = sorted(colours)
    by_day = " ".join(f"--figure-{day[1:]}: {day};" for day in days)
    both = " ".join(f"--figure-{day[1:]}: light-dark({day}, {darken_colour(day)});" for day in days)
    known = "@supports (color: light-dark(#000, #fff))"
    return f":root {{ {by_day} }}\n{known} {{ :root {{ {both} }} }}\n"


def darken_colour(colour: str) -> str:
    """Return what ``#rrggbb`` on white paper is on a dark page: its lightness turned round."""
    lightness, *hue = _TO_LAB @ np.cbrt(_TO_LMS @ _read(colour))
    depth = min(1.0, (1 - lightness) / (1 - _BLACK))
    turned = _DARKEST + (_LIGHTEST - _DARKEST) * depth
    for part in np.linspace(1, 0, 51):  # as colourful as a screen can show it
        lab = np.array([turned, *(part * value for value in hue)])
        linear = np.linalg.solve(_TO_LMS, np.linalg.solve(_TO_LAB, lab) ** 3)
        if linear.min() >= -1e-4 and linear.max() <= 1 + 1e-4:  # noqa: PLR2004 - rounding
            return _write(linear)
    return WHITE


def _read(colour: str) -> NDArray[np.float64]:
    """Return the linear parts of red, green and blue, from 0 to 1."""
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - sRGB


def _write(linear: NDArray[np.floating[Any]]) -> str:
    linear = linear.clip(0, 1)
    parts = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)  # noqa: PLR2004 - sRGB
    return "#" + "".join(f"{round(float(part) * 255):02x}" for part in parts)
