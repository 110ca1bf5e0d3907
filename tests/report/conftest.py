"""One report of made-up results, drawn and rendered once for all tests of this room."""

from dataclasses import replace
from pathlib import Path

import pytest

from mnistreport.report.context import make_context
from mnistreport.report.document import Document, compose_document
from mnistreport.report.figures.gallery import draw_figures
from mnistreport.report.html import render_html
from mnistreport.report.material import Material
from mnistreport.report.pdf import render_pdf
from mnistreport.report.records import RubricVerdict
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from mnistreport.resources import PROJECT_FILES
from tests.report.paper import read_pages
from tests.report.reports import make_material

RUBRIC = (
    RubricVerdict("Some curves", 4, "loss_curves", is_met=True, where="Section 3, Figure 3"),
    RubricVerdict("Our words", 6, "insights", is_met=False, where="missing: words; write some"),
)


@pytest.fixture(scope="session")
def material() -> Material:
    """The usual results: every run finished, three seeds."""
    return make_material()


@pytest.fixture(scope="session")
def context(material: Material) -> ReportContext:
    """What templates see of them, and of a rubric with a line that is met and one that is not."""
    return replace(make_context(material), rubric=RUBRIC)


@pytest.fixture(scope="session")
def templates() -> Templates:
    """The shipped templates, insights included, as in a project that was just started."""
    return Templates(PROJECT_FILES)


@pytest.fixture(scope="session")
def document(context: ReportContext, material: Material, templates: Templates) -> Document:
    """The report, drawn."""
    return compose_document(context, material, templates, draw_figures)


@pytest.fixture(scope="session")
def html(document: Document, templates: Templates) -> str:
    """The report as HTML."""
    return render_html(document, templates)


@pytest.fixture(scope="session")
def pdf(document: Document, templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report as PDF, in a file."""
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    path.write_bytes(render_pdf(render_html(document, templates, skin="print")))
    return path


@pytest.fixture(scope="session")
def pdf_pages(pdf: Path) -> list[str]:
    """The text of each page of the PDF, as it is laid out."""
    return read_pages(pdf)
