"""Stochastic gradient descent, from its definition."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import Parameter


class GradientDescent:
    """Takes one step against the gradient, with momentum and weight decay where asked.

    With learning rate η, momentum μ and weight decay λ, a weight w with gradient g moves by

        v ← μ v + (g + λ w)
        w ← w - η v

    which for μ = λ = 0 is plain gradient descent, ``w ← w - η g`` (Sutskever et al. 2013, in the
    form that torch.optim uses: the velocity is not scaled by the learning rate).
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        *,
        learning_rate: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self._velocities = [torch.zeros_like(weight) for weight in self.parameters]

    @torch.no_grad()
    def step(self, loss: Tensor) -> None:
        """Differentiate ``loss`` and move every weight once."""
        gradients = torch.autograd.grad(loss, self.parameters)
        for weight, gradient, velocity in zip(
            self.parameters, gradients, self._velocities, strict=True
        ):
            slope = gradient.add(weight, alpha=self.weight_decay) if self.weight_decay else gradient
            if self.momentum:
                slope = velocity.mul_(self.momentum).add_(slope)
            weight.sub_(slope, alpha=self.learning_rate)
