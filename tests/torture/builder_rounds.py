"""Many builds of one project at the same moment, and a reader who never stops reading.

python -m tests.torture.builder_rounds <builders> <rounds> <folder>
"""

import hashlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from mnistreport.training.events import Event
from tests.torture import stub
from tests.torture.rounds import (
    BUILD,
    Report,
    Running,
    list_leftovers,
    read_documents,
    read_tree,
    tell,
)

LIMIT = 2
"""Seconds within which the others are told."""
PATIENCE = 60
"""Seconds that the winner waits for the others' end, at most."""


def main(builders: int, rounds: int, root: Path) -> None:
    """Have them build, round after round, each time something else."""
    folder, over = stub.start_project(root / "project"), root / "over"

    def train_once_alone(*words: object, **options: object) -> Iterator[Event]:
        """Train once all others have given up, so that they meet the lock and not its end."""
        deadline = time.monotonic() + PATIENCE
        while over.exists() and over.stat().st_size < builders - 1 and time.monotonic() < deadline:
            time.sleep(0.005)
        yield from stub.train_nothing(*words, **options)  # type: ignore[arg-type]

    stub.prepare_builds(train_once_alone)
    words = (*BUILD, folder / "experiments.toml")
    versions: list[dict[str, str]] = []
    for title in ("Digits", "Other digits"):  # what the rounds' builds compose is known by then
        _entitle(folder, title)
        stub.call(words)
        versions.append(read_documents(read_tree(folder)))
    report = Report()
    reader = _start_reader(folder, [*versions[0]], root)
    for number in range(rounds):
        _entitle(folder, ("Digits", "Other digits")[number % 2])
        over.write_bytes(b"")
        _compete(builders, words, over, report)
        now = read_documents(read_tree(folder))
        report.expect(now == versions[number % 2], "not the winner's documents", number)
        report.expect(not list_leftovers(folder), "something is left", list_leftovers(folder))
        report.count("rounds")
    over.unlink()
    os.kill(reader, signal.SIGTERM)
    os.waitpid(reader, 0)
    _judge_reader(root, versions, report)
    tell(report)


def _entitle(folder: Path, title: str) -> None:
    stub.start_project(folder, f'[report]\ntitle = "{title}"\n\n{stub.MANIFEST}')


def _compete(builders: int, words: tuple[object, ...], over: Path, report: Report) -> None:
    """Have builds begin at once; all but one are told who is building."""
    gate, opened = os.pipe()

    def wait_for_start() -> None:
        os.close(opened)
        os.read(gate, 1)  # nothing ever comes: it ends when the gate opens

    running = [Running(words, first=wait_for_start) for _ in range(builders)]
    os.close(gate)
    started = time.monotonic()
    os.close(opened)
    ended = {}
    while len(ended) < builders:
        number, status = os.waitpid(-1, 0)
        if number in {each.number for each in running}:
            ended[number] = (os.waitstatus_to_exitcode(status), time.monotonic() - started)
            with over.open("ab") as file:
                file.write(b".")
    winners = [number for number, (code, _) in ended.items() if code == 0]
    report.expect(len(winners) == 1, "not one winner", [code for code, _ in ended.values()])
    for each in running:
        code, seconds = ended[each.number]
        if code == 0:
            report.count("winners")
            continue
        said = each.read_said()
        report.expect(code == 5, "neither built nor refused", code, said)
        who = f"another build (process {winners[0] if winners else '?'}) is writing here"
        report.expect(who in said, "who builds is not told", winners, said)
        report.expect(seconds < LIMIT, "told too late", seconds)
        report.count("told who is building")
        report.counts["slowest, ms"] = max(report.counts.get("slowest, ms", 0), int(seconds * 1e3))


def _start_reader(folder: Path, names: list[str], root: Path) -> int:
    """Start a process that reads the documents until it is told to stop, and notes what it saw."""
    if number := os.fork():
        return number
    seen: dict[tuple[str, str], int] = {}
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda signum, _: stopped.append(signum))
    while not stopped:
        for name in names:
            try:
                key = (name, hashlib.sha256((folder / name).read_bytes()).hexdigest())
            except OSError as error:
                key = (name, str(error))
            seen[key] = seen.get(key, 0) + 1
        time.sleep(0.002)
    lines = (f"{name}\t{what}\t{times}\n" for (name, what), times in seen.items())
    (root / "seen").write_text("".join(lines))
    os._exit(0)


def _judge_reader(root: Path, versions: list[dict[str, str]], report: Report) -> None:
    for line in (root / "seen").read_text().splitlines():
        name, what, times = line.split("\t")
        whole = what in {version.get(name) for version in versions}
        report.expect(whole, "read something else than a whole document", line)
        report.count("reads", int(times))


if __name__ == "__main__":
    _, builders_, rounds_, folder_ = sys.argv
    main(int(builders_), int(rounds_), Path(folder_).resolve())
