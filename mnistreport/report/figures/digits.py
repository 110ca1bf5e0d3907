"""Pictures of digits: some that the models learn from, and some that a model got wrong."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mnistreport.report.figures import style
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.squares import draw_digit
from mnistreport.report.figures.style import open_sheet
from mnistreport.report.numbers import format_count, format_probability
from mnistreport.study.experiment import CLASSES
from mnistreport.study.naming import make_slug
from mnistreport.training.result import FinalOutcome

MOST_MISTAKES: Final = 24
SAMPLES: Final = 6
"""Of each digit."""

_ACROSS: Final = 8  # mistakes in a row
_NAMED: Final = 5  # mistakes that the text alternative names


def plot_samples(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], train_indices: NDArray[np.int64]
) -> Figure:
    """Draw six images of each digit, evenly spread over the training split.

    Args:
        images: The whole data set, shape ``(n, 28, 28)``.
        labels: Shape ``(n,)``, 0 to 9.
        train_indices: Which of them are the training split.
    """
    rows, pitch, size, first = CLASSES // 2, 12.3, 11.6, 8.0
    half = first + SAMPLES * pitch
    right = style.WIDTH - half + (pitch - size)
    of_split = np.asarray(labels)[train_indices]
    with open_sheet(rows * pitch - (pitch - size) + 0.4) as sheet:
        overlay = sheet.add_overlay()
        for digit in range(CLASSES):
            found = np.asarray(train_indices)[of_split == digit]
            chosen = found[np.linspace(0, len(found) - 1, min(SAMPLES, len(found))).astype(int)]
            left, top = right if digit >= rows else 0.2, digit % rows * pitch + 0.2
            sheet.write(
                left + first / 2 - 1.0,
                top + size / 2,
                str(digit),
                size=style.LARGE,
                weight=style.BOLD,
                align="center",
                valign="center",
            )
            for place, index in enumerate(chosen.tolist()):
                draw_digit(overlay, images[index], left + first + place * pitch, top, size)
        picture = sheet.render()
    count = format_count(len(train_indices))
    fewest = min(np.bincount(of_split, minlength=CLASSES).tolist())
    some = str(SAMPLES) if fewest >= SAMPLES else f"up to {SAMPLES}"
    caption = (
        f"From the training split of {count} images, {some} of each digit, evenly spread over "
        "it: 28 × 28 pixels, ink shown dark."
    )
    alt = f"Handwritten digits 0 to 9, {some} images of each, from the training split."
    return Figure("samples", picture, caption, alt)


def plot_mistakes(
    outcome: FinalOutcome, images: NDArray[np.uint8], model_title: str, *, model: str = ""
) -> Figure:
    """Draw the most confident mistakes on the test split, up to 24.

    Args:
        outcome: What the test split said.
        images: The whole data set, shape ``(n, 28, 28)``.
        model_title: The model in words.
        model: The model's name in the manifest; names the figure, else the title does.
    """
    shown = outcome.mistakes[:MOST_MISTAKES]
    pitch, size, row = style.WIDTH / _ACROSS, 15.4, 22.0
    name = f"{model or make_slug(model_title)}-mistakes"
    of = format_count(outcome.images)
    rows = -(-len(shown) // _ACROSS)
    with open_sheet(max(rows * row - 1.5, 10.0)) as sheet:
        overlay = sheet.add_overlay()
        if not shown:
            sheet.write(0.5, 6.0, f"None of the {of} test images was misclassified.")
        for place, mistake in enumerate(shown):
            left = place % _ACROSS * pitch + (pitch - size) / 2
            top = place // _ACROSS * row
            draw_digit(overlay, images[mistake.image], left, top, size)
            digits = f"{mistake.true} → {mistake.predicted}"
            confidence = format_probability(mistake.confidence)
            sheet.write(left, top + size + 3.4, digits, size=style.MEDIUM, weight=style.BOLD)
            sheet.write(left + size, top + size + 3.4, confidence, size=style.SMALL, align="right")
        picture = sheet.render()
    if not shown:
        said = f"The {model_title} classified all {of} test images correctly."
        return Figure(name, picture, said, said)
    total = format_count(len(outcome.mistakes))
    if len(outcome.mistakes) > len(shown):
        which = f"The {len(shown)} most confident of {total} mistakes"
    else:
        which = "The only mistake" if len(shown) == 1 else f"All {total} mistakes"
    caption = (
        f"{which} of the {model_title} on the {of} test images: true → predicted digit, and the "
        "probability that the model gave to its answer."
    )
    named = "; ".join(
        f"{each.true} taken for {each.predicted} with {format_probability(each.confidence)}"
        for each in shown[:_NAMED]
    )
    alt = f"{which} of the {model_title} as pictures, the most confident first: {named}"
    return Figure(name, picture, caption, f"{alt}{'; …' if len(shown) > _NAMED else '.'}")
