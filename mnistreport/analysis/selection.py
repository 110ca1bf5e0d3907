"""Choosing: the levels to combine, and the models whose test accuracy is read.

Everything here looks at validation accuracy only, by rules that are fixed in this file; the test
split is read afterwards, for what was chosen.
"""

from dataclasses import dataclass

from mnistreport.analysis.results import Results, VariantSummary, choose_best
from mnistreport.study.expansion import combine_levels
from mnistreport.study.experiment import Variant
from mnistreport.study.manifest import Level, Manifest

RULE = (
    "the variant whose validation accuracy at the last epoch, as the mean over its seeds, is "
    "the highest among those that finished on every seed; the earlier one if two are equal"
)
RUN_RULE = (
    "the confusion matrix is that of the seed with the highest validation accuracy; the earlier "
    "one if two are equal"
)


@dataclass(frozen=True, slots=True)
class Winner:
    """The variant of one model that is tested.

    Attributes:
        model: The model's name in the manifest.
        summary: The variant over its seeds.
        seed: Seed of the run whose confusion matrix is shown.
    """

    model: str
    summary: VariantSummary
    seed: int

    @property
    def is_testable(self) -> bool:
        """Whether it can be read on the test split: imported runs come without weights.

        What a store may have of the same experiment is not what was imported.
        """
        return not self.summary.imported

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the run whose confusion matrix is shown."""
        return self.summary.runs[self.seed].fingerprint


def choose_levels(results: Results, model: str) -> tuple[Level, ...]:
    """Return the best level of each of a model's studies, as ``StudySummary.best`` defines it."""
    return tuple(
        study.best.level for study in results.studies if study.study.model == model and study.best
    )


def join_levels(manifest: Manifest, results: Results) -> dict[str, Variant]:
    """Return, by model, the variants that join each study's best level and are yet untried."""
    combined: dict[str, Variant] = {}
    for model, baseline in manifest.baselines.items():
        variant = combine_levels(baseline, choose_levels(results, model))
        if variant.key not in results.variants:
            combined[model] = variant
    return combined


def choose_winners(results: Results) -> tuple[Winner, ...]:
    """Return the winner of each model by ``RULE``, in the manifest's order of models.

    A model without a complete variant has none.
    """
    best = {model: choose_best(variants) for model, variants in results.by_model.items()}
    return tuple(
        Winner(model, summary, max(accuracies, key=accuracies.__getitem__))
        for model, summary in best.items()
        if summary and (accuracies := summary.decisive)
    )


def choose_best_winner(winners: tuple[Winner, ...]) -> Winner | None:
    """Return the best of several models' winners; of equal ones the first."""
    best = choose_best(winner.summary for winner in winners)
    return next((winner for winner in winners if winner.summary is best), None)


def choose_testable(results: Results) -> tuple[Winner, ...]:
    """Return the winners that can be read on the test split; none other is put in their place."""
    return tuple(winner for winner in choose_winners(results) if winner.is_testable)
