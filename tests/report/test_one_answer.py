"""Finished, planned, best, seeds: whatever a report says of them, it says the same everywhere."""

from collections import Counter
from dataclasses import replace

import pytest

from mnistreport.analysis.frames import make_epochs_frame, make_runs_frame
from mnistreport.analysis.results import Results, summarise_results
from mnistreport.analysis.selection import choose_best_winner, choose_winners
from mnistreport.report import appendix, tables
from mnistreport.report.context import dump_context, make_context
from mnistreport.report.figures.ablation import find_switches, plot_ablation
from mnistreport.report.figures.curves import plot_learning_curves
from mnistreport.report.figures.timing import _list_spots
from mnistreport.report.html import render_html
from mnistreport.report.material import Material
from mnistreport.report.origins import find_lines
from mnistreport.report.records import RunView
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from mnistreport.study.experiment import Experiment, Variant
from mnistreport.study.manifest import Trimmed
from mnistreport.verification.tables import count_imported, find_table_faults
from tests.fake_results import find_study, import_runs, make_manifest, make_results
from tests.report.reports import (
    find_view,
    make_material,
    read_page,
    render_texts,
)
from tests.report.test_tables import find_row
from tests.report.undrawn import compose_undrawn

# --- The verdict --------------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", [(0, 1, 2), (1,)])
def test_a_level_that_finished_is_not_called_unfinished(seeds: tuple[int, ...]) -> None:
    """If it is the baseline that did not finish, the verdict says so of the baseline."""
    context = make_context(make_material(make_results(missing={0.01: seeds, 256: [2]})))
    verdicts = {level.label: level.verdict for level in find_view(context, "batch_size").levels}
    assert {
        "16": "baseline not finished",
        "64": "baseline",
        "256": "not finished",
        "1024": "baseline not finished",
    } == verdicts
    assert "the baseline did not finish" in find_view(context, "batch_size").headline


def test_a_level_of_another_origin_beside_an_unfinished_baseline() -> None:
    """What is known to be wrong is said: nothing is compared, as the baseline did not finish."""
    results = import_runs(make_results(missing={0.01: [2]}), {0.1: (0, 1, 2)})
    context = make_context(make_material(results))
    level = find_view(context, "learning_rate").levels[2]
    assert "baseline not finished" == level.verdict


def test_the_table_and_the_headline_use_one_word(context: ReportContext) -> None:
    """Where the headline says “ahead”, so does the verdict, and the caption explains it."""
    words = ("better than the baseline", "ahead of the baseline")
    said: list[str] = []
    for study in context.studies:
        assert study.best is not None
        in_headline = [word.split()[0] for word in words if word in study.headline]
        assert ([study.best.verdict] if study.best.verdict in {"better", "ahead"} else []) == (
            in_headline
        )
        caption = tables.make_study_table(context, study).caption
        has_ahead = any(level.verdict in {"ahead", "behind"} for level in study.levels)
        assert has_ahead == ("still falling" in caption)
        said += in_headline
    assert "ahead" in said


# --- Finished and planned -----------------------------------------------------------------------


def test_a_joined_variant_that_lacks_seeds_is_not_compared() -> None:
    """Of a joined variant with one of three runs no accuracy stands beside any other."""
    results = make_results(missing={"best levels joined": [1, 2]})
    text = render_texts(make_material(results))["comparison"]
    assert "Only 1 of its 3 runs finished, so it is not compared: 2 not trained yet." in text
    assert "against the baseline" not in text
    assert "No single change reached" not in text
    assert "lower mean than" not in text


def test_a_joined_variant_is_not_held_against_a_baseline_that_lacks_seeds() -> None:
    """The baseline's mean over fewer seeds is no match for the joined variant's."""
    text = render_texts(make_material(make_results(missing={0.01: [2]})))["comparison"]
    assert "It reaches" in text
    assert "against the baseline" not in text


def test_rows_of_fewer_seeds_say_so() -> None:
    """A caption speaks of three seeds only where every row is of three, or names its own number."""
    context = make_context(make_material(make_results(missing={0.1: [2], 0.01: [0, 2]})))
    study = tables.make_study_table(context, find_view(context, "learning_rate"))
    models = tables.make_model_table(context)
    assert find_row(study, "0.1")["Val. acc."].endswith(" (2 of 3 seeds)")
    assert find_row(study, "0.01")["Val. acc."].endswith(" (1 of 3 seeds)")
    assert "seeds" not in find_row(study, "0.5")["Val. acc."]
    first, second = (dict(zip(("a", "b", "c", "d", "e"), row.cells, strict=True))["e"]
                     for row in models.rows)  # fmt: skip
    assert first.endswith(" (1 of 3 seeds)")
    assert "seeds" not in second
    for table in (study, models):
        assert "over 3 seeds, or over those that a row names." in table.caption
    whole = tables.make_study_table(context, find_view(context, "dropout_layer_norm"))
    assert "Mean ± standard deviation over 3 seeds." in whole.caption


def test_prose_says_how_many_runs_of_the_baseline_finished() -> None:
    """“Training ends at” is said of three seeds, or the text names how many there are."""
    texts = render_texts(make_material(make_results(missing={0.01: [0, 2]})))
    assert "over the 1 of 3 runs that finished, training ends at" in texts["baseline"]
    assert 1 == texts["baseline"].count("runs that finished")
    assert "results are means over those that finished." in texts["summary"]
    whole = render_texts(make_material())
    assert "that finished" not in whole["baseline"] + whole["summary"]


def test_the_key_of_curves_names_a_number_only_where_it_holds() -> None:
    """“Range of 3 seeds” does not stand above a panel of two."""
    partial = plot_learning_curves(find_study(make_results(missing={0.1: [2]}), "learning_rate"))
    whole = plot_learning_curves(find_study(make_results(), "learning_rate"))
    assert b"range of 3 seeds" in whole.picture.svg
    assert b"range of 3 seeds" not in partial.picture.svg
    assert b"range of the seeds that finished" in partial.picture.svg


def test_the_largest_difference_is_one_of_finished_levels() -> None:
    """The caption of an ablation names no difference to a level that lacks a run."""
    study = find_study(make_results(missing={"both": [2], "dropout": [0]}), "dropout_layer_norm")
    corners = find_switches(study)
    assert corners is not None
    caption = plot_ablation(study, corners).caption
    assert "The largest difference: layer normalisation, without dropout" in caption


def test_a_budget_does_not_say_what_was_trained() -> None:
    """What a budget leaves out may well be stored: the report says what it uses."""
    material = make_material()
    trimmed = Trimmed(600, (2, 3), {"mlp": (20, 20), "cnn": (12, 12)}, 1.0)
    short = replace(material, manifest=replace(material.manifest, trimmed=trimmed))
    assert (
        "To keep within a budget of 10 min, this report uses only 2 of 3 seeds."
    ) in make_context(short).notices
    assert (
        "uses fewer seeds or epochs than the manifest asks for"
        in (render_texts(short)["conclusion"])
    )


def test_variants_are_told_by_what_they_differ_in(templates: Templates) -> None:
    """Variants that are trained otherwise are described with their training, others without."""
    material = make_material()
    context = make_context(material)
    study = find_view(context, "dropout_layer_norm")
    levels = list(study.levels)
    levels[1] = replace(levels[1], variant=replace(levels[1].variant, training="9 epochs"))
    changed = replace(study, levels=tuple(levels))
    others = tuple(changed if each is study else each for each in context.studies)
    for each, said in (
        (context, ""),
        (replace(context, studies=others), ", trained with 9 epochs"),
    ):
        page = read_page(render_html(compose_undrawn(each, material, templates), templates)).text
        assert f"“dropout” has {levels[1].variant.architecture}{said};" in page


# --- Joined levels ------------------------------------------------------------------------------


def test_what_was_overridden_is_not_listed_as_joined() -> None:
    """The text on a joined variant names the levels that are in it, and says which are not."""
    results = make_results()
    plain = make_context(make_material(results)).models[0]
    assert (
        "learning rate 0.1",
        "batch size 16",
        "512 neurons per hidden layer",
        "4 hidden layers",
    ) == (plain.combined_of)
    assert () == plain.combined_without
    assert b"combined_without" not in dump_context(make_context(make_material(results)))

    material = make_material(_rejoin(results))
    model = make_context(material).models[0]
    assert ("batch size 16", "512 neurons per hidden layer", "4 hidden layers") == model.combined_of
    assert ("learning rate 0.1",) == model.combined_without
    text = render_texts(material)["comparison"]
    assert "as far as they go together: batch size 16, 512 neurons per hidden layer" in text
    assert "sets the same field otherwise: learning rate 0.1." in text
    whole, rejoined = (render_texts(make_material(each)) for each in (results, _rejoin(results)))
    assert "the one that joins each study’s best level, has" in whole["final-mlp"]
    said = "the one that joins batch size 16, 512 neurons per hidden layer, 4 hidden layers, has"
    assert said in rejoined["final-mlp"]
    assert b"combined_without" in dump_context(make_context(material))


def test_a_study_without_a_best_level_gives_none_to_join() -> None:
    """Where nothing of a study finished, the text does not say that its best level was joined."""
    results = make_results()
    diverged = make_results(failed=(0.001, 0.01, 0.1, 0.5))
    for each, said in (
        (results, "joins the best level of each study: learning rate 0.1"),
        (diverged, "joins the best level of each study of which a level finished: batch size 16"),
    ):
        assert said in render_texts(make_material(each))["comparison"]


def test_levels_ahead_of_the_joined_variant_are_listed_once() -> None:
    """Each level that reached more alone is named once, and the baseline is no level like that."""
    results = make_results()
    joined = results.variants[results.combined["mlp"]].variant
    runs = {
        name: replace(
            run, history=tuple(replace(row, validation_accuracy=0.5) for row in run.history)
        )
        if name in {e.fingerprint for e in results.experiments if e.variant == joined}
        else run
        for name, run in results.runs.items()
    }
    poor = summarise_results(make_manifest(), results.experiments, runs, combined=results.combined)
    text = render_texts(make_material(poor))["comparison"]
    said = "learning rate 0.1, batch size 16, 512 neurons per hidden layer and 4 hidden layers"
    assert f"That is a lower mean than {said} reached alone" in text
    first = poor.studies[0]
    twice = replace(poor, studies=(first, first, *poor.studies[1:]))
    assert (
        text.split("That is")[1]
        == (render_texts(make_material(twice))["comparison"].split("That is")[1])
    )


def test_an_overridden_level_asks_for_nothing() -> None:
    """The lines of the manifest that a joined variant comes from are those of levels in it."""
    results = _rejoin(make_results())
    studies = tuple(
        replace(
            study,
            levels=tuple(
                replace(each, level=replace(each.level, line=line))
                for line, each in enumerate(study.levels, 100 * place)
            ),
        )
        for place, study in enumerate(results.studies, 1)
    )
    best = [study.best for study in studies if study.best and study.study.model == "mlp"]
    lines = find_lines(make_manifest(), replace(results, studies=studies), results.combined["mlp"])
    assert "0.1" == best[0].label
    assert [level.level.line for level in best[1:]] == list(lines)


def _rejoin(results: Results) -> Results:
    """Have the joined variant learn at a rate that none of the studies found best."""
    old = results.variants[results.combined["mlp"]].variant
    new = replace(old, training=replace(old.training, learning_rate=0.3))
    experiments, runs = [], dict(results.runs)
    for each in results.experiments:
        if each.variant == old:
            changed = replace(each, variant=new)
            run = runs.pop(each.fingerprint)
            runs[changed.fingerprint] = replace(run, fingerprint=changed.fingerprint)  # type: ignore[type-var]
            experiments.append(changed)
        else:
            experiments.append(each)
    return summarise_results(make_manifest(), experiments, runs, combined={"mlp": new.key})


# --- Models with equal settings -----------------------------------------------------------------


def make_twins(results: Results | None = None) -> Material:
    """Make a report with one more model, which has the settings and the runs of the first one."""
    usual, manifest = results or make_results(combined=False), make_manifest()
    first = manifest.baselines["mlp"]
    baselines = {
        **manifest.baselines,
        "twin": replace(first, model="twin", variant=_twin(first.variant)),
    }
    study = manifest.studies[0]
    levels = tuple(replace(each, variant=_twin(each.variant)) for each in study.levels)
    again = replace(study, name="again", slug="again", title="Again", model="twin", levels=levels)
    manifest = replace(manifest, baselines=baselines, studies=(*manifest.studies, again))
    twins = [
        Experiment(_twin(each.variant), each.seed, each.split_sha256)
        for each in usual.experiments
        if each.variant in {level.variant for level in study.levels}
    ]
    experiments = (*usual.experiments, *twins)
    results = summarise_results(manifest, experiments, usual.runs, combined={})
    material = make_material(results)
    return replace(material, manifest=replace(manifest, report=material.manifest.report))


def _twin(variant: Variant) -> Variant:
    return replace(variant, model="twin")


def test_ids_are_unique_though_models_share_runs(templates: Templates) -> None:
    """Two models with equal settings lead to the same rows, and no id is in the page twice."""
    material = make_twins()
    context = make_context(material)
    page = read_page(render_html(compose_undrawn(context, material, templates), templates))
    assert [] == [name for name, count in Counter(page.ids).items() if count > 1]
    targets = {address[1:] for _, _, address in page.addresses if address.startswith("#run-")}
    assert targets <= set(page.ids)


def test_shared_runs_are_counted_once() -> None:
    """The title page, the table of runs and the notices count runs, not who asks for them."""
    usual = make_context(make_material(make_results(combined=False)))
    context = make_context(make_twins())
    assert len(usual.runs) == len(context.runs)
    shared = [run for run in context.runs if run.model == "mlp, twin"]
    assert 12 == len(shared)
    assert all("Again" in run.studies and "Learning rate" in run.studies for run in shared)
    table = appendix.make_run_table(context)
    assert "a run that several studies or models share was trained once" in table.caption
    broken = make_twins(make_results(combined=False, diverged=[0.5]))
    assert any(
        notice.startswith(f"3 of {len(usual.runs)} runs did not finish")
        for notice in make_context(broken).notices
    )


def test_tables_of_shared_runs_are_sound() -> None:
    """Each model has its rows in the files, so that the notebook finds them, and a check agrees."""
    results = make_twins(import_runs(make_results(combined=False), {0.1: [0, 1]})).results
    runs, epochs = (
        make(results).to_csv(index=False).encode() for make in (make_runs_frame, make_epochs_frame)
    )
    assert [] == find_table_faults(runs, epochs)
    assert 2 == count_imported(runs)
    assert ["runs.csv: a run is in it twice"] == find_table_faults(
        runs + runs.splitlines(keepends=True)[1], epochs
    )


def test_equal_models_have_one_best(templates: Templates) -> None:
    """The conclusion and the choice among winners, on which the rubric rests, name the first."""
    material = make_twins()
    equal = replace(material, tested=tuple(e for e in material.tested if e.winner.model != "cnn"))
    context = make_context(equal)
    assert ["mlp", "twin"] == [final.model for final in context.finals]
    accuracies = [final.variant.validation_accuracy for final in context.finals]
    assert accuracies[0] == accuracies[1]
    assert context.best is context.finals[0]
    chosen = choose_best_winner(tuple(each.winner for each in equal.tested))
    assert chosen is equal.tested[0].winner
    text = read_page(render_html(compose_undrawn(context, equal, templates), templates)).text
    assert "is the feedforward network “mlp” with" in text


def test_figures_mark_the_winners_alone() -> None:
    """Where a winner has no times, the figure of times marks no other setting of its model."""
    results = import_runs(make_results(combined=False), {0.1: (0, 1, 2)})
    marked = [spot.summary for spot in _list_spots(results, ["mlp", "cnn"]) if spot.is_best]
    mlp, cnn = (winner.summary for winner in choose_winners(results))
    assert mlp.imported
    assert [cnn] == marked


def test_run_views_name_their_models(context: ReportContext) -> None:
    """A run that is of one model carries that model's name alone."""
    runs: tuple[RunView, ...] = context.runs
    assert {"mlp", "cnn"} == {run.model for run in runs}
