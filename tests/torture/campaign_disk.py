"""A build, and a pack, to which at each single thing that they do to the disk something happens."""

from collections.abc import Callable

import pytest

from tests.torture.rounds import drive

Note = Callable[[str, object], None]

SCENARIOS = ("first", "again", "words", "pack")
REFUSALS = [
    *[(act, lasting, "first") for act in ("ENOSPC", "EIO") for lasting in ("once", "stays")],
    *[("ENOSPC", "stays", scenario) for scenario in SCENARIOS[1:]],
]


@pytest.mark.parametrize("scenario", SCENARIOS[1:])  # the second does all that the first does
def test_a_crash_at_any_point_is_recovered_from(scenario: str, record_property: Note) -> None:
    """Killed at any write, flush, rename and the like, the next build comes to the same bytes.

    Nothing that was finished is trained again, nothing temporary is left, and a zip is whole.
    """
    counts = drive("disk_rounds", scenario, "kill", "once", 0, 1)
    assert counts["recovered"] > 5
    assert 1 == counts["survived"]  # the one beyond the last point
    record_property("crash points recovered from", counts["recovered"])


@pytest.mark.parametrize(("act", "lasting", "scenario"), REFUSALS)
def test_a_disk_that_refuses_spoils_nothing(
    act: str, lasting: str, scenario: str, record_property: Note
) -> None:
    """Whatever it refuses, once or from then on: exit code 0, or 6 with one line.

    The last good documents and what was trained stay; once it gives way, a build comes to the same.
    """
    counts = drive("disk_rounds", scenario, act, lasting, 0, 1)
    assert counts["recovered"] > 5
    tried = counts["recovered"] + counts["survived"] - 1
    record_property(f"points at which the disk refused, {act} {lasting}", tried)
