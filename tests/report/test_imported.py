"""What a report says of runs that were not trained here."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mnistreport.analysis.results import Results
from mnistreport.analysis.rigour import prove_one_factor
from mnistreport.analysis.selection import choose_testable
from mnistreport.report import appendix, checks, study_checks, tables
from mnistreport.report.answers import Answer, Evidence
from mnistreport.report.context import dump_context, make_context
from mnistreport.report.document import outline_document, render_all_prose
from mnistreport.report.figures.curves import plot_baseline_curves, plot_learning_curves
from mnistreport.report.figures.factors import plot_factor
from mnistreport.report.figures.ranking import plot_ranking
from mnistreport.report.figures.timing import plot_training_time
from mnistreport.report.html import render_html
from mnistreport.report.material import Material
from mnistreport.report.notebook.composition import compose_notebook
from mnistreport.report.stamp import digest_runs
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from mnistreport.study.manifest import FieldValue
from tests.fake_results import ERRORS, find_study, import_runs, make_results
from tests.report.reports import UNPRINTED, make_material
from tests.report.undrawn import compose_undrawn

SEEDS = (0, 1, 2)
EVERY: tuple[FieldValue, ...] = tuple(level for levels in ERRORS.values() for level in levels)
CASES: Mapping[str, Mapping[FieldValue, Collection[int]]] = {
    "all": dict.fromkeys(EVERY, SEEDS),
    "a level": {0.1: SEEDS, "both": SEEDS},
    "levels": {0.1: SEEDS, 0.5: SEEDS, 0.001: SEEDS, "dropout": SEEDS, "both": SEEDS},
    "baselines": {0.01: SEEDS, "neither": SEEDS},
    "seeds": {0.1: [1], 0.01: [0], "layer norm": [2]},
}
"""Levels, and those of their seeds whose runs are imported."""
CLAIMS = re.compile(r"\b(better|worse|trained from scratch|trained once|was run\b)", re.IGNORECASE)


def make_imported(
    case: str, *, seconds: float | None = None, results: Results | None = None
) -> Material:
    """Make what a report is made of, with some of its runs imported."""
    results = results or make_results(combined=False)
    imported = import_runs(results, CASES[case], seconds=seconds)
    material = make_material(imported)
    models = {winner.model for winner in choose_testable(imported)}
    tested = tuple(each for each in material.tested if each.winner.model in models)
    return replace(material, tested=tested)


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    """One way of importing."""
    return str(request.param)


@pytest.fixture(scope="module")
def material(case: str) -> Material:
    """What its report is made of."""
    return make_imported(case)


@pytest.fixture(scope="module")
def context(material: Material) -> ReportContext:
    """What templates see of it."""
    return make_context(material)


def test_the_first_page_says_how_many_runs_and_from_where(
    case: str, context: ReportContext
) -> None:
    """Before anything else a reader learns what was not trained here, and was not checked."""
    (notice,) = [each for each in context.notices if "imported from" in each]
    assert "not checked" in notice
    assert "histories/mlp.csv" in notice
    assert context.imported is not None
    runs = sum(bool(run.imported) for run in context.runs)
    assert runs == context.imported.runs == sum(file.runs for file in context.imported.files)
    assert notice.startswith("Not one of the" if case == "all" else f"{runs} of ")


def test_every_study_concerned_says_so(context: ReportContext) -> None:
    """A study with an imported run has the finding, its headline tells, and no other study does."""
    for study in context.studies:
        is_imported = any(run.imported for level in study.levels for run in level.runs)
        kinds = [finding.kind for finding in study.findings]
        assert is_imported == ("imported" in kinds) == bool(study.imported)
        rests = "rests on imported runs" in study.headline
        assert is_imported == (rests or "Other runs of this study were imported" in study.headline)
        if study.best and not study.best.is_baseline:
            used = (study.best, study.baseline)
            assert rests == any(run.imported for level in used for run in level.runs)
    for finding in context.main_findings:
        assert finding.imported == ("imported" in finding.sentence)


def test_better_is_said_of_runs_that_were_trained_here_alone(context: ReportContext) -> None:
    """A level with imported runs, or beside an imported baseline, is never better or worse."""
    for study in context.studies:
        for level in study.levels:
            if level.variant.imported or study.baseline.variant.imported:
                assert level.verdict not in {"better", "worse"}
            whole = level.variant.imported == study.baseline.variant.imported == 3
            assert whole or level.verdict not in {"higher", "lower"}


def test_a_report_of_imported_runs_claims_nothing_of_training() -> None:
    """Where nothing was trained here, no sentence about results says what only training shows."""
    context = make_context(make_imported("all"))
    said = [finding.sentence for study in context.studies for finding in study.findings]
    said += [study.headline for study in context.studies]
    said += [proof.sentence for proof in context.proofs]
    assert [] == [sentence for sentence in said if CLAIMS.search(sentence)]
    assert () == context.circumstances
    assert 0 == context.training_seconds


def test_the_page_says_it_wherever_it_says_how_runs_were_trained(
    case: str, context: ReportContext, material: Material, templates: Templates
) -> None:
    """Data, method, baseline, studies, proofs: each says what is not known of imported runs."""
    page = render_html(compose_undrawn(context, material, templates), templates)
    text = re.sub(r"<svg.*?</svg>|<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)
    text = " ".join(re.sub("<[^>]+>", " ", text).split())
    assert not UNPRINTED.search(text), UNPRINTED.search(text)
    assert "on which they were measured, was not checked" in text
    assert "Imported runs make no pairs" in text
    assert "imported, not checked" in text
    for study in context.studies:
        if study.imported:
            assert study.imported in text
    if case == "all":
        assert "is trained from scratch" not in text
        assert "was trained once" not in text


def test_what_is_not_told_is_not_printed_as_nothing(context: ReportContext) -> None:
    """Updates and times of imported runs are ``not told``, in every table that has them."""
    for study in context.studies:
        table = tables.make_study_table(context, study)
        for level, row in zip(study.levels, table.rows, strict=True):
            if level.variant.imported:
                assert ["not told"] * 2 == list(row.cells[-2:])
                assert "imported" in row.cells[7]
    for run, row in zip(context.runs, appendix.make_run_table(context).rows, strict=True):
        if run.imported:
            assert f"imported from {run.imported}, not checked" == row.cells[5]
            assert "not told" == row.cells[-1]
            assert run.updates is None


def test_times_that_files_tell_are_printed() -> None:
    """A time that somebody measured elsewhere stands in the table, and in no comparison."""
    context = make_context(make_imported("all", seconds=1.0))
    (rates,) = [study for study in context.studies if study.slug == "learning_rate"]
    assert {"20.0\u202fs"} == {
        row.cells[-1] for row in tables.make_study_table(context, rates).rows
    }
    budgets = appendix.make_budget_table(context)
    assert {"not told"} == {cell for row in budgets.rows for cell in row.cells[-2:]}


def test_proofs_are_not_claimed(context: ReportContext) -> None:
    """The table of proofs says of an imported level that it was not checked, and nothing else."""
    rows = {row.cells[:2]: row.cells for row in appendix.make_proof_table(context).rows}
    for study in context.studies:
        for level in study.levels:
            cells = rows[study.title, level.label]
            if level.variant.imported or study.baseline.variant.imported:
                assert cells[-1].startswith("not checked")
                assert "imported, not checked" in cells[2]
            else:
                assert "holds" == cells[-1]


def test_numbers_say_what_was_imported(context: ReportContext) -> None:
    """``results.json`` is strict JSON, and names the file of each run, or nothing."""
    content = json.loads(dump_context(context))
    assert context.imported is not None
    assert context.imported.runs == content["imported"]["runs"]
    assert [run.imported for run in context.runs] == [run["imported"] for run in content["runs"]]


def test_nothing_is_said_of_imports_where_there_are_none() -> None:
    """A report of runs that were all trained here has the numbers that it had before."""
    assert b'"imported"' not in dump_context(make_context(make_material()))


@pytest.mark.parametrize("case", ["all", "seeds"])
def test_captions_are_true(case: str) -> None:
    """Captions name what was imported; no time and no pair of seeds is drawn of it."""
    results = make_imported(case).results
    rates, ablation = (find_study(results, s) for s in ("learning_rate", "dropout_layer_norm"))
    for study in (rates, ablation):
        figures = [plot_learning_curves(study), plot_factor(study)]
        assert ["Imported, and not checked" in each.caption for each in figures] == [
            bool(study.imported)
        ] * 2
        assert "paired by seed" not in figures[1].caption
        assert "number of updates" not in figures[1].caption
    assert "Imported, and not checked" in plot_ranking(results).caption
    timing = plot_training_time(results)
    is_all = len(results.imported) == len(results.runs)
    assert ("left out" in timing.caption) != is_all
    assert ("No setting was wholly trained here" in timing.caption) == is_all
    for summary in (rates.baseline.summary, ablation.baseline.summary):
        caption = plot_baseline_curves(summary, "network").caption
        assert bool(summary.imported) == ("Imported" in caption)


def answer(
    check: Callable[[Evidence], Answer], material: Material, context: ReportContext
) -> Answer:
    """Return what a check of the rubric says."""
    proofs = prove_one_factor(material.results)
    return check(Evidence(material, outline_document(context), proofs, {}, Path(), ()))


def test_no_requirement_is_met_by_runs_that_were_trained_elsewhere() -> None:
    """What the rubric asks of training is missing without it, and the next step is to train."""
    material = make_imported("all")
    context = make_context(material)
    asked: list[Callable[[Evidence], Answer]] = [
        checks.check_split,
        checks.check_loader,
        checks.check_loop,
        checks.check_descent,
        checks.check_network,
        checks.check_depth,
        checks.check_relu,
        checks.check_test,
        checks.check_confusion,
        study_checks.check_one_factor,
        study_checks.check_ablation,
        lambda evidence: study_checks.check_levels(evidence, "learning_rate"),
    ]
    for check in asked:
        found = answer(check, material, context)
        assert (False, True) == (found.is_met, "[[runs]]" in found.where), found
    curves = answer(study_checks.check_curves, material, context)
    assert (True, True) == (curves.is_met, "not checked" in curves.where)


def test_requirements_are_met_by_the_others_alone() -> None:
    """Runs that were trained here still count, and only they are counted."""
    material = make_imported("a level")
    context = make_context(material)
    loop = answer(checks.check_loop, material, context)
    trained = len(material.results.runs) - len(material.results.imported)
    assert (True, True) == (loop.is_met, f"{trained} runs" in loop.where)
    levels = answer(lambda e: study_checks.check_levels(e, "learning_rate"), material, context)
    assert (False, True) == (levels.is_met, "3 of 4 levels" in levels.where)


def test_a_winner_without_weights_is_told() -> None:
    """The first page, the final test and the conclusion say which best model was not tested."""
    material = make_imported("a level")
    context = make_context(material)
    assert context.imported is not None
    assert ("feedforward network", "convolutional network") == context.imported.untested
    assert [each for each in context.notices if each.startswith("Not read on the test split")]
    assert () == context.finals


def test_words_in_parts_are_rendered(context: ReportContext, templates: Templates) -> None:
    """Every shipped text can be rendered beside imported runs, and prints no empty value."""
    for name, passage in render_all_prose(context, templates).passages.items():
        assert not UNPRINTED.search(passage.html), name


def test_the_notebook_does_not_take_imported_runs_for_its_own(
    case: str, material: Material, context: ReportContext, templates: Templates
) -> None:
    """It trains no imported baseline, and its code says of no such run what it was trained on."""
    notebook = compose_notebook(context, material, templates)
    code = "\n".join(cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code")
    text = "\n".join(cell["source"] for cell in notebook["cells"] if cell["cell_type"] != "code")
    assert "runs were trained on" not in code
    assert "the same as in the runs" not in code
    assert "were not trained by this program" in text or "was not trained by this program" in text
    is_live = "trained = train_model(" in code
    assert is_live == (case not in {"all", "baselines"})
    if is_live and case == "seeds":  # of the feedforward network, seed 0 is imported
        assert "baseline of the convolutional network with seed 0" in text


def test_a_changed_file_is_another_report(material: Material) -> None:
    """Equal numbers from other bytes are not the same."""
    results = material.results
    name, run = next((n, r) for n, r in results.runs.items() if r in results.imported)
    changed = {**results.runs, name: replace(run, sha256="e" * 64)}
    assert digest_runs(results) != digest_runs(replace(results, runs=changed))
