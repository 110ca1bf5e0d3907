"""What a claim's operands are shown as, and how a condition is written."""

import pytest
from jinja2 import Environment, Undefined, nodes

from mnistreport.analysis.statistics import Difference, Interval, Measure
from mnistreport.report.evidence import describe_value
from mnistreport.report.expressions import say_expression
from mnistreport.report.numbers import format_measure

INTERVAL = Interval(0.0123, 0.0456)
DIFFERENCE = Difference(0.0289, INTERVAL, 3, 0.01)
MEASURE = Measure(0.9791, 0.0008, 3, (0.9783, 0.9791, 0.9799))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"),
        (None, "none"),
        (3, "3"),
        (12345678, "12345678"),
        (0.123456789, "0.123457"),
        (-0.5, "\u22120.5"),
        ("a\n  word", '"a word"'),
        ("x" * 80, f'"{"x" * 80}"'),
        ("x" * 81, f'"{"x" * 80}…"'),
        ([1, "b"], '1, "b"'),
        ([], "nothing"),
        (list(range(8)), "0, 1, 2, 3, 4, 5, 6, 7"),
        (list(range(9)), "0, 1, 2, 3, 4, 5, 6, 7, …"),
        (Undefined(name="x"), "not there"),
        (iter("ab"), "str_ascii_iterator"),
        (MEASURE, format_measure(MEASURE)),
        (DIFFERENCE, "+2.89\u202fpp"),
        (INTERVAL, "Interval"),
    ],
)
def test_a_value_is_shown_in_a_few_words(value: object, expected: str) -> None:
    """Long texts and lists are cut, numbers and results have their units."""
    assert expected == describe_value(value)


@pytest.mark.parametrize(
    ("value", "owners", "attribute", "expected"),
    [
        (0.9791, [MEASURE], "mean", "97.91\u202f%"),
        (0.0008, [MEASURE], "sd", "0.08\u202f%"),
        (0.9783, [MEASURE], "other", "0.9783"),
        (0.0289, [DIFFERENCE], "mean", "+2.89\u202fpp"),
        (0.01, [DIFFERENCE], "p_value", "0.01"),
        (0.0123, [DIFFERENCE, INTERVAL], "low", "+1.23\u202fpp"),
        (0.0456, [DIFFERENCE, INTERVAL], "high", "+4.56\u202fpp"),
        (0.0123, [MEASURE, INTERVAL], "low", "0.0123"),
        (0.0123, [INTERVAL], "low", "0.0123"),
        (0.0123, [], "low", "0.0123"),
        (3, [MEASURE], "mean", "3"),
    ],
)
def test_a_number_is_shown_in_the_unit_of_what_it_belongs_to(
    value: float, owners: list[object], attribute: str, expected: str
) -> None:
    """Shares in percent, differences in points; a number that belongs to nothing has no unit."""
    assert expected == describe_value(value, owners, attribute)


@pytest.mark.parametrize(
    "condition",
    [
        "a * b / c // d % e",
        "a * (b / c)",
        "a / (b * c)",
        "a // (b % c)",
        "a % (b // c)",
        "a - (b - c)",
        "a + (b + c)",
        "a ** (b ** c)",
        "(a ** b) * c",
        "(a + b) * (c - d)",
        "(a or b) and (c or d)",
        "a or b and c",
        "not (a and b)",
        "not a == b",
        "(not a) + 1",
        "(a < b) == c",
        "-(a + b)",
        "-a ** b",
        "(a ~ b) * c",
        "(a ~ b) ~ c",
        "(a if b else c) if d else e",
        "(a if b else c) or d",
        "a if b else c if d else e",
        "a if b or c else d or e",
        "a[b if c else d]",
        "a(b if c else d, x=e if f else g)",
        '{"a": b if c else d, "e": f or g}',
        "{(a if b else c): 1}",
        "[a or b, c if d else e]",
        "a[b or c:d + e:f]",
        "(a | list)[0]",
        "(a | list).b",
        "(a + b) is defined",
        "a | round(b or c)",
        "a is not divisibleby(b or c)",
    ],
)
def test_a_condition_needs_no_bracket_more_or_less(condition: str) -> None:
    """Read and written again, it is the same tree, and the shortest text with that tree."""
    _check_brackets(condition)


SIGNS = ("or", "and", "+", "-", "*", "/", "//", "%", "~")


@pytest.mark.parametrize("sign", SIGNS)
def test_two_signs_have_the_brackets_that_they_need(sign: str) -> None:
    """Whichever stands inside the other, on its left or on its right."""
    for other in SIGNS:
        _check_brackets(f"a {sign} (b {other} c)")
        _check_brackets(f"(a {other} b) {sign} c")
        _check_brackets(f"(a {other} b) {sign} (c {other} d)")


@pytest.mark.parametrize("sign", [*SIGNS, "**", "==", "in"])
def test_what_stands_in_front_or_behind_has_the_brackets_that_it_needs(sign: str) -> None:
    """A minus, a filter, a part of something, a test, a comparison."""
    for text in ("-(a {} b)", "(a {} b) | list", "(a {} b).c", "(a {} b)[0]", "(a {} b) < c"):
        _check_brackets(text.format(sign))
    assert _parse(f"(a {sign} b) is defined") == _parse(
        say_expression(_parse(f"(a {sign} b) is defined"))
    )


def _check_brackets(condition: str) -> None:
    read = _parse(condition)
    said = say_expression(read)
    assert read == _parse(said)
    shorter = [
        said[:start] + said[start + 1 : end] + said[end + 1 :]
        for start, end in _find_brackets(said)
    ]
    assert [] == [text for text in shorter if _is_read_as(text, read)]


def _parse(text: str) -> nodes.Node:
    output = Environment(autoescape=True).parse(f"{{{{ {text} }}}}").body[0]
    assert isinstance(output, nodes.Output)
    return output.nodes[0]


def _is_read_as(text: str, expected: nodes.Node) -> bool:
    try:
        return _parse(text) == expected
    except Exception:  # noqa: BLE001 - what is no expression is no shorter one
        return False


def _find_brackets(text: str) -> list[tuple[int, int]]:
    opened, found = list[int](), list[tuple[int, int]]()
    for place, char in enumerate(text):
        if char == "(":
            opened.append(place)
        elif char == ")":
            found.append((opened.pop(), place))
    return found
