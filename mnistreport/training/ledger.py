"""The ledger of test reads: who looked at the test split, when, and by which rule.

    <cache>/ledger.json   the looks, with their digest

The test split tells how good a model is only as long as nothing is chosen with it. A second look
after a change is no crime, but a reader should know of it: every look is a line here, and the
report prints them all. Looks at other splits of the same images are told as well.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from mnistreport.data.split import find_images
from mnistreport.errors import EnvironmentFault
from mnistreport.files import ANOTHER_PLACE, read_kept, update_file
from mnistreport.training.sealing import OtherFormatError, RottenError, seal, unseal

LEDGER_FORMAT: Final = 3
OLD_FORMAT: Final = 2
"""Without images and weights; a plain list of such looks was written before."""
_NEW_FIELDS: Final = {"images", "weights"}
MOST_BYTES: Final = 64 * 2**20
"""No ledger is longer."""
_RESTORE: Final = (
    "restore it from a copy; without it nobody knows who looked at the test split, and if there is "
    "none, delete it, and the next build begins another"
)


@dataclass(frozen=True, slots=True)
class TestRead:
    """One look at the test split.

    Attributes:
        split: Digest of the split.
        model: Name of the model in the manifest.
        variant: Key of the variant that the rule chose.
        setting: The variant in words.
        fingerprints: The runs that were tested.
        rule: How they were chosen, in words.
        read_at: When, as ISO 8601 in UTC.
        images: Digest of the data set; empty where an old ledger did not note it.
        weights: Digest of each run's weights, in the order of ``fingerprints``; none where an old
            ledger did not note them.
    """

    __test__ = False  # no test case, whatever pytest makes of the name

    split: str
    model: str
    variant: str
    setting: str
    fingerprints: tuple[str, ...]
    rule: str
    read_at: str
    images: str = ""
    weights: tuple[str, ...] = ()

    @property
    def subject(self) -> tuple[str, frozenset[tuple[str, str]]]:
        """What was looked at: the split, and each run with its weights.

        What the model is called, by which rule it was chosen and in which order its runs are does
        not matter.
        """
        weights = self.weights or ("",) * len(self.fingerprints)
        return self.split, frozenset(zip(self.fingerprints, weights, strict=True))

    def is_of(self, other: "TestRead") -> bool:
        """Tell whether both looks were at the same."""
        return self.subject == other.subject

    def may_be_of(self, other: "TestRead") -> bool:
        """Tell the same as far as it is known: one of the two may not have noted the weights."""
        return self.may_include(other) and other.may_include(self)

    def may_include(self, other: "TestRead") -> bool:
        """Tell whether every run of the other was looked at, too, as far as it is known."""
        if self.weights and other.weights:
            return self.split == other.split and other.subject[1] <= self.subject[1]
        return self.split == other.split and {*other.fingerprints} <= {*self.fingerprints}


class Ledger:
    """All looks at the test split that were taken from one cache folder."""

    def __init__(self, cache: Path) -> None:
        self._cache, self._path = cache, cache / "ledger.json"

    def entries(self, split: str) -> tuple[TestRead, ...]:
        """Return the looks at one split, oldest first.

        Raises:
            EnvironmentFault: The ledger is damaged, or cannot be read.
        """
        return tuple(entry for entry in self._read() if entry.split == split)

    def find_elsewhere(self, images: str, split: str) -> tuple[TestRead, ...]:
        """Return the looks at other splits of the same images, oldest first.

        Old ledgers did not note the images, which a split that is still stored tells. Where it is
        not, the look is returned without ``images``: it may have been at these.

        Args:
            images: Digest of the data set.
            split: Digest of the split that is left out.

        Raises:
            EnvironmentFault: The ledger is damaged, or cannot be read.
        """
        others = [entry for entry in self._read() if entry.split != split]
        stored = {} if all(each.images for each in others) else find_images(self._cache)
        known = [replace(each, images=each.images or stored.get(each.split, "")) for each in others]
        return tuple(each for each in known if each.images in {images, ""})

    def record(self, read: TestRead, *, is_new: bool = True) -> None:
        """Append a look, unless the same weights of the same runs were looked at before.

        Args:
            read: The look.
            is_new: Whether the split was read just now. If its answers were stored already, they
                are those of a look on record: at these runs and perhaps more of them, or at these
                before weights were noted.

        Raises:
            EnvironmentFault: The ledger is damaged, or the disk refuses.
        """

        def is_known(entries: Sequence[TestRead]) -> bool:
            known = (each.is_of(read) if is_new else each.may_include(read) for each in entries)
            return any(known)

        if is_known(self._read()):
            return

        def append(content: bytes | None) -> bytes:  # another build may have written meanwhile
            entries = () if content is None else self._parse(content)
            return _seal(entries if is_known(entries) else [*entries, read])

        update_file(self._path, append, next_step=ANOTHER_PLACE)

    def _read(self) -> tuple[TestRead, ...]:
        try:
            content = read_kept(self._path, MOST_BYTES)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._damaged() from error
        return self._parse(content)

    def _parse(self, content: bytes) -> tuple[TestRead, ...]:
        try:
            return _unseal(content)
        except OtherFormatError as error:
            msg = "was written by another version of mnistreport"
            step = "install that version"
            raise EnvironmentFault(msg, file=self._path, next_step=step) from error
        except (RottenError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._damaged() from error

    def _damaged(self) -> EnvironmentFault:
        msg = "the ledger of test reads is damaged"
        return EnvironmentFault(msg, file=self._path, next_step=_RESTORE)


def _seal(entries: Sequence[TestRead]) -> bytes:
    return seal({"reads": [asdict(entry) for entry in entries]}, LEDGER_FORMAT)


def _unseal(content: bytes) -> tuple[TestRead, ...]:
    """Read a ledger of this format or of one before; each look has the fields of its format."""
    names = {each.name for each in fields(TestRead)}
    try:
        reads = None if content.startswith(b"[") else unseal(content, LEDGER_FORMAT)["reads"]
    except OtherFormatError:
        reads = unseal(content, OLD_FORMAT)["reads"]
        names -= _NEW_FIELDS
    if reads is None:
        reads = json.loads(content)
        names -= _NEW_FIELDS
    if any(set(each) != names for each in reads):
        msg = "a look has other fields"
        raise ValueError(msg)
    found = TypeAdapter(tuple[TestRead, ...]).validate_python(reads)
    if any(each.weights and len(each.weights) != len(each.fingerprints) for each in found):
        msg = "a look has more or fewer weights than runs"
        raise ValueError(msg)
    return found
