"""How a build grows with its workers: measured for one and two, simulated for many more.

    .venv/bin/python -m benchmarks.scaling [--data SOURCE] [--output FILE]

Measured are experiments per minute of processes of this machine and of a Dask cluster's workers on
it, in turns, then what an experiment costs the parent, who hands out work and stores what comes of
it, the scheduler, and the way there and back. With these costs, and with how long each variant of
the manifest takes, a cluster of many workers is simulated: there the parent works off one thing
after the other.
"""

import argparse
import heapq
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import Final

from benchmarks.bench import Bench
from mnistreport.study.expansion import expand_experiments, expand_variants
from mnistreport.study.experiment import Experiment, MlpArchitecture, TrainingSetting, Variant
from mnistreport.training.cluster import Cluster
from mnistreport.training.crew import Executor
from mnistreport.training.events import Ended, EpochDone, Started
from mnistreport.training.executors import train_experiments
from mnistreport.training.processor import name_processor
from mnistreport.training.store import RunStore
from mnistreport.training.workers import Processes

HERE: Final = Path(__file__).parent
REPEATS: Final = 2
COMMON: Final = 24
"""Experiments whose number per minute is measured."""
SMALL: Final = 100
"""Experiments that hardly take time, so that what is left is what they cost others."""
FEW_EPOCHS, MANY_EPOCHS = 1, 11
ASKED: Final = 10_000
"""Experiments of the manifest that is simulated."""
CREWS: Final = (10, 100, 1_000)
TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Overhead:
    """What an experiment costs, besides its training; in seconds.

    Attributes:
        parent: Of the parent's processor: handing out, hearing, storing.
        parent_epoch: The same for each epoch that is told.
        scheduler: Of the scheduler's processor, with ``FEW_EPOCHS``.
        way: On the clock, from the end of one experiment on a worker to the start of the next.
    """

    parent: float
    parent_epoch: float
    scheduler: float
    way: float


@dataclass(frozen=True, slots=True)
class Simulated:
    """How a crew fares.

    Attributes:
        workers: How many there are.
        seconds: Until all is done.
        busy: Share of that time in which the parent works.
        ideal: Seconds, if nothing cost anything but the training.
    """

    workers: int
    seconds: float
    busy: float
    ideal: float


def simulate_crew(
    durations: Sequence[float], workers: int, *, service: Sequence[float], way: float
) -> Simulated:
    """Simulate a crew whose parent works off one thing after the other.

    Args:
        durations: Seconds that each experiment takes a worker, in the order of handing out.
        workers: How many there are.
        service: Seconds that each experiment takes the parent, once it is done.
        way: Seconds from the parent to a worker and back.
    """
    waiting = deque(zip(durations, service, strict=True))
    running: list[tuple[float, float]] = []
    for _ in range(min(workers, len(waiting))):
        duration, cost = waiting.popleft()
        heapq.heappush(running, (duration + way, cost))
    free = worked = 0.0
    while running:
        arrived, cost = heapq.heappop(running)
        free = max(free, arrived) + cost
        worked += cost
        if waiting:
            duration, cost = waiting.popleft()
            heapq.heappush(running, (free + duration + way, cost))
    ideal = max(sum(durations) / workers, *durations)
    return Simulated(workers, free, worked / free, ideal)


# --- Measuring ------------------------------------------------------------------------------------


@contextmanager
def open_cluster(workers: int) -> Iterator[tuple[Cluster, int]]:
    """Start a scheduler and workers on the loopback; yield the way there and the scheduler's id."""
    from distributed.deploy.subprocess import SubprocessCluster

    with SubprocessCluster(
        host="127.0.0.1",
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=":0",
        silence_logs=50,
        worker_kwargs={"nanny": False},
    ) as cluster:
        cluster.wait_for_workers(workers)
        yield Cluster(cluster.scheduler_address), cluster.scheduler.process.pid


def measure_wall(
    experiments: Sequence[Experiment], bench: Bench, executor: Executor
) -> tuple[float, float]:
    """Train and store ``experiments``.

    Returns:
        Seconds on the clock from the first epoch to the last end, as by then libraries are loaded,
        and the mean of those from each start to its end.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        store.make_ready()
        begun: dict[str, float] = {}
        spans: list[float] = []
        first = 0.0
        with closing(train_experiments(experiments, bench.place, executor)) as events:
            for event in events:
                now = time.perf_counter()
                if isinstance(event, Started):
                    begun[event.experiment.fingerprint] = now
                elif isinstance(event, EpochDone):
                    first = first or now
                elif isinstance(event, Ended):
                    if event.result.status != "finished":
                        raise RuntimeError(event.result.reason)
                    spans.append(now - begun[event.experiment.fingerprint])
                    store.save_run(event.experiment, event.result, event.tensors)
        return time.perf_counter() - first, fmean(spans)


def measure_rates(bench: Bench) -> dict[str, list[float]]:
    """Return experiments per minute, of this machine's processes and of a cluster's workers."""
    setting = TrainingSetting(0.01, 64, 2)
    variant = Variant("mlp", MlpArchitecture((128, 128)), setting)
    experiments = expand_experiments((variant,), range(COMMON), bench.project.split.sha256)
    rates: dict[str, list[float]] = {}
    for _ in range(REPEATS):
        for workers in (1, 2):
            with open_cluster(workers) as (cluster, _):
                crews = {"processes": Processes(workers), "Dask": cluster}
                measure_wall(experiments[:workers], bench, cluster)  # its workers load torch
                for name, executor in crews.items():
                    seconds, _ = measure_wall(experiments, bench, executor)
                    rate = 60 * COMMON / seconds
                    rates.setdefault(f"{workers} {name}", []).append(rate)
                    print(f"{workers} {name}: {rate:.0f} a minute", flush=True)
    return rates


def measure_overhead(bench: Bench) -> Overhead:
    """Measure what an experiment costs parent and scheduler, with weights of a usual size."""
    sizes = MlpArchitecture((120, 128))  # not stacked: 120 is no multiple of 16
    split = bench.project.split.sha256
    costs: dict[int, list[tuple[float, float, float]]] = {}
    with open_cluster(1) as (cluster, scheduler):
        for _ in range(REPEATS):
            for epochs in (FEW_EPOCHS, MANY_EPOCHS):
                variant = Variant("mlp", sizes, TrainingSetting(0.01, 1024, epochs))
                experiments = expand_experiments((variant,), range(SMALL), split)
                parent, theirs = time.process_time(), _read_processor(scheduler)
                _, span = measure_wall(experiments, bench, cluster)
                parent, theirs = (
                    time.process_time() - parent,
                    _read_processor(scheduler) - theirs,
                )
                alone = _measure_alone(experiments[:20], bench)
                costs.setdefault(epochs, []).append((parent / SMALL, theirs / SMALL, span - alone))
    few, many = (
        [median(column) for column in zip(*costs[epochs], strict=True)]
        for epochs in (FEW_EPOCHS, MANY_EPOCHS)
    )
    per_epoch = max(0.0, (many[0] - few[0]) / (MANY_EPOCHS - FEW_EPOCHS))
    return Overhead(few[0] - FEW_EPOCHS * per_epoch, per_epoch, few[1], few[2])


def _measure_alone(experiments: Sequence[Experiment], bench: Bench) -> float:
    """Return seconds that each takes in this process."""
    from mnistreport.training.trainer import Trainer

    trainer = Trainer(bench.place.digits, bench.place.split, "cpu")
    start = time.perf_counter()
    for each in experiments:
        list(trainer.train((each,), lambda _done: None))
    return (time.perf_counter() - start) / len(experiments)


def measure_durations(bench: Bench) -> dict[Variant, float]:
    """Return seconds that each variant of the manifest takes: an epoch is trained, and counted."""
    from mnistreport.training.trainer import Trainer

    trainer = Trainer(bench.place.digits, bench.place.split, "cpu")
    durations: dict[Variant, float] = {}
    for variant in expand_variants(bench.project.manifest):
        once = replace(variant, training=replace(variant.training, epochs=1))
        start = time.perf_counter()
        list(trainer.train((Experiment(once, 0, "0" * 64),), lambda _done: None))
        durations[variant] = (time.perf_counter() - start) * variant.training.epochs
        print(f"{variant.key}: about {durations[variant]:.1f} s", flush=True)
    return durations


def _read_processor(process: int) -> float:
    """Return the seconds of the processor that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


# --- Telling --------------------------------------------------------------------------------------


def simulate(durations: Iterable[tuple[Variant, float]], overhead: Overhead) -> Iterator[Simulated]:
    """Simulate a manifest of ``ASKED`` experiments: the variants, over and over, longest first."""
    known = sorted(durations, key=lambda each: each[1], reverse=True)
    share = -(-ASKED // len(known))
    asked = [each for each in known for _ in range(share)][:ASKED]
    service = [
        overhead.parent + variant.training.epochs * overhead.parent_epoch for variant, _ in asked
    ]
    for workers in CREWS:
        yield simulate_crew([each for _, each in asked], workers, service=service, way=overhead.way)


def render_page(
    bench: Bench,
    rates: dict[str, list[float]],
    overhead: Overhead,
    durations: dict[Variant, float],
) -> str:
    """Return what was measured and simulated, for readers."""
    title, mean = bench.project.digits.title, fmean(durations.values())
    small = {each: took for each, took in durations.items() if each.architecture.kind == "mlp"}
    service = overhead.parent + overhead.parent_epoch * fmean(
        each.training.epochs for each in durations
    )
    lines = [
        "# How it scales",
        "",
        (
            f"Made by `python -m benchmarks.scaling` on {os.cpu_count()} cores, "
            f"{name_processor()}; {title}."
        ),
        "",
        f"## Measured: {COMMON} runs of the MLP baseline's shape, two epochs each",
        "",
        "| workers | experiments a minute (median, least–most) |",
        "| --- | ---: |",
        *(
            f"| {name} | {median(each):.0f} ({min(each):.0f}–{max(each):.0f}) |"
            for name, each in rates.items()
        ),
        "",
        f"Stored as they end; {REPEATS} repeats, in turns. Runs of one shape are stacked, by both.",
        "",
        "## Measured: what an experiment costs besides its training",
        "",
        "On the embedded digits, with weights of the usual size (0.5 MB).",
        "",
        "| of | milliseconds |",
        "| --- | ---: |",
        f"| the parent's processor, an experiment | {1000 * overhead.parent:.1f} |",
        f"| the parent's processor, each epoch told | {1000 * overhead.parent_epoch:.2f} |",
        f"| the scheduler's processor, an experiment | {1000 * overhead.scheduler:.1f} |",
        f"| the clock, from hand to hand | {1000 * overhead.way:.0f} |",
        "",
        f"## Simulated: {ASKED:,} experiments",
        "",
        (
            "Each variant of the manifest as often as any other, with the time that an epoch of it "
            f"took here, times its epochs ({mean:.0f} s on average); longest first."
        ),
        "",
        *_tabulate(simulate(durations.items(), overhead)),
        "",
        (
            f"The parent needs {1000 * service:.0f} ms for an experiment and can serve "
            f"{60 / service:,.0f} a minute: with experiments of {mean:.0f} s it becomes the limit "
            f"at about {mean / service:,.0f} workers."
        ),
        "",
        (
            f"The same with the MLPs alone ({fmean(small.values()):.1f} s on average, limit at "
            f"about {fmean(small.values()) / service:,.0f} workers):"
        ),
        "",
        *_tabulate(simulate(small.items(), overhead)),
        "",
    ]
    return "\n".join(lines)


def _tabulate(simulated: Iterable[Simulated]) -> Iterator[str]:
    yield "| workers | hours | experiments a minute | of what is possible | parent busy |"
    yield "| ---: | ---: | ---: | ---: | ---: |"
    for each in simulated:
        yield (
            f"| {each.workers:,} | {each.seconds / 3600:.2f} | {60 * ASKED / each.seconds:,.0f} | "
            f"{each.ideal / each.seconds:.0%} | {each.busy:.0%} |"
        )


def main(words: Sequence[str] | None = None) -> int:
    """Measure, simulate, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", help="source of the digits, as mnistreport takes it")
    parser.add_argument("--output", type=Path, default=HERE / "SCALING.md", help="the page")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(HERE.parent / "experiments.toml", options.data, Path(folder), quick=False)
        small = replace(bench, data="digits", folder=Path(folder, "small"))
        durations = measure_durations(bench)
        overhead = measure_overhead(small)
        page = render_page(bench, measure_rates(bench), overhead, durations)
    options.output.write_text(page, encoding="utf-8")
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
