"""The executed notebook as PDF, without TeX: its cells as HTML, laid out by WeasyPrint."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nbformat import NotebookNode

from mnistreport.report.html import KINDS, embed_fonts, enclose_style
from mnistreport.report.notebook.paper.headings import settle_headings
from mnistreport.report.notebook.paper.printed_cells import print_cells
from mnistreport.report.pdf import render_pdf
from mnistreport.report.templating import Templates

PAGE: Final = "notebook.html.j2"
_SHEETS: Final = ("report", "print", "notebook")


def render_notebook_pdf(
    notebook: NotebookNode,
    templates: Templates,
    *,
    title: str,
    language: str,
    place: Path | None = None,
) -> bytes:
    """Return a notebook as PDF, accessible as PDF/UA-1 asks; equal notebooks give equal bytes.

    What a notebook would load or run has no effect, and is not in the PDF: scripts and style sheets
    without a word, frames and the like with a remark in their place. A picture that is not in the
    notebook is an error, since it would be missing.

    Args:
        notebook: With its outputs; nothing is run.
        templates: Of the project; ``notebook.html.j2`` and style sheets are used.
        title: What a reader's window is called; the title on the page is the notebook's own.
        language: Of its words, as in ``en``.
        place: A folder for what is needed meanwhile; the system's own by default.

    Raises:
        TemplateError: The page's template cannot be rendered.
        NoPdfError: A library that WeasyPrint needs is missing, or it takes too long.
        RenderingError: A picture is not in the notebook, or the page cannot be laid out.
        EnvironmentFault: The disk refuses, or no process can be started.
    """
    page = render_page(notebook, templates, title=title, language=language)
    return render_pdf(page, place=place)


def render_page(notebook: NotebookNode, templates: Templates, *, title: str, language: str) -> str:
    """Return the page that ``render_notebook_pdf`` lays out."""
    cells = settle_headings(tuple(print_cells(notebook)), title)
    sheets = (templates.read(f"css/{name}.css") for name in _SHEETS)
    return templates.render(
        PAGE,
        {
            "cells": cells,
            "title": title,
            "language": language,
            "authors": tuple(_list_authors(notebook)),
            "style": enclose_style("".join((embed_fonts(KINDS["print"]), *sheets))),
        },
    )


def _list_authors(notebook: NotebookNode) -> Iterator[str]:
    """Yield the names that the notebook's metadata have, as nbformat lays down."""
    for author in notebook.metadata.get("authors", []):
        if name := author.get("name"):
            yield str(name)
