"""Links in a project: what lies behind them is not the project's, and stays as it is."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mnistreport.errors import EnvironmentFault, ExitCode
from mnistreport.options import Listener, Options
from mnistreport.pipeline import Project, open_project
from mnistreport.places import find_output
from mnistreport.report import stamp
from mnistreport.report.context import dump_context, make_context
from tests.commands import Told, call_command
from tests.digit_files import draw_digits, write_idx_folder
from tests.report.reports import make_material
from tests.study.manifests import BOTH_MODELS

OWN = ("output", "output/digits", "output/digits/figures", ".mnistreport", ".mnistreport/runs")


def _link(project: Path, name: str, elsewhere: Path) -> Path:
    (project / "experiments.toml").write_text(BOTH_MODELS)
    (elsewhere / "digits").mkdir(parents=True)
    (elsewhere / "digits" / "report.html").write_text("somebody's")
    link = project / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(elsewhere)
    return link


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("command", ["build", "render", "pack", "plan"])
def test_a_link_that_came_with_a_project_is_refused(
    tmp_path: Path, command: str, name: str
) -> None:
    """One line, exit code 6; nothing is written behind it, or into it."""
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    link = _link(project, name, elsewhere)
    told = call_command(command, "--manifest", project / "experiments.toml")
    assert ExitCode.ENVIRONMENT == told.code, told.err
    assert f"error: {link}: is a link" in told.err
    assert ["digits", "digits/report.html"] == [
        path.relative_to(elsewhere).as_posix() for path in sorted(elsewhere.rglob("*"))
    ]
    assert "somebody's" == (elsewhere / "digits" / "report.html").read_text()


def test_a_link_that_the_user_gives_is_followed(tmp_path: Path) -> None:
    """Whoever names a link on the command line means what it leads to."""
    link = _link(tmp_path, "mine", tmp_path / "elsewhere")
    words = ("--manifest", tmp_path / "experiments.toml", "--cache", link, "--output", link)
    told = call_command("plan", *words)
    assert ExitCode.DONE == told.code, told.err


# --- Data sets of one name ------------------------------------------------------------------------


def _write_digits(folder: Path, seed: int) -> Path:
    return write_idx_folder(folder, *draw_digits(200, seed), tests=50)


def _open(project: Path, data: Path, **options: Path) -> tuple[Project, list[str]]:
    """Open a project with some data; return it, and what is told of it."""
    told: list[str] = []
    asked = Options(project / "experiments.toml", data=str(data), jobs=1, **options)  # type: ignore[arg-type]
    return open_project(asked, Listener(on_warning=told.append)), told


def test_data_sets_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    """The second is told where its documents go; each keeps its place from then on."""
    one, other = _write_digits(tmp_path / "a/pics", 1), _write_digits(tmp_path / "b/pics", 2)
    (tmp_path / "experiments.toml").write_text(BOTH_MODELS)
    first, told = _open(tmp_path, one)
    assert (tmp_path / "output" / "pics", []) == (first.output, told)
    first.output.mkdir(parents=True)
    material = replace(make_material(), digits=first.digits, split=first.split)
    numbers = make_context(material)
    (first.output / "results.json").write_bytes(dump_context(numbers))
    second, told = _open(tmp_path, other)
    assert f"pics-{second.digits.sha256[:8]}" == second.output.name
    assert ["output/pics is of other images"] == [each[:30] for each in told]
    again, told = _open(tmp_path, one)
    assert (first.output, []) == (again.output, told)
    given, told = _open(tmp_path, other, output=tmp_path / "mine")
    assert (tmp_path / "mine", []) == (given.output, told)


@pytest.mark.parametrize(
    ("usual", "apart", "name"),
    [
        (None, None, "pics"),
        ("1", None, "pics"),
        ("2", None, "pics-11111111"),
        ("2", "1", "pics-11111111"),
        (None, "1", "pics-11111111"),
        ("2", "3", "pics-11111111"),
    ],
)
def test_documents_go_where_those_on_these_images_stand(
    tmp_path: Path, usual: str | None, apart: str | None, name: str
) -> None:
    """A folder of other images is left alone, and one that was begun apart is gone on with."""
    for folder, images in (("pics", usual), ("pics-11111111", apart)):
        if images:
            path = tmp_path / "output" / folder / "results.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps({"data": {"sha256": images * 64}}))
    found = find_output(None, tmp_path, "pics", "1" * 64, pictures="figures")
    assert tmp_path / "output" / name == found


@pytest.mark.parametrize("content", ["", "[]", "{", '{"data": 3}', '{"data": {}}', "[" * 99_999])
def test_numbers_that_are_none_decide_nothing(tmp_path: Path, content: str) -> None:
    """What cannot be read says nothing of images; the usual folder is taken."""
    path = tmp_path / "output" / "pics" / "results.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert path.parent == find_output(None, tmp_path, "pics", "1" * 64, pictures="figures")


START = ("init", "insights")


def _start(command: str, project: Path) -> Told:
    words = [project] if command == "init" else ["--manifest", project / "experiments.toml"]
    return call_command(command, *words)


@pytest.mark.parametrize("name", ["templates", "templates/insights"])
@pytest.mark.parametrize("command", START)
def test_nothing_is_written_through_a_link_for_templates(
    tmp_path: Path, command: str, name: str
) -> None:
    """One line, exit code 6; neither the project nor what the link leads to gets a file."""
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    link = _link(project, name, elsewhere)
    before = sorted(tmp_path.rglob("*"))
    told = _start(command, project)
    assert ExitCode.ENVIRONMENT == told.code, told.err
    assert f"error: {link}: is a link" in told.err
    assert before == sorted(tmp_path.rglob("*"))


@pytest.mark.parametrize(
    "name",
    [
        *("templates", "templates/sections", "templates/insights/switch.md.j2"),
        *(".gitignore", "experiments.schema.json"),
    ],
)
def test_a_link_to_nothing_is_refused(tmp_path: Path, name: str) -> None:
    """It is not taken for a file that is there already, nor does its target come to be."""
    (tmp_path / "experiments.toml").write_text(BOTH_MODELS)
    link = tmp_path / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(tmp_path / "nowhere")
    told = _start("init", tmp_path)
    assert ExitCode.ENVIRONMENT == told.code, told.out
    assert f"error: {link}: is a link" in told.err
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("command", START)
def test_a_file_that_is_a_link_stays_as_it_is(tmp_path: Path, command: str) -> None:
    """A file that is there is kept, also if it is a link; what it leads to is not written to."""
    (tmp_path / "experiments.toml").write_text(BOTH_MODELS)
    (tmp_path / "words").write_text("mine")
    link = tmp_path / "templates" / "insights" / "switch.md.j2"
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "words")
    told = _start(command, tmp_path)
    assert ExitCode.DONE == told.code, told.err
    assert f"kept  {link}" in told.out
    assert "mine" == (tmp_path / "words").read_text()


def test_a_project_folder_may_be_a_link(tmp_path: Path) -> None:
    """Users name the project folder themselves, so it may be a link of theirs."""
    (tmp_path / "real").mkdir()
    (tmp_path / "project").symlink_to(tmp_path / "real")
    told = _start("init", tmp_path / "project")
    assert ExitCode.DONE == told.code, told.err
    assert (tmp_path / "real" / "experiments.toml").is_file()


def test_templates_that_are_somebodys_whole_disk_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link for templates to a folder of very much is told, and not walked to its end."""
    disk, templates = tmp_path / "disk", tmp_path / "templates"
    templates.symlink_to(disk)
    (disk / "huge").mkdir(parents=True)
    with (disk / "huge" / "file").open("wb") as file:
        file.truncate(2**40)  # takes no room, and hours to read
    name, size = stamp._read_files(templates)
    assert (b"huge/file\0", b"1099511627776\0") == (name, size)
    monkeypatch.setattr(stamp, "MOST_ENTRIES", 1)
    with pytest.raises(EnvironmentFault, match="more than 1 files and folders") as caught:
        list(stamp._read_files(templates))
    assert templates == caught.value.problems[0].file
