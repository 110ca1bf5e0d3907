"""A person's words are never lost: a build reads them, and keeps one file of its own there."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from mnistreport.errors import ExitCode, MnistReportError
from mnistreport.report import pdf, publication, standing
from mnistreport.report.figures import gallery
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.plan import PlannedFigure
from mnistreport.report.insights import name_insight
from mnistreport.report.material import Material
from mnistreport.report.publication import Publication, publish_report
from mnistreport.report.shipped_words import digest_words
from mnistreport.report.written_beside import NAME, WrittenBeside
from tests.commands import call_command
from tests.fake_results import make_results
from tests.report.reports import make_material, make_small_material, write_templates
from tests.report.undrawn import draw_nothing
from tests.study.manifests import BOTH_MODELS

SLUG = "dropout_layer_norm"
INSIGHT = name_insight(SLUG)
WORDS, LATER = "The first words of the team.", "What somebody saved meanwhile."
OURS = {
    INSIGHT: WORDS + " {% claim study.best.label == 'both' %}Both are best.{% endclaim %}",
    name_insight("no study of ours"): "Kept for another time.",
    "sections/conclusion.md.j2": "We conclude.\n",
    "css/report.css": "p { color: #123456 }",
    "insights/notes.txt": "ask Ada",
    "insights/neurons.md.j2~": "what an editor left",
}
OF_THE_BUILD = {f"insights/{NAME}", "insights/.lock"}

RATE = """
[[studies]]
name = "rate"
model = "mlp"
factor = "learning_rate"
levels = [0.1, 0.2]
"""

State = Mapping[str, tuple[bytes, int, int]]
Publish = Callable[..., Publication]


@pytest.fixture(autouse=True)
def _pages_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing and lay out no page: both take long, and neither touches words."""
    monkeypatch.setattr(gallery, "draw_figures", draw_nothing)
    monkeypatch.setattr(pdf, "render_pdf", lambda page, **_: b"%PDF-" + page.encode())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with words and templates of its own."""
    return write_templates(tmp_path / "project", OURS)


@pytest.fixture(scope="module")
def small() -> Material:
    """A report of one study."""
    return make_small_material()


@pytest.fixture(scope="module")
def other() -> Material:
    """One in which another level is the best."""
    return make_material(make_results(at_chance=["both"]))


@pytest.fixture
def publish(small: Material, project: Path) -> Publish:
    """Publish the project's report, of other material if it is given."""

    def publish(other: Material = small, **options: bool) -> Publication:
        output = project / "output"
        return publish_report(other, project, output, notebook=False, **options)

    return publish


def read_state(project: Path) -> State:
    """Return content, time of change and mode of everything among the templates."""
    folder = project / "templates"
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    states = {
        path.relative_to(folder).as_posix(): (
            path.read_bytes(),
            path.stat().st_mtime_ns,
            path.stat().st_mode,
        )
        for path in paths
    }
    return {name: state for name, state in states.items() if name not in OF_THE_BUILD}


def read_report(project: Path) -> str:
    """Return the page that was published last."""
    return (project / "output" / "report.html").read_text("utf-8")


def find_kept(project: Path) -> str:
    """Return the digest of the words that are kept to stand in the report."""
    return WrittenBeside(project / "templates").load()[SLUG]["digits"].words


def test_a_build_writes_one_file_among_words(
    project: Path, publish: Publish, other: Material
) -> None:
    """Built, built again, beside other results, or refused: no other file changes in any way."""
    before = read_state(project)
    assert set(OURS) == set(before)
    publish()
    assert before == read_state(project)
    kept = project / "templates" / "insights" / NAME
    assert kept.is_file()
    publish()
    publish(other)  # by which all words are stale
    assert "was written beside other" in read_report(project)
    assert before == read_state(project)


def test_a_build_that_fails_writes_no_file_among_words(
    project: Path, publish: Publish, other: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused words, a mistake in them, and a PDF that cannot be made: all is as it was."""
    broken = {"sections/method.md.j2": "{{ nothing }}"}
    write_templates(project, broken)
    before = read_state(project)
    with pytest.raises(MnistReportError, match="nothing"):
        publish()
    (project / "templates" / next(iter(broken))).unlink()
    with pytest.raises(MnistReportError, match="not borne out"):
        publish(other, strict=True)
    monkeypatch.setattr(pdf, "render_pdf", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish()
    kept = {name: state for name, state in before.items() if name not in broken}
    assert kept == read_state(project)
    assert not (project / "templates" / "insights" / NAME).exists()


def _save_while_drawing(patch: pytest.MonkeyPatch, save: Callable[[], None]) -> None:
    def draw(planned: Sequence[PlannedFigure]) -> Mapping[str, Figure]:
        save()
        return draw_nothing(planned)

    patch.setattr(gallery, "draw_figures", draw)


def _save_while_laying_out(patch: pytest.MonkeyPatch, save: Callable[[], None]) -> None:
    def render(page: str, **_: object) -> bytes:
        save()
        return page.encode()

    patch.setattr(pdf, "render_pdf", render)


def _save_before_it_is_kept(patch: pytest.MonkeyPatch, save: Callable[[], None]) -> None:
    find = publication._find_changed

    def save_and_find(output: Path, documents: Mapping[str, bytes]) -> Mapping[Path, bytes]:
        save()
        return find(output, documents)

    patch.setattr(publication, "_find_changed", save_and_find)


@pytest.mark.parametrize(
    ("moment", "way"),
    [
        (_save_while_drawing, "write"),
        (_save_while_laying_out, "rename"),
        (_save_before_it_is_kept, "write"),
    ],
)
def test_what_is_saved_during_a_build_stays(
    project: Path,
    publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
    moment: Callable[[pytest.MonkeyPatch, Callable[[], None]], None],
    way: str,
) -> None:
    """The report has the words that it began with, and the next one what was saved."""
    file = project / "templates" / INSIGHT
    saved: list[State] = []

    def save() -> None:
        if way == "write":
            file.write_text(LATER, encoding="utf-8")
        else:  # as most editors do
            beside = file.with_name("saved")
            beside.write_text(LATER, encoding="utf-8")
            beside.replace(file)
        saved.append(read_state(project))

    with monkeypatch.context() as patch:
        moment(patch, save)
        publish()
    assert saved == [read_state(project)]
    assert LATER == file.read_text("utf-8")
    assert (True, False) == (WORDS in read_report(project), LATER in read_report(project))
    assert digest_words(OURS[INSIGHT]) == find_kept(project)
    publish()
    assert (False, True) == (WORDS in read_report(project), LATER in read_report(project))
    assert digest_words(LATER) == find_kept(project)
    assert saved == [read_state(project)]


def test_what_is_saved_before_it_is_read_is_in_the_report(
    project: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that has looked at its files, and not read them yet, takes what is there then."""
    digest = standing.digest_inputs

    def digest_and_save(*arguments: object) -> str:
        digested = digest(*arguments)  # type: ignore[arg-type]
        (project / "templates" / INSIGHT).write_text(LATER, encoding="utf-8")
        return digested

    with monkeypatch.context() as patch:
        patch.setattr(standing, "digest_inputs", digest_and_save)
        publish()
    assert LATER in read_report(project)
    assert digest_words(LATER) == find_kept(project)
    publish()
    assert LATER in read_report(project)


def test_words_that_nobody_may_change_are_read(project: Path, publish: Publish) -> None:
    """A build needs no right to write to a file of words, and gives itself none."""
    for name in OURS:
        (project / "templates" / name).chmod(0o444)
    before = read_state(project)
    publish()
    assert WORDS in read_report(project)
    assert before == read_state(project)
    assert {0o444} == {mode & 0o777 for _, _, mode in before.values()}


def test_what_lies_among_words_and_is_none_is_not_read(
    project: Path, publish: Publish, tmp_path: Path
) -> None:
    """A pipe, a device and a file without an end stop no build, as long as nothing uses them."""
    folder = project / "templates"
    endless = tmp_path / "endless"
    with endless.open("wb") as file:
        file.truncate(2**36)
    os.mkfifo(folder / "pipe.md.j2")
    (folder / "zero.md.j2").symlink_to("/dev/zero")
    link = folder / "endless.md.j2"
    link.symlink_to(endless)
    assert publish().fresh
    assert not publish().fresh
    link.unlink()
    link.symlink_to(folder / "insights" / "notes.txt")
    assert publish().fresh  # another target is another template


def test_a_newer_version_starts_nothing_anew(tmp_path: Path) -> None:
    """``init`` and ``insights`` in a project of which every file was edited change none of them."""
    folder = tmp_path / "project"
    assert 0 == call_command("init", folder).code
    manifest = folder / "experiments.toml"
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(files) > 10
    for path in files:
        path.write_text("" if path.suffix == ".j2" else path.read_text("utf-8") + "\n")
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    for words in (("init", folder), ("insights", "--manifest", manifest)):
        told = call_command(*words)
        assert 0 == told.code, told.err
        assert {"kept"} == {line.split()[0] for line in told.out.splitlines()}
    assert before == [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    assert files == [path for path in sorted(folder.rglob("*")) if path.is_file()]


def test_what_is_no_template_is_told_before_training(tmp_path: Path) -> None:
    """A slip of a bracket costs nobody a night: file, line, exit code 4, and no run is begun."""
    (tmp_path / "experiments.toml").write_text(BOTH_MODELS + RATE)
    insight = tmp_path / "templates" / name_insight("rate")
    insight.parent.mkdir(parents=True)
    insight.write_text("It rose.\n{{ \n")
    told = call_command("build", "--manifest", tmp_path / "experiments.toml")
    assert ExitCode.RENDERING == told.code, told.err
    assert f"{insight}:2: " in told.err
    assert "training " not in told.err
    assert [] == list((tmp_path / ".mnistreport").glob("runs/[!.]*"))
