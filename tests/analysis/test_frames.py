import csv
import io
import math
import re
from collections.abc import Callable, Mapping

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistreport.analysis.frames import (
    make_epochs_frame,
    make_levels_frame,
    make_runs_frame,
    read_frame,
    write_frame,
)
from mnistreport.analysis.results import METRICS, Results
from mnistreport.study.cells import guard_text, unguard_text
from mnistreport.study.naming import EPOCHS, LEVELS, RUNS
from tests.fake_results import import_runs, make_results

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
    again = read_frame(write_frame(frame), name)
    pd.testing.assert_frame_equal(frame, again, check_exact=True)


_MIXED = make_results(diverged=[0.5], failed=["both"], missing={16: [1]})
UNUSUAL: Mapping[str, Results] = {
    "imported": import_runs(make_results(), dict.fromkeys(_levels(), range(3))),
    "imported with times": import_runs(make_results(), {0.1: [1]}, seconds=1.5),
    "mixed": import_runs(_MIXED, {0.1: [0, 2], "neither": [0, 1, 2]}),
    "seeds missing": make_results(epochs=2, missing={0.01: [0, 2], "both": [1]}),
    "nothing trained": make_results(epochs=2, missing=dict.fromkeys(_levels(), range(3))),
    "nothing finished": make_results(epochs=2, failed=_levels()),
    "fewer seeds and epochs": make_results((0,), epochs=1),
}


@pytest.mark.parametrize("case", UNUSUAL)
@pytest.mark.parametrize(
    ("name", "make"),
    [(RUNS, make_runs_frame), (EPOCHS, make_epochs_frame), (LEVELS, make_levels_frame)],
)
def test_tables_of_every_report_are_read(
    name: str, make: Callable[[Results], pd.DataFrame], case: str
) -> None:
    """Whatever runs are imported, missing or broken off, a table reads back as it was made."""
    frame = make(UNUSUAL[case])
    again = read_frame(write_frame(frame), name)
    exact = len(frame) > 0  # without a row there is nothing to infer a type from
    pd.testing.assert_frame_equal(frame, again, check_exact=True, check_dtype=exact)


def test_only_runs_say_what_was_imported() -> None:
    """The column may be there in the table of runs, at its end, and nowhere else."""
    frame = make_levels_frame(RESULTS).assign(imported="")
    with pytest.raises(ValueError, match="imported"):
        read_frame(write_frame(frame), LEVELS)
    frame = make_runs_frame(UNUSUAL["mixed"])
    frame.insert(0, "imported", frame.pop("imported"))
    with pytest.raises(ValueError, match="imported"):
        read_frame(write_frame(frame), RUNS)


HOSTILE = ("=1+1", "+1", "-0.5", "@SUM(A1)", "'=1", "''-", "x;=1+1", "a,=1", "\uff1d1", "'plain'")


def test_no_text_is_a_formula() -> None:
    """A spreadsheet computes no cell, with whichever separator; the program reads the same text."""
    frame = make_levels_frame(RESULTS)
    frame["label"] = (HOSTILE * len(frame))[: len(frame)]
    frame["title"] = frame["label"]
    content = write_frame(frame)
    for separator in ",;\t":
        rows = csv.reader(io.StringIO(content.decode()), delimiter=separator)
        cells = [cell for row in rows for cell in row]
        assert [] == [each for each in cells if each[:1] in set("=+-@\t\r\uff1d")]
    pd.testing.assert_frame_equal(frame, read_frame(content, LEVELS))


def test_numbers_stay_numbers() -> None:
    """A number below 0 is no formula: it is written as it is."""
    frame = make_runs_frame(RESULTS).assign(train_loss=-0.5)
    assert b",-0.5," in write_frame(frame)
    assert b"'" not in write_frame(frame)


@given(st.text(alphabet="=+-@;,'\t\r\n a\uff1d"))
def test_text_comes_back_from_a_cell(text: str) -> None:
    """Whatever a text is, guarding it can be undone, and leaves nothing that begins a formula."""
    guarded = guard_text(text)
    assert text == unguard_text(guarded)
    assert not re.search(r"(^|[;\t\r\n])[=+\-@\uff1d]", guarded)


@pytest.mark.parametrize(
    ("old", "new"),
    [(",label,", ",name,"), ("label,is_baseline", "is_baseline,label"), (",True,", ",perhaps,")],
)
def test_another_table_is_refused(old: str, new: str) -> None:
    """Columns under other names or in another order, or a value of another kind, are an error."""
    text = write_frame(make_levels_frame(RESULTS)).decode()
    assert old in text
    with pytest.raises(ValueError, match=r"columns are not those expected|Bool|bool"):
        read_frame(text.replace(old, new).encode(), LEVELS)


def test_the_columns_that_are_odd_are_named() -> None:
    """Those that are missing and those that are too many; all where only their order is wrong."""
    frame = make_levels_frame(RESULTS)
    with pytest.raises(ValueError, match=r"columns are not those expected: label, name$"):
        read_frame(write_frame(frame.rename(columns={"label": "name"})), LEVELS)
    with pytest.raises(ValueError, match=f"expected: {', '.join(sorted(frame.columns))}$"):
        read_frame(write_frame(frame[[*reversed(frame.columns)]]), LEVELS)


@pytest.mark.parametrize("column", ["seed", "updates", "train_loss"])
def test_a_word_is_no_number(column: str) -> None:
    """In a column of numbers, whole or not, a word is an error, whatever else may miss there."""
    frame = make_runs_frame(RESULTS).astype({column: object})
    frame.loc[0, column] = "many"
    with pytest.raises(ValueError, match="many"):
        read_frame(frame.to_csv(index=False).encode(), RUNS)
