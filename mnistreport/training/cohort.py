"""Cohorts: feedforward networks of one shape, trained side by side as one stacked network.

A small network leaves a processor idle between its many small operations. Networks that differ in
seed and learning rate only go through the same operations, so each weight matrix is one layer of
a stack, and one batched product serves all of them (Wang et al. 2021, "HFTA", MLSys; Farias et al.
2022, "ParallelMLPs"). Gradients are written out by hand, as backpropagation has them (Rumelhart
et al. 1986), so that each goes into its weight in the same operation that computes it.

``loop.train_model`` is the reference: it says in fewer words what is done, for one network of any
kind, and tests hold every member of a cohort to it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from mnistreport.data.loaders import DigitTensors, make_stacked_loader, sample_digits
from mnistreport.study.experiment import CLASSES, IMAGE_SIZE, Experiment
from mnistreport.training.grouping import ALIGNED
from mnistreport.training.loop import TrainedModel, evaluate, explain_divergence, make_row
from mnistreport.training.models import make_model
from mnistreport.training.products import add_product, multiply
from mnistreport.training.result import EpochRow, count_measured


@dataclass
class _Member:
    """A run of a cohort, as it goes on."""

    experiment: Experiment
    model: nn.Module
    alone: "_Stack"
    predictions: Tensor
    history: list[EpochRow] = field(default_factory=list[EpochRow])
    updates: int = 0
    reason: str = ""

    def end(self) -> TrainedModel:
        status = "diverged" if self.reason else "finished"
        history = tuple(self.history)
        return TrainedModel(
            self.model.eval(), status, history, self.updates, self.reason, self.predictions
        )


def train_cohort(
    experiments: Sequence[Experiment],
    train: DigitTensors,
    validation: DigitTensors,
    *,
    device: torch.device,
    on_epoch: Callable[[Experiment, EpochRow], None],
) -> list[TrainedModel]:
    """Train feedforward networks from scratch, each as its experiment says.

    Each draws weights, order and dropout as ``train_model`` lets it, and on a processor ends in
    the same bits whichever others are in the cohort. The images come on ``device``.

    Args:
        experiments: Their variants differ in the learning rate at most; see ``grouping``.
        train: All of the training split.
        validation: All of the validation split.
        device: Where the images are, and the networks shall be.
        on_epoch: Told of every row of every history.
    """
    setting = experiments[0].variant.training
    models, stack = _stack_models(experiments, device)
    orders = [torch.Generator().manual_seed(each.seed) for each in experiments]
    batches = make_stacked_loader(train, setting.batch_size, generators=orders)
    one_hot = torch.eye(CLASSES, device=device)
    measured = sample_digits(train, count_measured(len(train), len(validation)))
    members = [
        _Member(experiment, model, alone, torch.zeros(len(validation), dtype=torch.uint8))
        for experiment, model, alone in zip(experiments, models, stack.split(), strict=True)
    ]
    for epoch in range(1, setting.epochs + 1):
        going = [member for member in members if not member.reason]
        if not going:
            break
        started = time.perf_counter()
        for images, labels in batches:
            inputs = images.view(len(members), -1, IMAGE_SIZE**2)
            targets = one_hot.index_select(0, labels).view(len(members), -1, CLASSES)
            if inputs.shape[1] % ALIGNED:
                for i, member in enumerate(members):
                    member.alone.update(inputs[i : i + 1], targets[i : i + 1])
            else:
                stack.update(inputs, targets)
        duration = (time.perf_counter() - started) / len(members)
        for member in going:
            member.updates += len(batches)
            on_train = evaluate(member.alone.classify, measured)
            on_validation = evaluate(member.alone.classify, validation)
            if reason := explain_divergence(epoch, on_train, on_validation):
                member.reason = reason
                _release(member.model)
                continue
            member.predictions = on_validation.predictions
            member.history.append(make_row(epoch, on_train, on_validation, duration))
            on_epoch(member.experiment, member.history[-1])
    return [member.end() for member in members]


@dataclass(frozen=True)
class _Stack:
    """Feedforward networks of one shape, and gradient descent for all of them at once.

    Attributes:
        weights: Of each layer, float32 (members, outputs, inputs).
        biases: Of each layer, float32 (members, 1, outputs).
        velocities: Of each layer, those of its weights and its biases.
        rates: Learning rates, float32 (members, 1, 1).
        draws: What dropout draws from, one for each member.
        dropout: Probability of dropping a hidden activation.
        momentum: Share of the last step that is taken again.
        weight_decay: L2 penalty.
    """

    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    velocities: Sequence[tuple[Tensor, Tensor]]
    rates: Tensor
    draws: Sequence[torch.Generator]
    dropout: float
    momentum: float
    weight_decay: float

    def split(self) -> "list[_Stack]":
        """Return each member as a stack of one, of the same memory."""
        return [
            replace(
                self,
                weights=[each[i : i + 1] for each in self.weights],
                biases=[each[i : i + 1] for each in self.biases],
                velocities=[(w[i : i + 1], b[i : i + 1]) for w, b in self.velocities],
                rates=self.rates[i : i + 1],
                draws=self.draws[i : i + 1],
            )
            for i in range(len(self.draws))
        ]

    @torch.inference_mode()
    def update(self, images: Tensor, targets: Tensor) -> None:
        """Move every weight of every network once, against the gradient of its own batch.

        Args:
            images: float32 (members, b, 784).
            targets: float32 (members, b, 10), one-hot.
        """
        inputs, logits = self._propagate(images, drop=self.dropout > 0)

        # From here on, ``change`` is -η times the gradient of the mean loss. For the cross-entropy
        # of logits, that gradient is (softmax - one-hot) / b.
        change = logits.softmax(-1).sub_(targets).mul_(self.rates / -images.shape[1])
        for layer in reversed(range(len(self.weights))):
            weight, bias, below = self.weights[layer], self.biases[layer], inputs[layer]
            earlier = change
            if layer:  # through the weights as they were, then through ReLU and dropout
                earlier = multiply(change, weight).mul_(below.sign())
                if self.dropout:
                    earlier.div_(1 - self.dropout)
            of_weight, of_bias = self.velocities[layer]
            add_product(self._ready(weight, of_weight), change.mT, below)
            self._ready(bias, of_bias).add_(change.sum(1, keepdim=True))
            if self.momentum:
                weight.add_(of_weight)
                bias.add_(of_bias)
            change = earlier

    def classify(self, images: Tensor) -> Tensor:
        """Return the logits that a stack of one gives, float32 (n, 10).

        Args:
            images: float32 (n, 1, 28, 28).
        """
        return self._propagate(images.view(1, -1, IMAGE_SIZE**2), drop=False)[1][0]

    def _propagate(self, images: Tensor, *, drop: bool) -> tuple[list[Tensor], Tensor]:
        """Return what comes into each layer, and the logits."""
        inputs = [images]
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            hidden = multiply(inputs[-1], weight.mT).add_(bias).relu_()
            inputs.append(self._drop(hidden) if drop else hidden)
        return inputs, multiply(inputs[-1], self.weights[-1].mT).add_(self.biases[-1])

    def _drop(self, hidden: Tensor) -> Tensor:
        """Apply dropout to each member's activations, drawn from its own generator."""
        kept = torch.empty_like(hidden)
        for part, generator in zip(kept, self.draws, strict=True):
            part.bernoulli_(1 - self.dropout, generator=generator)
        return hidden.mul_(kept).div_(1 - self.dropout)

    def _ready(self, part: Tensor, velocity: Tensor) -> Tensor:
        """Return what -η times the gradient is to be added to: a velocity, or the weights.

        With u = -η v, the step of ``GradientDescent`` is u ← μ u - η (g + λ w), w ← w + u.
        """
        target = velocity.mul_(self.momentum) if self.momentum else part
        if self.weight_decay:
            target.addcmul_(part, self.rates, value=-self.weight_decay)
        return target


def _stack_models(
    experiments: Sequence[Experiment], device: torch.device
) -> tuple[list[nn.Module], _Stack]:
    """Make the networks, each drawn from its own seed; their weights are parts of the stack."""
    architecture, setting = experiments[0].variant.architecture, experiments[0].variant.training
    models: list[nn.Module] = []
    draws: list[torch.Generator] = []
    for experiment in experiments:
        torch.manual_seed(experiment.seed)
        models.append(make_model(architecture).to(device).requires_grad_(requires_grad=False))
        draws.append(_fork_generator(device))
    layers = list(zip(*map(_list_linears, models), strict=True))
    weights = [torch.stack([layer.weight for layer in each]) for each in layers]
    biases = [torch.stack([layer.bias for layer in each]).unsqueeze(1) for each in layers]
    for each, weight, bias in zip(layers, weights, biases, strict=True):
        for member, layer in enumerate(each):
            layer.weight.data, layer.bias.data = weight[member], bias[member, 0]
    rates = [experiment.variant.training.learning_rate for experiment in experiments]
    return models, _Stack(
        weights,
        biases,
        [(torch.zeros_like(w), torch.zeros_like(b)) for w, b in zip(weights, biases, strict=True)],
        torch.tensor(rates, device=device).view(-1, 1, 1),
        draws,
        architecture.dropout,
        setting.momentum,
        setting.weight_decay,
    )


def _release(model: nn.Module) -> None:
    """Let ``model`` keep its weights as they are now, whatever becomes of its stack."""
    for layer in _list_linears(model):
        layer.weight.data, layer.bias.data = layer.weight.clone(), layer.bias.clone()


def _list_linears(model: nn.Module) -> Iterator[nn.Linear]:
    return (layer for layer in model.modules() if isinstance(layer, nn.Linear))


def _fork_generator(device: torch.device) -> torch.Generator:
    """Return a generator that draws on from where torch's own for ``device`` stands."""
    on_cpu = device.type == "cpu"
    state = torch.get_rng_state() if on_cpu else torch.cuda.get_rng_state(device)
    return torch.Generator(device).set_state(state)
