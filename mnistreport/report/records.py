"""What templates may see besides: main findings, origins, what the appendix lists, what changed."""

from dataclasses import dataclass

from mnistreport.analysis.budgets import Budget


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
class RunOrigin:
    """A run that a number is made of.

    Attributes:
        fingerprint: Names its row in the table of every run.
        status: ``finished``, ``diverged``, ``failed``, ``timeout`` or ``missing``.
        validation_accuracy: At the last epoch; ``None`` unless it finished.
        test_accuracy: ``None`` unless it was tested.
    """

    fingerprint: str
    seed: int
    status: str
    validation_accuracy: float | None
    test_accuracy: float | None


@dataclass(frozen=True, slots=True)
class RunView:
    """One line of the appendix; metrics are at the last completed epoch.

    Attributes:
        lines: Those of the manifest that ask for it.
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
    updates: int
    train_loss: float | None
    train_accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    duration_seconds: float


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
    """

    slug: str
    title: str
    model: str
    strength: str
    lead: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class RubricVerdict:
    """A line of the rubric, and whether the report covers it.

    Attributes:
        check: Name of the check that tells.
        where: Where it is covered, ``Section 3, Figure 5``; or ``missing: `` and what, and the
            next step.
    """

    requirement: str
    points: int
    check: str
    is_met: bool
    where: str


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
