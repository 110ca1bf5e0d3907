"""Markdown as Jupyter reads it, with its formulas drawn: what a notebook says on paper."""

from typing import Final

from markupsafe import Markup
from nbconvert.filters.markdown_mistune import (
    InvalidNotebook,
    IPythonRenderer,
    MarkdownWithMath,
)

from mnistreport.errors import RenderingError
from mnistreport.report.notebook.paper.foreign_html import clean_html
from mnistreport.report.notebook.paper.formulas import draw_formula
from mnistreport.report.notebook.paper.listings import set_code

_DISPLAYED: Final = Markup('<span class="formula">{}</span>')
_SIMPLE: Final = ("equation", "equation*", "math", "displaymath")
"""Environments that are a formula and nothing else."""
_RAW: Final = Markup('<code class="formula">{}</code>')


def render_text(source: str, attachments: dict[str, dict[str, str]]) -> Markup:
    """Return a Markdown cell as HTML that loads nothing.

    Args:
        source: Markdown, which may hold HTML, and formulas between dollar signs.
        attachments: Pictures of the cell, by name and then by media type.

    Raises:
        RenderingError: A picture is not in the notebook.
    """
    renderer = _PrintedMarkdown(escape=False, attachments=attachments, exclude_anchor_links=True)
    try:
        html = MarkdownWithMath(renderer=renderer).render(source)
    except InvalidNotebook as error:
        raise RenderingError(str(error), next_step="paste the picture again") from error
    return Markup(clean_html(html))  # noqa: S704


def render_formula(tex: str) -> Markup:
    """Return an output in LaTeX: a formula on a line of its own, between dollar signs or not."""
    tex = tex.strip().strip("$").removeprefix(r"\displaystyle")
    return Markup("<p>{}</p>").format(_display(tex))


def _display(tex: str, raw: str = "") -> Markup:
    drawn = draw_formula(tex, displayed=True)
    return _DISPLAYED.format(drawn or _RAW.format(raw or f"$${tex}$$"))


class _PrintedMarkdown(IPythonRenderer):
    """Draws formulas, and sets code as cells have it."""

    def block_code(self, code: str, info: str | None = None) -> str:
        """Return a block of code, in the colours of its language."""
        return set_code(code, (info or "text").split(maxsplit=1)[0])

    def inline_math(self, body: str) -> str:
        r"""Return a formula between ``$``, or between ``\(`` and ``\)``."""
        return draw_formula(body) or _RAW.format(f"${body}$")

    def block_math(self, body: str) -> str:
        r"""Return a formula between ``$$``, or between ``\[`` and ``\]``."""
        return _display(body)

    def latex_environment(self, name: str, body: str) -> str:
        r"""Return what stands between ``\begin`` and ``\end``."""
        whole = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return _display(body if name in _SIMPLE else whole, whole)
