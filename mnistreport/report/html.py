"""The report as one HTML page that asks nobody for anything."""

import base64
from pathlib import Path

from markupsafe import Markup

from mnistreport.report.document import Document
from mnistreport.report.figures.figure import Figure
from mnistreport.report.templating import Templates

FONTS = Path(__file__).parent / "fonts"
FACES = (
    ("Source Serif 4", "normal", 400, "SourceSerif4-Regular.ttf.woff2"),
    ("Source Serif 4", "italic", 400, "SourceSerif4-It.ttf.woff2"),
    ("Source Serif 4", "normal", 700, "SourceSerif4-Bold.ttf.woff2"),
    ("Source Sans 3", "normal", 400, "SourceSans3-Regular.ttf.woff2"),
    ("Source Sans 3", "italic", 400, "SourceSans3-It.ttf.woff2"),
    ("Source Sans 3", "normal", 600, "SourceSans3-Semibold.ttf.woff2"),
)
"""Family, style, weight and file of the fonts that come with the program."""


def render_html(document: Document, templates: Templates, *, skin: str = "screen") -> str:
    """Return the whole page; ``skin`` is ``screen`` or ``print``, and names its style sheet."""
    sheets = (templates.read(f"css/{name}.css") for name in ("report", skin))
    style = "".join((_embed_fonts(), *sheets))
    return templates.render(
        "report.html.j2",
        {
            "document": document,
            "report": document.context,
            "skin": skin,
            # The style sheets are the project's own; only what would end their element is undone.
            "style": Markup(style.replace("</", "<\\/")),  # noqa: S704
            "source": _embed_figure,
        },
    )


def _embed_figure(figure: Figure) -> str:
    return _embed("image/svg+xml", figure.picture.svg)


def _embed_fonts() -> str:
    return "".join(
        f'@font-face {{ font-family: "{family}"; font-style: {style}; font-weight: {weight}; '
        f'src: url({_embed("font/woff2", (FONTS / file).read_bytes())}) format("woff2"); }}\n'
        for family, style, weight, file in FACES
    )


def _embed(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
