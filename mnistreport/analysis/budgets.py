"""What the runs cost: how many settings were tried, for how long, with how many updates."""

from collections.abc import Iterable
from dataclasses import dataclass

from mnistreport.analysis.results import VariantSummary
from mnistreport.training.result import RunResult


@dataclass(frozen=True, slots=True)
class Budget:
    """What some variants cost together.

    Attributes:
        settings: Variants tried.
        complete: Those of them that finished on every seed; only they can be chosen.
        runs: Runs over all seeds, broken-off ones among them.
        epochs: Fewest and most epochs that a run was given.
        updates: Fewest and most updates of a finished run that was trained here; ``None`` if none
            was.
        duration_seconds: Time of all runs that were trained here together, updates only.
        imported: Runs that were not trained here.
    """

    settings: int
    complete: int
    runs: int
    epochs: tuple[int, int]
    updates: tuple[int, int] | None
    duration_seconds: float
    imported: int = 0


def measure_budget(summaries: Iterable[VariantSummary]) -> Budget:
    """Add up what at least one variant cost; each variant counts once."""
    variants = list({summary.variant.key: summary for summary in summaries}.values())
    epochs = [summary.variant.training.epochs for summary in variants]
    runs = [run for summary in variants for run in summary.runs.values()]
    trained = [run for run in runs if isinstance(run, RunResult)]
    updates = [run.updates for run in trained if run.status == "finished"]
    return Budget(
        settings=len(variants),
        complete=sum(summary.complete for summary in variants),
        runs=len(runs),
        epochs=(min(epochs), max(epochs)),
        updates=(min(updates), max(updates)) if updates else None,
        duration_seconds=sum(run.duration_seconds for run in trained),
        imported=len(runs) - len(trained),
    )
