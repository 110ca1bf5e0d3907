"""Everything a report is made of, in one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mnistreport.analysis.first_layer import FirstLayer
from mnistreport.analysis.fitted import FittedComparison
from mnistreport.analysis.results import Results
from mnistreport.analysis.selection import Winner
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
    """

    winner: Winner
    outcomes: Mapping[int, FinalOutcome]
    first_layer: FirstLayer | None = None
    weights: Mapping[str, NDArray[np.generic]] = field(
        default_factory=dict[str, NDArray[np.generic]], repr=False
    )

    @property
    def shown(self) -> FinalOutcome:
        """The outcome of the run whose confusion matrix is shown."""
        return self.outcomes[self.winner.seed]


@dataclass(frozen=True, slots=True)
class Material:
    """Manifest, data, results, tests, fitted models compared, and the ledger of test reads."""

    manifest: Manifest
    digits: DigitSet
    split: Split
    results: Results
    tested: tuple[Tested, ...]
    reads: tuple[TestRead, ...]
    fitted: tuple[FittedComparison, ...] = ()
