"""Everything that reads what others wrote, fed with mutations by hypothesis and by atheris.

Each answers in its own terms, within two seconds of the processor's time for each input and a
gigabyte, touches nothing outside of its folder, and starts nothing.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.commands import call_command
from tests.torture.fuzz_watch import MOST_SECONDS, Tally

ROOT = Path(__file__).parents[2]
SEED = os.environ.get("TORTURE_SEED", "20260101")
SHARES = {
    ("manifest", "hypothesis"): 16_000,
    ("manifest", "atheris"): 4_000,
    ("idx", "hypothesis"): 4_500,
    ("idx", "atheris"): 15_500,
    ("csv", "hypothesis"): 5_000,
    ("csv", "atheris"): 15_000,
    ("insight", "hypothesis"): 5_000,
    ("insight", "atheris"): 15_000,
    ("zip", "hypothesis"): 2_500,
    ("zip", "atheris"): 17_500,
}
"""Mutations that each tool tries on each reader, 20,000 in all; the quicker tool tries more."""
MORE = (1.04, 1.14)
"""Inputs for each of these, and for insights: some are none, and some templates run into limits."""
DEADLINE = 400
ZIPS, TOGETHER = 24, 6


def test_submissions_are_checked_to_the_end(
    tmp_path: Path, record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole command, with its processes: a verdict in printable lines, and no file anywhere."""
    from tests.torture.fuzz_zips import make_seeds, mutate

    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("TMPDIR", str(home))
    draw, seeds = Random(int(SEED)), make_seeds(tmp_path)  # noqa: S311 - for the same again
    zips = [tmp_path / f"{number}_2_3.zip" for number in range(10, 10 + ZIPS)]
    for path in zips:
        path.write_bytes(mutate(draw.choice(seeds), draw, b"\x1b[2J"))
    for first in range(0, ZIPS, TOGETHER):
        told = call_command("verify", *zips[first : first + TOGETHER])
        assert (1, "") == (told.code, told.err)
        lines = told.out.splitlines()
        assert TOGETHER == len(lines)
        assert [] == [line for line in lines if not line.isprintable()]
    assert {home, *zips} == set(tmp_path.rglob("*"))
    record_property("zips checked by processes of their own", len(zips))


@pytest.mark.parametrize(("reader", "tool"), SHARES)
def test_no_input_breaks_a_reader(
    tmp_path: Path, record_property: Callable[[str, object], None], reader: str, tool: str
) -> None:
    """It is read, or refused in a line with the right exit code; nothing else ever happens."""
    given, home = tmp_path / "given", tmp_path / "home"
    home.mkdir()
    module = "tests.torture.fuzz_process"
    runs = round(SHARES[reader, tool] * MORE[reader == "insight"])
    command = [sys.executable, "-m", module, reader, tool, str(runs), SEED, str(tmp_path)]
    environment = os.environ | {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
        timeout=DEADLINE,
    )
    failure = tmp_path / "failure.txt"
    said = failure.read_text("utf-8") if failure.exists() else f"{done.stdout}\n{done.stderr}"
    assert 0 == done.returncode, f"TORTURE_SEED={SEED}; the input is in {tmp_path}\n{said[-4000:]}"
    tally = Tally.load(tmp_path / "tally")
    record_property(f"{reader}: mutations by {tool}", tally.mutations)
    record_property(f"{reader}: slowest by {tool}, s", round(tally.slowest, 2))
    record_property(
        f"{reader}: read, refused, limited by {tool}",
        f"{tally.taken}, {tally.refused}, {tally.limited}",
    )
    assert SHARES[reader, tool] <= tally.mutations
    assert MOST_SECONDS > tally.slowest
    assert tally.taken
    assert tally.refused > tally.taken
    assert [] == list(home.iterdir())
    assert {"corpus", "failure", "given", "home", "tally"} >= {
        each.name for each in tmp_path.iterdir()
    }
    assert given.is_dir()
