"""The appendix's tables: proofs, budgets, every run, and what was asked for."""

from collections.abc import Callable

from mnistreport.report.answers import MISSING
from mnistreport.report.numbers import (
    format_count,
    format_loss,
    format_percent,
    format_range,
    format_seconds,
)
from mnistreport.report.records import LevelProofView
from mnistreport.report.rigour import SEEDS_LISTED
from mnistreport.report.tables import NOTHING, SHORT, Column, Row, Table, name_run
from mnistreport.report.views import ReportContext


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
                "; ".join(level.differs) or "nothing (baseline)",
                ", ".join(level.splits) or NOTHING,
                _list_seeds(level.seeds),
                _list_epochs(level),
                "holds" if level.holds else f"FAILS: {'; '.join(level.failures)}",
            ),
            mark="" if level.holds else "failing",
        )
        for proof in context.proofs
        for level in proof.levels
    ]
    caption = (
        "One factor at a time: what differs from the baseline, in the settings that were run. "
        "Split: the first digits of its digest. Epochs: those that the histories hold."
    )
    return Table("one-factor", caption, columns, tuple(rows), is_sortable=True)


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
                format_count(view.budget.runs),
                format_range(view.budget.epochs),
                format_range(view.budget.updates) if view.budget.updates else NOTHING,
                format_seconds(view.budget.duration_seconds),
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
    return Table("budgets", caption, columns, tuple(rows), is_sortable=True)


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
                run.status if not run.reason else f"{run.status}: {run.reason}",
                _value(run.train_loss, format_loss),
                _value(run.validation_loss, format_loss),
                _value(run.train_accuracy, format_percent),
                _value(run.validation_accuracy, format_percent),
                format_seconds(run.duration_seconds) if run.duration_seconds else NOTHING,
            ),
            anchor=name_run(run.fingerprint),
        )
        for run in context.runs
    ]
    caption = (
        "Every run, at its last completed epoch; a run that several studies share was trained "
        "once. Lines: those of the manifest that ask for its setting."
    )
    return Table("runs", caption, columns, tuple(rows), is_sortable=True)


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
                "met" if verdict.is_met else "MISSING",
                verdict.where.removeprefix(MISSING),
            ),
            mark="" if verdict.is_met else "failing",
        )
        for verdict in context.rubric
    ]
    caption = "What was asked for, and where this report covers it, as the program’s checks see it."
    return Table("rubric", caption, columns, tuple(rows))
