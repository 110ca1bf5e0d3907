"""Everything a report is made of, in one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnistreport.analysis.first_layer import FirstLayer
from mnistreport.analysis.fitted import FittedComparison
from mnistreport.analysis.results import Results
from mnistreport.analysis.selection import Winner, choose_winners
from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.study.manifest import Manifest
from mnistreport.training.ledger import TestRead
from mnistreport.training.result import FinalOutcome


@dataclass(frozen=True, slots=True)
class Tested:
    """A winner and what became of it.

    Attributes:
        winner: The variant that was tested.
        outcomes: What the test split said of its runs, by seed.
        first_layer: The weights of the run that is shown, as far as they can be drawn.
        weights: All weights of that run, by the names that torch gave them.
        read: What the ledger says of this test; not known if ``None``.
    """

    winner: Winner
    outcomes: Mapping[int, FinalOutcome]
    first_layer: FirstLayer | None = None
    weights: Mapping[str, NDArray[np.generic]] = field(
        default_factory=dict[str, NDArray[np.generic]], repr=False
    )
    read: TestRead | None = None

    @property
    def shown(self) -> FinalOutcome:
        """The outcome of the run whose confusion matrix is shown."""
        return self.outcomes[self.winner.seed]


Reading = Literal["read", "unread", "imported", "no winner"]
"""Whether a model's winner was read on the test split; if not: it can be, it cannot be as it has
imported runs, or there is none."""


@dataclass(frozen=True, slots=True)
class Finalist:
    """A model before the final test: its winner, and whether that was read.

    Attributes:
        model: The model's name in the manifest.
        winner: Its winner; ``None`` if no variant finished on every seed.
        tested: What the test split said of the winner; ``None`` if it was not read.
    """

    model: str
    winner: Winner | None
    tested: Tested | None

    @property
    def reading(self) -> Reading:
        """Whether the winner was read, and if not, why."""
        if self.winner is None:
            return "no winner"
        if self.tested:
            return "read"
        return "unread" if self.winner.is_testable else "imported"


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that a report is made of.

    Attributes:
        manifest: What was asked for.
        digits: The images.
        split: Which of them are in which split.
        results: What came out of the runs.
        tested: The winners that were read on the test split.
        reads: The ledger's looks at this split.
        fitted: Fitted models side by side.
        reads_elsewhere: The ledger's looks at other splits of the same images; without ``images``
            where it is not known whether they were the same.
    """

    manifest: Manifest
    digits: DigitSet
    split: Split
    results: Results
    tested: tuple[Tested, ...]
    reads: tuple[TestRead, ...]
    fitted: tuple[FittedComparison, ...] = ()
    reads_elsewhere: tuple[TestRead, ...] = ()

    @property
    def finalists(self) -> tuple[Finalist, ...]:
        """Each model with its winner, and whether that was read: what every sentence asks."""
        winners = {each.model: each for each in choose_winners(self.results)}
        tested = {each.winner.model: each for each in self.tested}
        return tuple(
            Finalist(model, winner := winners.get(model), _find_test(winner, tested.get(model)))
            for model in self.manifest.baselines
        )

    @property
    def other_reads(self) -> tuple[TestRead, ...]:
        """The looks at this split that were not at the runs tested here."""
        others = list(self.reads)
        for tested in self.tested:
            runs = {each.fingerprint for each in tested.winner.summary.runs.values()}
            looks = [each for each in others if {*each.fingerprints} == runs]
            if tested.read:
                looks = [each for each in looks if each.may_be_of(tested.read)]
                looks.sort(key=tested.read.is_of)  # the last is the surest
            if looks:
                others.remove(looks[-1])
        return tuple(others)


def _find_test(winner: Winner | None, tested: Tested | None) -> Tested | None:
    """Return a model's test if it is that of its winner."""
    if winner is None or tested is None:
        return None
    same = tested.winner.summary.variant.key == winner.summary.variant.key
    return tested if same else None
