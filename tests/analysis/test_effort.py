from collections.abc import Sequence
from dataclasses import replace

import pytest

from mnistreport.analysis.findings import derive_findings
from mnistreport.analysis.results import LevelSummary, StudySummary
from tests.analysis.planted import find_finding, make_rate_study, make_width_study, plant

RATES = make_rate_study([0.01, 0.1, 1.0])
PLAIN = (0.90, 0.91, 0.89)


def _with_work(study: StudySummary, work: Sequence[tuple[int, float]]) -> StudySummary:
    """Return ``study`` with a number of updates and seconds for each level."""
    levels: list[LevelSummary] = []
    for level, (updates, seconds) in zip(study.levels, work, strict=True):
        runs = {
            seed: replace(
                run,
                updates=updates,
                history=tuple(
                    replace(row, duration_seconds=seconds / len(run.history)) for row in run.history
                ),
            )
            for seed, run in level.summary.runs.items()
        }
        levels.append(replace(level, summary=replace(level.summary, runs=runs)))
    return StudySummary(study.study, tuple(levels))


def test_work_is_compared() -> None:
    """Different numbers of updates, and training times that differ by half, are told."""
    study = plant(RATES, {"0.01": PLAIN, "0.1": PLAIN, "1": PLAIN})
    uneven = _with_work(study, [(400, 1.0), (100, 0.9), (200, 1.6)])
    updates, cost = find_finding(uneven, "updates"), find_finding(uneven, "cost")
    assert updates is not None
    assert cost is not None
    assert (uneven.levels[1], uneven.levels[0]) == (
        updates.values["fewest"],
        updates.values["most"],
    )
    assert (uneven.levels[1], uneven.levels[2]) == (cost.values["quickest"], cost.values["slowest"])
    even = _with_work(study, [(400, 1.0), (400, 1.1), (400, 1.2)])
    assert {"updates", "cost"}.isdisjoint(finding.kind for finding in derive_findings(even))


def test_a_cheaper_level_that_is_as_good_is_named() -> None:
    """If a level ties with the best and takes much less time, the report says which."""
    better = ((0.95, 0.96, 0.955), (0.952, 0.958, 0.958))
    study = plant(
        make_rate_study([0.01, 0.1, 1.0]), {"0.01": better[0], "0.1": PLAIN, "1": better[1]}
    )
    cost = find_finding(_with_work(study, [(100, 1.0), (100, 1.0), (100, 2.0)]), "cost")
    assert cost is not None
    assert (study.levels[2].label, study.levels[0].label) == (
        cost.get("best", LevelSummary).label,
        cost.get("thrifty", LevelSummary).label,
    )


WIDTHS = make_width_study([32, 64, 128, 256], baseline=64)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((0.80, 0.90, 0.92, 0.921), "clear"),
        ((0.80, 0.85, 0.90, 0.95), "within noise"),  # every doubling gives the same
    ],
)
def test_diminishing_returns_are_told(ends: Sequence[float], expected: str) -> None:
    """The last step to a larger network is held against the first."""
    wobble = (0.0, 0.002, -0.001)
    noise = [wobble, wobble[::-1], (0.001, 0.0, 0.002), wobble]
    accuracies = {
        level.label: tuple(end + each for each in of_level)
        for level, end, of_level in zip(WIDTHS.levels, ends, noise, strict=True)
    }
    finding = find_finding(plant(WIDTHS, accuracies), "returns")
    assert finding is not None
    assert expected == finding.strength
    assert pytest.approx(ends[1] - ends[0], abs=2e-3) == finding.values["first_gain"]
    assert pytest.approx(ends[3] - ends[2], abs=2e-3) == finding.values["last_gain"]
    small, large = finding.get("smallest", int), finding.get("largest", int)
    assert (784 * 32 + 32 + 32 * 10 + 10, 784 * 256 + 256 + 256 * 10 + 10) == (small, large)


def test_unlike_steps_are_not_compared() -> None:
    """A last step that is smaller than the first may give less for that reason alone."""
    study = make_width_study([32, 256, 300], baseline=32)
    ends = {"32": (0.80, 0.81, 0.79), "256": (0.90, 0.91, 0.89), "300": (0.90, 0.912, 0.89)}
    assert find_finding(plant(study, ends), "returns") is None
