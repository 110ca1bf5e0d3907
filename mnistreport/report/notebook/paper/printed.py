"""A notebook's cells as they stand on paper."""

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class PrintedOutput:
    """What a cell brought forth.

    Attributes:
        kind: ``html``, ``picture``, ``words`` or ``stream``.
        prompt: Such as ``Out [3]``; empty if it is no cell's value.
        html: What is shown.
    """

    kind: str
    prompt: str
    html: Markup


@dataclass(frozen=True, slots=True)
class PrintedCell:
    """A cell on paper.

    Attributes:
        kind: ``text``, ``code`` or ``raw``; ``text figure-words`` or ``text table-words`` for the
            caption of a figure or table.
        prompt: Such as ``In [3]``; empty if it is no code.
        html: Its words or its code.
        is_short: Whether its code is not torn.
        outputs: Of a code cell.
    """

    kind: str
    prompt: str
    html: Markup
    is_short: bool = False
    outputs: tuple[PrintedOutput, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether it holds Markdown."""
        return self.kind.startswith("text")
