"""The report as one HTML page that asks nobody for anything."""

import base64
import hashlib
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

from mnistreport.report.document import Document
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.theme import find_colours, write_colours
from mnistreport.report.inline import draw_inline
from mnistreport.report.lettering import set_letters
from mnistreport.report.page import view_page
from mnistreport.report.templating import Templates
from mnistreport.resources import find_resource

_ENDS: Final = re.compile("<(?=/style)", re.IGNORECASE)
FONTS = Path(__file__).parent / "fonts"
FACES = (
    ("Source Serif 4", "normal", 400, "SourceSerif4-Regular"),
    ("Source Serif 4", "italic", 400, "SourceSerif4-It"),
    ("Source Serif 4", "normal", 700, "SourceSerif4-Bold"),
    ("Source Sans 3", "normal", 400, "SourceSans3-Regular"),
    ("Source Sans 3", "italic", 400, "SourceSans3-It"),
    ("Source Sans 3", "normal", 600, "SourceSans3-Semibold"),
    ("Source Code Pro", "normal", 400, "SourceCodePro-Regular"),
)
"""Family, style, weight and file name of the fonts that come with the program."""
KINDS = {"screen": ".ttf.woff2", "print": ".otf.woff2"}
"""Ends of the file names: TrueType is smaller; WeasyPrint unpacks OpenType twenty times as fast."""


def render_html(document: Document, templates: Templates, *, skin: str = "screen") -> str:
    """Return the whole page; ``skin`` is ``screen`` or ``print``, and names its style sheet.

    The page for the screen names the digests of its one style sheet and its one script: a browser
    heeds nothing else that might get into it.
    """
    is_screen = skin == "screen"
    sheets = (templates.read(f"css/{name}.css") for name in ("report", skin))
    colours = _name_colours(document) if is_screen else ""
    style = enclose_style("".join((embed_fonts(KINDS[skin]), colours, *sheets)))
    script = read_script() if is_screen else Markup()
    draw = draw_inline if is_screen else _refer
    return templates.render(
        "report.html.j2",
        {
            "document": view_page(document),
            "report": document.context,
            "skin": skin,
            "style": style,
            "script": script,
            "policy": _write_policy(style, script),
            "drawings": {name: draw(each) for name, each in document.figures.items()},
        },
    )


def _name_colours(document: Document) -> str:
    return write_colours(set[str]().union(*map(_find_colours, document.figures.values())))


@lru_cache(maxsize=64)  # as with what is drawn inline
def _find_colours(figure: Figure) -> set[str]:
    return find_colours(figure.picture.svg.decode())


def read_script() -> Markup:
    """Return the program's script, never a project's: who opens a report need not trust it."""
    return Markup(find_resource("templates/js/report.js").read_text("utf-8"))  # noqa: S704


def enclose_style(text: str) -> Markup:
    """Return a style sheet as it stands in a page, without what would end its element."""
    return Markup(_ENDS.sub(r"<\\", text))  # noqa: S704


def _write_policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            "img-src data:",
            "font-src data:",
            f"style-src '{digest_source(style)}'",
            f"script-src '{digest_source(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def digest_source(text: str) -> str:
    """Return how a policy names a style sheet or a script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _refer(figure: Figure) -> Markup:
    """Return a figure as a picture of its own, as paper has it."""
    address = _embed("image/svg+xml", set_letters(figure.picture.svg))
    return Markup('<img src="{}" alt="{}">').format(address, figure.alt)


@cache
def embed_fonts(kind: str) -> str:
    """Return the fonts as a style sheet; ``kind`` is the end of their files' names."""
    files = {name: (FONTS / f"{name}{kind}").read_bytes() for *_, name in FACES}
    return "".join(
        f'@font-face {{ font-family: "{family}"; font-style: {style}; font-weight: {weight}; '
        f'src: url({_embed("font/woff2", files[name])}) format("woff2"); }}\n'
        for family, style, weight, name in FACES
    )


def _embed(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
