from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistreport.report.figures.boxes import Box
from mnistreport.report.figures.room import Room, spread_places, trace_line
from mnistreport.report.figures.style import open_sheet


@given(st.lists(st.floats(0, 100), min_size=1, max_size=12).map(sorted), st.floats(0.5, 5))
def test_names_are_moved_apart(wanted: list[float], least: float) -> None:
    """Neighbours end up far enough apart, in the same order, around where they wanted to be."""
    places = spread_places(wanted, least)
    assert all(b - a >= least - 1e-9 for a, b in pairwise(places))
    assert pytest.approx(sum(wanted), abs=1e-6) == sum(places)


def test_names_with_room_stay() -> None:
    """Places that are far enough apart are kept."""
    assert spread_places([1.0, 5.0, 9.0], 3.0) == [1.0, 5.0, 9.0]


def test_no_words_slip_between_two_points_of_a_line() -> None:
    """A line is in the way all along, and a band in all it covers."""
    room = Room()
    room.add_line(np.array([[0.0, 0.0], [100.0, 0.0]]))
    assert room.measure_clearance(Box(40.0, -1.0, 42.0, 1.0)) == 0
    assert pytest.approx(2.0) == room.measure_clearance(Box(40.0, 2.0, 42.0, 4.0))
    room.add_band(np.array([[0.0, 10.0], [100.0, 10.0]]), np.array([[0.0, 14.0], [100.0, 14.0]]))
    assert room.measure_clearance(Box(40.0, 11.0, 42.0, 13.0)) == 0


def test_lines_are_traced_in_millimetres() -> None:
    """The corners of axes are where the sheet has them, and nothing is traced beyond."""
    with open_sheet(50.0) as sheet:
        axes = sheet.add_panel(10.0, 5.0, 80.0, 20.0)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        line = trace_line(sheet, axes, [0.0, 1.0, 1.0], [0.0, 1.0, 7.0])
    assert pytest.approx(np.array([[10.0, 25.0], [90.0, 5.0], [90.0, 5.0]])) == line
