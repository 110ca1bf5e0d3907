"""Words beside dots: found a place where they hide nothing and do not run into one another."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mnistreport.report.figures import style
from mnistreport.report.figures.boxes import Box, Point

_ASCENT, _DESCENT = 1.9, 0.7  # millimetres of a line of small letters
_ROOMS: Final = (0.0, 2.5, 5.0, 8.0, 12.0)
"""How far from the nearest place a label may stand, in millimetres."""
_STEP: Final = 0.4  # millimetres, along a line to a dot
_NEAR: Final = 1.0  # up to here it needs no line to its dot


@dataclass(frozen=True, slots=True)
class Label:
    """Small letters for a dot.

    Attributes:
        text: What they say.
        dot: Where the dot is.
        reach: Where a line through it ends on the left and on the right.
        weight: Of the letters.
        colour: Of the letters.
        may_stray: Whether they may stand farther off, with a line to the dot.
    """

    text: str
    dot: Point
    reach: tuple[float, float]
    weight: int = 400
    colour: str = style.INK
    may_stray: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label stands.

    Attributes:
        box: What it covers.
        leader: A line from the dot to the words, if they are not right beside it.
    """

    box: Box
    leader: tuple[Point, Point] | None

    @property
    def baseline(self) -> float:
        """Where its letters stand."""
        return self.box.bottom - _DESCENT

    def trace_leader(self) -> list[Box]:
        """Return what the leader covers, as many small boxes; none without one."""
        if not self.leader:
            return []
        (x, y), (end_x, end_y) = self.leader
        count = math.ceil(math.dist(*self.leader) / _STEP)
        shares = [step / count for step in range(count + 1)]
        places = [(x + share * (end_x - x), y + share * (end_y - y)) for share in shares]
        return [Box.around(place, place, _STEP / 2) for place in places]


def place_labels(
    labels: Sequence[Label], panel: Box, taken: Sequence[Box], *, gap: float
) -> list[tuple[Label, Place]]:
    """Find each label a place beside its dot; one for which there is none is left out.

    No label is nearer to the dot of another than to its own, unless a line leads to its own, and
    no such line crosses words.

    Args:
        labels: Those that matter most first.
        panel: What no label leaves.
        taken: What no label covers.
        gap: Between a dot's middle and its label, in millimetres.
    """
    placed: list[tuple[Label, Place]] = []
    covered, dots = list(taken), [label.dot for label in labels]
    for label in labels:
        for place in _list_places(label, gap):
            if not panel.holds(place.box) or any(map(place.box.meets, covered)):
                continue
            steps = place.trace_leader()
            words = [other.box for _, other in placed]
            if steps and any(box.meets(step) for box in words for step in steps):
                continue
            if steps or _is_beside(place.box, label.dot, dots):
                placed.append((label, place))
                covered += [place.box, *steps]
                break
    return placed


def _is_beside(box: Box, own: Point, dots: Sequence[Point]) -> bool:
    """Tell whether words are at least as near to their own dot as to any other."""
    near = box.measure_distance(own)
    return all(box.measure_distance(dot) >= near for dot in dots)


def _list_places(label: Label, gap: float) -> Iterator[Place]:
    """Yield places for a label, the nearest first: right, left, above, below, and corners."""
    width = style.measure_text(label.text, style.SMALL, label.weight) * 1.03
    height = _ASCENT + _DESCENT
    x, y = label.dot
    left_end, right_end = label.reach
    for room in _ROOMS if label.may_stray else _ROOMS[:1]:
        away = gap + room
        middle, corner = y - height / 2, 0.7 * away
        corners = [(x + corner, y + corner), (x + corner, y - corner - height)]
        corners += [(x - corner - width, y - corner - height), (x - corner - width, y + corner)]
        sides = [(max(x + away, right_end + 0.8), middle)]
        sides += [(min(x - away, left_end - 0.8) - width, middle)]
        sides += [(x - width / 2, y - away - height), (x - width / 2, y + away)]
        for left, top in (*sides, *corners):
            box = Box(left, top, left + width, top + height)
            near = box.find_nearest(label.dot)
            yield Place(box, (label.dot, near) if room > _NEAR else None)
