"""The page on what holds when things go wrong is about tests that there are."""

import ast
import tomllib
from pathlib import Path

from scripts import write_reliability

ROOT = Path(__file__).parents[1]
CONTENT = tomllib.loads(write_reliability.PROMISES.read_text("utf-8"))


def _list_functions(file: Path) -> set[str]:
    return {each.name for each in ast.parse(file.read_text("utf-8")).body
            if isinstance(each, ast.FunctionDef)}  # fmt: skip


def test_every_test_it_names_is_there() -> None:
    """Each promise names a test, and each name is a file's, or a test's in it."""
    promises = [each for group in CONTENT["groups"] for each in group["promises"]]
    assert [] == [each["says"] for each in promises if not each["tests"]]
    named = {test for each in promises for test in each["tests"]}
    named |= {each["test"] for each in CONTENT["removals"]}
    missing = set[str]()
    for name in named:
        file, _, test = name.partition("::")
        if not (ROOT / file).is_file() or (test and test not in _list_functions(ROOT / file)):
            missing.add(name)
    assert set() == missing


def test_what_is_taken_out_is_still_there() -> None:
    """Each safeguard stands in the program as often as the campaign that takes it out expects."""
    texts = {each["file"]: (ROOT / each["file"]).read_text("utf-8") for each in CONTENT["removals"]}
    others = [e["what"] for e in CONTENT["removals"] if texts[e["file"]].count(e["old"]) != 1]
    assert [] == others


def test_changes_that_make_no_difference_are_of_lines_that_there_are() -> None:
    """Whoever changes such a line has to look again at whether a test can notice."""
    torture = ROOT / "tests" / "torture"
    rows = tomllib.loads((torture / "explained_mutants.toml").read_text("utf-8"))["mutants"]
    gone = [
        row["line"]
        for row in rows
        if row["line"] not in map(str.strip, (ROOT / row["module"]).read_text("utf-8").splitlines())
    ]
    assert [] == gone


def test_the_tests_near_a_file_are_there() -> None:
    """Each file that is changed by chance exists, and so do the tests that are to notice."""
    content = tomllib.loads((ROOT / "tests" / "torture" / "nearest_tests.toml").read_text("utf-8"))
    patterns = [pattern for row in content["nearest"] for pattern in row["modules"]]
    assert [] == [pattern for pattern in patterns if not any(ROOT.glob(pattern))]
    tests = [test for row in content["nearest"] for test in row["tests"]] + content["slow"]
    missing = set[str]()
    for name in tests:
        file, _, test = name.partition("::")
        path = ROOT / file
        if not path.exists() or (test and test not in _list_functions(path)):
            missing.add(name)
    assert set() == missing


def test_it_is_made_of_what_was_measured() -> None:
    """Whoever changes promises or figures makes the page anew."""
    made = write_reliability.make_page(write_reliability.load_figures())
    assert made == write_reliability.PAGE.read_text("utf-8")


def test_figures_that_were_not_measured_again_keep_their_day() -> None:
    """Those of a campaign that was run alone take their places; all others say of when they are."""
    before = {"day": "2026-01-01", "figures": {"kills": "300", "flips": "504"}, "seconds": 900}
    now = {"day": "2026-01-02", "figures": {"flips": "505"}, "seconds": 60}
    joined = write_reliability.join_figures(before, now)
    assert {"kills": "300", "flips": "505"} == joined["figures"]
    assert {"kills": "2026-01-01"} == joined["days"]
    third = write_reliability.join_figures(joined, {"day": "2026-01-03", "figures": {}})
    assert {"kills": "2026-01-01", "flips": "2026-01-02"} == third["days"]
