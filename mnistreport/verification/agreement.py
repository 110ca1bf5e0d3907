"""Whether the numbers of one document are those of another.

A document is a sequence of numbers. A block of the other, a sentence or a row of a table, agrees
with it if the block's numbers stand in it one right after the other: a number that was changed,
swapped or made up breaks the sequence, whatever hyphens and line breaks do to the words between.

A block may go on over the end of a page. The text of a PDF has headers and the lettering of figures
at the end of their page, so that what follows a number may also be the first one of the next page,
if the block has the words that stand before it there. And a row of a notebook may lack some columns
of the report's.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Final

from mnistreport.verification.numbers import (
    find_numbers,
    knit,
    read_core,
    read_opening,
    settle_characters,
    squash,
    squash_words,
)

_LEAST_WORD: Final = 4
"""Letters of a word that is looked for."""
_WORDS_BEFORE: Final = 3
"""Words before a sentence's first number that are looked for."""
_LEAST_SHARE: Final = 0.8
"""Share of a sentence's words that stand around its numbers, where it is the sentence it says."""
_OPENING: Final = 12
"""Letters before a page's first number that a block must have to reach over to it."""
_LEAST_BEFORE: Final = 3
"""Numbers of a row that stand before those that it lacks: a row is known by how it begins."""
_ROOM: Final = 200
"""Characters more than a sentence has that it may be spread over, by a header, say."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list item, or a row of a table.

    Attributes:
        place: Where it is, ``cell 14``.
        text: Its words and numbers.
        is_prose: Whether its words, too, must stand around its numbers.
    """

    place: str
    text: str
    is_prose: bool

    @property
    def numbers(self) -> tuple[str, ...]:
        """Its numbers, in their order."""
        return find_numbers(self.text)


@dataclass(frozen=True)
class Document:
    """The text of a PDF, page by page."""

    pages: tuple[str, ...]

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """All its numbers, in their order."""
        return tuple(number for page in self._by_page for number in page)

    @cached_property
    def known(self) -> frozenset[str]:
        """The numbers that occur in it."""
        return frozenset(self.numbers)

    @cached_property
    def squashed(self) -> tuple[str, ...]:
        """Of each page the letters and digits, without anything between them."""
        return tuple(map(squash, self.pages))

    @cached_property
    def _by_page(self) -> tuple[tuple[str, ...], ...]:
        return tuple(map(find_numbers, self.pages))

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        """For each number, the place of the first one of the next page."""
        ends = accumulate(map(len, self._by_page))
        return tuple(
            end for page, end in zip(self._by_page, ends, strict=True) for _ in range(len(page))
        )

    @cached_property
    def _openings(self) -> Mapping[int, str]:
        """By the place of each page's first number, the letters before it."""
        starts = (0, *accumulate(map(len, self._by_page)))
        return {
            start: squash_words(read_opening(text))[-_OPENING:]
            for start, text in zip(starts[:-1], self.pages, strict=True)
            if find_numbers(text)
        }

    @cached_property
    def _places(self) -> Mapping[str, Sequence[int]]:
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, number in enumerate(self.numbers):
            places[number].append(place)
        return places

    def trace(self, numbers: Sequence[str], words: str, *, left_out: int) -> int:
        """Return how many of ``numbers``, from the first on, stand in it one after the other.

        Args:
            numbers: Those of a block, or its last ones.
            words: All letters of the block.
            left_out: How many numbers may be passed over, all in one place.
        """
        reached = {(place, False) for place in self._places.get(numbers[0], ())}
        length = 0
        while reached:
            length += 1
            if length == len(numbers):
                break
            reached = {
                (place, gone)
                for before in reached
                for place, gone in self._list_next(
                    before, words, left_out if length >= _LEAST_BEFORE else 0
                )
                if self.numbers[place] == numbers[length]
            }
        return length

    def _list_next(
        self, before: tuple[int, bool], words: str, left_out: int
    ) -> Iterator[tuple[int, bool]]:
        """Yield where the next number may stand, and whether any has been passed over by then."""
        place, gone = before
        following, top = place + 1, self._ends[place]
        if following < len(self.numbers):
            yield following, gone
        if following < top < len(self.numbers) and self._openings[top] in words:
            yield top, gone
        if not gone:
            yield from (
                (each, True) for each in range(following + 1, min(top, following + left_out + 1))
            )

    def holds(self, text: str) -> bool:
        """Tell whether ``text`` stands in it as it is, but for spaces and hyphens."""
        return knit(text) in self._knitted

    @cached_property
    def _knitted(self) -> str:
        return "".join(map(knit, self.pages))


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a comparison came to.

    Attributes:
        compared: Blocks with numbers.
        faults: What does not agree, each with its place.
    """

    compared: int
    faults: tuple[str, ...]


def compare_blocks(
    blocks: Iterable[Block], document: Document, title: str, *, left_out: int = 0
) -> Agreement:
    """Look for the numbers of each block in a document.

    Args:
        blocks: Those without numbers are not compared.
        document: Where they are looked for.
        title: What a fault calls it.
        left_out: How many numbers a row may lack, side by side: columns that are left out.
    """
    compared, faults = 0, list[str]()
    for block in blocks:
        if not block.numbers:
            continue
        compared += 1
        fault = _find_stranger(block, document, title, 0 if block.is_prose else left_out)
        if fault and not document.holds(block.text):  # a narrow cell may break a number in two
            faults.append(f"{block.place}: {fault}")
        elif not fault and block.is_prose and not _has_words(block, document):
            told = " ".join(settle_characters(block.text).split())[:60]
            faults.append(f"{block.place}: “{told}…” is not in {title}")
    return Agreement(compared, tuple(dict.fromkeys(faults)))


def _find_stranger(block: Block, document: Document, title: str, left_out: int) -> str | None:
    """Return which number is out of place, beside the longest run of those that are not."""
    numbers, words = block.numbers, squash_words(block.text)
    whole = len(numbers)
    if document.trace(numbers, words, left_out=left_out) == whole:
        return None
    runs = {
        start: document.trace(numbers[start:], words, left_out=left_out) for start in range(whole)
    }
    start, length = max(runs.items(), key=lambda run: run[1])
    if length == 0:
        return f"{numbers[0]} is not in {title}"
    if start + length < whole:
        stranger, beside = numbers[start + length], numbers[start + length - 1]
    else:
        stranger, beside = numbers[start - 1], numbers[start]
    return f"{stranger} is not in {title} beside {beside}"


def _has_words(block: Block, document: Document) -> bool:
    """Tell whether a sentence's words stand where its numbers do.

    Either most of all its words, or most of those before and between its numbers: a caption may
    go on in words of its own.
    """
    text = settle_characters(block.text)
    close = [*_list_words(read_opening(text))[-_WORDS_BEFORE:], *_list_words(read_core(text))]
    anchor, whole = squash(block.numbers[0]), len(squash(text))
    surroundings = tuple(_look_around(anchor, whole + _ROOM, document.squashed))
    every = _list_words(text)
    return not every or any(
        sum(word in around for word in words) >= _LEAST_SHARE * len(words)
        for words in (every, close or every)
        for around in surroundings
    )


def _list_words(text: str) -> list[str]:
    words = map(squash, text.split())
    return [word for word in words if len(word) >= _LEAST_WORD and word.isalpha()]


def _look_around(anchor: str, reach: int, pages: Sequence[str]) -> Iterator[str]:
    """Yield what stands around each place of ``anchor``, and at the top of the next page."""
    for page, following in zip(pages, (*pages[1:], ""), strict=True):
        at = -1
        while (at := page.find(anchor, at + 1)) >= 0:
            yield page[max(0, at - reach) : at + reach] + following[:reach]
