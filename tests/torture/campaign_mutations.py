"""Small changes of what decides what a report says, one at a time: the tests near it must fail."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.torture.rounds import SEED

ROOT = Path(__file__).parents[2]
COUNT = int(os.environ.get("TORTURE_MUTANTS", "200"))
GOAL = 0.95
"""Share of the changes that have to be noticed."""


def test_changes_are_noticed(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Of changes drawn at random, at least 95 % make a test fail that is near."""
    rows = _run_rounds(tmp_path)
    outcomes = Counter(row["outcome"] for row in rows)
    noticed = outcomes["noticed"] + outcomes["too long"]
    made = len(rows) - outcomes["no difference"]
    record_property("small changes made", made)
    record_property("small changes noticed", noticed)
    record_property("small changes noticed, %", f"{100 * noticed / made:.1f}")
    others = [row for row in rows if row["outcome"] in {"survived", "no difference"}]
    for number, row in enumerate(others, start=1):
        record_property(f"small change {number}", json.dumps(row, ensure_ascii=False))
    survivors = [row for row in others if row["outcome"] == "survived"]
    assert noticed >= GOAL * made, "\n".join(map(str, survivors))


def _run_rounds(folder: Path) -> list[dict[str, Any]]:
    """Try the changes, from a process that has loaded nothing of the program."""
    command = [sys.executable, "-m", "tests.torture.mutation_rounds"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_ADDOPTS"):
        environment.pop(name, None)
    done = subprocess.run(
        [*command, str(COUNT), str(SEED), folder],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env=environment,
        text=True,
        timeout=15 * COUNT,
    )
    assert 0 == done.returncode, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
