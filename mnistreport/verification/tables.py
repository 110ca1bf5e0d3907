"""The tables of runs and epochs: that they tell of the same runs."""

import csv
import io
from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from mnistreport.data.files import printable
from mnistreport.study.cells import unguard_text
from mnistreport.study.naming import EPOCHS, RUNS
from mnistreport.training.result import EpochRow
from mnistreport.verification.verdict import Unsound

METRICS: Final = tuple(
    field.name for field in fields(EpochRow) if field.name not in {"epoch", "duration_seconds"}
)
"""Columns that a run's row has from its last epoch."""
_RUN: Final = "fingerprint"
_IMPORTED: Final = "imported"
"""A column that is there only where runs were."""
_SHARED: Final = ("model", "variant", "seed")
_SHORT: Final = 8
_MOST_ROWS: Final = 1_000_000

Row = Mapping[str, str]
_Key = tuple[str, str]
"""A run's fingerprint, and the variant whose run it is."""


def find_table_faults(runs: bytes, epochs: bytes) -> list[str]:
    """Return where a run's row differs from the row of its last epoch.

    A run that two models share has a row for the variant of each, and so have its epochs.

    Raises:
        Unsound: One of them is no such table.
    """
    ran = _read_table(RUNS, runs, (_RUN, *_SHARED, "status", "epochs", *METRICS))
    passed = _read_table(EPOCHS, epochs, (_RUN, *_SHARED, "epoch", *METRICS))
    last: dict[_Key, Row] = {}
    counts: dict[_Key, int] = {}
    faults: list[str] = []
    for row in passed:
        key = _find_key(row)
        counts[key] = counts.get(key, 0) + 1
        last[key] = row
        if row["epoch"] != str(counts[key]):
            faults.append(f"{EPOCHS}: {_name(key[0])} has no epoch {counts[key]} in its place")
    known = set(map(_find_key, ran))
    if len(known) < len(ran):
        faults.append(f"{RUNS}: a run is in it twice")
    for row in ran:
        faults += _compare(row, last.get(_find_key(row)), counts.get(_find_key(row), 0))
    faults += [f"{EPOCHS}: {_name(key[0])} is not in {RUNS}" for key in last if key not in known]
    return faults


def list_runs(runs: bytes) -> frozenset[str]:
    """Return the fingerprints of the runs in a table; none if it is no such table."""
    try:
        return frozenset(row[_RUN] for row in _read_table(RUNS, runs, (_RUN,)))
    except Unsound:
        return frozenset()


def count_imported(runs: bytes) -> int:
    """Return how many runs a table says were not trained for it; 0 if it is no such table."""
    try:
        rows = _read_table(RUNS, runs, (_RUN, _IMPORTED))
    except Unsound:
        return 0
    return len({row[_RUN] for row in rows if row[_IMPORTED]})


def _find_key(row: Row) -> _Key:
    return row[_RUN], row["variant"]


def _compare(row: Row, last: Row | None, epochs: int) -> list[str]:
    run = _name(row[_RUN])
    if last is None:
        is_silent = row["status"] != "finished" and not any(row[metric] for metric in METRICS)
        return [] if is_silent else [f"{RUNS}: {run} has no epochs in {EPOCHS}"]
    faults = [
        f"{run}: {column} is {printable(row[column])} in {RUNS}, "
        f"and {printable(last[column])} at the end of {EPOCHS}"
        for column in (*METRICS, *_SHARED)
        if row[column] != last[column]
    ]
    if row["status"] == "finished" and row["epochs"] != str(epochs):
        asked = printable(row["epochs"])
        faults.append(f"{run}: finished {asked} epochs in {RUNS}, {epochs} in {EPOCHS}")
    return faults


def _read_table(name: str, content: bytes, columns: tuple[str, ...]) -> list[Row]:
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
        rows: list[Row] = []
        for row in reader:
            if None in row or None in row.values():
                msg = f"{name}: row {len(rows) + 1} has another number of cells"
                raise Unsound(msg)
            rows.append({name: unguard_text(cell) for name, cell in row.items()})
            if len(rows) > _MOST_ROWS:
                msg = f"{name} has more than {_MOST_ROWS:,} rows"
                raise Unsound(msg)
    except (ValueError, csv.Error) as error:
        msg = f"{name} is no table ({printable(str(error))})"
        raise Unsound(msg) from error
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        msg = f"{name} has no column {missing[0]}"
        raise Unsound(msg)
    if not rows:
        msg = f"{name} has no rows"
        raise Unsound(msg)
    return rows


def _name(fingerprint: str) -> str:
    return f"run {printable(fingerprint[:_SHORT])}"
