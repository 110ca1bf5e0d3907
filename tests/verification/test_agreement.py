"""The comparison of numbers: what it forgives, and what it does not."""

import pytest

from mnistreport.verification.agreement import Block, Document, compare_blocks
from mnistreport.verification.numbers import find_numbers

FIRST = """\
1 Learning rate
Learning rate 0.1 (97.84\u202f%\u00a0±\u00a00.10\u202f% valida-
tion accuracy) is ahead of the baseline by 1.10\u202fpp. From the lowest mean (16.49\u202f%
A report 1
figure 12.5 25.5"""
SECOND = """\
± 5.89 %) to the highest the levels span 81.36 pp.
Table 1
0.01 0.3089 0.3099 91.01 % 91.05 % ± 0.12 % \u22125.69 [\u22125.82, \u22125.55] 0.004 13,140
"""
SENTENCE = "Learning rate 0.1 (97.84 % ± 0.10 % validation accuracy) is ahead of the baseline by "
ACROSS = "From the lowest mean (16.49 % ± 5.89 %) to the highest the levels span 81.36 pp."
ROW = "0.01 | 0.3089 | 0.3099 | 91.01 % | 91.05 % ± 0.12 % | 13,140"


def find_fault(text: str, *, is_prose: bool = True) -> str:
    """Return what is wrong with a text, beside a report of two pages."""
    agreement = compare_blocks(
        [Block("cell 1", text, is_prose)], Document((FIRST, SECOND)), "report.pdf", left_out=6
    )
    assert 1 == agreement.compared
    return "; ".join(agreement.faults)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("97.91\u202f%\u00a0±\u00a00.08 %, 1.10pp", ("97.91", "0.08", "1.10")),
        ("\u22120.17 pp and +0.31 and (-0.5)", ("-0.17", "0.31", "-0.5")),
        ("0.1\u20130.5, 0.1-0.5", ("0.1", "0.5", "0.1", "0.5")),
        ("13,140 of 14,000 images, 1,234.5 s", ("13,140", "14,000", "1,234.5")),
        ("Figure 3, Table 12, page 7, 3 seeds, 95 %", ()),
        ("torch 2.13.0, 2026-11-24", ()),
        ("9\u00ad7.9\u200b1 \uff19\uff17.\uff19\uff12", ("97.91", "97.92")),
        ("1.3\u202f×\u202f10\u2076", ("1.3",)),
    ],
)
def test_finds_what_was_measured(text: str, numbers: tuple[str, ...]) -> None:
    """Decimals and long counts count, however they are set; numbers of figures and pages do not."""
    assert numbers == find_numbers(text)


@pytest.mark.parametrize(
    ("text", "is_prose"),
    [(f"{SENTENCE}1.10 pp.", True), (ACROSS, True), (ROW, False), ("0.01 | 0.3089", False)],
    ids=["sentence", "over the end of a page", "row without some columns", "begun row"],
)
def test_forgives_how_a_page_is_set(text: str, is_prose: bool) -> None:  # noqa: FBT001
    """Hyphens, line breaks, headers, lettering of figures and columns left out are no faults."""
    assert "" == find_fault(text, is_prose=is_prose)


@pytest.mark.parametrize(
    ("text", "is_prose", "fault"),
    [
        (f"{SENTENCE}1.19 pp.", True, "1.19 is not in report.pdf beside 0.10"),
        (f"{SENTENCE}81.36 pp.", True, "81.36 is not in report.pdf beside 0.10"),
        (SENTENCE.replace("97.84", "97.99"), True, "97.99 is not in report.pdf beside 0.1"),
        (ACROSS.replace("5.89", "5.98"), True, "5.98 is not in report.pdf beside 16.49"),
        ("We saw 99.99 % once", True, "99.99 is not in report.pdf"),
        (ROW.replace("0.3089", "0.3098"), False, "0.3098 is not in report.pdf beside 0.3099"),
        (ROW.replace("13,140", "6,570"), False, "6,570 is not in report.pdf beside 0.12"),
        ("0.01 | 0.12 | 13,140", False, "0.12 is not in report.pdf beside 0.01"),
    ],
)
def test_tells_which_number_is_wrong(text: str, is_prose: bool, fault: str) -> None:  # noqa: FBT001
    """The number that was changed, swapped or made up is named, beside one that is right."""
    assert fault in find_fault(text, is_prose=is_prose)


def test_a_number_has_to_stand_in_its_sentence() -> None:
    """A number of the report in words that are not the report's is caught."""
    words = "The convolutional network with dropout reaches a test accuracy of 81.36 % on MNIST."
    assert "is not in report.pdf" in find_fault(words)


def test_a_number_broken_by_a_narrow_cell_is_one() -> None:
    """What stands in the document letter by letter is there, though a line breaks in a number."""
    document = Document(("best 97.\n91 % ± 0.\n08 %", "rest"))
    block = Block("cell 1", "best | 97.91 % ± 0.08 %", is_prose=False)
    assert () == compare_blocks([block], document, "notebook.pdf").faults


def test_a_caption_may_go_on_in_its_own_words() -> None:
    """Words before and between the numbers bind them to their place; what follows need not."""
    caption = f"{SENTENCE}1.10 pp, shown here by another picture, drawn anew from stored runs"
    assert "" == find_fault(caption)
