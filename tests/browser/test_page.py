from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from mnistreport.report.context import make_context
from mnistreport.report.document import Document, compose_document
from mnistreport.report.figures.gallery import draw_figures
from mnistreport.report.html import render_html
from mnistreport.report.templating import Templates
from tests.browser.conftest import Open
from tests.report.reports import make_small_material, rename_study

STICKING_OUT = """() => {
    const width = document.documentElement.clientWidth;
    return [...document.querySelectorAll("body *")]
        .filter((each) => each.checkVisibility() && !each.closest("svg *, .scroll *, .skip"))
        .filter((each) => {
            const { left, right } = each.getBoundingClientRect();
            return right > width + 0.5 || left < -0.5;
        })
        .map((each) => each.outerHTML.slice(0, 80));
}"""


COLOURS = ["color-contrast", "link-in-text-block"]
"""Axe's rules that depend on them; all others say the same by night as by day."""


@pytest.mark.parametrize(("scheme", "rules"), [("light", None), ("dark", COLOURS)])
def test_nothing_keeps_anybody_out(open_report: Open, scheme: str, rules: list[str] | None) -> None:
    """Axe finds no fault, by its rules and its best practices, with everything opened."""
    page = open_report(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    chosen = {"runOnly": rules} if rules else {"rules": {"target-size": {"enabled": True}}}
    options = {"resultTypes": ["violations"], **chosen}
    whole = {"exclude": [["svg > *"]]}  # a drawing is one picture, of thousands of lines
    violations = Axe().run(page, whole, options).response["violations"]
    assert [] == [(each["id"], each["nodes"][0]["html"]) for each in violations]


@pytest.fixture(scope="module")
def long_names(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of one study whose title and labels have no place to break."""
    material = make_small_material()
    study = rename_study(material.results.studies[0], "T" * 80, [each * 40 for each in "abcd"])
    material = replace(material, results=replace(material.results, studies=(study,)))
    document = compose_document(make_context(material), material, templates, draw_figures)
    path = tmp_path_factory.mktemp("long") / "report.html"
    path.write_text(render_html(document, templates), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("kind", ["usual", "long names"])
def test_nothing_sticks_out(
    open_report: Open, report: Path, long_names: Path, kind: str, width: int
) -> None:
    """A page is as wide as its window; what is wider scrolls in itself."""
    page = open_report(path=long_names if kind == "long names" else report, width=width)
    page.evaluate("document.querySelectorAll('.origins').forEach((each) => { each.open = true })")
    sizes = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert sizes[0] <= sizes[1]
    assert [] == page.evaluate(STICKING_OUT)


def test_a_page_without_script_is_complete(open_report: Open, document: Document) -> None:
    """Every section, figure and table is there to see, and nothing that cannot be pressed."""
    page = open_report(java_script_enabled=False)
    for section in document.sections:
        assert page.locator(f"[id='{section.anchor}'] > h2").is_visible()
    for name in document.figures:
        assert page.locator(f"[id='figure-{name}'] > svg").is_visible()
    for table in document.tables.values():
        rows = page.locator(f"[id='table-{table.name}'] tbody tr")
        assert len(table.rows) == rows.count()
        assert rows.last.is_visible()
    assert page.locator("nav a").last.is_visible()
    assert 0 == page.locator("button").count()


def test_numbers_lead_to_their_runs_without_script(open_report: Open) -> None:
    """A list below a study's table opens, and leads to the row of each run."""
    page = open_report(java_script_enabled=False)
    origins = page.locator("#study-learning_rate .origins")
    link = origins.locator("dd a").nth(1)
    assert not link.is_visible()
    origins.locator("summary").click()
    link.click()
    assert link.get_attribute("href") == page.evaluate("location.hash")
    target = page.locator(":target")
    assert "1" == target.locator("td").nth(3).inner_text()  # the second seed
    assert page.evaluate("document.querySelector(':target').getBoundingClientRect().top") < 900


def test_a_levels_row_leads_to_its_first_run(open_report: Open) -> None:
    """Its first cell is a link."""
    page = open_report()
    page.locator("#table-learning_rate-levels tbody a").first.click()
    assert "0.001" in page.locator("tr:target td").nth(1).inner_text()


def test_figures_are_as_dark_as_the_page(open_report: Open) -> None:
    """Their paper is the page's own, and their ink light on it."""
    page = open_report(color_scheme="dark")
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    fills = page.evaluate(
        "[...document.querySelectorAll('#figure-ranking path[fill], #figure-ranking g[fill]')]"
        ".map((each) => getComputedStyle(each).fill)"
    )
    assert paper == fills[0]
    assert "rgb(34, 38, 42)" not in fills
    assert "rgb(255, 255, 255)" not in fills


def test_on_paper_there_is_nothing_to_press(open_report: Open) -> None:
    """Printed from the browser, the page is light, and has neither contents nor buttons."""
    page = open_report(color_scheme="dark")
    page.emulate_media(media="print")
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert "rgb(255, 255, 255)" == ground
    for selector in ("nav", ".enlarge", ".origins", ".theme"):
        assert not page.locator(selector).first.is_visible(), selector
