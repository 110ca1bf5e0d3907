"""The two PDFs: that they can be read, and that the one of the notebook shows the notebook."""

import logging
from collections.abc import Sequence
from io import BytesIO
from typing import Final

from mnistreport.verification.agreement import Document
from mnistreport.verification.numbers import find_numbers, settle_characters, squash
from mnistreport.verification.passages import Cell, list_code, list_headings, read_everything
from mnistreport.verification.verdict import Unsound

MOST_PAGES: Final = 500
MOST_LETTERS: Final = 5_000_000
"""Of all pages together."""
_MAGIC: Final = b"%PDF-"
_HEAD: Final = 1024
"""Bytes at the beginning in which a PDF says what it is."""
_LEAST_LINE: Final = 6
"""Letters and digits of a line that is looked for; shorter ones are anywhere."""
_LEAST_SHARE: Final = 0.75
"""Share of the notebook's lines of code and headings that stand in its PDF: a few may be set in
another way, or be cut by the end of a page."""
_TOLD: Final = 10
"""Numbers out of place that are told."""


def read_pdf(content: bytes) -> Document:
    """Return the text of a PDF, page by page.

    Raises:
        Unsound: It is none, is encrypted, or has no pages or no text.
    """
    if _MAGIC not in content[:_HEAD]:
        msg = "is no PDF"
        raise Unsound(msg)
    try:
        pages = _read_pages(content)
    except Unsound:
        raise
    except Exception as error:  # whatever a reader of PDF makes of bytes that are none
        msg = f"cannot be read as PDF ({type(error).__name__})"
        raise Unsound(msg) from error
    if not pages:
        msg = "has no pages"
        raise Unsound(msg)
    if not any(page.strip() for page in pages):
        msg = "has no text"
        raise Unsound(msg)
    return Document(tuple(pages))


def _read_pages(content: bytes) -> list[str]:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    msg = "is encrypted"
    try:
        reader = PdfReader(BytesIO(content))
    except DependencyError as error:  # a cipher is all that it might lack
        raise Unsound(msg) from error
    if reader.is_encrypted:
        raise Unsound(msg)
    if len(reader.pages) > MOST_PAGES:
        msg = f"has more than {MOST_PAGES} pages"
        raise Unsound(msg)
    pages, letters = list[str](), 0
    for page in reader.pages:
        pages.append(page.extract_text())
        letters += len(pages[-1])
        if letters > MOST_LETTERS:
            msg = "has far too much text"
            raise Unsound(msg)
    return pages


def find_missing_lines(cells: Sequence[Cell], document: Document) -> list[str]:
    """Return what says that a PDF is that of another notebook, if it is."""
    text = "".join(document.squashed)
    lines = dict.fromkeys(map(squash, (*list_code(cells), *list_headings(cells))))
    wanted = [line for line in lines if len(line) >= _LEAST_LINE]
    missing = sum(line not in text for line in wanted)
    if missing <= (1 - _LEAST_SHARE) * len(wanted):
        return []
    return [f"{missing} of the notebook's {len(wanted)} lines of code and headings are not in it"]


def find_invented_numbers(cells: Sequence[Cell], document: Document) -> list[str]:
    """Return the numbers of the notebook's PDF that are nowhere in the notebook.

    A number of the PDF may be a piece of one: long lines are broken anywhere.
    """
    known = settle_characters(read_everything(cells)).replace("\u2212", "-")
    kept = frozenset(find_numbers(known))
    strangers = [
        number
        for number in dict.fromkeys(document.numbers)
        if number not in kept and number.lstrip("-") not in known
    ]
    return [f"{number} is not in the notebook" for number in strangers[:_TOLD]]
