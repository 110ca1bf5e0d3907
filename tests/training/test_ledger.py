from dataclasses import replace
from pathlib import Path

import pytest

from mnistreport.errors import EnvironmentFault
from mnistreport.training.ledger import Ledger, TestRead

READ = TestRead(
    split="5" * 64,
    model="mlp",
    variant="0123456789ab",
    setting="hidden layers 8 → 8",
    fingerprints=("a" * 64, "b" * 64),
    rule="the highest mean",
    read_at="2025-01-01T00:00:00+00:00",
)
LATER = "2025-01-02T00:00:00+00:00"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger that nothing stands in yet."""
    return Ledger(tmp_path / "cache")


def test_nobody_has_looked_yet(ledger: Ledger) -> None:
    """Without a file there are no entries."""
    assert () == ledger.entries(READ.split)


def test_a_look_is_recorded_once(ledger: Ledger) -> None:
    """The same runs by the same rule are one look, at the time of the first."""
    ledger.record(READ)
    ledger.record(replace(READ, read_at=LATER))
    assert (READ,) == ledger.entries(READ.split)


@pytest.mark.parametrize(
    "other",
    [
        replace(READ, model="cnn", read_at=LATER),
        replace(READ, fingerprints=("a" * 64,), read_at=LATER),
        replace(READ, rule="the lowest mean", read_at=LATER),
    ],
    ids=["model", "runs", "rule"],
)
def test_every_other_look_is_recorded(ledger: Ledger, other: TestRead) -> None:
    """Another model, other runs or another rule are another look; the oldest comes first."""
    ledger.record(READ)
    ledger.record(other)
    assert (READ, other) == ledger.entries(READ.split)


def test_splits_are_kept_apart(ledger: Ledger) -> None:
    """A look at another split does not count as a look at this one."""
    ledger.record(READ)
    ledger.record(replace(READ, split="6" * 64))
    assert (READ,) == ledger.entries(READ.split)


@pytest.mark.parametrize("content", ["", "{", "[{}]", "3", '[{"fingerprints": []}]', "[null]"])
def test_a_damaged_ledger_is_not_overlooked(ledger: Ledger, tmp_path: Path, content: str) -> None:
    """Looks that can no longer be read are an error, and never written over."""
    file = tmp_path / "cache" / "ledger.json"
    ledger.record(READ)
    file.write_text(content)
    with pytest.raises(EnvironmentFault, match="damaged"):
        ledger.entries(READ.split)
    with pytest.raises(EnvironmentFault, match="damaged"):
        ledger.record(READ)
    assert content == file.read_text()
