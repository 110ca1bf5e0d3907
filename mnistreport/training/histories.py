"""Histories of runs that somebody else trained, as CSV: a row per epoch, of one run or of several.

Whoever wrote such a file is not trusted: it is read within limits, every cell is checked, and
everything that is wrong is told together, with file, line and column.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path
from typing import Final

from mnistreport.data.files import printable
from mnistreport.errors import DataError, Problem
from mnistreport.files import read_kept
from mnistreport.study.cells import unguard_text
from mnistreport.study.imports import list_fields
from mnistreport.study.settings import MODEL_TABLES
from mnistreport.study.wording import suggest
from mnistreport.training.result import EpochRow

LOSSES: Final = ("train_loss", "validation_loss")
ACCURACIES: Final = ("train_accuracy", "validation_accuracy")
EPOCH, DURATION = "epoch", "duration_seconds"
REQUIRED: Final = (EPOCH, "train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
VARIANT: Final = "variant"
TELLING: Final = (
    *("model", "seed", VARIANT),
    *dict.fromkeys(name for kind in MODEL_TABLES for name in list_fields(kind)),
)
"""Columns that say which run a row is of."""
PASSED_OVER: Final = "fingerprint"
"""A column of this program's own ``epochs.csv``: a digest of what nobody checked."""

MOST_BYTES: Final = 8 * 2**20
"""Of a file; a thousand runs of a hundred epochs have as many."""
MOST_LOSS: Final = 100.0
"""In nats; here as in training, a run whose loss is larger has diverged."""
MOST_SECONDS: Final = 1e9
MOST_PROBLEMS: Final = 100
"""Problems that are told; a file with more was not meant for this."""

WHOLE: Final = re.compile(r"[0-9]{1,9}")
NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?")
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class History:
    """What a file tells of one run.

    Attributes:
        path: The file.
        name: Its path below the manifest's folder, with ``/``.
        line: Line of its first row, counted from 1.
        last: Line of its last row.
        sha256: Digest of the file's bytes.
        told: What its columns say of which run it is, empty cells left out.
        rows: Its epochs, from 1 on.
    """

    path: Path
    name: str
    line: int
    last: int
    sha256: str
    told: Mapping[str, str]
    rows: tuple[EpochRow, ...]


class Faults:
    """What is wrong with some files, gathered until all of it is known."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(
        self,
        reason: str,
        path: Path,
        line: int | None = None,
        key: str | None = None,
        next_step: str | None = None,
    ) -> None:
        """Note one thing; beyond the most that are told, none.

        Raises:
            DataError: That is reached.
        """
        self._problems.append(Problem(reason, path, line, key, next_step))
        if len(self._problems) >= MOST_PROBLEMS:
            self._problems.append(Problem("and perhaps more: nothing was read further"))
            self.raise_if_any()

    def raise_if_any(self) -> None:
        """Raise everything at once.

        Raises:
            DataError: There is anything.
        """
        if self._problems:
            raise DataError.of(self._problems)


def read_histories(path: Path, name: str, faults: Faults) -> list[History]:
    """Read the runs of a file of at most ``MOST_BYTES``, in the order in which they begin.

    Args:
        path: The file.
        name: Its path below the manifest's folder.
        faults: Is told of everything that is wrong; a run with faults is left out.
    """
    try:
        content = read_kept(path, MOST_BYTES)
    except OSError as error:
        faults.add(f"cannot be read: {error.strerror or error}", path)
        return []
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        step = "save the file with the encoding UTF-8"
        faults.add("is not UTF-8 text", path, line, next_step=step)
        return []
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        faults.add("holds a zero byte, which no text has", path, line)
        return []
    reader = _Reader(path, name, hashlib.sha256(content).hexdigest(), faults)
    return reader.read(text)


class _Run:
    """A run that is being read."""

    def __init__(self, told: Mapping[str, str], line: int) -> None:
        self.told, self.line, self.last = told, line, line
        self.rows: list[EpochRow] = []
        self.is_sound = True


class _Reader:
    """Reads one file."""

    def __init__(self, path: Path, name: str, sha256: str, faults: Faults) -> None:
        self._path, self._name, self._sha256, self._faults = path, name, sha256, faults
        self._columns: list[str] = []
        self._runs: dict[tuple[str, ...], _Run] = {}

    def read(self, text: str) -> list[History]:
        lines = self._split(text)
        line, header = next(lines, (1, list[str]()))
        if not self._check_header(line, header):
            return []
        for line, cells in lines:
            self._read_row(line, cells)
        if not self._runs:
            self._faults.add("has no row", self._path)
        for run in self._runs.values():
            self._check_times(run)
        return [
            History(
                *(self._path, self._name, run.line, run.last, self._sha256, run.told),
                tuple(run.rows),
            )
            for run in self._runs.values()
            if run.is_sound
        ]

    def _split(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Yield the line at which each row begins, and its cells; empty lines are none."""
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        line = 1
        try:
            for cells in reader:
                if cells:
                    yield line, [cell.strip() for cell in cells]
                line = reader.line_num + 1
        except csv.Error as error:
            self._faults.add(f"is no table: {printable(str(error))}", self._path, line)

    def _check_header(self, line: int, header: Sequence[str]) -> bool:
        """Tell whether a run can be read from columns of these names; complain if not."""
        known = (*REQUIRED, DURATION, *TELLING, PASSED_OVER)
        missing = [name for name in REQUIRED if name not in header]
        if len(header) == 1 and re.search(r"[;\t]", header[0]):
            step = "separate columns by commas, and write decimals with a point"
            self._faults.add(
                "its columns are not separated by commas", self._path, line, None, step
            )
            return False
        for name in missing:
            self._faults.add("this column is missing", self._path, line, name)
        for place, name in enumerate(header):
            if name not in known:
                reason = f"unknown column{suggest(name, (*REQUIRED, DURATION, *TELLING))}"
                self._faults.add(reason, self._path, line, printable(name) or "(no name)")
            elif name in header[:place]:
                self._faults.add("this column is there twice", self._path, line, name)
        self._columns = list(header)
        return not missing and set(header) <= set(known) and len(set(header)) == len(header)

    def _read_row(self, line: int, cells: Sequence[str]) -> None:
        if len(cells) != len(self._columns):
            reason = f"the row has {len(cells)} cells, not {len(self._columns)}"
            self._faults.add(reason, self._path, line)
            return
        row = dict(zip(self._columns, cells, strict=True))
        told = {name: unguard_text(row[name]) for name in TELLING if row.get(name)}
        run = self._runs.setdefault(tuple(map("=".join, told.items())), _Run(told, line))
        run.last = line
        reasons = dict(_find_faults(row, len(run.rows) + 1))
        if run.is_sound and not reasons:
            seconds = float(row[DURATION]) if row.get(DURATION) else nan
            numbers = {name: float(row[name]) + 0.0 for name in REQUIRED[1:]}
            run.rows.append(EpochRow(int(row[EPOCH]), **numbers, duration_seconds=seconds))
        for name, reason in reasons.items():
            if run.is_sound or name != EPOCH:  # once one is missing, so are all that follow
                self._faults.add(reason, self._path, line, name)
        run.is_sound &= not reasons

    def _check_times(self, run: _Run) -> None:
        untold = [isnan(row.duration_seconds) for row in run.rows]
        if any(untold) and not all(untold):
            reason = "tells the time of some epochs, but not of all"
            self._faults.add(reason, self._path, run.line, DURATION, "leave out the others, too")
            run.is_sound = False


def _find_faults(row: Mapping[str, str], epoch: int) -> Iterator[tuple[str, str]]:
    """Yield each column of a row that cannot be as it is, and why."""
    if not WHOLE.fullmatch(row[EPOCH]):
        yield EPOCH, f"{_show(row[EPOCH])} is no whole number"
    elif int(row[EPOCH]) != epoch:
        yield EPOCH, f"is {int(row[EPOCH])}, but epoch {epoch} of this run comes next"
    for name in LOSSES:
        if why := _explain_loss(row[name]):
            yield name, why
    for name in ACCURACIES:
        if why := _explain_accuracy(row[name]):
            yield name, why
    seconds = row.get(DURATION)
    if seconds and not (NUMBER.fullmatch(seconds) and 0 <= float(seconds) <= MOST_SECONDS):
        yield DURATION, f"{_show(seconds)} is no number of seconds"


def _explain_loss(text: str) -> str:
    if text.casefold().lstrip("+-") in {"nan", "inf", "infinity"}:
        return f"{_show(text)}: a run that diverged cannot be imported"
    if not NUMBER.fullmatch(text):
        return f"{_show(text)} is no number"
    if float(text) < 0:
        return f"is {text}, but no loss is below 0"
    if float(text) >= MOST_LOSS:
        return f"is {text}: above {MOST_LOSS:g} nats a run has diverged, and cannot be imported"
    return ""


def _explain_accuracy(text: str) -> str:
    if text.endswith("%") and NUMBER.fullmatch(text[:-1].rstrip()):
        return f"is {text}, but must be a share from 0 to 1: divide by 100"
    if not NUMBER.fullmatch(text):
        return f"{_show(text)} is no number"
    if 1 < float(text) <= _PERCENT:
        return f"is {text}, but must be a share from 0 to 1: divide by 100"
    if not 0 <= float(text) <= 1:
        return f"is {text}, but must be a share from 0 to 1"
    return ""


def _show(text: str) -> str:
    return f"“{printable(text)}”" if text else "an empty cell"
