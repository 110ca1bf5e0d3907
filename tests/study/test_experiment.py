from dataclasses import fields, replace
from typing import Any

import pytest

from mnistreport.study.experiment import (
    CnnArchitecture,
    Experiment,
    MlpArchitecture,
    TrainingSetting,
    Variant,
)

MLP = MlpArchitecture(layers=(128, 128))
CNN = CnnArchitecture(channels=(16, 32), kernel_size=3, dense=128)
TRAINING = TrainingSetting(learning_rate=0.01, batch_size=64, epochs=20)
OTHER_VALUES: dict[str, Any] = {
    "layers": (128, 64),
    "channels": (16, 33),
    "kernel_size": 5,
    "dense": 64,
    "dropout": 0.5,
    "layer_norm": True,
    "kind": "another",
    "learning_rate": 0.1,
    "batch_size": 32,
    "epochs": 21,
    "momentum": 0.9,
    "weight_decay": 0.1,
    "optimizer": "another",
}


def fingerprint(variant: Variant, seed: int = 0, split: str = "a") -> str:
    """Name the run of a variant with a seed on a split."""
    return Experiment(variant, seed, split).fingerprint


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        # 785 weights and biases for each of 128 neurons, 129 for each of 128, 129 for each of 10
        (MLP, 100_480 + 16_512 + 1_290),
        (MlpArchitecture(layers=(3,)), 785 * 3 + 4 * 10),
        # a gain and a bias for each of the 256 hidden neurons
        (replace(MLP, layer_norm=True), 118_282 + 512),
        (replace(MLP, dropout=0.5), 118_282),
        # 10 for each of 16 kernels, 145 for each of 32; then 7 by 7 pixels of 32 channels
        (CNN, 160 + 4_640 + (1_568 + 1) * 128 + 1_290),
        # a gain and a bias for 16 × 14 × 14 and 32 × 7 × 7 values, and for 128
        (replace(CNN, layer_norm=True), 206_922 + 2 * (3_136 + 1_568 + 128)),
        # four blocks leave one pixel: 28, 14, 7, 3, 1
        (CnnArchitecture(channels=(1, 1, 1, 1), kernel_size=1, dense=1), 4 * 2 + 2 + 20),
    ],
)
def test_parameters_are_counted_as_by_hand(
    architecture: MlpArchitecture | CnnArchitecture, expected: int
) -> None:
    """The size of a model is known without making it."""
    assert expected == architecture.parameters


@pytest.mark.parametrize("architecture", [MLP, CNN])
def test_every_deciding_field_changes_fingerprint_and_key(
    architecture: MlpArchitecture | CnnArchitecture,
) -> None:
    """No two settings that could have different results share a stored run."""
    base = Variant("model", architecture, TRAINING)
    others = [
        replace(base, architecture=replace(architecture, **{field.name: OTHER_VALUES[field.name]}))
        for field in fields(architecture)
    ] + [
        replace(base, training=replace(TRAINING, **{field.name: OTHER_VALUES[field.name]}))
        for field in fields(TRAINING)
    ]
    assert 1 + len(others) == len({fingerprint(variant) for variant in (base, *others)})
    assert 1 + len(others) == len({variant.key for variant in (base, *others)})


def test_seed_and_split_change_the_fingerprint() -> None:
    """A run is of one seed on one split of one data set."""
    variant = Variant("model", MLP, TRAINING)
    prints = {fingerprint(variant), fingerprint(variant, seed=1), fingerprint(variant, split="b")}
    assert 3 == len(prints)


def test_name_of_the_model_decides_no_result() -> None:
    """Renaming a model trains nothing again, but keeps its variants apart from another's."""
    one, other = Variant("one", MLP, TRAINING), Variant("other", MLP, TRAINING)
    assert fingerprint(one) == fingerprint(other)
    assert one.key != other.key
