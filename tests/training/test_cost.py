import pytest

from mnistreport.study.experiment import (
    Architecture,
    CnnArchitecture,
    MlpArchitecture,
    TrainingSetting,
    Variant,
)
from mnistreport.training.cost import estimate_seconds


def _estimate(
    architecture: Architecture, *, epochs: int = 2, batch_size: int = 64, images: int = 1000
) -> float:
    setting = TrainingSetting(0.1, batch_size, epochs)
    return estimate_seconds(Variant("any", architecture, setting), images)


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
    assert _estimate(network, images=1000) < _estimate(network, images=2000)
    assert _estimate(network, batch_size=64) < _estimate(network, batch_size=16)
