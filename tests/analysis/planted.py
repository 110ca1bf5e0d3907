"""Results with known truths: accuracies and losses that a test chooses, and no network."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from mnistreport.analysis.findings import Finding, derive_findings
from mnistreport.analysis.results import Results, StudySummary, summarise_results
from mnistreport.study.experiment import (
    CnnArchitecture,
    Experiment,
    MlpArchitecture,
    TrainingSetting,
    Variant,
)
from mnistreport.study.manifest import (
    Baseline,
    DataSettings,
    FieldValue,
    Level,
    Manifest,
    ReportInfo,
    SplitFractions,
    Study,
    Submission,
)
from mnistreport.training.result import Circumstances, EpochRow, RunResult

SPLIT = "5" * 64
EPOCHS = 10
MLP = Variant("mlp", MlpArchitecture((8, 8)), TrainingSetting(0.1, 64, EPOCHS))
CNN = Variant("cnn", CnnArchitecture((2,), 3, 4), TrainingSetting(0.1, 64, EPOCHS))
FALLING = tuple(2.0 * 0.8**epoch for epoch in range(EPOCHS))
FLAT = tuple(0.5 + 1e-4 * epoch for epoch in range(EPOCHS))

Accuracies = Sequence[float | None]
"""By seed, from 0; ``None`` where the run diverged."""


def make_rate_study(rates: Sequence[float], *, baseline: float = 0.1, name: str = "rate") -> Study:
    """Make a study of the learning rate, one of whose levels is the baseline."""
    levels = tuple(
        Level(
            f"{rate:g}",
            rate,
            {} if rate == baseline else {"learning_rate": rate},
            replace(MLP, training=replace(MLP.training, learning_rate=rate)),
            is_baseline=rate == baseline,
        )
        for rate in rates
    )
    return Study(name, name, name.capitalize(), "mlp", "learning_rate", levels, 1)


def make_width_study(widths: Sequence[int], *, baseline: int) -> Study:
    """Make a study of the number of neurons in one hidden layer."""
    levels = tuple(
        Level(
            str(width),
            width,
            {} if width == baseline else {"neurons": width},
            replace(MLP, architecture=MlpArchitecture((width,))),
            is_baseline=width == baseline,
        )
        for width in widths
    )
    return Study("neurons", "neurons", "Neurons", "mlp", "neurons", levels, 1)


def make_ablation(*, baseline: Literal["neither", "both"] = "neither") -> Study:
    """Make a study of dropout and layer normalisation: all four corners."""
    corners = {"neither": (0.0, False), "dropout": (0.5, False)}
    corners |= {"norm": (0.0, True), "both": (0.5, True)}
    levels: list[Level] = []
    for label, (dropout, norm) in corners.items():
        fields: dict[str, FieldValue] = {}
        if dropout != corners[baseline][0]:
            fields["dropout"] = dropout
        if norm != corners[baseline][1]:
            fields["layer_norm"] = norm
        architecture = replace(CNN.architecture, dropout=dropout, layer_norm=norm)
        variant = replace(CNN, architecture=architecture)
        levels.append(Level(label, None, fields, variant, is_baseline=label == baseline))
    return Study("ablation", "ablation", "Ablation", "cnn", None, tuple(levels), 2)


def make_manifest(*studies: Study, seeds: int) -> Manifest:
    """Make a manifest of the studies."""
    baselines = {
        study.model: next(level.variant for level in study.levels if level.is_baseline)
        for study in studies
    }
    return Manifest(
        path=Path("experiments.toml"),
        sha256="0" * 64,
        report=ReportInfo("", "", "", (), "en"),
        data=DataSettings("digits", SplitFractions(0.6, 0.2, 0.2), 0),
        seeds=tuple(range(seeds)),
        baselines={model: Baseline(model, {}, each, 1) for model, each in baselines.items()},
        studies=studies,
        combine=False,
        submission=Submission((), ()),
        rubric=(),
    )


def make_run(
    experiment: Experiment,
    accuracy: float | None,
    losses: Sequence[float] = FLAT,
    *,
    train_losses: Sequence[float] | None = None,
    train_accuracy: float | None = None,
    updates: int = 100,
    seconds: float = 1.0,
) -> RunResult:
    """Make a run that ends at ``accuracy``, or one that diverged in its third epoch."""
    final = 0.1 if accuracy is None else accuracy
    rows = tuple(
        EpochRow(
            epoch,
            train_losses[epoch - 1] if train_losses else 1 / epoch,
            final if train_accuracy is None else train_accuracy,
            loss,
            final if epoch == len(losses) else 1 - final,  # only the last epoch may count
            seconds / len(losses),
        )
        for epoch, loss in enumerate(losses, start=1)
    )
    made_with = Circumstances("2.9", "cpu", "a processor", 1)
    if accuracy is None:
        name = experiment.fingerprint
        return RunResult(name, "diverged", rows[:2], updates, "no number", made_with)
    return RunResult(experiment.fingerprint, "finished", rows, updates, "", made_with)


def plant(
    study: Study,
    accuracies: Mapping[str, Accuracies],
    losses: Mapping[str, Sequence[float]] | None = None,
) -> StudySummary:
    """Summarise a study whose levels, by label, end at ``accuracies``, one for each seed."""
    return plant_results([study], [accuracies], losses).studies[0]


def plant_results(
    studies: Sequence[Study],
    accuracies: Sequence[Mapping[str, Accuracies]],
    losses: Mapping[str, Sequence[float]] | None = None,
) -> Results:
    """Summarise several studies."""
    seeds = max(len(each) for of_study in accuracies for each in of_study.values())
    experiments: list[Experiment] = []
    runs: dict[str, RunResult] = {}
    for study, of_study in zip(studies, accuracies, strict=True):
        for level in study.levels:
            for seed in range(seeds):
                experiment = Experiment(level.variant, seed, SPLIT)
                if experiment in experiments:
                    continue
                experiments.append(experiment)
                if seed < len(of_study[level.label]):
                    run = make_run(
                        experiment,
                        of_study[level.label][seed],
                        (losses or {}).get(level.label, FLAT),
                    )
                    runs[experiment.fingerprint] = run
    manifest = make_manifest(*studies, seeds=seeds)
    return summarise_results(manifest, experiments, runs, combined={})


def find_finding(study: StudySummary, kind: str) -> Finding | None:
    """Return a study's finding of one kind, if it has it."""
    return next((each for each in derive_findings(study) if each.kind == kind), None)
