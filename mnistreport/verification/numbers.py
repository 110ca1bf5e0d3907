"""The numbers of a text, in their order, however the text was set.

Only numbers with decimals, and counts with commas between thousands, are taken: those are
measured. Whole numbers without a comma count figures, pages, sections and seeds, which differ from
one document to another.

Units are left out, and so is a plus: a PDF may lose the narrow space before a unit, not the number.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_NUMBER: Final = re.compile(
    r"""(?<![0-9])(?<![0-9][.,])                     # no part of a version or a longer number
    (?P<digits>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+\.[0-9]+)
    (?![.,]?[0-9])""",
    re.VERBOSE,
)
_MINUS: Final = re.compile("(?:^|[^0-9A-Za-z)])[-\u2212\u2010\u2011]$")
"""A minus goes before a number unless something stands right before it, as in a range."""
_LONGEST: Final = 24
"""Characters of a number that is told."""


def find_numbers(text: str) -> tuple[str, ...]:
    """Return the numbers of ``text``, each as its digits, with ``-`` before a negative one."""
    return tuple(_find(settle_characters(text)))


def read_opening(text: str) -> str:
    """Return what stands in ``text`` before its first number, or all of it."""
    settled = settle_characters(text)
    found = _NUMBER.search(settled)
    return settled[: found.start()] if found else settled


def read_core(text: str) -> str:
    """Return what stands in ``text`` between its first number and its last."""
    settled = settle_characters(text)
    found = tuple(_NUMBER.finditer(settled))
    return settled[found[0].end() : found[-1].start()] if found else ""


def settle_characters(text: str) -> str:
    """Return ``text`` with digits of any script as 0 to 9, and without what nobody sees.

    Soft hyphens and spaces of no width could otherwise hide a number from being compared.
    """
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in text
        if unicodedata.category(character) != "Cf"
    )


def squash(text: str) -> str:
    """Return the letters and digits of ``text`` in lower case, and nothing between them.

    What line breaks and hyphens do to words is undone: both texts of a comparison lose them all.
    """
    settled = unicodedata.normalize("NFKC", settle_characters(text)).casefold()
    return "".join(character for character in settled if character.isalnum())


def knit(text: str) -> str:
    """Return ``text`` without spaces and hyphens, numbers with their points and signs."""
    settled = unicodedata.normalize("NFKC", settle_characters(text))
    return "".join(each for each in settled if each.isalnum() or each in ".,+\u2212%")


def squash_words(text: str) -> str:
    """Return the letters of ``text`` as ``squash`` does, without digits."""
    return "".join(character for character in squash(text) if character.isalpha())


def _find(text: str) -> Iterator[str]:
    for found in _NUMBER.finditer(text):
        start = found.start()
        sign = "-" if _MINUS.search(text[max(0, start - 2) : start]) else ""
        yield (sign + found["digits"])[:_LONGEST]
