"""How documents compare with what there is now: ``check``, ``pack`` and ``render`` say the same."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mnistreport.errors import ExitCode
from tests.commands import call_command
from tests.handed_in import Project, start_project

DOCUMENTS = "documents: "


@pytest.fixture(autouse=True)
def _pages_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the laying out of the PDF's pages, which takes long and is tested elsewhere."""
    monkeypatch.setattr("mnistreport.report.pdf.render_pdf", lambda page, **_: page.encode())


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with documents; tests change copies of it."""
    return start_project(tmp_path_factory.mktemp("states") / "first")


@pytest.fixture
def project(first_build: Project, tmp_path: Path) -> Project:
    """A copy of it."""
    return first_build.copy(tmp_path / "project")


def check(project: Project) -> tuple[str, str]:
    """Return the state of the documents in a word, and the line that says it."""
    told = call_command("check", "--manifest", project.manifest)
    [line] = [each for each in told.out.splitlines() if each.startswith(DOCUMENTS)]
    answer = json.loads(call_command("check", "--manifest", project.manifest, "--json").out)
    return answer["documents"]["state"], line.removeprefix(DOCUMENTS)


def edit_words(project: Project) -> None:
    """Write on."""
    project.replace(project.words, "The larger", "By far the larger")


def edit_page(project: Project) -> None:
    """Write into the report itself."""
    project.put({"report.html": b"by hand"})


def edit_both(project: Project) -> None:
    """Write on, and into two documents."""
    edit_words(project)
    project.put({"report.html": b"by hand", "report.pdf": b"by hand"})


def edit_picture(project: Project) -> None:
    """Change a figure's picture."""
    project.put({"figures/ranking.svg": b"<svg/>"})


def remove_page(project: Project) -> None:
    """Remove the page."""
    (project.output / "report.html").unlink()


def remove_all(project: Project) -> None:
    """Remove whatever a person sees there."""
    for path in project.output.rglob("[!.]*"):
        if path.is_file() and "notes" not in path.parts:
            path.unlink()


def leave_pdf_out(project: Project) -> None:
    """Write on, and make the page alone."""
    edit_words(project)
    told = call_command("render", "--no-pdf", "--manifest", project.manifest)
    assert ExitCode.DONE == told.code


def hand_over(project: Project) -> None:
    """Have a note of documents that somebody else's program signed."""
    path = project.output / ".build.json"
    path.write_text(path.read_text().replace('"signature": "', '"signature": "0'))


OF_NOW = "made of the manifest, templates and results of now"
CHANGED = "the manifest, templates or results have changed since"
RENDER = "mnistreport render makes all again"
STATES: dict[str, tuple[Callable[[Project], None], str, str]] = {
    "current": (lambda _: None, "current", OF_NOW),
    "outdated": (edit_words, "outdated", f"{CHANGED}; {RENDER}"),
    "edited": (
        edit_page,
        "edited",
        f"{OF_NOW}, but report.html was changed by hand; {RENDER}, and keeps it under another name",
    ),
    "edited and outdated": (
        edit_both,
        "edited",
        (
            f"{CHANGED} and report.html and report.pdf were changed by hand; {RENDER}, "
            "and keeps them under another name"
        ),
    ),
    "an edited picture": (
        edit_picture,
        "edited",
        (
            f"{OF_NOW}, but figures/ranking.svg was changed by hand; {RENDER}, and keeps it under "
            "another name"
        ),
    ),
    "one is gone": (remove_page, "incomplete", f"{OF_NOW}, but report.html was removed; {RENDER}"),
    "all are gone": (remove_all, "none", "none yet; mnistreport render makes them"),
    "some were not made": (
        leave_pdf_out,
        "incomplete",
        (
            f"{OF_NOW}, but report.pdf, notebook.ipynb and notebook.pdf were not made with them; "
            f"{RENDER}"
        ),
    ),
    "somebody else's": (
        hand_over,
        "none",
        (
            "none that a build of yours made; mnistreport render makes them, and what stands there "
            "(report.html, report.pdf, notebook.ipynb and "
        ),
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_check_says_how_documents_stand(project: Project, name: str) -> None:
    """Old, edited, missing or somebody else's: none of them is called made of what there is now."""
    spoil, state, said = STATES[name]
    spoil(project)
    found, line = check(project)
    assert state == found
    assert line.startswith(said)
    assert (state == "current") == (line == OF_NOW)


@pytest.mark.parametrize("name", STATES)
def test_pack_and_render_agree_with_it(project: Project, name: str) -> None:
    """``pack`` takes what ``check`` calls current; ``render`` has nothing to do then alone.

    Of a picture beside the documents ``pack`` has nothing to say: it is not handed in.
    """
    spoil, state, _ = STATES[name]
    spoil(project)
    packs = ExitCode.DONE == project.pack().code
    assert packs == (state == "current" or name == "an edited picture")
    told = call_command("render", "--manifest", project.manifest)
    is_idle = "nothing has changed since" in told.out
    assert is_idle == (state == "current")


# --- The next step --------------------------------------------------------------------------------


def list_advice(project: Project, *commands: str) -> list[str]:
    """Return the command that each of some commands advises."""
    said: list[str] = []
    for command in commands:
        options = ["--allow-digits"] if command == "pack" else []
        told = call_command(command, "--manifest", project.manifest, *options)
        line = next(each for each in (told.out + told.err).splitlines() if "mnistreport " in each)
        said.append(line[line.index("mnistreport ") :])
    return said


def test_where_runs_are_missing_a_build_is_advised(project: Project) -> None:
    """``render`` would refuse: every command says so, and none advises it."""
    project.replace(project.manifest, "levels = [0.001, 0.1]", "levels = [0.001, 0.1, 0.2]")
    checked, rendered, packed = list_advice(project, "check", "render", "pack")
    assert checked.startswith("mnistreport build makes")
    assert "mnistreport build" == rendered
    assert packed.startswith("mnistreport build, or pack it even so")
    assert "outdated" == check(project)[0]


def test_within_a_budget_the_build_keeps_to_it(project: Project) -> None:
    """The build that is advised is the one that makes these documents whole."""
    budget = '{"format": 1, "budget_seconds": 90, "seeds": 2, "epochs": [1, 2]}'
    (project.output / "budget.json").write_text(budget)
    checked, rendered, packed = list_advice(project, "check", "render", "pack")
    assert checked.startswith("mnistreport build --budget 90s makes")
    assert "mnistreport build --budget 90s" == rendered
    assert packed.startswith("mnistreport build --budget 90s, or pack it even so")
