"""Small projects to be logged, and what trackers have of them."""

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.options import Listener, Options
from mnistreport.pipeline import Built, build
from mnistreport.study.manifest import Manifest
from mnistreport.tracking.entry import Entry
from mnistreport.training.events import Ended, Event
from tests.commands import Told, spell_command

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

TITLE = "Rates & widths: “a/b” 'c' <d> %20"
STRANGE = f"""\
[report]
title = "{TITLE}"

[data]
source = "digits"

[training]
learning_rate = 0.02
epochs = 2
seeds = [0, 1]

[models.a-_b]
kind = "mlp"
layers = [8, 4]

[[studies]]
name = "größer / 'schneller'?"
model = "a-_b"
variants = [
    {{ label = "| <b>norm</b> *x*", layer_norm = true }},
    {{ label = "too fast", learning_rate = 1e8 }},
]
"""
"""Names that are none for files, keys or Markdown; and two runs that diverge."""
SMALL = """\
[report]
title = "Small"

[data]
source = "digits"

[training]
learning_rate = 0.02
epochs = 2
seeds = [0]

[models.mlp]
kind = "mlp"
neurons = 8

[[studies]]
name = "rate"
model = "mlp"
factor = "learning_rate"
levels = [0.02, 0.05]
"""
WITH_TELEMETRY_TOLD = """\
import sys
from mnistreport.__main__ import main
try:
    main()
finally:
    from mlflow.telemetry import get_telemetry_client
    print("telemetry:", get_telemetry_client())
"""
DATE = "1790000000"


@dataclass(frozen=True)
class Logged:
    """A project that was logged.

    Attributes:
        folder: Where it is.
        told: What the build said.
    """

    folder: Path
    told: Told

    @property
    def output(self) -> Path:
        """Where its documents are."""
        return self.folder / "output" / "digits"

    @property
    def options(self) -> Options:
        """What its build was asked for."""
        return Options(self.folder / "experiments.toml", jobs=1, notebook=False)


@dataclass
class Watcher:
    """Notes what a build tells."""

    events: list[Event] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def listener(self) -> Listener:
        """What the build is given."""
        return Listener(
            on_event=self.events.append,
            on_stage=self.stages.append,
            on_warning=self._warn,
        )

    def _warn(self, text: str) -> None:
        if "embedded digits" not in text:
            self.warnings.append(text)


@dataclass(frozen=True)
class Recorded:
    """A project of two runs that was built, and what its build told.

    Attributes:
        options: Of the build.
        project: What was going to be built, of which images.
        ended: The runs that ended.
        built: Its end.
    """

    options: Options
    project: tuple[Manifest, DigitSet, Split]
    ended: tuple[Ended, ...]
    built: Built

    @property
    def entries(self) -> list[Entry]:
        """The runs as they are logged."""
        return [Entry(each.experiment, each.result, "digits", {}) for each in self.ended]


def record_build(folder: Path) -> Recorded:
    """Build a project of two runs."""
    folder.mkdir()
    (folder / "experiments.toml").write_text(SMALL, encoding="utf-8")
    options = Options(folder / "experiments.toml", jobs=1, notebook=False)
    told: list[tuple[Manifest, DigitSet, Split]] = []
    events: list[Event] = []
    listener = Listener(on_project=lambda *what: told.append(what), on_event=events.append)
    built = build(options, listener)
    ended = tuple(event for event in events if isinstance(event, Ended))
    return Recorded(options, told[0], ended, built)


def log_once(parent: Path) -> Logged:
    """Build a project with strange names by a command, logged to MLflow and TensorBoard."""
    folder = parent / "wörk #1 & 2"
    folder.mkdir()
    (folder / "experiments.toml").write_text(STRANGE, encoding="utf-8")
    words = spell_command("build", "--jobs", 1, "--log-to", "mlflow", "--log-to", "tensorboard")
    hidden = {"CI", "PYTEST_CURRENT_TEST", "MLFLOW_TRACKING_URI", "MLFLOW_DISABLE_TELEMETRY"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITH_TELEMETRY_TOLD, *words],
        capture_output=True,
        check=False,
        cwd=folder,
        encoding="utf-8",
        env=kept | {"SOURCE_DATE_EPOCH": DATE},
        timeout=300,
    )
    return Logged(folder, Told(done.returncode, done.stdout, done.stderr))


@contextmanager
def asking_mlflow(address: str) -> Iterator["MlflowClient"]:
    """Ask MLflow itself; what it warns of is its own matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.tracking import MlflowClient

        yield MlflowClient(address)


def list_runs(client: "MlflowClient", title: str) -> list["Run"]:
    """Return all runs of an experiment, deleted ones left out."""
    experiment = client.get_experiment_by_name(title)
    return list(client.search_runs([experiment.experiment_id])) if experiment else []


def by_fingerprint(runs: list["Run"]) -> Mapping[str, "Run"]:
    """Return the runs that are no reports by their fingerprints; each has one only."""
    found = [run for run in runs if run.info.run_name != "report"]
    named = {run.data.tags["fingerprint"]: run for run in found}
    assert len(found) == len(named)
    return named


def read_history(client: "MlflowClient", run: "Run", metric: str) -> dict[int, float]:
    """Return a metric of a run by epoch; each has one value only."""
    points = client.get_metric_history(run.info.run_id, metric)
    assert len(points) == len({point.step for point in points})
    return {point.step: point.value for point in points}


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file's time of change and content; locks are none."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
