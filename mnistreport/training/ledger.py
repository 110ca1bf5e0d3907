"""The ledger of test reads: who looked at the test split, when, and by which rule.

    <cache>/ledger.json   the looks, with their digest; a plain list of them was written before

The test split tells how good a model is only as long as nothing is chosen with it. A second look
after a change is no crime, but a reader should know of it: every look is a line here, and the
report prints them all.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from mnistreport.errors import EnvironmentFault
from mnistreport.files import ANOTHER_PLACE, read_kept, update_file
from mnistreport.training.sealing import OtherFormatError, RottenError, seal, unseal

LEDGER_FORMAT: Final = 2
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
    """

    __test__ = False  # no test case, whatever pytest makes of the name

    split: str
    model: str
    variant: str
    setting: str
    fingerprints: tuple[str, ...]
    rule: str
    read_at: str


class Ledger:
    """All looks at the test split that were taken from one cache folder."""

    def __init__(self, cache: Path) -> None:
        self._path = cache / "ledger.json"

    def entries(self, split: str) -> tuple[TestRead, ...]:
        """Return the looks at one split, oldest first.

        Raises:
            EnvironmentFault: The ledger is damaged, or cannot be read.
        """
        try:
            content = read_kept(self._path, MOST_BYTES)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._damaged() from error
        return tuple(entry for entry in self._parse(content) if entry.split == split)

    def record(self, read: TestRead) -> None:
        """Append a look, unless the same runs were looked at by the same rule before.

        Raises:
            EnvironmentFault: The ledger is damaged, or the disk refuses.
        """
        if _is_among(read, self.entries(read.split)):
            return

        def append(content: bytes | None) -> bytes:  # another build may have written meanwhile
            entries = () if content is None else self._parse(content)
            return _seal(entries if _is_among(read, entries) else [*entries, read])

        update_file(self._path, append, next_step=ANOTHER_PLACE)

    def _parse(self, content: bytes) -> tuple[TestRead, ...]:
        try:
            is_plain = content.startswith(b"[")  # as lists were before there were digests
            reads = json.loads(content) if is_plain else unseal(content, LEDGER_FORMAT)["reads"]
            return TypeAdapter(tuple[TestRead, ...]).validate_python(reads)
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


def _is_among(read: TestRead, entries: Sequence[TestRead]) -> bool:
    return any(_subject(entry) == _subject(read) for entry in entries)


def _subject(read: TestRead) -> tuple[str, str, tuple[str, ...], str]:
    return read.split, read.model, read.fingerprints, read.rule
