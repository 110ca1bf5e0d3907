"""A person's own files among the documents: every command leaves them, and says where."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from mnistreport.errors import ExitCode
from tests.commands import Told, call_command
from tests.handed_in import NOTES, Project, list_errors, start_project

MINE = b"a person's own"


@pytest.fixture(autouse=True)
def _pages_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the laying out of the PDF's pages, which takes long and is tested elsewhere."""
    monkeypatch.setattr("mnistreport.report.pdf.render_pdf", lambda page, **_: page.encode())


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with documents; tests change copies of it."""
    return start_project(tmp_path_factory.mktemp("own") / "files")


@pytest.fixture
def project(first_build: Project, tmp_path: Path) -> Project:
    """A copy of it."""
    return first_build.copy(tmp_path / "project")


def run(project: Project, command: str, *options: object) -> Told:
    """Run a command on a project, which goes well."""
    told = call_command(command, "--manifest", project.manifest, *options)
    assert ExitCode.DONE == told.code, told.err
    return told


def read_tree(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder but those that a command holds it with."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


@pytest.mark.parametrize("name", ["report.html", "results.json", "runs.csv", "best_mlp.safetensors",
                                  "figures/ranking.svg", "figures/figures.json"])  # fmt: skip
@pytest.mark.parametrize("command", ["build", "render"])
def test_an_edited_document_is_kept_under_another_name(
    project: Project, command: str, name: str
) -> None:
    """The report is made again, what somebody changed lies there, too, and the console says so."""
    path = project.output / name
    good = path.read_bytes()
    path.write_bytes(MINE)
    told = run(project, command)
    kept = path.with_name(f"{path.stem}.kept-1{path.suffix}")
    assert (good, MINE) == (path.read_bytes(), kept.read_bytes())
    assert f"{name} was not as the last build left it; it is kept as " in told.err
    assert kept.relative_to(project.output).as_posix() in told.err
    before = read_tree(project.output)
    assert "kept" not in run(project, command).err
    assert before == read_tree(project.output)


def test_an_edited_notebook_is_kept_and_its_outputs_are_not_taken_over(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody wrote into it stays, but gets into no notebook of the program's."""
    seen: list[bytes | None] = []
    monkeypatch.setattr(
        "mnistreport.report.notebook.execution.fill_outputs",
        lambda _notebook, *_, standing, **__: seen.append(standing),
    )
    monkeypatch.setattr(
        "mnistreport.report.notebook.paper.pdf.render_notebook_pdf", lambda *_, **__: b"%PDF"
    )
    (project.output / "notebook.ipynb").write_bytes(MINE)
    told = run(project, "render", "--notebook")
    assert [None] == seen
    assert MINE == (project.output / "notebook.kept-1.ipynb").read_bytes()
    assert "notebook.kept-1.ipynb" in told.err
    (project.output / "runs.csv").unlink()
    run(project, "render", "--notebook")
    assert (project.output / "notebook.ipynb").read_bytes() == seen[-1]


def test_nothing_that_was_kept_is_overwritten(project: Project) -> None:
    """The next free number is taken; a copy that lies there already is enough."""
    page = project.output / "report.html"
    for text in (b"one", b"two", b"one"):
        page.write_bytes(text)
        run(project, "render")
    kept = {path.name: path.read_bytes() for path in project.output.glob("report.kept-*")}
    assert {"report.kept-1.html": b"one", "report.kept-2.html": b"two"} == kept


def test_a_person_may_put_back_what_the_build_would_write(project: Project) -> None:
    """What has the very bytes that are to be written need not be kept."""
    good = (project.output / "report.html").read_bytes()
    (project.output / ".build.json").unlink()
    told = run(project, "render")
    assert good == (project.output / "report.html").read_bytes()
    assert [] == list(project.output.rglob("*.kept-*"))
    assert "kept" not in told.err


def test_a_link_is_kept_as_a_link(project: Project, tmp_path: Path) -> None:
    """A person's link in the place of a document leads where it did; that file stays as it is."""
    (tmp_path / "mine.html").write_bytes(MINE)
    (project.output / "report.html").unlink()
    (project.output / "report.html").symlink_to(tmp_path / "mine.html")
    run(project, "render")
    assert tmp_path / "mine.html" == (project.output / "report.kept-1.html").readlink()
    assert MINE == (tmp_path / "mine.html").read_bytes()
    assert not (project.output / "report.html").is_symlink()


def test_a_file_that_no_memory_could_hold_is_kept(project: Project) -> None:
    """Somebody's folder may have such a file in a document's place; it is not read."""
    size = 2**40
    with (project.output / "report.html").open("wb") as file:
        file.truncate(size)  # takes no room on the disk
    run(project, "render")
    assert size == (project.output / "report.kept-1.html").stat().st_size
    assert (project.output / "report.html").stat().st_size < size


def test_a_pdf_that_was_left_alone_is_the_builds(project: Project) -> None:
    """``render --no-pdf`` leaves the PDF: a later one replaces it, unless somebody changed it."""
    project.replace(project.words, "The larger", "By far the larger")
    run(project, "render", "--no-pdf")
    told = run(project, "render")
    assert "kept" not in told.err
    project.replace(project.words, "By far the larger", "The larger")
    run(project, "render", "--no-pdf")
    (project.output / "report.pdf").write_bytes(MINE)
    assert "report.kept-1.pdf" in run(project, "render").err
    assert MINE == (project.output / "report.kept-1.pdf").read_bytes()


def test_documents_of_a_clone_are_kept(project: Project) -> None:
    """Documents that no build of this user made, as in a clone, are neither lost nor in the way."""
    project.replace(project.words, "The larger", "By far the larger")
    page = (project.output / "report.html").read_bytes()
    (project.output / ".build.json").unlink()
    told = run(project, "build")
    assert page == (project.output / "report.kept-1.html").read_bytes()
    assert b"By far the larger" in (project.output / "report.html").read_bytes()
    assert "were not made by a build of yours; they are kept as report.kept-1.html, " in told.err


def test_an_edited_picture_of_a_study_that_is_no_more_stays(project: Project) -> None:
    """Pictures of earlier builds go; one that somebody worked on stays where it is."""
    figures = project.output / "figures"
    (figures / "rate-curves.svg").write_bytes(MINE)
    manifest = project.manifest.read_text("utf-8")
    for old in ('name = "rate"', 'title = "Learning rate"'):
        manifest = manifest.replace(old, old.replace("ate", "hythm"))
    project.manifest.write_text(manifest, encoding="utf-8")
    (project.words.parent / "rate.md.j2").unlink()
    run(project, "render")
    assert MINE == (figures / "rate-curves.svg").read_bytes()
    assert not (figures / "rate-factor.svg").exists()


# --- A folder of other files ----------------------------------------------------------------------


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder of a person's, with files called like documents."""
    folder = tmp_path / "thesis"
    folder.mkdir()
    for name in ("runs.csv", "results.json", "report.html", "thesis.tex"):
        (folder / name).write_bytes(MINE)
    return folder


@pytest.mark.parametrize("command", ["build", "render", "pack"])
def test_a_folder_of_other_files_is_refused(project: Project, foreign: Path, command: str) -> None:
    """One line that names it, exit code 2; nothing in it has changed, and nothing is added."""
    before = read_tree(foreign)
    told = call_command(command, "--manifest", project.manifest, "--output", foreign)
    assert ExitCode.USAGE == told.code
    [error] = list_errors(told)
    assert error.startswith(f"{foreign}: holds other files (")
    assert ("--force" in error) == (command != "pack")
    assert (before, []) == (read_tree(foreign), list(foreign.glob(".*")))


@pytest.mark.parametrize("command", ["build", "render"])
def test_force_writes_there_and_loses_nothing(
    project: Project, foreign: Path, command: str
) -> None:
    """Whatever is in the way gets another name; from then on the folder is one of documents."""
    told = run(project, command, "--output", foreign, "--force")
    kept = {path.name for path in foreign.glob("*.kept-1.*")}
    assert {"runs.kept-1.csv", "results.kept-1.json", "report.kept-1.html"} == kept
    assert {MINE} == {(foreign / name).read_bytes() for name in (*kept, "thesis.tex")}
    assert all(name in told.err for name in kept)
    assert "nothing has changed" in run(project, "render", "--output", foreign).out


def test_an_empty_folder_and_one_of_hidden_files_are_not_refused(
    project: Project, tmp_path: Path
) -> None:
    """Nothing there can be lost."""
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / ".DS_Store").write_bytes(b"")
    run(project, "render", "--output", folder)
    assert (folder / "report.html").exists()


def test_a_build_that_was_killed_at_once_can_go_on(project: Project, tmp_path: Path) -> None:
    """A folder that a build began to write to is no folder of other files."""
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / ".build.lock").touch()
    (folder / "report.html").write_bytes(b"written just before")
    run(project, "render", "--output", folder)
    assert b"written just before" == (folder / "report.kept-1.html").read_bytes()


def test_what_is_no_budget_of_a_build_is_kept(project: Project) -> None:
    """A file of that name in the project's own folder is not removed either."""
    (project.output / "budget.json").write_bytes(MINE)
    told = run(project, "build")
    assert "budget.kept-1.json" in told.err
    assert MINE == (project.output / "budget.kept-1.json").read_bytes()
    assert not (project.output / "budget.json").exists()


# --- A zip ----------------------------------------------------------------------------------------


def test_a_zip_that_no_pack_wrote_is_kept(project: Project) -> None:
    """A person's zip, and list, of the same name; what pack itself wrote is replaced."""
    for name in ("1_2_3.zip", "1_2_3.txt"):
        (project.output / name).write_bytes(MINE)
    told = project.pack()
    assert ExitCode.DONE == told.code, told.err
    for name in ("1_2_3.kept-1.zip", "1_2_3.kept-1.txt"):
        assert MINE == (project.output / name).read_bytes()
        assert name in told.err
    (project.output / NOTES).write_text("Other words.")
    assert "kept" not in project.pack().err
    run(project, "render")  # does not forget whose the zip is
    (project.output / NOTES).write_text("Still other words.")
    assert "kept" not in project.pack().err
    assert 1 == len(list(project.output.glob("*.kept-*.zip")))
    with zipfile.ZipFile(project.output / "1_2_3.zip") as archive:
        assert b"Still other words." == archive.read(NOTES)


# --- When the disk refuses ------------------------------------------------------------------------


def test_without_second_names_for_files_a_copy_is_kept(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that cannot link, the copy is whole before its place is taken."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, os.strerror(1))

    (project.output / "report.html").write_bytes(MINE)
    monkeypatch.setattr(os, "link", refuse)
    run(project, "render")
    assert MINE == (project.output / "report.kept-1.html").read_bytes()


@pytest.mark.parametrize("stamp", [b"", b"{}"])
def test_without_a_sound_note_nothing_is_lost(project: Project, stamp: bytes) -> None:
    """What cannot be told from a person's files counts as theirs."""
    (project.output / ".build.json").write_bytes(stamp)
    shutil.copytree(project.output, project.folder / "before")
    project.replace(project.words, "The larger", "By far the larger")
    run(project, "render")
    after = set(read_tree(project.output).values())
    lost = {
        name
        for name, content in read_tree(project.folder / "before").items()
        if content not in after and not name.startswith(".")
    }
    assert set() == lost
