"""The checks behind a rubric: each looks at evidence, and can fail.

None takes the manifest's word for what was done: splits are counted, levels need runs, figures
need curves to show.
"""

import numpy as np

from mnistreport.analysis.findings import Limits
from mnistreport.analysis.results import VariantSummary
from mnistreport.analysis.selection import choose_best_winner
from mnistreport.data.kaggle import TITLE as KAGGLE
from mnistreport.data.mnist import KNOWN, is_mnist
from mnistreport.report.answers import (
    AGAIN,
    BUILD,
    HERE,
    Answer,
    Evidence,
    answer_met,
    answer_missing,
    answer_open,
)
from mnistreport.report.material import Finalist, Material
from mnistreport.report.numbers import format_count, format_percent
from mnistreport.report.submission import (
    explain_ids,
    find_obstacle,
    find_zip_name,
    is_made,
    list_members,
)
from mnistreport.report.wording import count_things, join_words
from mnistreport.study.experiment import CLASSES, MlpArchitecture
from mnistreport.study.naming import name_weights

TEST = "have it read with: mnistreport build"
SPLIT_AGAIN = "remove the folder splits of the cache, and build again"
ASKED_SHARES = (0.6, 0.2, 0.2)
"""Shares of the training, validation and test split."""
ASKED_RATE = 0.01
ASKED_LAYERS = 2
"""Hidden layers that a feedforward network must have."""
MOST_OFF = 2
"""Images that a digit may be off its share of a split: two roundings can meet."""


def check_data(evidence: Evidence) -> Answer:
    """The images are MNIST's and, if that was asked for, were downloaded from Kaggle.

    The digest of all images proves the first, a download by this program the second. Where that is
    lacking, files alone cannot tell.
    """
    digits = evidence.material.digits
    said = f"{digits.title}, {format_count(len(digits.labels))} images"
    if not is_mnist(digits):
        step = "put MNIST into the folder data beside the manifest, or: "
        step += "mnistreport build --data kaggle"
        return answer_missing(f"the data set is not MNIST but {said}", step)
    if not evidence.trained and evidence.material.results.imported:
        return answer_missing("no run was trained on these images", HERE)
    place = evidence.outline.cite(["data"], tables=["splits"])
    is_proven = digits.sha256 in KNOWN
    is_from_kaggle = digits.origin.startswith(KAGGLE)
    if is_proven and (is_from_kaggle or "kaggle" not in evidence.requirement.casefold()):
        origin = f"; {KAGGLE}" if is_from_kaggle else ""
        return answer_met(place, f"{said}, known by their SHA-256{origin}{evidence.unchecked}")
    if is_proven:
        said += ", known by their SHA-256; the files do not show whether Kaggle is their origin"
    else:
        said += ", as many of each digit as in MNIST; the files do not show whether they are its"
    return answer_open(place, f"{said}{evidence.unchecked}")


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
    if not evidence.trained and evidence.material.results.imported:
        return answer_missing("no run was trained on the split", HERE)
    place = evidence.outline.cite(["data"], figures=["class-balance"], tables=["splits"])
    said = f"{shares}, each digit within {MOST_OFF} images of its share{evidence.unchecked}"
    return answer_met(place, said)


def check_loader(evidence: Evidence) -> Answer:
    """Runs were fed by the program's ``DataLoader``: they finished, and PyTorch is on record."""
    runs = [run for _, run in evidence.finished]
    versions = sorted({run.circumstances.torch for run in runs if run.circumstances.torch})
    if not versions:
        return answer_missing("no run was fed by it yet", evidence.how_to_train)
    said = f"{count_things(len(runs), 'run')} with PyTorch {join_words(versions)}"
    return answer_met(evidence.outline.cite(["data"]), said)


def check_loop(evidence: Evidence) -> Answer:
    """Runs went through the program's training loop, each through all of its epochs."""
    finished = evidence.finished
    if not finished:
        return answer_missing("no run has finished", evidence.how_to_train)
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
    names = [each.variant.model for each in plain if each.complete and not each.imported]
    if not names and any(each.imported for each in plain):
        return answer_missing("runs of the baseline were imported, and not checked", HERE)
    if not names:
        return answer_missing("the baseline did not finish on every seed", BUILD)
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
        what = "no run of a feedforward network has finished"
        return answer_missing(what, evidence.how_to_train)
    place = evidence.outline.cite(["method"], tables=["baselines"])
    return answer_met(place, f"trained in {count_things(len(finished), 'setting')}")


def check_depth(evidence: Evidence) -> Answer:
    """Every feedforward network that was trained has two hidden layers or more."""
    depths = [len(each.layers) for each in _list_networks(evidence)]
    if not depths:
        return answer_missing("no feedforward network was trained", evidence.how_to_train)
    if min(depths) < ASKED_LAYERS:
        shallow = sum(depth < ASKED_LAYERS for depth in depths)
        what = f"{count_things(shallow, 'setting')} of {len(depths)} with fewer hidden layers"
        return answer_missing(what, "take them out of the manifest")
    said = f"{min(depths)} to {max(depths)}" if min(depths) < max(depths) else str(depths[0])
    place = evidence.outline.cite(["method"], tables=["baselines"])
    return answer_met(place, f"{said} hidden layers")


def find_limits(material: Material) -> Limits:
    """Return the largest batch and the fewest layers that data and rubric allow to propose."""
    checks = {line.check for line in material.manifest.rubric}
    layers = ASKED_LAYERS if "at_least_two_hidden_layers" in checks else 1
    return Limits(images=len(material.split.train), hidden_layers=layers)


def check_relu(evidence: Evidence) -> Answer:
    """There are trained feedforward networks with something for ReLU to be between."""
    deep = [each for each in _list_networks(evidence) if len(each.layers) >= ASKED_LAYERS]
    if not deep:
        what = f"no trained feedforward network has {ASKED_LAYERS} hidden layers"
        return answer_missing(what, evidence.how_to_train)
    said = f"after each hidden layer of {count_things(len(deep), 'network')}"
    return answer_met(evidence.outline.cite(["method"]), said)


def _list_networks(evidence: Evidence) -> list[MlpArchitecture]:
    architectures = [each.variant.architecture for each in evidence.trained]
    return [each for each in architectures if isinstance(each, MlpArchitecture)]


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
        return _miss_test(evidence)
    return answer_met(evidence.outline.cite(["final"], tables=["final"]))


def check_confusion(evidence: Evidence) -> Answer:
    """The best model's confusion matrix on the test split is drawn."""
    name = f"{_find_best(evidence)}-confusion"
    if name not in evidence.outline.figures:
        return _miss_test(evidence)
    return answer_met(evidence.outline.cite(["final"], figures=[name]))


def _miss_test(evidence: Evidence) -> Answer:
    what = "the best model was not read on the test split"
    best = _find_finalist(evidence)
    if best and best.reading == "imported":
        return answer_missing(f"{what}: its runs were imported, without weights", HERE)
    return answer_missing(what, TEST)


def _find_best(evidence: Evidence) -> str | None:
    """Return the name of the model with the best winner, if that winner was tested."""
    best = _find_finalist(evidence)
    return best.model if best and best.reading == "read" else None


def _find_finalist(evidence: Evidence) -> Finalist | None:
    """Return the model with the best winner, whether that was tested or not."""
    finalists = evidence.material.finalists
    best = choose_best_winner(tuple(each.winner for each in finalists if each.winner))
    return next((each for each in finalists if each.winner is best), None) if best else None


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
    unread = {name_weights(e.model): e for e in evidence.material.finalists if e.reading != "read"}
    obstacles = {
        name: obstacle
        for name in names
        if name not in evidence.written
        and (
            obstacle := "is of another winner"
            if name in unread
            else find_obstacle(evidence.output, name, submission)
        )
    }
    if obstacles:
        absent = [name for name in obstacles if is_made(name, manifest.baselines)]
        if absent:
            if all(name in unread and unread[name].reading == "imported" for name in absent):
                what = f"{join_words(absent)}: imported runs come without weights"
                return answer_missing(what, "list what there is in [submission] include")
            return answer_missing(join_words(absent), "make it with: mnistreport build")
        what = join_words([f"{name}, which {obstacle}" for name, obstacle in obstacles.items()])
        return answer_missing(what, "put it into the output folder, or take it out of include")
    return answer_met(f"goes into {zip_name}", ", ".join(names))
