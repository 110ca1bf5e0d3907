"""Single bits of the cache that are flipped, one at a time; each is noticed and put right.

python -m tests.torture.flip_rounds <flips> <share> <folder>
"""

import sys
from pathlib import Path

from mnistreport.study.experiment import Experiment
from tests.torture import stub
from tests.torture.rounds import (
    BUILD,
    Report,
    Told,
    differences,
    make_chance,
    put_back,
    read_documents,
    read_tree,
    run,
    tell,
)

PLACES = {
    "record": "runs/*/record.json",
    "weights": "runs/*/tensors.safetensors",
    "test outcome": "tests/*.json",
    "cached data": "data/*/*",
    "split": "splits/*/*",
    "source": "sources/*.json",
    "ledger": "ledger.json",
}


def main(flips: int, share: int, root: Path) -> None:
    """Flip bits, and build after each."""
    folder, log = stub.start_project(root / "project"), root / "trained"

    def note(experiment: Experiment) -> None:
        with log.open("a") as file:
            file.write(f"{experiment.fingerprint}\n")

    stub.prepare_builds(on_end=note)
    words = (*BUILD, folder / "experiments.toml")
    stub.call(words)
    log.unlink()
    expected = read_tree(folder)
    put_back(folder, root / "kept")
    chance, report = make_chance("flips", share), Report()
    for number in range(flips):
        what = [*PLACES][number % len(PLACES)]
        files = sorted(
            path
            for path in folder.glob(f".mnistreport/{PLACES[what]}")
            if path.is_file() and not path.name.startswith(".")
        )
        file = chance.choice(files)
        content = bytearray(file.read_bytes())
        place, bit = chance.randrange(len(content)), chance.randrange(8)
        content[place] ^= 1 << bit
        file.write_bytes(content)
        told = run(words)
        trained = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        where = (what, file.relative_to(folder), place, bit, told)
        others = differences(expected, read_tree(folder))
        changed = differences(read_documents(expected), read_documents(read_tree(folder)))
        report.expect(not changed, "documents changed", *where, changed)
        if what == "ledger":  # it cannot be made again
            report.expect(told.is_clean_refusal, "not refused", *where)
            report.expect("ledger" in told.said and "damaged" in told.said, "not told", *where)
            put_back(root / "kept", folder)
        elif what in {"record", "weights"}:
            report.expect([file.parent.name] == trained, "not trained again", *where)
            _expect_warning(told, file, others, report, where)
            if others:
                put_back(root / "kept", folder)
        else:
            report.expect(told.code == 0 and not trained, "something else was done", *where)
            report.expect(not others, "not put right", *where, others)
        report.count(what)
    tell(report)


def _expect_warning(
    told: Told, file: Path, others: list[str], report: Report, where: tuple[object, ...]
) -> None:
    """Expect that the run was told as damaged, or, by its format's number, as another version's."""
    name = file.parent.name
    if f"stored run {name[:12]} is damaged" in told.said:
        report.expect(not others, "not put right", *where, others)
        return
    report.expect("in the format of another version" in told.said, "not told", *where)
    beside = {each.removeprefix(f".mnistreport/runs/{name}") for each in others}
    places = {"-1/record.json", "-1/tensors.safetensors", "/record.json"}
    report.expect(beside == places, "not kept, or not trained beside it", *where, others)


if __name__ == "__main__":
    _, flips_, share_, folder_ = sys.argv
    main(int(flips_), int(share_), Path(folder_).resolve())
