import pytest

from mnistreport.study.naming import (
    DEFAULT_SCHEME,
    count_ids,
    explain_misnamed,
    follows_scheme,
    is_scheme,
    list_read,
    make_slug,
    name_zip,
)


@pytest.mark.parametrize(
    ("scheme", "ids", "name"),
    [
        (DEFAULT_SCHEME, ["12", "345", "6"], "12_345_6.zip"),
        ("id1", ["77"], "77.zip"),
        ("hw2-id1-id2-id3-id4-id5", list("54321"), "hw2-5-4-3-2-1.zip"),
        ("_".join(f"id{n}" for n in range(1, 11)), list("9876543210"), "9_8_7_6_5_4_3_2_1_0.zip"),
    ],
)
def test_ids_take_the_places_of_a_scheme(scheme: str, ids: list[str], name: str) -> None:
    """In their order, however many; everything else stands for itself, and the name fits."""
    assert is_scheme(scheme)
    assert len(ids) == count_ids(scheme)
    assert name == name_zip(scheme, ids)
    assert follows_scheme(scheme, name)
    assert explain_misnamed(scheme, name) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "team",
        "id",
        "id2",
        "id0_id1",
        "id1_id3",
        "id2_id1",
        "id1_id1",
        "id1id2",
        "id01",
        "id123",
        "id1 id2",
        "../id1",
        "id1/id2",
        "id1.zip",
        "id1\n",
        "id\u0661",
        "id1_" + "x" * 100,
    ],
)
def test_what_names_no_zip_is_no_scheme(text: str) -> None:
    """Places are numbered from 1, each once, apart from each other, and nothing leaves a folder."""
    assert not is_scheme(text)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("12_345.zip", "not named id1_id2_id3.zip"),
        ("12_345_6_7.zip", "not named"),
        ("12_345_6.ZIP", "not named"),
        ("12_345_6.zip\n", "not named"),
        ("12_345_six.zip", "not named"),
        ("1_2_\u0663.zip", "not named"),
        ("x12_345_6.zip", "not named"),
        ("12_345_6xzip", "not named"),
        ("12_3_12.zip", "the id 12 is in its name twice"),
        ("12_0000001_6.zip", "0000001 is a placeholder"),
    ],
)
def test_a_wrong_name_is_explained(name: str, words: str) -> None:
    """Too few, too many, repeated or nobody's ids, and whatever is no number of ASCII digits."""
    assert words in (explain_misnamed(DEFAULT_SCHEME, name) or "")


def test_a_name_may_follow_a_scheme_with_ids_that_nobody_has() -> None:
    """What was packed under placeholders is still found beside the zip of now."""
    assert follows_scheme(DEFAULT_SCHEME, "0000001_0000002_0000003.zip")
    assert not follows_scheme(DEFAULT_SCHEME, "1_2.zip")


def test_a_scheme_may_be_so_long() -> None:
    """A hundred characters; two digits are a place, and three run together with what follows."""
    assert is_scheme(f"id1{'x' * 97}")
    assert not is_scheme(f"id1{'x' * 98}")
    assert 10 == count_ids("_".join(f"id{number}" for number in range(1, 11)))


def test_a_name_says_what_is_wrong_with_it() -> None:
    """An id that is in it twice, a placeholder, or another form."""
    assert explain_misnamed("id1_id2", "1_2.zip") is None
    assert "the id 7 is in its name twice" == explain_misnamed("id1_id2_id3", "7_1_7.zip")
    assert "0000001 is a placeholder, not an id" == explain_misnamed("id1_id2", "5_0000001.zip")
    assert "is not named id1_id2.zip" in str(explain_misnamed("id1_id2", "1.zip"))
    assert (True, False) == (follows_scheme("id1", "1.zip"), follows_scheme("id1", "x.zip"))


def test_the_files_that_a_notebook_reads_are_named() -> None:
    """Three tables, and the weights of each model."""
    tables = ("runs.csv", "epochs.csv", "levels.csv")
    assert (*tables, "best_a.safetensors", "best_b.safetensors") == list_read(["a", "b"])


def test_a_long_name_makes_a_short_slug() -> None:
    """Sixty characters of it; a name without any letter of its own has a digest for one."""
    assert "x" * 60 == make_slug("x" * 80)
    assert f"{'x' * 59}" == make_slug(f"{'x' * 59} y")
    assert ("study-", 14) == (make_slug("学習率")[:6], len(make_slug("学習率")))
