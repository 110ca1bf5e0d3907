from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from mnistreport.analysis.results import Results
from mnistreport.analysis.rigour import LevelProof, prove_one_factor
from mnistreport.study.experiment import Experiment, MlpArchitecture
from mnistreport.study.manifest import FieldValue, Level, Study
from mnistreport.training.result import RunResult
from tests.analysis.planted import (
    EPOCHS,
    FLAT,
    MLP,
    Accuracies,
    make_ablation,
    make_rate_study,
    plant_results,
)

RATES = make_rate_study([0.01, 0.1, 1.0])
FINE: Mapping[str, Accuracies] = {"0.01": [0.9] * 3, "0.1": [0.92] * 3, "1": [0.8] * 3}


def make_layers_study(
    factor: str | None, layers: Sequence[int], fields: Mapping[str, FieldValue] | None = None
) -> Study:
    """Make a study whose baseline has hidden layers of 8 and 8, and whose one level ``layers``."""
    changed = replace(MLP, architecture=MlpArchitecture(tuple(layers)))
    given = fields or {factor or "": 0}
    levels = (
        Level("8", 8, {}, MLP, is_baseline=True),
        Level("other", 9 if factor else None, given, changed, is_baseline=False),
    )
    return Study("size", "size", "Size", "mlp", factor, levels, 1)


def prove(
    study: Study,
    accuracies: Mapping[str, Accuracies] | None = None,
    losses: Mapping[str, Sequence[float]] | None = None,
) -> dict[str, LevelProof]:
    """Prove a study of runs with three seeds, and return its levels by label."""
    usual = {level.label: [0.9] * 3 for level in study.levels}
    return prove_results(plant_results([study], [accuracies or usual], losses))


def prove_results(results: Results) -> dict[str, LevelProof]:
    """Prove the only study of ``results``, and return its levels by label."""
    [proof] = prove_one_factor(results)
    assert proof.holds == all(level.holds for level in proof.levels)
    return {level.label: level for level in proof.levels}


def change_runs(results: Results, key: str, **changes: object) -> Results:
    """Change the runs of one variant."""
    names = {each.fingerprint for each in results.experiments if each.variant.key == key}
    runs: dict[str, RunResult] = {
        name: replace(run, **changes) if name in names else run  # type: ignore[arg-type]
        for name, run in results.runs.items()
    }
    return replace(results, runs=runs)


def find_failing(levels: Mapping[str, LevelProof]) -> list[str]:
    """Name the levels whose proof fails."""
    return [label for label, level in levels.items() if not level.holds]


def test_a_study_of_one_factor_holds() -> None:
    """Only the rate differs, and split, seeds and epochs are the baseline's."""
    levels = prove(RATES, FINE)
    assert [] == find_failing(levels)
    [departure] = levels["1"].departures
    assert ("learning_rate", 0.1, 1.0) == (departure.field, departure.baseline, departure.level)
    assert () == levels["0.1"].departures
    assert ((0, 1, 2), (EPOCHS,), ("5" * 64,)) == (
        levels["1"].seeds,
        levels["1"].epochs,
        levels["1"].splits,
    )


def test_a_level_that_also_changes_epochs_fails() -> None:
    """What the manifest says of a level does not count: its runs had other epochs as well."""
    *others, level = RATES.levels
    training = replace(level.variant.training, epochs=5)
    sly = replace(level, variant=replace(level.variant, training=training))
    levels = prove(replace(RATES, levels=(*others, sly)), FINE, {"1": FLAT[:5]})
    assert ["1"] == find_failing(levels)
    assert ["learning_rate", "epochs"] == [each.field for each in levels["1"].departures]
    assert not levels["1"].differs_as_asked
    assert not levels["1"].has_due_epochs


def test_a_run_with_fewer_epochs_than_its_setting_fails() -> None:
    """The histories are counted, not only the settings compared."""
    levels = prove(RATES, FINE, {"0.01": FLAT[:8]})
    assert ["0.01"] == find_failing(levels)
    assert (8,) == levels["0.01"].epochs
    assert levels["0.01"].differs_as_asked


def test_another_split_fails() -> None:
    """A level trained on other images is compared with nothing."""
    results = plant_results([RATES], [FINE])
    key = RATES.levels[2].variant.key
    moved = {
        each.fingerprint: Experiment(each.variant, each.seed, "6" * 64)
        for each in results.experiments
        if each.variant.key == key
    }
    elsewhere = replace(
        results,
        experiments=tuple(moved.get(each.fingerprint, each) for each in results.experiments),
        runs={
            moved[name].fingerprint if name in moved else name: run
            for name, run in results.runs.items()
        },
    )
    levels = prove_results(elsewhere)
    assert ["1"] == find_failing(levels)
    assert ("6" * 64,) == levels["1"].splits
    assert not levels["1"].shares_split


def test_a_baseline_without_runs_makes_no_split_another() -> None:
    """Where no run of the baseline is there, no level is said to have another split than it."""
    results = plant_results([RATES], [FINE])
    baseline = results.studies[0].baseline.summary.variant.key
    results = change_runs(results, baseline, status="failed", history=())
    levels = prove_results(results)
    assert ["0.1"] == find_failing(levels)
    assert all(level.shares_split for level in levels.values())


def test_a_missing_seed_fails() -> None:
    """A level that was not run on every seed is shown as failing, with the seed."""
    levels = prove(RATES, {**FINE, "1": [0.8, 0.8]})
    assert ["1"] == find_failing(levels)
    assert (2,) == levels["1"].missing_seeds
    assert levels["1"].holds_so_far


def test_a_run_that_diverged_counts_and_one_that_failed_does_not() -> None:
    """Divergence is what the factor did; a failure may end otherwise next time."""
    results = plant_results([RATES], [{**FINE, "1": [0.8, None, 0.8]}])
    levels = prove_results(results)
    assert [] == find_failing(levels)
    assert {1: 2} == levels["1"].diverged
    broken = change_runs(results, RATES.levels[0].variant.key, status="failed", history=())
    levels = prove_results(broken)
    assert ["0.01"] == find_failing(levels)
    assert (0, 1, 2) == levels["0.01"].missing_seeds


def test_training_that_goes_on_from_elsewhere_fails() -> None:
    """A history that begins in its third epoch was not trained from scratch."""
    results = plant_results([RATES], [FINE])
    run = next(iter(results.runs.values()))
    late = change_runs(results, RATES.levels[0].variant.key, history=run.history[2:])
    levels = prove_results(late)
    assert ["0.01"] == find_failing(levels)
    assert not levels["0.01"].is_from_scratch


@pytest.mark.parametrize(
    ("factor", "layers", "fields", "holds"),
    [
        ("neurons", (16, 16), ["neurons"], True),
        ("neurons", (16, 16, 16), ["hidden_layers", "neurons"], False),
        ("neurons", (16, 8), ["layers"], False),
        ("neurons", (8, 8), [], False),
        ("hidden_layers", (8, 8, 8), ["hidden_layers"], True),
        ("hidden_layers", (16, 16, 16), ["hidden_layers", "neurons"], False),
        ("hidden_layers", (8, 8, 16), ["layers"], False),
    ],
)
def test_widths_and_their_number_are_two_factors(
    factor: str, layers: tuple[int, ...], fields: list[str], *, holds: bool
) -> None:
    """Neurons: every width changes, the number does not; hidden layers: the other way round."""
    level = prove(make_layers_study(factor, layers))["other"]
    assert sorted(fields) == sorted(departure.field for departure in level.departures)
    assert holds == level.holds


@pytest.mark.parametrize("layers", [(16, 16), (16, 8), (8, 8, 8)])
def test_layers_named_one_by_one_are_one_field(layers: tuple[int, ...]) -> None:
    """A variant that says `layers` differs in them, also where number and width could say it."""
    level = prove(make_layers_study(None, layers, {"layers": layers}))["other"]
    assert ["layers"] == [departure.field for departure in level.departures]
    assert level.holds


@pytest.mark.parametrize("baseline", ["neither", "both"])
def test_named_variants_differ_in_the_fields_they_name(baseline: str) -> None:
    """Each corner of an ablation differs in what it says, wherever the baseline is."""
    levels = prove(make_ablation(baseline=baseline))  # type: ignore[arg-type]
    assert [] == find_failing(levels)
    far = levels["both" if baseline == "neither" else "neither"]
    assert {"dropout", "layer_norm"} == {departure.field for departure in far.departures}


def test_a_variant_that_does_not_do_what_it_says_fails() -> None:
    """A field that is named and does not differ is a failure, too."""
    study = make_ablation()
    plain, dropout, norm, both = study.levels
    sly = replace(dropout, fields={"dropout": 0.5, "layer_norm": True})
    levels = prove(replace(study, levels=(plain, sly, norm, both)))
    assert ["dropout"] == find_failing(levels)


def test_epochs_may_be_what_a_study_varies() -> None:
    """Then each level owes its own, and nothing else may differ."""
    training = replace(MLP.training, epochs=5)
    levels = (
        Level("5", 5, {"epochs": 5}, replace(MLP, training=training), is_baseline=False),
        Level("10", 10, {}, MLP, is_baseline=True),
    )
    study = Study("epochs", "epochs", "Epochs", "mlp", "epochs", levels, 1)
    assert [] == find_failing(prove(study, losses={"5": FLAT[:5]}))
    assert ["5"] == find_failing(prove(study, losses={"5": FLAT[:4]}))
