"""What a figure is to the rest of the report: a picture, what to see in it, the same in words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing; the same bytes for the same results.

    Attributes:
        svg: A self-contained SVG document, UTF-8, without style sheet or style attributes.
        png: The same in pixels, for slides and word processors.
    """

    svg: bytes
    png: bytes


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn figure.

    Attributes:
        name: Safe file name without suffix, such as ``learning_rate-curves``; unique in a report.
        picture: The drawing.
        caption: Plain text, one to three sentences: what is shown, and what to see.
        alt: Plain text for who cannot see it, with the main numbers.
    """

    name: str
    picture: Picture
    caption: str
    alt: str
