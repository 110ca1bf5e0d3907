"""Fitted models side by side: which of two networks gets more of the same images right.

That is another question than which recipe is better (``comparisons``): it speaks of two networks
as they are, each trained with one seed, and of nothing that other seeds would give.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mnistreport.analysis.results import Results, StudySummary, VariantSummary
from mnistreport.analysis.selection import choose_winners
from mnistreport.analysis.statistics import FittedDifference, adjust_by_holm, compare_fitted

Predict = Callable[[str], NDArray[np.uint8]]
"""Returns a run's predictions on the validation split, by its fingerprint."""


@dataclass(frozen=True, slots=True)
class FittedComparison:
    """Two fitted models on the validation images.

    Attributes:
        study: The study whose best level and baseline they are; ``None`` for two winners.
        first: The variant of the first model.
        second: That of the second.
        seed: What both were trained with.
        difference: Who gets which images right.
        p_adjusted: Corrected (Holm) for every level of every study, and for the winners.
    """

    study: StudySummary | None
    first: VariantSummary
    second: VariantSummary
    seed: int
    difference: FittedDifference
    p_adjusted: float


def compare_fitted_models(
    results: Results, seeds: Sequence[int], labels: NDArray[np.uint8], predict: Predict
) -> tuple[FittedComparison, ...]:
    """Compare each study's best level with its baseline, and the models' winners with each other.

    The seed is the first of the manifest's, whichever of a variant's runs did best. Which level is
    the best is read off the same images, so p-values are corrected for every level that could have
    been it. Variants with imported runs are left out: what their networks answered is not known.

    Args:
        results: All of them.
        seeds: The manifest's.
        labels: uint8 (n,), the digits of the validation images.
        predict: Gives uint8 (n,), the digits that a run saw in them.
    """
    seed = seeds[0]
    pairs: list[tuple[StudySummary | None, VariantSummary, VariantSummary]] = [
        (study, level.summary, study.baseline.summary)
        for study in results.studies
        for level in study.complete
        if level is not study.baseline and study.baseline.summary.complete
    ]
    pairs += [
        (None, one.summary, other.summary)
        for one, other in combinations(choose_winners(results), 2)
    ]
    pairs = [pair for pair in pairs if not pair[1].imported and not pair[2].imported]
    compared = {summary.variant.key: summary for _, *both in pairs for summary in both}
    right = {
        key: predict(summary.runs[seed].fingerprint) == labels for key, summary in compared.items()
    }
    found = [
        FittedComparison(
            study,
            first,
            second,
            seed,
            difference := compare_fitted(right[first.variant.key], right[second.variant.key]),
            difference.p_value,
        )
        for study, first, second in pairs
    ]
    adjusted = adjust_by_holm([each.p_adjusted for each in found])
    return tuple(
        replace(each, p_adjusted=p)
        for each, p in zip(found, adjusted, strict=True)
        if each.study is None or (each.study.best and each.first is each.study.best.summary)
    )
