import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import api_pb2, metadata

from mnistreport.errors import EnvironmentFault
from mnistreport.study.experiment import MlpArchitecture
from mnistreport.tracking.tensorboard import TensorBoard
from tests.tracking.projects import Logged, Recorded, snapshot

METRICS = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
METRICS += ("duration_seconds",)


def read_events(folder: Path) -> EventAccumulator:
    """Return what TensorBoard itself reads of a run."""
    events = EventAccumulator(str(folder))
    events.Reload()
    return events


def read_scalars(events: EventAccumulator, tag: str) -> dict[int, np.float32]:
    """Return a metric by epoch."""
    return {each.step: np.float32(each.value) for each in events.Scalars(tag)}


def find_run(logged: Logged, row: Mapping[str, str]) -> EventAccumulator:
    """Return what TensorBoard reads of the run of a row of ``runs.csv``."""
    (folder,) = (logged.folder / "tensorboard").glob(f"*-{row['fingerprint'][:12]}")
    return read_events(folder)


def read_table(file: Path) -> list[dict[str, str]]:
    """Return a table's rows."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_number_is_that_of_the_tables_in_32_bits(logged: Logged) -> None:
    """Each run has a folder, with each epoch's numbers as the tables have them."""
    epochs = read_table(logged.output / "epochs.csv")
    rows = read_table(logged.output / "runs.csv")
    folders = [each for each in (logged.folder / "tensorboard").iterdir() if each.is_dir()]
    assert len(rows) == len(folders)
    for row in rows:
        events = find_run(logged, row)
        own = [each for each in epochs if each["fingerprint"] == row["fingerprint"]]
        for metric in METRICS if own else ():
            expected = {int(each["epoch"]): np.float32(each[metric]) for each in own}
            assert expected == read_scalars(events, metric)
        if not own:
            assert [] == events.Tags()["scalars"]


def test_settings_and_status_are_those_of_the_tables(logged: Logged) -> None:
    """The HPARAMS tab is given every setting, and whether the run finished."""
    for row in read_table(logged.output / "runs.csv"):
        plugin = find_run(logged, row).PluginTagToContent("hparams")
        start = metadata.parse_session_start_info_plugin_data(
            plugin[metadata.SESSION_START_INFO_TAG]
        )
        for name in ("learning_rate", "batch_size", "epochs", "seed", "dropout"):
            assert float(row[name]) == start.hparams[name].number_value
        assert (row["model"], row["layers"]) == tuple(
            start.hparams[name].string_value for name in ("model", "layers")
        )
        assert row["layer_norm"] == str(start.hparams["layer_norm"].bool_value)
        end = metadata.parse_session_end_info_plugin_data(plugin[metadata.SESSION_END_INFO_TAG])
        is_good = row["status"] == "finished"
        assert (api_pb2.STATUS_SUCCESS if is_good else api_pb2.STATUS_FAILURE) == end.status


def test_only_winners_have_a_test_accuracy(logged: Logged) -> None:
    """What the test split said stands with the two runs of the winner only."""
    rows = read_table(logged.output / "runs.csv")
    tested = [row for row in rows if "test_accuracy" in find_run(logged, row).Tags()["scalars"]]
    assert 2 == len(tested)
    assert 1 == len({row["variant"] for row in tested})


def test_what_else_is_known_is_text(logged: Logged) -> None:
    """Why a run did not finish stands there, and names of others' making as they are, escaped."""
    rows = read_table(logged.output / "runs.csv")
    texts = {
        row["fingerprint"]: find_run(logged, row).Tensors("about")[0].tensor_proto.string_val[0]
        for row in rows
    }
    for row in rows:
        text = texts[row["fingerprint"]].decode()
        assert row["fingerprint"] in text
        assert f"| status | {row['status']} |" in text
        assert row["reason"] in text
    assert any(rb"\| \<b\>norm\</b\> \*x\*" in text for text in texts.values())


def test_a_run_trained_again_takes_the_old_ones_place(recorded: Recorded, tmp_path: Path) -> None:
    """A run has one folder, with the newest result, and the same result is not written again."""
    entry = recorded.entries[0]
    rows = tuple(replace(row, duration_seconds=9.0) for row in entry.result.history)
    again = replace(entry, result=replace(entry.result, history=rows))
    tracker = TensorBoard(tmp_path)
    tracker.log_run(entry)
    tracker.log_run(again)
    (folder,) = (each for each in (tmp_path / "tensorboard").iterdir() if each.is_dir())
    assert {1: 9, 2: 9} == read_scalars(read_events(folder), "duration_seconds")
    before = snapshot(tmp_path)
    TensorBoard(tmp_path).log_run(again)
    assert before == snapshot(tmp_path)


def test_a_model_of_another_name_is_the_same_run(recorded: Recorded, tmp_path: Path) -> None:
    """Folders are called after models for people; a run has one, whatever it is called."""
    entry = recorded.entries[0]
    experiment = entry.experiment
    renamed = replace(experiment, variant=replace(experiment.variant, model="other"))
    tracker = TensorBoard(tmp_path)
    tracker.log_run(entry)
    tracker.log_run(replace(entry, experiment=renamed))
    (folder,) = (each for each in (tmp_path / "tensorboard").iterdir() if each.is_dir())
    assert folder.name.startswith("other-")


def test_half_a_run_is_swept_away(tmp_path: Path) -> None:
    """What a killed build was writing is no run, and is gone before the next one."""
    half = tmp_path / "tensorboard" / ".new-mlp-8-8-0123456789ab"
    half.mkdir(parents=True)
    (half / "events.out.tfevents.1").write_bytes(b"half")
    TensorBoard(tmp_path)
    assert not half.exists()


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    """A project leads to no other place."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tensorboard").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EnvironmentFault, match="is a link"):
        TensorBoard(tmp_path)


def test_a_deep_network_has_a_folder_like_any_other(recorded: Recorded, tmp_path: Path) -> None:
    """The name of a folder stays within what a file system allows, whatever is in it."""
    entry = recorded.entries[0]
    experiment = entry.experiment
    architecture = MlpArchitecture((1000,) * 64)
    deep = replace(experiment, variant=replace(experiment.variant, architecture=architecture))
    TensorBoard(tmp_path).log_run(replace(entry, experiment=deep))
    (folder,) = (each for each in (tmp_path / "tensorboard").iterdir() if each.is_dir())
    assert folder.name.endswith(deep.fingerprint[:12])
