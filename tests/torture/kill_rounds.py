"""Builds that are killed at random moments, with all they started, and gone on with.

python -m tests.torture.kill_rounds <stub or real> <kills> <share> <folder>
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnistreport.study.experiment import Experiment
from tests.torture import stub
from tests.torture.rounds import (
    BUILD,
    Report,
    Running,
    Told,
    differences,
    list_finished,
    list_leftovers,
    make_chance,
    read_tree,
    run,
    tell,
)

REAL = """\
[data]
source = "digits"

[training]
learning_rate = 0.02
epochs = 6
seeds = [0, 1]

[models.mlp]
kind = "mlp"
neurons = 8

[models.cnn]
kind = "cnn"
channels = [4]
dense = 8
epochs = 2

[[studies]]
name = "rate"
model = "mlp"
factor = "learning_rate"
levels = [0.02, 0.05, 0.1]
"""
TIMES = {"duration_seconds", "training_seconds", "read_at"}
GONE_WITHIN = 5
"""Seconds that a killed build's workers may live on."""
NUMBERS = "output/digits/results.json"


@dataclass(frozen=True)
class Undisturbed:
    """A build that nobody killed.

    Attributes:
        seconds: How long it took.
        outcome: What it left, as far as it is the same each time.
        spared: What was kept for it, and is for those that are killed.
    """

    seconds: float
    outcome: dict[str, str]
    spared: Collection[str] = ()


DIGITS = ("data", "sources", "splits")
"""What is kept of digits: drawing them takes longer than to train a small network."""


def _clear(folder: Path, spared: Collection[str] = ()) -> None:
    """Begin anew, but for what is ``spared`` of what is kept."""
    shutil.rmtree(folder / "output", ignore_errors=True)
    for path in (folder / ".mnistreport").glob("*"):
        if path.name in spared:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def read_outcome(folder: Path) -> dict[str, str]:
    """Return what a build left, without what differs from one time to the next."""
    tree = read_tree(folder)
    for path in folder.glob(".mnistreport/*/*.json"):
        tree[path.relative_to(folder).as_posix()] = _dump(path)
    for path in folder.glob(".mnistreport/runs/*/record.json"):
        tree[path.relative_to(folder).as_posix()] = _dump(path)
    for name in (NUMBERS, ".mnistreport/ledger.json"):
        tree[name] = _dump(folder / name)
    return tree


def _dump(path: Path) -> str:
    return json.dumps(_strip(json.loads(path.read_bytes())))


def _strip(value: Any) -> object:  # noqa: ANN401 - any JSON
    """Return JSON without times, findings about them, and digests of what holds them."""
    if isinstance(value, dict):
        skipped = TIMES | {"sha256"} if {"content", "reads"} & set(value) else TIMES
        return {key: _strip(each) for key, each in value.items() if key not in skipped}
    if isinstance(value, list):
        return [
            _strip(each)
            for each in value
            if not (isinstance(each, dict) and each.get("kind") == "cost")
        ]
    return value


def kill_often(
    folder: Path,
    start: Callable[[], "Running | Real"],
    read_trained: Callable[[str], list[str]],
    read: Callable[[Path], dict[str, str]],
    undisturbed: Undisturbed,
    kills: int,
    share: int,
    one_in: int,
) -> Report:
    """Kill builds until enough were; ``one_in`` so many is built to the end, and compared."""
    chance, report = make_chance("kills", share), Report()
    _clear(folder, undisturbed.spared)
    number = 0
    while report.counts.get("killed", 0) < kills:
        number += 1
        before = list_finished(folder)
        building = start()
        time.sleep(chance.uniform(0.05, 0.95) * undisturbed.seconds)
        building.kill()
        killed = building.wait()
        report.expect(not killed.left, "workers outlive it", killed.left)
        report.expect(killed.code in {0, -signal.SIGKILL}, "neither killed nor done", killed)
        if killed.code == 0:
            report.count("in time")
        else:
            report.count("killed alone" if building.alone else "killed")
        trained = read_trained(killed.said)
        report.expect(not set(before) & set(trained), "trained again", before, trained)
        finished = list_finished(folder)
        report.expect(before.items() <= finished.items(), "a finished run was lost", before)
        if killed.code and number % one_in:
            continue
        if killed.code:
            done = start().wait()
            trained = read_trained(done.said)
            report.expect(done.code == 0, "no recovery", done)
            report.expect(not set(finished) & set(trained), "trained again", finished, trained)
        report.expect(not list_leftovers(folder), "something is left", list_leftovers(folder))
        others = differences(undisturbed.outcome, read(folder))
        report.expect(not others, "came to something else", others)
        report.count("compared")
        _clear(folder, undisturbed.spared)
    return report


def kill_stubs(kills: int, share: int, root: Path) -> Report:
    """Kill builds whose results are made up: what they leave is the same to the bit."""
    log, folder = root / "trained", stub.start_project(root / "project")

    def note(experiment: Experiment) -> None:
        with log.open("a") as file:
            file.write(f"{experiment.fingerprint}\n")

    def read_trained(_said: str) -> list[str]:
        lines = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    stub.prepare_builds(on_end=note)
    words = (*BUILD, folder / "experiments.toml")
    stub.call(words)
    _clear(folder)
    seconds = run(words).seconds
    undisturbed = Undisturbed(seconds, read_tree(folder))
    read_trained("")
    return kill_often(
        folder, lambda: Running(words), read_trained, read_tree, undisturbed, kills, share, 3
    )


class Real:
    """A build as a person starts it, with workers; its documents are its numbers."""

    def __init__(self, folder: Path, *, jobs: int = 2, alone: bool = False) -> None:
        """Start it; ``alone`` says whether it is killed without its workers, who must see to it."""
        self.alone = alone
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.numbers_build", str(folder), str(jobs)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )

    def kill(self) -> None:
        """Kill it, and its workers, or wait for these to notice, but not for long."""
        (os.kill if self.alone else os.killpg)(self._process.pid, signal.SIGKILL)
        deadline = time.monotonic() + GONE_WITHIN
        while self._list_living() and time.monotonic() < deadline:
            time.sleep(0.05)

    def wait(self) -> Told:
        """Wait for its end."""
        left = self._list_living() if self._process.poll() is not None else []
        _, said = self._process.communicate()
        return Told(self._process.returncode, said, 0, tuple(left))

    def _list_living(self) -> list[str]:
        command = ["ps", "-o", "stat=,args=", "-s", str(self._process.pid)]
        listed = subprocess.run(command, capture_output=True, text=True, check=False)
        return [line for line in listed.stdout.splitlines() if not line.startswith("Z")]


def kill_real(kills: int, share: int, root: Path) -> Report:
    """Kill builds that train."""
    folder = stub.start_project(root / "project", REAL)

    def read_trained(said: str) -> list[str]:
        lines = [line.removeprefix("trained ") for line in said.splitlines()]
        return [line for line in lines if len(line) == 64]

    assert 0 == Real(folder).wait().code
    _clear(folder, DIGITS)
    started = time.monotonic()
    done = Real(folder).wait()
    assert 0 == done.code, done.said
    undisturbed = Undisturbed(time.monotonic() - started, read_outcome(folder), DIGITS)
    chance = make_chance("builds", share)
    return kill_often(
        folder,
        lambda: Real(folder, jobs=chance.choice((1, 1, 2)), alone=chance.random() < 1 / 5),
        read_trained,
        read_outcome,
        undisturbed,
        kills,
        share,
        5,
    )


if __name__ == "__main__":
    _, kind_, kills_, share_, folder_ = sys.argv
    tell(
        {"stub": kill_stubs, "real": kill_real}[kind_](
            int(kills_), int(share_), Path(folder_).resolve()
        )
    )
