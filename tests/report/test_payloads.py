"""Hostile templates: each ends in one line with its place, and nothing outside is read or made."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mnistreport.errors import ExitCode, TemplateError
from mnistreport.report.claims import Claim
from mnistreport.report.document import Document
from mnistreport.report.html import render_html
from mnistreport.report.insights import common_values, render_insight
from mnistreport.report.material import Material
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from tests.report.payloads import CANARY, ESCAPES, INSIGHT, PAGE, SLUG, Payload
from tests.report.reports import find_view
from tests.report.undrawn import compose_undrawn

State = Mapping[str, tuple[int, int]]


def read_state(folder: Path) -> State:
    """Return size and time of change of everything below a folder."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture(scope="module")
def undrawn(material: Material, context: ReportContext, templates: Templates) -> Document:
    """The report with figures that show nothing, and a claim."""
    claim = Claim(Path(__file__), 1, "a == b", holds=False, evidence=(), words="A is b.")
    document = compose_undrawn(context, material, templates)
    return replace(document, claims=(claim,))


def render(payload: Payload, project: Path, document: Document) -> str:
    """Render what of a report has the payload in it."""
    templates = Templates(project)
    if payload.place == PAGE:
        file = project / "templates" / INSIGHT
        claims = tuple(replace(each, file=file) for each in document.claims)
        return render_html(replace(document, claims=claims), templates)
    study = find_view(document.context, SLUG)
    return str(render_insight(templates, common_values(document.context, str), study).html)


@pytest.mark.parametrize("payload", ESCAPES, ids=[each.name for each in ESCAPES])
def test_a_template_gets_at_nothing(payload: Payload, tmp_path: Path, undrawn: Document) -> None:
    """Exit code 4, file and line; or a text without the secret. No file is made."""
    secret = tmp_path / "secret"
    secret.write_text(CANARY)
    project = tmp_path / "project"
    payload.write(project, secret)
    before = read_state(tmp_path)
    said = ""
    if payload.is_inert:
        said = render(payload, project, undrawn)
    else:
        with pytest.raises(TemplateError) as caught:
            render(payload, project, undrawn)
        said = str(caught.value)
        assert ExitCode.RENDERING == caught.value.exit_code
        [problem] = caught.value.problems
        assert "\n" not in said
        assert problem.file is not None
        if "there is no template" not in said:
            assert problem.file.is_relative_to(project / "templates")
            assert problem.line or problem.file != project / "templates" / payload.place
    assert CANARY not in said
    assert os.environ["PATH"] not in said
    assert "root:" not in said
    assert before == read_state(tmp_path)
    assert CANARY == secret.read_text()
