import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from mnistreport.errors import EnvironmentFault
from mnistreport.training import ledger as ledger_module
from mnistreport.training.ledger import LEDGER_FORMAT, Ledger, TestRead
from mnistreport.training.sealing import seal

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


@pytest.mark.parametrize(
    "content",
    ["", "{", "[{}]", "3", '[{"fingerprints": []}]', "[null]", '{"reads": []}', "[" * 100_000],
)
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


def test_no_flipped_bit_goes_unnoticed(ledger: Ledger, tmp_path: Path) -> None:
    """Wherever a bit flips: no other date, rule or setting is ever believed."""
    file = tmp_path / "cache" / "ledger.json"
    ledger.record(READ)
    whole = file.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        file.write_bytes(damaged)
        with pytest.raises(EnvironmentFault, match="damaged"):
            ledger.entries(READ.split)


def test_a_plain_list_of_before_is_read(ledger: Ledger, tmp_path: Path) -> None:
    """A ledger without a digest counts, and goes on with one."""
    file = tmp_path / "cache" / "ledger.json"
    file.parent.mkdir()
    file.write_text(json.dumps([asdict(READ)]))
    assert (READ,) == ledger.entries(READ.split)
    other = replace(READ, model="cnn", fingerprints=("c" * 64,))
    ledger.record(other)
    assert (READ, other) == ledger.entries(READ.split)
    assert "sha256" in json.loads(file.read_bytes())


def test_nobodys_look_is_lost(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another build records at the same moment stays."""
    other = replace(READ, model="cnn", fingerprints=("c" * 64,))
    update = ledger_module.update_file

    def record_between(path: Path, change: Callable[..., bytes], *, next_step: str) -> None:
        monkeypatch.setattr(ledger_module, "update_file", update)
        Ledger(tmp_path / "cache").record(other)
        update(path, change, next_step=next_step)

    monkeypatch.setattr(ledger_module, "update_file", record_between)
    ledger.record(READ)
    assert (other, READ) == ledger.entries(READ.split)


def test_a_ledger_that_cannot_be_read_is_told(ledger: Ledger, tmp_path: Path) -> None:
    """Neither empty nor a fault of the program."""
    (tmp_path / "cache" / "ledger.json").mkdir(parents=True)
    with pytest.raises(EnvironmentFault, match="is damaged"):
        ledger.entries(READ.split)


def test_a_ledger_of_another_version_is_not_written_over(ledger: Ledger, tmp_path: Path) -> None:
    """It is told, with what to do, and stays as it is."""
    content = seal({"looks": []}, LEDGER_FORMAT + 1)
    path = tmp_path / "cache" / "ledger.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(EnvironmentFault, match="by another version of mnistreport"):
        ledger.record(READ)
    assert content == path.read_bytes()
