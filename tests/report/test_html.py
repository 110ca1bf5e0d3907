import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from mnistreport.errors import TemplateError
from mnistreport.report.context import make_context
from mnistreport.report.document import Document
from mnistreport.report.html import render_html
from mnistreport.report.markdown import Draft, render_markdown
from mnistreport.report.templating import Templates
from tests.report.reports import (
    NOTICE,
    make_small_material,
    read_page,
    write_templates,
)


def digest(text: str) -> str:
    """Return the digest of a text as a policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_it_asks_nobody_for_anything(html: str) -> None:
    """Every picture, font and style is inside; what leads elsewhere is a link that is clicked."""
    page = read_page(html)
    loaded = [value for tag, _, value in page.addresses if tag != "a"]
    assert len(loaded) > 10
    assert [] == [value[:60] for value in loaded if not value.startswith(("#", "data:image/png;"))]
    assert [] == re.findall(r"url\((?!data:|#)[^)]{,60}", html)
    assert [] == re.findall(r"@import|<link|<script |<iframe|<object|<embed|<base", html)
    followed = [value for tag, _, value in page.addresses if tag == "a"]
    assert [] == [value for value in followed if not value.startswith(("#", "https://"))]


def test_its_pictures_ask_nobody_either(document: Document) -> None:
    """No drawing refers to anything outside itself."""
    for name, figure in document.figures.items():
        svg = figure.picture.svg.decode()
        addresses = re.findall(r'(?:href|src)="(?!#|data:)[^"]*"|url\((?!#|data:)[^)]*\)', svg)
        assert [] == addresses, name


def test_a_policy_forbids_what_is_not_there(html: str) -> None:
    """Should a template bring in a script or an address, a browser refuses to load it."""
    [policy] = re.findall(r'http-equiv="Content-Security-Policy"\s+content="([^"]*)"', html)
    rules = dict(rule.split(maxsplit=1) for rule in policy.replace("&#39;", "'").split("; "))
    [style] = re.findall(r"<style>(.*?)</style>", html, flags=re.DOTALL)
    [script] = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    assert {
        "default-src": "'none'",
        "img-src": "data:",
        "font-src": "data:",
        "style-src": f"'sha256-{digest(style)}'",
        "script-src": f"'sha256-{digest(script)}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    } == rules


def test_nothing_has_a_style_of_its_own(html: str) -> None:
    """The policy would forbid it, in drawings as anywhere."""
    page = read_page(html)
    kinds = {*page.inventory, *page.drawn}
    assert [] == [tag for tag, attributes in kinds if "style" in attributes]


def test_an_aligned_column_in_an_insight_has_a_class() -> None:
    """Markdown's own way would be a style attribute."""
    html = render_markdown(Draft("| a |\n| -: |\n| 1 |\n"))
    assert '<td class="align-right">1</td>' in html


def test_no_two_places_have_one_name(html: str) -> None:
    """Figures and tables bring names of their own, which do not collide."""
    page = read_page(html)
    names = Counter([*page.ids, *page.drawn_ids])
    assert [] == [name for name, count in names.items() if count > 1]


def test_every_drawing_says_what_it_shows(html: str, document: Document) -> None:
    """A figure's words for who cannot see it are its accessible name."""
    named = re.findall(r'<svg [^>]*role="img" aria-label="([^"]+)"', html)
    assert len(document.figures) == len(named)


def test_what_a_drawing_refers_to_is_in_it(html: str) -> None:
    """Letters and clippings are found under their new names."""
    for drawing in re.findall(r"<svg .*?</svg>", html, flags=re.DOTALL):
        ids = set(re.findall(r' id="([^"]+)"', drawing))
        used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', drawing))
        assert used
        assert set() == {one or other for one, other in used} - ids


def test_paper_has_pictures_and_no_script(document: Document, templates: Templates) -> None:
    """What the PDF is made of has no use for anything that opens or can be pressed."""
    page = read_page(render_html(document, templates, skin="print"))
    tags = Counter(tag for tag, _ in page.inventory.elements())
    assert len(document.figures) == tags["img"]
    assert 0 == sum(tags[tag] for tag in ("svg", "script", "button", "details"))


def test_the_notice_stands_on_the_first_page(html: str) -> None:
    """Who reads nothing but the title learns that the data is not what it might be."""
    [title_page] = re.findall(r"<header.*?</header>", html, flags=re.DOTALL)
    assert NOTICE in read_page(title_page).text


def test_runs_that_did_not_finish_are_among_the_notices() -> None:
    """A report that lacks runs says so on its first page."""
    material = make_small_material()
    runs = dict(list(material.results.runs.items())[1:])
    lacking = replace(material, results=replace(material.results, runs=runs))
    notices = make_context(lacking).notices
    planned = len(material.results.experiments)
    assert f"1 of {planned} runs did not finish" in notices[1]


def test_accuracies_in_the_tables_are_those_of_the_context(html: str, document: Document) -> None:
    """The page shows the tables' cells, each table under its own anchor."""
    rows = read_page(html).rows
    for table in document.tables.values():
        for row in table.rows:
            assert [" ".join(cell.split()) for cell in row.cells] in [
                [" ".join(cell.split()) for cell in shown] for shown in rows
            ], table.name


def test_a_style_sheet_cannot_end_its_element(tmp_path: Path, document: Document) -> None:
    """A project's style sheet stays one."""
    project = write_templates(tmp_path, {"css/report.css": "/* </style><script>x</script> */"})
    html = render_html(document, Templates(project))
    assert 1 == sum(tag == "script" for tag, _ in read_page(html).inventory.elements())


def test_a_projects_script_is_not_taken(tmp_path: Path, document: Document) -> None:
    """Who opens a report need not trust its authors: the script is always the program's."""
    project = write_templates(tmp_path, {"js/report.js": "alert('mine')"})
    html = render_html(document, Templates(project))
    assert "alert('mine')" not in html
    assert "querySelector" in html


def test_a_section_of_the_projects_own_replaces_the_packaged_one(
    tmp_path: Path, document: Document
) -> None:
    """Its mistakes are told with file and line, as an insight's are."""
    project = write_templates(tmp_path, {"sections/comparison.html.j2": "\n{{ documnt }}"})
    with pytest.raises(TemplateError) as caught:
        render_html(document, Templates(project))
    problem = caught.value.problems[0]
    assert project / "templates" / "sections" / "comparison.html.j2" == problem.file
    assert 2 == problem.line
    assert "did you mean document?" == problem.next_step


def test_a_missing_section_is_told(tmp_path: Path, document: Document) -> None:
    """A page that includes what does not exist is refused."""
    project = write_templates(tmp_path, {"report.html.j2": '{% include "sections/nix.html.j2" %}'})
    with pytest.raises(TemplateError, match=r"there is no template sections/nix\.html\.j2"):
        render_html(document, Templates(project))
