import copy

import pytest
import torch
from torch import nn

from mnistreport.data.loaders import LearningTensors, make_loader
from mnistreport.training.descent import GradientDescent
from mnistreport.training.loss import cross_entropy
from mnistreport.training.models import make_model
from tests.training.small import CNN, MLP


@pytest.mark.parametrize("architecture", [MLP, CNN], ids=["mlp", "cnn"])
@pytest.mark.parametrize(
    ("momentum", "weight_decay"), [(0.0, 0.0), (0.9, 0.0), (0.0, 0.01), (0.9, 0.01)]
)
def test_equals_torchs(
    architecture: type, momentum: float, weight_decay: float, tensors: LearningTensors
) -> None:
    """Fifty steps on real batches end in the weights that torch's SGD ends in, to 1e-6."""
    torch.manual_seed(1)
    ours = make_model(architecture).double()
    theirs = copy.deepcopy(ours)
    descent = GradientDescent(
        ours.parameters(), learning_rate=0.1, momentum=momentum, weight_decay=weight_decay
    )
    sgd = torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=momentum, weight_decay=weight_decay)
    start = [weight.detach().clone() for weight in ours.parameters()]
    for _ in range(3):
        for images, labels in make_loader(tensors.train, 64, generator=None):
            descent.step(cross_entropy(ours(images.double()), labels))
            sgd.zero_grad()
            nn.functional.cross_entropy(theirs(images.double()), labels).backward()
            sgd.step()
    for weight, expected, before in zip(ours.parameters(), theirs.parameters(), start, strict=True):
        torch.testing.assert_close(weight, expected, rtol=0, atol=1e-6)
        assert not torch.equal(before, weight)


def test_two_steps_by_hand() -> None:
    """With loss w²/2, rate 0.1, momentum 0.5 and decay 0.2, w goes from 1 to 0.88 to 0.7144."""
    weight = nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
    descent = GradientDescent([weight], learning_rate=0.1, momentum=0.5, weight_decay=0.2)
    descent.step((weight**2).sum() / 2)  # velocity 1 + 0.2
    assert pytest.approx([0.88]) == weight.tolist()
    descent.step((weight**2).sum() / 2)  # velocity 0.6 + 0.88 + 0.176
    assert pytest.approx([0.7144]) == weight.tolist()


def test_starting_weights_are_not_shared() -> None:
    """Weight decay reads the weight without changing the gradient that was handed in."""
    weight = nn.Parameter(torch.tensor([2.0]))
    slope = torch.tensor([3.0])
    descent = GradientDescent([weight], learning_rate=0.5, momentum=0.9, weight_decay=0.1)
    descent.step((weight * slope).sum())
    assert [3.0] == slope.tolist()
    assert pytest.approx([2.0 - 0.5 * 3.2]) == weight.tolist()
