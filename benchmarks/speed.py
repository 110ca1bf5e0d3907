"""Measure mnistreport beside the usual ways to train, and write what came out.

    .venv/bin/python -m benchmarks.speed [--only mlp,cnn] [--no-build] [--repeats 3]

What is not measured this time stays as it was; each group of timings carries its day and machine.
The exit status is 1 if the ways to train do not come to the same accuracy: then their times mean
nothing.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.groups import (
    GROUPS,
    MEASURED_ONCE,
    ON_EMBEDDED_DIGITS,
    find_missing_peers,
    find_obstacle,
)
from benchmarks.page import load_notes, render_page
from benchmarks.record import load_record, save_record, start_group
from benchmarks.rows import make_rows

HERE = Path(__file__).resolve().parent
QUICK = HERE / "quick.toml"
DEFAULT = HERE.parent / "experiments.toml"


def main(words: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for, and write the page and the record beside it."""
    options = parse_options(words)
    page: Path = options.output
    file = page.with_name(f"{page.stem.lower()}.json")
    record = load_record(file)
    with tempfile.TemporaryDirectory() as folder:
        manifest = QUICK if options.quick else DEFAULT
        bench = Bench(manifest, options.data, Path(folder), options.quick)
        for name in [] if options.from_json else options.only:
            if obstacle := find_obstacle(name):
                print(f"{name}: not measured, {obstacle}", flush=True)
                continue
            here = replace(bench, data="digits") if name in ON_EMBEDDED_DIGITS else bench
            group = start_group(describe_data(here))
            group.missing.update(find_missing_peers())
            for repeat in range(1 if name in MEASURED_ONCE else options.repeats):
                print(f"{name}: repeat {repeat + 1}", flush=True)
                group.add(GROUPS[name](here, repeat))
            record[name] = group
            save_record(record, file)
    save_record(record, file)
    page.write_text(render_page(record, load_notes()), "utf-8")
    print(f"wrote {page}")
    differing = [row for row in make_rows(record) if row.met is False and "accuracy" in row.key]
    for row in differing:
        print(f"{row.what}: {row.result}, {row.target}: {row.theirs}; ours {row.ours}")
    return 1 if differing and not options.quick else 0


def parse_options(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3, help="of each measurement")
    parser.add_argument("--only", help=f"groups, with commas between them: {','.join(GROUPS)}")
    parser.add_argument("--no-build", action="store_true", help="leave the whole build out")
    parser.add_argument("--data", help="source of the digits, as mnistreport takes it")
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md", help="the page")
    parser.add_argument("--from-json", action="store_true", help="measure nothing, write the page")
    parser.add_argument("--quick", action="store_true", help="try this program out on few digits")
    options = parser.parse_args(words)
    if options.quick and options.output == parser.get_default("output"):
        parser.error("--quick measures nothing worth keeping; give another --output")
    asked = options.only.split(",") if options.only else [*GROUPS]
    if unknown := [name for name in asked if name not in GROUPS]:
        parser.error(f"--only: there is no group {', '.join(unknown)}")
    without = {"build"} if options.no_build or (options.quick and not options.only) else set()
    options.only = [name for name in asked if name not in without]
    return options


def describe_data(bench: Bench) -> str:
    """Return in words what is learned from."""
    project = bench.project
    split = project.split
    sizes = f"{len(split.train):,} training and {len(split.validation):,} validation images"
    return f"{project.digits.title}, {sizes}"


if __name__ == "__main__":
    sys.exit(main())
