"""What all measurements share: the manifest with its data, our training, and the peers' beside it.

Each peer is measured in a fresh process. Our own training needs none: ``train_experiments`` starts
its workers afresh each time.
"""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import mean

from mnistreport.options import Listener, Options, count_cores
from mnistreport.pipeline import Project, open_project
from mnistreport.study.expansion import expand_experiments, expand_variants
from mnistreport.study.experiment import Experiment, Variant
from mnistreport.training.crew import WorkPlace
from mnistreport.training.events import Ended, Started
from mnistreport.training.executors import train_experiments
from mnistreport.training.result import RunResult
from mnistreport.training.workers import Processes


@dataclass(frozen=True)
class Bench:
    """What all groups share.

    Attributes:
        manifest: Whose variants are measured.
        data: Source of the digits, or ``None`` for the manifest's.
        folder: A temporary folder for caches and documents.
        quick: Whether only the benchmark itself is tried out.
    """

    manifest: Path
    data: str | None
    folder: Path
    quick: bool

    @cached_property
    def project(self) -> Project:
        """The manifest with its data, checked and split."""
        return open_project(self.choose_options("training"), Listener())

    def choose_options(self, purpose: str) -> Options:
        """Return options of commands that find nothing of any other purpose."""
        output, cache = (self.folder / part / purpose for part in ("output", "cache"))
        return Options(self.manifest, self.data, output, cache, device="cpu")

    @property
    def place(self) -> WorkPlace:
        """What workers and peers are told."""
        project = self.project
        sizes = project.split.learning_sizes
        return WorkPlace(project.digits.folder, project.split.folder, sizes, "cpu")

    def pick_variants(self, kind: str) -> list[Variant]:
        """Return the manifest's variants that are of one kind of network."""
        variants = expand_variants(self.project.manifest)
        return [variant for variant in variants if variant.architecture.kind == kind]

    def name_variants(self) -> dict[str, str]:
        """Return the variants' names for readers, by key; a baseline's is its model's."""
        manifest = self.project.manifest
        names = {
            each.variant.key: f"{model} baseline" for model, each in manifest.baselines.items()
        }
        for study in manifest.studies:
            for level in study.levels:
                names.setdefault(level.variant.key, f"{study.name} {level.label}")
        return names


@dataclass(frozen=True, slots=True)
class Ours:
    """What our own training came to.

    Attributes:
        seconds: From the start of the first run to the end of the last.
        runs: Every run with its experiment.
    """

    seconds: float
    runs: Sequence[tuple[Experiment, RunResult]]

    @property
    def seconds_per_epoch(self) -> float:
        """Time on the clock, divided by the epochs of all runs."""
        return self.seconds / sum(len(run.history) for _, run in self.runs)


def train_ours(
    variants: Sequence[Variant],
    bench: Bench,
    epochs: Callable[[int], int],
    *,
    seeds: Sequence[int] | None = None,
    device: str = "cpu",
) -> Ours:
    """Train ``variants`` on the manifest's seeds, as a build does.

    Args:
        variants: What is trained.
        bench: Where the data is.
        epochs: Says how many instead of the variant's own.
        seeds: Instead of the manifest's.
        device: ``cpu`` or ``cuda``.

    Raises:
        RuntimeError: A run failed.
    """
    shortened = dict.fromkeys(
        replace(each, training=replace(each.training, epochs=epochs(each.training.epochs)))
        for each in variants
    )
    project = bench.project
    experiments = expand_experiments(
        tuple(shortened), seeds or project.manifest.seeds, project.split.sha256
    )
    started = ended = 0.0
    runs: list[tuple[Experiment, RunResult]] = []
    place = replace(bench.place, device=device)
    with closing(train_experiments(experiments, place, Processes(count_cores()))) as events:
        for event in events:
            if isinstance(event, Started):
                started = started or time.perf_counter()
            elif isinstance(event, Ended):
                if not event.result.is_settled:
                    raise RuntimeError(event.result.reason)
                ended = time.perf_counter()
                runs.append((event.experiment, event.result))
    return Ours(ended - started, runs)


def run_peer(
    name: str,
    variants: Sequence[Variant],
    bench: Bench,
    *,
    epochs: int = 1,
    share: float = 1.0,
    seed: int = 0,
    device: str = "cpu",
) -> list[tuple[float, float]]:
    """Train ``variants`` with a peer, in a fresh process.

    Returns:
        For each variant the seconds of an epoch of all images, and the validation accuracy.
    """
    place = replace(bench.place, device=device)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_run_peer, name, variants, place, epochs, share, seed).result()


def _run_peer(
    name: str,
    variants: Sequence[Variant],
    place: WorkPlace,
    epochs: int,
    share: float,
    seed: int,
) -> list[tuple[float, float]]:
    from benchmarks.peers import measure_peer  # torch loads in the fresh process only

    trained = measure_peer(name, variants, place, epochs=epochs, share=share, seed=seed)
    return [(mean(each.seconds) / share, each.accuracy) for each in trained]
