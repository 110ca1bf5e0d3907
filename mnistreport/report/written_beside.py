"""The file that keeps what a person's words were written beside.

It lies among the words, as ``templates/insights/written_beside.json``, and travels with them in
version control. What it says is kept for each study and for each data set by its name: words about
MNIST do not go stale because somebody builds the report on other digits.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mnistreport.errors import EnvironmentFault
from mnistreport.files import read_kept, update_file
from mnistreport.report.insights import INSIGHTS

NAME = "written_beside.json"
FORMAT = 1
MOST_BYTES = 16 * 2**20
"""No such file is longer."""

_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)
_RESTORE = (
    "restore it from a copy or from version control; if there is none, delete it, and the words "
    "count as written beside the results of the next build"
)
_MAKE_ROOM = "make room on the disk, and give yourself the right to write there"


@dataclass(frozen=True, slots=True)
class KeptLevel:
    """How a level of a study did.

    Attributes:
        name: In words, ``learning rate 0.1``.
        mean: Validation accuracy at the last epoch, mean over the seeds that finished; a share.
            ``None`` if none did.
        sd: Its standard deviation, ``None`` for fewer than two seeds.
        n: How many seeds finished.
        verdict: As ``LevelView.verdict``.
    """

    __pydantic_config__ = _STRICT

    name: str
    mean: float | None
    sd: float | None
    n: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What words about a study were written beside.

    Attributes:
        words: Digest of the words.
        best: Label of the level with the highest mean, if any was complete.
        levels: By label.
    """

    __pydantic_config__ = _STRICT

    words: str
    best: str | None
    levels: Mapping[str, KeptLevel]


Kept = Mapping[str, Mapping[str, Snapshot]]
"""Snapshots by study (its slug), then by data set (its name)."""


class _File(BaseModel):
    model_config = _STRICT

    format: Literal[1]
    studies: dict[str, dict[str, Snapshot]]


class WrittenBeside:
    """What the words in one folder of templates were written beside."""

    def __init__(self, templates: Path) -> None:
        self.path = templates / INSIGHTS / NAME

    def load(self) -> Kept:
        """Return everything that is kept; nothing if there is no file.

        Raises:
            EnvironmentFault: The file is damaged, of a newer format, or a link.
        """
        self._refuse_links()
        try:
            return self._parse(read_kept(self.path, MOST_BYTES))
        except FileNotFoundError:
            return {}
        except OSError as error:
            msg = f"cannot be read: {error.strerror or error}"
            raise EnvironmentFault(msg, file=self.path, next_step=_RESTORE) from error

    def keep(self, data: str, snapshots: Mapping[str, Snapshot], *, renew: bool = False) -> None:
        """Enter snapshots of words that are new or changed; other entries stay as they are.

        Nothing is written if there is nothing to enter.

        Args:
            data: Name of the data set.
            snapshots: By study.
            renew: Whether they go in place of what is kept of the same words, too.

        Raises:
            EnvironmentFault: The disk refuses; or the file is damaged, of a newer format or a link.
        """
        kept = self.load()
        if _enter(kept, data, snapshots, renew=renew) == kept:
            return

        def change(content: bytes | None) -> bytes:  # another build may have written meanwhile
            now: Kept = {} if content is None else self._parse(content)
            return _dump(_enter(now, data, snapshots, renew=renew))

        update_file(self.path, change, next_step=_MAKE_ROOM)

    def _refuse_links(self) -> None:
        """Refuse to follow a link: what is written would land where nobody expects it."""
        for path in (self.path.parent.parent, self.path.parent, self.path):
            if path.is_symlink():
                msg = "is a link, and what words were written beside is not kept behind one"
                step = "put the folder or file itself there"
                raise EnvironmentFault(msg, file=path, next_step=step)

    def _parse(self, content: bytes) -> Kept:
        try:
            text = content.decode("utf-8-sig")
            version = json.loads(text)["format"]
            if type(version) is int and version > FORMAT:
                msg = f"is of format {version}, which a newer mnistreport has written"
                raise EnvironmentFault(msg, file=self.path, next_step="install that version")
            return _File.model_validate_json(text).studies
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else None
            msg = "what words were written beside is damaged"
            raise EnvironmentFault(msg, file=self.path, line=line, next_step=_RESTORE) from error


def _enter(kept: Kept, data: str, snapshots: Mapping[str, Snapshot], *, renew: bool) -> Kept:
    """Return what is to be kept, once ``snapshots`` are among it."""
    entered = dict(kept)
    for slug, snapshot in snapshots.items():
        standing = kept.get(slug, {}).get(data)
        if renew or standing is None or standing.words != snapshot.words:
            entered[slug] = {**kept.get(slug, {}), data: snapshot}
    return entered


def _dump(kept: Kept) -> bytes:
    studies = {
        slug: {data: asdict(snapshot) for data, snapshot in by_data.items()}
        for slug, by_data in kept.items()
    }
    text = json.dumps(
        {"format": FORMAT, "studies": studies},
        indent=1,
        sort_keys=True,
        allow_nan=False,
        ensure_ascii=False,
    )
    return (text + "\n").encode()
