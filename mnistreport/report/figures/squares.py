"""Pictures whose pixels are the data: each is a square of colour."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.image import AxesImage
from numpy.typing import NDArray


def draw_digit(axes: Axes, image: NDArray[np.uint8], left: float, top: float, size: float) -> None:
    """Draw a 28 × 28 image, ink on paper, its pixels as squares, on a sheet's overlay."""
    draw_pixels(axes, 255 - image, (left, top, size, size), cmap="gray", ends=(0, 255))


def draw_pixels(
    axes: Axes,
    values: NDArray[Any],
    place: tuple[float, float, float, float],
    *,
    cmap: str | Colormap,
    ends: tuple[float, float],
) -> AxesImage:
    """Draw numbers as squares of colour on a sheet's overlay.

    Args:
        axes: The overlay.
        values: Of two axes.
        place: Left, top, width and height, in millimetres.
        cmap: Colours.
        ends: The numbers that have the first colour and the last; those beyond have it, too.
    """
    left, top, width, height = place
    limits = axes.get_xlim(), axes.get_ylim()
    picture = axes.imshow(
        # Each pixel is written several times over: some viewers would blur the original.
        np.repeat(np.repeat(values, 4, axis=0), 4, axis=1),
        cmap=cmap,
        vmin=ends[0],
        vmax=ends[1],
        extent=(left, left + width, top + height, top),
        interpolation="none",
        aspect="auto",
        clip_on=False,
    )
    axes.set(xlim=limits[0], ylim=limits[1])
    return picture
