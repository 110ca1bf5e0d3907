import math

import pytest
import torch
from torch.nn import functional

from mnistreport.training.loss import cross_entropy


@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0, 1e4])
@pytest.mark.parametrize("images", [1, 64])
def test_equals_torchs(scale: float, images: int) -> None:
    """Value and gradient are those of torch's cross-entropy, to six digits."""
    generator = torch.Generator().manual_seed(images)
    logits = (scale * torch.randn(images, 10, generator=generator)).requires_grad_()
    labels = torch.randint(10, (images,), generator=generator)
    expected, ours = functional.cross_entropy(logits, labels), cross_entropy(logits, labels)
    torch.testing.assert_close(ours, expected, rtol=1e-6, atol=1e-6)
    (expected_slope,) = torch.autograd.grad(expected, logits)
    (slope,) = torch.autograd.grad(ours, logits)
    torch.testing.assert_close(slope, expected_slope, rtol=1e-6, atol=1e-6)


def test_extreme_logits_stay_finite() -> None:
    """Logits whose exponentials overflow cost what they must: nothing if right, all if wrong."""
    logits = torch.tensor([[1e30, 0.0, -1e30], [1e30, 0.0, -1e30]], requires_grad=True)
    loss = cross_entropy(logits, torch.tensor([0, 1]))
    assert pytest.approx(0.5e30) == loss.item()
    (slope,) = torch.autograd.grad(loss, logits)
    assert [[0.0, 0.0, 0.0], [0.5, -0.5, 0.0]] == slope.tolist()


def test_guessing_costs_the_logarithm_of_ten() -> None:
    """Equal logits cost ln 10 nats, whatever the label."""
    assert pytest.approx(math.log(10)) == cross_entropy(torch.ones(3, 10), torch.arange(3)).item()
