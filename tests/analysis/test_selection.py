import ast
import inspect
from dataclasses import replace

from mnistreport.analysis import selection
from mnistreport.analysis.selection import choose_levels, choose_winners
from tests.analysis.planted import make_ablation, make_rate_study, plant_results

RATES = make_rate_study([0.01, 0.1, 1.0])
ABLATION = make_ablation()
CORNERS = {"neither": (0.9, 0.9), "dropout": (0.8, 0.8), "norm": (0.95, 0.97), "both": (0.9, 0.91)}


def test_each_model_has_its_winner() -> None:
    """The highest mean over the seeds wins, and is shown by its best seed."""
    rates = {"0.01": (0.8, 0.7), "0.1": (0.9, 0.8), "1": (0.99, 0.1)}
    results = plant_results([RATES, ABLATION], [rates, CORNERS])
    mlp, cnn = choose_winners(results)
    assert ("mlp", 0.1, 0) == (mlp.model, mlp.summary.variant.training.learning_rate, mlp.seed)
    assert ("cnn", True, 1) == (cnn.model, cnn.summary.variant.architecture.layer_norm, cnn.seed)
    assert cnn.summary.runs[1].fingerprint == cnn.fingerprint


def test_ties_go_to_the_earlier() -> None:
    """Of equal variants the one that is listed first wins; of equal seeds the first is shown."""
    rates = {"0.01": (0.9, 0.9), "0.1": (0.8, 0.8), "1": (0.9, 0.9)}
    (winner,) = choose_winners(plant_results([RATES], [rates]))
    assert (0.01, 0) == (winner.summary.variant.training.learning_rate, winner.seed)


def test_incomplete_variants_never_win() -> None:
    """A variant with a diverged or missing seed is not tested, whatever the others reached."""
    rates = {"0.01": (0.99, None), "0.1": (0.6, 0.6), "1": (0.99,)}
    (winner,) = choose_winners(plant_results([RATES], [rates]))
    assert 0.1 == winner.summary.variant.training.learning_rate


def test_a_model_that_never_finished_has_no_winner() -> None:
    """Nothing is tested where nothing finished."""
    rates = {"0.01": (None, None), "0.1": (None, 0.9), "1": (0.9, None)}
    results = plant_results([RATES, ABLATION], [rates, CORNERS])
    assert ["cnn"] == [winner.model for winner in choose_winners(results)]
    assert () == choose_levels(results, "mlp")


def test_levels_are_the_best_of_each_study() -> None:
    """What is joined is the best level of each of the model's studies, in their order."""
    other = make_rate_study([0.1, 0.5], name="other")
    rates = {"0.01": (0.95, 0.95), "0.1": (0.9, 0.8), "1": (0.9, 0.1)}
    results = plant_results(
        [RATES, ABLATION, other], [rates, CORNERS, {"0.1": (), "0.5": (0.7, 0.7)}]
    )
    assert ["0.01", "0.1"] == [level.label for level in choose_levels(results, "mlp")]
    assert ["norm"] == [level.label for level in choose_levels(results, "cnn")]


def test_only_validation_accuracy_is_looked_at() -> None:
    """Whatever the training metrics, losses and durations are, the same variant wins."""
    rates = {"0.01": (0.8, 0.7), "0.1": (0.9, 0.8), "1": (0.7, 0.6)}
    results = plant_results([RATES], [rates])
    (expected,) = choose_winners(results)
    changed = {}
    for place, (name, run) in enumerate(results.runs.items()):
        other = {"train_loss": 9.0 * place, "train_accuracy": 0.1 * place, "validation_loss": 1.0}
        rows = tuple(replace(row, **other, duration_seconds=place) for row in run.history)
        changed[name] = replace(run, history=rows, updates=place)
    variants = {
        key: replace(each, runs={s: changed[r.fingerprint] for s, r in each.runs.items()})
        for key, each in results.variants.items()
    }
    (found,) = choose_winners(replace(results, runs=changed, variants=variants))
    assert expected.fingerprint == found.fingerprint


def test_the_test_split_is_out_of_sight() -> None:
    """Choosing imports nothing that knows of test outcomes."""
    tree = ast.parse(inspect.getsource(selection))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {
        "dataclasses",
        "mnistreport.analysis.results",
        "mnistreport.study.expansion",
        "mnistreport.study.experiment",
        "mnistreport.study.manifest",
    } == modules
