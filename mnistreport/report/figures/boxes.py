"""Rectangles on a sheet: what words cover, and where they may stand."""

import math
from dataclasses import dataclass

Point = tuple[float, float]
"""In millimetres from the sheet's top left corner."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in millimetres from the sheet's top left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, one: Point, other: Point, margin: float) -> "Box":
        """Return what encloses two points with a margin."""
        (left, right), (top, bottom) = sorted((one[0], other[0])), sorted((one[1], other[1]))
        return cls(left, top, right, bottom).grow(margin)

    def grow(self, margin: float) -> "Box":
        """Return it with a margin on every side."""
        return Box(self.left - margin, self.top - margin, self.right + margin, self.bottom + margin)

    def meets(self, other: "Box") -> bool:
        """Tell whether the two overlap."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: "Box") -> bool:
        """Tell whether the other lies inside."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )

    def find_nearest(self, point: Point) -> Point:
        """Return the place in it that is nearest to a point."""
        x, y = point
        return min(max(x, self.left), self.right), min(max(y, self.top), self.bottom)

    def measure_distance(self, point: Point) -> float:
        """Return how far a point is from it: 0 inside."""
        return math.dist(point, self.find_nearest(point))
