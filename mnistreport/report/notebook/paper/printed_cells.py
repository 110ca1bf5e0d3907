"""The cells of an executed notebook, each as HTML that loads nothing."""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from markupsafe import Markup
from nbformat import NotebookNode

from mnistreport.report.notebook.paper.foreign_html import clean_html
from mnistreport.report.notebook.paper.listings import set_code, set_output
from mnistreport.report.notebook.paper.markdown import render_formula, render_text
from mnistreport.report.notebook.paper.printed import PrintedCell, PrintedOutput

_SHORT: Final = 14
"""Lines of code that are not torn."""
_CAPTION: Final = re.compile(r"\*\*(Figure|Table)\s\d+\.\*\*")
_SHOWN: Final = (
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "text/latex",
    "image/png",
    "image/jpeg",
    "text/plain",
)
"""Of an output's forms, the first of these is shown, as Jupyter does."""
_SCALE: Final = 0.8
"""Size of a picture on paper; matplotlib's letters of 10 points are then like the report's."""
_LEFT_OUT: Final = Markup('<p><span class="left-out">[{}: not shown on paper]</span></p>')


def print_cells(notebook: NotebookNode) -> Iterator[PrintedCell]:
    """Yield the cells of a notebook, but for empty ones.

    Raises:
        RenderingError: A cell shows a picture that is not in the notebook.
    """
    info = notebook.metadata.get("language_info", {})
    language = str(info.get("pygments_lexer") or info.get("name") or "ipython3")
    for cell in notebook.cells:
        source = _join(cell.source)
        outputs = tuple(_print_outputs(cell))
        if not source.strip() and not outputs:
            continue
        if cell.cell_type == "markdown":
            attachments = cell.get("attachments", {})
            html = render_text(source, attachments)
            yield PrintedCell(_find_kind(source), "", html)
        elif cell.cell_type == "code":
            prompt = f"In [{_count(cell)}]"
            is_short = source.count("\n") < _SHORT
            yield PrintedCell("code", prompt, set_code(source, language), is_short, outputs)
        else:
            yield PrintedCell("raw", "", set_output(source, "words"))


def _find_kind(source: str) -> str:
    """Tell captions, as this program writes them, from other Markdown."""
    found = _CAPTION.match(source)
    return f"text {found[1].lower()}-words" if found else "text"


def _print_outputs(cell: NotebookNode) -> Iterator[PrintedOutput]:
    for output in cell.get("outputs", []):
        match output.output_type:
            case "stream":
                words = _join(output.text)
                kind = "stream errors" if output.name == "stderr" else "stream"
                yield PrintedOutput("stream", "", set_output(words, kind))
            case "error":
                words = "\n".join(output.traceback)
                yield PrintedOutput("stream", "", set_output(words, "stream errors"))
            case kind:
                forms = {name: _join(content) for name, content in output.data.items()}
                prompt = f"Out [{_count(cell)}]" if kind == "execute_result" else ""
                yield _print_value(forms, output.get("metadata", {}), prompt, _count(cell))


def _print_value(
    forms: Mapping[str, str], about: Mapping[str, Any], prompt: str, count: str
) -> PrintedOutput:
    for name in _SHOWN:
        content = forms.get(name, "")
        if not content.strip():
            continue
        if name == "text/html":
            html = Markup(clean_html(content))  # noqa: S704
            if html.striptags() or "<img" in html:
                return PrintedOutput("html", prompt, html)
        elif name == "text/markdown":
            return PrintedOutput("html", prompt, render_text(content, {}))
        elif name == "text/latex":
            return PrintedOutput("words", prompt, render_formula(content))
        elif name == "text/plain":
            return PrintedOutput("words", prompt, set_output(content, "words"))
        else:
            html = _show_picture(name, content, about.get(name, {}), count)
            return PrintedOutput("picture", prompt, html)
    left_out = ", ".join(sorted(forms)) or "nothing"
    return PrintedOutput("words", prompt, _LEFT_OUT.format(left_out))


def _show_picture(media_type: str, content: str, about: Mapping[str, Any], count: str) -> Markup:
    """Return a picture, with the description that its output comes with."""
    if media_type == "image/svg+xml":
        content = base64.b64encode(content.encode()).decode()
    alt = str(about.get("alt") or f"Picture that cell {count} shows")
    width = about.get("width")
    size = ""
    if isinstance(width, int) and width > 0:
        size = Markup(' style="width: {:.0f}px"').format(width * _SCALE)
    return Markup('<img src="data:{};base64,{}" alt="{}"{}>').format(
        media_type, "".join(content.split()), alt, size
    )


def _join(text: object) -> str:
    """Return a text that a notebook may hold line by line."""
    if isinstance(text, list):
        return "".join(str(line) for line in cast("list[object]", text))
    return text if isinstance(text, str) else ""


def _count(cell: NotebookNode) -> str:
    return str(cell.get("execution_count") or "\u00a0")
