"""The date of a report, as a manifest may give it."""

from pathlib import Path

import pytest

from mnistreport.errors import ManifestError
from mnistreport.study.loading import load_manifest
from tests.study.manifests import SMALL_MANIFEST


def load_date(folder: Path, date: str) -> str:
    """Return the date of a manifest with this line in its ``[report]``."""
    path = folder / "experiments.toml"
    path.write_text(f"{SMALL_MANIFEST}\n[report]\n{date}\n", encoding="utf-8")
    return load_manifest(path).report.date


@pytest.mark.parametrize(
    ("line", "expected"),
    [("", ""), ("date = 2026-11-30", "2026-11-30"), ('date = "2024-02-29"', "2024-02-29")],
)
def test_a_date_is_a_toml_date_or_text(tmp_path: Path, line: str, expected: str) -> None:
    """Both spellings are one value; without any there is none."""
    assert expected == load_date(tmp_path, line)


@pytest.mark.parametrize(
    "value",
    ['""', '"30.11.2026"', '"2026-02-30"', '"20261130"', "20261130", "true", "09:00:00",
     "2026-11-30T09:00:00", "2026-11-30T09:00:00Z", "[2026-11-30]"],
)  # fmt: skip
def test_what_is_no_date_is_refused(tmp_path: Path, value: str) -> None:
    """A time, a number, a day that is not in the calendar: each is told with its key."""
    with pytest.raises(ManifestError) as caught:
        load_date(tmp_path, f"date = {value}")
    (problem,) = caught.value.problems
    assert "report.date" == problem.key
    assert problem.reason.endswith("but must be a date such as 2026-11-30")
