import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

import pytest

import mnistreport
from benchmarks.size import Cost, Growth, fit_growth, make_project, measure_sizes
from mnistreport.analysis.frames import make_levels_frame, make_runs_frame
from mnistreport.pipeline import Listener, Project, collect_results, gather_material, look_up
from mnistreport.report.context import make_context
from mnistreport.report.stamp import digest_inputs
from mnistreport.training.store import RECORD, TENSORS

SEEDS, LEVELS = 2, 5
FEW, MANY = 42, 162
"""Runs of four studies, and of sixteen, each with the baseline and five levels of its own."""


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, ...]:
    """One with few stored runs, one with many."""
    return tuple(
        make_project(tmp_path_factory.mktemp("project"), runs, seeds=SEEDS, levels=LEVELS)
        for runs in (FEW, MANY)
    )


def gather(project: Project) -> None:
    """Do all that a build does before it draws, where nothing is left to train."""
    results = collect_results(project, lambda each: look_up(each, project, Listener()))
    assert () == results.incomplete
    material = gather_material(project, results)
    digest_inputs(material, project.folder, project.output, ())
    make_context(material)
    make_runs_frame(results)
    make_levels_frame(results)


def count_lines(project: Project) -> int:
    """Return how many lines of the package ``gather`` executes, an expression's loops counted."""
    package, count = str(Path(mnistreport.__file__).parent), 0

    def trace(frame: FrameType, event: str, _argument: object):  # noqa: ANN202 - it returns itself
        nonlocal count
        if not frame.f_code.co_filename.startswith(package):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        gather(project)
    finally:
        sys.settrace(before)
    return count


def test_work_grows_with_the_runs_and_no_faster(projects: Iterable[Project]) -> None:
    """Nothing looks through all runs, or all levels, for each of them."""
    few, many = map(count_lines, projects)
    assert many / few < 1.02 * MANY / FEW


def test_a_runs_files_are_read_once(
    projects: Iterable[Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its record once, its tensors once more if predictions are compared, however many runs."""
    read: Counter[str] = Counter()
    read_bytes = Path.read_bytes

    def count(path: Path) -> bytes:
        read[path.name] += 1
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", count)
    for project, runs in zip(projects, (FEW, MANY), strict=True):
        read.clear()
        gather(project)
        assert runs == read[RECORD]
        assert runs + runs // SEEDS == read[TENSORS]


def test_costs_are_measured() -> None:
    """Of commands that end well, and of a build that finds nothing to do."""
    costs = measure_sizes((30,), repeats=1)
    assert ["plan", "build", "aggregation"] == [cost.what for cost in costs]
    plan, build, _ = costs
    for cost in (plan, build):
        assert cost.peak_bytes
        assert 10e6 < cost.peak_bytes < 400e6
        assert 0 < cost.cpu_seconds


def test_growth_is_told_from_what_starting_takes() -> None:
    """A square beside a start of one second is found as such in what runs add."""
    costs = [Cost("plan", n, 9.0, 1 + (n - 100) ** 2 / 1e6) for n in (100, 1000, 5000)]
    costs += [Cost("aggregation", n, 9.0, n / 1000) for n in (100, 1000, 5000)]
    plan, aggregation = fit_growth(costs)
    assert pytest.approx(2) == plan.added
    assert plan.whole < 1
    assert Growth("aggregation", pytest.approx(1), pytest.approx(1)) == aggregation
