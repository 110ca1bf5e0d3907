"""Digits as comma-separated values: a label and 784 pixels in a row, with or without a header.

Every cell is a plain integer of one to three digits; that is checked for every single one, a
block of lines at a time, with arithmetic on the bytes themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistreport.data.dataset import Images, Labels
from mnistreport.data.files import HEAD, Content, RawFile, printable
from mnistreport.study.experiment import CLASSES, IMAGE_SIZE

PIXELS = IMAGE_SIZE**2
COLUMNS = 1 + PIXELS
SIMILAR = range(PIXELS - 10, COLUMNS + 11)
"""Columns of a table that looks meant for digits, even if the count is not right."""
BLOCK = 2**20
"""Bytes that are parsed at once."""
BRIGHTEST = 255
BOM = b"\xef\xbb\xbf"

COMMA, NEWLINE, ZERO = b",\n0"


@dataclass(frozen=True, slots=True)
class CsvHead:
    """What the first line of a CSV file tells.

    Attributes:
        columns: Cells in it.
        names: Of the columns, if it is a header.
    """

    columns: int
    names: tuple[str, ...] | None

    @property
    def labelled(self) -> bool:
        """Whether a label comes with the pixels."""
        return self.columns != PIXELS


def recognise_csv(content: Content) -> CsvHead | None:
    """Look at the first line; ``None`` if this is no table of digits, labelled or not.

    Raises:
        DataError: It is one, but with a wrong number of columns, or its label is not the first.
    """
    line, _, _ = content.head.removeprefix(BOM).partition(b"\n")
    if len(line) == HEAD or not line.isascii():
        return None
    cells = [cell.strip().strip('"') for cell in line.decode("ascii").split(",")]
    if len(cells) not in SIMILAR:
        return None
    names = None if cells[0].lstrip("-").isdigit() else tuple(cells)
    if len(cells) not in (PIXELS, COLUMNS):
        msg = f"has {len(cells)} columns, not a label and {PIXELS} pixels"
        raise content.file.error(msg, line=1)
    if names and len(cells) == COLUMNS and names[0].lower() != "label":
        msg = f"begins with a column “{printable(names[0])}”, not with “label”"
        raise content.file.error(msg, line=1, next_step="put the column of labels first")
    return CsvHead(len(cells), names)


def read_labelled_csv(content: Content, head: CsvHead) -> tuple[Images, Labels]:
    """Read a CSV file whose first line is ``head``.

    Returns:
        Images, ``uint8`` of shape ``(n, 28, 28)``, and labels, ``uint8`` of shape ``(n,)``.

    Raises:
        DataError: A row has too many or too few cells, a cell is no integer from 0 to 255, a
            label is no digit; the line (counted from 1) and the column are named.
    """
    images: list[NDArray[np.uint8]] = [np.empty((0, PIXELS), np.uint8)]
    labels: list[NDArray[np.uint8]] = [np.empty(0, np.uint8)]
    line = 1
    for block in _split_blocks(content):
        rows = block
        if line == 1:
            rows = rows.removeprefix(BOM)
            if head.names:
                rows, line = rows.partition(b"\n")[2], 2
        table = _parse(rows)
        if table is None:
            raise _find_fault(content.file, head, rows, line)
        images.append(table[:, 1:])
        labels.append(table[:, 0])
        line += len(table)
    return (
        np.concatenate(images).reshape(-1, IMAGE_SIZE, IMAGE_SIZE),
        np.concatenate(labels),
    )


def _split_blocks(content: Content) -> Iterator[bytes]:
    """Yield whole lines, about ``BLOCK`` bytes at once, each ended by a single newline.

    Empty lines at the end of the file are dropped.
    """
    rest = b""
    while piece := content.read(BLOCK):
        rest += piece
        end = len(rest[: rest.rfind(b"\n") + 1].rstrip(b"\r\n"))
        if end:
            end = rest.index(b"\n", end) + 1
            yield rest[:end].replace(b"\r\n", b"\n")
            rest = rest[end:]
        if len(rest) > HEAD:
            msg = f"has a line longer than {HEAD // 2**10} KiB, or as many empty ones"
            raise content.file.error(msg)
    if rest := rest.rstrip(b"\r\n"):
        yield rest + b"\n"


def _parse(rows: bytes) -> NDArray[np.uint8] | None:
    """Parse whole lines into ``uint8`` of shape ``(lines, 785)``; ``None`` if anything is wrong."""
    characters = np.frombuffer(rows, np.uint8)
    digits = characters - np.uint8(ZERO)  # what lies below “0” wraps round to more than 9
    ends = np.flatnonzero(digits > 9)  # noqa: PLR2004 - the highest digit
    if ends.size % COLUMNS:
        return None
    separators = characters[ends].reshape(-1, COLUMNS)
    if (separators[:, :-1] != COMMA).any() or (separators[:, -1] != NEWLINE).any():
        return None
    lengths = np.diff(ends, prepend=-1) - 1
    if (lengths < 1).any() or (lengths > len(str(BRIGHTEST))).any():
        return None
    values = digits[ends - 1].astype(np.uint16)
    for place, weight in ((2, 10), (3, 100)):
        cells = np.flatnonzero(lengths >= place)
        values[cells] += digits[ends[cells] - place] * np.uint16(weight)
    if (values > BRIGHTEST).any():
        return None
    table = values.astype(np.uint8).reshape(-1, COLUMNS)
    return None if (table[:, 0] >= CLASSES).any() else table


def _find_fault(file: RawFile, head: CsvHead, rows: bytes, first: int) -> Exception:
    """Say which cell made ``_parse`` give up; ``first`` is the number of the first line."""
    for line, row in enumerate(rows.removesuffix(b"\n").split(b"\n"), start=first):
        if _parse(row + b"\n") is not None:
            continue
        cells = row.split(b",")
        for index, cell in enumerate(cells[:COLUMNS]):
            highest = BRIGHTEST if index else CLASSES - 1
            if not (cell.isdigit() and len(cell) <= len(str(BRIGHTEST)) and int(cell) <= highest):
                name = (
                    head.names[index] if head.names else f"pixel{index - 1}" if index else "label"
                )
                key = f"column {index + 1} ({printable(name)})"
                shown = printable(cell.decode("utf-8", "replace"))
                what = f"“{shown}” is" if shown else "an empty cell is"
                msg = f"{what} no integer from 0 to {highest}"
                if len(cells) != COLUMNS:
                    msg += f", and the row has {len(cells)} cells, not {COLUMNS}"
                return file.error(msg, line=line, key=key)
        if len(cells) != COLUMNS:
            msg = f"the row has {len(cells)} cells, not {COLUMNS}"
            return file.error(msg, line=line, key=f"column {min(len(cells), COLUMNS) + 1}")
    return file.error("is no table of labels and pixels", line=first)
