"""Reports whose figures show nothing: drawing takes seconds, and says nothing about words."""

from collections.abc import Mapping, Sequence
from typing import Final

from mnistreport.report.document import Document, compose_document
from mnistreport.report.figures.figure import Figure, Picture
from mnistreport.report.figures.plan import PlannedFigure
from mnistreport.report.material import Material
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext

_EMPTY: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" viewBox="0 0 9 9" '
    b'stroke-linejoin="round" stroke-linecap="butt"/>'
)


def draw_nothing(planned: Sequence[PlannedFigure]) -> Mapping[str, Figure]:
    """Return figures that show nothing."""
    return {
        each.name: Figure(each.name, Picture(_EMPTY, b""), "caption", "alt") for each in planned
    }


def compose_undrawn(context: ReportContext, material: Material, templates: Templates) -> Document:
    """Return a report with such figures."""
    return compose_document(context, material, templates, draw_nothing)
