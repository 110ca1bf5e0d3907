"""Rot in the cache."""

from collections.abc import Callable

import pytest

from tests.torture.rounds import drive

Note = Callable[[str, object], None]


@pytest.mark.parametrize("share", range(2))
def test_no_flipped_bit_goes_unnoticed(share: int, record_property: Note) -> None:
    """One bit of anything that is stored: it is told, or put right, and no document changes."""
    counts = drive("flip_rounds", 252, share)
    assert 252 == sum(counts.values())
    for what, times in counts.items():
        record_property(f"flipped bits noticed, {what}", times)
