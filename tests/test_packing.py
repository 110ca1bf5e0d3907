"""What is handed in: ``pack`` writes the zip, or says everything that speaks against it."""

import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from mnistreport.errors import ExitCode
from tests.commands import call_command
from tests.handed_in import (
    IDS,
    MEMBERS,
    NOTES,
    Project,
    assert_refused,
    list_errors,
    read_zip,
    start_project,
)
from tests.torture.faults import Faults

ALL = (
    "--allow-outdated", "--allow-false-claims", "--allow-stale", "--allow-unsourced",
    "--allow-unmet", "--allow-placeholders",
)  # fmt: skip
STAND_INS_ALLOWED = ("--allow-digits", "--allow-unverified")
IN_2033_WITHOUT_TORCH = """
import sys, time

sys.modules["torch"] = None
time.time = lambda: 2e9
from mnistreport.cli import main
main()
"""
KILLED_AT_THE_RENAME = """
import os, signal

def replace(source, target):
    if str(target).endswith(".zip"):
        os.kill(os.getpid(), signal.SIGKILL)
    rename(source, target)

rename, os.replace = os.replace, replace
from mnistreport.cli import main
main()
"""


@pytest.fixture(autouse=True)
def _pages_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the laying out of the PDF's pages, which takes long and is tested elsewhere."""
    monkeypatch.setattr("mnistreport.report.pdf.render_pdf", lambda page, **_: page.encode())


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with everything there is to hand in; tests change copies of it."""
    return start_project(tmp_path_factory.mktemp("handed") / "in")


@pytest.fixture
def project(first_build: Project, tmp_path: Path) -> Project:
    """A copy of it."""
    return first_build.copy(tmp_path / "project")


@pytest.fixture(scope="module")
def unfounded(first_build: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Its report with a false claim, a number of nowhere, stale words, and a requirement unmet."""
    project = first_build.copy(tmp_path_factory.mktemp("unfounded") / "project")
    project.say_what_is_unfounded()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mnistreport.report.pdf.render_pdf", lambda page, **_: page.encode())
        project.make_documents()
    return project


# --- A zip ----------------------------------------------------------------------------------------


def test_the_zip_holds_what_was_asked_for(project: Project) -> None:
    """Exactly the members, as they stand in the folder; a list of them is printed and beside it."""
    told = project.pack()
    assert (ExitCode.DONE, []) == (told.code, list_errors(told))
    files = read_zip(project.output / "1_2_3.zip")
    assert MEMBERS == list(files)
    assert files == {name: (project.output / name).read_bytes() for name in MEMBERS}
    path, *rows = told.out.splitlines()
    assert str(project.output / "1_2_3.zip") == path
    listing = (project.output / "1_2_3.txt").read_text("utf-8")
    assert listing.splitlines() == [row.removeprefix("  ") for row in rows]
    assert MEMBERS == [line.split(maxsplit=2)[2] for line in listing.splitlines()]


def test_packing_leaves_the_report_as_it_is(project: Project) -> None:
    """What the rubric says of the zip is true before and after: nothing is to be made anew."""
    before = (project.output / "report.html").read_text("utf-8")
    assert f"goes into 1_2_3.zip: {', '.join(MEMBERS)}" in before
    told = call_command("check", "--manifest", project.manifest)
    assert "zip: none yet; mnistreport pack makes it" in told.out
    assert ExitCode.DONE == project.pack().code
    told = call_command("check", "--manifest", project.manifest, "--strict")
    assert "zip: 1_2_3.zip holds the documents that stand beside it" in told.out
    assert ExitCode.DONE == told.code
    assert "nothing has changed" in call_command("render", "--manifest", project.manifest).out
    assert ExitCode.DONE == project.pack().code
    (project.output / NOTES).write_text("Read the notebook first.")
    told = call_command("check", "--manifest", project.manifest, "--strict")
    assert "zip: 1_2_3.zip does not hold the documents of now" in told.out
    assert ExitCode.DONE == told.code


def test_a_zip_is_the_same_everywhere_and_always(first_build: Project, project: Project) -> None:
    """Time zone, umask, clock and the times of files change no byte of zip and list."""
    other = first_build.copy(project.folder.with_name("other"))
    assert ExitCode.DONE == other.pack().code
    for path in project.output.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    subprocess.run(
        [sys.executable, "-c", IN_2033_WITHOUT_TORCH, "pack", *STAND_INS_ALLOWED],
        check=True, capture_output=True, cwd=project.folder, umask=0o077,
        env={**os.environ, "TZ": "Asia/Tokyo"},
    )  # fmt: skip
    for name in ("1_2_3.zip", "1_2_3.txt"):
        ours, theirs = other.output / name, project.output / name
        assert ours.read_bytes() == theirs.read_bytes()
        assert 0 == theirs.stat().st_mode & 0o077


def test_a_killed_pack_leaves_the_old_zip(project: Project) -> None:
    """SIGKILL when the new zip is complete but not in place: the old one stays, and no trace."""
    assert ExitCode.DONE == project.pack().code
    old = (project.output / "1_2_3.zip").read_bytes()
    (project.output / NOTES).write_text("Other words.")
    command = [sys.executable, "-c", KILLED_AT_THE_RENAME, "pack", *STAND_INS_ALLOWED]
    killed = subprocess.run(command, check=False, capture_output=True, cwd=project.folder)
    assert -signal.SIGKILL == killed.returncode
    left = sorted(path.name for path in project.output.glob(".new-*"))
    assert [".new-1_2_3.txt", ".new-1_2_3.zip"] == left
    assert old == (project.output / "1_2_3.zip").read_bytes()
    with zipfile.ZipFile(project.output / "1_2_3.zip") as standing:
        assert standing.testzip() is None
    assert ExitCode.DONE == project.pack().code
    assert [] == [*project.output.glob(".new-*"), *project.output.glob(".old-*")]
    assert b"Other words." == read_zip(project.output / "1_2_3.zip")[NOTES]


def test_a_zip_and_its_list_are_of_one_kind(project: Project) -> None:
    """A disk that takes the zip and not the list keeps both as they were."""
    assert ExitCode.DONE == project.pack().code
    before = [(project.output / name).read_bytes() for name in ("1_2_3.zip", "1_2_3.txt")]
    (project.output / NOTES).write_text("Other words.")
    renames = 3  # of the holder's number, the zip, the list
    with Faults(project.output, "ENOSPC", renames, kinds=("rename",)).happening():
        told = project.pack()
    assert_refused(told, "1_2_3.txt: cannot be written: No space", code=ExitCode.ENVIRONMENT)
    after = [(project.output / name).read_bytes() for name in ("1_2_3.zip", "1_2_3.txt")]
    assert before == after


@pytest.mark.parametrize(
    ("scheme", "ids", "name"),
    [
        ("id1", '["9"]', "9.zip"),
        ("hw-id1-id2-id3-id4-id5", '["5", "4", "3", "2", "1"]', "hw-5-4-3-2-1.zip"),
    ],
)
def test_the_scheme_names_the_zip(project: Project, scheme: str, ids: str, name: str) -> None:
    """For one id and for five; the list beside it has the same name."""
    project.replace(project.manifest, IDS, f'ids = {ids}\nscheme = "{scheme}"')
    told = project.pack("--allow-outdated")
    assert ExitCode.DONE == told.code, told.err
    assert MEMBERS == list(read_zip(project.output / name))
    assert (project.output / f"{name[:-4]}.txt").is_file()


def test_another_zip_of_the_scheme_is_told(project: Project) -> None:
    """One of other ids stays, and is told; a zip of anything else is not spoken of."""
    for name in ("7_8_9.zip", "photos.zip"):
        (project.output / name).write_text(name)
    told = project.pack()
    assert ExitCode.DONE == told.code
    assert f"note: {project.output / '7_8_9.zip'} lies there, too, and stays" in told.err
    assert "photos.zip" not in told.err
    assert "7_8_9.zip" == (project.output / "7_8_9.zip").read_text()


# --- Ids and files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ('["12_3"]', 'submission.ids[0]: is "12_3", but must be 1 to 20 of the digits'),
        ('["../1"]', 'submission.ids[0]: is "../1", but must be 1 to 20 of the digits'),
        ('["1", "2", "\u0663"]', 'submission.ids[2]: is "\u0663", but must be 1 to 20 of'),
        ('["1", "2", "1"]', '"1" is given twice'),
        ('["1", "2"]', "the scheme id1_id2_id3 asks for 3 ids, and 2 are given"),
        ('["1", "2", "3", "4"]', "the scheme id1_id2_id3 asks for 3 ids, and 4 are given"),
        ("[]", "the scheme id1_id2_id3 asks for 3 ids, and none is given"),
    ],
)
def test_wrong_ids_are_refused(project: Project, ids: str, words: str) -> None:
    """Exit code 2, saying which, whatever else is allowed; nothing is written."""
    project.replace(project.manifest, IDS, f"ids = {ids}")
    told = project.pack(*ALL)
    assert_refused(told, words)
    assert "submission.ids" in told.err
    assert [] == [*project.output.glob("*.zip"), *project.output.glob("*.txt")]


def test_placeholders_are_refused(project: Project) -> None:
    """Of the zip's name and of the title page, each by name; who insists packs under them."""
    authors = '[report]\nauthors = [{ name = "Ada", id = "0000009" }]\n'
    project.manifest.write_text(authors + project.manifest.read_text("utf-8"), encoding="utf-8")
    project.replace(project.manifest, IDS, 'ids = ["1", "0000002", "3"]')
    assert_refused(
        project.pack("--allow-outdated"),
        "submission.ids: 0000002 is a placeholder, not an id; put the ids of your team there, "
        "or pack it even so: --allow-placeholders",
        "report.authors: 0000009 is a placeholder",
    )
    told = project.pack("--allow-outdated", "--allow-placeholders")
    assert (ExitCode.DONE, []) == (told.code, list_errors(told))
    assert 2 == told.err.count("note: overridden by --allow-placeholders: ")
    assert MEMBERS == list(read_zip(project.output / "1_0000002_3.zip"))


def test_names_in_the_place_of_real_ones_are_refused(project: Project) -> None:
    """A title page as the program came with it is nobody's."""
    authors = '[report]\nauthors = [{ name = "First Author (replace me)", id = "1" }]\n'
    project.manifest.write_text(authors + project.manifest.read_text("utf-8"), encoding="utf-8")
    assert_refused(
        project.pack("--allow-outdated"),
        "report.authors: First Author (replace me): placeholders, not names; put the names of",
    )


def test_ids_that_the_title_page_lacks_are_told(project: Project) -> None:
    """A typing mistake in an id shows: the zip is named after somebody who did not write it."""
    authors = '[report]\nauthors = [{ name = "Ada", id = "1" }, { name = "Alan", id = "2" }]\n'
    project.manifest.write_text(authors + project.manifest.read_text("utf-8"), encoding="utf-8")
    told = project.pack("--allow-outdated")
    assert ExitCode.DONE == told.code
    assert "warning: the title page lacks the id 3, which the zip is named after" in told.err


def spoil_link(project: Project) -> None:
    """Put a link in the place of a file."""
    secret = project.folder / "secret"
    secret.write_text("secret")
    (project.output / NOTES).unlink()
    (project.output / NOTES).symlink_to(secret)


def spoil_folder(project: Project) -> None:
    """Put a link in the place of a folder."""
    folder = (project.output / NOTES).parent
    folder.rename(project.folder / "elsewhere")
    folder.symlink_to(project.folder / "elsewhere")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda p: (p.output / NOTES).unlink(), f"{NOTES}: is not there; put the file itself"),
        (spoil_link, f"{NOTES}: is a symbolic link; put the file itself there, or take it out"),
        (spoil_folder, f"{NOTES}: lies in the folder notes, which is a symbolic link"),
        (
            lambda p: (p.output / "notebook.ipynb").unlink(),
            "notebook.ipynb: is not there; make it with: mnistreport build",
        ),
        (
            lambda p: (p.output / "best_mlp.safetensors").unlink(),
            "best_mlp.safetensors: is not there; make it with: mnistreport build",
        ),
    ],
)
def test_a_file_that_cannot_go_in_is_refused(
    project: Project, spoil: Callable[[Project], None], words: str
) -> None:
    """By name, with what to do about it; nothing allows it, and nothing is written."""
    spoil(project)
    told = project.pack(*ALL)
    assert_refused(told, words)
    assert not (project.output / "1_2_3.zip").exists()


def test_what_verify_would_not_pass_is_refused(project: Project) -> None:
    """By name, with what to do about it, all at once; nothing allows it."""
    for name in ("thesis.docx", "RUNS.csv", "zeros.txt"):
        (project.output / name).write_bytes(b"0" * 3 * 2**20)
    project.replace(project.manifest, f'"{NOTES}"', '"thesis.docx", "RUNS.csv", "zeros.txt"')
    assert_refused(
        project.pack("--allow-outdated"),
        "thesis.docx: is of a kind that is not handed in; take it out of [submission] include; "
        "what ends in .csv, .html, .ipynb, ",
        "RUNS.csv: is the same name as runs.csv to some computers; rename it, or take it out of",
        "zeros.txt: unpacks to more than 100 times its size; take it out of [submission] include",
    )
    assert not (project.output / "1_2_3.zip").exists()


def test_a_zip_that_verify_would_fail_is_not_handed_out(project: Project) -> None:
    """What each failing check says is told, and the zip that stands there stays."""
    assert ExitCode.DONE == project.pack().code
    before = (project.output / "1_2_3.zip").read_bytes()
    (project.output / NOTES).write_text("Other words.")
    told = call_command("pack", "--manifest", project.manifest, "--allow-digits")
    assert ExitCode.INCOMPLETE == told.code
    start = f"{project.output / '1_2_3.zip'}: would not pass mnistreport verify: "
    errors = list_errors(told)
    failing = [each.removeprefix(start).partition(":")[0] for each in errors]
    assert {"notebook", "report", "printed notebook"} <= {*failing}
    assert all(each.startswith(start) for each in errors)
    assert "pack it even so: --allow-unverified" in errors[0]
    assert before == (project.output / "1_2_3.zip").read_bytes()


@pytest.mark.parametrize("name", [".env", "notes/.env", ".git/config"])
def test_hidden_files_are_refused(project: Project, name: str) -> None:
    """By the manifest already, with its line and key."""
    path = project.output / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("secret")
    project.replace(project.manifest, f'"{NOTES}"', f'"{name}"')
    told = project.pack(*ALL)
    assert_refused(told, "submission.include[4]: ")
    assert name in told.err


# --- Documents ------------------------------------------------------------------------------------


def edit_manifest(project: Project) -> None:
    """Ask for something else, with the same runs."""
    project.replace(project.manifest, 'title = "Learning rate"', 'title = "Step size"')


def edit_words(project: Project) -> None:
    """Write on."""
    project.replace(project.words, "The larger", "By far the larger")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (edit_manifest, "were made of another manifest, other templates or other results"),
        (edit_words, "were made of another manifest, other templates or other results"),
        (
            lambda p: p.put({"report.pdf": b"%PDF by hand"}),
            "report.pdf: was changed after it was made; put what you wrote into templates",
        ),
        (lambda p: p.put({"notebook.ipynb": b"{}"}), "notebook.ipynb: was changed after"),
        (lambda p: (p.output / "report.html").unlink(), "report.html: is not as it was made"),
    ],
)
def test_documents_of_something_else_are_refused(
    project: Project, spoil: Callable[[Project], None], words: str
) -> None:
    """Older than manifest or words, or edited by hand: exit code 2, unless that is allowed."""
    spoil(project)
    assert_refused(project.pack(), words)
    assert not (project.output / "1_2_3.zip").exists()
    told = project.pack("--allow-outdated")
    assert (ExitCode.DONE, []) == (told.code, list_errors(told))
    assert 1 == told.err.count("note: overridden by --allow-outdated: ")
    files = read_zip(project.output / "1_2_3.zip")
    assert files == {name: (project.output / name).read_bytes() for name in MEMBERS}


def test_without_documents_of_a_build_nothing_is_packed(project: Project) -> None:
    """Nobody knows then what was to be said of them: whatever else is allowed, it is refused."""
    project.put({".build.json": b"{}"})
    project.replace(project.manifest, "levels = [0.001, 0.1]", "levels = [0.001, 0.1, 0.2]")
    assert_refused(project.pack(*ALL), "no documents of a build stand here; make them: mnistreport")


def test_a_pdf_that_was_left_alone_is_refused(project: Project) -> None:
    """After ``render --no-pdf`` the PDF is not the page's."""
    edit_words(project)
    assert ExitCode.DONE == call_command("render", "--no-pdf", "--manifest", project.manifest).code
    told = project.pack()
    assert ExitCode.USAGE == told.code
    assert "report.pdf: was not made together with the other documents; make it" in told.err


def test_runs_that_are_missing_are_told(project: Project) -> None:
    """What the manifest asks for now has not been trained."""
    project.replace(project.manifest, "levels = [0.001, 0.1]", "levels = [0.001, 0.1, 0.2]")
    assert_refused(project.pack(), "2 of 6 runs are not stored; train them: mnistreport build")


def test_a_report_on_the_embedded_digits_is_refused(project: Project) -> None:
    """They are not what was asked for; exit code 2, unless that is allowed."""
    told = call_command("pack", "--manifest", project.manifest)
    assert_refused(told, "the report is on scikit-learn digits")
    assert "mnistreport build --data kaggle, or pack it even so: --allow-digits" in told.err
    assert "note: overridden by --allow-digits: " in project.pack().err


# --- What the report says -------------------------------------------------------------------------

REASONS = {
    "--allow-false-claims": "“One is two.” not borne out",
    "--allow-stale": "written beside other results",
    "--allow-unsourced": "73.21 % is no number of the results",
    "--allow-unmet": "“Four learning rates” is not met",
}


def test_everything_that_speaks_against_a_report_is_told_at_once(unfounded: Project) -> None:
    """A line each with its next step and its flag; exit code 1, as the words are at fault."""
    told = unfounded.pack()
    assert_refused(told, *REASONS.values(), code=ExitCode.INCOMPLETE)
    for flag, error in zip(REASONS, list_errors(told), strict=True):
        assert error.endswith(f", or pack it even so: {flag}")
    both = call_command("pack", "--manifest", unfounded.manifest)  # and the digits
    assert_refused(both, "the report is on scikit-learn digits", *REASONS.values())


@pytest.mark.parametrize("flag", REASONS)
def test_each_has_a_flag_of_its_own(unfounded: Project, flag: str) -> None:
    """It lets this through, and nothing else; without it the others do not let it through."""
    others = [each for each in REASONS if each != flag]
    told = unfounded.pack(flag)
    assert_refused(told, *(REASONS[each] for each in others), code=ExitCode.INCOMPLETE)
    assert_refused(unfounded.pack(*others), REASONS[flag], code=ExitCode.INCOMPLETE)


def test_what_was_overridden_is_shown(unfounded: Project, tmp_path: Path) -> None:
    """Who insists packs the report as it is, and sees a line for each thing that spoke against."""
    project = unfounded.copy(tmp_path / "project")
    told = project.pack(*REASONS)
    assert (ExitCode.DONE, []) == (told.code, list_errors(told))
    notes = [line for line in told.err.splitlines() if line.startswith("note: ")]
    for (flag, reason), note in zip(REASONS.items(), notes[1:], strict=True):
        assert note.startswith(f"note: overridden by {flag}: ")
        assert reason in note
    assert MEMBERS == list(read_zip(project.output / "1_2_3.zip"))


def test_a_claim_that_the_next_report_would_refute_is_told_already(project: Project) -> None:
    """With documents of something else, what would be wrong with new ones is told along."""
    project.replace(project.words, '"0.1"', '"0.001"')
    assert_refused(project.pack(), "were made of another", "“The larger rate wins.” not borne out")
    told = project.pack("--allow-outdated")  # in the report that goes in, it was true
    assert (ExitCode.DONE, []) == (told.code, list_errors(told))


def test_nobody_else_writes_meanwhile(project: Project) -> None:
    """While a build holds the folder: exit code 5, naming the process."""
    with FileLock(project.output / ".build.lock"):
        (project.output / ".build.pid").write_text("4321\n")
        told = project.pack()
    assert_refused(told, "another build (process 4321) is writing here", code=ExitCode.LOCKED)
