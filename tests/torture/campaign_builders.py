"""Many builds of one project at once."""

from collections.abc import Callable

from tests.torture.rounds import drive

Note = Callable[[str, object], None]


def test_one_of_many_builds_wins(record_property: Note) -> None:
    """Of eight at once one builds; seven are told by whom, soon; a reader sees whole documents."""
    counts = drive("builder_rounds", 8, 50)
    assert (50, 50 * 7) == (counts["winners"], counts["told who is building"])
    assert counts["reads"] > 1000
    record_property("rounds of 8 builders, one winner each", counts["winners"])
    record_property("others told who is building", counts["told who is building"])
    record_property("slowest of them, ms", counts["slowest, ms"])
    record_property("reads meanwhile, each a whole document", counts["reads"])
