"""The main findings: which of the studies' headlines stand on the title page."""

from collections.abc import Mapping, Sequence
from typing import Final

from mnistreport.report.records import MainFinding
from mnistreport.report.views import LevelView, StudyView

MOST: Final = 3
"""As many as a reader keeps in mind."""


def choose_main_findings(
    studies: Sequence[StudyView], titles: Mapping[str, str]
) -> tuple[MainFinding, ...]:
    """Return the headlines of at most three studies.

    What the seeds show clearly comes first, and among that the larger lead; then what they do not
    show, which its headline says; last what rests on runs that were not trained here. Studies
    without a headline, where nothing finished, are left out.

    Args:
        studies: In the manifest's order.
        titles: The models in words, by their names in the manifest.
    """
    found = [
        MainFinding(
            study.slug,
            study.title,
            "" if titles[study.model].lower() in study.title.lower() else titles[study.model],
            next(each.strength for each in study.findings if each.kind == "best"),
            _measure_lead(study),
            study.headline,
            bool(study.imported),
        )
        for study in studies
        if study.headline
    ]
    found.sort(key=lambda each: (each.imported, each.strength != "clear", -(each.lead or 0.0)))
    return tuple(found[:MOST])


def _measure_lead(study: StudyView) -> float | None:
    if study.best is None:
        return None
    rivals = (
        [level for level in study.levels if not level.is_best]
        if study.best.is_baseline
        else [study.baseline]
    )
    means = [mean for mean in map(_mean_accuracy, rivals) if mean is not None]
    best = _mean_accuracy(study.best)
    return best - max(means) if means and best is not None else None


def _mean_accuracy(level: LevelView) -> float | None:
    """Return the level's mean validation accuracy, if all its seeds finished."""
    accuracy = level.variant.validation_accuracy
    return accuracy.mean if accuracy and level.variant.complete else None
