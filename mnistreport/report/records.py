"""What templates may see besides: authors, splits, scores, main findings, the appendix, changes."""

from dataclasses import dataclass
from typing import Final, Literal

from mnistreport.analysis.budgets import Budget
from mnistreport.analysis.statistics import Measure


@dataclass(frozen=True, slots=True)
class AuthorView:
    """One of the authors."""

    name: str
    id: str


@dataclass(frozen=True, slots=True)
class SplitView:
    """One split: its images, in all and for each digit 0 to 9."""

    name: str
    images: int
    per_digit: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DigitScore:
    """Precision, recall and F1 of one digit, and how many test images show it."""

    digit: int
    precision: float
    recall: float
    f1: float
    images: int


@dataclass(frozen=True, slots=True)
class LedgerView:
    """One look at the test split.

    Attributes:
        read_at: As in the ledger, but never later than ``SOURCE_DATE_EPOCH``, if that is set.
    """

    model: str
    setting: str
    runs: int
    rule: str
    read_at: str


@dataclass(frozen=True, slots=True)
class OtherSplitRead:
    """One look at another split of the same images.

    Attributes:
        split: Digest of that split.
        is_certain: Whether the images are known to be the same: old ledgers did not note them.
        read_at: As in ``LedgerView``.
    """

    split: str
    is_certain: bool
    model: str
    setting: str
    runs: int
    read_at: str


@dataclass(frozen=True, slots=True)
class UntestedView:
    """A model whose winner was not read on the test split.

    Attributes:
        title: The model in words.
        reading: ``unread``: the final build reads it; ``imported``: it has imported runs, which
            come without weights; ``no winner``: no variant finished on every seed.
        setting: The winner in words; empty if there is none.
        validation_accuracy: The winner's, by which it was chosen; ``None`` if there is none.
    """

    model: str
    title: str
    reading: str
    setting: str
    validation_accuracy: Measure | None


@dataclass(frozen=True, slots=True)
class RunOrigin:
    """A run that a number is made of.

    Attributes:
        fingerprint: Names its row in the table of every run.
        status: ``finished``, ``diverged``, ``failed``, ``timeout`` or ``missing``.
        validation_accuracy: At the last epoch; ``None`` unless it finished.
        test_accuracy: ``None`` unless it was tested.
        imported: The file that it is from; empty if it was trained here.
    """

    fingerprint: str
    seed: int
    status: str
    validation_accuracy: float | None
    test_accuracy: float | None
    imported: str = ""


@dataclass(frozen=True, slots=True)
class RunView:
    """One line of the appendix; metrics are at the last completed epoch.

    Attributes:
        model: The model's name, or those of several that share the run.
        lines: Those of the manifest that ask for it.
        updates: Gradient steps; ``None`` if they are not told, as of an imported run.
        duration_seconds: Time of its updates; ``None`` if it is not told.
        imported: The file that it is from; empty if it was trained here.
    """

    fingerprint: str
    model: str
    studies: tuple[str, ...]
    setting: str
    lines: tuple[int, ...]
    seed: int
    status: str
    reason: str
    epochs: int
    updates: int | None
    train_loss: float | None
    train_accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    duration_seconds: float | None
    imported: str = ""


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file of runs that were not trained here.

    Attributes:
        name: Relative to the manifest.
        runs: How many of the report's runs are from it.
    """

    name: str
    sha256: str
    runs: int


@dataclass(frozen=True, slots=True)
class ImportedView:
    """The runs that were not trained here, whose conditions were not checked.

    Attributes:
        runs: How many.
        of: How many runs there are in all.
        files: What they are from.
        untested: The models in words whose winner has such runs, and so no weights to test.
    """

    runs: int
    of: int
    files: tuple[ImportedFile, ...]
    untested: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LevelProofView:
    """What a level's runs have in common with the baseline's, and what not.

    Attributes:
        holds: Whether it differs as it should, and in nothing else.
        differs: Each field that differs, ``learning rate 0.01 → 0.1``.
        splits: Short digests of the splits of its runs.
        seeds: Seeds with a run that finished or diverged.
        epochs: Epochs that its finished runs completed, each number once.
        diverged: Seed, and epochs completed, of each run that diverged.
        failures: Everything that is not as it should be, in words.
        imported: Whether any of its runs, or of the baseline's, was not trained here, so that
            nothing is shown.
    """

    label: str
    is_baseline: bool
    holds: bool
    differs: tuple[str, ...]
    splits: tuple[str, ...]
    seeds: tuple[int, ...]
    epochs: tuple[int, ...]
    diverged: tuple[tuple[int, int], ...]
    failures: tuple[str, ...]
    imported: bool = False


@dataclass(frozen=True, slots=True)
class ProofView:
    """Whether a study changed one factor at a time.

    Attributes:
        slug: The study's.
        title: The study's.
        sentence: What the proof comes to.
    """

    slug: str
    title: str
    holds: bool
    sentence: str
    levels: tuple[LevelProofView, ...]


@dataclass(frozen=True, slots=True)
class BudgetView:
    """What a study, a joined variant or a model cost.

    Attributes:
        kind: ``study``, ``joined`` or ``model``.
    """

    title: str
    kind: str
    budget: Budget


@dataclass(frozen=True, slots=True)
class MainFinding:
    """What a study found, for the title page.

    Attributes:
        slug: The study's.
        title: The study's.
        model: Its model in words; empty if the title names it.
        strength: How firmly the runs carry it, as in ``FindingView``.
        lead: How far the mean of the best level is above the baseline's, or the baseline's, if it
            is the best, above the next; ``None`` if there is no such mean.
        sentence: The study's headline (Markdown).
        imported: Whether any run of the study was not trained here.
    """

    slug: str
    title: str
    model: str
    strength: str
    lead: float | None
    sentence: str
    imported: bool = False


MISSING: Final = "missing: "
"""What ``RubricVerdict.where`` begins with if a requirement is not met."""
NOT_CHECKED: Final = "not checked: "
"""The same if no evidence can show that it is met, nor that it is not."""


@dataclass(frozen=True, slots=True)
class RubricVerdict:
    """A line of the rubric, and whether the report covers it.

    Attributes:
        check: Name of the check that tells.
        where: Where it is covered, ``Section 3, Figure 5``; or ``missing: `` and what, and the
            next step; or ``not checked: ``, what there is, and what a person has to say.
    """

    requirement: str
    points: int
    check: str
    is_met: bool
    where: str

    @property
    def is_open(self) -> bool:
        """Whether a person has to say if it is met: no evidence decides it."""
        return self.where.startswith(NOT_CHECKED)

    @property
    def state(self) -> Literal["met", "missing", "not checked"]:
        """The verdict in a word or two."""
        return "met" if self.is_met else "not checked" if self.is_open else "missing"

    @property
    def reason(self) -> str:
        """Where it is covered, or what is missing, without the verdict."""
        return self.where.removeprefix(MISSING).removeprefix(NOT_CHECKED)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was so when the words were written, and is otherwise now.

    Attributes:
        what: What has changed, as the subject of a sentence.
        before: What it was, as it is printed.
        after: What it is.
    """

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        """Say it on one line."""
        return f"{self.what}: {self.before} → {self.after}"
