import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from mnistreport.study.experiment import Architecture, CnnArchitecture, MlpArchitecture
from mnistreport.training.models import make_model

ARCHITECTURES: list[Architecture] = [
    MlpArchitecture((8, 8)),
    MlpArchitecture((30, 20, 11), dropout=0.3),
    MlpArchitecture((8,), layer_norm=True),
    MlpArchitecture((16, 8), dropout=0.5, layer_norm=True),
    CnnArchitecture((2,), 3, 4),
    CnnArchitecture((3, 5), 5, 7, dropout=0.5),
    CnnArchitecture((2, 3), 3, 8, layer_norm=True),
    CnnArchitecture((2, 3, 4, 5), 7, 6, dropout=0.2, layer_norm=True),
]
each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)


def _list_layers(model: nn.Module, *kinds: type[nn.Module]) -> list[nn.Module]:
    return [module for module in model.modules() if isinstance(module, kinds)]


@each_architecture
def test_parameters_are_counted_right(architecture: Architecture) -> None:
    """The number of parameters that reports print is that of the network that is trained."""
    made = sum(weight.numel() for weight in make_model(architecture).parameters())
    assert made == architecture.parameters


@each_architecture
def test_ten_logits_for_each_image(architecture: Architecture) -> None:
    """Images of 28 × 28 pixels go in, ten logits each come out."""
    logits = make_model(architecture)(torch.zeros(3, 1, 28, 28))
    assert ((3, 10), torch.float32) == (logits.shape, logits.dtype)


@each_architecture
def test_relu_between_layers(architecture: Architecture) -> None:
    """Every layer with weights but the last is followed by a ReLU before the next one."""
    order = [
        "relu" if isinstance(layer, nn.ReLU) else "weights"
        for layer in _list_layers(make_model(architecture), nn.Linear, nn.Conv2d, nn.ReLU)
    ]
    assert ["weights", "relu"] * len(architecture.sizes) + ["weights"] == order


@each_architecture
def test_layers_have_the_sizes_asked_for(architecture: Architecture) -> None:
    """The hidden layers are as many and as wide as the architecture says."""
    layers = _list_layers(make_model(architecture), nn.Linear, nn.Conv2d)
    widths = [layer.weight.shape[0] for layer in layers]
    assert [*architecture.sizes, 10] == widths


@each_architecture
def test_normalisation_and_dropout_only_where_asked(architecture: Architecture) -> None:
    """Layer normalisation follows each hidden layer; dropout each of an MLP, one of a CNN."""
    model = make_model(architecture)
    norms = len(architecture.sizes) if architecture.layer_norm else 0
    assert norms == len(_list_layers(model, nn.LayerNorm))
    dropped = len(architecture.sizes) if architecture.kind == "mlp" else 1
    rates = [layer.p for layer in model.modules() if isinstance(layer, nn.Dropout)]
    assert ([architecture.dropout] * dropped if architecture.dropout else []) == rates


@pytest.mark.parametrize(
    "architecture", [MlpArchitecture((64,), dropout=0.5), CnnArchitecture((2,), 3, 64, dropout=0.5)]
)
def test_dropout_is_for_training_only(architecture: Architecture) -> None:
    """While training two passes differ; at rest they do not."""
    model, images = make_model(architecture), torch.ones(2, 1, 28, 28)
    assert not torch.equal(model.train()(images), model(images))
    assert torch.equal(model.eval()(images), model(images))


@each_architecture
def test_weights_start_as_they_are_said_to(architecture: Architecture) -> None:
    """Initial weights fill [-a, a] with a = 1 / √inputs, and no more than that."""
    torch.manual_seed(0)
    for layer in _list_layers(make_model(architecture), nn.Linear, nn.Conv2d):
        bound = 1 / math.sqrt(layer.weight[0].numel())
        largest = layer.weight.abs().max().item()
        assert 0.7 * bound < largest <= bound


def test_order_of_pooling_and_relu_makes_no_difference() -> None:
    """Max-pooling before ReLU gives what max-pooling after it gives, at a quarter of the work."""
    model = make_model(CnnArchitecture((4,), 3, 8))
    kinds = [type(layer) for layer in _list_layers(model, nn.Conv2d, nn.MaxPool2d, nn.ReLU)]
    assert (nn.MaxPool2d, nn.ReLU) in pairwise(kinds)
    maps = torch.randn(5, 4, 28, 28, generator=torch.Generator().manual_seed(0))
    relu, pool = nn.ReLU(), nn.MaxPool2d(2)
    assert torch.equal(pool(relu(maps)), relu(pool(maps)))
