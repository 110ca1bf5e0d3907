"""The rules on what a reader is told, at their boundaries and just past them."""

from dataclasses import replace
from pathlib import Path

import pytest

from mnistreport.report.material import Material
from mnistreport.report.notices import make_notices
from mnistreport.report.staleness import find_changes
from mnistreport.report.written_beside import KeptLevel, Snapshot, WrittenBeside


@pytest.mark.parametrize(("mean", "count"), [(0.75, 0), (0.7502, 1), (0.25, 0), (0.2498, 1)])
def test_only_more_than_the_standard_deviation_makes_words_stale(mean: float, count: int) -> None:
    """A mean that has moved by exactly one standard deviation is still within noise."""
    before = KeptLevel("0.1", 0.5, 0.25, 3, "baseline")
    kept, now = (
        Snapshot("words", "0.1", {"0.1": each}) for each in (before, replace(before, mean=mean))
    )
    assert count == len(find_changes(kept, now))


def test_a_single_look_more_than_there_are_tested_models_is_told(material: Material) -> None:
    """One look for each tested model is as it should be; one more is on the first page."""
    assert not any("read" in notice for notice in make_notices(material))
    earlier = replace(
        material.reads[0], fingerprints=("e" * 64,), read_at="2025-12-24T00:00:00+00:00"
    )
    looks = replace(material, reads=(earlier, *material.reads))
    (notice,) = [each for each in make_notices(looks) if "read" in each]
    assert f"read {len(material.tested) + 1} times" in notice


def test_what_is_kept_beside_words_can_be_read_by_people(tmp_path: Path) -> None:
    """Names stand there as they are written; the file travels with the words."""
    level = KeptLevel("Größe 深層", 0.5, None, 1, "baseline")
    kept = WrittenBeside(tmp_path)
    kept.keep("digits", {"size": Snapshot("words", "a", {"a": level})})
    assert '"Größe 深層"' in kept.path.read_text("utf-8")
    assert {"size": {"digits": Snapshot("words", "a", {"a": level})}} == kept.load()
