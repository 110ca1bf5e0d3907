"""The report as one HTML page that asks nobody for anything."""

import base64
from pathlib import Path

from markupsafe import Markup

from mnistreport.report.document import Document
from mnistreport.report.figures import Figure
from mnistreport.report.lettering import set_letters
from mnistreport.report.templating import Templates

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
    """Return the whole page; ``skin`` is ``screen`` or ``print``, and names its style sheet."""
    sheets = (templates.read(f"css/{name}.css") for name in ("report", skin))
    style = "".join((_embed_fonts(KINDS[skin]), *sheets))
    return templates.render(
        "report.html.j2",
        {
            "document": document,
            "report": document.context,
            "skin": skin,
            # The style sheets are the project's own; only what would end their element is undone.
            "style": Markup(style.replace("</", "<\\/")),  # noqa: S704
            "source": _print_figure if skin == "print" else _embed_figure,
        },
    )


def _embed_figure(figure: Figure) -> str:
    return _embed("image/svg+xml", figure.picture.svg)


def _print_figure(figure: Figure) -> str:
    return _embed("image/svg+xml", set_letters(figure.picture.svg))


def _embed_fonts(kind: str) -> str:
    files = {name: (FONTS / f"{name}{kind}").read_bytes() for *_, name in FACES}
    return "".join(
        f'@font-face {{ font-family: "{family}"; font-style: {style}; font-weight: {weight}; '
        f'src: url({_embed("font/woff2", files[name])}) format("woff2"); }}\n'
        for family, style, weight, name in FACES
    )


def _embed(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
