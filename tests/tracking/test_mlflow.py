import csv
import json
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mnistreport.errors import EnvironmentFault, ExitCode
from mnistreport.options import Options
from mnistreport.tracking.entry import Documents
from mnistreport.tracking.logbook import build_logged
from mnistreport.tracking.mlflow import SHA256, SUPERSEDED, _spell_address, open_mlflow
from mnistreport.training.result import RunResult
from tests.commands import run_command
from tests.tracking.projects import (
    TITLE,
    Logged,
    Recorded,
    Watcher,
    asking_mlflow,
    by_fingerprint,
    list_runs,
    read_history,
    snapshot,
)

METRICS = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
SETTINGS = ("learning_rate", "batch_size", "momentum", "weight_decay", "epochs", "seed")


@pytest.fixture
def at_server(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server's address, which the program is told, too."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    return server


def read_table(file: Path) -> list[dict[str, str]]:
    """Return a table's rows."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def address_of(logged: Logged) -> str:
    """Return the address of a project's own database."""
    return _spell_address(logged.folder / "mlflow.db")


def slow_down(result: RunResult) -> RunResult:
    """Return a result that took longer, as that of a run trained again may."""
    rows = tuple(replace(row, duration_seconds=2 * row.duration_seconds) for row in result.history)
    return replace(result, history=rows)


# --- The database beside the manifest -------------------------------------------------------------


def test_a_build_says_nothing_that_is_not_its_own(logged: Logged) -> None:
    """MLflow prints nothing, warns of nothing, and sends nothing to those who made it."""
    assert ExitCode.INCOMPLETE == logged.told.code, logged.told.err  # two runs diverge
    assert logged.told.out.endswith("telemetry: None\n")
    own = ("warning: The images", "training ", "[", "reading ", "writing ", "logging to ")
    lines = logged.told.err.splitlines()
    ends = ("did not finish; the report lists them", "mnistreport check lists them")
    strange = [line for line in lines if not line.startswith(own) and not line.endswith(ends)]
    assert [] == strange
    assert [logged.folder] == list(logged.folder.parent.iterdir())  # nothing is made elsewhere
    assert ["logging to mlflow", "logging to tensorboard"] == [
        line for line in lines if line.startswith("logging")
    ]


def test_every_number_is_that_of_the_tables(logged: Logged) -> None:
    """Each run's metrics, by epoch and at the last, are those of the tables, to the last bit."""
    epochs = read_table(logged.output / "epochs.csv")
    rows = read_table(logged.output / "runs.csv")
    with asking_mlflow(address_of(logged)) as client:
        runs = by_fingerprint(list_runs(client, TITLE))
        assert {row["fingerprint"] for row in rows} == set(runs)
        for row in rows:
            run = runs[row["fingerprint"]]
            for metric in (*METRICS, "duration_seconds"):
                expected = {
                    int(each["epoch"]): float(each[metric])
                    for each in epochs
                    if each["fingerprint"] == row["fingerprint"]
                }
                assert expected == read_history(client, run, metric)
            final = {name: float(row[name]) for name in METRICS if row[name]}
            assert final == {name: run.data.metrics[name] for name in METRICS if row[name]}
            if final:
                total = run.data.metrics["total_duration_seconds"]
                assert float(row["duration_seconds"]) == total


def test_every_setting_is_that_of_the_tables(logged: Logged) -> None:
    """Parameters are the columns of the tables, and what the split and data are."""
    data = json.loads((logged.output / "results.json").read_bytes())["data"]
    with asking_mlflow(address_of(logged)) as client:
        runs = by_fingerprint(list_runs(client, TITLE))
    for row in read_table(logged.output / "runs.csv"):
        params = runs[row["fingerprint"]].data.params
        names = {*SETTINGS, "model", "layers", "dropout", "layer_norm", "kind", "optimizer"}
        assert names | {"split_sha256", "data"} == set(params)
        assert (row["model"], row["layers"]) == (params["model"], params["layers"])
        assert [float(row[name]) for name in SETTINGS] == [float(params[name]) for name in SETTINGS]
        assert row["layer_norm"] == params["layer_norm"]
        assert data["title"] == params["data"]
        assert data["split_sha256"] == params["split_sha256"]


def test_how_a_run_ended_is_told(logged: Logged) -> None:
    """A run that diverged has failed, in MLflow's words, and says why; levels are tags."""
    with asking_mlflow(address_of(logged)) as client:
        runs = by_fingerprint(list_runs(client, TITLE))
    statuses = set[str]()
    for row in read_table(logged.output / "runs.csv"):
        run = runs[row["fingerprint"]]
        tags = run.data.tags
        assert (row["status"], row["reason"]) == (tags["status"], tags.get("reason", ""))
        assert ("FINISHED" if row["status"] == "finished" else "FAILED") == run.info.status
        levels = {name.removeprefix("study.") for name in tags if name.startswith("study.")}
        assert set(row["studies"].split()) == levels
        assert {"torch", "device", "processor"} <= set(tags)
        statuses.add(row["status"])
    assert {"finished", "diverged"} == statuses
    (slug,) = {row["studies"] for row in read_table(logged.output / "runs.csv")}
    labels = {run.data.tags[f"study.{slug}"] for run in runs.values()}
    assert {"| <b>norm</b> *x*", "too fast", "baseline"} == labels


def test_only_winners_have_a_test_accuracy(logged: Logged) -> None:
    """What the test split said stands with the runs that the report has it of, and no others."""
    finals = json.loads((logged.output / "results.json").read_bytes())["finals"]
    expected = {each["fingerprint"]: each["test_accuracy"] for each in finals[0]["runs"]}
    with asking_mlflow(address_of(logged)) as client:
        runs = by_fingerprint(list_runs(client, TITLE))
    found = {name: run.data.metrics.get("test_accuracy") for name, run in runs.items()}
    assert 2 == len(expected)
    assert expected == {name: accuracy for name, accuracy in found.items() if accuracy is not None}


def test_documents_are_artifacts_of_one_run(logged: Logged, tmp_path: Path) -> None:
    """The run called report holds every document, byte for byte, figures in their folder."""
    with asking_mlflow(address_of(logged)) as client:
        (report,) = [run for run in list_runs(client, TITLE) if run.info.run_name == "report"]
        folder = Path(client.download_artifacts(report.info.run_id, "", str(tmp_path)))
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert {"report.html", "report.pdf", "results.json", "runs.csv"} <= set(found)
    assert any(name.startswith("figures/") for name in found)
    assert {name: (logged.output / name).read_bytes() for name in found} == found
    assert "FINISHED" == report.info.status


def test_a_second_build_logs_nothing_twice(logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing new, neither runs nor documents nor events are written again."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    events = snapshot(logged.folder / "tensorboard")
    database = (logged.folder / "mlflow.db").read_bytes()
    artifacts = snapshot(logged.folder / "mlruns")
    watcher = Watcher()
    built = build_logged(logged.options, watcher.listener, ["mlflow", "tensorboard"])
    assert (False, []) == (built.publication.fresh, watcher.warnings)
    assert events == snapshot(logged.folder / "tensorboard")
    assert artifacts == snapshot(logged.folder / "mlruns")
    assert database == (logged.folder / "mlflow.db").read_bytes()


def test_a_moved_project_is_told_and_writes_nowhere_else(logged: Logged, tmp_path: Path) -> None:
    """A database that has files lie elsewhere, as a stranger's may, is not logged to."""
    shutil.copy(logged.folder / "mlflow.db", tmp_path)
    with pytest.raises(EnvironmentFault, match="not beside it") as caught:
        open_mlflow(tmp_path, TITLE)
    assert tmp_path / "mlflow.db" == caught.value.problems[0].file


@pytest.mark.parametrize("name", ["mlflow.db", "mlruns"])
def test_a_link_in_their_place_is_refused(tmp_path: Path, name: str) -> None:
    """A project leads to no other place."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / name).symlink_to(tmp_path / "elsewhere" / name)
    with pytest.raises(EnvironmentFault, match="is a link"):
        open_mlflow(tmp_path / "project", TITLE)
    assert [] == list((tmp_path / "elsewhere").iterdir())


def test_a_path_that_is_none_for_a_database_is_refused(tmp_path: Path) -> None:
    """Where the address of a database would lead elsewhere, nothing is made at all."""
    project = tmp_path / "why?"
    project.mkdir()
    with pytest.raises(EnvironmentFault, match="cannot stand in the address"):
        open_mlflow(project, TITLE)
    assert ([project], []) == (list(tmp_path.iterdir()), list(project.iterdir()))


def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    """What is no database ends the build with a next step, and stays as it is."""
    (tmp_path / "mlflow.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(EnvironmentFault, match="cannot log to") as caught:
        open_mlflow(tmp_path, TITLE)
    assert "move mlflow.db away" in str(caught.value.problems[0].next_step)
    assert b"no database" in (tmp_path / "mlflow.db").read_bytes()


# --- A server -------------------------------------------------------------------------------------


def test_a_server_gets_everything_once(at_server: str, small: Options, tmp_path: Path) -> None:
    """What the environment names gets runs and documents; nothing is made beside the manifest."""
    watcher = Watcher()
    built = build_logged(small, watcher.listener, ["mlflow"])
    build_logged(small, watcher.listener, ["mlflow"])
    with asking_mlflow(at_server) as client:
        listed = list_runs(client, "Small")
        runs = by_fingerprint(listed)
        assert set(built.results.runs) == set(runs)
        for name, result in built.results.runs.items():
            for metric in (*METRICS, "duration_seconds"):
                expected = {row.epoch: getattr(row, metric) for row in result.history}
                assert expected == read_history(client, runs[name], metric)
        (report,) = [run for run in listed if run.info.run_name == "report"]
        file = client.download_artifacts(report.info.run_id, "results.json", str(tmp_path))
    assert built.publication.documents[0].read_bytes() == Path(file).read_bytes()
    made = {path.name for path in small.manifest.parent.iterdir()}
    assert {".mnistreport", "experiments.toml", "output"} == made
    assert [] == watcher.events  # stored runs are logged, too


def test_a_run_trained_again_is_a_new_run(
    at_server: str, recorded: Recorded, tmp_path: Path
) -> None:
    """What differs, if only in its times, is logged beside the old run, which says so."""
    first = recorded.entries[0]
    second = replace(first, result=slow_down(first.result))
    tracker = open_mlflow(tmp_path, "Again")
    for entry in (first, second, first, second):
        tracker.log_run(entry)
    with asking_mlflow(at_server) as client:
        runs = {run.data.tags[SHA256]: run for run in list_runs(client, "Again")}
    assert {first.result_sha256, second.result_sha256} == set(runs)
    old, new = runs[first.result_sha256], runs[second.result_sha256]
    assert new.info.run_id == old.data.tags[SUPERSEDED]
    assert SUPERSEDED not in new.data.tags


def test_half_a_run_is_none(
    at_server: str, recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an interrupted build left is taken for no run, and makes way for the whole one."""
    entry = recorded.entries[0]
    tracker = open_mlflow(tmp_path, "Half")

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tracker._client, "set_terminated", interrupt)
        with pytest.raises(KeyboardInterrupt):
            tracker.log_run(entry)
    with asking_mlflow(at_server) as client:
        assert ["RUNNING"] == [run.info.status for run in list_runs(client, "Half")]
        open_mlflow(tmp_path, "Half").log_run(entry)
        assert ["FINISHED"] == [run.info.status for run in list_runs(client, "Half")]


def test_a_document_that_changed_is_a_new_report(at_server: str, tmp_path: Path) -> None:
    """Each report that differs has a run of its own; the older ones say that they are."""
    page = tmp_path / "report.html"
    for words in ("first", "first", "second"):
        page.write_text(words)
        open_mlflow(tmp_path, "Pages").log_documents(Documents(tmp_path, (page,)))
    with asking_mlflow(at_server) as client:
        second, first = list_runs(client, "Pages")
    assert second.info.run_id == first.data.tags[SUPERSEDED]
    assert SUPERSEDED not in second.data.tags


def test_a_deleted_experiment_is_told(at_server: str, tmp_path: Path) -> None:
    """MLflow keeps what was deleted, and takes no more runs for it: the way back is named."""
    open_mlflow(tmp_path, "Gone")
    with asking_mlflow(at_server) as client:
        number = client.get_experiment_by_name("Gone").experiment_id
        client.delete_experiment(number)
    with pytest.raises(EnvironmentFault, match="was deleted") as caught:
        open_mlflow(tmp_path, "Gone")
    assert f"mlflow experiments restore -x {number}" in str(caught.value.problems[0].next_step)


def test_a_long_run_takes_several_requests(
    at_server: str, recorded: Recorded, tmp_path: Path
) -> None:
    """MLflow takes at most 1,000 metrics at once; a run of more epochs has all of them there."""
    entry = recorded.entries[0]
    row = entry.result.history[0]
    history = tuple(replace(row, epoch=1 + each) for each in range(450))
    long = replace(entry, result=replace(entry.result, history=history))
    open_mlflow(tmp_path, "Long").log_run(long)
    with asking_mlflow(at_server) as client:
        (run,) = list_runs(client, "Long")
        for metric in (*METRICS, "duration_seconds"):
            assert 450 == len(read_history(client, run, metric))


# --- No server ------------------------------------------------------------------------------------


@pytest.fixture
def silent() -> Iterator[int]:
    """A port at which somebody takes calls and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_server_that_is_not_there_is_told_before_training(
    small: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command ends with code 6; no password is shown, and nothing is trained."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://ada:secret@127.0.0.1:{port}")
    folder = small.manifest.parent
    shutil.rmtree(folder / ".mnistreport" / "runs")
    told = run_command("build", "--log-to", "mlflow", folder=folder)
    assert ExitCode.ENVIRONMENT == told.code, told.err
    last = told.err.splitlines()[-1]
    assert last.startswith(f"error: --log-to mlflow: cannot log to http://127.0.0.1:{port}: ")
    assert "unset MLFLOW_TRACKING_URI" in last
    assert ("secret" in told.err, "training" in told.err) == (False, False)
    assert [] == list((folder / ".mnistreport").glob("runs/*"))


def test_a_server_that_does_not_answer_is_waited_for_as_the_user_says(
    silent: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's own patience goes before the program's."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{silent}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    start = time.monotonic()
    with pytest.raises(EnvironmentFault, match="cannot log to"):
        open_mlflow(tmp_path, TITLE)
    assert 1 <= time.monotonic() - start < 4
