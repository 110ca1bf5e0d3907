"""The two PDFs: that they can be read, and that the one of the notebook shows the notebook."""

import logging
import re
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Final

from mnistreport.verification.agreement import Document
from mnistreport.verification.numbers import find_numbers, settle_characters, squash
from mnistreport.verification.passages import Cell, list_code, list_headings, read_everything
from mnistreport.verification.verdict import Unsound

if TYPE_CHECKING:  # loaded in the process that reads
    from pypdf.generic import DictionaryObject

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
_MOST_DEPTH: Final = 20
"""Drawings within drawings whose fonts are looked at."""
_CODES: Final = re.compile(rb"begincodespacerange(.*?)endcodespacerange", re.DOTALL)
_CODE: Final = re.compile(rb"<([0-9A-Fa-f]+)>")
_BYTES: Final = 2
"""Of a code in ``Identity-H``."""
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
    fonts = _Fonts()
    for page in reader.pages:
        fonts.settle(page)
        pages.append(page.extract_text())
        letters += len(pages[-1])
        if letters > MOST_LETTERS:
            msg = "has far too much text"
            raise Unsound(msg)
    return pages


class _Fonts:
    """Has pypdf read fonts that lack some letters of a text.

    For these, WeasyPrint writes its own table of codes in the place of ``Identity-H``, which pypdf
    does not read. Both have codes of two bytes, and which letter a code stands for is in another
    table, ``ToUnicode``: for reading the text, the one is as good as the other.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def settle(self, holder: "DictionaryObject", depth: int = 0) -> None:
        """Look at all fonts of a page, or of a drawing on it."""
        resources = _resolve(holder, "/Resources")
        if id(resources) in self._seen or depth > _MOST_DEPTH:
            return
        self._seen.add(id(resources))
        fonts, drawings = _resolve(resources, "/Font"), _resolve(resources, "/XObject")
        for name in fonts:
            _settle_font(_resolve(fonts, name))
        for name in drawings:
            self.settle(_resolve(drawings, name), depth + 1)


def _settle_font(font: "DictionaryObject") -> None:
    from pypdf.generic import NameObject, StreamObject

    encoding = _resolve(font, "/Encoding")
    if isinstance(encoding, StreamObject) and "/ToUnicode" in font:
        codes = _CODES.search(encoding.get_data())
        if codes and {len(each) for each in _CODE.findall(codes[1])} == {2 * _BYTES}:
            font[NameObject("/Encoding")] = NameObject("/Identity-H")


def _resolve(holder: "DictionaryObject", name: str) -> "DictionaryObject":
    """Return an entry that is a dictionary; an empty one if it is none."""
    from pypdf.generic import DictionaryObject

    found = holder.get(name)
    found = found.get_object() if found is not None else None
    return found if isinstance(found, DictionaryObject) else DictionaryObject()


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
