"""The checks of a rubric that look at studies: their curves, their levels, and what was varied."""

from collections.abc import Iterable

from mnistreport.analysis.findings.ablation import find_corners
from mnistreport.analysis.results import LevelSummary, StudySummary, VariantSummary
from mnistreport.analysis.rigour import is_from_scratch
from mnistreport.analysis.variants import is_complete
from mnistreport.report.answers import (
    AGAIN,
    BUILD,
    HERE,
    Answer,
    Evidence,
    answer_met,
    answer_missing,
)
from mnistreport.report.wording import count_things, join_words, name_factor

ASKED_LEVELS = 4
"""Levels of a factor that a study must have."""


def check_curves(evidence: Evidence) -> Answer:
    """Each baseline and each study has its figure of loss and accuracy, with curves in it."""
    manifest, results = evidence.material.manifest, evidence.material.results
    shown = {
        f"{name}-baseline": [results.variants[baseline.variant.key]]
        for name, baseline in manifest.baselines.items()
    }
    shown |= {
        f"{study.study.slug}-curves": [level.summary for level in study.levels]
        for study in results.studies
    }
    empty = [name for name, summaries in shown.items() if not _have_curve(summaries)]
    absent = [name for name in shown if name not in evidence.outline.figures]
    if absent or empty:
        names = join_words([*absent, *(name for name in empty if name not in absent)])
        return answer_missing(f"no curves for {names}", BUILD)
    imported = evidence.material.results.imported
    runs = count_things(len(imported), "run")
    said = f"of {runs} as imported, not checked" if imported else ""
    return answer_met(evidence.outline.cite(figures=shown), said)


def _have_curve(summaries: Iterable[VariantSummary]) -> bool:
    return any(run.history for summary in summaries for run in summary.runs.values())


def check_levels(evidence: Evidence, factor: str) -> Answer:
    """A study of a feedforward network has four levels of the factor, each run on every seed.

    A run that diverged is a result, too: it counts, and the answer says so.
    """
    studies = [
        study
        for study in evidence.material.results.studies
        if study.study.factor == factor and _is_of_kind(study, "mlp")
    ]
    if not studies:
        step = f'add a study with factor = "{factor}" and {ASKED_LEVELS} levels'
        return answer_missing("no study of a feedforward network varies it", step)
    study = max(studies, key=lambda each: len(_list_settled(each)))
    settled = _list_settled(study)
    if len(settled) < ASKED_LEVELS:
        what = f"{len(settled)} of {len(study.levels)} levels were run on every seed"
        few = len(study.levels) < ASKED_LEVELS
        if study.imported and not few:
            what += f", as imported runs ({len(study.imported)}) do not count"
            return answer_missing(what, HERE)
        step = f"add levels, {ASKED_LEVELS} are asked for" if few else BUILD
        return answer_missing(what, step)
    said = f"{len(settled)} levels of {name_factor(factor)}"
    broken = [level.label for level in settled if not level.summary.complete]
    if broken:
        said += f"; runs of {join_words(broken)} diverged, which is a result, too"
    return answer_met(_cite_study(evidence, study), said)


def _list_settled(study: StudySummary) -> list[LevelSummary]:
    return [
        level
        for level in study.levels
        if is_complete(len(level.summary.settled), level.summary.planned)
        and not level.summary.imported
    ]


def check_one_factor(evidence: Evidence) -> Answer:
    """Every study's proof holds, and every run began at its first epoch."""
    failing = [
        f"{proof.title} ({join_words([level.label for level in proof.levels if not level.holds])})"
        for proof in evidence.proofs
        if not proof.holds
    ]
    place = evidence.outline.cite(["setup"], tables=["one-factor"])
    if any(not level.is_checked for proof in evidence.proofs for level in proof.levels):
        what = f"it is not shown for {join_words(failing)}: imported runs were not checked"
        return answer_missing(what, HERE)
    if failing:
        what = f"it does not hold for {join_words(failing)}"
        levels = [level for proof in evidence.proofs for level in proof.levels]
        only_gaps = all(level.holds_so_far for level in levels)
        return answer_missing(what, BUILD if only_gaps else f"{place} says why")
    if not all(map(is_from_scratch, evidence.material.results.runs.values())):
        return answer_missing("a history does not begin at epoch 1", AGAIN)
    levels = count_things(sum(len(proof.levels) for proof in evidence.proofs), "level")
    said = f"shown for {levels} of {count_things(len(evidence.proofs), 'study')}"
    return answer_met(place, said)


def check_ablation(evidence: Evidence) -> Answer:
    """A convolutional network was trained with and without dropout and layer norm: four corners."""
    lacking = ""
    for study in evidence.material.results.studies:
        corners = find_corners(study) if _is_of_kind(study, "cnn") else None
        if not corners:
            continue
        changes = {each.field: each for each in (corners.first, corners.second)}
        if changes.keys() != {"dropout", "layer_norm"}:
            continue
        if never_off := [each for each in changes.values() if not each.is_switch]:
            names = join_words([name_factor(each.field) for each in never_off])
            lacking = f"; in {study.study.name} nothing is trained without {names}"
            continue
        if study.imported:
            what = f"runs of {study.study.name} were imported, and not checked"
            return answer_missing(what, HERE)
        if all(level.summary.complete for level in corners.levels):
            return answer_met(_cite_study(evidence, study))
        return answer_missing(f"runs of {study.study.name} did not finish", BUILD)
    step = "add a study of a cnn with variants: neither, dropout, layer_norm, both"
    what = f"no study tries dropout and layer norm alone and together{lacking}"
    return answer_missing(what, step)


def _is_of_kind(study: StudySummary, kind: str) -> bool:
    return study.baseline.summary.variant.architecture.kind == kind


def _cite_study(evidence: Evidence, study: StudySummary) -> str:
    slug = study.study.slug
    return evidence.outline.cite(
        [f"study-{slug}"],
        figures=[f"{slug}-curves", f"{slug}-factor"],
        tables=[f"{slug}-levels"],
    )
