"""From results to the one value that templates see."""

import json
import platform
from dataclasses import asdict
from importlib.metadata import version

import numpy as np

from mnistreport.analysis.joined import list_joined
from mnistreport.analysis.results import CHANCE, CHANCE_LOSS, Results
from mnistreport.analysis.selection import RULE, RUN_RULE
from mnistreport.analysis.statistics import CONFIDENCE
from mnistreport.data.dataset import DigitSet
from mnistreport.data.pixels import measure_pixels
from mnistreport.data.split import Split
from mnistreport.report.checks import find_limits
from mnistreport.report.dates import date_report, say_moment
from mnistreport.report.final_views import view_final, view_fitted
from mnistreport.report.main_findings import choose_main_findings
from mnistreport.report.material import Material
from mnistreport.report.notices import describe_circumstances, make_notices, view_imported
from mnistreport.report.origins import find_lines, list_origins
from mnistreport.report.records import AuthorView, RunView, SplitView
from mnistreport.report.rigour import say_budgets, view_budgets, view_proofs
from mnistreport.report.study_views import title_model, view_study, view_variant
from mnistreport.report.untested import say_untested, view_other_splits, view_untested
from mnistreport.report.views import (
    DataView,
    LedgerView,
    ModelView,
    ReportContext,
)
from mnistreport.report.wording import describe_variant, name_joined, name_level
from mnistreport.study.experiment import CLASSES, IMAGE_SIZE
from mnistreport.study.manifest import Manifest
from mnistreport.training.result import ImportedRun, RunResult, count_measured

LIBRARIES = (
    "torch",
    "scikit-learn",
    "numpy",
    "scipy",
    "pandas",
    "matplotlib",
    "seaborn",
    "jinja2",
    "markdown-it-py",
    "weasyprint",
)

_EXCEPTIONS = (
    "imported", "untested_models", "untested_statement", "ledger_elsewhere", "read_otherwise",
)  # fmt: skip
"""What is not in ``results.json`` of a report that has nothing of the kind."""


def make_context(material: Material) -> ReportContext:
    """Bring everything that a report says into one value."""
    manifest, digits, results = material.manifest, material.digits, material.results
    info = manifest.report
    titles = {name: title_model(results, name) for name in manifest.baselines}
    limits = find_limits(material)
    studies = tuple(view_study(study, results, limits) for study in results.studies)
    untested = view_untested(material)
    return ReportContext(
        title=info.title,
        subtitle=info.subtitle,
        course=info.course,
        language=info.language,
        authors=tuple(AuthorView(author.name, author.id) for author in info.authors),
        date=date_report(info),
        main_findings=choose_main_findings(studies, titles),
        notices=make_notices(material),
        data=_view_data(manifest, digits, material.split),
        seeds=manifest.seeds,
        models=tuple(_view_model(manifest, results, name) for name in manifest.baselines),
        studies=studies,
        finals=tuple(view_final(each, manifest, results) for each in material.tested),
        fitted=tuple(view_fitted(each, results) for each in material.fitted),
        ledger=tuple(
            LedgerView(
                *(read.model, read.setting, len(read.fingerprints), read.rule),
                say_moment(read.read_at),
            )
            for read in material.reads
        ),
        runs=_view_runs(manifest, results),
        rule=RULE,
        run_rule=RUN_RULE,
        circumstances=describe_circumstances(results),
        made_with=(
            ("mnistreport", version("mnistreport")),
            ("Python", platform.python_version()),
            *((name, version(name)) for name in LIBRARIES),
        ),
        manifest_name=manifest.path.name,
        manifest_sha256=manifest.sha256,
        training_seconds=sum(
            run.duration_seconds for run in results.runs.values() if isinstance(run, RunResult)
        ),
        confidence=CONFIDENCE,
        proofs=view_proofs(results),
        budgets=view_budgets(results, titles),
        budget_statement=say_budgets(results, titles),
        chance_accuracy=CHANCE,
        chance_loss=CHANCE_LOSS,
        trimmed=manifest.trimmed,
        imported=view_imported(material),
        untested_models=untested,
        untested_statement=say_untested(untested),
        ledger_elsewhere=view_other_splits(material),
        read_otherwise=bool(material.other_reads or material.reads_elsewhere),
    )


def dump_context(context: ReportContext) -> bytes:
    """Return ``results.json``: the context as strict JSON.

    What says of a value whether it was imported is in it only where something was; what says that
    winners were not tested, or other splits read, or that a joined variant is without a level, only
    where it is so.
    """
    empty = {name for name in _EXCEPTIONS if not getattr(context, name)}

    def keep(fields: list[tuple[str, object]]) -> dict[str, object]:
        kept = {name: value for name, value in fields if name not in empty}
        if not kept.get("combined_without", True):
            del kept["combined_without"]
        return kept

    values = asdict(context, dict_factory=keep)
    text = json.dumps(values, indent=1, allow_nan=False, ensure_ascii=False)
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
        measured=count_measured(len(split.train), len(split.validation)),
    )


def _view_model(manifest: Manifest, results: Results, name: str) -> ModelView:
    variant = manifest.baselines[name].variant
    key = results.combined.get(name)
    joined = list_joined(results, name)
    return ModelView(
        name=name,
        title=title_model(results, name),
        kind=variant.architecture.kind,
        baseline=view_variant(results.variants[variant.key]),
        line=manifest.baselines[name].line,
        runs=list_origins(results, variant.key),
        combined=view_variant(results.variants[key]) if key else None,
        combined_of=tuple(name_joined(each) for each in joined if each.is_kept),
        combined_without=tuple(
            name_level(each.study, each.level) for each in joined if not each.is_kept
        ),
    )


def _list_titles(results: Results, key: str) -> tuple[str, ...]:
    """Return the studies that a variant is in, or else what it is for."""
    titles = tuple(study.study.title for study in results.studies_of.get(key, ()))
    return titles or ("combined" if key in results.combined.values() else "baseline",)


def _view_runs(manifest: Manifest, results: Results) -> tuple[RunView, ...]:
    views: list[RunView] = []
    for sharing in results.by_fingerprint.values():
        experiment = sharing[0]
        run = results.runs.get(experiment.fingerprint)
        last = run.history[-1] if run and run.history else None
        keys = [each.variant.key for each in sharing]
        studies = (title for key in keys for title in _list_titles(results, key))
        lines = {line for key in keys for line in find_lines(manifest, results, key)}
        views.append(
            RunView(
                fingerprint=experiment.fingerprint,
                model=", ".join(each.variant.model for each in sharing),
                studies=tuple(dict.fromkeys(studies)),
                setting=describe_variant(experiment.variant),
                lines=tuple(sorted(lines)),
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
                imported=run.file if isinstance(run, ImportedRun) else "",
            )
        )
    return tuple(views)
