import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from mnistreport.data.loaders import DigitTensors, LearningTensors
from mnistreport.study.experiment import (
    Architecture,
    CnnArchitecture,
    MlpArchitecture,
    TrainingSetting,
)
from mnistreport.training.loop import evaluate_model, train_model
from mnistreport.training.models import make_model
from mnistreport.training.result import EpochRow
from tests.training.small import CNN, MLP, SETTING, make_experiment, train_here, without_times

EVERYTHING = MlpArchitecture((16, 8), dropout=0.4, layer_norm=True)
CNN_WITH_EVERYTHING = CnnArchitecture((2,), 3, 4, dropout=0.4, layer_norm=True)


@pytest.mark.parametrize(
    ("architecture", "learning_rate"),
    [(MlpArchitecture((32, 32)), 0.1), (CnnArchitecture((4, 8), 3, 32, layer_norm=True), 0.05)],
    ids=["mlp", "cnn"],
)
def test_learns(architecture: Architecture, learning_rate: float, tensors: LearningTensors) -> None:
    """On real digits loss falls, and most validation images are recognised."""
    setting = TrainingSetting(learning_rate, batch_size=16, epochs=6)
    history = train_here(make_experiment(architecture, setting), tensors).history
    assert history[0].train_loss > 2 * history[-1].train_loss
    assert history[0].validation_loss > history[-1].validation_loss
    assert history[-1].validation_accuracy > 0.85


def test_history_has_a_row_for_each_epoch(tensors: LearningTensors) -> None:
    """Rows are told as they come, and count epochs; updates are batches times epochs."""
    told: list[EpochRow] = []
    trained = train_here(make_experiment(), tensors, told.append)
    assert [1, 2] == [row.epoch for row in trained.history]
    assert told == list(trained.history)
    assert 2 * math.ceil(1079 / 64) == trained.updates
    assert ("finished", "") == (trained.status, trained.reason)
    assert all(row.duration_seconds > 0 for row in trained.history)


@pytest.mark.parametrize("architecture", [EVERYTHING, CNN_WITH_EVERYTHING], ids=["mlp", "cnn"])
def test_a_last_batch_of_one_trains(architecture: Architecture, tensors: LearningTensors) -> None:
    """The last batch is used however small it is, also with layer normalisation and dropout."""
    setting = TrainingSetting(0.1, batch_size=539, epochs=1)
    trained = train_here(make_experiment(architecture, setting), tensors)
    assert ("finished", 3) == (trained.status, trained.updates)  # 1,079 = 2 × 539 + 1


def _measure_by_hand(model: torch.nn.Module, digits: DigitTensors) -> tuple[float, float]:
    with torch.no_grad():
        logits = model.eval()(digits.images)
    right = (logits.argmax(dim=1) == digits.labels).double().mean().item()
    return functional.cross_entropy(logits.double(), digits.labels).item(), right


@pytest.mark.parametrize("architecture", [EVERYTHING, CNN], ids=["dropout", "cnn"])
def test_metrics_are_those_of_resting_weights(
    architecture: Architecture, tensors: LearningTensors
) -> None:
    """Both splits are measured after the epoch with one set of weights, dropout off."""
    trained = train_here(make_experiment(architecture), tensors)
    last = trained.history[-1]
    for digits, loss, accuracy in (
        (tensors.train, last.train_loss, last.train_accuracy),
        (tensors.validation, last.validation_loss, last.validation_accuracy),
    ):
        expected_loss, expected_accuracy = _measure_by_hand(trained.model, digits)
        assert pytest.approx(expected_loss, rel=1e-5) == loss
        assert expected_accuracy == accuracy


def test_predictions_are_those_of_the_last_epoch(tensors: LearningTensors) -> None:
    """The validation predictions that are kept agree with the accuracy that is reported."""
    trained = train_here(make_experiment(), tensors)
    predicted = trained.validation_predictions
    assert (torch.uint8, (359,)) == (predicted.dtype, predicted.shape)
    right = int((predicted == tensors.validation.labels).sum())
    assert right / 359 == trained.history[-1].validation_accuracy


def test_measuring_leaves_no_trace(tensors: LearningTensors) -> None:
    """What is measured, and how often, changes neither weights nor what is trained next."""
    experiment = make_experiment(EVERYTHING)
    plain = train_here(experiment, tensors)

    few = DigitTensors(tensors.validation.images[:5], tensors.validation.labels[:5])
    watched = train_model(
        experiment, tensors.train, few, device=torch.device("cpu"), on_epoch=lambda _row: None
    )
    assert [row.train_loss for row in plain.history] == [row.train_loss for row in watched.history]
    model = make_model(EVERYTHING)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    evaluate_model(model, tensors.validation)
    assert all(torch.equal(before[name], w) for name, w in model.state_dict().items())


def test_evaluation_measures_every_image_once(tensors: LearningTensors) -> None:
    """Batches of a measurement do not show: 1,079 images give 1,079 rows that each add up to 1."""
    torch.manual_seed(0)
    model = make_model(EVERYTHING)
    evaluation = evaluate_model(model, tensors.train)
    assert (1079, 10) == evaluation.probabilities.shape
    np.testing.assert_allclose(1, evaluation.probabilities.sum(dim=1).numpy(), rtol=1e-5)
    loss, accuracy = _measure_by_hand(model, tensors.train)
    assert (pytest.approx(loss, rel=1e-5), accuracy) == (evaluation.loss, evaluation.accuracy)


@pytest.mark.parametrize("architecture", [EVERYTHING, CNN], ids=["mlp", "cnn"])
def test_equal_seeds_give_equal_bits(architecture: Architecture, tensors: LearningTensors) -> None:
    """An experiment ends in the same bits each time, whatever ran before it in this process."""
    experiment = make_experiment(architecture, seed=7)
    first = train_here(experiment, tensors)
    train_here(make_experiment(CNN, seed=8), tensors)
    torch.rand(13)
    np.random.default_rng().random(3)
    second = train_here(experiment, tensors)
    assert without_times(first.history) == without_times(second.history)
    weights = second.model.state_dict()
    assert all(torch.equal(weights[k], w) for k, w in first.model.state_dict().items())
    assert torch.equal(first.validation_predictions, second.validation_predictions)


def test_different_seeds_differ(tensors: LearningTensors) -> None:
    """Another seed gives other weights and another history."""
    one, other = (train_here(make_experiment(seed=seed), tensors) for seed in (0, 1))
    assert without_times(one.history) != without_times(other.history)


def test_the_seed_decides_order_and_weights_alike(tensors: LearningTensors) -> None:
    """Two seeds already differ before any batch order can matter: with one batch of everything."""
    setting = TrainingSetting(1e-9, batch_size=2000, epochs=1)
    one, other = (train_here(make_experiment(MLP, setting, seed=s), tensors) for s in (0, 1))
    assert one.history[0].train_loss != other.history[0].train_loss


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    "architecture",
    [
        MlpArchitecture((128, 128)),
        MlpArchitecture((8,)),  # its units die, and its loss stays finite: some hundred thousand
        CnnArchitecture((4,), 3, 16, layer_norm=True),
    ],
    ids=["mlp", "small mlp", "cnn"],
)
def test_a_learning_rate_too_large_diverges(
    architecture: Architecture, seed: int, tensors: LearningTensors
) -> None:
    """A loss that is huge or no number ends the run, which says so; its history is finite."""
    setting = TrainingSetting(1e6, batch_size=64, epochs=5)
    told: list[EpochRow] = []
    trained = train_here(make_experiment(architecture, setting, seed=seed), tensors, told.append)
    assert "diverged" == trained.status
    assert f"epoch {len(trained.history) + 1}" in trained.reason
    assert told == list(trained.history)
    assert all(
        math.isfinite(value)
        for row in trained.history
        for value in (row.train_loss, row.validation_loss)
    )
    assert 0 < trained.updates < 5 * math.ceil(1079 / 64)


def test_momentum_and_decay_reach_the_descent(tensors: LearningTensors) -> None:
    """Each of the settings changes what is learned."""
    settings = (
        SETTING,
        TrainingSetting(0.1, 64, 2, momentum=0.9),
        TrainingSetting(0.1, 64, 2, weight_decay=0.1),
        TrainingSetting(0.2, 64, 2),
        TrainingSetting(0.1, 32, 2),
    )
    losses = {train_here(make_experiment(MLP, s), tensors).history[-1].train_loss for s in settings}
    assert 5 == len(losses)
