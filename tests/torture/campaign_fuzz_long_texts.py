"""Texts of one thing over and over, as long as an insight may well be, set in every way."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from mnistreport.report.literals import _find_literals
from mnistreport.report.markdown import Draft, render_markdown, seal_words

LENGTH: Final = 64 * 1024
"""Bytes; an insight of ten thousand words."""
MOST_SECONDS: Final = 2
SEAL: Final = "7" * 22
UNITS: Final = (
    *("[", "*a ", "<", "> ", "$", "| a ", "(", "`a`", "![", "](", "[a](", "_a", "**a", "a**b", "&"),
    *(
        "\\",
        "- ",
        "1. ",
        "+ - ",
        "<!--",
        "<a ",
        "[a]: b\n",
        "[a]: ",
        "[x]",
        "```\n",
        "~",
        "|",
        "|-",
    ),
    *("a|b\n", "\n|", "#", "=", "> > ", "* ", "\t", "  \n", "&amp;", "&#", "<http://a", '"', "'"),
    *(
        "[a](<b",
        '[a](b "',
        "[](",
        "][",
        "***",
        "*_",
        "`",
        "1",
        "1,000,",
        "1.",
        "-1 ",
        "1 per ",
        "12:",
    ),
    *(
        "Jan 1 ",
        "http://",
        "1-",
        "\u2212",
        "1  ",
        "99 percentage ",
        "a\n\n",
        "a\n=\n",
        "- a\n",
        "-\n",
    ),
    *(
        ">\n",
        "    a\n",
        "`` ` ",
        "{% x",
        "{{",
        "\ue000",
        "\ue001",
        "<?",
        "<![CDATA[",
        '<x y="',
        "</",
    ),
    *(
        "[^",
        "[a]\n",
        "[a]:\n",
        "!",
        "|a|\n|-|\n",
        "[[",
        "[]",
        "[a][",
        "\\[",
        "&lt",
        "a_b",
        "[a](b)",
        "21.5 ",
    ),
)
WHOLE: Final = {
    "brackets in brackets": "[" * 32_000 + "]" * 32_000,
    "emphasis in emphasis": "*a" * 16_000 + "b*" * 16_000,
    "links in links": "[a](" * 10_000 + "x)" * 10_000,
    "pictures in pictures": "![" * 10_000 + "]()" * 10_000,
    "many columns": "|".join("a" * 16_000) + "\n" + "|".join("-" * 16_000),
    "short rows": "a|b\n-|-\n" + "a\n" * 32_000,
    "short rows of many columns": "|".join("a" * 5000)
    + "\n"
    + "|".join("-" * 5000)
    + "\na" * 20_000,
    "definitions and uses": "[a]: /b\n" * 2000 + "[a]" * 15_000,
    "rows of backticks": "".join("`" * length + " " for length in range(1, 360)),
    "lists in lists": "".join(" " * 2 * depth + "- a\n" for depth in range(250)),
    "quotes in quotes": "".join(">" * depth + " a\n" for depth in range(360)),
    "stars around": "*" * 32_000 + "a" + "*" * 32_000,
    "a long entity": "&" + "a" * 64_000 + ";",
    "a long element": "<a" + " a" * 32_000,
    "a long address": "<" + "a" * 64_000 + "@",
    "a long definition": '[a]: b "' + "c\n" * 32_000,
    "a long number": "1." + "1" * 64_000,
    "a distant unit": "1" + " " * 64_000 + "%",
    "distant units": ("1 per" + " " * 50 + "x") * 1000,
}


def _list_texts() -> Iterator[tuple[str, str]]:
    yield from WHOLE.items()
    for unit in UNITS:
        yield repr(unit), (unit * (LENGTH // len(unit) + 1))[:LENGTH]


@pytest.mark.parametrize("way", ["claim", "numbers"])
def test_no_long_text_takes_long(record_property: Callable[[str, object], None], way: str) -> None:
    """As words of a claim that does not hold, and searched for numbers."""
    read: dict[str, Callable[[str], object]] = {
        "claim": lambda text: render_markdown(Draft(seal_words(text, SEAL), {SEAL: "No."})),
        "numbers": lambda text: list(_find_literals(text, Path("insight.md.j2"))),
    }
    seconds: dict[str, float] = {}
    for name, text in _list_texts():
        start = time.process_time()
        read[way](text)
        seconds[name] = time.process_time() - start
    record_property(f"long texts as {way}", len(seconds))
    record_property(f"slowest long text as {way}, s", round(max(seconds.values()), 2))
    assert {} == {name: spent for name, spent in seconds.items() if spent >= MOST_SECONDS}
