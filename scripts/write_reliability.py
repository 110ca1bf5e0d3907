"""Write docs/reliability.md: what is promised, which tests show it, what campaigns measured.

    python scripts/write_reliability.py [--some] [REPORT...]

Reports are what `make torture` left, in JUnit's XML: their figures go into docs/reliability.json
first; with `--some` they are of some campaigns, and the other figures stay, with their day. Without
reports, the page is made of the figures that are there. Promises and tests stand in
tests/torture/promises.toml.
"""

import json
import os
import platform
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[1]
PROMISES = ROOT / "tests" / "torture" / "promises.toml"
FIGURES = ROOT / "docs" / "reliability.json"
PAGE = ROOT / "docs" / "reliability.md"
HEAD = """# What holds when things go wrong

Each promise is shown by the tests beside it. Those in `tests/torture` are campaigns, run by
`make torture`; the others run with `make test`, and count nothing. What was measured is what
campaigns counted when they were last run, on {measured}; a figure with
a day is of that day.
ENOSPC is a disk that is full, EIO one that is broken. A stub trainer makes results up at once, so
that a build can be killed hundreds of times; real training is killed, too. Hypothesis and atheris
are two tools that think up inputs.
This page is made by `scripts/write_reliability.py`; a test holds it to the tests that there are.
"""
COLUMNS = """| promise | tests | measured |
| --- | --- | --- |
"""
NOT_YET = "not measured yet"
SOME = "--some"
REMOVALS = """
## What each safeguard is worth

A promise is only as good as the test that fails without it. `make torture` takes each of these
safeguards out of a copy of the program, and sees whether a test turns red that is green with it.

| taken out | the test | turned |
| --- | --- | --- |
"""
CHANGES = """
## What the tests notice

`make torture` also draws {made} places at random among the files that decide what a report says
(`tests/torture/nearest_tests.toml` lists them), makes one small change at each – `<` becomes `<=`,
`and` becomes `or`, a number grows by one, a condition or a statement is left out – and runs the
tests near it. Most changes are made by cosmic-ray. Not changed: types, decorators, the words of
errors, and limits on what is read or printed that are set with much to spare.

Noticed by a test: {noticed} of {made} ({share} %). {different} more were drawn that make no
difference which a test could notice; they are not counted. The draw is the same each time, and
tests were written for what it left over: another one, as `TORTURE_SEED=2 make torture` makes it,
finds a few changes more.
"""
SURVIVORS = """
Not noticed by any test near them:

| where | the change | why |
| --- | --- | --- |
"""
NO_DIFFERENCE = """
Without a difference:

| where | the change | why |
| --- | --- | --- |
"""


def load_figures() -> dict[str, Any]:
    """Return what the campaigns measured."""
    return json.loads(FIGURES.read_text("utf-8"))


def read_reports(paths: Sequence[Path], *, some: bool = False) -> dict[str, Any]:
    """Return the figures in reports of pytest's, and what they were measured on.

    Args:
        paths: The reports.
        some: Whether they are of some campaigns only.

    Raises:
        ValueError: A campaign failed, or was left out.
    """
    suites: list[ET.Element] = []
    for path in paths:
        suites += ET.parse(path).getroot()  # noqa: S314 - written by pytest just before
    for suite in suites:
        if any(int(suite.get(name, "0")) for name in ("failures", "errors", "skipped")):
            msg = "not every campaign passed; the figures of the last good run stay"
            raise ValueError(msg)
    figures: dict[str, str] = {}
    for each in chain.from_iterable(suite.iter("property") for suite in suites):
        name, value = each.attrib["name"], each.attrib["value"]
        if name in figures and value.isdigit():  # a campaign in parts, which are run side by side
            value = str(int(figures[name]) + int(value))
        figures[name] = value
    content = tomllib.loads(PROMISES.read_text("utf-8"))
    promises = [promise for group in content["groups"] for promise in group["promises"]]
    wanted = {name for promise in promises for name in promise.get("figures", ())}
    wanted |= {f"without {each['what']}" for each in content["removals"]}
    missing = sorted(wanted - figures.keys())
    if missing and not some:
        msg = f"some campaigns were left out; there is no figure for {missing[0]!r}"
        raise ValueError(msg)
    return {
        "figures": figures,
        "seconds": round(sum(float(suite.get("time", "0")) for suite in suites)),
        "day": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
    }


def join_figures(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of now, and those that were not measured again, with their day."""
    names = [name for name in before["figures"] if name not in now["figures"]]
    if "small changes made" in now["figures"]:  # those of before are listed with their own
        names = [name for name in names if not name.startswith("small change ")]
    kept = {name: before["figures"][name] for name in names}
    days = {name: before.get("days", {}).get(name, before["day"]) for name in names}
    return {**now, "figures": {**kept, **now["figures"]}, "days": days}


def make_page(figures: dict[str, Any]) -> str:
    """Return the page."""
    content = tomllib.loads(PROMISES.read_text("utf-8"))
    days = figures.get("days", {})

    def show(name: str) -> str:
        value = figures["figures"].get(name, NOT_YET)
        return f"{value} ({days[name]})" if name in days else value

    minutes = f"{figures['seconds'] / 60:.0f} minutes"
    measured = f"{figures['day']} ({figures['machine']}, {minutes})"
    parts = [HEAD.format(measured=measured)]
    for group in content["groups"]:
        parts.append(f"\n## {group['title']}\n\n{COLUMNS}")
        for promise in group["promises"]:
            tests = "<br>".join(f"`{each}`" for each in promise["tests"])
            counted = "<br>".join(f"{name}: {show(name)}" for name in promise.get("figures", ()))
            parts.append(f"| {promise['says']} | {tests} | {counted} |\n")
    parts.append(REMOVALS)
    for each in content["removals"]:
        turned = show(f"without {each['what']}")
        parts.append(f"| {each['what']} | `{each['test']}` | {turned} |\n")
    return "".join([*parts, *_tell_changes(figures["figures"])])


def _tell_changes(figures: Mapping[str, str]) -> Iterator[str]:
    """Yield what came of the small changes, if they were made."""
    if "small changes made" not in figures:
        return
    rows = [
        json.loads(value) for name, value in figures.items() if name.startswith("small change ")
    ]
    kept, different = (
        [row for row in rows if row["outcome"] == outcome]
        for outcome in ("survived", "no difference")
    )
    made = int(figures["small changes made"])
    yield CHANGES.format(
        made=made,
        noticed=figures["small changes noticed"],
        share=figures["small changes noticed, %"],
        different=len(different),
    )
    for head, listed in ((SURVIVORS, kept), (NO_DIFFERENCE, different)):
        if listed:
            yield head
        for row in listed:
            reason = row["reason"] or "not looked into yet"
            yield f"| {_name_place(row)} | {_quote(row['change'])} | {reason} |\n"


def _name_place(row: Mapping[str, Any]) -> str:
    return f"`{row['module']}`, `{row['function'] or 'the module itself'}`"


def _quote(code: str) -> str:
    """Return code that may stand in a table's cell."""
    return f"`` {code} ``".replace("|", "\\|")


def main() -> None:
    """Write figures, if there are new ones, and the page."""
    names = [name for name in sys.argv[1:] if name != SOME]
    if names:
        some = SOME in sys.argv
        figures = read_reports([*map(Path, names)], some=some)
        if some:
            figures = join_figures(load_figures(), figures)
        FIGURES.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", "utf-8")
    PAGE.write_text(make_page(load_figures()), "utf-8")


if __name__ == "__main__":
    main()
