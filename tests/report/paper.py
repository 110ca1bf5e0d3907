"""What a PDF looks like and what a screen reader is told of it."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pikepdf
import pytest
from PIL import Image

HEIGHT: Final = 297.0
TOP: Final = 25.0
BOTTOM: Final = HEIGHT - 24.0
"""Of an A4 page, and of the text on it, in millimetres from above."""
_RESOLUTION: Final = 50
_INK: Final = 200
"""Pixels darker than this are ink."""


def read_pages(pdf: Path) -> list[str]:
    """Return the text of each page, as it is laid out."""
    return convert_to_text(pdf, "-layout").removesuffix("\f").split("\f")


def convert_to_text(pdf: Path, option: str) -> str:
    """Return what pdftotext makes of a file."""
    call = ["pdftotext", option, pdf, "-"]
    try:
        done = subprocess.run(call, capture_output=True, check=True, encoding="utf-8")
    except FileNotFoundError:
        pytest.skip("pdftotext is not installed (Debian: poppler-utils)")
    return done.stdout


def measure_fill(pdf: Path, folder: Path) -> list[float]:
    """Return for each page how far down its text reaches, as a share of what it may fill."""
    call = ["pdftoppm", "-r", str(_RESOLUTION), "-gray", pdf, folder / "page"]
    try:
        subprocess.run(call, check=True)
    except FileNotFoundError:
        pytest.skip("pdftoppm is not installed (Debian: poppler-utils)")
    return [_measure_page(path) for path in sorted(folder.glob("page*.pgm"))]


def _measure_page(path: Path) -> float:
    pixels = np.asarray(Image.open(path))
    top, bottom = (round(len(pixels) * place / HEIGHT) for place in (TOP, BOTTOM))
    rows = np.flatnonzero((pixels[top:bottom] < _INK).any(axis=1))
    return float(rows[-1] + 1) / (bottom - top) if len(rows) else 0.0


@dataclass(frozen=True)
class Element:
    """An element of the tree of tags: its kind, as ``H1``, and what it holds."""

    kind: str
    node: pikepdf.Object
    parents: tuple[str, ...]


def walk_tags(file: pikepdf.Pdf) -> Iterator[Element]:
    """Yield every element of the tree of tags, in the order of reading."""
    yield from _walk(file.Root.StructTreeRoot, ())


def _walk(node: pikepdf.Object, parents: tuple[str, ...]) -> Iterator[Element]:
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            kind = str(kid.S).removeprefix("/")
            yield Element(kind, kid, parents)
            yield from _walk(kid, (*parents, kind))


def list_fonts(file: pikepdf.Pdf) -> dict[str, bool]:
    """Return each font that is used, by its name, and whether it is in the file."""
    fonts: dict[str, bool] = {}
    for each in file.objects:
        if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/FontDescriptor":
            name = str(each.FontName).split("+")[-1]
            fonts[name] = bool({"/FontFile", "/FontFile2", "/FontFile3"} & set(each.keys()))
    return fonts


_PAINTS: Final = {
    *("f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "Do", "Tj", "TJ", "'", '"', "sh", "EI"),
}


def count_untagged(page: pikepdf.Page) -> int:
    """Return how often something is painted on a page that is neither told nor an artifact."""
    depth = untagged = 0
    for _, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "BDC" | "BMC":
                depth += 1
            case "EMC":
                depth -= 1
            case paint:
                untagged += paint in _PAINTS and not depth
    return untagged
