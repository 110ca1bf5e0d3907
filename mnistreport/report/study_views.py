"""Models, variants and studies as templates see them."""

from typing import cast

from mnistreport.analysis.findings import Finding, Limits, derive_findings
from mnistreport.analysis.learning import is_at_chance, is_overfitted, is_still_learning
from mnistreport.analysis.results import LevelSummary, Results, StudySummary, VariantSummary
from mnistreport.analysis.verdicts import judge_level
from mnistreport.report.markdown import strip_markdown
from mnistreport.report.origins import list_origins
from mnistreport.report.sentences import name_evidence, say_finding, say_headline
from mnistreport.report.views import FindingView, LevelView, StudyView, VariantView
from mnistreport.report.wording import (
    Prose,
    describe_architecture,
    describe_training,
    name_factor,
    name_level,
)

MODEL_TITLES = {"mlp": "feedforward network", "cnn": "convolutional network"}


def title_model(results: Results, name: str) -> str:
    """Return a model in words; its name in the manifest tells two of one kind apart."""
    kinds = {s.variant.model: s.variant.architecture.kind for s in results.variants.values()}
    title = MODEL_TITLES[kinds[name]]
    return title if list(kinds.values()).count(kinds[name]) == 1 else f"{title} “{name}”"


def view_variant(summary: VariantSummary) -> VariantView:
    """Summarise a variant for templates."""
    curve = summary.curve("validation_loss")
    return VariantView(
        key=summary.variant.key,
        model=summary.variant.model,
        architecture=describe_architecture(summary.variant),
        training=describe_training(summary.variant),
        parameters=summary.variant.architecture.parameters,
        finished=len(summary.finished),
        planned=summary.planned,
        trouble=_describe_trouble(summary),
        updates=summary.updates,
        train_loss=summary.final("train_loss"),
        train_accuracy=summary.final("train_accuracy"),
        validation_loss=summary.final("validation_loss"),
        validation_accuracy=summary.accuracy,
        gap=summary.gap,
        duration_seconds=summary.duration_seconds,
        best_epoch=curve.index(min(curve)) + 1 if curve else None,
        still_learning=is_still_learning(summary),
        overfitted=is_overfitted(summary),
        at_chance=is_at_chance(summary),
        imported=len(summary.imported),
    )


def _describe_trouble(summary: VariantSummary) -> str:
    troubles = [
        f"seed {seed} {run.status}: {run.reason}"
        for seed, run in summary.runs.items()
        if run.status != "finished"
    ]
    missing = summary.planned - len(summary.runs)
    if missing:
        troubles.append(f"{missing} not trained yet")
    return "; ".join(troubles)


def view_study(study: StudySummary, results: Results, limits: Limits) -> StudyView:
    """Bring a study and what was found into one value; ``limits`` are those of proposals."""
    levels = tuple(_view_level(study, level, results) for level in study.levels)
    means = [level.summary.mean_accuracy for level in study.complete]
    findings = derive_findings(study, limits)
    factor = study.study.factor
    return StudyView(
        name=study.study.name,
        slug=study.study.slug,
        title=study.study.title,
        model=study.study.model,
        factor=factor,
        factor_name=name_factor(factor) if factor else "variant",
        levels=levels,
        baseline=next(level for level in levels if level.is_baseline),
        best=next((level for level in levels if level.is_best), None),
        ties=tuple(
            view for view, level in zip(levels, study.levels, strict=True) if level in study.ties
        ),
        noise_floor=study.noise_floor,
        span=max(means) - min(means) if means else None,
        headline=next(
            (Prose(say_headline(study, each)) for each in findings if each.kind == "best"), ""
        ),
        findings=tuple(
            FindingView(
                finding.kind,
                finding.strength,
                say_finding(study, finding),
                _simplify(finding),
                *name_evidence(study, finding),
            )
            for finding in findings
        ),
        imported=next(
            (strip_markdown(say_finding(study, e)) for e in findings if e.kind == "imported"), ""
        ),
    )


def _simplify(finding: Finding) -> dict[str, object]:
    """Return what a finding rests on as plain values: levels by their labels."""

    def simplify(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(map(simplify, cast("tuple[object, ...]", value)))
        return value.label if isinstance(value, LevelSummary) else value

    return {name: simplify(value) for name, value in finding.values.items()}


def _view_level(study: StudySummary, level: LevelSummary, results: Results) -> LevelView:
    return LevelView(
        label=level.label,
        name=name_level(study, level),
        value=level.level.value,
        is_baseline=level.level.is_baseline,
        is_best=level is study.best,
        verdict=judge_level(study, level),
        against_baseline=level.against_baseline and level.against_baseline.difference,
        p_adjusted=level.against_baseline and level.against_baseline.p_adjusted,
        variant=view_variant(level.summary),
        line=level.level.line,
        runs=list_origins(results, level.summary.variant.key),
    )
