"""Markdown as HTML, with words in it that are set off because a remark is made on them.

Words are set off by invisible marks that travel through Markdown with the text: whatever the words
hold, headings, lists, tables, emphasis across their ends, each text in them is set off by itself,
so that the HTML is as well nested as without.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import validateLink
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from markupsafe import Markup

from mnistreport.errors import TemplateError
from mnistreport.processes import collector_paused

LONGEST: Final = 50_000
"""Characters of Markdown that are read at once: some eight thousand words, or 20 pages. A hostile
text takes up to quadratic time: at this length, about a second."""

_OPEN: Final = "\ue000"
_CLOSE: Final = "\ue001"
_END: Final = "\ue002"
"""Private-use characters: what they enclose is a mark only if it is a seal that the draft knows."""
_REFUTED: Final = '<mark class="refuted">{}</mark>'
_SPAN: Final = ' <span class="refutation" role="note">[{}]</span>'
_PARAGRAPH: Final = '<p><span class="refutation" role="note">[{}]</span></p>\n'
_BLANK: Final = r" \t"
_EMPHASIS: Final = "*_~"
_HARMLESS: Final = re.compile("(?:https?|mailto|data):|[^:/?#]*(?:[/?#]|$)", re.IGNORECASE)
"""Addresses that may be linked to; of ``data:``, markdown-it takes pictures alone."""
_ANY_MARK: Final = re.compile(f"[{_OPEN}{_CLOSE}][0-9]+{_END}")


@dataclass(frozen=True, slots=True)
class Draft:
    """Markdown that a template made.

    Attributes:
        text: The Markdown.
        remarks: By seal, what is to be said after the words that were sealed with it.
    """

    text: str
    remarks: Mapping[str, str] = field(default_factory=dict[str, str])


def refuse_long(text: str, file: Path | None = None) -> None:
    """Refuse Markdown that nobody wrote for a report; ``file`` is where it is from.

    Raises:
        TemplateError: It is longer than ``LONGEST``.
    """
    if len(text) > LONGEST:
        msg = (
            f"makes {len(text):,} characters of Markdown in one piece; at most {LONGEST:,} are read"
        )
        raise TemplateError(msg, file=file, next_step="shorten it")


def seal_words(words: str, seal: str) -> str:
    """Return words that are to be set off.

    Args:
        words: Markdown.
        seal: Digits that occur in no other text, so that nothing but this can set words off.
    """
    return f"{_OPEN}{seal}{_END}{words}{_CLOSE}{seal}{_END}"


def render_markdown(draft: Draft, *, below: int = 2) -> Markup:
    """Return Markdown as HTML; raw HTML in it is shown as text, headings start below ``h<below>``.

    Links to anything but web pages, mail addresses and places in the report are left as text.

    Raises:
        TemplateError: It is longer than ``LONGEST``, as for everything here that reads Markdown.
    """
    refuse_long(draft.text)
    markdown = _make_parser()
    with collector_paused():  # a long table has more tokens than it has letters
        if draft.remarks:
            tokens = markdown.parse(_settle_marks(draft))
            tokens = list(_Setting(draft.remarks).set_off(tokens))
        else:
            tokens = markdown.parse(draft.text)
        for token in tokens:
            if token.type in {"heading_open", "heading_close"}:
                token.tag = f"h{min(6, below + int(token.tag[1]))}"
            if align := token.attrs.pop("style", ""):  # the page's policy forbids style attributes
                token.attrs["class"] = str(align).replace("text-align:", "align-")
        return Markup(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S704 - escaped above


def spell_remarks(draft: Draft) -> list[Token]:
    """Return the tokens of Markdown whose remarks stand in words, where others will set it.

    Args:
        draft: Its marks are taken out; each remark follows the words it is made on, in bold, and
            outside of their emphasis.
    """
    if not draft.remarks:
        return parse_markdown(draft.text)
    return list(_Spelling(draft.remarks).set_off(parse_markdown(_settle_marks(draft))))


def parse_markdown(text: str, *, without: str = "") -> list[Token]:
    """Return the tokens of Markdown as the report reads it; ``without`` the rule of that name."""
    refuse_long(text)
    return _make_parser().disable(without or []).parse(text)


def strip_markdown(text: str) -> str:
    """Return Markdown as plain text on one line."""
    parts: list[str] = []
    for token in parse_markdown(_ANY_MARK.sub("", text)):
        leaves = token.children or [] if token.type == "inline" else [token]
        parts += [leaf.content or " " for leaf in leaves if leaf.content or "break" in leaf.type]
        parts.append(" " if token.block and token.nesting < 1 else "")
    return " ".join("".join(parts).split())


class _Parser(MarkdownIt):
    """Knows fewer kinds of links: others start programs on some computers."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - as markdown-it calls it
        return _is_harmless(url)


def _is_harmless(url: str) -> bool:
    return bool(_HARMLESS.match(url.strip())) and validateLink(url)


def _make_parser() -> MarkdownIt:
    return _Parser("commonmark", {"html": False}).enable("table")


def _settle_marks(draft: Draft) -> str:
    """Move marks off the characters that Markdown reads a line by, so that it reads it alike.

    A mark counts as a letter. Before a list item's dash or after a table's last bar it would be
    one too many: there it goes to the other side. Each pattern begins where a row of such
    characters begins, and gives none back: otherwise a long row would take quadratic time.
    """
    seals = "|".join(map(re.escape, draft.remarks))
    first, last = f"((?:{_OPEN}(?:{seals}){_END})++)", f"((?:{_CLOSE}(?:{seals}){_END})++)"
    code = r"(?:`{3,}+|~{3,}+)"
    rule = r"(?:[-*_][ \t]*+){3,}+(?=\n)"
    item = r"(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t])|#{1,6}(?=[ \t])|\|)[ \t]*+"
    text = draft.text
    for pattern in (
        rf"{first}(\s++)",
        rf"(?m:^){first}((?:{code}|{rule}|\[[^\]\n]++\]:)[^\n]*+\n)",
        rf"{first}(\s++)",
        rf"(?m:^)([ \t]*+){first}((?:{item})++)",
        rf"{first}([*_~]++)",
    ):
        text = re.sub(pattern, _swap, text)
    for pattern in (
        rf"(?<!\s)(\s++){last}",
        rf"(\n(?:[|:=*_\- \t]++|[ \t]*+{code}[ \t]*+)){last}",
        rf"(?<!\s)(\s++){last}",
        rf"{_begin_row(_BLANK)}([ \t]*+\|[ \t]*+|[ \t]++#++){last}",
        rf"{_begin_row(_EMPHASIS)}([*_~]++){last}",
    ):
        text = re.sub(pattern, _swap, text)
    return text


def _begin_row(row: str) -> str:
    """Match where a row of these characters begins, or goes on after one that is escaped."""
    return rf"(?:(?<![\\{row}])|(?<=\\[{row}]))"


def _swap(match: re.Match[str]) -> str:
    *before, one, other = match.groups()
    return "".join((*before, other, one))


class _Setting:
    """Sets the texts between marks off, and says the remarks after them."""

    undivided: ClassVar[tuple[str, ...]] = ("link",)
    """Kinds of elements in which no remark is made, but after them."""

    def __init__(self, remarks: Mapping[str, str]) -> None:
        self._remarks = remarks
        seals = "|".join(map(re.escape, remarks))
        self._mark = re.compile(f"([{_OPEN}{_CLOSE}])({seals}){_END}")
        quoted = "|".join(map(quote, (_OPEN, _CLOSE)))
        self._lost = re.compile(f"{self._mark.pattern}|(?:{quoted})(?:{seals}){quote(_END)}")
        self._open: list[str] = []
        self._due: list[str] = []
        self._unsaid = dict.fromkeys(remarks)

    def set_off(self, tokens: Sequence[Token]) -> Iterator[Token]:
        """Yield the tokens of a document without marks."""
        for token in tokens:
            if token.type == "inline":
                token.children = list(self._set_line_off(token.children or []))
            elif token.type in {"fence", "code_block"}:
                yield self._set_block_off(token)
                yield from self._say_due(_PARAGRAPH)
                continue
            yield token
        # Where a mark was lost, say in a link's address, the remark is made all the same.
        self._due += self._unsaid
        yield from self._say_due(_PARAGRAPH)

    def _set_line_off(self, leaves: Sequence[Token]) -> Iterator[Token]:
        depth = 0
        for leaf in leaves:
            depth += leaf.nesting if leaf.type.startswith(self.undivided) else 0
            for name, value in list(leaf.attrs.items()):
                cleaned = self._lost.sub("", str(value))
                leaf.attrs[name] = cleaned
                # It was found harmless with the marks in it, which may have hidden what it is.
                if name in {"href", "src"} and not _is_harmless(cleaned):
                    del leaf.attrs[name]
            if leaf.type == "text":
                for piece in self._mark_pieces(leaf.content):
                    yield piece
                    if not depth:
                        yield from self._say_due(_SPAN)
            elif leaf.content:
                for part in leaf.children or []:  # of a picture's alternative text
                    part.content = self._lost.sub("", part.content)
                yield from self._set_whole_off(leaf)
            else:
                yield leaf
            if not depth:
                yield from self._say_due(_SPAN)

    def _mark_pieces(self, text: str) -> Iterator[Token]:
        """Yield a text in pieces, each set off or not."""
        start = 0
        for mark in self._mark.finditer(text):
            yield self._mark_piece(text[start : mark.start()])
            self._pass(mark)
            start = mark.end()
            yield _make_html("")
        yield self._mark_piece(text[start:])

    def _mark_piece(self, text: str) -> Token:
        if self._open and text.strip():
            return _make_html(_REFUTED.format(escapeHtml(text)))
        return Token("text", "", 0, content=text)

    def _set_whole_off(self, leaf: Token) -> Iterator[Token]:
        """Yield what cannot be set off in part: code, an image."""
        marks = list(self._mark.finditer(leaf.content))
        leaf.content = self._mark.sub("", leaf.content)
        for mark in marks:
            if mark[1] == _OPEN:
                self._pass(mark)
        before, after = _REFUTED.split("{}") if self._open else ("", "")
        yield from (_make_html(before), leaf, _make_html(after))
        for mark in marks:
            if mark[1] == _CLOSE:
                self._pass(mark)

    def _set_block_off(self, token: Token) -> Token:
        """Return a block of code; what is set off in it stands within the one ``pre``."""
        token.info = self._lost.sub("", token.info)
        if not self._open and not self._mark.search(token.content):
            return token
        pieces = self._mark_pieces(token.content)
        code = "".join(
            p.content if p.type == "html_inline" else escapeHtml(p.content) for p in pieces
        )
        language = "".join(f' class="language-{escapeHtml(w)}"' for w in token.info.split()[:1])
        return _make_html(f"<pre><code{language}>{code}</code></pre>\n")

    def _pass(self, mark: re.Match[str]) -> None:
        kind, seal = mark.groups()
        if kind == _OPEN:
            self._open.append(seal)
            return
        if seal in self._open:
            self._open.remove(seal)
        self._due.append(seal)

    def _say_due(self, form: str) -> Iterator[Token]:
        for seal in self._due:
            self._unsaid.pop(seal, None)
            yield _make_html(form.format(escapeHtml(self._remarks[seal])))
        self._due = []


class _Spelling(_Setting):
    """Says the remarks, and sets nothing off."""

    undivided = ("link", "em_", "strong_")

    def _mark_piece(self, text: str) -> Token:
        return Token("text", "", 0, content=text)

    def _set_whole_off(self, leaf: Token) -> Iterator[Token]:
        for mark in self._mark.finditer(leaf.content):
            self._pass(mark)
        leaf.content = self._mark.sub("", leaf.content)
        yield leaf

    def _set_block_off(self, token: Token) -> Token:
        token.info = self._lost.sub("", token.info)
        return next(self._set_whole_off(token))

    def _say_due(self, form: str) -> Iterator[Token]:
        for seal in self._due:
            self._unsaid.pop(seal, None)
            said = [
                Token("strong_open", "strong", 1, markup="**"),
                Token("text", "", 0, content=f"[{self._remarks[seal]}]"),
                Token("strong_close", "strong", -1, markup="**"),
            ]
            if form == _SPAN:
                yield from (Token("text", "", 0, content=" "), *said)
            else:
                yield Token("paragraph_open", "p", 1)
                yield Token("inline", "", 0, children=said)
                yield Token("paragraph_close", "p", -1)
        self._due = []


def _make_html(html: str) -> Token:
    return Token("html_inline", "", 0, content=html)
