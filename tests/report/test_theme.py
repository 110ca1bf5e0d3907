import numpy as np
import pytest

from mnistreport.report.document import Document
from mnistreport.report.figures import style, theme

DARK_PAGE = "#15181c"


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.2, relative luminance)."""
    parts = np.array([0.2126, 0.7152, 0.0722])
    dark, light = sorted(float(theme._read(colour) @ parts) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [style.INK, style.QUIET, style.TRAIN, style.VALIDATION])
def test_letters_can_be_read(colour: str) -> None:
    """What is written in a colour stands out from paper, and from a dark page."""
    assert contrast(colour, "#ffffff") >= 4.5
    assert contrast(theme.darken_colour(colour), DARK_PAGE) >= 4.5


def test_lines_can_be_seen() -> None:
    """So does the faintest line that means something."""
    assert contrast(style.REFERENCE, "#ffffff") >= 3
    assert contrast(theme.darken_colour(style.REFERENCE), DARK_PAGE) >= 3


@pytest.mark.parametrize("filling", style.TINTS)
def test_letters_on_a_filling_can_be_read_at_night(filling: str) -> None:
    """Dark letters on a light filling become light letters on a dark one."""
    letters = theme.darken_colour(style.INK)
    assert contrast(letters, theme.darken_colour(filling)) >= 4.5


def test_a_colour_keeps_its_hue_at_night() -> None:
    """Blue stays blue and orange orange, so that prose can name them."""
    red, _, blue = theme._read(theme.darken_colour(style.TRAIN))
    assert blue > red
    red, _, blue = theme._read(theme.darken_colour(style.VALIDATION))
    assert red > blue


def test_black_and_white_change_places() -> None:
    """The ends of the scale are colours, too."""
    assert contrast(theme.darken_colour("#000000"), DARK_PAGE) > 14
    assert contrast(theme.darken_colour("#ffffff"), DARK_PAGE) < 1.1


def test_an_older_browser_has_the_colours_of_the_day() -> None:
    """What it does not know, it leaves out; what it knows stands before that."""
    day, both = theme.write_colours({style.INK}).splitlines()
    assert f":root {{ --figure-{style.INK[1:]}: {style.INK}; }}" == day
    assert both.startswith("@supports (color: light-dark(#000, #fff)) {")


def test_no_colour_of_a_figure_stays_as_it_is(document: Document, html: str) -> None:
    """Every colour in the page's drawings is one that its style sheet decides."""
    colours = set().union(
        *(theme.find_colours(each.picture.svg.decode()) for each in document.figures.values())
    )
    assert style.INK in colours
    assert [] == [
        each for each in colours if f"{theme.name_colour(each)[4:-1]}: light-" not in html
    ]
    assert set() == theme.find_colours(html)
