"""One round for each thing that a build does to the disk, in which just that goes wrong.

python -m tests.torture.disk_rounds <scenario> <act> <once|stays> <share> <shares> <folder>
"""

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from mnistreport.study.experiment import Experiment
from tests.torture import stub
from tests.torture.faults import EVERY_KIND, KINDS, Act, Faults
from tests.torture.rounds import (
    BUILD,
    Report,
    differences,
    list_finished,
    list_leftovers,
    put_back,
    read_documents,
    read_tree,
    run,
    tell,
)

TRIMMED = stub.MANIFEST.replace("[0, 1]", "[0, 1, 2]").replace("epochs = 2", "epochs = 100")
"""More than four seconds of training, by estimate."""
SINGLE = stub.MANIFEST.replace("[0, 1]", "[0]")
"""A run for each level: a second seed does nothing else to the disk."""
PACKED = f"""\
{SINGLE}
[submission]
ids = ["1", "2", "3"]
include = ["notes.txt"]
"""
PACK = ("pack", "--allow-digits", "--allow-outdated", "--allow-unverified", "--manifest")
STAND_INS = {"notebook.ipynb": '{"cells": []}', "notebook.pdf": "%PDF", "notes.txt": "Words."}
"""What takes long to make, and it does not matter here what is in it."""
BUDGET = ("--budget", "4s")
BEFORE = TRIMMED.replace('name = "rate"', 'name = "old rate"')
AFTER = SINGLE.replace("[0.02, 0.05]", "[0.02, 0.08]")
WORDS = "The larger rate wins.\n"
OWN = {"report.html": "Words in the page.", "figures/ranking.svg": "A drawing of one's own."}
"""What somebody has changed among the documents."""


@dataclass(frozen=True)
class Scenario:
    """Something to build, and what undisturbed builds make of it.

    Attributes:
        folder: The project, always in the same place.
        kept: How it is before.
        words: The command.
        log: Where what was trained is noted.
    """

    folder: Path
    kept: Path
    words: tuple[object, ...]
    log: Path

    def read_log(self) -> list[str]:
        """Return what was trained since the last time."""
        lines = self.log.read_text().split() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


def prepare(name: str, root: Path) -> Scenario:
    """Make a scenario.

    ``first`` is a first build. ``again`` is one beside documents of another study, which leaves
    pictures out and a budget, with a person's words; no digits and no splits are kept, all runs
    are new, and somebody has changed documents. ``words`` has nothing new but such words, keeps to
    a budget, and makes a PDF. ``pack`` makes a zip anew.
    """
    folder, log = root / "project", root / "trained"

    def note(experiment: Experiment) -> None:
        with log.open("a") as file:
            file.write(f"{experiment.fingerprint}\n")

    stub.prepare_builds(on_end=note, pdf=name in {"words", "pack"})
    before, after, options = {
        "first": (None, SINGLE, ()),
        "again": (BEFORE, AFTER, ()),
        "words": (TRIMMED, TRIMMED, BUDGET),
        "pack": (None, PACKED, ()),
    }[name]
    manifest = folder / "experiments.toml"
    if name == "pack":
        return Scenario(folder, root / "kept", _prepare_pack(folder, root / "kept"), log)
    if before:
        stub.start_project(folder, before)
        done = run((*BUILD, manifest, *BUDGET))
        assert 0 == done.code, done.said
        assert (folder / "output" / "digits" / "budget.json").exists()
        if name == "again":
            for kept in ("data", "sources", "splits"):
                shutil.rmtree(folder / ".mnistreport" / kept)
            for document, text in OWN.items():
                (folder / "output" / "digits" / document).write_text(text)
        insight = folder / "templates" / "insights" / "rate.md.j2"
        insight.parent.mkdir(parents=True)
        insight.write_text(WORDS)
    stub.start_project(folder, after)
    put_back(folder, root / "kept")
    return Scenario(folder, root / "kept", (*BUILD, manifest, *options), log)


def _prepare_pack(folder: Path, kept: Path) -> tuple[object, ...]:
    stub.start_project(folder, PACKED)
    manifest = folder / "experiments.toml"
    done = run((*BUILD, manifest))
    assert 0 == done.code, done.said
    for name, text in STAND_INS.items():
        (folder / "output" / "digits" / name).write_text(text)
    done = run((*PACK, manifest))
    assert 0 == done.code, done.said
    (folder / "output" / "digits" / "notes.txt").write_text("Other words.")
    put_back(folder, kept)
    return (*PACK, manifest)


def _list_own(folder: Path) -> set[str]:
    """Return what of a person's own is in any file below a folder."""
    own = {hashlib.sha256(text.encode()).hexdigest(): name for name, text in OWN.items()}
    return {own[digest] for digest in read_tree(folder).values() if digest in own}


def _find_broken_zips(folder: Path) -> list[str]:
    """Return the zips below a folder that ``zip -T`` does not pass."""
    return [
        path.name
        for path in folder.rglob("[!.]*.zip")
        if subprocess.run(["zip", "-T", path], capture_output=True, check=False).returncode
    ]


def try_round(scenario: Scenario, faults: Faults, expected: dict[str, str], report: Report) -> bool:
    """Build with a fault and then without; return whether the fault happened."""
    put_back(scenario.kept, scenario.folder)
    before = read_documents(read_tree(scenario.folder))
    kept = list_finished(scenario.folder)
    scenario.read_log()
    where = (faults.act, "from" if faults.stays else "at", faults.at)
    told = run(scenario.words, faults)
    scenario.read_log()
    tree = read_tree(scenario.folder)
    if faults.act == "kill":
        happened = told.code == -9
        report.expect(happened or told.code == 0, "neither killed nor done", *where, told)
    else:
        happened = told.code != 0
        report.expect(told.code == 0 or told.is_clean_refusal, "no clean end", *where, told)
        if happened:
            changed = differences(before, read_documents(tree))
            report.expect(not changed, "documents changed", *where, changed, told.said)
    lost = _list_own(scenario.kept) - _list_own(scenario.folder)
    report.expect(not lost, "what somebody changed was lost", *where, lost)
    report.expect(not (broken := _find_broken_zips(scenario.folder)), "a broken zip", broken)
    finished = list_finished(scenario.folder)
    report.expect(kept.items() <= finished.items(), "a finished run was lost", *where)
    again = run(scenario.words)
    report.expect(again.code == 0, "no recovery", *where, again)
    others = differences(expected, read_tree(scenario.folder))
    report.expect(not others, "recovered to something else", *where, others)
    report.expect(not list_leftovers(scenario.folder), "something is left", *where)
    twice = set(finished) & set(scenario.read_log())
    report.expect(not twice, "a finished run was trained again", *where, twice)
    report.count("recovered" if happened else "survived")
    return happened


def main(name: str, act: Act, lasting: str, share: int, shares: int, root: Path) -> None:
    """Go through what a build does, this process taking its ``share``, counted from 0."""
    scenario = prepare(name, root)
    kinds = EVERY_KIND if act == "kill" else KINDS
    stub.call(scenario.words)  # composes and lays out what no round does again
    put_back(scenario.kept, scenario.folder)
    counter = Faults(scenario.folder, kinds=kinds)
    with counter.happening():
        stub.call(scenario.words)
    expected = read_tree(scenario.folder)
    report = Report()
    for at in range(1 + share, len(counter.seen) + 1, shares):
        try_round(
            scenario, Faults(scenario.folder, act, at, lasting == "stays", kinds), expected, report
        )
    if share == 0:  # beyond the last there is nothing to go wrong
        beyond = Faults(scenario.folder, act, len(counter.seen) + 1, lasting == "stays", kinds)
        report.expect(not try_round(scenario, beyond, expected, report), "not all was tried")
    tell(report)


if __name__ == "__main__":
    _, scenario_, act_, lasting_, share_, shares_, folder_ = sys.argv
    main(scenario_, act_, lasting_, int(share_), int(shares_), Path(folder_).resolve())  # type: ignore[arg-type]
