from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch.nn import functional

from mnistreport.data.dataset import DigitSet
from mnistreport.data.loaders import load_test_tensors
from mnistreport.data.split import Split
from mnistreport.study.experiment import CnnArchitecture, MlpArchitecture, TrainingSetting
from mnistreport.training.models import make_model
from mnistreport.training.result import FinalOutcome
from mnistreport.training.store import RunStore
from mnistreport.training.testing import classify_test_split, list_shapes, read_test_split
from mnistreport.training.trainer import Trainer
from tests.training.small import make_experiment, train_here

EXPERIMENTS = (
    make_experiment(MlpArchitecture((16, 16), dropout=0.3), TrainingSetting(0.1, 16, 3)),
    make_experiment(CnnArchitecture((2,), 3, 8, layer_norm=True), TrainingSetting(0.1, 64, 1)),
)


@pytest.fixture(scope="module")
def outcomes(
    digits: DigitSet, split: Split, tmp_path_factory: pytest.TempPathFactory
) -> list[FinalOutcome]:
    """What the test split says of two stored runs."""
    store = RunStore(tmp_path_factory.mktemp("cache"))
    trainer = Trainer(digits.folder, split.folder, "cpu")
    for experiment in EXPERIMENTS:
        (ended,) = trainer.train((experiment,), lambda _event: None)
        store.save_run(experiment, ended.result, ended.tensors)
    return read_test_split(EXPERIMENTS, store, digits.folder, split.folder)


@pytest.mark.parametrize("place", [0, 1], ids=["mlp", "cnn"])
def test_is_what_the_trained_network_says(
    place: int, outcomes: list[FinalOutcome], digits: DigitSet, split: Split, tensors: object
) -> None:
    """Accuracy, loss and confusion are those of the network that was trained, by hand."""
    outcome, experiment = outcomes[place], EXPERIMENTS[place]
    model = train_here(experiment, tensors).model  # type: ignore[arg-type]
    test = load_test_tensors(digits.folder, split.folder)
    with torch.no_grad():
        logits = model(test.images)
    predicted, true = logits.argmax(dim=1).numpy(), test.labels.numpy()
    expected = np.zeros((10, 10), dtype=int)
    np.add.at(expected, (true, predicted), 1)
    np.testing.assert_array_equal(expected, outcome.confusion)
    assert (experiment.fingerprint, 359) == (outcome.fingerprint, outcome.images)
    assert int((predicted == true).sum()) == outcome.right
    assert outcome.right / 359 == outcome.accuracy
    loss = functional.cross_entropy(logits.double(), test.labels).item()
    assert pytest.approx(loss, rel=1e-5) == outcome.loss


@pytest.mark.parametrize("place", [0, 1], ids=["mlp", "cnn"])
def test_every_mistake_is_kept(
    place: int, outcomes: list[FinalOutcome], digits: DigitSet, split: Split
) -> None:
    """Each wrong test image is named by its place in the data set, the most confident first."""
    outcome = outcomes[place]
    assert outcome.images - outcome.right == len(outcome.mistakes)
    assert len(outcome.mistakes) == len({mistake.image for mistake in outcome.mistakes})
    tested = set(split.test.tolist())
    for mistake in outcome.mistakes:
        assert mistake.image in tested
        assert digits.labels[mistake.image] == mistake.true
        assert mistake.predicted != mistake.true
    confidences = [mistake.confidence for mistake in outcome.mistakes]
    assert sorted(confidences, reverse=True) == confidences
    assert all(0.1 < confidence <= 1 for confidence in confidences)


def test_without_the_weights_there_is_no_test(
    digits: DigitSet, split: Split, tmp_path: Path
) -> None:
    """A run that is not stored cannot be tested."""
    with pytest.raises(FileNotFoundError):
        read_test_split(EXPERIMENTS, RunStore(tmp_path), digits.folder, split.folder)


@pytest.mark.parametrize("place", [0, 1], ids=["mlp", "cnn"])
def test_weights_alone_give_the_same_count(
    place: int, outcomes: list[FinalOutcome], digits: DigitSet, split: Split, tensors: object
) -> None:
    """Stored weights, without their run, classify as many test images correctly."""
    experiment = EXPERIMENTS[place]
    model = train_here(experiment, tensors).model  # type: ignore[arg-type]
    weights = save({name: each.contiguous() for name, each in model.state_dict().items()})
    architecture = experiment.variant.architecture
    right = classify_test_split(architecture, weights, digits.folder, split.folder)
    assert outcomes[place].right == right


def test_shapes_are_known_without_a_network() -> None:
    """Names and shapes are those of a network's tensors, also of one that no memory could hold."""
    for experiment in EXPERIMENTS:
        state = make_model(experiment.variant.architecture).state_dict()
        shapes = {name: tuple(each.shape) for name, each in state.items()}
        assert shapes == list_shapes(experiment.variant.architecture)
    huge = list_shapes(MlpArchitecture((10**6, 10**6)))
    assert (10**6, 10**6) in huge.values()
