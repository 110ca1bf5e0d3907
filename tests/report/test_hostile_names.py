"""Whatever things are called, a report has the same elements with the same attributes."""

import base64
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mnistreport.report.context import make_context
from mnistreport.report.document import compose_document
from mnistreport.report.figures.gallery import draw_figures
from mnistreport.report.html import render_html
from mnistreport.report.material import Material
from mnistreport.report.notebook.composition import compose_notebook
from mnistreport.report.notebook.paper.pdf import render_page
from mnistreport.report.records import Change, RubricVerdict
from mnistreport.report.staleness import Stale
from mnistreport.report.templating import Templates
from mnistreport.study.manifest import Author, ReportInfo
from tests.report.reports import INFO, Page, make_small_material, read_page, rename_study

HOSTILE = (
    "<script>alert(1)</script>",
    '" onload="alert(1)',
    "'><img src=x onerror=alert(1)>",
    "![a](http://127.0.0.1:9/a)",
    "[a](https://example.org)",
    "**a** `b` {{ 7 * 7 }}",
    "</title></style></section><b>",
    "]]> --> &lt;i&gt;",
)
HARMLESS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
DRAWN = {"g", "path", "use", "defs", "clippath", "rect", "image", "title"}
PRINTED = {*DRAWN - {"clippath"}, "clipPath", "svg", "text"}


@dataclass(frozen=True)
class Renamed:
    """A report with names.

    Attributes:
        screen: Its page.
        paper: What its PDF is made of.
        notebook: What the PDF of its notebook is made of, before it is run.
        drawings: The pictures in ``paper``.
    """

    screen: Page
    paper: Page
    notebook: Page
    drawings: tuple[str, ...]

    @property
    def pages(self) -> dict[str, Page]:
        """All pages."""
        return {"screen": self.screen, "paper": self.paper, "notebook": self.notebook}


def rename(material: Material, names: tuple[str, ...]) -> Material:
    """Put names into every place that a manifest, a data set and a stored run have for them."""
    title, label, other, another, one_more, author, subtitle, course = names
    results = material.results
    study = rename_study(results.studies[0], title, (label, other, another, one_more))
    info = ReportInfo(
        title, subtitle, course, (Author(author, label), Author(other, another)), INFO.language
    )
    runs = dict(results.runs)
    for place, (name, run) in enumerate(results.runs.items()):
        where = replace(run.circumstances, torch=other, processor=names[place % len(names)])
        runs[name] = replace(run, circumstances=where, reason=names[place % len(names)])
    unfinished = results.studies[0].levels[-1].summary.runs[1].fingerprint
    runs[unfinished] = replace(runs[unfinished], status="failed", history=())
    return replace(
        material,
        manifest=replace(material.manifest, report=info, path=Path(label.replace("/", "\u2215"))),
        digits=replace(material.digits, title=title, origin=other, notice=label),
        results=replace(results, studies=(study,), runs=runs),
        reads=tuple(
            replace(each, setting=one_more, read_at=author, rule=label) for each in material.reads
        ),
    )


def find_drawings(html: str) -> Iterator[str]:
    """Yield the pictures of a page that are drawings."""
    for content in re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', html):
        yield base64.b64decode(content).decode()


def render(names: tuple[str, ...], templates: Templates) -> Renamed:
    """Render everything, some words stale and a requirement not met."""
    material = rename(make_small_material(), names)
    verdict = RubricVerdict(names[0], 1, "curves", is_met=False, where=f"missing: {names[1]}")
    context = replace(make_context(material), rubric=(verdict,))
    slug = context.studies[0].slug
    stale = (Stale(slug, names[0], Path(), (Change(names[1], names[2], names[3]),)),)
    document = compose_document(context, material, templates, draw_figures, stale=stale)
    paper = render_html(document, templates, skin="print")
    notebook = compose_notebook(context, material, templates)
    printed = render_page(notebook, templates, title=names[0], language="en")
    screen = render_html(document, templates)
    pages = (read_page(each) for each in (screen, paper, printed))
    return Renamed(*pages, tuple(find_drawings(paper)))


@pytest.fixture(scope="module")
def hostile(templates: Templates) -> Renamed:
    """A report in which every name is an attack."""
    return render(HOSTILE, templates)


@pytest.fixture(scope="module")
def harmless(templates: Templates) -> Renamed:
    """The same with other names."""
    return render(HARMLESS, templates)


@pytest.mark.parametrize("kind", ["screen", "paper", "notebook"])
def test_they_make_no_element_and_no_attribute(
    hostile: Renamed, harmless: Renamed, kind: str
) -> None:
    """The same elements with the same attributes, as often, under the same names."""
    ours, theirs = hostile.pages[kind], harmless.pages[kind]
    assert theirs.inventory.total() > 200
    assert Counter() == ours.inventory - theirs.inventory
    assert Counter() == theirs.inventory - ours.inventory
    assert theirs.ids == ours.ids


def test_they_do_not_get_into_a_drawing(hostile: Renamed, harmless: Renamed) -> None:
    """Drawings hold nothing but what is drawn, on the screen and on paper."""
    assert DRAWN >= {tag for tag, _ in hostile.screen.drawn}
    names = {name for _, attributes in hostile.screen.drawn for name in attributes}
    assert {name for _, attributes in harmless.screen.drawn for name in attributes} >= names
    drawings = map(ET.fromstring, hostile.drawings)
    elements = [each for drawing in drawings for each in drawing.iter()]
    assert PRINTED >= {each.tag.rpartition("}")[2] for each in elements}
    attributes = {name for each in elements for name in each.attrib}
    assert [] == [name for name in attributes if name.startswith("on") or name == "src"]
    addresses = {v for each in elements for name, v in each.attrib.items() if "href" in name}
    assert [] == [each for each in addresses if not each.startswith(("#", "data:image/png;"))]
    assert len(harmless.drawings) == len(hostile.drawings) > 5


@pytest.mark.parametrize("kind", ["screen", "paper", "notebook"])
def test_they_lead_nowhere(hostile: Renamed, harmless: Renamed, kind: str) -> None:
    """No name becomes an address."""
    ours, theirs = (
        [value for tag, _, value in each.pages[kind].addresses if tag == "a"]
        for each in (hostile, harmless)
    )
    assert theirs == ours


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["screen", "paper"])
def test_they_are_shown_as_they_are(hostile: Renamed, kind: str, name: str) -> None:
    """A name is printed with every character, and nothing in it is carried out."""
    assert " ".join(name.split()) in hostile.pages[kind].text
