"""How much a manifest may hold: what is at a limit is read, and one more is refused, in words."""

import pytest

from mnistreport.study.positions import ExcessError, find_line, scan_positions
from tests.study.manifests import SMALL_MANIFEST, Complain, Load, change


def _lists(depth: int) -> str:
    return "a = " + "[" * depth + "]" * depth


def _tables(depth: int) -> str:
    return "a = " + "{ b = " * depth + "1" + " }" * depth


def _key(parts: int) -> str:
    return ".".join("a" * parts) + " = 1"


@pytest.mark.parametrize(
    ("allowed", "refused", "reason"),
    [
        (_lists(33), _lists(34), "is nested deeper than 32 levels"),
        (_tables(32), _tables(33), "is nested deeper than 32 levels"),
        (_key(32), _key(33), "is nested deeper than 32 levels"),
        (f"[{'.'.join('a' * 32)}]", f"[{'.'.join('a' * 33)}]", "is nested deeper than 32 levels"),
        (
            f"a = {'1' * 200}",
            f"a = {'1' * 201}",
            "a value without quotation marks is longer than 200 characters",
        ),
    ],
)
def test_a_limit_is_the_last_that_is_read(allowed: str, refused: str, reason: str) -> None:
    """One more is refused, at its line."""
    assert scan_positions(f"\n{allowed}")
    with pytest.raises(ExcessError) as caught:
        scan_positions(f"\n{refused}")
    assert (reason, 2) == (str(caught.value), caught.value.line)


def test_the_twenty_thousandth_part_is_the_last() -> None:
    """Keys and values count alike."""
    lines = "".join(f"k{number} = 1\n" for number in range(10_000))
    assert 10_000 == find_line(scan_positions(lines), ("k9999",))
    with pytest.raises(ExcessError, match=r"comes after 20,000 keys and values") as caught:
        scan_positions(f"{lines}last = 1\n")
    assert 10_001 == caught.value.line


def test_the_nearest_table_stands_for_what_is_missing() -> None:
    """It need not be two levels up, nor the outermost."""
    lines = scan_positions("[a]\n[a.b]\nc = 1\n")
    assert (2, 2, 1) == (
        find_line(lines, ("a", "b", "missing")),
        find_line(lines, ("a", "b", "missing", 0)),
        find_line(lines, ("a", "missing")),
    )


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[0, 1]", str(list(range(101))), "has 101 entries, but must have 1 to 100"),
        ("[0, 1]", "[]", "has no entries, but must have 1 to 100"),
        ("[0.1, 0.01]", "[0.1]", "has one entry, but must have 2 to 100"),
        (
            "[0.1, 0.01]",
            str([n / 1000 for n in range(1, 102)]),
            "has 101 entries, but must have 2 to 100",
        ),
    ],
)
def test_a_list_has_so_many_entries(complain: Complain, old: str, new: str, reason: str) -> None:
    """What is too long or too short is told with how long it is and may be."""
    (problem,) = complain(change(old, new))
    assert reason == problem.reason


def test_lists_may_be_as_long_as_is_said(load: Load) -> None:
    """A hundred seeds, and a hundred levels."""
    assert 100 == len(load(change("[0, 1]", str(list(range(100))))).seeds)
    levels = str([n / 1000 for n in range(1, 101)])
    assert 100 == len(load(change("[0.1, 0.01]", levels)).studies[0].levels)


def test_a_flood_of_mistakes_is_counted(complain: Complain) -> None:
    """A hundred are told, and how many there were in all is known."""
    keys = "".join(f"unknown_{number} = 1\n" for number in range(1500))
    problems = complain(change("[training]\n", f"[training]\n{keys}"))
    assert (101, "1400 more problems follow") == (len(problems), problems[-1].reason)


def _models(count: int) -> str:
    return "".join(f'\n[models.m{number}]\nkind = "mlp"\n' for number in range(count - 1))


def _studies(count: int) -> str:
    return "".join(
        f'\n[[studies]]\nname = "s{number}"\nmodel = "mlp"\nfactor = "neurons"\nlevels = [8, 16]\n'
        for number in range(count - 1)
    )


def _imports(count: int) -> str:
    return "".join(f'\n[[runs]]\nimport = "{number}.csv"\n' for number in range(count))


def test_as_many_tables_as_is_said(load: Load, complain: Complain) -> None:
    """Twenty models, a hundred studies and a hundred imports are read to the last; one more is not.

    That there are too many is then all that is said of them.
    """
    manifest = load(SMALL_MANIFEST + _models(20) + _studies(100) + _imports(100))
    found = (len(manifest.baselines), len(manifest.studies), len(manifest.imports))
    assert (20, 100, 100) == found
    for tables, key, reason in (
        (_models(21), "models", "has 21 entries, but must have 1 to 20"),
        (_studies(101), "studies", "has 101 entries, but must have 1 to 100"),
        (_imports(101), "runs", "has 101 entries, but must have 0 to 100"),
    ):
        (problem,) = complain(SMALL_MANIFEST + tables)
        assert (key, reason) == (problem.key, problem.reason)
