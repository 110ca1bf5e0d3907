from pathlib import Path
from typing import Literal

import pytest

from tests.data.conftest import Drawn, Refuse
from tests.digit_files import write_csv

Header = Literal["kaggle"] | None


@pytest.mark.parametrize(
    "cell", ["256", "-1", "nan", "", " ", "x", "1.5", "1e2", "+1", "0x1", "٣", "1_0", "0001", '"7"']
)
@pytest.mark.parametrize("header", ["kaggle", None])
def test_cell_must_be_a_pixel(
    tmp_path: Path, drawn: Drawn, refuse: Refuse, cell: str, header: Header
) -> None:
    """A cell that is no integer from 0 to 255 is named with its line and column."""
    file = write_csv(tmp_path / "train.csv", *drawn, header=header)
    lines = file.read_text().splitlines()
    cells = lines[50].split(",")
    cells[33] = cell
    lines[50] = ",".join(cells)
    file.write_text("\n".join(lines), encoding="utf-8")
    problem = refuse(file)
    assert (file, 51, "column 34 (pixel32)") == (problem.file, problem.line, problem.key)
    assert f"“{cell}” is no integer" in problem.reason or "empty cell" in problem.reason


@pytest.mark.parametrize("label", ["10", "255", "-1", "a", ""])
def test_csv_label_must_be_a_digit(
    tmp_path: Path, drawn: Drawn, refuse: Refuse, label: str
) -> None:
    """The first column takes 0 to 9, and nothing else."""
    file = write_csv(tmp_path / "train.csv", *drawn)
    lines = file.read_text().splitlines()
    lines[9] = ",".join([label, *lines[9].split(",")[1:]])
    file.write_text("\n".join(lines))
    problem = refuse(file)
    assert (10, "column 1 (label)") == (problem.line, problem.key)


@pytest.mark.parametrize("change", ["short", "long", "empty"])
@pytest.mark.parametrize("line", [2, 100, 211])
def test_ragged_row_is_named(
    tmp_path: Path, drawn: Drawn, refuse: Refuse, change: str, line: int
) -> None:
    """A row with a cell too few or too many, or none, is named with its line."""
    file = write_csv(tmp_path / "train.csv", *drawn)
    lines = file.read_text().splitlines()
    row = lines[line - 1]
    changed = {"short": row.rpartition(",")[0], "long": f"{row},0", "empty": ""}[change]
    lines[line - 1] = changed
    file.write_text("\n".join([*lines, lines[1]]) + "\n")
    problem = refuse(file)
    assert line == problem.line
    assert "785" in problem.reason
    assert problem.key


def test_two_ragged_rows_do_not_make_up_for_each_other(
    tmp_path: Path, drawn: Drawn, refuse: Refuse
) -> None:
    """One cell more here and one less there is still two wrong rows."""
    file = write_csv(tmp_path / "train.csv", *drawn)
    lines = file.read_text().splitlines()
    lines[5], lines[6] = f"{lines[5]},0", lines[6].rpartition(",")[0]
    file.write_text("\n".join(lines))
    assert 6 == refuse(file).line


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "holds no labelled digits"),
        (
            b"label," + b",".join(b"p%d" % i for i in range(784)) + b"\n",
            "has a header, but no rows",
        ),
        (b"label,a,b\n1,2,3\n", "holds no labelled digits"),
        (b"0," * 783 + b"0\n", "has no labels"),
        (b"0," * 782 + b"0\n", "has 783 columns"),
        (b"pixel0," * 784 + b"label\n", "begins with a column “pixel0”"),
        (b"0" * 100_000, "holds no labelled digits"),
        (b"label,1" + b",0" * 783 + b"\n" + b"0," * 200_000, "line longer than"),
        (b"label,1" + b",0" * 783 + b"\n" + b"\n" * 200_000, "as many empty ones"),
    ],
)
def test_what_is_no_table_of_digits_is_refused(
    tmp_path: Path, refuse: Refuse, content: bytes, reason: str
) -> None:
    """Other tables, and none, are told from digits by their first line."""
    file = tmp_path / "train.csv"
    file.write_bytes(content)
    assert reason in refuse(file).reason
