"""Tables of runs some of which were imported, in a zip that somebody handed in."""

from mnistreport.analysis.frames import make_epochs_frame, make_runs_frame, write_frame
from mnistreport.verification.tables import count_imported, find_table_faults
from tests.fake_results import import_runs, make_results


def test_imported_runs_are_counted() -> None:
    """Tables with imported runs are sound, and a reader is told how many there are."""
    plain = make_results()
    results = import_runs(plain, {0.1: [0, 1, 2], "both": [1]})
    runs, epochs = (
        make(results).to_csv(index=False).encode() for make in (make_runs_frame, make_epochs_frame)
    )
    assert [] == find_table_faults(runs, epochs)
    assert 4 == count_imported(runs)
    assert 0 == count_imported(make_runs_frame(plain).to_csv(index=False).encode())


def test_texts_are_compared_as_they_were_given() -> None:
    """An apostrophe that keeps a spreadsheet from computing a name is no part of the name."""
    results = make_results()
    runs, epochs = (
        write_frame(make(results).assign(model="-mlp"))
        for make in (make_runs_frame, make_epochs_frame)
    )
    assert b",'-mlp," in runs
    assert [] == find_table_faults(runs, epochs)
    assert [] == find_table_faults(runs.replace(b",'-mlp,", b",-mlp,"), epochs)
