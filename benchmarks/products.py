"""The roofline: how fast this machine multiplies matrices, and how many products training takes.

Rates and counts are of multiply-adds; each is two operations on floating-point numbers.
"""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from multiprocessing.synchronize import Barrier
from typing import Final

from mnistreport.study.experiment import CLASSES, IMAGE_SIZE, Variant

Shape = tuple[int, int, int]
"""Rows, inner length and columns of a product of two matrices."""

SQUARE: Final[Sequence[Shape]] = ((2048, 2048, 2048),)
"""A product that is large enough to keep a processor as busy as it can be."""

_together: Barrier


def list_products(variant: Variant) -> Iterator[Shape]:
    """Yield the products of one update of a feedforward network.

    For each layer they are the forward pass, the gradient of the weights, and the gradient of what
    came in, which the first layer does not need.
    """
    batch = variant.training.batch_size
    sizes = (IMAGE_SIZE**2, *variant.architecture.sizes, CLASSES)
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        yield batch, inputs, outputs
        yield outputs, batch, inputs
        if layer:
            yield batch, outputs, inputs


def count_multiply_adds(variant: Variant) -> float:
    """Return how many multiply-adds an update takes for each image of its batch."""
    products = list_products(variant)
    return sum(m * k * n for m, k, n in products) / variant.training.batch_size


def measure_products(
    shapes: Sequence[Shape], processes: int, seconds: float, *, by_mkl: bool = False
) -> float:
    """Return the multiply-adds per second of ``processes`` processes, one thread each, at once.

    Products are made as training makes them, by the library that is fast on this processor, or
    else as torch does of its own accord.
    """
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes)
    with ProcessPoolExecutor(processes, context, _share, (barrier,)) as pool:
        return sum(pool.map(partial(_multiply, shapes, seconds, by_mkl=by_mkl), range(processes)))


def _share(barrier: Barrier) -> None:
    global _together  # noqa: PLW0603 - a process gets a barrier at its start, and no other way
    _together = barrier


def _multiply(shapes: Sequence[Shape], seconds: float, process: int, *, by_mkl: bool) -> float:
    """Go through ``shapes`` again and again, from when all processes are ready."""
    del process
    import torch

    from mnistreport.training.products import multiply

    torch.set_num_threads(1)
    product = torch.bmm if by_mkl else multiply
    operands = [(torch.randn(1, m, k), torch.randn(1, n, k).mT) for m, k, n in shapes]
    each_round = sum(m * k * n for m, k, n in shapes)
    rounds, elapsed = 0, 0.0
    _together.wait()
    started = time.perf_counter()
    while elapsed < seconds:
        for left, right in operands:
            product(left, right)
        rounds += 1
        elapsed = time.perf_counter() - started
    return rounds * each_round / elapsed
