import base64
import re

import matplotlib as mpl
import pytest

from mnistreport.report.notebook.paper.formulas import draw_formula


def read_svg(html: str | None) -> str:
    """Return the drawing in an ``img`` element."""
    assert html is not None
    found = re.search(r'base64,([^"]+)"', html)
    assert found
    return base64.b64decode(found[1]).decode()


@pytest.mark.parametrize(
    "tex",
    [
        r"x",
        r"\eta = 0.01",
        r"-\log \frac{e^{z_y}}{\sum_{k=0}^{9} e^{z_k}}",
        r"\tfrac12 \left( \hat{y} - y \right)^2",
        r"\bigl\lVert \theta \bigr\rVert_2^2",
        r"\mathrm{softmax}(z)_k \in \mathbb{R}^{28 \times 28}",
        "a\n  + b",
    ],
)
def test_what_students_write_is_drawn(tex: str) -> None:
    """As outlines alone, with the TeX as alternative text."""
    html = draw_formula(tex)
    svg = read_svg(html)
    assert 1 == svg.count("<path ")
    assert not {"<text", "<use", "<style", "<metadata", "http://www.w3.org/1999"} & set(svg.split())
    assert f'alt="{" ".join(tex.split())}"' in str(html)


@pytest.mark.parametrize(
    "tex",
    [
        "",
        r"\begin{pmatrix} a \end{pmatrix}",
        r"\nosuchcommand",
        "{" * 500 + "}" * 500,
        "x" * 5000,
        r"\frac{1}{",
        "a $ b",
        "x = \u65e5",  # a letter that the font lacks, which mathtext would replace by another sign
    ],
)
def test_what_cannot_be_drawn_whole_is_not_drawn(tex: str) -> None:
    """Also the second time, when mathtext has seen it before."""
    assert draw_formula(tex) is None
    assert draw_formula(tex) is None


def test_a_formula_stands_on_the_line() -> None:
    """What hangs below the line of text is below it, in the size of the letters."""
    drops = [
        float(re.search(r"vertical-align: (-?[\d.]+)em", str(draw_formula(tex)))[1])  # type: ignore[index]
        for tex in ("x", "y", r"\frac{a}{b}")
    ]
    assert -0.05 < drops[0] <= 0.05
    assert -0.4 < drops[1] < -0.1
    assert drops[2] < drops[1]


def test_fractions_of_a_displayed_formula_are_large() -> None:
    """Those in an exponent are not."""
    heights = [
        float(re.search(r"height: ([\d.]+)em", str(draw_formula(r"\frac{a}{b}", displayed=on)))[1])  # type: ignore[index]
        for on in (False, True)
    ]
    assert heights[1] > 1.3 * heights[0]
    within = r"e^{\frac{a}{b}}"
    assert draw_formula(within) == draw_formula(within, displayed=True)


def test_the_settings_of_others_do_not_matter() -> None:
    """A formula is the same whatever matplotlib was told before, and leaves that as it was."""
    html = draw_formula(r"\alpha_{1} + 1")
    draw_formula.__globals__["_trace"].cache_clear()
    with mpl.rc_context({"mathtext.fontset": "cm", "font.size": 30}):
        assert html == draw_formula(r"\alpha_{1} + 1")
        assert "cm" == mpl.rcParams["mathtext.fontset"]
