"""The checks behind a rubric: each looks at evidence, and can fail.

None takes the manifest's word for what was done: splits are counted, levels need runs, figures
need curves to show.
"""

from collections.abc import Iterable

import numpy as np

from mnistreport.analysis.findings.ablation import find_corners
from mnistreport.analysis.results import LevelSummary, StudySummary, VariantSummary
from mnistreport.analysis.rigour import is_from_scratch
from mnistreport.analysis.selection import choose_winners
from mnistreport.data.mnist import is_mnist
from mnistreport.report.answers import Answer, Evidence, answer_met, answer_missing
from mnistreport.report.numbers import format_count, format_percent
from mnistreport.report.submission import (
    explain_ids,
    find_obstacle,
    find_zip_name,
    is_made,
    list_members,
)
from mnistreport.report.wording import count_things, join_words, name_factor
from mnistreport.study.experiment import CLASSES, MlpArchitecture

BUILD = "train with: mnistreport build"
AGAIN = "train again with: mnistreport build --force"
TEST = "have it read with: mnistreport build"
SPLIT_AGAIN = "remove the folder splits of the cache, and build again"
ASKED_SHARES = (0.6, 0.2, 0.2)
"""Shares of the training, validation and test split."""
ASKED_RATE = 0.01
ASKED_LEVELS = 4
"""Levels of a factor that a study must have."""
ASKED_LAYERS = 2
"""Hidden layers that a feedforward network must have."""
MOST_OFF = 2
"""Images that a digit may be off its share of a split: two roundings can meet."""


def check_data(evidence: Evidence) -> Answer:
    """The images are MNIST's."""
    digits = evidence.material.digits
    said = f"{digits.title}, {format_count(len(digits.labels))} images"
    if is_mnist(digits):
        if "kaggle" not in digits.origin.lower():
            said += "; that they came from Kaggle is not on record"
        return answer_met(evidence.outline.cite(["data"], tables=["splits"]), said)
    step = "put MNIST into the folder data beside the manifest, or: mnistreport build --data kaggle"
    return answer_missing(f"the data set is not MNIST but {said}", step)


def check_split(evidence: Evidence) -> Answer:
    """The split is 60/20/20 and stratified, by the images that are really in it."""
    material = evidence.material
    labels, split = material.digits.labels, material.split
    parts = (split.train, split.validation, split.test)
    shares = " / ".join(format_percent(len(part) / len(labels), 1) for part in parts)
    if sorted(np.concatenate(parts).tolist()) != list(range(len(labels))):
        return answer_missing("an image is in no split, or in two", SPLIT_AGAIN)
    if any(
        abs(len(part) - share * len(labels)) > 1
        for part, share in zip(parts, ASKED_SHARES, strict=True)
    ):
        step = "put train = 0.6, validation = 0.2, test = 0.2 into [data] split"
        return answer_missing(f"the split is {shares}", step)
    digits = np.bincount(labels, minlength=CLASSES)
    off = max(
        float(np.abs(np.bincount(labels[part], minlength=CLASSES) - share * digits).max())
        for part, share in zip(parts, ASKED_SHARES, strict=True)
    )
    if off > MOST_OFF:
        what = f"a digit is {off:.0f} images off its share of a split"
        return answer_missing(what, SPLIT_AGAIN)
    place = evidence.outline.cite(["data"], figures=["class-balance"], tables=["splits"])
    return answer_met(place, f"{shares}, each digit within {MOST_OFF} images of its share")


def check_loader(evidence: Evidence) -> Answer:
    """Runs were fed by the program's ``DataLoader``: they finished, and PyTorch is on record."""
    runs = [run for _, run in evidence.finished]
    versions = sorted({run.circumstances.torch for run in runs if run.circumstances.torch})
    if not versions:
        return answer_missing("no run was fed by it yet", BUILD)
    said = f"{count_things(len(runs), 'run')} with PyTorch {join_words(versions)}"
    return answer_met(evidence.outline.cite(["data"]), said)


def check_loop(evidence: Evidence) -> Answer:
    """Runs went through the program's training loop, each through all of its epochs."""
    finished = evidence.finished
    if not finished:
        return answer_missing("no run has finished", BUILD)
    if any(len(run.history) != each.variant.training.epochs for each, run in finished):
        return answer_missing("a finished run lacks epochs", AGAIN)
    updates = sum(run.updates for _, run in finished)
    said = f"{count_things(len(finished), 'run')}, {count_things(updates, 'update')}"
    return answer_met(evidence.outline.cite(["method"]), said)


def check_descent(evidence: Evidence) -> Answer:
    """A feedforward baseline was trained with plain descent at the rate asked for."""
    manifest, results = evidence.material.manifest, evidence.material.results
    baselines = [
        results.variants[baseline.variant.key]
        for baseline in manifest.baselines.values()
        if baseline.variant.architecture.kind == "mlp"
    ]
    plain = [each for each in baselines if _is_plain(each)]
    if not plain:
        step = f"give a model of kind mlp learning_rate = {ASKED_RATE} and momentum = 0"
        return answer_missing("no feedforward baseline is trained so", step)
    if not any(each.complete for each in plain):
        return answer_missing("the baseline did not finish on every seed", BUILD)
    names = [each.variant.model for each in plain if each.complete]
    place = evidence.outline.cite(
        ["method", "baseline"], figures=[f"{name}-baseline" for name in names], tables=["baselines"]
    )
    return answer_met(place)


def _is_plain(summary: VariantSummary) -> bool:
    training = summary.variant.training
    return (training.optimizer, training.learning_rate, training.momentum) == (
        "sgd", ASKED_RATE, 0,
    )  # fmt: skip


def check_network(evidence: Evidence) -> Answer:
    """A feedforward network was trained."""
    finished = {s.variant.key for s, _ in evidence.finished if s.variant.architecture.kind == "mlp"}
    if not finished:
        return answer_missing("no run of a feedforward network has finished", BUILD)
    place = evidence.outline.cite(["method"], tables=["baselines"])
    return answer_met(place, f"trained in {count_things(len(finished), 'setting')}")


def check_depth(evidence: Evidence) -> Answer:
    """Every feedforward network that was trained has two hidden layers or more."""
    depths = [len(each.layers) for each in _list_networks(evidence)]
    if not depths:
        return answer_missing("no feedforward network was trained", BUILD)
    if min(depths) < ASKED_LAYERS:
        shallow = sum(depth < ASKED_LAYERS for depth in depths)
        what = f"{count_things(shallow, 'setting')} of {len(depths)} with fewer hidden layers"
        return answer_missing(what, "take them out of the manifest")
    said = f"{min(depths)} to {max(depths)}" if min(depths) < max(depths) else str(depths[0])
    place = evidence.outline.cite(["method"], tables=["baselines"])
    return answer_met(place, f"{said} hidden layers")


def check_relu(evidence: Evidence) -> Answer:
    """There are trained feedforward networks with something for ReLU to be between."""
    deep = [each for each in _list_networks(evidence) if len(each.layers) >= ASKED_LAYERS]
    if not deep:
        what = f"no trained feedforward network has {ASKED_LAYERS} hidden layers"
        return answer_missing(what, BUILD)
    said = f"after each hidden layer of {count_things(len(deep), 'network')}"
    return answer_met(evidence.outline.cite(["method"]), said)


def _list_networks(evidence: Evidence) -> list[MlpArchitecture]:
    architectures = [each.variant.architecture for each in evidence.trained]
    return [each for each in architectures if isinstance(each, MlpArchitecture)]


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
    return answer_met(evidence.outline.cite(figures=shown))


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
        if sum(run.is_settled for run in level.summary.runs.values()) == level.summary.planned
    ]


def check_one_factor(evidence: Evidence) -> Answer:
    """Every study's proof holds, and every run began at its first epoch."""
    failing = [
        f"{proof.title} ({join_words([level.label for level in proof.levels if not level.holds])})"
        for proof in evidence.proofs
        if not proof.holds
    ]
    place = evidence.outline.cite(["setup"], tables=["one-factor"])
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


def check_insights(evidence: Evidence) -> Answer:
    """Each study has words of a person's own."""
    studies = evidence.material.manifest.studies
    silent = [study for study in studies if not evidence.own_words.get(study.slug)]
    if silent:
        names = join_words([study.slug for study in silent])
        files = "templates/insights/<study>.md.j2"
        return answer_missing(f"words of your own on {names}", f"write them into {files}")
    return answer_met(evidence.outline.cite([f"study-{study.slug}" for study in studies]))


def check_test(evidence: Evidence) -> Answer:
    """The best model was read on the test split, and the report says with which accuracy."""
    best = _find_best(evidence)
    if best is None or "final" not in evidence.outline.tables:
        return answer_missing("the best model was not read on the test split", TEST)
    return answer_met(evidence.outline.cite(["final"], tables=["final"]))


def check_confusion(evidence: Evidence) -> Answer:
    """The best model's confusion matrix on the test split is drawn."""
    name = f"{_find_best(evidence)}-confusion"
    if name not in evidence.outline.figures:
        return answer_missing("the best model was not read on the test split", TEST)
    return answer_met(evidence.outline.cite(["final"], figures=[name]))


def _find_best(evidence: Evidence) -> str | None:
    """Return the name of the model with the best winner, if that winner was tested."""
    winners = choose_winners(evidence.material.results)
    best = max(winners, key=lambda winner: winner.summary.mean_accuracy, default=None)
    tested = {each.winner.summary.variant.key for each in evidence.material.tested}
    return best.model if best and best.summary.variant.key in tested else None


def check_ablation(evidence: Evidence) -> Answer:
    """A convolutional network was trained in all four corners of dropout and layer norm."""
    for study in evidence.material.results.studies:
        corners = find_corners(study) if _is_of_kind(study, "cnn") else None
        if corners and {corners.first, corners.second} == {"dropout", "layer_norm"}:
            if all(level.summary.complete for level in corners.levels):
                return answer_met(_cite_study(evidence, study))
            return answer_missing(f"runs of {study.study.name} did not finish", BUILD)
    step = "add a study of a cnn with variants: neither, dropout, layer_norm, both"
    return answer_missing("no study tries dropout and layer norm alone and together", step)


def check_submission(evidence: Evidence) -> Answer:
    """Everything that goes into the zip is there or about to be, and real ids name the zip.

    Whether it was packed does not matter: the report is in it, and packing must not change that.
    """
    manifest = evidence.material.manifest
    submission = manifest.submission
    if not submission.ids or submission.placeholders:
        return answer_missing("the ids of your team", "put them into [submission] ids")
    zip_name = find_zip_name(submission)
    if zip_name is None:
        what = f"the right number of ids, as {explain_ids(submission)}"
        return answer_missing(what, "correct [submission] ids, or its scheme")
    names = list_members(submission)
    obstacles = {
        name: obstacle
        for name in names
        if name not in evidence.written
        and (obstacle := find_obstacle(evidence.output, name, submission))
    }
    if obstacles:
        absent = [name for name in obstacles if is_made(name, manifest.baselines)]
        if absent:
            return answer_missing(join_words(absent), "make it with: mnistreport build")
        what = join_words([f"{name}, which {obstacle}" for name, obstacle in obstacles.items()])
        return answer_missing(what, "put it into the output folder, or take it out of include")
    return answer_met(f"goes into {zip_name}", ", ".join(names))


def _is_of_kind(study: StudySummary, kind: str) -> bool:
    return study.baseline.summary.variant.architecture.kind == kind


def _cite_study(evidence: Evidence, study: StudySummary) -> str:
    slug = study.study.slug
    return evidence.outline.cite(
        [f"study-{slug}"],
        figures=[f"{slug}-curves", f"{slug}-factor"],
        tables=[f"{slug}-levels"],
    )
