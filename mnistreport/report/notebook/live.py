"""Which baseline a notebook trains once more, and for how long."""

from dataclasses import dataclass
from typing import Final

from mnistreport.report.material import Material
from mnistreport.study.experiment import Variant
from mnistreport.training.cost import ROUGH_COSTS

SECONDS: Final = 45.0
"""What the training in the notebook may take, by estimate: the same on every machine."""
MOST_SECONDS: Final = 300.0
"""A baseline of which one epoch takes longer, by estimate, is not trained in the notebook."""


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A training that happens in the notebook.

    Attributes:
        variant: A model's baseline, which finished with ``seed`` when it was stored.
        seed: The first of the manifest's.
        epochs: How many of its epochs are trained.
    """

    variant: Variant
    seed: int
    epochs: int


def find_live_run(material: Material) -> LiveRun | None:
    """Return what the notebook trains: a feedforward network's baseline if one finished.

    ``None`` if no baseline was trained by this program and finished with the first seed, or each
    would take too long.
    """
    manifest, seed = material.manifest, material.manifest.seeds[0]
    baselines = [baseline.variant for baseline in manifest.baselines.values()]
    for variant in sorted(baselines, key=lambda each: each.architecture.kind != "mlp"):
        epochs = variant.training.epochs
        each = ROUGH_COSTS.estimate_seconds(variant, material.split.learning_sizes) / epochs
        summary = material.results.variants[variant.key]
        has_twin = seed in summary.finished and seed not in summary.imported
        if has_twin and each <= MOST_SECONDS:
            return LiveRun(variant, seed, max(1, min(epochs, int(SECONDS / each))))
    return None
