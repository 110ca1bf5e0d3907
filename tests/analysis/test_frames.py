import math
from collections.abc import Callable

import pandas as pd
import pytest

from mnistreport.analysis.frames import (
    COLUMNS,
    make_epochs_frame,
    make_levels_frame,
    make_runs_frame,
    read_frame,
)
from mnistreport.analysis.results import METRICS, Results
from mnistreport.study.naming import EPOCHS, LEVELS, RUNS
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


@pytest.mark.parametrize(
    ("name", "make"),
    [(RUNS, make_runs_frame), (EPOCHS, make_epochs_frame), (LEVELS, make_levels_frame)],
)
def test_survives_a_file(name: str, make: Callable[[Results], pd.DataFrame]) -> None:
    """What is written as CSV reads back to the last digit, with types, also what did not finish."""
    frame = make(RESULTS)
    again = read_frame(frame.to_csv(index=False).encode(), COLUMNS[name])
    pd.testing.assert_frame_equal(frame, again, check_exact=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [(",label,", ",name,"), ("label,is_baseline", "is_baseline,label"), (",True,", ",perhaps,")],
)
def test_another_table_is_refused(old: str, new: str) -> None:
    """Columns under other names or in another order, or a value of another kind, are an error."""
    text = make_levels_frame(RESULTS).to_csv(index=False)
    assert old in text
    with pytest.raises(ValueError, match=r"columns are not those expected|Bool|bool"):
        read_frame(text.replace(old, new).encode(), COLUMNS[LEVELS])


@pytest.mark.parametrize("column", ["seed", "updates", "train_loss"])
def test_a_word_is_no_number(column: str) -> None:
    """In a column of numbers, whole or not, a word is an error, whatever else may miss there."""
    frame = make_runs_frame(RESULTS).astype({column: object})
    frame.loc[0, column] = "many"
    with pytest.raises(ValueError, match="many"):
        read_frame(frame.to_csv(index=False).encode(), COLUMNS[RUNS])
