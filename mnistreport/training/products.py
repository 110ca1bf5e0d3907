"""Products of matrices, by whichever library is fast on this processor.

torch multiplies matrices with Intel's MKL, which keeps to AVX2 on AMD's processors; oneDNN, which
torch brings along for its convolutions, uses AVX-512 there, too, and is about twice as fast for all
but small products. Which is taken depends on the processor and on the shapes alone, so that equal
runs on equal machines stay equal to the bit.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

import torch
from torch import Tensor

from mnistreport.training.processor import name_processor

LINEAR: Final = "_linear_pointwise"
"""What torch calls its linear layer by oneDNN. Compiled networks are made of it; under this name it
is not meant for everyone, so a release without it does with MKL."""
SMALLEST: Final = 2**21
"""Multiplications from which on oneDNN's start-up, some microseconds, is worth it."""


def multiply(left: Tensor, right: Tensor) -> Tensor:
    """Return the product of each pair of matrices, float32 (members, m, n).

    Args:
        left: float32 (members, m, k).
        right: float32 (members, k, n).
    """
    if not _is_worth_it(left, right):
        return torch.bmm(left, right)
    products = [_multiply_pair(*pair) for pair in zip(left, right, strict=True)]
    return products[0].unsqueeze(0) if len(products) == 1 else torch.stack(products)


def add_product(target: Tensor, left: Tensor, right: Tensor) -> None:
    """Add the product of each pair of matrices to ``target``, float32 (members, m, n), in place."""
    if not _is_worth_it(left, right):
        target.baddbmm_(left, right)
        return
    for each, *pair in zip(target, left, right, strict=True):
        each.add_(_multiply_pair(*pair))


def _is_worth_it(left: Tensor, right: Tensor) -> bool:
    multiplications = left.shape[1] * left.shape[2] * right.shape[2]
    if multiplications < SMALLEST or left.dtype != torch.float32 or left.device.type != "cpu":
        return False
    return prefers_onednn()


@cache
def prefers_onednn() -> bool:
    """Tell whether oneDNN multiplies faster on this machine's processor."""
    return (
        "AMD" in name_processor()
        and torch.backends.cpu.get_cpu_capability() == "AVX512"
        and torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, LINEAR)
    )


def _multiply_pair(left: Tensor, right: Tensor) -> Tensor:
    """Return a product of two matrices by oneDNN: its linear layer, with nothing after it."""
    return _get_linear()(left, right.T, None, "none", [], "")


@cache
def _get_linear() -> Callable[..., Tensor]:
    return getattr(torch.ops.mkldnn, LINEAR).default
