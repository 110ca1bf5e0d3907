"""What commands cost as stored runs grow in number: time, memory, and the power they grow by.

    .venv/bin/python benchmarks/size.py [--sizes 100,1000,5000]

The runs are made up, so that thousands of them are there in no time; but they are stored as a
build stores them, and read, checked and summarised as those of any study. Everything is made in a
temporary folder; 5,000 runs take about 600 MB.
"""

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import linear_regression
from typing import Final

import numpy as np
from safetensors.numpy import save

from mnistreport.analysis.results import Results, summarise_results
from mnistreport.analysis.selection import choose_winners
from mnistreport.options import Listener, Options
from mnistreport.pipeline import (
    Project,
    build,
    collect_results,
    gather_material,
    look_up,
    open_project,
)
from mnistreport.report.context import make_context
from mnistreport.report.making import NOTEBOOK, NOTEBOOK_PDF, PDF
from mnistreport.report.stamp import digest_content, load_stamp, save_stamp
from mnistreport.study.expansion import expand_variants
from mnistreport.study.experiment import CLASSES, IMAGE_SIZE, Experiment
from mnistreport.training.processor import name_processor
from mnistreport.training.result import (
    PREDICTIONS,
    Circumstances,
    EpochRow,
    FinalOutcome,
    RunResult,
)

SIZES: Final = (100, 1000, 5000)
REPEATS: Final = 3
"""Each cost is measured so often, and the least of them counts."""

SEEDS: Final = 10
"""Runs of each variant."""
LEVELS: Final = 50
"""Levels of a study, at most, besides its baseline."""
EPOCHS: Final = 20
WIDTH: Final = 32
"""Neurons of each of two hidden layers."""
PAPER: Final = 1_000_000
"""Bytes of each document that is a stand-in."""

_WATCHER: Final = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
wall = time.perf_counter() - start
unit = 1 if sys.platform == "darwin" else 1024
json.dump([wall, used.ru_utime + used.ru_stime, unit * used.ru_maxrss], sys.stdout)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Runs a command and tells what it used; small, as a process counts its parent's memory, too."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What something costs with so many stored runs.

    Attributes:
        what: A command, or ``aggregation``: from runs in memory to all that a report says.
        runs: Number of stored runs.
        wall_seconds: Time on the clock.
        cpu_seconds: Time on a processor, which other work on the machine hardly changes.
        peak_bytes: Memory of its process at its largest; ``None`` if it has no process of its own.
    """

    what: str
    runs: int
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int | None = None


def measure_sizes(sizes: Sequence[int] = SIZES, *, repeats: int = REPEATS) -> tuple[Cost, ...]:
    """Return what a build with nothing to do, ``plan`` of one more run, and aggregation cost.

    Args:
        sizes: Numbers of stored runs, multiples of ten from thirty on.
        repeats: How often each cost is measured.
    """
    costs: list[Cost] = []
    for runs in sizes:
        with tempfile.TemporaryDirectory() as folder:
            costs += _measure_size(Path(folder), runs, repeats)
    return tuple(costs)


def _measure_size(folder: Path, runs: int, repeats: int) -> list[Cost]:
    project = make_project(folder, runs)
    results = collect_results(project, lambda each: look_up(each, project, Listener()))
    _write_documents(project, results)

    def pick_least(measure: Callable[[], Cost]) -> Cost:
        return min((measure() for _ in range(repeats)), key=lambda cost: cost.cpu_seconds)

    idle = pick_least(lambda: _measure_command("build", project, runs))
    aggregation = pick_least(lambda: _measure_aggregation(project, results))
    shutil.rmtree(project.store.runs / results.experiments[-1].fingerprint)
    return [pick_least(lambda: _measure_command("plan", project, runs)), idle, aggregation]


@dataclass(frozen=True, slots=True)
class Growth:
    """The power of the number of runs that a cost grows by; 1: twice the runs, twice the time.

    Attributes:
        what: As in ``Cost``.
        whole: Of all the time, starting included: it makes the power less where it is most of it.
        added: Of what is added to the time at the smallest size, by the runs added to it; ``None``
            for fewer than three sizes.
    """

    what: str
    whole: float
    added: float | None


def fit_growth(costs: Sequence[Cost]) -> tuple[Growth, ...]:
    """Fit a line to the logarithms of runs and of processor time, for each thing measured.

    Args:
        costs: Of at least two sizes, the smallest first.
    """
    found: list[Growth] = []
    for what in dict.fromkeys(cost.what for cost in costs):
        points = [(cost.runs, cost.cpu_seconds) for cost in costs if cost.what == what]
        (runs, seconds), *others = points
        added = [(more - runs, longer - seconds) for more, longer in others if longer > seconds]
        found.append(Growth(what, _fit(points), _fit(added) if len(added) > 1 else None))
    return tuple(found)


def _fit(points: Sequence[tuple[int, float]]) -> float:
    x, y = zip(*((math.log(runs), math.log(seconds)) for runs, seconds in points), strict=True)
    return linear_regression(x, y).slope


def make_project(folder: Path, runs: int, *, seeds: int = SEEDS, levels: int = LEVELS) -> Project:
    """Write a manifest that asks for ``runs`` runs, and store them all, made up.

    Args:
        folder: That of the manifest.
        runs: A multiple of ``seeds``, and three times it at least.
        seeds: Runs of each variant.
        levels: Levels of a study, at most, besides its baseline.
    """
    options = Options(folder / "experiments.toml")
    options.manifest.write_text(_write_manifest(runs // seeds, seeds, levels), "utf-8")
    project = open_project(options, Listener())
    random = np.random.default_rng(0)
    tensors = _make_tensors(random, len(project.split.validation))
    for experiment in project.expand(expand_variants(project.manifest)):
        project.store.save_run(experiment, _make_run(experiment, random), tensors)
    return project


def _write_manifest(variants: int, seeds: int, levels: int) -> str:
    """Return a manifest of a baseline and learning rates, in as few studies as can be."""
    rates = [f"{0.4 * (place + 1) / variants:.6f}" for place in range(variants - 1)]
    count = -(-len(rates) // levels)
    studies = "".join(
        f'[[studies]]\nname = "rates {place}"\nmodel = "mlp"\nfactor = "learning_rate"\n'
        f"levels = [{', '.join(rates[place::count])}]\n"
        for place in range(count)
    )
    return (
        '[data]\nsource = "digits"\n'
        f"[training]\nlearning_rate = 0.5\nepochs = {EPOCHS}\nseeds = {[*range(seeds)]}\n"
        f'[models.mlp]\nkind = "mlp"\nlayers = {[WIDTH, WIDTH]}\n{studies}'
    )


def _make_run(experiment: Experiment, random: np.random.Generator) -> RunResult:
    """Make up a run that learned, more or less as its learning rate would have it."""
    speed = 1 + experiment.variant.training.learning_rate
    history = tuple(
        EpochRow(epoch, 0.9 * loss, 1 - 0.2 * loss, loss, 1 - 0.25 * loss, 0.05)
        for epoch in range(1, EPOCHS + 1)
        for loss in [2.3 / (1 + speed * epoch) + float(random.uniform(0, 0.05))]
    )
    circumstances = Circumstances("none", "cpu", name_processor(), 1)  # a plan fits costs
    return RunResult(experiment.fingerprint, "finished", history, 500, "", circumstances)


def _make_tensors(random: np.random.Generator, images: int) -> bytes:
    """Make up weights, by the names that torch gives them, and predictions."""
    tensors = {PREDICTIONS: random.integers(0, CLASSES, images, np.uint8)}
    inputs = IMAGE_SIZE**2
    for layer, neurons in enumerate((WIDTH, WIDTH, CLASSES)):
        shape = (neurons, inputs)
        tensors[f"layers.{2 * layer + 1}.weight"] = random.normal(size=shape).astype(np.float32)
        tensors[f"layers.{2 * layer + 1}.bias"] = np.zeros(neurons, np.float32)
        inputs = neurons
    return save(tensors)


def _write_documents(project: Project, results: Results) -> None:
    """Build once, so that a build has nothing to do.

    What is read on the test split is made up, as runs are; PDFs and notebook are stand-ins, since
    a build that finds them only checks that they are whole.
    """
    images = len(project.split.test)
    confusion = tuple((images // CLASSES,) * CLASSES for _ in range(CLASSES))
    for winner in choose_winners(results):
        for run in winner.summary.runs.values():
            outcome = FinalOutcome(run.fingerprint, images, images, 0.1, confusion, ())
            project.store.save_outcome(outcome)
    build(Options(project.manifest.path, pdf=False), Listener())
    stamp = load_stamp(project.output)
    if stamp is None:
        msg = "the build has left no stamp"
        raise RuntimeError(msg)
    papers = dict.fromkeys((PDF, NOTEBOOK, NOTEBOOK_PDF), bytes(PAPER))
    for name, content in papers.items():
        (project.output / name).write_bytes(content)
    digests = {name: digest_content(content) for name, content in papers.items()}
    save_stamp(project.output, replace(stamp, documents={**stamp.documents, **digests}))


def _measure_command(what: str, project: Project, runs: int) -> Cost:
    program = [sys.executable, "-c", _WATCHER, sys.executable, "-m", "mnistreport"]
    command = [*program, what, "--manifest", str(project.manifest.path)]
    done = subprocess.run(command, check=True, capture_output=True)
    if (project.output / PDF).read_bytes() != bytes(PAPER):
        msg = "a build that was to find nothing to do has written documents"
        raise RuntimeError(msg)
    return Cost(what, runs, *json.loads(done.stdout))


def _measure_aggregation(project: Project, results: Results) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    again = summarise_results(
        project.manifest, results.experiments, results.runs, combined=results.combined
    )
    make_context(gather_material(project, again))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Cost("aggregation", len(results.runs), wall, cpu)


def main() -> None:
    """Measure, and print a line for each cost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of stored runs")
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    costs = measure_sizes(sizes)
    print(f"{'':<12}{'runs':>7}{'clock, s':>10}{'processor, s':>14}{'memory, MB':>12}")
    for cost in costs:
        memory = f"{cost.peak_bytes / 1e6:.0f}" if cost.peak_bytes else ""
        print(
            f"{cost.what:<12}{cost.runs:>7,}{cost.wall_seconds:>10.2f}{cost.cpu_seconds:>14.2f}"
            f"{memory:>12}"
        )
    for growth in fit_growth(costs) if len(set(sizes)) > 1 else ():
        added = "" if growth.added is None else f", what runs add by {growth.added:.2f}"
        print(f"{growth.what}: grows by the power {growth.whole:.2f}{added}")


if __name__ == "__main__":
    main()
