"""Templates that try to get out, and what they are made into: by the ways that a user takes.

The tests in `tests/report` run the same tables in this process, one wall at a time; here all walls
stand, and time and memory are measured.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mnistreport.errors import ExitCode, MnistReportError
from mnistreport.report.context import make_context
from mnistreport.report.document import Document
from mnistreport.report.html import render_html
from mnistreport.report.material import Material
from mnistreport.report.pdf import render_pdf
from mnistreport.report.templating import Templates
from mnistreport.resources import PROJECT_FILES
from tests.commands import call_command
from tests.report.bombs import BOMBS
from tests.report.payloads import CANARY, ESCAPES
from tests.report.rendering_payloads import CANARY as SONG
from tests.report.rendering_payloads import RENDERINGS, read_streams, watch_secrets
from tests.report.reports import make_material, write_templates
from tests.report.undrawn import compose_undrawn
from tests.torture.rounds import drive

MANIFEST = """\
[data]
source = "digits"

[training]
learning_rate = 0.02
epochs = 1
seeds = [0]

[models.mlp]
kind = "mlp"
neurons = 4

[[studies]]
name = "batch_size"
model = "mlp"
factor = "batch_size"
levels = [64, 128]
"""
EVERY = 7
"""Of the payloads, each such one is taken through the command line: that takes a second."""

Note = Callable[[str, object], None]


@pytest.fixture(scope="module")
def material() -> Material:
    """Results that nobody trained."""
    return make_material()


@pytest.fixture(scope="module")
def document(material: Material) -> Document:
    """Their report, with nothing drawn."""
    return compose_undrawn(make_context(material), material, Templates(PROJECT_FILES))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was built."""
    folder = tmp_path_factory.mktemp("built") / "project"
    folder.mkdir()
    (folder / "experiments.toml").write_text(MANIFEST)
    told = call_command("build", "--manifest", folder / "experiments.toml", "--jobs", 1)
    assert 0 == told.code, told.err
    return folder


def read_files(folder: Path) -> dict[str, bytes]:
    """Return every file of a project but locks and what a build keeps for itself."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and ".mnistreport" not in path.parts
    }


def test_no_bomb_does_harm(record_property: Note) -> None:
    """Exit code 4 within ten seconds and 1 GB, with the file; what it had begun is gone."""
    counts = drive("bomb_rounds")
    assert len(BOMBS) == counts["defused"]
    record_property("template bombs defused", counts["defused"])
    record_property("longest template bomb, ms", counts["longest, ms"])
    record_property("largest template bomb, MB", counts["largest, MB"])


def test_commands_let_nothing_out(
    tmp_path: Path, built: Path, monkeypatch: pytest.MonkeyPatch, record_property: Note
) -> None:
    """``render`` ends in one line and exit code 4; all files are as they were."""
    secret = tmp_path / "secret"
    secret.write_text(CANARY)
    monkeypatch.setenv("A_TOKEN", CANARY)
    tried = ESCAPES[::EVERY]
    for number, payload in enumerate(tried):
        project = shutil.copytree(built, tmp_path / str(number))
        payload.write(project, secret)
        before = read_files(project)
        told = call_command("render", "--no-pdf", "--manifest", project / "experiments.toml")
        if payload.is_inert:
            assert told.code in {ExitCode.DONE, ExitCode.INCOMPLETE}, (payload.name, told.err)
        else:
            lines = [line for line in told.err.splitlines() if "error: " in line]
            assert (ExitCode.RENDERING, 1) == (told.code, len(lines)), (payload.name, told.err)
            assert before == read_files(project), payload.name
        assert "Traceback" not in told.err, payload.name
        made = b"".join(read_files(project / "output").values())
        assert CANARY not in told.err + told.out, payload.name
        assert CANARY.encode() not in made, payload.name
        assert CANARY == secret.read_text(), payload.name
    record_property("template payloads through the command line", len(tried))
    record_property("template payloads in all", len(BOMBS) + len(ESCAPES))


def lay_out(html: str) -> tuple[bytes, MnistReportError | None]:
    """Return the PDF of a page, or why there is none."""
    try:
        return render_pdf(html), None
    except MnistReportError as error:
        return b"", error


def test_no_page_gets_anything(tmp_path: Path, document: Document, record_property: Note) -> None:
    """Through the process that lays out: no request, no byte of the secret, one line or a PDF."""
    head = '<!DOCTYPE html><html lang="en"><head><title>a</title></head><body><h1>a</h1>'
    pages = [each for each in RENDERINGS if each.place == "page"]
    refused = 0
    with watch_secrets(tmp_path / "secrets") as watch:
        for number, payload in enumerate(pages):
            page = f"{head}{{% raw %}}{watch.spell(payload.text)}{{% endraw %}}"
            project = write_templates(tmp_path / str(number), {"report.html.j2": page})
            html = render_html(document, Templates(project), skin="print")
            pdf, error = lay_out(html)
            assert [] == [each for each in watch.touched if "asked" in each], payload.name
            assert SONG not in html, payload.name
            if error is None:
                found = [each for each in read_streams(pdf) if SONG.encode() in each]
                assert [] == found, payload.name
            else:
                assert ExitCode.RENDERING == error.exit_code, payload.name
                assert "\n" not in str(error), payload.name
                refused += 1
    record_property("pages that want something from outside", len(pages))
    record_property("of these refused with one line", refused)
    record_property("rendering payloads in all", len(RENDERINGS))
