"""However long a text is, and whatever of, it is set in time or refused."""

import time

import pytest

from mnistreport.errors import TemplateError
from mnistreport.report.markdown import Draft, render_markdown, seal_words, strip_markdown

LONG = {
    "stars": "*" * 49_900,
    "tildes": "~" * 49_900,
    "tabs": "\t" * 49_900,
    "blank lines": "  \n" * 16_600,
    "emphasis": "**_" * 16_600,
    "code": "`" * 49_900,
    "bars": "| " * 24_900,
    "indented lists": "".join(" " * 2 * depth + "- a\n" for depth in range(220)),
}


@pytest.mark.parametrize("kind", LONG)
def test_long_texts_are_set_in_time(kind: str) -> None:
    """The longest takes two seconds at most, also as words of a claim that does not hold."""
    start = time.process_time()
    render_markdown(Draft(seal_words(LONG[kind], "7" * 22), {"7" * 22: "No."}))
    assert time.process_time() - start < 2


def test_longer_texts_are_refused() -> None:
    """What nobody has written for a report is not set, and said to be too long."""
    for read in (strip_markdown, lambda text: render_markdown(Draft(text))):
        with pytest.raises(TemplateError, match="makes 50,001 characters of Markdown"):
            read("a" * 50_001)
