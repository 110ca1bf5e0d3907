import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistreport.study.naming import make_slug
from mnistreport.study.spelling import format_label
from mnistreport.study.wording import find_nearest, format_key, format_value, quote


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.01, "0.01"),
        (0.00001, "0.00001"),
        (1e6, "1000000"),
        (1e-7, "0.0000001"),
        (64, "64"),
        (64.0, "64"),
        (100, "100"),
        (0.5, "0.5"),
        (0.0, "0"),
        (1e-13, "0.0000000000001"),
        (1e-14, "1e-14"),
        (1e-300, "1e-300"),
        (True, "on"),
        (False, "off"),
    ],
)
def test_labels_read_like_numbers_in_prose(value: float, expected: str) -> None:
    """Tables and figures name levels without exponents and superfluous zeros."""
    assert expected == format_label(value)


@given(st.floats(min_value=1e-300, max_value=1e9), st.floats(min_value=1e-300, max_value=1e9))
def test_different_numbers_have_different_labels(one: float, other: float) -> None:
    """No two levels of a study can be mistaken for each other."""
    assert (one == other) == (format_label(one) == format_label(other))
    assert one == float(format_label(one))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"),
        (1.5, "1.5"),
        (float("nan"), "nan"),
        (2**70, "1180591620717411303424"),
        (1 << 10_000, "a number of very many digits"),
        ('say "hi"\n', r'"say \"hi\"\n"'),
        ([], "a list of no entries"),
        ([1], "a list of one entry"),
        ([1, 2], "a list of 2 entries"),
        ({}, "a table"),
    ],
)
def test_values_are_said_as_the_manifest_has_them(value: object, expected: str) -> None:
    """A message repeats what the reader wrote, in the words of TOML rather than Python's."""
    assert expected == format_value(value)


@given(st.text())
def test_quoted_text_is_short_and_on_one_line(text: str) -> None:
    """One problem is one line, whatever stands in the manifest."""
    quoted = quote(text)
    assert len(quoted) <= 62
    assert quoted.isprintable()


def test_paths_are_written_as_in_the_manifest() -> None:
    """A reader finds the key by searching for the last word."""
    assert "studies[1].levels[0]" == format_key(("studies", 1, "levels", 0))
    assert r'models."a b\n".x' == format_key(("models", "a b\n", "x"))


def test_nearest_name_is_found_despite_upper_case() -> None:
    """A slip of the shift key is a slip, too."""
    assert "learning_rate" == find_nearest("Learning_Rat", ["learning_rate", "epochs"])
    assert find_nearest("zzz", ["learning_rate"]) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("learning_rate", "learning_rate"),
        ("Learning rate", "learning-rate"),
        ("../../etc/passwd", "etc-passwd"),
        ("Größe, ganz groß", "grosse-ganz-gross"),
        ("a\u0301", "a"),
        ("C:\\con", "c-con"),
    ],
)
def test_names_become_safe_file_names(name: str, expected: str) -> None:
    """A study's name cannot lead out of the folder that its files are in."""
    assert expected == make_slug(name)


@given(st.text(min_size=1, max_size=80))
def test_slugs_are_never_empty_and_always_safe(name: str) -> None:
    """Names in any script name files, the same ones each time."""
    slug = make_slug(name)
    assert 0 < len(slug) <= 60
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")
    assert slug == make_slug(name)
