"""Builds that are killed at random moments."""

from collections.abc import Callable

import pytest

from tests.torture.rounds import drive

Note = Callable[[str, object], None]


@pytest.mark.parametrize("share", range(2))
def test_killed_builds_come_to_the_same(share: int, record_property: Note) -> None:
    """However often the whole group is killed: the same bytes, and nothing trained twice."""
    counts = drive("kill_rounds", "stub", 150, share)
    assert 150 == counts["killed"]
    assert counts["compared"] > 30
    record_property("kills survived, stub trainer", counts["killed"])
    record_property("finished builds compared, stub trainer", counts["compared"])


@pytest.mark.parametrize("share", range(2))
def test_killed_training_comes_to_the_same(share: int, record_property: Note) -> None:
    """The same of builds that train, by workers; times apart. Killed alone, these end as well."""
    counts = drive("kill_rounds", "real", 15, share)
    assert 15 == counts["killed"]
    assert counts["compared"] > 1
    record_property("kills survived, real training", counts["killed"])
    record_property("kills of the parent alone survived", counts.get("killed alone", 0))
    record_property("finished builds compared, real training", counts["compared"])
