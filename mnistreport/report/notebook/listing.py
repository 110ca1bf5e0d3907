"""What a notebook shows, in order, so that its prose can say where: its own figures and tables."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mnistreport.report.lookups import unknown_name
from mnistreport.report.outline import Outline
from mnistreport.report.views import ReportContext
from mnistreport.report.wording import Prose

LIVE: Final = "live"
"""Name of the figure of the training that happens in the notebook."""
VARIANTS: Final = "variants"
"""Name of the table of all of them."""
SPACE: Final = "\u00a0"


@dataclass(frozen=True)
class Listing:
    """Figures and tables of the notebook, numbered apart from the report's.

    Attributes:
        figures: Names, in the order of their numbers.
        tables: Likewise.
        report: Where the others stand.
    """

    figures: tuple[str, ...]
    tables: tuple[str, ...]
    report: Outline = field(repr=False)

    def number(self, name: str) -> str:
        """Return ``Figure 3`` or ``Table 2``, for a name that the notebook has."""
        word, names = ("Figure", self.figures) if name in self.figures else ("Table", self.tables)
        return f"{word}{SPACE}{names.index(name) + 1}"

    def refer(self, name: str) -> Prose:
        """Return where a figure or table is, in the notebook or else in the report."""
        if name in self.figures or name in self.tables:
            return Prose(self.number(name))
        for word, names in (("Figure", self.report.figures), ("Table", self.report.tables)):
            if name in names:
                return Prose(f"{word}{SPACE}{names.index(name) + 1} of the report")
        raise unknown_name(name, (*self.report.figures, *self.report.tables), "figure or table")


def list_shown(context: ReportContext, report: Outline, *, is_live: bool) -> Listing:
    """List what the notebook of a report shows; ``is_live`` if it trains a baseline."""
    figures = _list_figures(context, is_live=is_live)
    return Listing(tuple(figures), tuple(_list_tables(context)), report)


def _list_figures(context: ReportContext, *, is_live: bool) -> Iterator[str]:
    yield "samples"
    if is_live:
        yield LIVE
    for model in context.models:
        yield f"{model.name}-baseline"
    for study in context.studies:
        yield f"{study.slug}-curves"
        yield f"{study.slug}-factor"
    for final in context.finals:
        yield f"{final.model}-confusion"
        yield f"{final.model}-mistakes"


def _list_tables(context: ReportContext) -> Iterator[str]:
    yield "splits"
    for study in context.studies:
        yield f"{study.slug}-levels"
    yield VARIANTS
    for final in context.finals:
        yield f"{final.model}-digits"
