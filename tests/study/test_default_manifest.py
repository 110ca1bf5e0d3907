import subprocess
import sys
from dataclasses import asdict

import pytest

from mnistreport.study.expansion import expand_experiments, expand_variants
from mnistreport.study.experiment import Variant
from mnistreport.study.manifest import Manifest, Study
from mnistreport.study.naming import count_ids
from tests.study.manifests import DEFAULT_MANIFEST

FACTORS = ("learning_rate", "batch_size", "neurons", "hidden_layers")


def find_study(manifest: Manifest, name: str) -> Study:
    """Look a study up by its name."""
    return next(study for study in manifest.studies if study.name == name)


def list_differences(one: Variant, other: Variant) -> set[str]:
    """Name the settings in which two variants differ."""
    flat_one, flat_other = (
        asdict(variant.architecture) | asdict(variant.training) for variant in (one, other)
    )
    return {key for key in flat_one if flat_one[key] != flat_other[key]}


@pytest.mark.parametrize("factor", FACTORS)
def test_each_factor_has_at_least_four_levels(default: Manifest, factor: str) -> None:
    """The assignment asks for four values each of learning rate, batch size, neurons, layers."""
    study = find_study(default, factor)
    assert factor == study.factor
    assert len(study.levels) >= 4
    assert 1 == sum(level.is_baseline for level in study.levels)


@pytest.mark.parametrize("factor", FACTORS)
def test_each_level_differs_in_exactly_the_factor(default: Manifest, factor: str) -> None:
    """One factor is changed at a time: all else is as in the baseline."""
    study = find_study(default, factor)
    baseline = default.baselines[study.model].variant
    resolved = "layers" if factor in {"neurons", "hidden_layers"} else factor
    for level in study.levels:
        expected: set[str] = set() if level.is_baseline else {resolved}
        assert expected == list_differences(level.variant, baseline)
        assert level.fields == ({} if level.is_baseline else {factor: level.value})


def test_each_level_names_the_line_that_asks_for_it(default: Manifest) -> None:
    """There stands its value or label; for the baseline, the model's table."""
    lines = DEFAULT_MANIFEST.read_text("utf-8").splitlines()
    for study in default.studies:
        for level in study.levels:
            said = f"[models.{study.model}]" if level.is_baseline else level.label
            assert said in lines[level.line - 1]


def test_every_mlp_has_at_least_two_hidden_layers(default: Manifest) -> None:
    """The assignment asks for two hidden layers at least, in every variant."""
    depths = [
        len(variant.architecture.sizes)
        for variant in expand_variants(default)
        if variant.architecture.kind == "mlp"
    ]
    assert min(depths) >= 2
    assert len(set(depths)) >= 4


def test_baseline_is_plain_descent_with_the_rate_that_is_asked_for(default: Manifest) -> None:
    """The assignment asks for stochastic gradient descent with a learning rate of 0.01."""
    training = default.baselines["mlp"].variant.training
    assert ("sgd", 0.01, 0.0, 0.0) == (
        training.optimizer,
        training.learning_rate,
        training.momentum,
        training.weight_decay,
    )


def test_every_variant_is_trained_on_three_seeds(default: Manifest) -> None:
    """A difference between variants can be compared with one between seeds."""
    variants = expand_variants(default)
    experiments = expand_experiments(variants, default.seeds, "0" * 64)
    assert (0, 1, 2) == default.seeds
    assert 3 * len(variants) == len(experiments) == len({e.fingerprint for e in experiments})


def test_ablation_has_the_four_corners(default: Manifest) -> None:
    """The bonus: a convolutional network with and without dropout and layer normalisation."""
    study = find_study(default, "dropout_layer_norm")
    corners = {
        level.label: (level.variant.architecture.dropout > 0, level.variant.architecture.layer_norm)
        for level in study.levels
    }
    assert {
        "neither": (False, False),
        "dropout": (True, False),
        "layer norm": (False, True),
        "both": (True, True),
    } == corners
    assert 2 == len({level.variant.architecture.dropout for level in study.levels})
    assert study.factor is None
    assert "neither" == study.levels[0].label
    assert study.levels[0].is_baseline
    assert {"cnn"} == {level.variant.architecture.kind for level in study.levels}


def test_split_is_the_one_that_is_asked_for(default: Manifest) -> None:
    """60 % training, 20 % validation, 20 % test."""
    split = default.data.split
    assert (0.6, 0.2, 0.2) == (split.train, split.validation, split.test)
    assert "auto" == default.data.source


def test_rubric_covers_the_grading_scheme(default: Manifest) -> None:
    """Data 20, training loop 20, architecture 20, analysis 40, bonus 10; no check twice."""
    assert 110 == sum(line.points for line in default.rubric)
    checks = [line.check for line in default.rubric]
    assert len(set(checks)) == len(checks)
    assert {f"{factor}_levels" for factor in FACTORS} <= set(checks)


def test_ids_are_placeholders_for_a_team_of_three(default: Manifest) -> None:
    """Whoever forgets to put in their own ids is told before handing in."""
    assert 3 == len(default.submission.ids)
    assert default.submission.ids == default.submission.placeholders
    assert default.submission.ids == tuple(author.id for author in default.report.authors)
    assert count_ids(default.submission.scheme) == len(default.submission.ids)


def test_the_zip_holds_what_the_notebook_reads(default: Manifest) -> None:
    """Tables of the runs, and the weights of each model's best."""
    weights = [f"best_{model}.safetensors" for model in default.baselines]
    assert ("runs.csv", "epochs.csv", "levels.csv", *weights) == default.submission.include


def test_best_levels_are_joined(default: Manifest) -> None:
    """The best model that is found may be none of the variants that change one factor."""
    assert default.combine


def test_loading_needs_no_library_of_training_or_analysis() -> None:
    """`check` and `plan` answer at once: loading a manifest imports nothing heavy."""
    program = (
        "import sys; from pathlib import Path;"
        "from mnistreport.study.loading import load_manifest;"
        f"load_manifest(Path({str(DEFAULT_MANIFEST)!r}));"
        "print([name for name in ('torch', 'sklearn', 'pandas', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=DEFAULT_MANIFEST.parent,
        capture_output=True,
        check=True,
        text=True,
    )
    assert "[]\n" == done.stdout
