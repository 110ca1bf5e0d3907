"""Which variant is the best, and what a joined variant holds: asked of one function each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from mnistreport.analysis.joined import list_joined
from mnistreport.analysis.ranking import rank_variants
from mnistreport.analysis.results import Results, summarise_results
from mnistreport.analysis.selection import choose_winners
from mnistreport.study.experiment import Experiment, Variant
from mnistreport.study.manifest import FieldValue, Level, Study
from tests.analysis.planted import MLP, SPLIT, Accuracies, make_manifest, make_run

Fields = Mapping[str, FieldValue]


def vary(fields: Fields, model: str = "mlp") -> Variant:
    """Return a model's baseline with some fields changed; ``twin`` has the baseline of ``mlp``."""
    own = {"dropout": 0.1, **fields} if model == "other" else dict(fields)
    layers = own.pop("layers", None)
    number = own.pop("hidden_layers", len(MLP.architecture.sizes))
    width = own.pop("neurons", MLP.architecture.sizes[0])
    sizes = layers or (width,) * int(number)  # type: ignore[arg-type, call-overload]
    inside = {key: value for key, value in own.items() if key in {"dropout", "layer_norm"}}
    outside = {key: value for key, value in own.items() if key not in inside}
    return Variant(
        model,
        replace(MLP.architecture, layers=sizes, **inside),  # type: ignore[arg-type]
        replace(MLP.training, **outside),  # type: ignore[arg-type]
    )


def make_study(name: str, levels: Mapping[str, Fields], model: str = "mlp") -> Study:
    """Make a study; a level without fields is the baseline."""
    made = tuple(
        Level(label, None, fields, vary(fields, model), is_baseline=not fields)
        for label, fields in levels.items()
    )
    return Study(name, name, name.capitalize(), model, None, made, 1)


def plant_all(
    studies: Sequence[Study],
    accuracies: Mapping[str, Accuracies],
    joined: Fields | None = None,
) -> Results:
    """Summarise runs of three seeds that end at ``accuracies``, by the labels of levels."""
    levels = [level for study in studies for level in study.levels]
    levels.sort(key=lambda level: not level.is_baseline)  # as a manifest is expanded
    variants = {level.variant: level.label for level in levels}
    keys: dict[str, str] = {}
    if joined is not None:
        assert vary(joined) not in variants
        variants[vary(joined)] = "joined"
        keys["mlp"] = vary(joined).key
    experiments = [Experiment(each, seed, SPLIT) for each in variants for seed in range(3)]
    runs = {
        each.fingerprint: make_run(
            each, accuracies.get(variants[each.variant], [0.5] * 3)[each.seed]
        )
        for each in experiments
    }
    manifest = make_manifest(*studies, seeds=3)
    return summarise_results(manifest, experiments, runs, combined=keys)


def test_a_later_study_overrides_a_level() -> None:
    """A level is not in the joined variant if a later study's best level sets the same field."""
    results = plant_all(
        [
            make_study("rate", {"base": {}, "0.2": {"learning_rate": 0.2}}),
            make_study("batch", {"small": {"batch_size": 16}, "plain": {}}),
            make_study("fast", {"slow": {}, "fast": {"learning_rate": 0.5, "momentum": 0.9}}),
        ],
        {"0.2": [0.9] * 3, "small": [0.8] * 3, "fast": [0.95] * 3},
        {"learning_rate": 0.5, "momentum": 0.9, "batch_size": 16},
    )
    joined = list_joined(results, "mlp")
    assert [("0.2", ("learning_rate",)), ("small", ()), ("fast", ())] == [
        (each.level.label, each.lost) for each in joined
    ]
    assert [False, True, True] == [each.is_kept for each in joined]


def test_part_of_a_level_may_be_overridden() -> None:
    """Of a level with two fields the one that is overridden is named, and the other stays."""
    results = plant_all(
        [
            make_study("both", {"neither": {}, "both": {"dropout": 0.5, "layer_norm": True}}),
            make_study("drop", {"none": {}, "less": {"dropout": 0.2}}),
        ],
        {"both": [0.9] * 3, "less": [0.9] * 3},
        {"dropout": 0.2, "layer_norm": True},
    )
    first, second = list_joined(results, "mlp")
    assert (("dropout",), True) == (first.lost, first.is_kept)
    assert ((), True) == (second.lost, second.is_kept)


@pytest.mark.parametrize(
    ("layers", "neurons", "depth"),
    [((8, 4), False, False), ((32, 32), True, False), ((32, 32, 32), True, True)],
)
def test_layers_override_width_and_number(
    layers: tuple[int, ...], *, neurons: bool, depth: bool
) -> None:
    """``layers`` wins over both; what it agrees with is in the joined variant all the same."""
    results = plant_all(
        [
            make_study("shape", {"even": {}, "shaped": {"layers": layers}}),
            make_study("width", {"narrow": {}, "wide": {"neurons": 32}}),
            make_study("depth", {"shallow": {}, "deep": {"hidden_layers": 3}}),
            make_study("batch", {"small": {"batch_size": 16}, "plain": {}}),
        ],
        {"shaped": [0.9] * 3, "wide": [0.9] * 3, "deep": [0.9] * 3, "small": [0.9] * 3},
        {"layers": layers, "batch_size": 16},
    )
    assert [True, neurons, depth, True] == [each.is_kept for each in list_joined(results, "mlp")]


def test_a_baseline_that_is_best_may_be_overridden() -> None:
    """If the baseline is a study's best level, another study may change what that one varied."""
    results = plant_all(
        [
            make_study("rate", {"base": {}, "0.2": {"learning_rate": 0.2}}),
            make_study("fast", {"slow": {}, "fast": {"learning_rate": 0.5, "momentum": 0.9}}),
            make_study("batch", {"small": {"batch_size": 16}, "plain": {}}),
            make_study("drop", {"none": {}, "some": {"dropout": 0.2}}),
        ],
        {"0.2": [0.4] * 3, "fast": [0.95] * 3, "small": [0.4] * 3, "some": [0.9] * 3},
        {"learning_rate": 0.5, "momentum": 0.9, "dropout": 0.2},
    )
    assert [False, True, True, True] == [each.is_kept for each in list_joined(results, "mlp")]


def plant_two(name: str, first: Accuracies, second: Accuracies) -> Results:
    """Summarise two models of one kind whose baselines end at ``first`` and ``second``."""
    return plant_all(
        [
            make_study("one", {"base": {}, "wide": {"neurons": 32}}),
            make_study("two", {"own base": {}, "own wide": {"neurons": 64}}, name),
        ],
        {"base": first, "wide": [0.7] * 3, "own base": second, "own wide": [0.7] * 3},
    )


def test_winners_come_in_the_manifests_order() -> None:
    """Also if it is the first model's baseline that did not finish."""
    results = plant_two("other", [None, 0.9, 0.9], [0.9] * 3)
    winners = choose_winners(results)
    assert ["mlp", "other"] == [winner.model for winner in winners]
    assert [(32, 32), (8, 8)] == [winner.summary.variant.architecture.sizes for winner in winners]


def test_the_ranking_and_the_winners_name_the_same_best() -> None:
    """Whatever is equal: both ask one function, which takes the earlier of equals."""
    equal = plant_all(
        [
            make_study("rate", {"0.2": {"learning_rate": 0.2}, "base": {}}),
            make_study("width", {"narrow": {}, "wide": {"neurons": 32}}),
        ],
        {"0.2": [0.9, 0.8, 0.7], "base": [0.5] * 3, "wide": [0.7, 0.9, 0.8]},
    )
    (ranking,), (winner,) = rank_variants(equal), choose_winners(equal)
    assert ranking.best is winner.summary
    assert 0.2 == winner.summary.variant.training.learning_rate


def test_a_study_takes_the_earlier_of_equal_levels() -> None:
    """But the baseline, which takes no change, before any other."""
    levels = {"a": {"neurons": 32}, "base": {}, "b": {"neurons": 64}}
    study = make_study("width", levels)
    tied = plant_all([study], {"a": [0.9] * 3, "base": [0.9] * 3, "b": [0.9] * 3}).studies[0]
    assert tied.best is tied.baseline
    lower = plant_all([study], {"a": [0.9] * 3, "base": [0.8] * 3, "b": [0.9] * 3}).studies[0]
    assert lower.best is not None
    assert "a" == lower.best.label


def test_shared_runs_count_once() -> None:
    """Two models with equal settings share their runs; nothing that counts counts them twice."""
    results = plant_two("twin", [0.9, None, 0.9], [0.9, None, 0.9])
    assert 12 == len(results.experiments)
    assert 9 == len(results.distinct)
    assert 1 == len(results.incomplete)
    lacking = replace(results, runs={})
    assert 9 == len(lacking.untrained)
