"""How many images of each digit there are, and that every split has its share of them."""

import math
from collections.abc import Mapping, Sequence

from mnistreport.report.figures import style
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.style import open_sheet
from mnistreport.report.numbers import format_count, format_points
from mnistreport.study.experiment import CLASSES

_LEFT, _WIDTH, _TOP, _HEIGHT = 1.0, 145.0, 4.5, 32.0  # millimetres
_LEAST_HEIGHT = 3.4  # of a part that can hold a number


def plot_class_balance(counts: Mapping[str, Sequence[int]]) -> Figure:
    """Draw the images of each digit as a bar, in parts for the splits.

    Args:
        counts: Images of the digits 0 to 9, by split.
    """
    totals = [sum(each) for each in zip(*counts.values(), strict=True)]
    scale = _HEIGHT / max(*totals, 1)
    pitch = _WIDTH / CLASSES
    with open_sheet(_TOP + _HEIGHT + 9.5) as sheet:
        overlay = sheet.add_overlay()
        bottoms = [_TOP + _HEIGHT] * CLASSES
        for place, (split, images) in enumerate(counts.items()):
            colour = style.TINTS[place % len(style.TINTS)]
            for digit, count in enumerate(images):
                left, height = _LEFT + digit * pitch, count * scale
                bottoms[digit] -= height
                bars = overlay.bar(
                    left,
                    height,
                    pitch - 2.0,
                    bottoms[digit],
                    align="edge",
                    color=colour,
                    edgecolor="white",
                    lw=0.6,
                )
                named = f"{digit}, {style.name_split(split)}"
                sheet.hint(bars.patches[0], f"{named}: {format_count(count)} images")
                if height >= _LEAST_HEIGHT:
                    sheet.write(
                        left + pitch / 2 - 1.0,
                        bottoms[digit] + height / 2,
                        format_count(count),
                        size=style.SMALL,
                        colour=style.ON_TINT,
                        align="center",
                        valign="center",
                    )
            y = bottoms[-1] + images[-1] * scale / 2
            sheet.write(
                _LEFT + _WIDTH + 0.5, y, style.name_split(split), size=style.MEDIUM, valign="center"
            )
        for digit, total in enumerate(totals):
            x = _LEFT + (digit + 0.5) * pitch - 1.0
            sheet.write(
                x,
                bottoms[digit] - 1.2,
                format_count(total),
                size=style.SMALL,
                colour=style.QUIET,
                align="center",
            )
            sheet.write(
                x,
                _TOP + _HEIGHT + 4.2,
                str(digit),
                size=style.LARGE,
                weight=style.BOLD,
                align="center",
            )
        sheet.write(_LEFT + _WIDTH / 2, _TOP + _HEIGHT + 8.3, "digit", align="center")
        picture = sheet.render()
    splits = ", ".join(
        f"{style.name_split(split)} {format_count(sum(images))}" for split, images in counts.items()
    )
    skew = format_points(_measure_skew(counts), signed=False)
    caption = (
        f"Images of each digit in the splits ({splits}). A digit’s share of a split "
        f"differs from its share of all images by at most {skew}."
    )
    alt = (
        f"Bars of the images of each digit, in parts for the splits ({splits}). "
        + ", ".join(f"{digit}: {format_count(total)}" for digit, total in enumerate(totals))
        + "."
    )
    return Figure("class-balance", picture, caption, alt)


def _measure_skew(counts: Mapping[str, Sequence[int]]) -> float:
    """Return by how much a digit's share of a split differs at most from its share of all.

    It is rounded up to a hundredth of a percentage point: "at most" must hold as printed.
    """
    totals = [sum(each) for each in zip(*counts.values(), strict=True)]
    everything = max(sum(totals), 1)
    largest = max(
        abs(count / max(sum(images), 1) - total / everything)
        for images in counts.values()
        for count, total in zip(images, totals, strict=True)
    )
    return math.ceil(largest * 1e4 - 1e-6) / 1e4
