"""The runs, summarised: what each variant did over its seeds, and each study over its levels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from mnistreport.analysis.comparisons import FIRMNESS, Comparison, Strength
from mnistreport.analysis.variants import (
    METRICS,
    VariantSummary,
    choose_best,
    compare_variants,
    is_comparable,
)
from mnistreport.study.experiment import CLASSES, Experiment
from mnistreport.study.manifest import Level, Manifest, Study
from mnistreport.training.result import ImportedRun, Run

__all__ = [
    "CHANCE",
    "CHANCE_LOSS",
    "METRICS",
    "LevelSummary",
    "Results",
    "StudySummary",
    "VariantSummary",
    "choose_best",
    "summarise_results",
]


@dataclass(frozen=True)
class LevelSummary:
    """A level of a study, and how it compares with the baseline.

    Attributes:
        level: Label, value and setting.
        summary: Its variant over the seeds.
        against_baseline: Its validation accuracy minus the baseline's, judged together with the
            study's other levels; ``None`` for the baseline itself, if one of them is not
            complete, or if they are not comparable.
        is_comparable: Whether its runs and the baseline's are of one origin; true, too, if one of
            the two is not complete.
    """

    level: Level
    summary: VariantSummary
    against_baseline: Comparison | None
    is_comparable: bool = True

    @property
    def label(self) -> str:
        """How tables and figures name it."""
        return self.level.label

    @property
    def is_clear(self) -> bool:
        """Whether it differs clearly from the baseline."""
        return bool(self.against_baseline and self.against_baseline.is_clear)


@dataclass(frozen=True)
class StudySummary:
    """A study's levels, in order.

    Attributes:
        study: The question.
        levels: One for each of its levels.
    """

    study: Study
    levels: tuple[LevelSummary, ...]

    @cached_property
    def baseline(self) -> LevelSummary:
        """The level that is the baseline's own."""
        return next(level for level in self.levels if level.level.is_baseline)

    @cached_property
    def best(self) -> LevelSummary | None:
        """The complete level of the highest mean validation accuracy.

        Of equal ones the baseline, which takes no change, or else the earlier.
        """
        in_order = sorted(self.levels, key=lambda level: not level.level.is_baseline)
        best = choose_best(level.summary for level in in_order)
        return next((level for level in in_order if level.summary is best), None)

    @property
    def complete(self) -> tuple[LevelSummary, ...]:
        """The levels that finished on every seed: those that comparisons are made of."""
        return tuple(level for level in self.levels if level.summary.complete)

    @cached_property
    def imported(self) -> tuple[LevelSummary, ...]:
        """The levels with runs that were not trained here."""
        return tuple(level for level in self.levels if level.summary.imported)

    @property
    def uncompared(self) -> tuple[LevelSummary, ...]:
        """The complete levels that cannot be compared with the best one."""
        best = self.best
        return tuple(
            level
            for level in self.complete
            if best and level is not best and not is_comparable(level.summary, best.summary)
        )

    @property
    def noise_floor(self) -> float | None:
        """What a seed changes: standard deviation of the baseline's accuracy over its seeds."""
        measure = self.baseline.summary.accuracy
        return measure.sd if measure and self.baseline.summary.complete else None

    @property
    def gate(self) -> float:
        """Smallest adjusted p-value of a level against the baseline.

        Nothing else that is asked of the study is clearer than that.
        """
        judged = [level.against_baseline for level in self.levels if level.against_baseline]
        known = [each.p_adjusted for each in judged if each.p_adjusted is not None]
        return min(known, default=1.0 if judged else 0.0)

    @cached_property
    def ties(self) -> tuple[LevelSummary, ...]:
        """The complete levels that are not clearly below the best one.

        Which level is the best is read off the same seeds, so its lead over another level than
        the baseline is judged among all pairs of such levels that can be compared. One that cannot
        be compared with the best is among these.
        """
        best = self.best
        rivals = [level for level in self.complete if level is not self.baseline]
        pairs = [
            (one, other)
            for one, other in combinations(rivals, 2)
            if is_comparable(one.summary, other.summary)
        ]
        judged = compare_variants(
            [(one.summary, other.summary) for one, other in pairs],
            self.noise_floor,
            gate=self.gate,
        )
        apart = [pair for pair, each in zip(pairs, judged, strict=True) if each.is_clear]
        apart += [(self.baseline, level) for level in rivals if level.is_clear]
        behind = [other for pair in apart for other in pair if best in pair]
        return tuple(level for level in self.complete if level is not best and level not in behind)

    @property
    def lead(self) -> Strength:
        """How firmly the best level is better than the baseline, or the baseline than the rest."""
        best = self.best
        if best is None or not self.baseline.summary.complete:
            return "too few seeds"
        if best.against_baseline:
            return best.against_baseline.strength
        if not best.is_comparable:
            return "not comparable"
        if len(self.complete) == 1:
            return "observed"
        judged: list[Strength] = [
            level.against_baseline.strength if level.against_baseline else "not comparable"
            for level in self.ties
        ]
        return max(judged, key=FIRMNESS.index) if judged else "clear"


@dataclass(frozen=True)
class Results:
    """Everything that came out of the runs.

    Attributes:
        experiments: In the order of the manifest, the combined variants last.
        runs: By fingerprint, in the order of the experiments, whichever ended first.
        variants: By key, in the same order.
        studies: In the manifest's order.
        combined: Keys of the variants that join each study's best level, by model; absent where
            the joined variant is one that a study has already.
    """

    experiments: tuple[Experiment, ...]
    runs: Mapping[str, Run]
    variants: Mapping[str, VariantSummary]
    studies: tuple[StudySummary, ...]
    combined: Mapping[str, str]

    @cached_property
    def by_fingerprint(self) -> Mapping[str, tuple[Experiment, ...]]:
        """The experiments that a run is of: several if models with equal settings share it."""
        groups: dict[str, list[Experiment]] = {}
        for experiment in self.experiments:
            groups.setdefault(experiment.fingerprint, []).append(experiment)
        return {name: tuple(group) for name, group in groups.items()}

    @cached_property
    def distinct(self) -> tuple[Experiment, ...]:
        """The experiments that runs are counted by: of those that share a run, the first."""
        return tuple(group[0] for group in self.by_fingerprint.values())

    @cached_property
    def by_model(self) -> Mapping[str, tuple[VariantSummary, ...]]:
        """The variants of each model, by its name, both in the manifest's order."""
        groups: dict[str, list[VariantSummary]] = {}
        for summary in self.variants.values():
            groups.setdefault(summary.variant.model, []).append(summary)
        return {model: tuple(group) for model, group in groups.items()}

    @cached_property
    def by_variant(self) -> Mapping[str, tuple[Experiment, ...]]:
        """The experiments of each variant, by its key, in their order."""
        return _group(self.experiments)

    @cached_property
    def studies_of(self) -> Mapping[str, tuple[StudySummary, ...]]:
        """The studies that have a variant among their levels, by its key; none has no entry."""
        found: dict[str, tuple[StudySummary, ...]] = {}
        for study in self.studies:
            for key in dict.fromkeys(level.level.variant.key for level in study.levels):
                found[key] = (*found.get(key, ()), study)
        return found

    @cached_property
    def imported(self) -> tuple[ImportedRun, ...]:
        """The runs that were not trained here."""
        return tuple(run for run in self.runs.values() if isinstance(run, ImportedRun))

    @property
    def untrained(self) -> tuple[Experiment, ...]:
        """The experiments that have no run at all, what two models share once."""
        return tuple(each for each in self.distinct if each.fingerprint not in self.runs)

    @property
    def incomplete(self) -> tuple[Experiment, ...]:
        """The experiments that have no finished run, what two models share once."""
        return tuple(
            experiment
            for experiment in self.distinct
            if (run := self.runs.get(experiment.fingerprint)) is None or run.status != "finished"
        )


def summarise_results(
    manifest: Manifest,
    experiments: Sequence[Experiment],
    runs: Mapping[str, Run],
    *,
    combined: Mapping[str, str],
) -> Results:
    """Bring the runs together by variant and by study."""
    variants = {
        key: VariantSummary(
            of_variant[0].variant,
            {e.seed: runs[e.fingerprint] for e in of_variant if e.fingerprint in runs},
            planned=len(manifest.seeds),
        )
        for key, of_variant in _group(experiments).items()
    }
    studies = tuple(_summarise_study(study, variants) for study in manifest.studies)
    names = (experiment.fingerprint for experiment in experiments)
    ordered = {name: runs[name] for name in names if name in runs}
    return Results(tuple(experiments), ordered, variants, studies, combined)


def _group(experiments: Sequence[Experiment]) -> Mapping[str, tuple[Experiment, ...]]:
    groups: dict[str, list[Experiment]] = {}
    for experiment in experiments:
        groups.setdefault(experiment.variant.key, []).append(experiment)
    return {key: tuple(group) for key, group in groups.items()}


def _summarise_study(study: Study, variants: Mapping[str, VariantSummary]) -> StudySummary:
    summaries = [variants[level.variant.key] for level in study.levels]
    baseline = next(variants[level.variant.key] for level in study.levels if level.is_baseline)
    complete = [each for each in summaries if baseline.complete and each.complete]
    compared = [each for each in complete if each is not baseline and is_comparable(each, baseline)]
    noise = baseline.accuracy.sd if baseline.accuracy else None
    judged = compare_variants([(each, baseline) for each in compared], noise)
    comparisons = {
        summary.variant.key: comparison
        for summary, comparison in zip(compared, judged, strict=True)
    }
    return StudySummary(
        study,
        tuple(
            LevelSummary(
                level,
                summary,
                comparisons.get(summary.variant.key),
                summary not in complete or is_comparable(summary, baseline),
            )
            for level, summary in zip(study.levels, summaries, strict=True)
        ),
    )


CHANCE = 1 / CLASSES
"""Accuracy of guessing."""
CHANCE_LOSS = -math.log(CHANCE)
"""Cross-entropy of digits that are all held equally likely, in nats."""
