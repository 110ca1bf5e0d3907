import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistreport.study.positions import ExcessError, KeyPath, find_line, scan_positions

DOCUMENT = '''\
# [not.a.table] = "nor a key"
title = """
name = "inside"
""" # still one value

[a."b c".d] # comment
x = 1
y.z = [ # a list
    1, # one
    [2, 3],
    { k = "]", 'l m' = [
        4,
    ] },
]

[[list]]
text = \'\'\'
[list]
\'\'\'
[list.inner]
x = "a = \\" # ["
[[list]]
x = 1979-05-27 07:32:00
[[list.deep]]
[[list.deep]]
[a]
"\\u0078" = """a"""""
last = true
'''
EXPECTED: dict[KeyPath, int] = {
    ("title",): 2,
    ("a",): 26,
    ("a", "b c"): 6,
    ("a", "b c", "d"): 6,
    ("a", "b c", "d", "x"): 7,
    ("a", "b c", "d", "y"): 8,
    ("a", "b c", "d", "y", "z"): 8,
    ("a", "b c", "d", "y", "z", 0): 9,
    ("a", "b c", "d", "y", "z", 1): 10,
    ("a", "b c", "d", "y", "z", 1, 0): 10,
    ("a", "b c", "d", "y", "z", 1, 1): 10,
    ("a", "b c", "d", "y", "z", 2): 11,
    ("a", "b c", "d", "y", "z", 2, "k"): 11,
    ("a", "b c", "d", "y", "z", 2, "l m"): 11,
    ("a", "b c", "d", "y", "z", 2, "l m", 0): 12,
    ("list",): 16,
    ("list", 0): 16,
    ("list", 0, "text"): 17,
    ("list", 0, "inner"): 20,
    ("list", 0, "inner", "x"): 21,
    ("list", 1): 22,
    ("list", 1, "x"): 23,
    ("list", 1, "deep"): 24,
    ("list", 1, "deep", 0): 24,
    ("list", 1, "deep", 1): 25,
    ("a", "x"): 27,
    ("a", "last"): 28,
}


def list_paths(value: object, path: KeyPath = ()) -> list[KeyPath]:
    """List the path of everything in a parsed document."""
    inside: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    return [
        each for key, item in inside for each in [(*path, key), *list_paths(item, (*path, key))]
    ]


def test_every_form_of_toml_has_its_line() -> None:
    """Tables, lists of tables, dotted and quoted keys, strings and lists over several lines."""
    assert EXPECTED == scan_positions(DOCUMENT)
    assert set(list_paths(tomllib.loads(DOCUMENT))) == set(EXPECTED)


def test_spaces_and_tabs_may_stand_between_all_parts() -> None:
    """Around dots and equals signs, in headers, and in tables on one line."""
    text = "[ a\t. b ]\nc . \t'd'  =\t{  e =  [  1  ,  2  ]  ,\tf.g  = 3  }  \nh\t=\t'x'\n"
    lines = scan_positions(text)
    assert set(list_paths(tomllib.loads(text))) == set(lines)
    assert (1, 2, 2, 3) == (
        lines["a", "b"],
        lines["a", "b", "c", "d", "e", 1],
        lines["a", "b", "c", "d", "f", "g"],
        lines["a", "b", "h"],
    )


def test_reading_stops_at_what_is_no_key() -> None:
    """A key with an escape that there is not, or over several lines, ends it without complaint."""
    for wrong in (r'"\q"', '"' * 3 + "a" + '"' * 3, "'" * 3 + "a" + "'" * 3, "="):
        assert {("a",): 1} == scan_positions(f"a = 1\n{wrong} = 1\nb = 1\n")


def test_what_has_no_line_has_that_of_its_table() -> None:
    """A missing key is reported where it could be written."""
    assert 20 == find_line(EXPECTED, ("list", 0, "inner", "missing", 3))
    assert find_line(EXPECTED, ("missing",)) is None


words = st.text("abcdefgh", min_size=1, max_size=8)
scalars = st.one_of(
    st.integers(),
    st.booleans().map(lambda flag: str(flag).lower()),
    words.map(lambda word: f'"{word} # ] }} = [["'),
    words.map(lambda word: f"'''\n{word}\n''' # [comment]"),
    words.map(lambda word: f'"""{word}\\\n\n  \\"" """'),
)
values = st.recursive(
    scalars.map(str),
    lambda inner: st.lists(inner, max_size=3).map(
        lambda items: "[\n" + "".join(f"  {item}\n, # ]\n" for item in items) + "]"
    ),
    max_leaves=6,
)
quotings = st.sampled_from(["{}", '"{}"', "'{}'"])
headers = st.sampled_from(["", "[t{}]\n", "[[list]]\n", "[[list]]\n[list.in{}]\n", "[t{}.'a b']\n"])
ends = st.sampled_from(["\n", " # comment\n", "\n\n# [x]\n"])


@given(st.lists(st.tuples(headers, quotings, values, ends), max_size=8))
def test_lines_agree_with_a_search_for_unique_keys(
    parts: list[tuple[str, str, str, str]],
) -> None:
    """Wherever a key that occurs once in a text is found, there the scanner says that it is."""
    text = "".join(
        header.format(number) + quoting.format(f"unique_{number}_") + " = " + value + end
        for number, (header, quoting, value, end) in enumerate(parts)
    )
    lines = scan_positions(text)
    assert set(list_paths(tomllib.loads(text))) == set(lines)
    for path, line in lines.items():
        if str(path[-1]).startswith("unique_"):
            found = re.search(str(path[-1]), text)
            assert found
            assert text.count("\n", 0, found.start()) + 1 == line


@given(st.text("ab=.[]{}\"'#,\\ \n1", max_size=60))
def test_any_text_is_scanned(text: str) -> None:
    """What is not TOML is the parser's business: the scanner goes as far as it understands."""
    scan_positions(text)


@pytest.mark.parametrize(
    "text",
    [
        "\na" + ".a" * 300_000 + " = 1",
        "\n[a" + ".a" * 300_000 + "]",
        "\na = " + "[" * 300_000,
        "\na = " + "{a=" * 300_000,
        "\na = 0x" + "f" * 300_000,
    ],
)
def test_excess_is_refused_before_the_parser_sees_it(text: str) -> None:
    """The parser would take minutes, or run out of stack, or let pass what cannot be printed."""
    with pytest.raises(ExcessError) as caught:
        scan_positions(text)
    assert 2 == caught.value.line


def test_what_is_too_much_is_refused_before_it_takes_long() -> None:
    """Nobody writes more than 20,000 keys and values; reading on would take time and memory."""
    most = "a = [\n" + "1,\n" * 19_998 + "]"
    assert 19_999 == find_line(scan_positions(most), ("a", 19_997))
    with pytest.raises(ExcessError) as caught:
        scan_positions(most.replace("]", "1]"))
    assert 20_000 == caught.value.line
