import numpy as np
import pytest

from mnistreport.analysis.findings.confusions import Confusion, find_confused


def _confuse(*pairs: tuple[int, int, int]) -> list[list[int]]:
    counts = np.eye(10, dtype=int) * 50
    for true, predicted, count in pairs:
        counts[true, predicted] = count
    return counts.tolist()


def test_the_most_frequent_come_first() -> None:
    """Confusions are named by how often they happened, in both directions apart."""
    finding = find_confused(_confuse((4, 9, 7), (9, 4, 8), (3, 5, 1)))
    assert finding is not None
    expected = (Confusion(9, 4, 8), Confusion(4, 9, 7), Confusion(3, 5, 1))
    assert expected == finding.values["pairs"]


@pytest.mark.parametrize(("counts", "named"), [((5, 4, 3, 2, 1), 4), ((5, 4, 2, 2, 2), 2)])
def test_none_is_named_without_its_equals(counts: tuple[int, ...], named: int) -> None:
    """At most four are named, and none if others that happened as often are not."""
    finding = find_confused(_confuse(*((0, 1 + place, n) for place, n in enumerate(counts))))
    assert finding is not None
    assert named == len(finding.get_all("pairs", Confusion))


def test_no_mistake_is_no_confusion() -> None:
    """A model without a mistake confuses nothing."""
    assert find_confused(_confuse()) is None
