"""The appendix's tables: set-up, ledger, proofs, budgets, every run, and what was asked for."""

from collections.abc import Callable

from mnistreport.analysis.budgets import Budget
from mnistreport.report.numbers import (
    format_count,
    format_loss,
    format_percent,
    format_range,
    format_seconds,
)
from mnistreport.report.records import LevelProofView, RunView
from mnistreport.report.rigour import SEEDS_LISTED, SPLIT_DIGITS
from mnistreport.report.tables import NOT_TOLD, NOTHING, SHORT, Column, Row, Table, name_run
from mnistreport.report.views import ReportContext
from mnistreport.report.wording import count_things

FILES = 20
"""Imported files that are listed with their digests."""


def make_setup_table(context: ReportContext) -> Table:
    """What everything was made with."""
    data = context.data
    lines = [
        ("Data set", f"{data.title}: {format_count(data.images)} images"),
        ("Digest of the data (SHA-256)", data.sha256),
        ("Digest of the split (SHA-256)", data.split_sha256),
        ("Seed of the split", str(data.split_seed)),
        ("Seeds of the runs", ", ".join(map(str, context.seeds))),
        ("Digest of the manifest (SHA-256)", context.manifest_sha256),
        *_list_runs(context),
        *(("Computed on", text) for text in context.circumstances),
        ("Made with", ", ".join(f"{name} {number}" for name, number in context.made_with)),
    ]
    columns = (Column("What", is_number=False), Column("Value", is_number=False))
    return Table("setup", "What the report was made of.", columns, tuple(map(Row, lines)))


def _list_runs(context: ReportContext) -> list[tuple[str, str]]:
    """Say how many runs there are, where from, and how long those that were trained here took."""
    runs, time = format_count(len(context.runs)), format_seconds(context.training_seconds)
    imported = context.imported
    if imported is None:
        return [("Runs", runs), ("Training time of all runs", time)]
    lines = [
        (f"Imported from {file.name} (SHA-256)", file.sha256) for file in imported.files[:FILES]
    ]
    if more := len(imported.files) - len(lines):
        lines.append(("Imported from others", f"{count_things(more, 'file')}, in results.json"))
    return [
        ("Runs", f"{runs}, {format_count(imported.runs)} of them imported, not checked"),
        ("Training time of the others", time if imported.runs < imported.of else NOTHING),
        *lines,
    ]


def make_ledger_table(context: ReportContext) -> Table:
    """Every look at the test split."""
    columns = tuple(
        Column(title, is_number=False) for title in ("Read at (UTC)", "Model", "Setting", "Runs")
    )
    rows = [
        Row((entry.read_at, entry.model, entry.setting, str(entry.runs)))
        for entry in context.ledger
    ]
    caption = "The ledger: every look at this test split that was taken from this project’s runs."
    if context.ledger_elsewhere:
        columns += (Column("Split", is_number=False),)
        rows = [Row((*row.cells, "this one")) for row in rows] + [
            Row(
                (
                    *(entry.read_at, entry.model, entry.setting, str(entry.runs)),
                    entry.split[:SPLIT_DIGITS]
                    + ("" if entry.is_certain else ", perhaps of other images"),
                )
            )
            for entry in context.ledger_elsewhere
        ]
        caption += (
            " Looks at other splits of the same images follow, with the first digits of the "
            "split’s digest."
        )
    return Table("ledger", caption, columns, tuple(rows))


def make_proof_table(context: ReportContext) -> Table:
    """What differs from the baseline at every level, in the settings that were run."""
    columns = tuple(
        Column(title, is_number=False)
        for title in ("Study", "Level", "Differs from the baseline in", "Split", "Seeds", "Epochs",
                      "One factor")
    )  # fmt: skip
    rows = [
        Row(
            (
                proof.title,
                level.label,
                "; ".join(level.differs) or _say_same(level),
                ", ".join(level.splits) or NOTHING,
                _list_seeds(level.seeds),
                _list_epochs(level),
                _judge(level),
            ),
            mark="" if level.holds or level.imported else "failing",
        )
        for proof in context.proofs
        for level in proof.levels
    ]
    caption = (
        "One factor at a time: what differs from the baseline, in the settings that were run. "
        "Split: the first digits of its digest. Epochs: those that the histories hold."
    )
    if context.imported:
        caption += (
            " Of imported runs, which were not checked, seeds and epochs are those that their "
            "files tell."
        )
    return Table("one-factor", caption, columns, tuple(rows), is_sortable=True)


def _say_same(level: LevelProofView) -> str:
    return level.failures[0] if level.imported else "nothing (baseline)"


def _judge(level: LevelProofView) -> str:
    if level.holds:
        return "holds"
    said = "not checked" if level.imported else ""
    others = level.failures[1:] if level.imported else level.failures
    return "; ".join(filter(None, (said, f"FAILS: {'; '.join(others)}" if others else "")))


def _list_seeds(seeds: tuple[int, ...]) -> str:
    if len(seeds) > SEEDS_LISTED:
        return f"{len(seeds)} seeds"
    return ", ".join(map(str, seeds)) or NOTHING


def _list_epochs(level: LevelProofView) -> str:
    said = [format_count(epochs) for epochs in level.epochs]
    if level.diverged:
        epochs = [epochs for _, epochs in level.diverged]
        count = f"{len(epochs)} run{'' if len(epochs) == 1 else 's'}"
        said.append(f"{count} diverged after {format_range((min(epochs), max(epochs)))}")
    return "; ".join(said) or NOTHING


def make_budget_table(context: ReportContext) -> Table:
    """What every study and every model cost."""
    columns = (
        Column("What", is_number=False),
        *map(Column, ("Settings", "Complete", "Runs", "Epochs", "Updates of a run", "Time")),
    )
    rows = [
        Row(
            (
                view.title,
                format_count(view.budget.settings),
                format_count(view.budget.complete),
                _count_runs(view.budget),
                format_range(view.budget.epochs),
                format_range(view.budget.updates) if view.budget.updates else _say_no(view.budget),
                format_seconds(view.budget.duration_seconds)
                if view.budget.imported < view.budget.runs or not view.budget.runs
                else NOT_TOLD,
            ),
            mark="total" if view.kind == "model" else "",
        )
        for view in context.budgets
    ]
    caption = (
        "Budgets: settings tried, and runs over all seeds. A baseline that several studies share "
        "is counted in each of them, and once in its model. Each winner was chosen from its "
        "model’s complete settings, those that finished on every seed."
    )
    if _shares_runs(context):
        caption += " A run that several models share is counted for each of them."
    if context.imported:
        caption += " Updates and time are those of the runs that were trained here."
    return Table("budgets", caption, columns, tuple(rows), is_sortable=True)


def _shares_runs(context: ReportContext) -> bool:
    """Tell whether any run is of several models."""
    return any("," in run.model for run in context.runs)


def _count_runs(budget: Budget) -> str:
    runs = format_count(budget.runs)
    return f"{runs}, {format_count(budget.imported)} imported" if budget.imported else runs


def _say_no(budget: Budget) -> str:
    return NOT_TOLD if budget.imported else NOTHING


def make_run_table(context: ReportContext) -> Table:
    """Every run."""
    columns = (
        Column("Run", is_number=False),
        Column("Study", is_number=False),
        Column("Setting", is_number=False),
        Column("Lines"),
        Column("Seed"),
        Column("Status", is_number=False),
        Column("Train loss"),
        Column("Val. loss"),
        Column("Train acc."),
        Column("Val. acc."),
        Column("Time"),
    )
    rows = [
        Row(
            (
                run.fingerprint[:SHORT],
                ", ".join(run.studies),
                run.setting,
                ", ".join(map(str, run.lines)),
                str(run.seed),
                _say_status(run),
                _value(run.train_loss, format_loss),
                _value(run.validation_loss, format_loss),
                _value(run.train_accuracy, format_percent),
                _value(run.validation_accuracy, format_percent),
                _say_time(run),
            ),
            anchor=name_run(run.fingerprint),
        )
        for run in context.runs
    ]
    counts = "counts" if context.imported else "was trained"
    who = "studies or models" if _shares_runs(context) else "studies"
    caption = (
        f"Every run, at its last completed epoch; a run that several {who} share {counts} "
        "once. Lines: those of the manifest that ask for its setting."
    )
    if context.imported:
        caption += (
            " An imported run was not trained here: its setting and seed are what the manifest "
            "and its file say, and its numbers are those of the file."
        )
    return Table("runs", caption, columns, tuple(rows), is_sortable=True)


def _say_status(run: RunView) -> str:
    if run.imported:
        return f"imported from {run.imported}, not checked"
    return run.status if not run.reason else f"{run.status}: {run.reason}"


def _say_time(run: RunView) -> str:
    if run.duration_seconds is None:
        return NOT_TOLD
    return format_seconds(run.duration_seconds) if run.duration_seconds else NOTHING


def _value(value: float | None, form: Callable[[float], str]) -> str:
    return NOTHING if value is None else form(value)


def make_rubric_table(context: ReportContext) -> Table:
    """What was asked for, whether it is met, and where."""
    columns = (
        Column("Requirement", is_number=False),
        Column("Points"),
        Column("Verdict", is_number=False),
        Column("Where", is_number=False),
    )
    rows = [
        Row(
            (
                verdict.requirement,
                format_count(verdict.points),
                "MISSING" if verdict.state == "missing" else verdict.state,
                verdict.reason,
            ),
            mark="failing" if verdict.state == "missing" else "",
        )
        for verdict in context.rubric
    ]
    caption = "What was asked for, and where this report covers it, as the program’s checks see it."
    return Table("rubric", caption, columns, tuple(rows))
