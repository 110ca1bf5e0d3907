"""How long an experiment takes, before it is run: for the plan, and for what to start first."""

from mnistreport.study.experiment import Variant

MULTIPLICATIONS_PER_SECOND = 4e10
"""What one core of a recent processor does within a network of this size."""
SECONDS_PER_UPDATE = 3e-4
"""What an update costs beside its arithmetic."""
PASSES = 4.33
"""Forward passes' worth of work per training image and epoch: the pass itself, twice that for its
gradient, and one more, with a third of the images again for validation, for measuring."""


def estimate_seconds(variant: Variant, images: int) -> float:
    """Return roughly how many seconds one core takes to train ``variant`` on ``images`` images.

    An estimate for people and queues, within a factor of two or so; no result depends on it.
    """
    training = variant.training
    arithmetic = PASSES * images * variant.architecture.multiplications / MULTIPLICATIONS_PER_SECOND
    updates = -(-images // training.batch_size)
    return training.epochs * (arithmetic + updates * SECONDS_PER_UPDATE)
