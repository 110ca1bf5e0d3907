from dataclasses import astuple, replace

import numpy as np
import pytest

from mnistreport.data.split import LearningSizes
from mnistreport.study.experiment import (
    Architecture,
    CnnArchitecture,
    MlpArchitecture,
    TrainingSetting,
    Variant,
)
from mnistreport.training.cost import (
    ROUGH,
    ROUGH_COSTS,
    STARTUP_SECONDS,
    CostModel,
    Costs,
    Timing,
    _estimate_updates,
    estimate_wall_clock,
    fit_costs,
)


def _estimate(
    architecture: Architecture,
    *,
    epochs: int = 2,
    batch_size: int = 64,
    train: int = 1000,
    validation: int = 300,
) -> float:
    setting = TrainingSetting(0.1, batch_size, epochs)
    sizes = LearningSizes(train, validation)
    return ROUGH_COSTS.estimate_seconds(Variant("any", architecture, setting), sizes)


def test_multiplications_by_hand() -> None:
    """A kernel serves every pixel: 784 times 2 × 3 × 3, then 392 × 4 and 4 × 10."""
    assert 14_112 + 1_568 + 40 == CnnArchitecture((2,), 3, 4).multiplications


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        (MlpArchitecture((32, 32)), MlpArchitecture((64, 64))),
        (MlpArchitecture((64, 64)), MlpArchitecture((64, 64, 64))),
        (CnnArchitecture((4,), 3, 16), CnnArchitecture((8,), 3, 16)),
        (CnnArchitecture((8,), 3, 16), CnnArchitecture((8,), 5, 16)),
        (CnnArchitecture((8,), 3, 16), CnnArchitecture((8,), 3, 32)),
        (MlpArchitecture((128, 128)), CnnArchitecture((16, 32), 5, 128)),
    ],
)
def test_larger_networks_take_longer(smaller: Architecture, larger: Architecture) -> None:
    """More neurons, layers, channels or larger kernels cost more."""
    assert _estimate(smaller) < _estimate(larger)


def test_cost_grows_with_the_work() -> None:
    """Epochs multiply the estimate, images and updates add to it."""
    network = MlpArchitecture((32, 32))
    assert pytest.approx(5 * _estimate(network, epochs=2)) == _estimate(network, epochs=10)
    assert _estimate(network, train=1000) < _estimate(network, train=2000)
    assert _estimate(network, validation=300) < _estimate(network, validation=3000)
    assert _estimate(network, batch_size=64) < _estimate(network, batch_size=16)


def _plant(costs: Costs, *, noise: float = 0.0) -> list[Timing]:
    """Make timings of networks and batches of many sizes, as if ``costs`` were true."""
    model = CostModel({"mlp": costs})
    chance = np.random.default_rng(0)
    timings: list[Timing] = []
    for width in (8, 64, 512):
        for batch_size in (16, 64, 1024):
            for images in (1000, 42_000):
                variant = Variant(
                    "m", MlpArchitecture((width,) * 2), TrainingSetting(0.1, batch_size, 1)
                )
                seconds = _estimate_updates(model.costs["mlp"], variant, images)
                timings.append(Timing(variant, images, seconds * (1 + chance.normal(0, noise))))
    return timings


def test_planted_costs_are_found() -> None:
    """Known costs are found again in durations, on a slow machine of other proportions, too."""
    planted = Costs(1e-10, 2e-3, 7.5e-9)
    fitted = fit_costs(_plant(planted))
    assert pytest.approx(planted.multiplication, rel=0.02) == fitted.costs["mlp"].multiplication
    assert pytest.approx(planted.update, rel=0.02) == fitted.costs["mlp"].update
    assert pytest.approx(planted.value, rel=0.02) == fitted.costs["mlp"].value
    assert (fitted.error or 1) < 0.02
    assert ({"mlp": 18}, 18) == (fitted.runs, fitted.tried)
    assert ROUGH["cnn"] == fitted.costs["cnn"]


def test_an_error_as_large_as_the_noise_is_told() -> None:
    """Where durations scatter by a tenth, estimates are said to be off by about as much."""
    fitted = fit_costs(_plant(ROUGH["mlp"], noise=0.1))
    assert 0.03 < (fitted.error or 0) < 0.15


def test_no_cost_is_below_zero() -> None:
    """Durations that only a negative cost would explain give none."""
    timings = [
        replace(each, epoch_seconds=10 / each.epoch_seconds) for each in _plant(ROUGH["mlp"])
    ]
    assert min(astuple(fit_costs(timings).costs["mlp"])) >= 0


def test_one_setting_scales_the_constants() -> None:
    """With a single setting stored, everything is as much slower as that is, with no error told."""
    (first, *_) = _plant(ROUGH["mlp"])
    fitted = fit_costs([replace(first, epoch_seconds=first.epoch_seconds * 3)] * 2)
    assert pytest.approx([3 * each for each in astuple(ROUGH["mlp"])]) == list(
        astuple(fitted.costs["mlp"])
    )
    assert (None, {"mlp": 2}, 0) == (fitted.error, fitted.runs, fitted.tried)


def test_an_error_tells_of_how_many_runs_it_is() -> None:
    """A kind of network with a single setting cannot be left out, and does not count."""
    (first, *_), network = _plant(ROUGH["mlp"]), CnnArchitecture((4,), 3, 16)
    alone = replace(first, variant=replace(first.variant, architecture=network))
    fitted = fit_costs([*_plant(ROUGH["mlp"]), alone, alone])
    assert ({"mlp": 18, "cnn": 2}, 18) == (fitted.runs, fitted.tried)


def test_nothing_stored_leaves_the_constants() -> None:
    """Without timings the model is the rough one."""
    assert ROUGH_COSTS == fit_costs(())


def test_workers_share_what_can_be_shared() -> None:
    """Two workers halve the time of many runs, but not of a long one, nor of an odd one out."""
    assert pytest.approx(STARTUP_SECONDS + 20) == estimate_wall_clock([10.0] * 4, 2)
    assert pytest.approx(STARTUP_SECONDS + 90) == estimate_wall_clock([90.0, 1.0, 1.0], 2)
    assert pytest.approx(STARTUP_SECONDS + 20) == estimate_wall_clock([10.0] * 3, 2)
    assert pytest.approx(STARTUP_SECONDS + 12) == estimate_wall_clock([5.0, 7.0, 5.0, 7.0], 2)
    assert 0 == estimate_wall_clock([], 2)
