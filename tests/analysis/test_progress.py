from dataclasses import replace

import pytest

from mnistreport.analysis.results import LevelSummary, StudySummary
from tests.analysis.planted import find_finding, make_rate_study, plant

RATES = make_rate_study([0.01, 0.1, 1.0])
ENDS = {"0.01": (0.80, 0.81, 0.785), "0.1": (0.90, 0.91, 0.89), "1": (0.95, 0.96, 0.95)}


def _descend(study: StudySummary, *, collapses: bool) -> StudySummary:
    """Give every run a loss that depends on its progress alone, or on its rate alone."""
    levels: list[LevelSummary] = []
    for level in study.levels:
        rate = level.summary.variant.training.learning_rate
        runs = {
            seed: replace(
                run,
                updates=1000,
                history=tuple(
                    replace(
                        row,
                        validation_loss=(1 + seed / 50)
                        / (1 + (rate * row.epoch if collapses else 5 * rate)),
                    )
                    for row in run.history
                ),
            )
            for seed, run in level.summary.runs.items()
        }
        levels.append(replace(level, summary=replace(level.summary, runs=runs)))
    return StudySummary(study.study, tuple(levels))


def test_curves_that_meet_once_progress_is_equal_are_told() -> None:
    """Where loss depends on how far descent has come alone, the study is one of that."""
    finding = find_finding(_descend(plant(RATES, ENDS), collapses=True), "progress")
    assert finding is not None
    assert ["0.01", "1"] == [each.label for each in finding.get_all("explained", LevelSummary)]
    assert "clear" == finding.strength
    assert pytest.approx(11 / 2) == finding.values["factor_epochs"]  # 1 + 10 × 1 against 1 + 1
    assert 1.0 <= finding.get("factor_progress", float) < 1.2  # but for straight lines between


def test_curves_that_stay_apart_are_told() -> None:
    """Where a level is as far from the baseline at equal progress, something else is at work."""
    finding = find_finding(_descend(plant(RATES, ENDS), collapses=False), "progress")
    assert finding is not None
    assert ["0.01", "1"] == [each.label for each in finding.get_all("unexplained", LevelSummary)]
    assert pytest.approx(6 / 1.5) == finding.values["factor_progress"]


def test_levels_that_do_not_differ_have_no_progress_to_explain() -> None:
    """Without a clear difference there is nothing that progress could explain."""
    same = dict.fromkeys(ENDS, (0.90, 0.91, 0.89))
    assert find_finding(_descend(plant(RATES, same), collapses=True), "progress") is None
