"""The final test: the test split is read for winners, and the ledger records each read."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from mnistreport.analysis.selection import RULE, Winner
from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.report.wording import describe_variant
from mnistreport.study.experiment import Experiment
from mnistreport.training.ledger import Ledger, TestRead
from mnistreport.training.store import RunStore


def describe_read(winner: Winner, digits: DigitSet, split: Split, store: RunStore) -> TestRead:
    """Return what the ledger says if a winner's runs are read now, with the weights they have."""
    fingerprints = tuple(run.fingerprint for run in winner.summary.runs.values())
    return TestRead(
        split=split.sha256,
        model=winner.model,
        variant=winner.summary.variant.key,
        setting=describe_variant(winner.summary.variant),
        fingerprints=fingerprints,
        rule=RULE,
        read_at=datetime.now(UTC).isoformat(timespec="seconds"),
        images=digits.sha256,
        weights=tuple(map(store.digest_tensors, fingerprints)),
    )


def read_winner(
    read: TestRead,
    experiments: Sequence[Experiment],
    *,
    store: RunStore,
    ledger: Ledger,
    digits: DigitSet,
    split: Split,
    on_stage: Callable[[str], None],
) -> None:
    """Read the test split for a winner's runs, unless that was done, and record it.

    Args:
        read: What ``describe_read`` says of it.
        experiments: Its runs.
        store: Where runs and test outcomes are kept.
        ledger: What records the read.
        digits: The images.
        split: Which of them are read.
        on_stage: Is told before the split is read.
    """
    if all(store.find_outcome(name) for name in read.fingerprints):
        ledger.record(read, is_new=False)
        return
    from mnistreport.training.testing import read_test_split

    on_stage(f"reading the test split for the best {read.model}")
    outcomes = read_test_split(experiments, store, digits.folder, split.folder)
    ledger.record(read)  # first: a result that is stored was recorded
    for outcome in outcomes:
        store.save_outcome(outcome)
