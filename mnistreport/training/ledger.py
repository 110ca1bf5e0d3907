"""The ledger of test reads: who looked at the test split, when, and by which rule.

The test split tells how good a model is only as long as nothing is chosen with it. A second look
after a change is no crime, but a reader should know of it: every look is a line here, and the
report prints them all.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from mnistreport.errors import EnvironmentFault
from mnistreport.files import read_kept, replace_file

MOST_BYTES: Final = 64 * 2**20
"""No ledger is longer."""


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
            EnvironmentFault: The ledger is damaged.
        """
        return tuple(entry for entry in self._load() if entry.split == split)

    def record(self, read: TestRead) -> None:
        """Append a look, unless the same runs were looked at by the same rule before."""
        entries = self._load()
        if not any(_subject(entry) == _subject(read) for entry in entries):
            lines = [asdict(entry) for entry in (*entries, read)]
            text = json.dumps(lines, indent=1, allow_nan=False)
            replace_file(self._path, f"{text}\n".encode())

    def _load(self) -> tuple[TestRead, ...]:
        try:
            content = read_kept(self._path, MOST_BYTES)
            return TypeAdapter(tuple[TestRead, ...]).validate_json(content)
        except FileNotFoundError:
            return ()
        except (OSError, ValidationError) as error:
            msg = "the ledger of test reads is damaged"
            step = "restore it from a copy; without it nobody knows who looked at the test split"
            raise EnvironmentFault(msg, file=self._path, next_step=step) from error


def _subject(read: TestRead) -> tuple[str, str, tuple[str, ...], str]:
    return read.split, read.model, read.fingerprints, read.rule
