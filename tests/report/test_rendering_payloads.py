"""Whatever a report is made of, making it asks nobody, and reads nothing that it was not given."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from weasyprint import HTML

from mnistreport.errors import ExitCode, MnistReportError
from mnistreport.report.context import make_context
from mnistreport.report.document import Document
from mnistreport.report.html import render_html
from mnistreport.report.insights import common_values, name_insight, render_insight
from mnistreport.report.material import Material
from mnistreport.report.notebook.paper.pdf import render_page
from mnistreport.report.pdf import lay_out_pdf
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from mnistreport.study.manifest import Author, ReportInfo
from tests.report.notebooks import make_hostile
from tests.report.rendering_payloads import (
    CANARY,
    RENDERINGS,
    Rendering,
    Watch,
    read_streams,
    watch_secrets,
)
from tests.report.reports import find_view, rename_study, write_templates
from tests.report.undrawn import compose_undrawn

PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>{{{{ report.title }}}}</title>{style}</head><body><h1>a</h1>
{names}{{{{ document.prose["study-learning_rate"] }}}}{text}</body></html>"""
NAMES = """<p title="{{ report.title }}">{{ report.title }} {{ report.course }}
{% for study in report.studies %}{{ study.title }} {{ study.levels[0].label }}{% endfor %}</p>"""
SLUG = "learning_rate"
INSIGHT = name_insight(SLUG)
STYLE = "<style>{{ style }}</style>"

Made = tuple[str, bytes]
Make = Callable[[Rendering], Made]


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """Secrets, and who watches over them."""
    with watch_secrets(tmp_path_factory.mktemp("secrets") / "outside") as watch:
        yield watch


@pytest.fixture(scope="module")
def plain(context: ReportContext, material: Material, templates: Templates) -> Document:
    """A report in which nothing is hostile."""
    return compose_undrawn(context, material, templates)


@pytest.fixture
def make(
    watch: Watch,
    material: Material,
    plain: Document,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Make:
    """Make the page for the screen and the PDF of something hostile; their fonts are left out."""
    for place in ("html", "notebook.paper.pdf"):
        monkeypatch.setattr(f"mnistreport.report.{place}.embed_fonts", lambda _: "")

    def make(payload: Rendering) -> Made:
        text, place = watch.spell(payload.text), payload.place
        if place == "cell":
            notebook = make_hostile(text)
            page = render_page(notebook, Templates(tmp_path), title="a", language="en")
            return "", lay_out_pdf(page)
        page = PAGE.format(
            style=STYLE if place == "style" else "",
            names=NAMES if place == "name" else "",
            text=f"{{% raw %}}{text}{{% endraw %}}" if place == "page" else "",
        )
        files = {"report.html.j2": page, INSIGHT: text if place == "insight" else "Words."}
        if place == "style":
            files |= {"css/report.css": text, "css/screen.css": "", "css/print.css": ""}
        templates = Templates(write_templates(tmp_path, files))
        document = plain
        if place == "name":
            named = name_everything(material, text)
            document = compose_undrawn(make_context(named), named, templates)
        elif place == "insight":
            study = find_view(plain.context, SLUG)
            words = render_insight(templates, common_values(plain.context, str), study).html
            document = replace(plain, prose={**plain.prose, f"study-{SLUG}": words})
        html = render_html(document, templates)
        return html, lay_out_pdf(render_html(document, templates, skin="print"))

    return make


def name_everything(material: Material, name: str) -> Material:
    """Give everything that a manifest names this name."""
    results = material.results
    studies = tuple(
        rename_study(each, name, [name + str(number) for number, _ in enumerate(each.levels)])
        for each in results.studies
    )
    info = ReportInfo(name, name, name, (Author(name, name),), "en")
    return replace(
        material,
        manifest=replace(material.manifest, report=info),
        digits=replace(material.digits, title=name, origin=name, notice=name),
        results=replace(results, studies=studies),
    )


@pytest.mark.parametrize(
    "payload", RENDERINGS, ids=[f"{each.place}, {each.name}" for each in RENDERINGS]
)
def test_nothing_from_outside_is_read(make: Make, watch: Watch, payload: Rendering) -> None:
    """It has no effect, or ends in one line and exit code 4; either way nobody was asked."""
    watch.touched.clear()
    try:
        html, pdf = make(payload)
    except MnistReportError as error:
        html, pdf, refusal = "", b"", error
    else:
        refusal = None
    assert [] == watch.touched
    if refusal is None:
        assert CANARY not in html
        assert [] == [each for each in read_streams(pdf) if CANARY.encode() in each]
    else:
        assert ExitCode.RENDERING == refusal.exit_code
        assert "\n" not in str(refusal)
        assert CANARY not in str(refusal)


def test_what_watches_would_notice(watch: Watch) -> None:
    """Without this program's care, a page reads the file, asks the server and takes both along."""
    watch.touched.clear()
    page = '<link rel="attachment" href="{file}.txt"><img src="{web}.svg">'
    pdf = HTML(string=watch.spell(page)).write_pdf()
    assert any("secret.txt" in each for each in watch.touched)
    assert any("asked for /secret.svg" in each for each in watch.touched)
    assert any(CANARY.encode() in each for each in read_streams(pdf))


def test_a_link_is_followed_by_nobody_but_a_reader(
    make: Make, watch: Watch, tmp_path: Path
) -> None:
    """What a page links to is not attached, and nothing happens when a PDF is opened."""
    [links] = (each for each in RENDERINGS if (each.place, each.name) == ("page", "links"))
    path = tmp_path / "links.pdf"
    watch.touched.clear()
    path.write_bytes(make(links)[1])
    assert [] == watch.touched
    with pikepdf.open(path) as file:
        assert set() == {"/OpenAction", "/AA", "/AF"} & set(file.Root.keys())
        assert {} == dict(file.attachments)
        notes = [note for page in file.pages for note in page.get("/Annots", [])]
    assert {"/URI"} == {str(note.A.S) for note in notes}
