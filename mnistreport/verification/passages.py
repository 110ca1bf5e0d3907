"""What a notebook says, cut into blocks: its paragraphs and list items, and rows of its results."""

from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any, Final

from markdown_it import MarkdownIt

from mnistreport.report.notebook.file import RESULTS
from mnistreport.verification.agreement import Block

Cell = Mapping[str, Any]
"""A cell of a valid notebook."""

_BLOCKS: Final = frozenset({"p", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "caption", "div"})
_UNSEEN: Final = frozenset({"style", "script"})


def join_lines(text: str | Sequence[str]) -> str:
    """Return text that a notebook may keep as a list of its lines."""
    return text if isinstance(text, str) else "".join(text)


def list_blocks(cells: Sequence[Cell]) -> Iterator[Block]:
    """Yield what Markdown cells say, and the rows that cells tagged ``results`` print."""
    for number, cell in enumerate(cells, 1):
        place = f"cell {number}"
        if cell["cell_type"] == "markdown":
            for text in _read_markdown(join_lines(cell["source"])):
                yield Block(place, text, is_prose=True)
        elif cell["cell_type"] == "code" and RESULTS in cell["metadata"].get("tags", ()):
            for text in _read_outputs(cell["outputs"]):
                yield Block(place, text, is_prose=False)


def list_headings(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield the headings of Markdown cells."""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            tokens = MarkdownIt("commonmark").parse(join_lines(cell["source"]))
            for before, token in pairwise(tokens):
                if before.type == "heading_open":
                    yield _read_html(token.content)


def list_code(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield the lines of code cells that have anything in them."""
    for cell in cells:
        if cell["cell_type"] == "code":
            yield from filter(str.strip, join_lines(cell["source"]).splitlines())


def read_everything(cells: Sequence[Cell]) -> str:
    """Return all text of cells and of their outputs."""
    texts = [join_lines(cell["source"]) for cell in cells]
    for cell in cells:
        texts += _read_outputs(cell.get("outputs", ()))
    return "\n".join(texts)


def _read_markdown(source: str) -> Iterator[str]:
    """Yield paragraphs, list items, headings and rows of tables; listings of code are left out."""
    row: list[str] | None = None
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            yield " | ".join(row)
            row = None
        elif token.type == "html_block":
            yield from _Reader.read(token.content)
        elif token.type == "inline":
            text = "".join(
                child.content if child.type not in {"softbreak", "hardbreak"} else " "
                for child in token.children or ()
                if child.type != "html_inline"
            )
            if row is None:
                yield text
            else:
                row.append(text)


def _read_outputs(outputs: Sequence[Cell]) -> Iterator[str]:
    """Yield the rows of tables, and the lines of other text; what has both counts as a table."""
    for output in outputs:
        if output["output_type"] == "stream":
            yield from join_lines(output["text"]).splitlines()
            continue
        shown = output.get("data", {})
        if page := shown.get("text/html"):
            yield from _Reader.read(join_lines(page))
        elif text := shown.get("text/plain"):
            yield from join_lines(text).splitlines()


def _read_html(text: str) -> str:
    return " ".join(_Reader.read(text))


class _Reader(HTMLParser):
    """Collects the text of HTML, block by block; a cell of a table ends no block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[list[str]] = [[]]
        self._unseen = 0

    @classmethod
    def read(cls, page: str) -> Iterator[str]:
        reader = cls()
        reader.feed(page)
        reader.close()
        for block in reader._blocks:
            if text := "".join(block).strip():
                yield text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS:
            self._blocks.append([])
        elif tag in {"td", "th", "br"}:
            self._blocks[-1].append(" | ")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BLOCKS:
            self._blocks.append([])

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._blocks[-1].append(data)
