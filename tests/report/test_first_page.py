"""The notices of the first page: how many of what, and only where there is something to know."""

from dataclasses import replace

import pytest

from mnistreport.analysis.results import Results
from mnistreport.report.material import Material
from mnistreport.report.notices import describe_circumstances, make_notices, view_imported
from mnistreport.study.manifest import Trimmed
from tests.fake_results import import_runs, make_results
from tests.report.reports import EVERY_LEVEL, NOTICE, make_material

SEEDS = (0, 1, 2)


def _find(material: Material, word: str) -> list[str]:
    return [notice for notice in make_notices(material) if word in notice]


def test_nothing_is_said_where_all_is_as_it_should_be(material: Material) -> None:
    """But for what the images themselves have to say."""
    assert (NOTICE,) == make_notices(material)
    silent = replace(material, digits=replace(material.digits, notice=""))
    assert () == make_notices(silent)


@pytest.mark.parametrize(
    ("imported", "said"),
    [
        ({0.1: [0]}, "1 of 57 runs was not trained here, but imported from"),
        ({0.1: [0, 1]}, "2 of 57 runs were not trained here, but imported from"),
        ({0.1: SEEDS, 0.5: SEEDS}, "6 of 57 runs were not trained here, but imported from"),
    ],
)
def test_imported_runs_are_counted(imported: dict[float, list[int]], said: str) -> None:
    """Of all runs, with the file they are from."""
    material = make_material(import_runs(make_results(), imported))  # type: ignore[arg-type]
    (notice,) = _find(material, "imported from")
    assert notice.startswith(said)
    assert "mlp.csv" in notice
    view = view_imported(material)
    assert view is not None
    assert (view.runs, 57) == (sum(file.runs for file in view.files), view.of)


def test_a_report_of_imported_runs_alone_says_so() -> None:
    """And which model could not be tested for it."""
    every = import_runs(make_results(combined=False), dict.fromkeys(EVERY_LEVEL, SEEDS))
    material = make_material(every, tested=False)
    (notice,) = _find(material, "imported from")
    assert notice.startswith(f"Not one of the {len(every.runs)} runs was trained here; they were")
    (untested,) = _find(material, "Not read on the test split")
    assert "feedforward" in untested
    assert "convolutional" in untested
    assert view_imported(make_material()) is None


def test_only_models_without_weights_are_said_to_be_unread() -> None:
    """Where the best variant was trained here, its model is tested."""
    material = make_material(import_runs(make_results(), {"both": SEEDS}), tested=False)
    (untested,) = _find(material, "Not read on the test split")
    assert "convolutional" in untested
    assert "feedforward" not in untested


def test_runs_that_did_not_finish_are_counted() -> None:
    """Those that are missing and those that failed."""
    material = make_material(make_results(missing={0.1: [1]}, failed=[0.5]))
    (notice,) = _find(material, "did not finish")
    assert notice.startswith("4 of 57 runs did not finish;")


def _compute(results: Results, fingerprint: str, **changes: object) -> Results:
    run = results.runs[fingerprint]
    made_with = replace(run.circumstances, **changes)  # type: ignore[union-attr, arg-type]
    runs = {**results.runs, fingerprint: replace(run, circumstances=made_with)}  # type: ignore[arg-type]
    return replace(results, runs=runs)


@pytest.mark.parametrize("changes", [{"threads": 2}, {"torch": "2.10.0"}, {"device": "cuda"}])
def test_runs_that_were_computed_otherwise_are_told(changes: dict[str, object]) -> None:
    """One run on another device, with more threads or another PyTorch is enough."""
    results = make_results()
    other = _compute(results, next(iter(results.runs)), **changes)
    (notice,) = _find(make_material(other), "same version of PyTorch")
    assert "the appendix lists them" in notice
    assert 2 == len(describe_circumstances(other))
    assert 1 == len(describe_circumstances(results))
    assert "1 thread a run, PyTorch 2.9.0" in describe_circumstances(results)[0]


def test_what_a_time_budget_left_is_told(material: Material) -> None:
    """The budget, and what was trained for it."""
    trimmed = Trimmed(5400, (2, 3), {"mlp": (12, 20), "cnn": (7, 12)}, 1.0)
    short = replace(material, manifest=replace(material.manifest, trimmed=trimmed))
    (notice,) = _find(short, "To keep within a budget")
    assert "2 of 3 seeds" in notice
