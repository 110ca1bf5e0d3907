"""Looking before leaping: what a build would do, and about how long that takes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from mnistreport.options import Listener, Options
from mnistreport.pipeline import (
    collect_results,
    look_up,
    make_reckoner,
    open_project,
)
from mnistreport.report.numbers import format_count, format_percent, format_seconds
from mnistreport.report.wording import (
    count_things,
    describe_budget,
    describe_variant,
    join_words,
)
from mnistreport.study.expansion import name_variants
from mnistreport.study.experiment import Variant
from mnistreport.study.manifest import Trimmed
from mnistreport.training.cost import ROUGH_COSTS, CostModel
from mnistreport.training.grouping import name_settled, pick_missing


@dataclass(frozen=True, slots=True)
class PlannedVariant:
    """A variant, and how much of it is left to train.

    Attributes:
        names: The study levels that it is, or ``baseline``.
        variant: The setting.
        runs: How many runs it asks for.
        missing: How many of them a build would train: not stored, failed or timed out.
        imported: How many of them are imported.
        seconds: What a missing run takes on one core, roughly.
    """

    names: tuple[str, ...]
    variant: Variant
    runs: int
    missing: int
    imported: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build would train.

    Attributes:
        variants: In the manifest's order.
        runs: How many runs they ask for; what two models share counts once.
        missing: How many of them a build would train.
        combines: Whether one more variant per model may follow from what is to be trained.
        jobs: Worker processes that the time is reckoned for.
        seconds: What training takes in all, roughly; what follows from the results is in it.
        costs: What the times are reckoned from; fitted if anything is to be trained.
        trimmed: What a time budget left of the manifest, if it took anything.
        imported: How many of the runs are imported.
    """

    variants: tuple[PlannedVariant, ...]
    runs: int
    missing: int
    combines: bool
    jobs: int
    seconds: float
    costs: CostModel
    trimmed: Trimmed | None
    imported: int = 0

    def as_text(self) -> str:
        """Return the plan for a person."""
        lines = [
            f"{each.missing:>3} of {each.runs} to train  {', '.join(each.names)}: "
            f"{describe_variant(each.variant)}"
            + (f"; {each.imported} imported" if each.imported else "")
            for each in self.variants
        ]
        imported = f"{format_count(self.imported)} imported, " if self.imported else ""
        stored = self.runs - self.missing - self.imported
        said = (
            f"{format_count(self.runs)} runs, {imported}{format_count(stored)} stored, "
            f"{format_count(self.missing)} to train"
        )
        if self.missing:
            said += (
                f": about {format_seconds(self.seconds)} with {count_things(self.jobs, 'worker')}; "
                f"{self._describe_error()}"
            )
        lines.append(said)
        if self.combines:
            lines.append(
                "included: up to one more variant per model, which joins each study's best level"
            )
        if self.trimmed:
            lines.append(describe_budget(self.trimmed))
        return "\n".join(lines)

    def _describe_error(self) -> str:
        """Say how far the time can be trusted."""
        costs = self.costs
        if not costs.runs:
            return "a rough guess: no run is stored yet that this processor trained"
        runs = count_things(sum(costs.runs.values()), "stored run")
        if costs.error is None:
            said = f"estimated from {runs}, of too few settings to tell how far it is off"
        else:
            error = f"{format_percent(costs.error, 0)} (median)"
            left_out = format_count(costs.tried)
            said = f"estimated from {runs}; for {left_out} left out, updates were off by {error}"
        kinds = {each.variant.architecture.kind for each in self.variants if each.missing}
        unknown = sorted(kinds - costs.runs.keys())
        return f"{said}, none of a {join_words(unknown)}" if unknown else said

    def as_json(self) -> Mapping[str, object]:
        """Return the plan for a program."""
        return {
            "variants": [
                {
                    "key": each.variant.key,
                    "names": list(each.names),
                    "settings": each.variant.settings,
                    "runs": each.runs,
                    "missing": each.missing,
                    "imported": each.imported,
                    "seconds_per_run": round(each.seconds, 3),
                }
                for each in self.variants
            ],
            "combines": self.combines,
            "jobs": self.jobs,
            "seconds": round(self.seconds, 3),
            "estimate": {"stored_runs": self.costs.runs, "median_relative_error": self.costs.error},
            "trimmed": asdict(self.trimmed) if self.trimmed else None,
        }


def make_plan(options: Options, listener: Listener) -> Plan:
    """Find out what a build would train."""
    project = open_project(options, listener, anew=True)
    results = collect_results(project, lambda each: look_up(each, project, listener))
    missing = pick_missing(results.experiments, name_settled(results.runs))
    costs, seconds = ROUGH_COSTS, 0.0
    if missing:  # only then are the stored runs' costs worth fitting
        reckoner = make_reckoner(project, options)
        costs, seconds = reckoner.costs, reckoner.estimate_seconds(project.manifest)
    names = name_variants(project.manifest)
    return Plan(
        tuple(
            PlannedVariant(
                tuple(names.get(key, [f"{summary.variant.model}, best levels joined"])),
                summary.variant,
                summary.planned,
                summary.planned - len(summary.settled),
                len(summary.imported),
                costs.estimate_seconds(summary.variant, project.split.learning_sizes),
            )
            for key, summary in results.variants.items()
        ),
        len({each.fingerprint for each in results.experiments}),
        len(missing),
        project.manifest.combine and not results.combined and bool(missing),
        options.jobs_at_once,
        seconds,
        costs,
        project.manifest.trimmed,
        len(results.imported),
    )
