"""Texts of one thing over and over, as long as an insight may be, set in every way."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from mnistreport.report.literals import _find_literals
from mnistreport.report.markdown import LONGEST, Draft, render_markdown, seal_words

SEAL: Final = "7" * 22
LENGTH: Final = LONGEST - len(seal_words("", SEAL))
"""Characters; longer texts are refused."""
MOST_SECONDS: Final = 2
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
    "brackets in brackets": "[" * 24_900 + "]" * 24_900,
    "emphasis in emphasis": "*a" * 12_400 + "b*" * 12_400,
    "links in links": "[a](" * 8300 + "x)" * 8300,
    "pictures in pictures": "![" * 9900 + "]()" * 9900,
    "many columns": "|".join("a" * 12_400) + "\n" + "|".join("-" * 12_400),
    "short rows": "a|b\n-|-\n" + "a\n" * 24_900,
    "short rows of many columns": "|".join("a" * 5000)
    + "\n"
    + "|".join("-" * 5000)
    + "\na" * 14_900,
    "definitions and uses": "[a]: /b\n" * 2000 + "[a]" * 11_300,
    "rows of backticks": "".join("`" * length + " " for length in range(1, 310)),
    "lists in lists": "".join(" " * 2 * depth + "- a\n" for depth in range(220)),
    "quotes in quotes": "".join(">" * depth + " a\n" for depth in range(310)),
    "stars around": "*" * 24_900 + "a" + "*" * 24_900,
    "a long entity": "&" + "a" * 49_900 + ";",
    "a long element": "<a" + " a" * 24_900,
    "a long address": "<" + "a" * 49_900 + "@",
    "a long definition": '[a]: b "' + "c\n" * 24_900,
    "a long number": "1." + "1" * 49_900,
    "a distant unit": "1" + " " * 49_900 + "%",
    "distant units": ("1 per" + " " * 50 + "x") * 890,
}


assert all(0.9 * LENGTH < len(text) <= LENGTH for text in WHOLE.values())


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
