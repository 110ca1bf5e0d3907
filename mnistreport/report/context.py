"""From results to the one value that templates see."""

import json
import math
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mnistreport.analysis.findings import Finding, derive_findings, find_confused
from mnistreport.analysis.fitted import FittedComparison
from mnistreport.analysis.learning import is_at_chance, is_overfitted, is_still_learning
from mnistreport.analysis.results import CHANCE, LevelSummary, Results, StudySummary, VariantSummary
from mnistreport.analysis.selection import RULE, RUN_RULE, choose_levels
from mnistreport.analysis.statistics import CONFIDENCE, summarise_values, wilson_interval
from mnistreport.data.dataset import DigitSet
from mnistreport.data.pixels import measure_pixels
from mnistreport.data.split import Split
from mnistreport.report.material import Material, Tested
from mnistreport.report.notices import describe_circumstances, make_notices
from mnistreport.report.rigour import say_budgets, view_budgets, view_proofs
from mnistreport.report.sentences import name_evidence, say_finding, say_headline
from mnistreport.report.sentences.confusions import say_confused
from mnistreport.report.views import (
    AuthorView,
    DataView,
    DigitScore,
    FinalView,
    FindingView,
    FittedView,
    LedgerView,
    LevelView,
    ModelView,
    ReportContext,
    RunView,
    SplitView,
    StudyView,
    VariantView,
)
from mnistreport.report.wording import (
    describe_architecture,
    describe_training,
    describe_variant,
    name_factor,
    name_level,
)
from mnistreport.study.experiment import CLASSES, IMAGE_SIZE
from mnistreport.study.manifest import Manifest
from mnistreport.training.result import FinalOutcome

MODEL_TITLES = {"mlp": "feedforward network", "cnn": "convolutional network"}
LIBRARIES = ("torch", "scikit-learn", "pandas", "matplotlib", "seaborn", "weasyprint")


def make_context(material: Material) -> ReportContext:
    """Bring everything that a report says into one value."""
    manifest, digits, results = material.manifest, material.digits, material.results
    info = manifest.report
    titles = {name: title_model(results, name) for name in manifest.baselines}
    return ReportContext(
        title=info.title,
        subtitle=info.subtitle,
        course=info.course,
        language=info.language,
        authors=tuple(AuthorView(author.name, author.id) for author in info.authors),
        notices=make_notices(material),
        data=_view_data(manifest, digits, material.split),
        seeds=manifest.seeds,
        models=tuple(_view_model(manifest, results, name) for name in manifest.baselines),
        studies=tuple(_view_study(study) for study in results.studies),
        finals=tuple(_view_final(each, results) for each in material.tested),
        fitted=tuple(_view_fitted(each, results) for each in material.fitted),
        ledger=tuple(
            LedgerView(read.model, read.setting, len(read.fingerprints), read.rule, read.read_at)
            for read in material.reads
        ),
        runs=_view_runs(results),
        rule=RULE,
        run_rule=RUN_RULE,
        circumstances=describe_circumstances(results),
        made_with=(
            ("mnistreport", version("mnistreport")),
            ("Python", platform.python_version()),
            *((name, version(name)) for name in LIBRARIES),
        ),
        manifest_sha256=manifest.sha256,
        training_seconds=sum(run.duration_seconds for run in results.runs.values()),
        confidence=CONFIDENCE,
        proofs=view_proofs(results),
        budgets=view_budgets(results, titles),
        budget_statement=say_budgets(results, titles),
        chance_accuracy=CHANCE,
        chance_loss=-math.log(CHANCE),
    )


def dump_context(context: ReportContext) -> bytes:
    """Return ``results.json``: the context as strict JSON."""
    text = json.dumps(asdict(context), indent=1, allow_nan=False, ensure_ascii=False)
    return (text + "\n").encode()


def _view_data(manifest: Manifest, digits: DigitSet, split: Split) -> DataView:
    normalisation = measure_pixels(digits, split)
    return DataView(
        name=digits.name,
        title=digits.title,
        origin=digits.origin,
        images=len(digits.labels),
        classes=CLASSES,
        image_size=IMAGE_SIZE,
        pixels=IMAGE_SIZE**2,
        sha256=digits.sha256,
        split_sha256=split.sha256,
        split_seed=manifest.data.seed,
        splits=tuple(
            SplitView(
                name,
                len(indices),
                tuple(int(n) for n in np.bincount(digits.labels[indices], minlength=CLASSES)),
            )
            for name, indices in (
                ("training", split.train),
                ("validation", split.validation),
                ("test", split.test),
            )
        ),
        mean=normalisation.mean,
        std=normalisation.std,
    )


def _view_model(manifest: Manifest, results: Results, name: str) -> ModelView:
    variant = manifest.baselines[name].variant
    key = results.combined.get(name)
    chosen = {level.variant.key: level for level in choose_levels(results, name)}
    return ModelView(
        name=name,
        title=title_model(results, name),
        kind=variant.architecture.kind,
        baseline=view_variant(results.variants[variant.key]),
        combined=view_variant(results.variants[key]) if key else None,
        combined_of=tuple(
            name_level(study, level)
            for study in results.studies
            for level in study.levels
            if key
            and study.study.model == name
            and level.level.variant.key in chosen
            and level is study.best
        ),
    )


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


def _view_study(study: StudySummary) -> StudyView:
    levels = tuple(_view_level(study, level) for level in study.levels)
    means = [level.summary.mean_accuracy for level in study.complete]
    findings = derive_findings(study)
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
        headline=next((say_headline(study, each) for each in findings if each.kind == "best"), ""),
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
    )


def _simplify(finding: Finding) -> dict[str, object]:
    """Return what a finding rests on as plain values: levels by their labels."""

    def simplify(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(map(simplify, cast("tuple[object, ...]", value)))
        return value.label if isinstance(value, LevelSummary) else value

    return {name: simplify(value) for name, value in finding.values.items()}


def _view_level(study: StudySummary, level: LevelSummary) -> LevelView:
    return LevelView(
        label=level.label,
        name=name_level(study, level),
        value=level.level.value,
        is_baseline=level.level.is_baseline,
        is_best=level is study.best,
        verdict=_judge_level(level),
        against_baseline=level.against_baseline and level.against_baseline.difference,
        p_adjusted=level.against_baseline and level.against_baseline.p_adjusted,
        variant=view_variant(level.summary),
    )


def _judge_level(level: LevelSummary) -> str:
    if level.level.is_baseline:
        return "baseline"
    comparison = level.against_baseline
    if comparison is None:
        return "not finished"
    if comparison.is_clear:
        return "better" if comparison.difference.mean > 0 else "worse"
    return "no clear difference" if comparison.strength == "within noise" else comparison.strength


def _view_final(tested: Tested, results: Results) -> FinalView:
    outcome, winner = tested.shown, tested.winner
    digits = _score_digits(outcome)
    confused = find_confused(outcome.confusion)
    return FinalView(
        model=winner.model,
        title=title_model(results, winner.model),
        variant=view_variant(winner.summary),
        is_combined=results.combined.get(winner.model) == winner.summary.variant.key,
        seed=winner.seed,
        images=outcome.images,
        right=outcome.right,
        accuracy=outcome.accuracy,
        interval=wilson_interval(outcome.right, outcome.images),
        over_seeds=summarise_values([each.accuracy for each in tested.outcomes.values()]),
        macro_f1=sum(score.f1 for score in digits) / len(digits),
        confusion=outcome.confusion,
        digits=digits,
        confused=confused
        and FindingView(
            confused.kind,
            confused.strength,
            say_confused(confused),
            confused.values,
            figure=f"{winner.model}-confusion",
            table=f"{winner.model}-digits",
        ),
    )


def _view_fitted(fitted: FittedComparison, results: Results) -> FittedView:
    study, both = fitted.study, (fitted.first, fitted.second)
    names = [
        next(name_level(study, level) for level in study.levels if level.summary is summary)
        if study
        else f"best {title_model(results, summary.variant.model)}"
        for summary in both
    ]
    return FittedView(
        title=study.study.title if study else "The winners",
        first=names[0],
        second=names[1],
        seed=fitted.seed,
        difference=fitted.difference,
        p_adjusted=fitted.p_adjusted,
    )


def _score_digits(outcome: FinalOutcome) -> tuple[DigitScore, ...]:
    """Return each digit's scores, as scikit-learn defines them; a share of nothing is 0."""
    from sklearn import metrics

    digits = range(CLASSES)
    counts = np.array(outcome.confusion)
    true = np.repeat(np.repeat(digits, CLASSES), counts.ravel())
    predicted = np.repeat(np.tile(digits, CLASSES), counts.ravel())
    scores: Sequence[NDArray[np.float64]] = metrics.precision_recall_fscore_support(  # pyright: ignore[reportAssignmentType] - arrays, as no average is asked for
        true,
        predicted,
        labels=list(digits),
        zero_division=0,  # pyright: ignore[reportArgumentType] - declared by its default
    )
    precision, recall, f1, images = scores
    return tuple(
        DigitScore(d, float(precision[d]), float(recall[d]), float(f1[d]), int(images[d]))
        for d in digits
    )


def _view_runs(results: Results) -> tuple[RunView, ...]:
    views: list[RunView] = []
    for experiment in results.experiments:
        variant, run = experiment.variant, results.runs.get(experiment.fingerprint)
        last = run.history[-1] if run and run.history else None
        views.append(
            RunView(
                fingerprint=experiment.fingerprint,
                model=variant.model,
                studies=tuple(
                    study.study.title
                    for study in results.studies
                    if any(level.level.variant.key == variant.key for level in study.levels)
                )
                or ("combined" if variant.key in results.combined.values() else "baseline",),
                setting=describe_variant(variant),
                seed=experiment.seed,
                status=run.status if run else "missing",
                reason=run.reason if run else "not trained yet",
                epochs=len(run.history) if run else 0,
                updates=run.updates if run else 0,
                train_loss=last.train_loss if last else None,
                train_accuracy=last.train_accuracy if last else None,
                validation_loss=last.validation_loss if last else None,
                validation_accuracy=last.validation_accuracy if last else None,
                duration_seconds=run.duration_seconds if run else 0.0,
            )
        )
    return tuple(views)
