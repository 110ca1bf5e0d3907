"""Results as if something had been trained: the studies of the assignment, without a network.

``make_results`` builds what ``summarise_results`` would of stored runs. The histories follow a
power law with a little noise from the seed, so that they look like the real thing and are the
same on every call.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mnistreport.analysis.results import (
    LevelSummary,
    Results,
    StudySummary,
    VariantSummary,
    summarise_results,
)
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
from mnistreport.training.result import (
    Circumstances,
    EpochRow,
    FinalOutcome,
    ImportedRun,
    Mistake,
    RunResult,
)

SPLIT = "5" * 64
MLP = Variant("mlp", MlpArchitecture((128, 128)), TrainingSetting(0.01, 64, 20))
CNN = Variant("cnn", CnnArchitecture((16, 32), 3, 128), TrainingSetting(0.05, 64, 12))

# Error on the validation split after the last epoch, in percent, by study and level.
ERRORS: Mapping[str, Mapping[FieldValue, float]] = {
    "learning_rate": {0.001: 10.6, 0.01: 5.3, 0.1: 2.3, 0.5: 2.6},
    "batch_size": {16: 2.9, 64: 5.3, 256: 8.7, 1024: 12.2},
    "neurons": {32: 6.2, 64: 5.7, 128: 5.3, 256: 4.9, 512: 4.7},
    "hidden_layers": {2: 5.3, 3: 4.5, 4: 4.3, 5: 4.6},
    "dropout_layer_norm": {"neither": 1.32, "dropout": 1.21, "layer norm": 1.04, "both": 0.98},
}
GAPS = {0.1: 2.2, 0.5: 2.55, 16: 1.7, 64: 0.3, 256: 0.05, 1024: -0.1, "layer norm": 1.0}
STRANGE = {
    "neither": '<script>alert("no & never")</script>',
    "dropout": "x" * 40,
    "layer norm": "$normalised$ layers, each on its own, ]]>",
    "both": "Überlänge — 深層学習 --> everything",
}


def make_manifest(
    seeds: Sequence[int] = (0, 1, 2), *, epochs: int | None = None, strange: bool = False
) -> Manifest:
    """Make the manifest of the assignment; ``strange`` gives it names that are hard to print."""
    mlp, cnn = (
        replace(each, training=replace(each.training, epochs=epochs or each.training.epochs))
        for each in (MLP, CNN)
    )
    studies = (
        _make_study("learning_rate", "Learning rate", mlp, "learning_rate"),
        _make_study("batch_size", "Batch size", mlp, "batch_size"),
        _make_study("neurons", "Number of neurons", mlp, "neurons"),
        _make_study("hidden_layers", "Number of hidden layers", mlp, "hidden_layers"),
        _make_study("dropout_layer_norm", "Dropout and layer normalisation", cnn, None),
    )
    if strange:
        *others, ablation = studies
        levels = tuple(replace(each, label=STRANGE[each.label]) for each in ablation.levels)
        studies = (*others, replace(ablation, title="<b>Dropout & friends</b>", levels=levels))
    return Manifest(
        path=Path("experiments.toml"),
        sha256="0" * 64,
        report=ReportInfo("Digits", "", "", (), "en"),
        data=DataSettings("digits", SplitFractions(0.6, 0.2, 0.2), 0),
        seeds=tuple(seeds),
        baselines={
            each.model: Baseline(each.model, _list_fields(each), each, line)
            for line, each in ((20, mlp), (30, cnn))
        },
        studies=studies,
        combine=True,
        submission=Submission(("1", "2", "3"), ()),
        rubric=(),
    )


def make_results(
    seeds: Sequence[int] = (0, 1, 2),
    *,
    epochs: int | None = None,
    diverged: Collection[FieldValue] = (),
    failed: Collection[FieldValue] = (),
    at_chance: Collection[FieldValue] = (),
    missing: Mapping[FieldValue, Collection[int]] | None = None,
    strange: bool = False,
    combined: bool = True,
) -> Results:
    """Make the results of the assignment.

    Levels are told by their value (``0.5``), named variants by their label (``"both"``).

    Args:
        seeds: Each variant is run with each.
        epochs: Of every run, if not as in the assignment.
        diverged: Levels whose runs all end in a loss that is no number, after epochs 2, 3, 4, ….
        failed: Levels whose runs failed before their first epoch was over.
        at_chance: Levels that learn nothing.
        missing: Levels with seeds that were not run.
        strange: Whether labels and titles are hard to print; levels keep their usual names here.
        combined: Whether the best levels were joined.
    """
    manifest = make_manifest(seeds, epochs=epochs, strange=strange)
    named: dict[Variant, tuple[FieldValue, float]] = {}
    plain = make_manifest(seeds, epochs=epochs)
    for study in plain.studies:
        for level in study.levels:
            value = level.label if level.value is None else level.value
            if not level.is_baseline or level.variant not in named:
                named[level.variant] = (value, ERRORS[study.slug][value])
    joined: dict[str, Variant] = {}
    if combined:
        mlp = manifest.baselines["mlp"].variant
        joined["mlp"] = replace(
            mlp,
            architecture=MlpArchitecture((512,) * 4),
            training=replace(mlp.training, learning_rate=0.1, batch_size=16),
        )
        named[joined["mlp"]] = ("best levels joined", 1.75)
    runs: dict[str, RunResult] = {}
    experiments: list[Experiment] = []
    for variant, (value, error) in named.items():
        for place, seed in enumerate(seeds):
            experiment = Experiment(variant, seed, SPLIT)
            experiments.append(experiment)
            if seed in (missing or {}).get(value, ()):
                continue
            run = make_run(experiment, error, GAPS.get(value, 0.4), learns=value not in at_chance)
            if value in diverged:
                run = _break_off(run, 2 + place)
            elif value in failed:
                reason = "out of memory"
                run = replace(run, status="failed", history=(), updates=0, reason=reason)
            runs[experiment.fingerprint] = run
    keys = {model: variant.key for model, variant in joined.items()}
    return summarise_results(manifest, experiments, runs, combined=keys)


def import_runs(
    results: Results,
    imported: Mapping[FieldValue, Collection[int]],
    *,
    seeds: Sequence[int] = (0, 1, 2),
    seconds: float | None = None,
) -> Results:
    """Have runs be imported instead: levels, told as in ``make_results``, with these seeds.

    Files tell as many ``seconds`` for each epoch, or none.
    """
    manifest = make_manifest(seeds)
    chosen = {
        (level.variant.key, seed)
        for study in manifest.studies
        for level in study.levels
        for seed in imported.get(level.label if level.value is None else level.value, ())
    }
    runs = dict(results.runs)
    for each in results.experiments:
        if (each.variant.key, each.seed) in chosen:
            time = math.nan if seconds is None else seconds
            rows = [replace(r, duration_seconds=time) for r in runs[each.fingerprint].history]
            file = f"histories/{each.variant.model}.csv"
            runs[each.fingerprint] = ImportedRun(each.fingerprint, tuple(rows), file, 2, "d" * 64)
    return summarise_results(manifest, results.experiments, runs, combined=results.combined)


def find_study(results: Results, slug: str) -> StudySummary:
    """Return a study by its slug."""
    return next(study for study in results.studies if study.study.slug == slug)


def make_long_study(levels: int, seeds: Sequence[int] = (0, 1, 2)) -> StudySummary:
    """Make a study of many learning rates, of which the one in the middle does best."""
    summaries: list[LevelSummary] = []
    for place in range(levels):
        rate = round(0.001 * 1.05**place, 6)
        variant = replace(MLP, training=replace(MLP.training, learning_rate=rate))
        level = Level(f"{rate:g}", rate, {"learning_rate": rate}, variant, place == levels // 3)
        error = 3 + 4 * abs(place - levels / 2) / levels
        runs = {seed: make_run(Experiment(variant, seed, SPLIT), error, 0.3) for seed in seeds}
        summaries.append(LevelSummary(level, VariantSummary(variant, runs, len(seeds)), None))
    of_study = tuple(summary.level for summary in summaries)
    study = Study("long", "long", "Many levels", "mlp", "learning_rate", of_study, 1)
    return StudySummary(study, tuple(summaries))


def make_run(experiment: Experiment, error: float, gap: float, *, learns: bool = True) -> RunResult:
    """Make a finished run.

    Args:
        experiment: What was run.
        error: Validation error at the end, in percent.
        gap: Training minus validation accuracy at the end, in percentage points.
        learns: Or else it stays at chance.
    """
    training = experiment.variant.training
    noise = np.random.default_rng([experiment.seed, int(error * 1000), training.batch_size])
    luck = noise.normal(0, 0.03 * error + 0.03)
    steps = math.ceil(42_000 / training.batch_size)
    rows: list[EpochRow] = []
    for epoch in range(1, training.epochs + 1):
        ahead = (training.epochs / epoch) ** 0.75
        wrong = min(0.89, (error + luck + noise.normal(0, 0.02 * error)) / 100 * ahead)
        train_wrong = max(0.0, wrong - gap / 100 * (epoch / training.epochs) ** 1.5)
        validation_loss, train_loss = 3.3 * wrong + 0.004 * gap * epoch**0.5, 3.3 * train_wrong
        if not learns:
            wrong, train_wrong = 0.8865 + noise.normal(0, 2e-4), 0.8876
            validation_loss, train_loss = 2.3019 + noise.normal(0, 2e-3), 2.3012
        seconds = 0.4 + steps * 0.9e-3 + noise.uniform(0, 0.05)
        rows.append(
            EpochRow(
                epoch,
                max(train_loss, 2e-4),
                1 - train_wrong,
                validation_loss,
                1 - wrong,
                seconds,
            )
        )
    return RunResult(
        experiment.fingerprint,
        "finished",
        tuple(rows),
        steps * training.epochs,
        "",
        Circumstances("2.9.0", "cpu", "a processor", 1),
    )


def make_outcome(images: int = 14_000, *, accuracy: float = 0.979, seed: int = 0) -> FinalOutcome:
    """Make what a test split of ``images`` said; 4 and 9 are confused more often than others."""
    noise = np.random.default_rng(seed)
    confusion = np.zeros((10, 10), dtype=int)
    true = np.arange(images) % 10
    likely = np.ones((10, 10)) - np.eye(10)
    for one, other in ((4, 9), (9, 4), (7, 2), (3, 5), (5, 3), (8, 3)):
        likely[one, other] = 7
    wrong = np.sort(noise.choice(images, round(images * (1 - accuracy)), replace=False))
    mistakes: list[Mistake] = []
    predicted = true.copy()
    for image in wrong.tolist():
        row = likely[true[image]]
        predicted[image] = noise.choice(10, p=row / row.sum())
        confidence = float(1 - 0.6 * noise.random() ** 1.5)
        mistakes.append(Mistake(image, int(true[image]), int(predicted[image]), confidence))
    np.add.at(confusion, (true, predicted), 1)
    mistakes.sort(key=lambda mistake: -mistake.confidence)
    return FinalOutcome(
        "f" * 64,
        images,
        int(np.trace(confusion)),
        0.0712,
        tuple(tuple(int(count) for count in row) for row in confusion),
        tuple(mistakes),
    )


def make_digits(images: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Make ``uint8`` images of shape ``(images, 28, 28)`` and labels: squares with bright dots."""
    labels = (np.arange(images) % 10).astype(np.uint8)
    pixels = np.zeros((images, 28, 28), dtype=np.uint8)
    for place, label in enumerate(labels.tolist()):
        pixels[place, 4:24, 4:24] = 90
        pixels[place, 6 : 7 + 2 * label, 6 + place // 10 % 16] = 255
    return pixels, labels


def _make_study(slug: str, title: str, baseline: Variant, factor: str | None) -> Study:
    levels: list[Level] = []
    for value in ERRORS[slug]:
        variant, fields = _vary(baseline, factor or "", value)
        label = f"{value:g}" if isinstance(value, float) else str(value)
        number = None if isinstance(value, str | tuple) else value
        levels.append(Level(label, number, fields, variant, variant == baseline))
    return Study(slug, slug, title, baseline.model, factor, tuple(levels), 40)


def _vary(
    baseline: Variant, factor: str, value: FieldValue
) -> tuple[Variant, Mapping[str, FieldValue]]:
    architecture, training = baseline.architecture, baseline.training
    if isinstance(architecture, CnnArchitecture):
        fields: dict[str, FieldValue] = {}
        if value in {"dropout", "both"}:
            fields["dropout"] = 0.5
        if value in {"layer norm", "both"}:
            fields["layer_norm"] = True
        changed = replace(architecture, **fields)  # type: ignore[arg-type]
        return replace(baseline, architecture=changed), fields
    if factor == "neurons":
        changed = MlpArchitecture((int(value),) * len(architecture.layers))  # type: ignore[arg-type]
    elif factor == "hidden_layers":
        changed = MlpArchitecture(architecture.layers[:1] * int(value))  # type: ignore[arg-type]
    else:
        setting = replace(training, **{factor: value})  # type: ignore[arg-type]
        return replace(baseline, training=setting), {factor: value}
    return replace(baseline, architecture=changed), {factor: value}


def _list_fields(variant: Variant) -> dict[str, FieldValue]:
    architecture, training = variant.architecture, variant.training
    sizes: dict[str, FieldValue] = (
        {
            "channels": architecture.channels,
            "kernel_size": architecture.kernel_size,
            "dense": architecture.dense,
        }
        if isinstance(architecture, CnnArchitecture)
        else {"hidden_layers": len(architecture.layers), "neurons": architecture.layers[0]}
    )
    return {
        "kind": architecture.kind,
        **sizes,
        "dropout": architecture.dropout,
        "layer_norm": architecture.layer_norm,
        "optimizer": training.optimizer,
        "learning_rate": training.learning_rate,
        "momentum": training.momentum,
        "weight_decay": training.weight_decay,
        "batch_size": training.batch_size,
        "epochs": training.epochs,
    }


def _break_off(run: RunResult, epochs: int) -> RunResult:
    rows = tuple(
        replace(row, train_loss=0.9 * 6.0**row.epoch, validation_loss=6.0**row.epoch)
        for row in run.history[:epochs]
    )
    reason = f"the loss was nan in epoch {epochs + 1}"
    return replace(run, status="diverged", history=rows, updates=epochs * 100, reason=reason)
