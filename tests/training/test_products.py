import pytest
import torch
from torch import Tensor

from mnistreport.training import products
from mnistreport.training.products import SMALLEST, add_product, multiply

LARGE, SMALL = (64, 784, 128), (5, 7, 3)
"""Shapes that oneDNN multiplies where it is faster, and that it does not."""
BOTH_SHAPES = pytest.mark.parametrize("shape", [LARGE, SMALL])


@pytest.fixture(params=["bmm", "onednn"], autouse=True)
def _library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have either library multiply, whatever this processor prefers."""
    if request.param == "onednn" and not hasattr(torch.ops.mkldnn, products.LINEAR):
        pytest.skip("this torch has no linear layer by oneDNN")
    monkeypatch.setattr(products, "prefers_onednn", lambda: request.param == "onednn")


def _draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _draw_factors(shape: tuple[int, int, int], members: int = 3) -> tuple[Tensor, Tensor]:
    """Return factors of whose products one is laid out as a batch, the other as weights are."""
    m, k, n = shape
    return _draw(members, m, k), _draw(members, n, k, seed=1).mT


def test_shapes_are_of_both_kinds() -> None:
    """The shapes of these tests lie on both sides of the limit."""
    assert LARGE[0] * LARGE[1] * LARGE[2] >= SMALLEST > SMALL[0] * SMALL[1] * SMALL[2]


@BOTH_SHAPES
def test_products_are_exact_but_for_rounding(shape: tuple[int, int, int]) -> None:
    """Each product is that of its pair, also of views that lie crosswise in memory."""
    left, right = _draw_factors(shape)
    for a, b in ((left, right), (right.mT, left.mT)):
        expected = torch.bmm(a.double(), b.double())
        torch.testing.assert_close(multiply(a, b).double(), expected, rtol=1e-4, atol=1e-3)


@BOTH_SHAPES
def test_a_product_is_added_in_place(shape: tuple[int, int, int]) -> None:
    """The target keeps its memory, and gains the product."""
    left, right = _draw_factors(shape)
    target = _draw(3, shape[0], shape[2], seed=2)
    expected = target.double() + torch.bmm(left.double(), right.double())
    place = target.data_ptr()
    add_product(target, left, right)
    assert place == target.data_ptr()
    torch.testing.assert_close(target.double(), expected, rtol=1e-4, atol=1e-3)


def test_company_changes_no_bit() -> None:
    """A large product is the same alone and beside others."""
    left, right = _draw_factors(LARGE)
    together = multiply(left, right)
    for i in range(len(left)):
        assert torch.equal(multiply(left[i : i + 1], right[i : i + 1])[0], together[i])


def test_only_large_products_are_onednns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where oneDNN is preferred, it makes each large product, and no small one; elsewhere none."""
    made: list[tuple[int, ...]] = []

    def multiply_pair(left: Tensor, right: Tensor) -> Tensor:
        made.append((*left.shape, right.shape[1]))
        return left @ right

    monkeypatch.setattr(products, "_multiply_pair", multiply_pair)
    for shape in (LARGE, SMALL):
        left, right = _draw_factors(shape, members=2)
        multiply(left, right)
        add_product(torch.zeros(2, shape[0], shape[2]), left, right)
    assert made == ([LARGE] * 4 if products.prefers_onednn() else [])


def test_double_precision_is_kept() -> None:
    """What is not float32 is multiplied as it is."""
    left, right = (each.double() for each in _draw_factors(LARGE))
    assert torch.equal(torch.bmm(left, right), multiply(left, right))
