"""The tables of the manifest that decide what a run does: ``[training]`` and ``[models.NAME]``.

A new hyper-parameter is a field here, one in ``experiment``, and the one place in ``training``
that obeys it.
"""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from pydantic import Field

from mnistreport.study.experiment import (
    Architecture,
    CnnArchitecture,
    MlpArchitecture,
    TrainingSetting,
)
from mnistreport.study.manifest import FieldValue
from mnistreport.study.rules import (
    Distinct,
    KernelSize,
    Penalty,
    Probability,
    Seed,
    Several,
    Table,
    Width,
)

MOST_MODELS: Final = 20
"""Models of one manifest."""
MOST_PARAMETERS: Final = 200_000_000
"""Larger models are refused before anything is allocated."""


class TrainingFields(Table):
    """How a model is trained; `[training]` gives it for all models, a model may override it."""

    optimizer: Literal["sgd"] = Field(
        default="sgd", description="The optimiser: stochastic gradient descent."
    )
    learning_rate: float = Field(
        default=0.01,
        gt=0,
        le=1e9,
        description="Step size of gradient descent; too large a one diverges.",
    )
    momentum: Probability = Field(
        default=0.0, description="Share of the last step that is taken again; 0 is plain descent."
    )
    weight_decay: Penalty = Field(
        default=0.0, description="L2 penalty: this times the weight is added to its gradient."
    )
    batch_size: int = Field(default=64, ge=1, le=1_000_000, description="Images per update.")
    epochs: int = Field(default=20, ge=1, le=10_000, description="Passes over the training split.")

    @property
    def setting(self) -> TrainingSetting:
        """The same as the value that training reads."""
        return TrainingSetting(
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            epochs=self.epochs,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            optimizer=self.optimizer,
        )


class TrainingTable(TrainingFields):
    """The baseline that all models share."""

    seeds: Distinct[Seed] = Field(
        default=(0, 1, 2),
        min_length=1,
        max_length=100,
        description="Each variant is trained once with each; three or more show how much is luck.",
    )


class ModelFields(TrainingFields):
    """What the kinds of models have in common.

    Attributes:
        list_fields: Names of the fields that hold lists, which a study's factor cannot be.
    """

    list_fields: ClassVar[frozenset[str]]

    dropout: Probability = Field(
        default=0.0, description="Probability of dropping a hidden activation while training."
    )
    layer_norm: bool = Field(
        default=False, description="Whether the activations of each hidden layer are normalised."
    )

    @property
    def fields(self) -> dict[str, FieldValue]:
        """Every field of the setting: first those of the kind, then those of training."""
        return {name: getattr(self, name) for name in self._names()}

    def _names(self) -> list[str]:
        every = [name for name in type(self).model_fields if name not in {"kind", *self._unused()}]
        every.sort(key=lambda name: name in TrainingFields.model_fields)
        return ["kind", *every]

    def _unused(self) -> frozenset[str]:
        return frozenset()


class MlpTable(ModelFields):
    """A feedforward network: hidden layers with ReLU between them, then ten logits."""

    list_fields: ClassVar[frozenset[str]] = frozenset({"layers"})

    kind: Literal["mlp"] = Field(description="A feedforward network.")
    hidden_layers: int = Field(
        default=2, ge=1, le=64, description="Number of hidden layers, all of `neurons`."
    )
    neurons: Width = Field(default=128, description="Neurons of each hidden layer.")
    layers: Several[Width] = Field(
        default=(),
        min_length=1,
        max_length=64,
        description="Neurons of each hidden layer, first to last; instead of `hidden_layers` and "
        "`neurons`.",
    )

    @property
    def architecture(self) -> Architecture:
        """The same as the value that training reads."""
        layers = self.layers or (self.neurons,) * self.hidden_layers
        return MlpArchitecture(layers=layers, dropout=self.dropout, layer_norm=self.layer_norm)

    def _unused(self) -> frozenset[str]:
        return frozenset({"hidden_layers", "neurons"} if self.layers else {"layers"})


class CnnTable(ModelFields):
    """A convolutional network: blocks that each halve the image, a dense layer, ten logits."""

    list_fields: ClassVar[frozenset[str]] = frozenset({"channels"})

    kind: Literal["cnn"] = Field(description="A convolutional network.")
    channels: Several[Width] = Field(
        default=(16, 32),
        min_length=1,
        max_length=4,  # 28, 14, 7, 3, 1 pixels: there is nothing left to halve
        description="Output channels of each block, first to last; each block halves the image.",
    )
    kernel_size: KernelSize = Field(
        default=3, description="Height and width of every kernel, in pixels; odd."
    )
    dense: Width = Field(
        default=128, description="Neurons of the dense layer before the ten logits."
    )

    @property
    def architecture(self) -> Architecture:
        """The same as the value that training reads."""
        return CnnArchitecture(
            channels=self.channels,
            kernel_size=self.kernel_size,
            dense=self.dense,
            dropout=self.dropout,
            layer_norm=self.layer_norm,
        )


ModelTable = MlpTable | CnnTable
MODEL_TABLES: Final[Mapping[str, type[ModelTable]]] = {"mlp": MlpTable, "cnn": CnnTable}
"""The table of each kind of model."""


def list_factors(kind: str) -> tuple[str, ...]:
    """Name the fields of a kind of model that a study's `factor` can be.

    Lists (`layers`, `channels`) are varied through named variants, and of optimisers there is one.
    """
    table = MODEL_TABLES[kind]
    ruled_out = {"kind", "optimizer"} | table.list_fields
    return tuple(name for name in table.model_fields if name not in ruled_out)
