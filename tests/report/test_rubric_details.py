"""What a rubric's verdicts say beside whether a requirement is met."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnistreport.data.dataset import MNIST_SHA256
from mnistreport.report.material import Material
from mnistreport.study.manifest import Submission
from tests.fake_results import import_runs, make_results
from tests.report.reports import EVERY_LEVEL, make_material, make_small_material
from tests.report.test_rubric import judge

SEEDS = (0, 1, 2)


def _say(material: Material, check: str) -> str:
    return re.sub("[\u202f\u00a0]", " ", judge(material, check).where)


def test_the_shares_of_the_split_are_printed_to_one_decimal(material: Material) -> None:
    """And with how far a digit may be off, as it is checked."""
    place, shares = "Section 1, Figure 1, Table 1", "60.0 % / 20.0 % / 20.0 %"
    said = f"{place}: {shares}, each digit within 2 images of its share"
    assert said == _say(material, "stratified_split")


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_digit_may_be_two_images_off(material: Material, count: int) -> None:
    """More than two images of a digit in the place of another are not stratified, in any part."""
    split, labels = material.split, material.digits.labels
    train, test = split.train.copy(), split.test.copy()
    threes = np.flatnonzero(labels[train] == 3)[:count]
    eights = np.flatnonzero(labels[test] == 8)[:count]
    train[threes], test[eights] = test[eights], split.train[threes]
    swapped = replace(material, split=replace(split, train=train, test=test))
    verdict = judge(swapped, "stratified_split")
    assert (count <= 2) == verdict.is_met
    if count > 2:
        assert f"a digit is {count} images off its share of a split" in verdict.where


def test_what_holds_for_all_runs_but_the_imported_ones_says_so() -> None:
    """It is not known what imported runs were trained on; without them nothing is added."""
    results = import_runs(make_results(), dict.fromkeys((16, 1024), SEEDS))
    assert _say(make_material(results), "stratified_split").endswith(
        "of its share; of 6 imported runs it is not known"
    )


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("own_network", "trained in 15 settings"),
        ("at_least_two_hidden_layers", "2 to 5 hidden layers"),
        ("learning_rate_levels", "4 levels of learning rate"),
    ],
)
def test_numbers_are_those_of_what_was_trained(material: Material, check: str, said: str) -> None:
    """Settings, depths and levels are counted."""
    assert _say(material, check).endswith(said)


def test_updates_and_runs_are_added_up(material: Material) -> None:
    """Of everything that finished."""
    runs = [run for run in material.results.runs.values() if run.status == "finished"]
    updates = sum(run.updates or 0 for run in runs)
    assert _say(material, "own_training_loop").endswith(f"{len(runs)} runs, {updates:,} updates")


def test_four_levels_are_asked_for(material: Material) -> None:
    """A study of which four were run is enough, though a fifth was not."""
    broken = make_material(make_results(missing={512: [0]}))
    verdict = judge(broken, "neurons_levels")
    assert verdict.is_met
    assert "4 levels" in verdict.where
    assert "5 levels" in judge(material, "neurons_levels").where


def test_a_level_that_was_imported_does_not_count() -> None:
    """Nobody knows how it was trained; the three others are too few."""
    results = import_runs(make_results(), {0.5: SEEDS})
    where = judge(make_material(results), "learning_rate_levels").where
    assert "3 of 4 levels were run on every seed, as imported runs (1) do not count" in where


def test_images_of_mnist_need_a_run_that_was_trained_on_them(material: Material) -> None:
    """One that was trained here is enough; of those that were imported it is not known."""
    digits = replace(material.digits, sha256=MNIST_SHA256, origin="From Kaggle, by kagglehub.")
    some = import_runs(make_results(), dict.fromkeys((16, 1024), SEEDS))
    said = _say(replace(material, digits=digits), "mnist_data")
    assert "Section 1, Table 1: Digits, 600 images, known by their SHA-256" == said
    mixed = replace(make_material(some), digits=digits)
    assert f"{said}; of 6 imported runs it is not known" == _say(mixed, "mnist_data")
    every = import_runs(make_results(combined=False), dict.fromkeys(EVERY_LEVEL, SEEDS))
    verdict = judge(replace(make_material(every), digits=digits), "mnist_data")
    assert not verdict.is_met
    assert "no run was trained on these images" in verdict.where


def test_a_baseline_that_was_trained_here_and_did_not_finish_says_so() -> None:
    """It is no matter of imported runs where none was imported."""
    where = judge(make_material(make_results(missing={0.01: [0]})), "sgd_cross_entropy").where
    assert "the baseline did not finish on every seed; train with" in where
    imported = make_material(import_runs(make_results(), {0.01: SEEDS}))
    assert "were imported, and not checked" in judge(imported, "sgd_cross_entropy").where


def test_one_network_has_one_depth() -> None:
    """And several of one depth have that."""
    assert _say(make_small_material(), "at_least_two_hidden_layers").endswith(": 2 hidden layers")


def test_weights_that_nobody_has_are_not_asked_to_be_made(tmp_path: Path) -> None:
    """Imported runs come without; of those that were trained here a build makes them."""

    def judge_weights(*models: str, imported: bool) -> str:
        every = make_results(combined=False)
        if imported:
            every = import_runs(every, dict.fromkeys(EVERY_LEVEL, SEEDS))
        material = make_material(every, tested=not imported)
        names = tuple(f"best_{model}.safetensors" for model in models)
        manifest = replace(material.manifest, submission=Submission(("1", "2", "3"), names))
        written = ("notebook.ipynb", "notebook.pdf", "report.pdf")
        asked = replace(material, manifest=manifest)
        return judge(asked, "submission", output=tmp_path, written=written).where

    for models in (("mlp",), ("mlp", "cnn")):
        assert "imported runs come without weights" in judge_weights(*models, imported=True)
        where = judge_weights(*models, imported=False)
        assert where.endswith("; make it with: mnistreport build")
