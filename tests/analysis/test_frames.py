import io
import math

import pandas as pd

from mnistreport.analysis.frames import make_epochs_frame, make_runs_frame
from mnistreport.analysis.results import METRICS
from tests.fake_results import make_results

RESULTS = make_results(epochs=4, diverged=[0.5], failed=["both"], missing={16: [1]})
IDENTITY = ["fingerprint", "model", "variant", "seed"]


def test_a_row_for_each_experiment() -> None:
    """Every experiment has its row, in order, also those that were not run or came to nothing."""
    frame = make_runs_frame(RESULTS)
    assert [each.fingerprint for each in RESULTS.experiments] == frame["fingerprint"].tolist()
    assert {"finished", "diverged", "failed", "missing"} == set(frame["status"])
    for experiment, row in zip(RESULTS.experiments, frame.itertuples(), strict=True):
        training = experiment.variant.training
        assert (training.learning_rate, training.batch_size) == (row.learning_rate, row.batch_size)
        assert (experiment.seed, experiment.variant.key) == (row.seed, row.variant)
        assert experiment.variant.architecture.parameters == row.parameters


def test_runs_end_with_their_last_epoch() -> None:
    """Metrics are those of the last completed epoch; without one there are none."""
    frame = make_runs_frame(RESULTS).set_index("fingerprint")
    for experiment in RESULTS.experiments:
        row, run = frame.loc[experiment.fingerprint], RESULTS.runs.get(experiment.fingerprint)
        if run and run.history:
            assert [getattr(run.history[-1], name) for name in METRICS] == row[[*METRICS]].tolist()
            assert (run.updates, run.duration_seconds) == (row["updates"], row["duration_seconds"])
        else:
            assert all(math.isnan(row[name]) for name in METRICS)
    finished = frame[frame["status"] == "finished"]
    assert not finished.isna().any().any()


def test_runs_know_their_studies() -> None:
    """The baseline is in all of its model's studies, the joined levels in none."""
    frame = make_runs_frame(RESULTS)
    joined = frame[frame["combined"]]
    assert ([""], 3) == (joined["studies"].unique().tolist(), len(joined))
    shared = "learning_rate batch_size neurons hidden_layers"
    assert 3 == int((frame["studies"] == shared).sum())


def test_a_row_for_each_run_and_epoch() -> None:
    """Every completed epoch of every run has its row, and nothing in it is missing."""
    frame = make_epochs_frame(RESULTS)
    expected = [
        (run.fingerprint, row.epoch) for run in RESULTS.runs.values() for row in run.history
    ]
    assert expected == list(zip(frame["fingerprint"], frame["epoch"], strict=True))
    assert not frame.isna().any().any()
    first = next(iter(RESULTS.runs.values())).history[0]
    assert [getattr(first, name) for name in METRICS] == frame.loc[0, [*METRICS]].tolist()


def test_columns_stay_without_rows() -> None:
    """Before anything is trained the tables are empty, and have their columns."""
    nothing = make_results(epochs=2, missing={level: range(3) for level in _levels()})
    epochs, runs = make_epochs_frame(nothing), make_runs_frame(nothing)
    assert (0, [*IDENTITY, "epoch", *METRICS, "duration_seconds"]) == (len(epochs), list(epochs))
    assert len(nothing.experiments) == len(runs)
    assert {"missing"} == set(runs["status"])


def _levels() -> list[float | str]:
    studies = make_results(epochs=2).studies
    values = {level.level.value or level.label for study in studies for level in study.levels}
    return [*values, "best levels joined"]


def test_survives_a_file() -> None:
    """What is written as CSV reads back to the last digit."""
    frame = make_epochs_frame(RESULTS)
    again = pd.read_csv(io.StringIO(frame.to_csv(index=False)))
    pd.testing.assert_frame_equal(frame, again, check_exact=True)
