"""The proof that a study changed one factor: read from what was run, not from what was asked for.

A run is found under the digest of its settings, its seed and its split, so the experiments that
have a run say what was run. Each level's settings are held against the baseline's, field by field.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnistreport.analysis.results import LevelSummary, Results, StudySummary
from mnistreport.study.experiment import Experiment, Variant
from mnistreport.study.manifest import FieldValue
from mnistreport.study.spelling import is_even, spell_fields
from mnistreport.training.result import Run

_Run = tuple[Experiment, Run]


@dataclass(frozen=True, slots=True)
class Departure:
    """A field in which a level's runs differ from the baseline's, and both values.

    A value is ``None`` where the one has a field that the other has not.
    """

    field: str
    baseline: FieldValue | None
    level: FieldValue | None


@dataclass(frozen=True, slots=True)
class LevelProof:
    """What one level's runs have in common with the baseline's, and what not.

    Attributes:
        label: How tables and figures name the level.
        asked: The fields that should differ; none for the baseline itself.
        departures: The fields that do differ, named as in the manifest.
        splits: Digests of the splits that its runs were trained on.
        seeds: Seeds with a run that finished or diverged.
        missing_seeds: Seeds of the study without one.
        broken_seeds: Those of them with a run that failed or timed out.
        epochs: Epochs that its finished runs completed, each number once.
        due_epochs: Epochs that they should have completed.
        diverged: Epochs that its diverged runs completed, by seed.
        shares_split: Whether its runs have one split, the baseline's if that has runs.
        is_from_scratch: As the function of that name, of all its runs.
        is_imported: Whether any of its runs was not trained here: with which settings it was, and
            on what, was not checked.
        has_imported_baseline: Likewise of the baseline's runs, which it is held against.
    """

    label: str
    asked: frozenset[str]
    departures: tuple[Departure, ...]
    splits: tuple[str, ...]
    seeds: tuple[int, ...]
    missing_seeds: tuple[int, ...]
    epochs: tuple[int, ...]
    due_epochs: int
    diverged: Mapping[int, int]
    shares_split: bool
    is_from_scratch: bool
    is_imported: bool = False
    has_imported_baseline: bool = False
    broken_seeds: tuple[int, ...] = ()

    @property
    def is_checked(self) -> bool:
        """Whether it is known of all its runs, and the baseline's, what was run."""
        return not self.is_imported and not self.has_imported_baseline

    @property
    def differs_as_asked(self) -> bool:
        """Whether exactly the fields differ that should."""
        return frozenset(departure.field for departure in self.departures) == self.asked

    @property
    def has_due_epochs(self) -> bool:
        """Whether every finished run completed the epochs that it should have."""
        return set(self.epochs) <= {self.due_epochs}

    @property
    def holds(self) -> bool:
        """Whether the level differs as it should, and in nothing else."""
        return self.holds_so_far and not self.missing_seeds

    @property
    def holds_so_far(self) -> bool:
        """Whether it holds for the runs that there are."""
        return (
            self.differs_as_asked
            and self.shares_split
            and self.has_due_epochs
            and self.is_from_scratch
            and self.is_checked
        )


@dataclass(frozen=True, slots=True)
class OneFactorProof:
    """Whether a study changed one factor at a time.

    Attributes:
        slug: The study's.
        title: The study's.
        factor: The field that was to differ; ``None`` in a study of named variants.
        levels: One for each of its levels, in order, failing ones among them.
    """

    slug: str
    title: str
    factor: str | None
    levels: tuple[LevelProof, ...]

    @property
    def holds(self) -> bool:
        """Whether it holds for every level."""
        return all(level.holds for level in self.levels)


def prove_one_factor(results: Results) -> tuple[OneFactorProof, ...]:
    """Return each study's proof, failing ones among them.

    - The factor ``neurons`` differs if the width of all hidden layers changes and their number
      does not, ``hidden_layers`` if their number changes and the width does not.
    - A run that diverged was given its epochs and did not use them up; it counts for its seed.
      One that failed or timed out does not: training it again may end otherwise.
    - Epochs are those of the baseline, unless they are what the study varies.
    - Of runs that were imported, here or as the baseline, nothing is proven.
    """
    runs: dict[str, list[_Run]] = {}
    seeds: dict[str, dict[int, None]] = {}
    for experiment in results.experiments:
        key = experiment.variant.key
        seeds.setdefault(key, {})[experiment.seed] = None
        run = results.runs.get(experiment.fingerprint)
        if run and run.is_settled:
            runs.setdefault(key, []).append((experiment, run))
    return tuple(_prove_study(study, runs, seeds) for study in results.studies)


def is_from_scratch(run: Run) -> bool:
    """Tell whether a run's history begins at epoch 1 and leaves no epoch out."""
    return [row.epoch for row in run.history] == list(range(1, len(run.history) + 1))


def _prove_study(
    study: StudySummary,
    runs: Mapping[str, Sequence[_Run]],
    seeds: Mapping[str, Mapping[int, None]],
) -> OneFactorProof:
    keys = [level.summary.variant.key for level in study.levels]
    every = dict.fromkeys(seed for key in keys for seed in seeds.get(key, ()))
    baseline = study.baseline.summary.variant
    splits = _list_splits(runs.get(baseline.key, ()))
    levels = tuple(
        _prove_level(study, level, runs.get(key, ()), tuple(every), splits)
        for key, level in zip(keys, study.levels, strict=True)
    )
    return OneFactorProof(study.study.slug, study.study.title, study.study.factor, levels)


def _prove_level(
    study: StudySummary,
    level: LevelSummary,
    runs: Sequence[_Run],
    seeds: tuple[int, ...],
    splits: tuple[str, ...],
) -> LevelProof:
    baseline, ours = study.baseline.summary.variant, level.summary.variant
    asked = _list_asked(study, level)
    found = tuple(experiment.seed for experiment, _ in runs)
    finished = [run for _, run in runs if run.status == "finished"]
    missing = tuple(seed for seed in seeds if seed not in found)
    return LevelProof(
        label=level.label,
        asked=asked,
        departures=_compare_settings(ours, baseline, by_layer="layers" in asked),
        splits=_list_splits(runs),
        seeds=found,
        missing_seeds=missing,
        epochs=tuple(sorted({len(run.history) for run in finished})),
        due_epochs=(ours if "epochs" in asked else baseline).training.epochs,
        diverged={e.seed: len(run.history) for e, run in runs if run.status == "diverged"},
        shares_split=len({*splits, *_list_splits(runs)}) <= 1,
        is_from_scratch=all(is_from_scratch(run) for _, run in runs),
        is_imported=bool(level.summary.imported),
        has_imported_baseline=bool(study.baseline.summary.imported),
        broken_seeds=tuple(seed for seed in missing if seed in level.summary.runs),
    )


def _list_asked(study: StudySummary, level: LevelSummary) -> frozenset[str]:
    """Name the fields that the study wants to differ from the baseline at this level."""
    if level.level.is_baseline:
        return frozenset()
    factor = study.study.factor
    return frozenset({factor} if factor else level.level.fields)


def _list_splits(runs: Sequence[_Run]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(experiment.split_sha256 for experiment, _ in runs))


def _compare_settings(ours: Variant, baseline: Variant, *, by_layer: bool) -> tuple[Departure, ...]:
    """Return every field that differs; ``by_layer`` never sums layers up as number and width."""
    by_layer = by_layer or not (is_even(ours) and is_even(baseline))
    mine, theirs = (spell_fields(each, by_layer=by_layer) for each in (ours, baseline))
    return tuple(
        Departure(field, theirs.get(field), mine.get(field))
        for field in dict.fromkeys((*theirs, *mine))
        if theirs.get(field) != mine.get(field)
    )
