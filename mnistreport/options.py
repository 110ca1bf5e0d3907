"""What a command is asked for, and who is told how it goes."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.errors import UsageError
from mnistreport.report.wording import count_things
from mnistreport.study.experiment import Experiment
from mnistreport.study.manifest import Manifest
from mnistreport.training.cluster import Cluster
from mnistreport.training.cost import CostModel
from mnistreport.training.crew import Executor
from mnistreport.training.events import Event
from mnistreport.training.workers import Processes


def count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def refuse_limits(given: Mapping[str, object]) -> None:
    """Refuse what limits training on this machine where a cluster's workers train.

    Args:
        given: Options by what the user calls them; those that were not given are ``None``.

    Raises:
        UsageError: One of them was given.
    """
    for key, value in given.items():
        if value is not None:
            msg = "is about this machine's processor, and a cluster's workers train"
            raise UsageError(msg, key=key, next_step="leave it out, or train here")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line decides.

    Attributes:
        manifest: The ``experiments.toml``.
        data: Source of the data, instead of the manifest's.
        output: Folder of the documents; ``output/<data set>`` beside the manifest by default.
        cache: Folder of checked data and stored runs; ``.mnistreport`` beside the manifest.
        jobs: Worker processes; one per core by default.
        cluster: Whose workers train, instead of processes of this machine.
        device: ``auto``, ``cpu`` or ``cuda``.
        force: Train again what is stored; write to an output folder that holds other files.
        test: Read the winners on the test split; without, only results that were read before stand
            in the report.
        budget: Seconds that training is to keep within, by estimate; without, all is trained.
        strict: Write no report whose words are not borne out.
        pdf: Make the PDFs and the notebook, too.
        notebook: Make the notebook, too.
        known: What the manifest must still say, if it was loaded before.
    """

    manifest: Path
    data: str | None = None
    output: Path | None = None
    cache: Path | None = None
    jobs: int = field(default_factory=count_cores)
    cluster: Cluster | None = None
    device: str = "auto"
    force: bool = False
    test: bool = True
    budget: int | None = None
    strict: bool = False
    pdf: bool = True
    notebook: bool = True
    known: Manifest | None = None

    @property
    def executor(self) -> Executor:
        """Who trains."""
        return self.cluster or Processes(self.jobs)

    @property
    def jobs_at_once(self) -> int:
        """How many workers can work at the same time: no more than there are cores."""
        return min(self.jobs, count_cores())

    @property
    def overload(self) -> str:
        """What is to be said of more workers than cores; empty if there are none."""
        cores = count_cores()
        if self.jobs <= cores:
            return ""
        return (
            f"--jobs {self.jobs} is more than the {count_things(cores, 'core')} there are: "
            "workers will wait for each other, and their runs seem to take longer"
        )


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told how it goes: functions, so that a console, a log or a test can listen.

    Attributes:
        on_project: This is going to be built, of these images in this split; told once, before
            any training.
        on_plan: These experiments are to be trained, and so many are stored already.
        on_costs: What runs take, by estimate; told before the plan.
        on_event: Something happened in training.
        on_stage: What comes next, in words.
        on_warning: Something was substituted or is not as it should be.
    """

    on_project: Callable[[Manifest, DigitSet, Split], None] = lambda _what, _digits, _split: None
    on_plan: Callable[[Sequence[Experiment], int], None] = lambda _missing, _stored: None
    on_costs: Callable[[CostModel], None] = lambda _costs: None
    on_event: Callable[[Event], None] = lambda _event: None
    on_stage: Callable[[str], None] = lambda _stage: None
    on_warning: Callable[[str], None] = lambda _warning: None
