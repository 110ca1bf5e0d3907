"""The page around the report: its files, loaded once, by the paths that they are asked for with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mnistreport.report.html import FONTS

_HERE: Final = Path(__file__).parent


def _load(name: str, kind: str) -> tuple[bytes, str]:
    return (_HERE / name).read_bytes(), f"{kind}; charset=utf-8"


def _load_font(name: str) -> tuple[bytes, str]:
    return (FONTS / f"{name}.ttf.woff2").read_bytes(), "font/woff2"


SHELL: Final[Mapping[str, tuple[bytes, str]]] = {
    "/": _load("shell.html", "text/html"),
    "/shell.css": _load("shell.css", "text/css"),
    "/shell.js": _load("shell.js", "text/javascript"),
    "/frames.js": _load("frames.js", "text/javascript"),
    "/icon.svg": _load("icon.svg", "image/svg+xml"),
    "/sans.woff2": _load_font("SourceSans3-Regular"),
    "/sans-semibold.woff2": _load_font("SourceSans3-Semibold"),
    "/code.woff2": _load_font("SourceCodePro-Regular"),
}
"""Content and media type."""
