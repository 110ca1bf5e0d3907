"""Tables of runs some of which were imported, in a zip that somebody handed in."""

from mnistreport.analysis.frames import make_epochs_frame, make_runs_frame
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
