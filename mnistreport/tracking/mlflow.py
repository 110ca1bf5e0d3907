"""MLflow: a run for each run, and one for each report, with its documents.

They go to the database ``mlflow.db`` beside the manifest, files to ``mlruns``, or to the server
that ``MLFLOW_TRACKING_URI`` names. MLflow is loaded and called only while it is ``_kept_quiet``.
"""

import os
import sqlite3
import time
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mnistreport.errors import EnvironmentFault, MnistReportError
from mnistreport.files import NEW, check_kept, create_file, telling_refusal
from mnistreport.places import find_place
from mnistreport.tracking.entry import TEST_ACCURACY, Documents, Entry
from mnistreport.tracking.trackers import explain_failure, hide_user

if TYPE_CHECKING:  # loaded where it is used, and only if it is
    from mlflow.entities import Metric, Run
    from mlflow.tracking import MlflowClient

ADDRESS: Final = "MLFLOW_TRACKING_URI"
DATABASE, ARTIFACTS = "mlflow.db", "mlruns"
SHA256, SUPERSEDED = "mnistreport.sha256", "superseded_by"
"""Tags: digest of what came out, by which it is known again; what was logged in its place."""
REPORT: Final = "report"
"""Name of the runs that hold documents."""

_MOST_BYTES: Final = 2**40
_AT_ONCE: Final = 500
"""Metrics of one request; MLflow takes at most 1,000."""
_LONGEST: Final = 5_000
"""Characters of a value; MLflow keeps at least as many."""
_QUIET: Final = {
    "MLFLOW_DISABLE_AGENT_HINT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",  # so that no connection stays open
}
_PATIENT: Final = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}
_IMPATIENT: Final = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "4",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
}
"""For a first look whether anybody is there."""


@contextmanager
def _kept_quiet(waiting: Mapping[str, str] = _PATIENT) -> Generator[None]:
    """Have MLflow say and send nothing of its own meanwhile, unless the user has it otherwise."""
    settings = {**_QUIET, **waiting}
    added = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(added)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@dataclass(slots=True)
class _Kept:
    """A run that MLflow has.

    Attributes:
        id: MLflow's name of it.
        tags: What is known of it in words.
        metrics: Its metrics at the last epoch.
        is_whole: Whether everything was logged; else whoever did was stopped.
    """

    id: str
    tags: dict[str, str]
    metrics: dict[str, float]
    is_whole: bool = True

    @classmethod
    def read(cls, run: "Run") -> "_Kept":
        is_whole = run.info.status in {"FINISHED", "FAILED"}
        return cls(run.info.run_id, dict(run.data.tags), dict(run.data.metrics), is_whole)

    @property
    def key(self) -> str:
        """Whose result it holds: a run's fingerprint, or ``REPORT``."""
        return self.tags.get("fingerprint", REPORT)


class MLflow:
    """Logs to an experiment, in MLflow's sense: a set of runs."""

    def __init__(self, client: "MlflowClient", experiment: str) -> None:
        self._client = client
        self._experiment = experiment
        self._known: dict[str, list[_Kept]] | None = None

    def log_run(self, entry: Entry) -> None:
        """Log a run; one whose result is there gets tags and test accuracy that it lacks."""
        with self._logging():
            if found := self._find(entry.fingerprint, entry.result_sha256):
                self._complete_run(found, entry)
            else:
                self._add_run(entry)

    def log_documents(self, documents: Documents) -> None:
        """Log documents as the artifacts of a run, unless the same ones are there."""
        with self._logging():
            if self._find(REPORT, documents.sha256):
                return

            def fill(run_id: str) -> None:
                for path in documents.files:
                    place = path.relative_to(documents.folder).parent.as_posix()
                    self._client.log_artifact(run_id, str(path), None if place == "." else place)

            now = time.time()
            self._add(REPORT, {SHA256: documents.sha256}, (now, now), fill, is_good=True)

    def close(self) -> None:
        """Do nothing: no connection stays open."""

    def _add_run(self, entry: Entry) -> None:
        from mlflow.entities import Param

        end = time.time()
        metrics = _list_metrics(entry, end)
        params = [Param(name, _cut(value)) for name, value in entry.settings.items()]

        def fill(run_id: str) -> None:
            self._client.log_batch(run_id, metrics[:_AT_ONCE], params)
            for begin in range(_AT_ONCE, len(metrics), _AT_ONCE):
                self._client.log_batch(run_id, metrics[begin : begin + _AT_ONCE])

        kept = self._add(
            entry.name,
            {**_list_tags(entry), SHA256: entry.result_sha256},
            (end - entry.result.duration_seconds, end),
            fill,
            is_good=entry.result.status == "finished",
        )
        kept.metrics |= {each.key: each.value for each in metrics}

    def _complete_run(self, found: _Kept, entry: Entry) -> None:
        from mlflow.entities import RunTag

        lacking = {
            name: text for name, text in _list_tags(entry).items() if found.tags.get(name) != text
        }
        tested = [
            each
            for each in _list_metrics(entry, time.time())
            if each.key == TEST_ACCURACY and found.metrics.get(each.key) != each.value
        ]
        if lacking or tested:
            tags = [RunTag(name, text) for name, text in lacking.items()]
            self._client.log_batch(found.id, tested, tags=tags)
            found.tags |= lacking
            found.metrics |= {each.key: each.value for each in tested}

    @contextmanager
    def _logging(self) -> Generator[None]:
        """Look again for what there is after anything went wrong."""
        try:
            with _kept_quiet():
                yield
        except BaseException:
            self._known = None
            raise

    def _find(self, key: str, sha256: str) -> _Kept | None:
        """Return the run that holds that result, if it was logged to the end."""
        standing = self._look_up().get(key, [])
        whole = (each for each in standing if each.is_whole)
        return next((each for each in whole if each.tags[SHA256] == sha256), None)

    def _look_up(self) -> dict[str, list[_Kept]]:
        """Return all runs that were logged by this program, by their keys."""
        if self._known is None:
            known: dict[str, list[_Kept]] = {}
            token: str | None = None
            while True:
                page = self._client.search_runs([self._experiment], page_token=token)
                for run in page:
                    if SHA256 in run.data.tags:
                        kept = _Kept.read(run)
                        known.setdefault(kept.key, []).append(kept)
                token = cast("str | None", page.token)
                if not token:
                    break
            self._known = known
        return self._known

    def _add(
        self,
        name: str,
        tags: dict[str, str],
        times: tuple[float, float],
        fill: Callable[[str], None],
        *,
        is_good: bool,
    ) -> _Kept:
        """Log a run anew, and mark those whose place it takes; it is whole when it is ended."""
        begin, end = (round(1000 * each) for each in times)
        run = self._client.create_run(self._experiment, begin, tags, name)
        kept = _Kept(run.info.run_id, tags, {})
        fill(kept.id)
        self._client.set_terminated(kept.id, "FINISHED" if is_good else "FAILED", end)
        standing = self._look_up().setdefault(kept.key, [])
        for other in standing:
            if not other.is_whole:
                self._client.delete_run(other.id)
            elif SUPERSEDED not in other.tags:
                self._client.set_tag(other.id, SUPERSEDED, kept.id)
                other.tags[SUPERSEDED] = kept.id
        standing[:] = [*(each for each in standing if each.is_whole), kept]
        return kept


def open_mlflow(project: Path, title: str) -> MLflow:
    """Open the experiment called ``title``, in the database beside the manifest or on a server.

    Raises:
        EnvironmentFault: It cannot be logged to.
        ImportError: MLflow is not installed, or not what it needs for a database.
    """
    address = os.environ.get(ADDRESS, "").strip()
    if not address:
        step = f"move {DATABASE} away, or name a server with {ADDRESS}"
    else:
        step = f"start the server, or unset {ADDRESS} to log to {DATABASE} beside the manifest"
    try:
        with _kept_quiet(_IMPATIENT):
            if address:
                return _open_experiment(address, title, None)
            return _open_experiment(_open_database(project), title, project / ARTIFACTS)
    except (MnistReportError, ImportError):
        raise
    except Exception as error:
        place = hide_user(address) or str(project / DATABASE)
        msg = f"--log-to mlflow: cannot log to {place}: {explain_failure(error)}"
        raise EnvironmentFault(msg, next_step=step) from error


def _open_experiment(address: str, title: str, artifacts: Path | None) -> MLflow:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(address)
    experiment = client.get_experiment_by_name(title)
    if experiment is None:
        place = artifacts.as_uri() if artifacts else None
        return MLflow(client, client.create_experiment(title, place))
    if experiment.lifecycle_stage != "active":
        msg = f"--log-to mlflow: the experiment {title} was deleted"
        step = f"restore it: mlflow experiments restore -x {experiment.experiment_id}"
        raise EnvironmentFault(msg, next_step=step)
    if artifacts and not _is_below(str(experiment.artifact_location), artifacts):
        msg = f"keeps files of {title} in {experiment.artifact_location}, not beside it"
        step = "was the project moved? move the database away, and runs are logged anew"
        raise EnvironmentFault(msg, file=artifacts.with_name(DATABASE), next_step=step)
    return MLflow(client, experiment.experiment_id)


def _is_below(location: str, folder: Path) -> bool:
    """Tell whether files go to that folder: a database of somebody else's may name any."""
    is_address = location.startswith("file:")
    path = url2pathname(urlsplit(location).path) if is_address else location
    return Path(path).resolve().is_relative_to(folder)


def _open_database(project: Path) -> str:
    """Return the address of the database beside the manifest, made if there is none."""
    database = find_place(None, project, DATABASE, option=None, inner=())
    artifacts = find_place(None, project, ARTIFACTS, option=None)
    address = _spell_address(database)
    if database.exists():
        check_kept(database, _MOST_BYTES)
        with closing(sqlite3.connect(database)) as connection:  # MLflow would try for minutes
            connection.execute("SELECT count(*) FROM sqlite_master")
    else:
        _make_database(database, artifacts)
    return address


def _spell_address(database: Path) -> str:
    """Return the address of a database, in which MLflow and SQLAlchemy see the same path.

    Raises:
        EnvironmentFault: They do not.
    """
    from sqlalchemy.engine import make_url

    address = f"sqlite:///{database}"
    if make_url(address).database != str(database):
        msg = "cannot stand in the address of a database, because of ? or % in it"
        raise EnvironmentFault(msg, file=database, next_step=f"name a server with {ADDRESS}")
    return address


def _make_database(database: Path, artifacts: Path) -> None:
    """Make a database elsewhere and put it into its place, since half of one could not be used."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    with TemporaryDirectory() as folder:
        made = Path(folder, DATABASE)
        SqlAlchemyStore(_spell_address(made), artifacts.as_uri())
        with telling_refusal(database, "make room on the disk, and have the right to write there"):
            fresh = database.with_name(NEW + database.name)
            with create_file(fresh) as stream:
                stream.write(made.read_bytes())
                stream.flush()
                os.fsync(stream.fileno())
            if not database.exists():  # or else another build was faster
                fresh.replace(database)
            fresh.unlink(missing_ok=True)


def _list_metrics(entry: Entry, end: float) -> "Sequence[Metric]":
    from mlflow.entities import Metric

    times = entry.find_times(end)
    return [
        Metric(name, value, round(1000 * times[epoch]), epoch)
        for name, value, epoch in entry.metrics
    ]


def _list_tags(entry: Entry) -> dict[str, str]:
    return {name: _cut(text) for name, text in entry.tags.items()}


def _cut(value: object) -> str:
    return str(value)[:_LONGEST]
