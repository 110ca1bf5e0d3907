"""How every figure looks: the one place for colours, lines, letters and sizes.

Figures are drawn at the width at which they are printed, so that sizes are true: measures are in
millimetres from the sheet's top left corner, letters in points.
"""

import io
import re
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import matplotlib.style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.font_manager import FontEntry, FontProperties, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.textpath import text_to_path

from mnistreport.report.figures.figure import Picture
from mnistreport.report.figures.svg import tidy_svg

WIDTH: Final = 166.0
"""Width of the text on an A4 page, in millimetres."""

FONTS: Final = Path(__file__).parent.parent / "fonts"
FAMILY: Final = "mnistreport"
"""Source Sans 3 under a name of its own, whichever fonts the machine has besides."""
SMALL: Final = 7.0
MEDIUM: Final = 7.5
LARGE: Final = 8.0
BOLD: Final = 700

INK: Final = "#22262a"
QUIET: Final = "#666c72"
"""What explains: still dark enough to be read (5.4 : 1 on white)."""
FAINT: Final = "#dfe2e5"
"""Grid lines and frames."""
REFERENCE: Final = "#8d949b"
"""The baseline, where it stands behind something else."""
NOISE: Final = "#e9ebee"
"""What lies within chance."""
CELL: Final = "#f7f8f9"
"""Behind what belongs together."""
TRAIN: Final = "#00528c"
VALIDATION: Final = "#c44f08"
"""Dark blue and orange: told apart with any kind of colour vision, and by their lightness."""
TINTS: Final = ("#7fa8c9", "#f0b48a", "#cfe3dc")
"""Fillings that carry dark letters: training, validation, test."""
ON_TINT: Final = "#20242a"
"""Letters on a tint; another black than the ink, which a dark page makes light."""
ERRORS: Final = "#993a05"
"""Of mistakes, in more or less opacity: on white paper as on a dark page."""
WEIGHTS: Final = ("#d3e9f9", "#959595", "#7a2c00")
"""From negative to positive: told apart by lightness alone, the positive as dark as ink."""
ON_DEEP: Final = "#fffdfa"
"""Letters on a deep colour; another white than the paper's, which a dark page makes dark."""
FAINTEST, MIDDLE, DEEPEST = 0.08, 0.57, 1.0
"""Opacities: dark letters can be read up to the second, white ones on the third (4.5 : 1)."""

MODELS: Final = (("#8e5aa8", "o"), ("#1d8a7a", "^"), (INK, "s"), (QUIET, "D"))
"""Colour and shape of a model's dots where several models share a panel."""
LEVELS: Final[tuple[tuple[str, object], ...]] = (
    ("#d9803f", (0, (1.2, 1.2))),
    ("#b4590f", (0, (5, 1.2))),
    ("#8f3f08", (0, (5, 1.2, 1.2, 1.2))),
    ("#6b2d06", (0, (2.4, 1.2))),
    ("#4a1d02", (0, (8, 1.2, 1.2, 1.2, 1.2, 1.2))),
)
"""Lines of levels in their order, the lightest first, each with dashes of its own."""

SOLID: Final = "solid"
DASHED: Final = (0, (3.2, 1.5))
DOTTED: Final = (0, (1, 2))
FINE: Final = (0, (4, 2))
TRAIN_LINE: Final = SOLID
VALIDATION_LINE: Final = DASHED

DOTS_PER_INCH: Final = 200
"""Of the pictures in pixels."""

_MM: Final = 1 / 25.4  # inches
_POINT: Final = 25.4 / 72  # millimetres

_FAMILIES: Final = [FAMILY, "DejaVu Sans"]
"""The second, matplotlib's own, has letters of more scripts."""

_STYLE: Final = {
    "font.family": _FAMILIES,
    "font.size": MEDIUM,
    "text.color": INK,
    "text.parse_math": False,  # a label with dollars is no formula
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.5,
    "axes.labelcolor": INK,
    "axes.labelsize": MEDIUM,
    "axes.labelpad": 2.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.grid.which": "major",
    "axes.unicode_minus": True,
    "axes.facecolor": "none",
    "figure.facecolor": "white",
    "grid.color": FAINT,
    "grid.linewidth": 0.4,
    "lines.linewidth": 1.1,
    "lines.solid_capstyle": "round",
    "lines.dash_capstyle": "butt",
    "lines.markeredgewidth": 0.0,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.size": 2.0,
    "ytick.major.size": 0.0,
    "xtick.major.width": 0.5,
    "xtick.major.pad": 1.5,
    "ytick.major.pad": 2.0,
    "image.composite_image": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "mnistreport",
    "svg.image_inline": True,
}
_MISSING: Final = "(?s)Glyph .* missing from font"
_NOT_IN_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Sheet:
    """A sheet of paper to draw on, measured in millimetres from its top left corner."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.width, self.height = width, height
        self._canvas = Canvas(figsize=(width * _MM, height * _MM))
        self._hints: dict[str, str] = {}

    def add_panel(self, left: float, top: float, width: float, height: float) -> Axes:
        """Return axes at a place of the sheet."""
        box = (
            left / self.width,
            1 - (top + height) / self.height,
            width / self.width,
            height / self.height,
        )
        return self._canvas.add_axes(box)

    def write(  # noqa: PLR0913 # where, and how
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = MEDIUM,
        colour: str = INK,
        weight: int = 400,
        align: str = "left",
        valign: str = "baseline",
        rotation: float = 0.0,
    ) -> None:
        """Write text."""
        self._canvas.text(
            x / self.width,
            1 - y / self.height,
            clean_text(text),
            size=size,
            color=colour,
            weight=weight,
            ha=align,
            va=valign,
            rotation=rotation,
        )

    def add_overlay(self) -> Axes:
        """Return axes without frame or ticks over the whole sheet, in its millimetres."""
        axes = self._canvas.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, self.width), ylim=(self.height, 0))
        axes.axis("off")
        return axes

    def hint(self, artist: Artist, text: str) -> None:
        """Have a browser show ``text`` over something drawn."""
        name = f"hint-{len(self._hints)}"
        artist.set_gid(name)
        self._hints[name] = clean_text(text)

    def render(self) -> Picture:
        """Return the sheet, without date, version or anything else that may differ."""
        drawing, pixels = io.BytesIO(), io.BytesIO()
        with warnings.catch_warnings():
            # A letter that neither font has is drawn as a box; that is no news to the reader.
            warnings.filterwarnings("ignore", message=_MISSING)
            nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
            FigureCanvasSVG(self._canvas).print_svg(drawing, metadata=nothing)
            self._canvas.set_dpi(DOTS_PER_INCH)
            FigureCanvasAgg(self._canvas).print_png(
                pixels, metadata={"Software": None}, pil_kwargs={"compress_level": 3}
            )  # half as long as the usual 6, for files that are a tenth larger
        svg = drawing.getvalue()
        svg = svg[svg.index(b"<svg") :]  # no reference to a document type on the Web
        return Picture(tidy_svg(svg, self._hints), pixels.getvalue())


@contextmanager
def open_sheet(height: float, width: float = WIDTH) -> Generator[Sheet]:
    """Give a sheet to draw on; the report's style holds as long as it is open, and only then."""
    _load_fonts()
    # After a reset, since the user's own matplotlibrc is not the report's.
    with matplotlib.style.context(_STYLE, after_reset=True):
        yield Sheet(height, width)


def measure_text(text: str, size: float = MEDIUM, weight: int = 400) -> float:
    """Return the width of a line of text, in millimetres."""
    return _measure(clean_text(text), size, weight)


@cache
def _measure(text: str, size: float, weight: int) -> float:
    _load_fonts()
    font = FontProperties(family=_FAMILIES, size=size, weight=weight)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=_MISSING)
        return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] * _POINT


def cut_text(text: str, width: float, size: float = MEDIUM, weight: int = 400) -> str:
    """Return ``text``, shortened with an ellipsis to ``width`` millimetres if it is longer."""
    if measure_text(text, size, weight) <= width:
        return text
    kept = next(
        (n for n in range(len(text), 0, -1) if measure_text(f"{text[:n]}…", size, weight) <= width),
        1,
    )
    return f"{text[:kept].rstrip()}…"


def wrap_text(
    text: str, width: float, lines: int, size: float = MEDIUM, weight: int = 400
) -> list[str]:
    """Break ``text`` at spaces into at most ``lines`` lines of ``width`` millimetres."""
    words, broken = text.split(), [""]
    for place, word in enumerate(words):
        longer = f"{broken[-1]} {word}".strip()
        if not broken[-1] or measure_text(longer, size, weight) <= width:
            broken[-1] = longer
        elif len(broken) < lines:
            broken.append(word)
        else:
            broken[-1] = " ".join((broken[-1], *words[place:]))
            break
    return [cut_text(line, width, size, weight) for line in broken]


def clean_text(text: str) -> str:
    """Return ``text`` without the characters that XML cannot hold."""
    return _NOT_IN_XML.sub("\ufffd", text)


def name_split(split: str) -> str:
    """Return a split as a reader calls it."""
    return "training" if split == "train" else split


def dots(colour: str, *, is_complete: bool = True) -> dict[str, Any]:
    """Return how seeds are drawn: as dots, hollow if some of a level's runs are missing."""
    if is_complete:
        return {"marker": "o", "ls": "", "ms": 3.9, "mfc": colour, "mec": "white", "mew": 0.4}
    return {"marker": "o", "ls": "", "ms": 3.4, "mfc": "white", "mec": colour, "mew": 0.8}


def model_colour(place: int) -> str:
    """Return the colour of a model, by its place among the models."""
    return MODELS[place % len(MODELS)][0]


def model_dots(place: int, *, is_complete: bool = True) -> dict[str, Any]:
    """Return how a model's variants are drawn, by its place: by shape as well as colour."""
    colour, shape = MODELS[place % len(MODELS)]
    size = 5.0 if shape == "^" else 4.4
    return dots(colour, is_complete=is_complete) | {"marker": shape, "ms": size}


def draw_key(sheet: Sheet, x: float, y: float, entries: Sequence[tuple[str, str, object]]) -> None:
    """Write a line of samples and what they mean: ``(text, colour, line style)``.

    A line style of ``None`` stands for a band.
    """
    overlay = sheet.add_overlay()
    for text, colour, line in entries:
        if line is None:
            overlay.fill_between([x, x + 6], y - 1.9, y + 0.1, color=colour, alpha=0.22, lw=0)
        else:
            overlay.plot([x, x + 6], [y - 0.9, y - 0.9], color=colour, ls=line)  # pyright: ignore[reportArgumentType]
        sheet.write(x + 7.2, y, text, size=SMALL)
        x += 12.2 + measure_text(text, SMALL)


@cache
def list_letters() -> frozenset[str]:
    """Return the letters that text in a figure can have."""
    _load_fonts()
    files = [str(fontManager.findfont(FontProperties(family=family))) for family in _FAMILIES]
    return frozenset(chr(code) for file in files for code in FT2Font(file).get_charmap())


@cache
def _load_fonts() -> None:
    for file, weight in (("SourceSans3-Regular.otf", 400), ("SourceSans3-Semibold.otf", BOLD)):
        entry = FontEntry(fname=str(FONTS / file), name=FAMILY, weight=weight, size="scalable")
        fontManager.ttflist.append(entry)
