"""RESULTS.md: what was measured, for readers; made of the record and the notes alone."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.groups import (
    CNN_SHARE,
    GPU_SHARE,
    LEARNING_RATE,
    OUR_EPOCHS,
    PEERS,
    ROOFLINE_BATCH,
)
from benchmarks.record import Group
from benchmarks.rows import Row, format_spread, make_rows
from benchmarks.size import SIZES

NOTES = Path(__file__).with_name("notes.toml")
NO_NOTE = "no reason given yet"
INTRODUCTION = """\
# How fast it is

Made by `make bench`, from [`results.json`](results.json), where every single timing is. Times
are medians, in brackets the least and the most; ratios are those of medians. What is compared
was measured in turns, but for the whole build, which is measured once.
"""
METHOD = f"""\
## How it was measured

- **The usual script**, skorch and Lightning are in [`peers.py`](peers.py), in the form that
  their documentations have: a `DataLoader` of single images, `torch.optim.SGD`, the validation
  split after each epoch, torch's own number of threads; the usual script also counts loss and
  right answers batch by batch. Lightning's progress bar, checkpoints and logger are off. Each
  trains in a fresh process, one variant after another, an epoch after a warm-up of some
  batches; set-up is not timed.
- **Ours** trains all variants on all seeds for {OUR_EPOCHS} epochs, one worker per core. Its
  time is the clock's, from the start of the first run to the end of the last, the start of the
  workers included, divided by the epochs of all runs.
- **CNN**: the usual script trains on {100 * CNN_SHARE:.0f} % of both splits, and its time is
  scaled up to all images. Ours trains an epoch of each run.
- **Whole build**: the command itself, with fresh cache and output. Beside it stands the usual
  script's training alone: its seconds per epoch times the epochs of every run of that build,
  variant by variant; no document, no plot, no test.
- **Arithmetic**: the multiply-adds of forward pass, weight gradients and input gradients of
  MLPs with batches of {ROOFLINE_BATCH} and more, two operations each, over the time of their
  updates, all workers together. Beside it stand products of matrices alone, float32, one
  process per core, one thread each, by oneDNN or MKL, whichever training takes here.
- **Accuracy**: the baselines with a learning rate of {LEARNING_RATE}; the mean over the
  repeats, a seed each. Ways to train that lie further apart fail the benchmark.
- **Stored runs**: they are made up, but stored, read and checked as any; the documents of the
  build that has nothing to do are partly stand-ins. Of three measurements, the one that took
  the processor least counts. `plan` lacks one run, so that it fits what runs cost. The power is
  that of what runs add to the time of {SIZES[0]} of them.
- **GPU**: one {GPU_SHARE}th of each run's epochs; the usual script in eager mode, one run after
  another, its batches moved to the GPU.
"""


def load_notes() -> dict[str, str]:
    """Return the reasons why targets are not met, by the rows' keys."""
    return tomllib.loads(NOTES.read_text("utf-8"))


def render_page(record: Mapping[str, Group], notes: Mapping[str, str]) -> str:
    """Return the page, in Markdown."""
    rows = make_rows(record)
    parts = [
        INTRODUCTION,
        _render_rows(rows),
        _render_unmet(rows, notes),
        _render_details(record),
        METHOD,
        _render_machines(record),
    ]
    return "\n".join(part for part in parts if part)


def _render_rows(rows: Sequence[Row]) -> str:
    cells = (
        (
            row.what,
            row.theirs,
            row.ours,
            row.result,
            row.target,
            {True: "yes", False: "**no**", None: "–"}[row.met],
        )
        for row in rows
    )
    return _render_table(("what; beside what", "theirs", "ours", "result", "target", "met"), cells)


def _render_unmet(rows: Sequence[Row], notes: Mapping[str, str]) -> str:
    unmet = [f"- {row.what}: {notes.get(row.key, NO_NOTE)}\n" for row in rows if row.met is False]
    return "".join(["## Targets that are not met\n\n", *unmet]) if unmet else ""


def _render_details(record: Mapping[str, Group]) -> str:
    parts: list[str] = []
    if mlp := record.get("mlp"):
        names = [name.removeprefix("ours, ") for name in mlp.samples if name.startswith("ours, ")]
        cells = (
            (name, *_show(mlp, *(f"{way}, {name}" for way in (*PEERS, "ours")))) for name in names
        )
        columns = ("variant", *PEERS, "ours, updates of one worker")
        parts += ["## A model's epoch, variant by variant\n", _render_table(columns, cells)]
    if roofline := record.get("roofline"):
        rates = {name: 2 * median(each) / 1e9 for name, each in roofline.samples.items()}
        parts += [
            "## Arithmetic\n",
            (
                f"Products of large squares reach {rates['square']:.0f} GFLOP/s by the faster "
                f"library, {rates['square, MKL']:.0f} by the one that torch uses, those of the "
                f"shapes that training has {rates['shapes']:.0f}, and training "
                f"{rates['ours']:.0f}, which is "
                f"{100 * rates['ours'] / rates['shapes']:.0f} % of the latter.\n"
            ),
        ]
    if size := record.get("size"):
        cells = ((name, f"{median(each):.3g}") for name, each in size.samples.items())
        parts += [
            "## As stored runs grow in number\n",
            "Seconds of a processor, unless another unit stands there.\n",
            _render_table(("what", "measured"), cells),
        ]
    return "\n".join(parts)


def _render_machines(record: Mapping[str, Group]) -> str:
    if not record:
        return "## Machines\n\nNothing has been measured yet.\n"
    machines: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name, group in record.items():
        repeats = max(map(len, group.samples.values()), default=0)
        times = f"{repeats} repeats" if repeats > 1 else "once"
        where = machines.setdefault(tuple(group.machine.items()), [])
        where.append(f"- `{name}` on {group.date}, {times}: {group.data}\n")
    parts = ["## Machines\n"]
    for about, measured in machines.items():
        parts += [_render_table(("property", "value"), about), "".join(measured)]
    return "\n".join(parts)


def _render_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (columns, ["---"] * len(columns), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _show(group: Group, *keys: str) -> Iterator[str]:
    return (format_spread(group.samples[key]) if key in group.samples else "–" for key in keys)
