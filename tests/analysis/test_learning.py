from collections.abc import Sequence

import pytest

from mnistreport.analysis.learning import (
    is_overfitted,
    is_still_learning,
    judge_still_learning,
    measure_fall,
)
from mnistreport.analysis.results import VariantSummary
from mnistreport.study.experiment import Experiment
from tests.analysis.planted import FALLING, FLAT, MLP, SPLIT, make_run

SLOWER = tuple(0.9 * loss for loss in FALLING)


def _summarise(*losses: Sequence[float], accuracy: float = 0.9) -> VariantSummary:
    """Summarise one run for each curve of validation loss."""
    experiments = [Experiment(MLP, seed, SPLIT) for seed in range(len(losses))]
    runs = {e.seed: make_run(e, accuracy, losses[e.seed]) for e in experiments}
    return VariantSummary(MLP, runs, planned=len(losses))


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([FALLING, FALLING], True),
        ([FLAT, FLAT], False),
        ([FALLING, SLOWER, FALLING], True),
        ([FALLING, FLAT], False),  # one seed does not fall
        ([FALLING[:4], FALLING[:4]], True),  # one epoch is the least that a fifth can be
        ([FALLING[:1], FALLING[:1]], False),  # there is nothing to hold it against
        ([[*FALLING[:-1], FALLING[-3]]] * 2, True),  # one wiggle is no end
        ([[*FALLING[:-2], FALLING[-4], FALLING[-4]]] * 2, False),  # rose at the end
        ([[2.0] * 8 + [1.9999, 1.9998]] * 2, False),  # fell by next to nothing
        ([], False),
    ],
)
def test_still_learning(losses: list[Sequence[float]], expected: bool) -> None:  # noqa: FBT001 - a table
    """Loss that is lower on every seed in the last fifth than in the fifth before is falling."""
    assert expected == is_still_learning(_summarise(*losses))


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([(1.0, 0.5, 0.6), (1.0, 0.5, 0.53)], True),
        ([(1.0, 0.5, 0.6), (1.0, 0.5, 0.52)], False),  # one seed rose by less than a twentieth
        ([FALLING, FALLING], False),
        ([FLAT, FLAT], False),
        ([], False),
    ],
)
def test_overfitted(losses: list[Sequence[float]], expected: bool) -> None:  # noqa: FBT001 - a table
    """Loss that ends well above its lowest on every seed had turned."""
    assert expected == is_overfitted(_summarise(*losses))


def test_a_loss_that_rises_everywhere_is_no_overfitting() -> None:
    """Where training loss rose with validation loss, descent was unstable: another matter."""
    losses, experiment = (1.0, 0.5, 0.6), Experiment(MLP, 0, SPLIT)
    for train_losses, expected in (((1.0, 0.4, 0.3), True), ((1.0, 0.4, 0.5), False)):
        run = make_run(experiment, 0.9, losses, train_losses=train_losses)
        assert expected == is_overfitted(VariantSummary(MLP, {0: run}, planned=1))


def test_a_fall_that_depends_on_the_seed_is_none() -> None:
    """Where seeds differ in their fall by more than it is, three do not show it."""
    wiggles = [[*FLAT[:6], 0.5, 0.5, 0.5 * share, 0.5 * share] for share in (0.70, 0.99, 0.98)]
    assert not is_still_learning(_summarise(*wiggles))
    steep = [[*FLAT[:6], 0.5, 0.5, 0.5 * share, 0.5 * share] for share in (0.60, 0.94, 0.93)]
    assert is_still_learning(_summarise(*steep))


def test_the_fall_is_a_share_of_the_loss() -> None:
    """From 2.0 to 1.0 over the last fifth is a fall by half."""
    assert pytest.approx(0.5) == measure_fall(_summarise([2.0] * 8 + [1.0] * 2))


def test_strength_follows_the_number_of_seeds() -> None:
    """One or two seeds may show a fall, but not firmly; three that agree do."""
    one, three = _summarise(FALLING), _summarise(FALLING, SLOWER, FALLING)
    assert ("too few seeds", "clear") == (judge_still_learning(one), judge_still_learning(three))
