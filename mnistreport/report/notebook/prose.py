"""The report's prose as Markdown cells, which somebody else's Markdown will set.

Jupyter reads more into Markdown than the report does: HTML, and formulas between dollar signs. Both
are escaped, so that words look in the notebook as they do in the report.
"""

import re
from collections.abc import Iterator
from typing import Final

from mnistreport.report.markdown import Draft, parse_markdown, spell_remarks
from mnistreport.report.wording import escape_markdown

_CODE_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")
_READ_OTHERWISE: Final = re.compile(r"(?<!\\)((?:\\\\)*)(<(?!https?:|mailto:)|\$)")
_UNDERLINE: Final = re.compile(r"\s{0,3}(=+|-+)\s*")


def write_prose(draft: Draft, *, below: int = 2) -> str:
    """Return a template's Markdown for a cell; its headings start below level ``below``."""
    lines = spell_remarks(draft).splitlines()
    kept: set[int] = set()  # lines of code
    for token in parse_markdown("\n".join(lines)):
        start, end = token.map or (0, 0)
        if token.type in {"fence", "code_block"}:
            kept |= set(range(start, end))
        elif token.type == "heading_open" and not token.level:
            words = " ".join(each.strip() for each in lines[start:end] if not _is_underline(each))
            level = "#" * min(6, below + int(token.tag[1]))
            lines[start] = f"{level} {words.lstrip('#').strip()}"
            for after in range(start + 1, end):
                lines[after] = ""
    text = "\n".join(
        line if number in kept else "".join(_escape(line)) for number, line in enumerate(lines)
    )
    return (text if kept else re.sub(r"\n{3,}", "\n\n", text)).strip()


def write_text(text: str) -> str:
    """Return plain text as Markdown that shows it as it stands, in Jupyter too."""
    return escape_markdown(text).replace("$", r"\$")


def _is_underline(line: str) -> bool:
    return _UNDERLINE.fullmatch(line) is not None


def _escape(line: str) -> Iterator[str]:
    """Yield a line in pieces, those outside of code escaped."""
    start = 0
    for code in _CODE_SPAN.finditer(line):
        yield _READ_OTHERWISE.sub(r"\1\\\2", line[start : code.start()])
        yield code[0]
        start = code.end()
    yield _READ_OTHERWISE.sub(r"\1\\\2", line[start:])
