import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from mnistreport.errors import EnvironmentFault
from mnistreport.training import ledger as ledger_module
from mnistreport.training.ledger import LEDGER_FORMAT, OLD_FORMAT, Ledger, TestRead
from mnistreport.training.sealing import seal

READ = TestRead(
    split="5" * 64,
    model="mlp",
    variant="0123456789ab",
    setting="hidden layers 8 → 8",
    fingerprints=("a" * 64, "b" * 64),
    rule="the highest mean",
    read_at="2025-01-01T00:00:00+00:00",
    images="1" * 64,
    weights=("c" * 64, "d" * 64),
)
OLD = replace(READ, images="", weights=())
"""As it was noted before images and weights were."""
LATER = "2025-01-02T00:00:00+00:00"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger that nothing stands in yet."""
    return Ledger(tmp_path / "cache")


def test_nobody_has_looked_yet(ledger: Ledger) -> None:
    """Without a file there are no entries."""
    assert () == ledger.entries(READ.split)


@pytest.mark.parametrize(
    "again",
    [
        READ,
        replace(READ, model="network", variant="ba9876543210"),
        replace(READ, fingerprints=READ.fingerprints[::-1], weights=READ.weights[::-1]),
        replace(READ, rule="the same in other words"),
    ],
    ids=["same", "renamed", "other order", "rule reworded"],
)
def test_a_look_is_recorded_once(ledger: Ledger, again: TestRead) -> None:
    """The same weights of the same runs are one look, whatever they are called."""
    ledger.record(READ)
    ledger.record(replace(again, read_at=LATER))
    assert (READ,) == ledger.entries(READ.split)


@pytest.mark.parametrize(
    "other",
    [
        replace(READ, fingerprints=("a" * 64,), weights=("c" * 64,), read_at=LATER),
        replace(READ, weights=("c" * 64, "e" * 64), read_at=LATER),
        replace(READ, weights=READ.weights[::-1], read_at=LATER),
    ],
    ids=["runs", "weights", "exchanged weights"],
)
def test_every_other_look_is_recorded(ledger: Ledger, other: TestRead) -> None:
    """Other runs, or other weights of the same runs, are another look; the oldest comes first."""
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


def seal_old(*reads: TestRead, is_plain: bool = False) -> bytes:
    """Write a ledger as it was before images and weights were noted, or as a plain list."""
    looks = [asdict(read) for read in reads]
    for look in looks:
        del look["images"], look["weights"]
    return json.dumps(looks).encode() if is_plain else seal({"reads": looks}, OLD_FORMAT)


@pytest.fixture(params=[True, False], ids=["plain", "sealed"])
def old_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    """A ledger of before, with one look."""
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "ledger.json").write_bytes(seal_old(OLD, is_plain=request.param))
    return Ledger(folder)


def test_a_ledger_of_before_is_read(old_ledger: Ledger, tmp_path: Path) -> None:
    """It counts, and goes on in the form of now; nothing is made up about its looks."""
    assert (OLD,) == old_ledger.entries(READ.split)
    other = replace(READ, model="cnn", fingerprints=("c" * 64,), weights=("d" * 64,))
    old_ledger.record(other)
    assert (OLD, other) == old_ledger.entries(READ.split)
    assert LEDGER_FORMAT == json.loads((tmp_path / "old/ledger.json").read_bytes())["format"]


def test_a_look_of_before_is_the_same_if_nothing_is_read_again(old_ledger: Ledger) -> None:
    """The answer that is stored is that of the look on record, whose weights were not noted."""
    old_ledger.record(replace(READ, read_at=LATER), is_new=False)
    assert (OLD,) == old_ledger.entries(READ.split)


def test_a_look_of_before_does_not_hide_a_new_one(old_ledger: Ledger) -> None:
    """What is read again may have other weights: it is counted once more, rather than too little.

    From then on the weights are known.
    """
    again = replace(READ, read_at=LATER)
    for _ in range(2):
        old_ledger.record(again)
    assert (OLD, again) == old_ledger.entries(READ.split)


def test_no_ledger_passes_for_one_of_another_format(tmp_path: Path) -> None:
    """Its number is not in the digest; one that flips into the other is damage all the same."""
    file = tmp_path / "ledger.json"
    contents = (seal({"reads": [asdict(READ)]}, LEDGER_FORMAT), seal_old(OLD))
    for content, number in zip(contents, (OLD_FORMAT, LEDGER_FORMAT), strict=True):
        whole = json.loads(content)
        file.write_bytes(
            content.replace(b'{"format": %d' % whole["format"], b'{"format": %d' % number)
        )
        with pytest.raises(EnvironmentFault, match="damaged"):
            Ledger(tmp_path).entries(READ.split)


def test_looks_at_other_splits_of_the_same_images_are_found(ledger: Ledger) -> None:
    """Another seed of the split hides nothing; other images do not count."""
    elsewhere = replace(READ, split="6" * 64)
    for read in (READ, elsewhere, replace(READ, split="7" * 64, images="2" * 64)):
        ledger.record(read)
    assert (elsewhere,) == ledger.find_elsewhere(READ.images, READ.split)
    assert (READ,) == ledger.find_elsewhere(READ.images, elsewhere.split)


def test_images_of_an_old_look_are_found_by_its_split(tmp_path: Path) -> None:
    """A split that is stored tells them; of one that is not, it is said to be unknown."""
    splits = {"a" * 64: READ.images, "b" * 64: "2" * 64}
    for split, images in splits.items():
        about = tmp_path / "splits" / split[:8] / "about.json"
        about.parent.mkdir(parents=True)
        about.write_text(json.dumps({"sha256": split, "digits": images}))
    reads = [replace(OLD, split=split) for split in (*splits, "c" * 64)]
    (tmp_path / "ledger.json").write_bytes(seal_old(*reads))
    same, unknown = Ledger(tmp_path).find_elsewhere(READ.images, READ.split)
    assert (replace(reads[0], images=READ.images), reads[2]) == (same, unknown)


def test_nobodys_look_is_lost(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another build records at the same moment stays."""
    other = replace(READ, model="cnn", fingerprints=("c" * 64,), weights=("d" * 64,))
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
