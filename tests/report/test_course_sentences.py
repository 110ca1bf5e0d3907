"""What is said of the course of training is what was computed."""

import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistreport.analysis.results import StudySummary
from mnistreport.report.numbers import format_percent
from mnistreport.report.sentences import say_finding
from mnistreport.study.manifest import Level, Study
from tests.analysis.planted import MLP, find_finding, make_rate_study, plant

EPOCHS = re.compile(r"epochs? (\d+)(?: (?:to|and) (\d+))?")


def say(study: StudySummary) -> str:
    """Return what is said of levels that still learned."""
    finding = find_finding(study, "still_learning")
    assert finding is not None
    return say_finding(study, finding)


def plant_falling(losses: Sequence[float]) -> StudySummary:
    """Plant a study of which one of two levels has these validation losses."""
    study = make_rate_study([0.01, 0.1])
    return plant(study, {"0.01": [0.9], "0.1": [0.9]}, {"0.01": losses})


@given(st.integers(2, 60), st.floats(0.5, 0.97))
def test_the_fall_is_the_one_between_the_epochs_that_are_named(epochs: int, ratio: float) -> None:
    """A reader who takes the means over the named epochs finds the percentage that is printed."""
    losses = [2.0 * ratio**epoch for epoch in range(epochs)]
    finding = find_finding(plant_falling(losses), "still_learning")
    assert finding is not None
    said = say(plant_falling(losses))
    last, before = ((int(first), int(end or first)) for first, end in EPOCHS.findall(said))
    assert before[1] + 1 == last[0]
    assert epochs == last[1]
    then, now = (fmean(losses[first - 1 : end]) for first, end in (before, last))
    assert f" {format_percent((then - now) / then, 1)} lower" in said


@pytest.mark.parametrize(
    ("epochs", "words"),
    [
        (2, "it was 50.0\u202f% lower after epoch 2 than after epoch 1."),
        (9, "it was 50.0\u202f% lower after epoch 9 than after epoch 8."),
        (20, "its mean over epochs 17 to 20 was 93.8\u202f% lower than over epochs 13 to 16."),
    ],
)
def test_the_epochs_are_named(epochs: int, words: str) -> None:
    """Of two epochs there is no last fifth; of twenty the words say that means were compared."""
    assert words in say(plant_falling([0.5**epoch for epoch in range(epochs)]))


def test_levels_of_unequal_length_each_have_their_epochs() -> None:
    """A study of the number of epochs compares other epochs at each of its levels."""
    levels = tuple(
        Level(
            str(epochs),
            epochs,
            {"epochs": epochs},
            replace(MLP, training=replace(MLP.training, epochs=epochs)),
            is_baseline=epochs == 10,
        )
        for epochs in (2, 10)
    )
    study = Study("epochs", "epochs", "Epochs", "mlp", "epochs", levels, 1)
    losses = {str(epochs): [0.5**epoch for epoch in range(epochs)] for epochs in (2, 10)}
    said = say(plant(study, {"2": [0.9], "10": [0.9]}, losses))
    assert (
        "it was 50.0\u202f% to 75.0\u202f% lower at the end than before (epoch 2 against epoch 1 "
        "and epochs 9 and 10 against epochs 7 and 8, in the mean)."
    ) in said


@given(st.lists(st.floats(0.1, 3.0), min_size=2, max_size=12))
def test_a_loss_that_ended_well_above_its_lowest_did(losses: list[float]) -> None:
    """Where the last epoch came back down, nothing is said of an end well above the lowest."""
    finding = find_finding(plant_falling(losses), "overfitted")
    risen = losses[-1] / min(losses) - 1
    assert finding is None or risen >= 0.05


def test_a_last_epoch_that_dips_is_no_rise() -> None:
    """The means over fifths would have risen; the end that is spoken of has not."""
    dips = [1.0, 0.5, 0.5, *[0.9] * 6, 0.5]
    assert find_finding(plant_falling(dips), "overfitted") is None
    assert find_finding(plant_falling([*dips, 0.9]), "overfitted") is not None
