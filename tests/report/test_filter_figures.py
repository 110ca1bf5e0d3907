"""Pictures of first layers: of neurons, of kernels, and of what kernels find in a digit."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load
from safetensors.torch import save

from mnistreport.analysis.first_layer import FirstLayer, apply_kernels, read_first_layer
from mnistreport.data.pixels import measure_images
from mnistreport.report.figures.filters import plot_filters
from mnistreport.study.experiment import Architecture, CnnArchitecture, MlpArchitecture
from mnistreport.training.models import make_model
from tests.fake_results import make_digits

ROOT = Path(__file__).resolve().parents[2]
IMAGES, LABELS = make_digits(200)
TRAIN = np.arange(20, 150)
NORMALISATION = measure_images(IMAGES, TRAIN)


def _read(architecture: Architecture) -> FirstLayer:
    """Return the first layer of an untrained network, by way of the bytes that a run stores."""
    torch.manual_seed(3)
    layer = read_first_layer(load(save(make_model(architecture).state_dict())))
    assert layer is not None
    return layer


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("layer_norm", [False, True])
def test_what_kernels_find_is_what_the_network_finds(size: int, *, layer_norm: bool) -> None:
    """After max-pooling the maps are those of torch's own first block, pixel by pixel."""
    architecture = CnnArchitecture((6, 4), size, 8, layer_norm=layer_norm)
    torch.manual_seed(3)
    model = make_model(architecture)
    image = IMAGES[30]
    pixels = (torch.from_numpy(image / 255.0) - NORMALISATION.mean) / NORMALISATION.std
    first_block = model.layers[:3]  # convolution, max-pooling, ReLU
    with torch.no_grad():
        theirs = first_block(pixels.to(torch.float32)[None, None])[0].numpy()
    ours = apply_kernels(_read(architecture), image, NORMALISATION)
    assert (6, 28, 28) == ours.shape
    pooled = ours.reshape(6, 14, 2, 14, 2).max(axis=(2, 4))
    assert theirs.max() > 0
    np.testing.assert_allclose(theirs, pooled, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layers", [(8,), (8, 6)])
def test_a_neuron_is_the_image_of_its_weights(layers: tuple[int, ...]) -> None:
    """Pixel by pixel the weights are torch's, and the influence is read from the next layer."""
    architecture = MlpArchitecture(layers, dropout=0.5, layer_norm=True)
    layer = _read(architecture)
    torch.manual_seed(3)
    linear = [each for each in make_model(architecture).layers if isinstance(each, torch.nn.Linear)]
    assert linear[0].weight[5, 28 * 2 + 7].item() == layer.weights[5, 2, 7]
    assert linear[0].bias.tolist() == layer.biases.tolist()
    assert layer.influence is not None
    assert linear[1].weight.abs().sum(0).tolist() == pytest.approx(layer.influence.tolist())


def test_other_tensors_are_no_first_layer() -> None:
    """Tensors of no network that is known here give nothing, and no mistake."""
    assert read_first_layer({}) is None
    assert read_first_layer({"validation_predictions": np.zeros(3, np.uint8)}) is None
    alone = {"layers.0.weight": np.zeros((10, 784)), "layers.0.bias": np.zeros(10)}
    assert read_first_layer(alone) is None  # nothing follows that it could have an influence on


def test_kernels_are_drawn_with_an_image_of_the_training_split() -> None:
    """Sixteen kernels at most, what each finds, and a digit that training may see."""
    layer = _read(CnnArchitecture((20,), 5, 8))
    figure = plot_filters(layer, IMAGES, LABELS, TRAIN, "network", model="cnn")
    hidden = IMAGES.copy()
    hidden[:20] = hidden[150:] = 77
    again = plot_filters(layer, hidden, LABELS, TRAIN, "network", model="cnn")
    assert figure.picture == again.picture
    assert figure.name == "cnn-filters"
    assert figure.picture.svg.count(b"<image") == 1 + 1 + 16 + 16  # key, digit, kernels, maps
    assert "the first 16 of 20 kernels of 5 × 5 weights" in figure.caption
    assert "of the digit 4 from the training split" in figure.caption


def test_the_most_influential_neurons_are_drawn() -> None:
    """Those whose absolute weights into the next layer add up to the most, in that order."""
    weights = np.zeros((30, 28, 28), np.float32)
    weights[:, 0, 0] = np.arange(30) / 100
    layer = FirstLayer(weights, np.zeros(30, np.float32), np.arange(30, dtype=np.float32))
    figure = plot_filters(layer, IMAGES, LABELS, TRAIN, "network", model="mlp")
    svg = figure.picture.svg.decode()
    assert "neuron 30: weights" in svg
    assert "neuron 7: weights" in svg
    assert "neuron 6: weights" not in svg
    assert svg.index("neuron 30:") < svg.index("neuron 29:")
    assert "the 24 of 30 neurons" in figure.caption
    assert "range from 0.0000 to 0.29" in figure.alt


@pytest.mark.parametrize("architecture", [MlpArchitecture((3,)), CnnArchitecture((1,), 3, 2)])
def test_small_networks_are_drawn_as_well(architecture: Architecture) -> None:
    """Fewer neurons or kernels than there is room for are all of them, even if they are zero."""
    layer = _read(architecture)
    nothing = FirstLayer(0 * layer.weights, 0 * layer.biases, layer.influence)
    for each in (layer, nothing):
        figure = plot_filters(each, IMAGES, LABELS, TRAIN, "network")
        ET.fromstring(figure.picture.svg)  # noqa: S314 # our own
        assert "all" in figure.caption


def test_no_weights_are_told() -> None:
    """Where there is no first layer to be drawn, the figure says so."""
    figure = plot_filters(None, IMAGES, LABELS, TRAIN, "network", model="cnn")
    assert figure.name == "cnn-filters"
    assert figure.caption == "There are no weights of the network to be drawn."


def test_a_first_layer_is_known_by_its_numbers() -> None:
    """One weight that is another changes the digest, however large the layer is."""
    layer = _read(MlpArchitecture((64,)))
    changed = layer.weights.copy()
    changed[40, 14, 14] += 1e-3
    assert layer.sha256 == _read(MlpArchitecture((64,))).sha256
    assert layer.sha256 != replace(layer, weights=changed).sha256
    assert layer.sha256 != replace(layer, influence=None).sha256


def test_first_layers_need_no_torch() -> None:
    """Weights are read, applied and drawn without torch."""
    script = (
        "import sys, numpy as np; from tests.fake_results import make_digits; "
        "from mnistreport.analysis.first_layer import read_first_layer; "
        "from mnistreport.report.figures.filters import plot_filters; "
        "tensors = {'layers.0.weight': np.ones((2, 1, 3, 3)), 'layers.0.bias': np.ones(2)}; "
        "plot_filters(read_first_layer(tensors), *make_digits(40), np.arange(40), 'x'); "
        "print('torch' in sys.modules)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == "False"


@pytest.mark.parametrize("architecture", [MlpArchitecture((1,)), CnnArchitecture((1, 4), 3, 8)])
def test_one_is_not_all(architecture: Architecture) -> None:
    """A layer of one neuron or one kernel is not spoken of as of many."""
    figure = plot_filters(_read(architecture), IMAGES, LABELS, TRAIN, "network")
    for said in (figure.caption, figure.alt):
        assert "its only" in said
        assert "all 1" not in said
    assert "each" not in figure.caption
