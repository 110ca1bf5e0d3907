import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from mnistreport.analysis import frames
from mnistreport.report import pdf
from mnistreport.report.context import make_context
from mnistreport.report.figures import gallery
from mnistreport.report.figures.figure import Figure, Picture
from mnistreport.report.figures.folder import FigureFolder
from mnistreport.report.figures.plan import PlannedFigure, plan_figures
from mnistreport.report.material import Material
from mnistreport.report.publication import publish_report
from mnistreport.report.stamp import digest_program
from mnistreport.study.manifest import Author
from tests.report.reports import INFO, make_small_material, write_templates

INSIGHT = "insights/dropout_layer_norm.md.j2"


@pytest.fixture(scope="module")
def small() -> Material:
    """A report with few figures."""
    return make_small_material()


@pytest.fixture(scope="module")
def names(small: Material) -> list[str]:
    """The names of its figures, in order."""
    return [each.name for each in plan_figures(make_context(small), small)]


@pytest.fixture(scope="module")
def published(small: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a build, with every figure really drawn."""
    folder = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "render_pdf", lambda page, **_: b"%PDF-" + page.encode())
        publish_report(small, folder, folder / "output", notebook=False)
    return folder / "output"


@pytest.fixture
def output(published: Path, tmp_path: Path) -> Path:
    """A copy of that output, for a test to do with as it likes."""
    return Path(shutil.copytree(published, tmp_path / "output"))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the figures that were drawn since the test began."""
    names: list[str] = []
    draw = gallery.draw_figures

    def note(planned: Sequence[PlannedFigure]) -> Mapping[str, Figure]:
        names.extend(each.name for each in planned)
        return draw(planned)

    monkeypatch.setattr(gallery, "draw_figures", note)
    monkeypatch.setattr(pdf, "render_pdf", lambda page, **_: b"%PDF-" + page.encode())
    return names


def test_every_figure_lies_beside_the_report(published: Path, names: list[str]) -> None:
    """For slides and word processors there is each figure as SVG and PNG, with its words."""
    folder = published / "figures"
    index = json.loads((folder / "figures.json").read_bytes())["figures"]
    assert names == [entry["name"] for entry in index]
    assert list(range(1, len(names) + 1)) == [entry["number"] for entry in index]
    page = unescape((published / "report.html").read_text("utf-8"))
    for entry in index:
        assert (folder / f"{entry['name']}.svg").read_bytes().startswith(b"<svg")
        assert (folder / f"{entry['name']}.png").read_bytes().startswith(b"\x89PNG")
        assert entry["caption"] in page
    files = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert {f"{name}.{kind}" for name in names for kind in ("svg", "png")} | {
        "figures.json"
    } == files


def test_words_draw_nothing_again(
    small: Material, tmp_path: Path, output: Path, drawn: list[str]
) -> None:
    """After an insight was edited the page is another, and every figure the one that stood."""
    before = {path: path.read_bytes() for path in (output / "figures").iterdir()}
    page = (output / "report.html").read_text("utf-8")
    write_templates(tmp_path, {INSIGHT: "Words of the team."})
    assert publish_report(small, tmp_path, output, notebook=False).fresh
    assert [] == drawn
    assert before == {path: path.read_bytes() for path in (output / "figures").iterdir()}
    assert page != (output / "report.html").read_text("utf-8")


def test_an_author_draws_nothing_again(
    small: Material, tmp_path: Path, output: Path, drawn: list[str]
) -> None:
    """What no figure shows decides none."""
    info = replace(INFO, authors=(Author("Somebody else", "7"),))
    manifest = replace(small.manifest, report=info, sha256="7" * 64)
    assert publish_report(replace(small, manifest=manifest), tmp_path, output, notebook=False).fresh
    assert [] == drawn


def test_another_result_draws_what_shows_it(
    small: Material, tmp_path: Path, output: Path, drawn: list[str]
) -> None:
    """What the test split said is in two figures; no other is drawn for it."""
    *others, tested = small.tested
    outcome = replace(tested.shown, mistakes=tested.shown.mistakes[1:])
    changed = replace(tested, outcomes={**tested.outcomes, tested.winner.seed: outcome})
    publish_report(replace(small, tested=(*others, changed)), tmp_path, output, notebook=False)
    model = tested.winner.model
    assert {f"{model}-confusion", f"{model}-mistakes"} == set(drawn)


@pytest.mark.parametrize("kind", ["svg", "png"])
@pytest.mark.parametrize("with_a_pipe", [False, True])
def test_a_touched_picture_is_drawn_again(
    small: Material, tmp_path: Path, output: Path, drawn: list[str], kind: str, *, with_a_pipe: bool
) -> None:
    """Somebody's own changes to a picture never get into the report, and no pipe is waited for."""
    path = output / "figures" / f"ranking.{kind}"
    good = path.read_bytes()
    if with_a_pipe:
        path.unlink()
        os.mkfifo(path)
    else:
        path.write_bytes(good + b" ")
    publish_report(small, tmp_path, output, notebook=False)
    assert ["ranking"] == drawn
    assert good == path.read_bytes()


@pytest.mark.parametrize("index", [b"", b"[]", b'{"figures": [1]}', b"\xff", b'{"figures": {}}'])
def test_without_a_sound_index_all_are_drawn(
    small: Material,
    output: Path,
    names: list[str],
    index: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A damaged index is none; what it said is not believed."""
    (output / "figures" / "figures.json").write_bytes(index)
    asked: list[str] = []

    def draw(planned: Sequence[PlannedFigure]) -> Mapping[str, Figure]:
        asked.extend(each.name for each in planned)
        return {each.name: Figure(each.name, Picture(b"", b""), "", "") for each in planned}

    monkeypatch.setattr(gallery, "draw_figures", draw)
    planned = plan_figures(make_context(small), small)
    FigureFolder(output / "figures", digest_program()).draw(planned)
    assert names == asked


def test_figures_of_a_study_that_is_no_more_go(
    small: Material, tmp_path: Path, output: Path, names: list[str]
) -> None:
    """A picture that no report shows is removed; whatever else lies there stays."""
    other = output / "figures" / "mine.svg"
    other.write_text("<svg/>")
    slug = small.results.studies[0].study.slug
    results = replace(small.results, studies=())
    manifest = replace(small.manifest, studies=(), sha256="7" * 64)
    publish_report(replace(small, results=results, manifest=manifest), tmp_path, output, pdf=False)
    gone = {f"{slug}-curves", f"{slug}-factor"}
    assert gone <= set(names)
    left = {path.stem for path in (output / "figures").glob("*.svg")}
    assert set(names) - gone | {"mine"} == left


def test_the_page_without_the_pdf(
    small: Material, tmp_path: Path, output: Path, drawn: list[str]
) -> None:
    """Without it an earlier PDF stays as it is, and the next whole build makes it anew."""
    pdf_before = (output / "report.pdf").read_bytes()
    write_templates(tmp_path, {INSIGHT: "Words of the team."})
    quick = publish_report(small, tmp_path, output, pdf=False)
    assert quick.fresh
    assert "report.pdf" not in [path.name for path in quick.documents]
    assert "Words of the team." in (output / "report.html").read_text("utf-8")
    assert pdf_before == (output / "report.pdf").read_bytes()
    assert not publish_report(small, tmp_path, output, pdf=False).fresh
    whole = publish_report(small, tmp_path, output, notebook=False)
    assert whole.fresh
    assert b"Words of the team." in (output / "report.pdf").read_bytes()
    assert not publish_report(small, tmp_path, output, pdf=False).fresh
    assert [] == drawn


def test_a_study_that_is_called_otherwise_is_so_in_the_tables(
    small: Material, tmp_path: Path, output: Path, drawn: list[str]
) -> None:
    """A table that stands is kept only if it would be made just like that again."""
    [study] = small.results.studies
    renamed = replace(study, study=replace(study.study, slug="other", title="Other"))
    results = replace(small.results, studies=(renamed,))
    manifest = replace(small.manifest, sha256="7" * 64)
    changed = replace(small, results=results, manifest=manifest)
    for folder in (output, tmp_path / "fresh"):
        publish_report(changed, tmp_path, folder, pdf=False)
    assert {"other-curves", "other-factor"} <= set(drawn)
    for name in ("runs.csv", "epochs.csv"):
        assert (tmp_path / "fresh" / name).read_bytes() == (output / name).read_bytes()
    assert "other" in (output / "runs.csv").read_text()


def test_tables_of_runs_are_made_of_runs_alone(
    small: Material, tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words change no table of runs, which are not made again; a run that is another does."""
    made: list[int] = []
    make = frames.make_runs_frame
    monkeypatch.setattr(pdf, "render_pdf", lambda page, **_: b"%PDF-" + page.encode())
    monkeypatch.setattr(frames, "make_runs_frame", lambda each: made.append(1) or make(each))
    write_templates(tmp_path, {INSIGHT: "Words of the team."})
    publish_report(small, tmp_path, output, notebook=False)
    assert [] == made
    (output / "runs.csv").write_text("seed\n99\n")
    publish_report(small, tmp_path, output, notebook=False)
    assert [1] == made
    name, run = next(iter(small.results.runs.items()))
    changed = replace(run, history=(*run.history[:-1], replace(run.history[-1], train_loss=9.5)))
    results = replace(small.results, runs={**small.results.runs, name: changed})
    publish_report(replace(small, results=results), tmp_path, output, notebook=False)
    assert [1, 1] == made
    assert "9.5" in (output / "runs.csv").read_text()
