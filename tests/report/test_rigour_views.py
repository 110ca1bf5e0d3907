"""What is said of budgets and proofs: of whom, and in which number."""

import re
from dataclasses import replace

from mnistreport.analysis.results import Results
from mnistreport.report.rigour import say_budgets, view_budgets, view_proofs
from mnistreport.study.experiment import MlpArchitecture
from mnistreport.study.manifest import Study
from tests.analysis.planted import FLAT, make_ablation, make_rate_study, plant_results
from tests.fake_results import import_runs, make_results

TITLES = {"mlp": "feedforward network", "cnn": "convolutional network"}
SEEDS = (0, 1, 2)


def _say(results: Results) -> str:
    return re.sub("[\u202f\u00a0]", " ", say_budgets(results, TITLES))


def test_one_epoch_is_one() -> None:
    """Its number decides how it is written, and equal budgets are called equal."""
    said = _say(make_results(epochs=1))
    assert re.search(r"network in \d+ settings of 1 epoch(,| |\.)", said)
    assert "epochs" not in said
    assert re.search(r"settings of 2 epochs", _say(make_results(epochs=2)))


def test_budgets_are_added_up_for_each_model() -> None:
    """Studies, then what was joined, then each model with all that it was tried in."""
    results = make_results()
    views = view_budgets(results, TITLES)
    assert ["study"] * 5 + ["joined"] + ["model"] * 2 == [view.kind for view in views]
    assert ["Feedforward network, in all", "Convolutional network, in all"] == [
        view.title for view in views[-2:]
    ]
    settings = {view.title: view.budget.settings for view in views}
    assert (4, 1) == (
        settings["Learning rate"],
        settings["Best levels joined, feedforward network"],
    )
    assert len(results.variants) == sum(view.budget.settings for view in views[-2:])
    assert len(results.runs) == sum(view.budget.runs for view in views[-2:])


def test_studies_whose_levels_had_other_numbers_of_updates_are_named() -> None:
    """Only the batch size changes how many updates an epoch has."""
    said = _say(make_results())
    assert "Levels had different numbers of updates in: Batch size (" in said
    assert 1 == said.count("(")


def test_only_the_levels_that_were_imported_are_named() -> None:
    """Of the others it is known what was run."""
    results = import_runs(make_results(), {0.1: SEEDS})
    sentences = {proof.slug: proof.sentence for proof in view_proofs(results)}
    assert "(“0.1”)" in sentences["learning_rate"]
    assert "imported" not in sentences["batch_size"]


def test_an_imported_baseline_makes_nothing_known() -> None:
    """What every level is held against is not known then; it is named itself, and as baseline."""
    results = import_runs(make_results(), {0.01: SEEDS})
    views = {proof.slug: proof for proof in view_proofs(results)}
    rates = views["learning_rate"]
    assert "(“0.01”, the baseline among them)" in rates.sentence
    assert not rates.holds
    failures = {level.label: level.failures for level in rates.levels}
    assert ("imported, not checked",) == failures["0.01"]
    assert ("the baseline is imported, not checked",) == failures["0.1"]


def test_what_fails_is_said_of_each_level() -> None:
    """A seed is named, several are, and a proof that fails says of which level why."""
    results = make_results(missing={0.1: [2], 0.5: [0, 1]})
    views = {proof.slug: proof for proof in view_proofs(results)}
    failures = {level.label: level.failures for level in views["learning_rate"].levels}
    assert (("no run of seed 2",), ("no run of seeds 0 and 1",)) == (
        failures["0.1"],
        failures["0.5"],
    )
    assert ((), ()) == (failures["0.001"], failures["0.01"])
    assert (
        "“0.1”: no run of seed 2; “0.5”: no run of seeds 0 and 1" in views["learning_rate"].sentence
    )
    assert "every level was given the same" in views["batch_size"].sentence


def test_a_run_that_failed_is_a_run() -> None:
    """A seed whose run failed is not said to have none."""
    results = make_results(failed=[0.1], missing={0.5: [1]})
    rates = next(p for p in view_proofs(results) if p.slug == "learning_rate")
    failures = {level.label: level.failures for level in rates.levels}
    assert ("no finished run of seeds 0, 1 and 2",) == failures["0.1"]
    assert ("no run of seed 1",) == failures["0.5"]


def test_many_seeds_are_counted() -> None:
    """Five are listed, six are not."""
    seeds = tuple(range(7))
    for missing, said in ((range(5), "seeds 0, 1, 2, 3 and 4"), (range(6), "6 seeds")):
        results = make_results(seeds, missing={0.1: [*missing]}, epochs=2)
        rates = next(p for p in view_proofs(results) if p.slug == "learning_rate")
        failures = {level.label: level.failures for level in rates.levels}
        assert (f"no run of {said}",) == failures["0.1"]


def test_what_a_level_changes_is_shown_with_both_values() -> None:
    """As a person writes them: flags are on and off, widths one by one."""
    views = {proof.slug: proof for proof in view_proofs(make_results())}
    rates, ablation = (
        {level.label: level.differs for level in views[slug].levels}
        for slug in ("learning_rate", "dropout_layer_norm")
    )
    assert ((), ("learning rate 0.01 → 0.1",)) == (rates["0.01"], rates["0.1"])
    assert ("layer normalisation off → on",) == ablation["layer norm"]
    assert ("dropout 0 → 0.5", "layer normalisation off → on") == ablation["both"]


def test_equal_budgets_are_called_equal() -> None:
    """Two models that were tried in as many settings of as many epochs; one has no rival."""
    rates = dict.fromkeys(("0.01", "0.1", "1", "10"), (0.9, 0.91, 0.89))
    corners = dict.fromkeys(("neither", "dropout", "norm", "both"), (0.9, 0.91, 0.89))
    studies = [make_rate_study([0.01, 0.1, 1.0, 10.0]), make_ablation()]
    assert "these budgets are equal" in _say(plant_results(studies, [rates, corners]))
    alone = plant_results(studies[:1], [rates])
    assert "equal" not in say_budgets(alone, {"mlp": TITLES["mlp"]})
    assert "These budgets are not equal" in _say(make_results())


def test_a_level_shows_the_split_of_the_runs_that_were_trained_here() -> None:
    """By the first digits of its digest; which one imported runs had is not known."""
    results = import_runs(make_results(), {0.1: SEEDS})
    rates = next(proof for proof in view_proofs(results) if proof.slug == "learning_rate")
    splits = {level.label: level.splits for level in rates.levels}
    assert {"0.001": ("5" * 8,), "0.01": ("5" * 8,), "0.1": (), "0.5": ("5" * 8,)} == splits


RATES = make_rate_study([0.1, 1.0])
FINE = {"0.1": (0.9, 0.91, 0.89), "1": (0.9, 0.91, 0.89)}


def _list_failures(study: Study, losses: tuple[float, ...] = FLAT) -> tuple[str, ...]:
    """Return what fails at the level 1 of a study, the baseline of which is in order."""
    (proof,) = view_proofs(plant_results([study], [FINE], {"1": losses}))
    assert () == proof.levels[0].failures
    return proof.levels[1].failures


def test_everything_that_fails_is_said_in_words() -> None:
    """What differs too, what does not differ, and epochs that are not those of the others."""
    baseline, level = RATES.levels
    assert () == _list_failures(RATES)
    other = replace(level.variant, training=replace(level.variant.training, momentum=0.9))
    sly = replace(RATES, levels=(baseline, replace(level, variant=other)))
    assert ("momentum differs, too",) == _list_failures(sly)
    only = replace(level.variant, training=replace(other.training, learning_rate=0.1))
    none = replace(RATES, levels=(baseline, replace(level, variant=only)))
    assert ("momentum differs, too", "learning rate does not differ") == _list_failures(none)
    assert (f"not the {len(FLAT)} epochs of the others",) == _list_failures(RATES, FLAT[:-1])


def test_a_history_from_elsewhere_is_said_to_be_one() -> None:
    """It does not begin at its first epoch."""
    results = plant_results([RATES], [FINE])
    key = RATES.levels[1].variant.key
    late = {
        each.fingerprint: replace(run, history=run.history[1:]) if each.variant.key == key else run
        for each in results.experiments
        for run in [results.runs[each.fingerprint]]
    }
    (proof,) = view_proofs(replace(results, runs=late))
    assert (
        f"not the {len(FLAT)} epochs of the others",
        "a history that does not begin at epoch 1",
    ) == proof.levels[1].failures


def test_widths_are_shown_one_by_one() -> None:
    """As in the table of runs."""
    baseline, level = RATES.levels
    uneven = replace(baseline.variant, architecture=MlpArchitecture((16, 4)))
    wide = replace(level, label="wide", fields={"layers": (16, 4)}, variant=uneven)
    study = replace(RATES, factor=None, levels=(baseline, wide))
    accuracies = {"0.1": FINE["0.1"], "wide": FINE["1"]}
    (proof,) = view_proofs(plant_results([study], [accuracies]))
    assert proof.holds
    assert [(), ("layers 8-8 → 16-4",)] == [each.differs for each in proof.levels]
