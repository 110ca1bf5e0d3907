import dataclasses
import re

import pytest

from mnistreport.analysis.statistics import FittedDifference
from mnistreport.report import appendix, tables
from mnistreport.report.context import make_context
from mnistreport.report.numbers import (
    UNKNOWN,
    format_count,
    format_loss,
    format_measure,
    format_p,
    format_percent,
    format_points,
    format_seconds,
)
from mnistreport.report.tables import Table
from mnistreport.report.views import FittedView, ReportContext
from tests.fake_results import make_results
from tests.report.reports import LONG_FLOAT, UNPRINTED, find_view, make_material


def find_row(table: Table, first: str) -> dict[str, str]:
    """Return the cells of the row that begins with ``first``, by column."""
    [row] = [row for row in table.rows if first == row.cells[0]]
    return dict(zip([column.title for column in table.columns], row.cells, strict=True))


def find_marks(table: Table) -> dict[str, str]:
    """Return each row's mark, by its first cell."""
    return {row.cells[0]: row.mark for row in table.rows}


@pytest.fixture(scope="module")
def troubled() -> ReportContext:
    """A level of two seeds, one without a run, and one that diverged."""
    return make_context(
        make_material(make_results(missing={0.1: [2], 0.001: [0, 1, 2]}, diverged=[0.5]))
    )


def make_all(context: ReportContext) -> list[Table]:
    """Make every table of a report."""
    return [
        tables.make_split_table(context),
        tables.make_model_table(context),
        *(tables.make_study_table(context, study) for study in context.studies),
        tables.make_final_table(context),
        *map(tables.make_digit_table, context.finals),
        appendix.make_setup_table(context),
        appendix.make_ledger_table(context),
        appendix.make_budget_table(context),
        appendix.make_proof_table(context),
        appendix.make_run_table(context),
        appendix.make_rubric_table(context),
    ]


def test_a_levels_cells_are_its_formatted_measures(context: ReportContext) -> None:
    """Every number of a study's table is the view's, through the one place that rounds."""
    level = find_view(context, "batch_size").levels[0]
    variant, difference = level.variant, level.against_baseline
    assert variant.train_loss is not None
    assert variant.validation_loss is not None
    assert variant.train_accuracy is not None
    assert variant.validation_accuracy is not None
    assert variant.duration_seconds is not None
    assert variant.updates is not None
    assert difference is not None
    assert difference.interval is not None
    assert level.p_adjusted is not None
    low, high = difference.interval.low, difference.interval.high
    assert {
        "Batch size": "16",
        "Train loss": format_loss(variant.train_loss.mean),
        "Val. loss": format_loss(variant.validation_loss.mean),
        "Train acc.": format_percent(variant.train_accuracy.mean),
        "Val. acc.": format_measure(variant.validation_accuracy),
        "Against baseline (pp)": (
            f"{format_points(difference.mean, unit=False)} "
            f"[{format_points(low, unit=False)}, {format_points(high, unit=False)}]"
        ),
        "p": format_p(level.p_adjusted, named=False),
        "Verdict": "ahead",
        "Updates": format_count(variant.updates),
        "Time": format_seconds(variant.duration_seconds.mean),
    } == find_row(tables.make_study_table(context, find_view(context, "batch_size")), "16")


def test_every_study_has_its_table(context: ReportContext) -> None:
    """A row for each level in their order, under an anchor of its own."""
    made = {study.slug: tables.make_study_table(context, study) for study in context.studies}
    assert {study.slug: [level.label for level in study.levels] for study in context.studies} == {
        slug: [row.cells[0] for row in table.rows] for slug, table in made.items()
    }
    assert [f"{slug}-levels" for slug in made] == [table.name for table in made.values()]


def test_baseline_and_best_are_marked(context: ReportContext) -> None:
    """The baseline's row and the best level's are told apart, and no others."""
    table = tables.make_study_table(context, find_view(context, "learning_rate"))
    assert {"0.001": "", "0.01": "baseline", "0.1": "best", "0.5": ""} == find_marks(table)


def test_one_seed_claims_no_spread() -> None:
    """With one seed there is no ±, no interval and no verdict, and the caption says why."""
    context = make_context(make_material(make_results((0,)), seeds=(0,)))
    table = tables.make_study_table(context, find_view(context, "batch_size"))
    row = find_row(table, "16")
    assert "One seed, so there is no spread." in table.caption
    assert "too few seeds" == row["Verdict"]
    assert UNKNOWN == row["p"]
    assert [] == [cell for cell in row.values() if "±" in cell or "[" in cell]


def test_too_few_seeds_have_no_p_value(context: ReportContext) -> None:
    """Where seeds are too few to tell, the table says so instead of a p-value."""
    study = find_view(context, "neurons")
    level = dataclasses.replace(study.levels[0], verdict="too few seeds", p_adjusted=0.2)
    table = tables.make_study_table(context, dataclasses.replace(study, levels=(level,)))
    row = find_row(table, level.label)
    assert ("too few seeds", UNKNOWN) == (row["Verdict"], row["p"])


def test_fitted_models_stand_side_by_side() -> None:
    """The four counts, the corrected p-value, and which question they answer."""
    fitted = FittedView("Neurons", "a", "b", 0, FittedDifference(13000, 90, 52, 858, 0.002), 0.004)
    context = dataclasses.replace(make_context(make_material()), fitted=(fitted,))
    table = tables.make_fitted_table(context)
    assert ("Neurons", "a", "b", "13,000", "90", "52", "858", "0.004") == table.rows[0].cells
    assert "Which of two fitted models" in table.caption


def test_what_did_not_finish_is_not_compared(troubled: ReportContext) -> None:
    """A level that lacks a seed shows what there is, but no difference, and is not marked best."""
    table = tables.make_study_table(troubled, find_view(troubled, "learning_rate"))
    marks = find_marks(table)
    for label in ("0.1", "0.5", "0.001"):
        row = find_row(table, label)
        assert UNKNOWN == row["Against baseline (pp)"], label
        assert "not finished" == row["Verdict"], label
        assert "" == marks[label], label
    assert UNKNOWN != find_row(table, "0.1")["Val. acc."]
    assert UNKNOWN == find_row(table, "0.5")["Val. acc."]


def test_every_run_has_a_line_with_its_fate(troubled: ReportContext) -> None:
    """A run that diverged says after what, one that was not trained that it was not."""
    table = appendix.make_run_table(troubled)
    assert len(troubled.runs) == len(table.rows)
    fates = [row.cells[5] for row in table.rows]
    assert 3 == sum(fate.startswith("diverged: the loss was nan in epoch") for fate in fates)
    assert 4 == fates.count("missing: not trained yet")
    assert len(fates) - 7 == fates.count("finished")


@pytest.mark.parametrize("index", range(16))
def test_cells_and_captions_are_formatted(
    context: ReportContext, troubled: ReportContext, index: int
) -> None:
    """No cell is empty, and none shows a number as Python does."""
    for each in (context, troubled):
        table = make_all(each)[index]
        for row in table.rows:
            assert len(table.columns) == len(row.cells)
            assert [] == [cell for cell in row.cells if not cell.strip()]
        text = " ".join([table.caption, *(cell for row in table.rows for cell in row.cells)])
        assert [] == UNPRINTED.findall(text)
        assert [] == LONG_FLOAT.findall(text)
        assert table.caption.endswith(".")


def test_names_are_unique(context: ReportContext) -> None:
    """No two tables share an anchor."""
    names = [table.name for table in make_all(context)]
    assert 16 == len(set(names))


def test_splits_add_up(context: ReportContext) -> None:
    """A split's digits add up to its images, and the splits to all."""
    table = tables.make_split_table(context)
    counts = [[int(cell.replace(",", "")) for cell in row.cells[1:12]] for row in table.rows]
    assert [sum(row[:10]) for row in counts] == [row[10] for row in counts]
    assert context.data.images == sum(row[10] for row in counts)
    assert ["60.0\u202f%", "20.0\u202f%", "20.0\u202f%"] == [row.cells[-1] for row in table.rows]


def test_the_test_accuracy_is_that_of_the_outcome(context: ReportContext) -> None:
    """The final table shows the model whose confusion matrix is shown, and all seeds together."""
    final = context.finals[0]
    row = find_row(tables.make_final_table(context), final.title)
    assert (
        f"{format_percent(final.right / final.images)} (seed {final.seed})"
        == (row["Test accuracy shown"])
    )
    assert format_measure(final.over_seeds) == row["Test accuracy over seeds"]
    assert format_percent(final.macro_f1) == row["Macro F1"]


def test_scores_of_a_digit_are_those_of_the_confusion_matrix(context: ReportContext) -> None:
    """Precision is a column's share, recall a row's."""
    final = context.finals[0]
    right = final.confusion[4][4]
    row = find_row(tables.make_digit_table(final), "4")
    assert format_percent(right / sum(final.confusion[4])) == row["Recall"]
    assert format_percent(right / sum(line[4] for line in final.confusion)) == row["Precision"]
    assert str(sum(final.confusion[4])) == row["Test images"]


def test_the_setup_names_what_decides_the_numbers(context: ReportContext) -> None:
    """Digests in full, seeds, and versions of the libraries."""
    rows = {row.cells[0]: row.cells[1] for row in appendix.make_setup_table(context).rows}
    assert context.data.sha256 == rows["Digest of the data (SHA-256)"]
    assert context.manifest_sha256 == rows["Digest of the manifest (SHA-256)"]
    assert "0, 1, 2" == rows["Seeds of the runs"]
    assert re.search(r"Python 3\.\d+\.\d+\S*, torch \d+\.\d+", rows["Made with"])
    assert "a processor (cpu), 1 thread a run, PyTorch 2.9.0" == rows["Computed on"]


def test_every_level_has_a_row_of_the_proof(
    context: ReportContext, troubled: ReportContext
) -> None:
    """What differs stands there, and a level that fails says so in words, and why."""
    table = appendix.make_proof_table(context)
    assert sum(len(study.levels) for study in context.studies) == len(table.rows)
    assert {"holds"} == {row.cells[-1] for row in table.rows}
    rows = {row.cells[:2]: row for row in appendix.make_proof_table(troubled).rows}
    assert "batch size 64 → 16" == rows["Batch size", "16"].cells[2]
    assert "nothing (baseline)" == rows["Batch size", "64"].cells[2]
    assert "dropout 0 → 0.5; layer normalisation off → on" == table.rows[-1].cells[2]
    assert ("0, 1", "20", "FAILS: no run of seed 2") == rows["Learning rate", "0.1"].cells[4:]
    assert "FAILS: no run of seeds 0, 1 and 2" == rows["Learning rate", "0.001"].cells[-1]
    diverged = rows["Learning rate", "0.5"].cells
    assert ("0, 1, 2", "3 runs diverged after 2 to 4", "holds") == diverged[4:]
    failing = [row for row in rows.values() if row.mark == "failing"]
    assert [row for row in rows.values() if row.cells[-1] != "holds"] == failing


def test_budgets_are_those_of_the_runs(context: ReportContext, troubled: ReportContext) -> None:
    """Settings, runs, epochs, updates and time of a study, and of a model in all."""
    table = appendix.make_budget_table(context)
    assert {
        "What": "Batch size",
        "Settings": "4",
        "Complete": "4",
        "Runs": "12",
        "Epochs": "20",
        "Updates of a run": "840 to 52,500",
    }.items() <= find_row(table, "Batch size").items()
    rows = [find_row(table, f"{name} network, in all") for name in ("Feedforward", "Convolutional")]
    assert [("15", "45", "20"), ("4", "12", "12")] == [
        (row["Settings"], row["Runs"], row["Epochs"]) for row in rows
    ]
    seconds = [view.budget.duration_seconds for view in context.budgets if view.kind == "model"]
    assert pytest.approx(context.training_seconds) == sum(seconds)
    broken = find_row(appendix.make_budget_table(troubled), "Learning rate")
    assert ("4", "1", "8") == (broken["Settings"], broken["Complete"], broken["Runs"])


def test_unequal_budgets_are_stated(context: ReportContext) -> None:
    """What was tried for each model, and which studies differ in their number of updates."""
    assert (
        "Training tried the feedforward network in 15 settings of 20 epochs and the "
        "convolutional network in 4 settings of 12 epochs. These budgets are not equal, so "
        "what the models reached does not compare the models alone. Levels had different numbers "
        "of updates in: Batch size (840 to 52,500)."
    ) == context.budget_statement


def test_a_requirement_that_is_not_met_says_so_in_words(context: ReportContext) -> None:
    """The verdict is told by a word; where to look, or what to do, stands beside it."""
    table = appendix.make_rubric_table(context)
    assert [
        ("Some curves", "4", "met", "Section 3, Figure 3"),
        ("Our words", "6", "MISSING", "words; write some"),
    ] == [row.cells for row in table.rows]
    assert ["", "failing"] == [row.mark for row in table.rows]


def test_a_study_that_compares_nothing_has_a_table(context: ReportContext) -> None:
    """A table does not need a best level."""
    study = dataclasses.replace(find_view(context, "neurons"), best=None, span=None, findings=())
    assert 5 == len(tables.make_study_table(context, study).rows)


def test_runs_computed_in_different_ways_are_told_apart() -> None:
    """Another number of threads may change the last bits: the first page says so."""
    results = make_results()
    name, run = next(iter(results.runs.items()))
    other = dataclasses.replace(
        run, circumstances=dataclasses.replace(run.circumstances, threads=2)
    )
    context = make_context(
        make_material(dataclasses.replace(results, runs={**results.runs, name: other}))
    )
    assert (
        "a processor (cpu), 1 thread a run, PyTorch 2.9.0",
        "a processor (cpu), 2 threads a run, PyTorch 2.9.0",
    ) == context.circumstances
    assert any("the same number of threads" in notice for notice in context.notices)


def test_a_proof_comes_to_a_sentence(context: ReportContext, troubled: ReportContext) -> None:
    """What all levels were given, or each level that fails and why; nothing is claimed for it."""
    sentences = {proof.slug: proof.sentence for proof in context.proofs}
    assert (
        "The settings that were run bear this out, field by field; every level was given the "
        "same: one split, 3 seeds and 20 epochs."
    ) == sentences["batch_size"]
    sentences = {proof.slug: proof.sentence for proof in troubled.proofs}
    assert (
        "The runs do not bear this out for “0.001”: no run of seeds 0, 1 and 2; “0.1”: no run of "
        "seed 2."
    ) == sentences["learning_rate"]


def test_a_proof_does_not_pass_over_divergence() -> None:
    """All levels were given the same, but a run that diverged did not use all of it."""
    context = make_context(make_material(make_results(diverged=[0.5])))
    [sentence] = [proof.sentence for proof in context.proofs if proof.slug == "learning_rate"]
    assert sentence.endswith("3 seeds and 20 epochs. 3 runs diverged.")
