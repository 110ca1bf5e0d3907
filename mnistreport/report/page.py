"""What the templates of the page may see: the document as plain values, and no way to a file.

A document knows the files that its words stand in, the data set and its folder. Whoever writes a
template is shown none of that: a ``Path`` reads, writes and removes, and an array writes. Nor are
drawings among it, which are large.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from mnistreport.report.outline import Section
from mnistreport.report.records import Change
from mnistreport.report.tables import Table
from mnistreport.report.views import ReportContext

if TYPE_CHECKING:  # the process for templates, which needs the classes here, loads less without
    from mnistreport.report.document import Document


@dataclass(frozen=True, slots=True)
class FigureOnPage:
    """A figure; attributes as those of ``Figure``."""

    name: str
    caption: str
    alt: str


@dataclass(frozen=True, slots=True)
class ClaimOnPage:
    """A claim; attributes as those of ``Claim``."""

    condition: str
    holds: bool
    words: str
    refutation: str


@dataclass(frozen=True, slots=True)
class StaleOnPage:
    """A study whose words are stale; attributes as those of ``Stale``."""

    slug: str
    title: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class PageView:
    """A document as its page sees it; attributes as those of ``Document``."""

    context: ReportContext
    sections: tuple[Section, ...]
    figures: Mapping[str, FigureOnPage]
    tables: Mapping[str, Table]
    prose: Mapping[str, Markup]
    claims: tuple[ClaimOnPage, ...]
    refuted: tuple[Section, ...]
    stale: tuple[StaleOnPage, ...]

    def number_figure(self, name: str) -> int:
        """Return the figure's number, from 1."""
        return list(self.figures).index(name) + 1

    def number_table(self, name: str) -> int:
        """Return the table's number, from 1."""
        return list(self.tables).index(name) + 1


def view_page(document: "Document") -> PageView:
    """Return what a page may see of a document."""
    return PageView(
        document.context,
        document.sections,
        {
            name: FigureOnPage(each.name, each.caption, each.alt)
            for name, each in document.figures.items()
        },
        document.tables,
        document.prose,
        tuple(
            ClaimOnPage(each.condition, each.holds, each.words, each.refutation)
            for each in document.claims
        ),
        document.refuted,
        tuple(StaleOnPage(each.slug, each.title, each.changes) for each in document.stale),
    )
