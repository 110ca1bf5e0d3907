"""A project that somebody else hands over: what lies in its output is not believed."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from mnistreport.report import pdf
from mnistreport.report.context import make_context
from mnistreport.report.figures import gallery
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.folder import FigureFolder
from mnistreport.report.figures.gallery import draw_figures
from mnistreport.report.figures.plan import PlannedFigure, plan_figures
from mnistreport.report.material import Material
from mnistreport.report.publication import Publication, publish_report
from mnistreport.report.stamp import Stamp, digest_program, save_stamp
from tests.report.reports import make_small_material

EVIL = b"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" stroke-linejoin="round" \
stroke-linecap="butt"><foreignObject><meta xmlns="http://www.w3.org/1999/xhtml" \
http-equiv="refresh" content="0;url=http://evil.example"/></foreignObject></svg>"""
LIE = "Every digit was recognised."


@pytest.fixture(scope="module")
def small() -> Material:
    """A report with few figures."""
    return make_small_material()


@pytest.fixture(scope="module")
def drawn(small: Material) -> Mapping[str, Figure]:
    """Its figures."""
    return draw_figures(plan_figures(make_context(small), small))


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, drawn: Mapping[str, Figure]) -> list[str]:
    """Draw figures once, lay no page out, and list the figures that a test has drawn."""
    names: list[str] = []

    def draw(planned: Sequence[PlannedFigure]) -> Mapping[str, Figure]:
        names.extend(each.name for each in planned)
        return {each.name: drawn[each.name] for each in planned}

    monkeypatch.setattr(gallery, "draw_figures", draw)
    monkeypatch.setattr(pdf, "render_pdf", lambda page, **_: b"%PDF-" + page.encode())
    return names


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Where documents go."""
    return tmp_path / "output"


@pytest.fixture
def publish(small: Material, tmp_path: Path, output: Path) -> Callable[[], Publication]:
    """Publish the small report."""
    return lambda: publish_report(small, tmp_path, output, notebook=False)


@pytest.fixture
def hand_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """Go on as another user."""
    return lambda: monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))


def forge(output: Path, changes: Mapping[str, bytes]) -> None:
    """Change documents, and every digest of them that lies in the folder."""
    index = json.loads((output / "figures" / "figures.json").read_bytes())
    stamp = json.loads((output / ".build.json").read_bytes())
    for name, content in changes.items():
        (output / name).write_bytes(content)
        stamp["documents"][name] = _digest(content)
        for entry in index["figures"]:
            if name == f"figures/{entry['name']}.svg":
                entry |= {"svg": _digest(content), "caption": LIE, "alt": LIE}
    text = json.dumps(index).encode()
    (output / "figures" / "figures.json").write_bytes(text)
    stamp["documents"]["figures/figures.json"] = _digest(text)
    (output / ".build.json").write_text(json.dumps(stamp))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_forged_drawing_and_caption_get_into_no_report(
    publish: Callable[[], Publication], output: Path, asked: list[str]
) -> None:
    """Fitting digests beside a drawing and its words make nothing true: it is drawn again."""
    publish()
    good = (output / "report.html").read_bytes()
    forge(output, {"figures/class-balance.svg": EVIL})
    (output / "report.html").unlink()
    asked.clear()
    assert publish().fresh
    assert "class-balance" in asked
    page = (output / "report.html").read_bytes()
    assert b"evil.example" not in page
    assert LIE.encode() not in page
    assert good == page


def test_what_is_no_drawing_gets_into_no_report_even_if_it_is_signed(
    publish: Callable[[], Publication], output: Path
) -> None:
    """Whatever drew it, and whoever has the key: a page holds plain drawings only."""
    publish()
    forge(output, {"figures/class-balance.svg": EVIL})
    note = json.loads((output / ".build.json").read_bytes())
    del note["signature"]
    save_stamp(output, TypeAdapter(Stamp).validate_python(note))
    (output / "report.html").unlink()
    assert publish().fresh
    page = (output / "report.html").read_bytes()
    assert b"evil.example" not in page
    assert LIE.encode() not in page


def test_a_forged_report_is_not_kept(publish: Callable[[], Publication], output: Path) -> None:
    """A note that fits a forged page does not make it a report of what there is now."""
    publish()
    good = (output / "report.html").read_bytes()
    forge(output, {"report.html": good.replace(b"</main>", LIE.encode() + b"</main>")})
    assert publish().fresh
    assert good == (output / "report.html").read_bytes()


def test_a_forged_table_is_not_kept(publish: Callable[[], Publication], output: Path) -> None:
    """Nor a table of runs, which a notebook reads."""
    publish()
    good = (output / "runs.csv").read_bytes()
    forge(output, {"runs.csv": b"seed,validation_accuracy\n0,1.0\n"})
    publish()
    assert good == (output / "runs.csv").read_bytes()


def test_what_another_user_made_is_made_again(
    publish: Callable[[], Publication],
    output: Path,
    asked: list[str],
    hand_over: Callable[[], None],
) -> None:
    """Untouched as it may be, nothing shows that it is; the documents come out the same."""
    publish()
    before = {path: path.read_bytes() for path in output.glob("*.*")}
    names = list(asked)
    asked.clear()
    hand_over()
    assert publish().fresh
    assert names == asked
    assert {path.name for path in before} == {path.name for path in output.glob("*.*")}
    asked.clear()
    assert not publish().fresh


def test_a_preview_believes_no_forged_drawing(
    small: Material, publish: Callable[[], Publication], output: Path, asked: list[str]
) -> None:
    """What a preview shows is looked up like what a build writes."""
    publish()
    forge(output, {"figures/class-balance.svg": EVIL})
    asked.clear()
    planned = plan_figures(make_context(small), small)
    figures = FigureFolder(output / "figures", digest_program()).draw(planned)
    assert [each.name for each in planned] == asked
    assert EVIL != figures["class-balance"].picture.svg
