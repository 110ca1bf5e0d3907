from dataclasses import replace

import pytest

from mnistreport.study.experiment import (
    Architecture,
    CnnArchitecture,
    Experiment,
    MlpArchitecture,
    TrainingSetting,
)
from mnistreport.training.grouping import MOST_MEMBERS, Cohort, group_cohorts
from tests.training.small import make_experiment

SMALL = MlpArchitecture((32, 32))
SETTING = TrainingSetting(learning_rate=0.1, batch_size=64, epochs=2)


def _make(
    count: int, architecture: Architecture = SMALL, setting: TrainingSetting = SETTING
) -> list[Experiment]:
    return [make_experiment(architecture, setting, seed=seed) for seed in range(count)]


def _group(experiments: list[Experiment], *, jobs: int = 1, on_gpu: bool = False) -> list[Cohort]:
    return group_cohorts(
        experiments,
        estimate=lambda each: float(each.variant.architecture.multiplications),
        jobs=jobs,
        on_gpu=on_gpu,
    )


def test_everyone_is_in_one_cohort() -> None:
    """Grouping loses no experiment and doubles none."""
    experiments = [
        *_make(50),
        *_make(3, CnnArchitecture((2,), 3, 4)),
        *_make(5, replace(SMALL, dropout=0.5)),
    ]
    cohorts = _group(experiments, jobs=2)
    assert {e.fingerprint for e in experiments} == {e.fingerprint for c in cohorts for e in c}
    assert len(experiments) == sum(map(len, cohorts))


def test_seeds_and_learning_rates_go_together() -> None:
    """Runs that differ in seed or learning rate alone are trained side by side, up to a limit."""
    slower = replace(SETTING, learning_rate=0.01)
    cohorts = _group([*_make(20), *_make(20, setting=slower)])
    assert MOST_MEMBERS == max(map(len, cohorts))
    rates = [{each.variant.training.learning_rate for each in cohort} for cohort in cohorts]
    assert {0.1, 0.01} in rates


@pytest.mark.parametrize(
    ("architecture", "setting"),
    [
        (MlpArchitecture((32, 16)), SETTING),
        (replace(SMALL, dropout=0.5), SETTING),
        (SMALL, replace(SETTING, batch_size=32)),
        (SMALL, replace(SETTING, epochs=3)),
        (SMALL, replace(SETTING, momentum=0.9)),
        (SMALL, replace(SETTING, weight_decay=0.1)),
    ],
)
def test_nothing_else_may_differ(architecture: Architecture, setting: TrainingSetting) -> None:
    """Runs of another shape, batch size or length are in another cohort."""
    others = _make(20, architecture, setting)
    for cohort in _group([*_make(20), *others]):
        assert 1 == len({experiment in others for experiment in cohort})


@pytest.mark.parametrize(
    ("architecture", "setting"),
    [
        (CnnArchitecture((2,), 3, 4), SETTING),
        (replace(SMALL, layer_norm=True), SETTING),
        (MlpArchitecture((32, 20)), SETTING),
        (SMALL, replace(SETTING, batch_size=50)),
        (MlpArchitecture((512, 512)), SETTING),
    ],
    ids=["convolutional", "layer norm", "odd width", "odd batch", "large"],
)
def test_what_cannot_or_need_not_be_stacked(
    architecture: Architecture, setting: TrainingSetting
) -> None:
    """Networks without a stacked form, whose parts would not be aligned, or that gain nothing."""
    assert [1] * 20 == list(map(len, _group(_make(20, architecture, setting))))


def test_a_gpu_is_given_more() -> None:
    """What is large for a processor is small for a GPU."""
    experiments = _make(100, MlpArchitecture((512, 512)))
    assert max(map(len, _group(experiments, on_gpu=True))) > 1


def test_no_worker_is_left_without_work() -> None:
    """Three seeds of one variant are three cohorts where two workers could share them."""
    assert [1, 1, 1] == list(map(len, _group(_make(3), jobs=2)))


def test_the_longest_go_first() -> None:
    """Cohorts come by what they take in all, the longest first."""
    cohorts = _group(
        [*_make(9), *_make(3, MlpArchitecture((512, 512))), *_make(40, MlpArchitecture((16,)))]
    )
    taken = [sum(e.variant.architecture.multiplications for e in cohort) for cohort in cohorts]
    assert sorted(taken, reverse=True) == taken
