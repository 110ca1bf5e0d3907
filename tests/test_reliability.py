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


def test_it_is_made_of_what_was_measured() -> None:
    """Whoever changes promises or figures makes the page anew."""
    made = write_reliability.make_page(write_reliability.load_figures())
    assert made == write_reliability.PAGE.read_text("utf-8")
