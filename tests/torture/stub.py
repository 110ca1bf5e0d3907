"""Builds whose training takes no time: a trainer that makes results up, from fingerprints alone.

All else is the program's own: its data, its store, the reading of the test split, its documents.
Nothing depends on the clock, so that two builds that end in the same state wrote the same bytes.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from safetensors.torch import save

from mnistreport import pipeline
from mnistreport.cli import app
from mnistreport.data import sources
from mnistreport.report import document, review
from mnistreport.report.complaint import Complaint
from mnistreport.report.context import dump_context
from mnistreport.report.making import HTML, PDF, Making
from mnistreport.report.material import Material
from mnistreport.report.template_process import PROCESS
from mnistreport.report.views import ReportContext
from mnistreport.study.experiment import Experiment
from mnistreport.training.crew import WorkPlace
from mnistreport.training.events import Ended, Event, Started
from mnistreport.training.models import make_model
from mnistreport.training.result import PREDICTIONS, Circumstances, EpochRow, RunResult

MANIFEST = """\
[data]
source = "digits"

[training]
learning_rate = 0.02
epochs = 2
seeds = [0, 1]

[models.mlp]
kind = "mlp"
neurons = 4

[[studies]]
name = "rate"
model = "mlp"
factor = "learning_rate"
levels = [0.02, 0.05]
"""
RUNS = 2 * 2
"""Levels, each with two seeds."""

WHEN = datetime(2025, 1, 1, tzinfo=UTC)
"""What the clock says in these builds."""

_Train = Callable[..., Iterator[Event]]


class StoppedClock(datetime):
    """A clock that always says ``WHEN``."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """Return ``WHEN``."""
        return cls.fromtimestamp(WHEN.timestamp(), tz)


def train_nothing(
    experiments: Iterable[Experiment], place: WorkPlace, *_others: object, **_options: object
) -> Iterator[Event]:
    """Yield what training would, with results that a fingerprint decides."""
    for experiment in experiments:
        yield Started(experiment)
        yield make_end(experiment, place.sizes.validation)


def make_end(experiment: Experiment, validation: int) -> Ended:
    """Make up the end of an experiment, with as many predictions as there are images."""
    number = int(experiment.fingerprint[:8], 16)
    luck = np.random.default_rng(number)
    torch.manual_seed(number)
    tensors = make_model(experiment.variant.architecture).state_dict()
    digits = luck.integers(0, 10, validation, dtype=np.uint8)
    epochs = experiment.variant.training.epochs
    rows = tuple(
        EpochRow(epoch, 0.5 / epoch, 0.9, 0.6 / epoch, 0.8 + 0.1 * luck.random(), 0.25)
        for epoch in range(1, epochs + 1)
    )
    circumstances = Circumstances(torch.__version__, "cpu", "none", 1)
    result = RunResult(experiment.fingerprint, "finished", rows, 17 * epochs, "", circumstances)
    return Ended(experiment, result, save({**tensors, PREDICTIONS: torch.from_numpy(digits)}))


def prepare_builds(
    train: _Train = train_nothing,
    *,
    pdf: bool = False,
    on_end: Callable[[Experiment], None] = lambda _: None,
) -> None:
    """Have every build of this process train with ``train``, and stop its clock.

    Digits are drawn, and what documents say is composed, once for the same results: that takes most
    of the time, and is not what is tried here. All is written, and compared, each time.

    Args:
        train: Takes the place of the trainer.
        pdf: Whether builds make PDFs, too.
        on_end: Is told what was trained.
    """

    def train_and_tell(*words: object, **options: object) -> Iterator[Event]:
        for event in train(*words, **options):
            if isinstance(event, Ended):
                on_end(event.experiment)
            yield event

    build = pipeline.build
    pipeline.train_experiments = train_and_tell  # type: ignore[assignment]
    pipeline.datetime = StoppedClock  # type: ignore[assignment]
    pipeline.build = lambda options, listener: build(replace(options, pdf=pdf), listener)
    os.environ["SOURCE_DATE_EPOCH"] = str(int(WHEN.timestamp()))
    _remember_documents()


def _remember_documents() -> None:
    compose, make, review_prose = document.compose_document, Making.make, review.review_prose
    sources.read_embedded = cache(sources.read_embedded)
    composed: dict[object, document.Document] = {}
    made: dict[object, bytes] = {}
    reviewed: dict[object, tuple[Complaint, ...]] = {}

    def compose_once(context: ReportContext, *others: Any, **options: Any) -> document.Document:  # noqa: ANN401 - passed on
        key = (dump_context(context), repr(options))
        if key not in composed:
            composed[key] = compose(context, *others, **options)
        return composed[key]

    def make_once(making: Making, name: str) -> bytes:
        key = (id(making.document), name)  # one of those composed, which are kept
        if name in {HTML, PDF} and key not in made:
            made[key] = make(making, name)
        return making.made.setdefault(name, made[key]) if key in made else make(making, name)

    def review_once(material: Material, context: ReportContext, *others: Any) -> Any:  # noqa: ANN401 - passed on
        key = (dump_context(context), repr(others[1:]))
        if key not in reviewed:
            reviewed[key] = review_prose(material, context, *others)
        return reviewed[key]

    document.compose_document = compose_once
    review.review_prose = review_once
    Making.make = make_once
    pipeline.check_prose = lambda *_: None  # it does not change
    PROCESS.start = lambda: None  # not before it is needed, which is once


def start_project(folder: Path, manifest: str = MANIFEST) -> Path:
    """Make a project's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "experiments.toml").write_text(manifest)
    return folder


def call(words: Iterable[object]) -> None:
    """Run a command in this process: what it loads and composes is there for those forked later."""
    try:
        app([str(word) for word in words])
    except SystemExit as end:
        if end.code:
            raise
