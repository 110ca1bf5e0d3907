"""What templates may see: plain, frozen values, the same in HTML, PDF and ``results.json``."""

from collections.abc import Mapping
from dataclasses import dataclass

from mnistreport.analysis.statistics import Difference, FittedDifference, Interval, Measure
from mnistreport.analysis.variants import choose_highest, is_complete
from mnistreport.report.records import (
    AuthorView,
    BudgetView,
    DigitScore,
    ImportedView,
    LedgerView,
    MainFinding,
    OtherSplitRead,
    ProofView,
    RubricVerdict,
    RunOrigin,
    RunView,
    SplitView,
    UntestedView,
)
from mnistreport.study.manifest import Trimmed


@dataclass(frozen=True, slots=True)
class DataView:
    """The data set, and how it was split.

    Attributes:
        classes: Number of digits to tell apart.
        image_size: Height and width of an image, in pixels.
        pixels: Pixels of an image, height times width.
        mean: Mean of the training split's pixels, scaled to [0, 1]; ``std`` is their deviation.
        measured: Training images that loss and accuracy are measured on.
    """

    name: str
    title: str
    origin: str
    images: int
    classes: int
    image_size: int
    pixels: int
    sha256: str
    split_sha256: str
    split_seed: int
    splits: tuple[SplitView, ...]
    mean: float
    std: float
    measured: int


@dataclass(frozen=True, slots=True)
class VariantView:
    """A variant over its seeds; measures are at the last epoch, ``None`` if no seed finished.

    Attributes:
        key: Name of the variant in ``runs.csv``.
        architecture: In words.
        training: In words.
        finished: How many seeds finished.
        planned: How many were asked for.
        trouble: What happened to the seeds that did not finish; empty if all did.
        best_epoch: Epoch of the lowest mean validation loss.
        still_learning: Validation loss was still falling at the end: in the mean over the last
            fifth of the epochs (one at least) it was lower than over the fifth before.
        overfitted: Validation loss ended well above its lowest point.
        at_chance: It ended no better than guessing.
        imported: How many of its runs were not trained here.
    """

    key: str
    model: str
    architecture: str
    training: str
    parameters: int
    finished: int
    planned: int
    trouble: str
    updates: int | None
    train_loss: Measure | None
    train_accuracy: Measure | None
    validation_loss: Measure | None
    validation_accuracy: Measure | None
    gap: Measure | None
    duration_seconds: Measure | None
    best_epoch: int | None
    still_learning: bool
    overfitted: bool
    at_chance: bool
    imported: int = 0

    @property
    def complete(self) -> bool:
        """Whether all seeds finished; only then is it compared with others."""
        return is_complete(self.finished, self.planned)


@dataclass(frozen=True, slots=True)
class LevelView:
    """A level of a study.

    Attributes:
        label: How tables and figures name it.
        name: The same in words, ``learning rate 0.1``.
        verdict: One of ``analysis.verdicts.Verdict``: ``baseline``, ``better``, ``worse``,
            ``ahead``, ``behind``, ``no clear difference``, ``too few seeds`` and so on.
        against_baseline: Its validation accuracy minus the baseline's, paired by seed, or of
            imported runs unpaired; ``None`` unless both finished on every seed and are comparable.
        p_adjusted: p-value of that difference, corrected for the study's other levels.
        line: Line of the manifest that asks for it; for the baseline, of its model's table.
        runs: One for each seed.
    """

    label: str
    name: str
    value: bool | int | float | None
    is_baseline: bool
    is_best: bool
    verdict: str
    against_baseline: Difference | None
    p_adjusted: float | None
    variant: VariantView
    line: int
    runs: tuple[RunOrigin, ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding, and the sentence that says it.

    Attributes:
        kind: What sort of statement.
        strength: ``clear``, ``within noise``, ``too few seeds``, or ``observed`` for what was
            counted or timed and not compared.
        sentence: Markdown.
        values: What it rests on, as plain values; levels by their labels.
        figure: Name of the figure that shows it.
        table: Name of the table that shows it.
    """

    kind: str
    strength: str
    sentence: str
    values: Mapping[str, object]
    figure: str
    table: str


@dataclass(frozen=True, slots=True)
class StudyView:
    """A study with everything that was found.

    Attributes:
        slug: Names its insight file, figures and anchors.
        factor: The manifest's field, or ``None`` for named variants.
        factor_name: The same in words.
        best: The best level, if any is complete.
        ties: The levels that are not clearly below it.
        noise_floor: What a seed changes: the baseline's standard deviation of validation accuracy.
        span: Largest minus smallest mean validation accuracy, complete levels only.
        headline: The main finding in one short sentence (Markdown); empty if there is none.
        imported: What is to be said of its runs that were not trained here, as plain text; empty
            if all were.
    """

    name: str
    slug: str
    title: str
    model: str
    factor: str | None
    factor_name: str
    levels: tuple[LevelView, ...]
    baseline: LevelView
    best: LevelView | None
    ties: tuple[LevelView, ...]
    noise_floor: float | None
    span: float | None
    headline: str
    findings: tuple[FindingView, ...]
    imported: str = ""

    @property
    def unfinished(self) -> tuple[LevelView, ...]:
        """The levels that did not finish on every seed."""
        return tuple(level for level in self.levels if not level.variant.complete)


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model of the manifest.

    Attributes:
        kind: ``mlp`` or ``cnn``.
        baseline: Its baseline over the seeds.
        line: Line of the manifest at which its table begins.
        runs: The baseline's, one for each seed.
        combined: The variant that joins each study's best level, if it is a variant of its own.
        combined_of: The levels that are really in it, in words.
        combined_without: Those that are not, as the best level of another study overrides them.
    """

    name: str
    title: str
    kind: str
    baseline: VariantView
    line: int
    runs: tuple[RunOrigin, ...]
    combined: VariantView | None
    combined_of: tuple[str, ...]
    combined_without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FinalView:
    """The test of one model's winner.

    Attributes:
        title: The model's name in words.
        variant: The winner over its seeds.
        lines: Those of the manifest that ask for it.
        runs: One for each seed.
        is_combined: Whether it is the variant that joins each study's best level.
        seed: Seed of the run whose confusion matrix is shown.
        images: Number of test images.
        right: How many of them that run classified correctly.
        accuracy: ``right / images``.
        interval: Wilson interval of that accuracy.
        over_seeds: Test accuracy over all seeds of the winner.
        confusion: Counts, row the true digit, column the predicted one.
        digits: Scores of each digit.
        confused: Which digits are most often taken for which; ``None`` without a mistake.
    """

    model: str
    title: str
    variant: VariantView
    lines: tuple[int, ...]
    runs: tuple[RunOrigin, ...]
    is_combined: bool
    seed: int
    images: int
    right: int
    accuracy: float
    interval: Interval
    over_seeds: Measure
    macro_f1: float
    confusion: tuple[tuple[int, ...], ...]
    digits: tuple[DigitScore, ...]
    confused: FindingView | None


@dataclass(frozen=True, slots=True)
class FittedView:
    """Two fitted models on the validation images.

    Attributes:
        title: The study whose best level and baseline they are, or that they are winners.
        first: The first in words.
        second: The second in words.
        seed: What both were trained with.
        difference: How many images both, one or neither get right, and the p-value by itself.
        p_adjusted: The p-value, corrected for all such comparisons in the report.
    """

    title: str
    first: str
    second: str
    seed: int
    difference: FittedDifference
    p_adjusted: float


@dataclass(frozen=True, slots=True)
class ReportContext:
    """Everything that a report says.

    Attributes:
        date: That of the report, ``2026-11-30``.
        main_findings: What the studies found, the firmest and largest first; three at most.
        notices: What was substituted or left out; on the first page.
        made_with: Name and version of what the runs and the report were made with.
        circumstances: The devices that the runs were computed on, in words.
        manifest_name: Name of its file.
        training_seconds: Time of all runs that were trained here together, updates only.
        confidence: How sure the intervals are, as a share.
        rule: How winners are chosen.
        proofs: One for each study: that it changed one factor at a time, or where not.
        budgets: Of the studies, the joined variants and the models.
        budget_statement: Whether the models had equal budgets, in words.
        rubric: What was asked for; empty until it is reviewed, or if nothing was.
        chance_accuracy: Accuracy of guessing.
        chance_loss: Loss of guessing, in nats.
        trimmed: What a time budget left of the manifest's seeds and epochs, if it took any.
        imported: The runs that were not trained here; ``None`` if all were.
        untested_models: Those whose winner was not read on the test split.
        untested_statement: The same in words; empty if all were read.
        ledger_elsewhere: Looks at other splits of the same images.
        read_otherwise: Whether the ledger has any look but those at the runs tested here.
    """

    title: str
    subtitle: str
    course: str
    language: str
    authors: tuple[AuthorView, ...]
    date: str
    main_findings: tuple[MainFinding, ...]
    notices: tuple[str, ...]
    data: DataView
    seeds: tuple[int, ...]
    models: tuple[ModelView, ...]
    studies: tuple[StudyView, ...]
    finals: tuple[FinalView, ...]
    fitted: tuple[FittedView, ...]
    ledger: tuple[LedgerView, ...]
    runs: tuple[RunView, ...]
    rule: str
    run_rule: str
    circumstances: tuple[str, ...]
    made_with: tuple[tuple[str, str], ...]
    manifest_name: str
    manifest_sha256: str
    training_seconds: float
    confidence: float
    proofs: tuple[ProofView, ...]
    budgets: tuple[BudgetView, ...]
    budget_statement: str
    chance_accuracy: float
    chance_loss: float
    rubric: tuple[RubricVerdict, ...] = ()
    trimmed: Trimmed | None = None
    imported: ImportedView | None = None
    untested_models: tuple[UntestedView, ...] = ()
    untested_statement: str = ""
    ledger_elsewhere: tuple[OtherSplitRead, ...] = ()
    read_otherwise: bool = False

    @property
    def best(self) -> FinalView | None:
        """The best of the winners that were tested, by validation accuracy; of equals the first."""

        def measure(final: FinalView) -> float:
            accuracy = final.variant.validation_accuracy
            return accuracy.mean if accuracy else 0.0  # a winner has one

        return choose_highest(self.finals, measure)
