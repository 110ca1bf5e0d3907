"""What the timings say beside the targets: a row for each target, met or not."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import mean, median
from typing import Final

from benchmarks.record import Group

Record = Mapping[str, Group]
SAME_ACCURACY: Final = {"mlp": 0.5, "cnn": 1.0}
"""Percentage points that ways to train may lie apart before they count as different training."""


@dataclass(frozen=True, slots=True)
class Row:
    """A target and what became of it.

    Attributes:
        key: Names it in ``notes.toml``.
        what: What was measured.
        theirs: What it is compared with, if anything.
        ours: What mnistreport does.
        result: The number that the target is about.
        target: What that number is to be.
        met: Whether it is; ``None`` if it was not measured.
    """

    key: str
    what: str
    theirs: str
    ours: str
    result: str
    target: str
    met: bool | None


def make_rows(record: Record) -> list[Row]:
    """Return every row, in the order in which they are shown, measured or not."""
    return [
        _compare(record, "mlp_usual", "mlp", "usual", "ours", 4),
        _compare(record, "mlp_skorch", "mlp", "skorch", "ours", 4),
        _compare(record, "mlp_lightning", "mlp", "lightning", "ours", 9),
        _compare(record, "cnn", "cnn", "usual", "ours", 2),
        _compare(record, "build", "build", "usual", "ours", 3),
        _compare(record, "gpu_mlp", "gpu", "mlp, usual", "mlp, ours", 20),
        _compare(record, "gpu_all", "gpu", "all, usual", "all, ours", 5),
        _use_roofline(record),
        *(_agree(record, kind) for kind in SAME_ACCURACY),
        _limit(record, "help", "commands", "--help", 0.3),
        _limit(record, "version", "commands", "--version", 0.3),
        _limit(record, "plan_digits", "commands", "plan", 1),
        _limit(record, "plan_mnist", "build", "plan", 1),
        _limit(record, "again_digits", "commands", "build", 2),
        _limit(record, "again_mnist", "build", "again", 2),
        _do_without_torch(record),
        _grow(record),
        _limit(record, "size_again", "size", "build, 1000 runs, clock", 10),
        _keep_small(record),
    ]


WORDS: Final[Mapping[str, str]] = {
    "mlp_usual": "MLP study, a model's epoch; the usual script",
    "mlp_skorch": "MLP study, a model's epoch; skorch",
    "mlp_lightning": "MLP study, a model's epoch; Lightning",
    "cnn": "CNN ablation, a model's epoch; the usual script",
    "build": "Whole build with documents; the usual script's training alone",
    "gpu_mlp": "MLP study on a GPU; the usual script on it",
    "gpu_all": "All training on a GPU; the usual script on it",
    "roofline": "Arithmetic of MLP training; that of large matrix products",
    "accuracy_mlp": "Validation accuracy of an MLP, 3 epochs; the ways to train named here",
    "accuracy_cnn": "Validation accuracy of a CNN, 1 epoch; the usual script",
    "help": "`mnistreport --help`",
    "version": "`mnistreport --version`",
    "plan_digits": "`mnistreport plan` with nothing to do, embedded digits",
    "plan_mnist": "`mnistreport plan` with nothing to do, after the whole build",
    "again_digits": "`mnistreport build` with nothing to do, embedded digits",
    "again_mnist": "`mnistreport build` with nothing to do, after the whole build",
    "torch": "Commands among `plan`, `check` and `render` that load torch",
    "size_power": "Power by which time grows with 100 to 5,000 stored runs",
    "size_again": "`mnistreport build` with nothing to do, 1,000 stored runs",
    "size_memory": "Its memory",
}
"""What a row measures, and after the semicolon what that is compared with."""


def format_spread(samples: list[float]) -> str:
    """Return the median of seconds, and between which they lie, if there are several."""
    middle = median(samples)
    decimals = max(0, 2 - math.floor(math.log10(middle)))  # three digits that count
    text = f"{middle:,.{decimals}f} s"
    if len(samples) > 1:
        text += f" ({min(samples):,.{decimals}f}–{max(samples):,.{decimals}f})"
    return text


def _compare(record: Record, key: str, group: str, theirs: str, ours: str, target: float) -> Row:
    """Make a row on how many times faster ours is, by medians."""
    aim = f"≥ {target} ×"
    if reason := _find_gap(record, group, theirs, ours):
        return _leave_open(key, reason, aim)
    samples = record[group].samples
    ratio = median(samples[theirs]) / median(samples[ours])
    spread, our_spread = (format_spread(samples[name]) for name in (theirs, ours))
    return Row(key, WORDS[key], spread, our_spread, f"{ratio:.2f} ×", aim, ratio >= target)


def _limit(record: Record, key: str, group: str, sample: str, limit: float) -> Row:
    """Make a row on how long something may take."""
    aim = f"≤ {limit} s"
    if reason := _find_gap(record, group, sample):
        return _leave_open(key, reason, aim)
    samples = record[group].samples[sample]
    seconds = median(samples)
    return Row(
        key, WORDS[key], "", format_spread(samples), f"{seconds:.2f} s", aim, seconds <= limit
    )


def _use_roofline(record: Record) -> Row:
    aim, least = "≥ 60 %", 0.6
    if reason := _find_gap(record, "roofline", "square", "ours"):
        return _leave_open("roofline", reason, aim)
    rates = {name: median(each) for name, each in record["roofline"].samples.items()}
    share = rates["ours"] / rates["square"]
    theirs, ours = (f"{2 * rates[name] / 1e9:.0f} GFLOP/s" for name in ("square", "ours"))
    return Row(
        "roofline", WORDS["roofline"], theirs, ours, f"{100 * share:.0f} %", aim, share >= least
    )


def _agree(record: Record, kind: str) -> Row:
    """Make a row on how far apart the accuracies are, each the mean over the repeats."""
    key, most = f"accuracy_{kind}", SAME_ACCURACY[kind]
    aim = f"≤ {most} points apart"
    if reason := _find_gap(record, "accuracy", f"{kind}, usual", f"{kind}, ours"):
        return _leave_open(key, reason, aim)
    samples = record["accuracy"].samples
    means = {name: 100 * mean(each) for name, each in samples.items() if name.startswith(kind)}
    ours = means.pop(f"{kind}, ours")
    theirs = ", ".join(
        f"{name.removeprefix(f'{kind}, ')} {each:.2f} %" for name, each in means.items()
    )
    apart = max(ours, *means.values()) - min(ours, *means.values())
    return Row(key, WORDS[key], theirs, f"{ours:.2f} %", f"{apart:.2f} points", aim, apart <= most)


def _do_without_torch(record: Record) -> Row:
    names = ("plan", "check", "render")
    if reason := _find_gap(record, "commands", *(f"torch in {name}" for name in names)):
        return _leave_open("torch", reason, "none")
    samples = record["commands"].samples
    loading = ", ".join(name for name in names if any(samples[f"torch in {name}"]))
    return Row(
        "torch", WORDS["torch"], "", loading or "none", loading or "none", "none", not loading
    )


def _grow(record: Record) -> Row:
    aim, most = "≤ 1.1", 1.1
    names = ("plan", "build", "aggregation")
    if reason := _find_gap(record, "size", *(f"{name}, power" for name in names)):
        return _leave_open("size_power", reason, aim)
    powers = {name: median(record["size"].samples[f"{name}, power"]) for name in names}
    ours = ", ".join(f"{name} {power:.2f}" for name, power in powers.items())
    largest = max(powers.values())
    return Row("size_power", WORDS["size_power"], "", ours, f"{largest:.2f}", aim, largest <= most)


def _keep_small(record: Record) -> Row:
    aim, most, sample = "≤ 400 MB", 400, "build, 1000 runs, MB"
    if reason := _find_gap(record, "size", sample):
        return _leave_open("size_memory", reason, aim)
    used = median(record["size"].samples[sample])
    text = f"{used:.0f} MB"
    return Row("size_memory", WORDS["size_memory"], "", text, text, aim, used <= most)


def _leave_open(key: str, reason: str, target: str) -> Row:
    return Row(key, WORDS[key], "", "", f"not measured: {reason}", target, None)


def _find_gap(record: Record, group: str, *samples: str) -> str:
    """Return why samples of a group are missing; nothing if they are there."""
    if group not in record:
        return "no GPU was at hand" if group == "gpu" else "left out"
    gaps: Iterator[str] = (
        record[group].missing.get(name, "left out")
        for name in samples
        if name not in record[group].samples
    )
    return next(gaps, "")
