from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mnistreport.data.loaders import DigitTensors, LearningTensors
from mnistreport.data.pixels import Normalisation
from mnistreport.study.experiment import Experiment, MlpArchitecture, TrainingSetting
from mnistreport.training.cohort import train_cohort
from mnistreport.training.grouping import group_cohorts
from mnistreport.training.loop import TrainedModel
from mnistreport.training.result import EpochRow
from tests.training.small import make_experiment, train_here, without_times

PLAIN = TrainingSetting(learning_rate=0.1, batch_size=32, epochs=2)
WIDE = MlpArchitecture((32, 16))

SETTINGS = {
    "plain": (WIDE, PLAIN),
    "large products": (MlpArchitecture((128, 64)), PLAIN),
    "deep": (MlpArchitecture((64, 32, 32, 16)), PLAIN),
    "momentum": (WIDE, replace(PLAIN, momentum=0.5)),
    "weight decay": (WIDE, replace(PLAIN, weight_decay=0.01)),
    "both": (WIDE, replace(PLAIN, momentum=0.5, weight_decay=0.01)),
    "dropout": (MlpArchitecture((32, 16), dropout=0.3), PLAIN),
    "a last batch of one": (WIDE, replace(PLAIN, batch_size=22)),  # 1,079 = 49 × 22 + 1
}
each_setting = pytest.mark.parametrize("name", SETTINGS)


def _make_cohort(name: str) -> tuple[Experiment, ...]:
    """Return four experiments: three seeds, three learning rates."""
    architecture, setting = SETTINGS[name]
    return tuple(
        make_experiment(architecture, replace(setting, learning_rate=rate), seed=seed)
        for seed, rate in ((0, 0.1), (1, 0.1), (0, 0.02), (2, 0.05))
    )


def _train(
    cohort: Sequence[Experiment],
    tensors: LearningTensors,
    told: list[tuple[Experiment, EpochRow]] | None = None,
) -> list[TrainedModel]:
    def tell(experiment: Experiment, row: EpochRow) -> None:
        if told is not None:
            told.append((experiment, row))

    device = torch.device("cpu")
    return train_cohort(cohort, tensors.train, tensors.validation, device=device, on_epoch=tell)


def _collect(trained: TrainedModel) -> tuple[object, ...]:
    """Return all that a run leaves, but for its times."""
    weights = {k: v.flatten().tolist() for k, v in trained.model.state_dict().items()}
    history, predictions = without_times(trained.history), trained.validation_predictions.tolist()
    return trained.status, trained.reason, trained.updates, history, predictions, weights


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Train as a worker does."""
    torch.set_num_threads(1)


@each_setting
def test_a_member_is_what_it_would_be_alone(name: str, tensors: LearningTensors) -> None:
    """Every bit of a run is the same whichever others are in its cohort, and in which order."""
    cohort = _make_cohort(name)
    together = dict(zip(cohort, _train(cohort, tensors), strict=True))
    shuffled = dict(zip(cohort[::-1], _train(cohort[::-1], tensors), strict=True))
    for experiment in cohort:
        (alone,) = _train((experiment,), tensors)
        assert _collect(alone) == _collect(together[experiment])
        assert _collect(alone) == _collect(shuffled[experiment])


@pytest.mark.parametrize(
    ("layers", "batch_size"),
    [((128, 128), 64), ((128, 128), 32), ((32, 32), 64), ((64, 64), 64), ((128,) * 5, 64)],
)
def test_the_studies_of_the_assignment_are_the_same_alone(
    layers: tuple[int, ...], batch_size: int
) -> None:
    """So it is with the shapes of the default manifest, in the largest cohorts there are."""
    setting = TrainingSetting(0.1, batch_size, epochs=1)
    seeds = [make_experiment(MlpArchitecture(layers), setting, seed=seed) for seed in range(100)]
    cohorts = group_cohorts(seeds, estimate=lambda _: 1.0, jobs=1, on_gpu=False)
    cohort = max(cohorts, key=len)
    assert len(cohort) > 1
    draw = torch.Generator().manual_seed(0)
    images = torch.randn(5 * batch_size + 3, 1, 28, 28, generator=draw)
    digits = DigitTensors(images, torch.randint(10, (len(images),), generator=draw))
    tensors = LearningTensors(digits, digits, Normalisation(0.0, 1.0))
    for experiment, ours in zip(cohort, _train(cohort, tensors), strict=True):
        (alone,) = _train((experiment,), tensors)
        assert _collect(alone) == _collect(ours)


@each_setting
def test_a_member_follows_the_reference(name: str, tensors: LearningTensors) -> None:
    """Losses are those of the readable loop to 0.001 nats, accuracies to one image in a hundred."""
    cohort = _make_cohort(name)
    for experiment, ours in zip(cohort, _train(cohort, tensors), strict=True):
        reference = train_here(experiment, tensors)
        assert (reference.status, reference.updates) == (ours.status, ours.updates)
        for expected, row in zip(reference.history, ours.history, strict=True):
            assert pytest.approx(expected.train_loss, abs=1e-3) == row.train_loss
            assert pytest.approx(expected.validation_loss, abs=1e-3) == row.validation_loss
            assert pytest.approx(expected.train_accuracy, abs=0.01) == row.train_accuracy
            assert pytest.approx(expected.validation_accuracy, abs=0.01) == row.validation_accuracy


@each_setting
def test_the_gradients_are_exact(name: str, tensors: LearningTensors) -> None:
    """In double precision, two epochs end in the reference's weights to ten digits."""
    default = torch.get_default_dtype()
    doubles = replace(
        tensors,
        train=DigitTensors(tensors.train.images.double(), tensors.train.labels),
        validation=DigitTensors(tensors.validation.images.double(), tensors.validation.labels),
    )
    torch.set_default_dtype(torch.float64)
    try:
        cohort = _make_cohort(name)
        for experiment, ours in zip(cohort, _train(cohort, doubles), strict=True):
            reference = train_here(experiment, doubles).model.state_dict()
            for layer, weights in ours.model.state_dict().items():
                torch.testing.assert_close(weights, reference[layer], rtol=1e-10, atol=1e-10)
    finally:
        torch.set_default_dtype(default)


SINGLE = make_experiment(
    MlpArchitecture((32, 16), dropout=0.3), replace(PLAIN, batch_size=1, epochs=1), seed=1
)


def _compare_single(images: Tensor, labels: Tensor) -> tuple[float, float]:
    """Train on single images, in a cohort and by the reference: largest weight, and difference."""
    digits = DigitTensors(images, labels)
    tensors = LearningTensors(digits, digits, Normalisation(0.0, 1.0))
    (ours,) = _train((SINGLE,), tensors)
    pairs = zip(
        ours.model.state_dict().values(),
        train_here(SINGLE, tensors).model.state_dict().values(),
        strict=True,
    )
    largest, off = zip(*(((b.abs().max(), (a - b).abs().max())) for a, b in pairs), strict=True)
    return float(max(largest)), float(max(off))


def test_single_images_with_dropout_drift_by_rounding_alone(tensors: LearningTensors) -> None:
    """A thousand updates of one image each amplify rounding, and rounding only.

    The first updates agree to single precision. After a whole epoch the difference shrinks with
    the precision that is computed in, as no other mask, order or scale of a gradient would let it.
    """
    images, labels = tensors.train.images, tensors.train.labels
    largest, off = _compare_single(images[:20], labels[:20])
    assert off < 1e-5 * largest
    _, single = _compare_single(images, labels)
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        _, double = _compare_single(images.double(), labels)
    finally:
        torch.set_default_dtype(default)
    assert double < 1e-10
    assert double < 1e-5 * single


def test_one_that_diverges_leaves_the_others_alone(tensors: LearningTensors) -> None:
    """A diverged member ends where the reference has it end; the others go on as they would."""
    too_fast = make_experiment(WIDE, replace(PLAIN, learning_rate=1e6), seed=1)
    cohort = (*_make_cohort("plain"), too_fast)
    told: list[tuple[Experiment, EpochRow]] = []
    *others, diverged = _train(cohort, tensors, told)
    assert [_collect(each) for each in _train(cohort[:-1], tensors)] == list(map(_collect, others))
    reference = train_here(too_fast, tensors)
    assert "diverged" == diverged.status
    assert (reference.updates, reference.reason[:8]) == (diverged.updates, diverged.reason[:8])
    for experiment, trained in zip(cohort, (*others, diverged), strict=True):
        assert [row for each, row in told if each is experiment] == list(trained.history)


def test_members_share_the_time(tensors: LearningTensors) -> None:
    """What an epoch takes is divided among those who were trained in it."""
    rows = [trained.history[0] for trained in _train(_make_cohort("plain"), tensors)]
    assert 1 == len({row.duration_seconds for row in rows})
    assert 0 < rows[0].duration_seconds
