"""A report that says what its numbers do not, and who notices: ``check``, ``render``, the page."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mnistreport.errors import ExitCode
from mnistreport.pipeline import Listener, Options, build, open_project
from mnistreport.previewing.rendering import Page, Renderer
from mnistreport.study.expansion import expand_variants
from tests.commands import Told, call_command
from tests.report.reports import read_page

MANIFEST = """\
[data]
source = "digits"

[training]
epochs = 2
seeds = [0, 1, 2]
learning_rate = 0.001

[models.mlp]
kind = "mlp"
neurons = 16

[[studies]]
name = "rate"
title = "Learning rate"
model = "mlp"
factor = "learning_rate"
levels = [0.001, 0.1]

[[rubric]]
requirement = "Insights of our own"
points = 6
check = "insights"

[[rubric]]
requirement = "Four learning rates"
points = 4
check = "learning_rate_levels"
"""
WORDS = """\
A first line.

{% claim study.best.label == "0.1" %}The larger rate wins.{% endclaim %}
It ends at {{ study.best.variant.validation_accuracy | measure }}.
"""
DOCUMENTS = ("report.html", "report.pdf", "results.json", "runs.csv", "epochs.csv")
NUMBER = re.compile(r"\d+\.\d\d % ± \d+\.\d\d % → \d+\.\d\d % ±")


@dataclass(frozen=True)
class Project:
    """A folder with a manifest, words, and stored runs."""

    folder: Path

    @property
    def words(self) -> Path:
        """The file of the study's insight."""
        return self.folder / "templates" / "insights" / "rate.md.j2"

    @property
    def page(self) -> str:
        """The report as it stands."""
        return (self.folder / "output" / "digits" / "report.html").read_text("utf-8")

    def call(self, *words: str) -> Told:
        """Run a command."""
        return call_command(*words, "--manifest", self.folder / "experiments.toml")

    def read_documents(self) -> dict[str, bytes]:
        """Return the content of every document."""
        output = self.folder / "output" / "digits"
        return {name: (output / name).read_bytes() for name in DOCUMENTS}

    def edit_results(self, rate: float, accuracy: float) -> None:
        """Have the stored runs of a learning rate end at other validation accuracies."""
        project = open_project(Options(self.folder / "experiments.toml"), Listener())
        experiments = project.expand(expand_variants(project.manifest))
        runs = project.store.find_results(experiments).results
        for experiment in experiments:
            if experiment.variant.training.learning_rate == rate:
                run = runs[experiment.fingerprint]
                last = replace(
                    run.history[-1], validation_accuracy=accuracy + 0.001 * experiment.seed**2
                )
                edited = replace(run, history=(*run.history[:-1], last))
                tensors = project.store.load_tensors(experiment.fingerprint)
                project.store.save_run(experiment, edited, tensors)


@pytest.fixture(autouse=True)
def _pages_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the laying out of the PDF's pages, which takes long and is tested elsewhere."""
    monkeypatch.setattr("mnistreport.report.pdf.render_pdf", lambda page, **_: page.encode())


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that was built with words of its own; tests change copies of it."""
    project = Project(tmp_path_factory.mktemp("review"))
    project.words.parent.mkdir(parents=True)
    project.words.write_text(WORDS, encoding="utf-8")
    (project.folder / "experiments.toml").write_text(MANIFEST, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mnistreport.report.pdf.render_pdf", lambda page, **_: page.encode())
        build(Options(project.folder / "experiments.toml", jobs=2, notebook=False), Listener())
    return project


@pytest.fixture
def project(first_build: Project, tmp_path: Path) -> Project:
    """A copy of the built project."""
    return Project(shutil.copytree(first_build.folder, tmp_path / "project"))


def test_words_that_hold_are_not_complained_of(project: Project) -> None:
    """A claim that is true leaves no trace in the report, and ``check`` has counted it."""
    told = project.call("check")
    assert (ExitCode.DONE, "") == (told.code, told.err.replace(_find_notice(told.err), ""))
    assert "templates: in order, 1 claim" in told.out
    assert "The larger rate wins." in read_page(project.page).text
    assert 'class="refuted"' not in project.page


def _find_notice(err: str) -> str:
    """Return the line that says that embedded digits are used."""
    return "".join(line + "\n" for line in err.splitlines() if line.startswith("warning: "))


def test_a_claim_that_is_no_longer_true_is_caught(project: Project) -> None:
    """After the results change, ``check`` and ``render`` end with 1 and name values and place."""
    project.edit_results(0.1, 0.05)
    checked, rendered, again = (project.call(word) for word in ("check", "render", "render"))
    said = (
        f'false claim: {project.words}:3: claim study.best.label == "0.1": “The larger rate '
        'wins.” not borne out by the results: study.best.label is "0.001"; say what'
    )
    for told in (checked, rendered, again):
        assert ExitCode.INCOMPLETE == told.code
        assert said in told.err
    assert "nothing has changed" in again.out
    page = read_page(project.page).text
    assert "The larger rate wins. [Not borne out by the results: study.best.label is" in page
    assert "1 claim is not borne out by the results, and marked where it stands: 4 Learning" in page
    assert "Not borne out" in (project.folder / "output/digits/report.pdf").read_text("utf-8")


def test_strict_writes_no_document(project: Project) -> None:
    """With ``--strict`` the documents of the last good build stay as they are, byte for byte."""
    before = project.read_documents()
    project.edit_results(0.1, 0.05)
    for command in ("render", "build"):
        told = project.call(command, "--strict")
        assert ExitCode.INCOMPLETE == told.code
        assert f"error: {project.words}:3: claim" in told.err
        assert before == project.read_documents()
    assert ExitCode.INCOMPLETE == project.call("render").code
    standing = project.call("render", "--strict")  # of what stands there already, too
    assert (ExitCode.INCOMPLETE, "") == (standing.code, standing.out)


def test_stale_words_are_caught(project: Project) -> None:
    """Words that results have moved away from are told with old and new values, until edited."""
    project.edit_results(0.001, 0.5)
    checked, rendered = project.call("check"), project.call("render")
    for told in (checked, rendered):
        assert ExitCode.DONE == told.code  # no claim is false
        assert f"stale: {project.words}: written beside other results: validation" in told.err
        assert NUMBER.search(told.err)
        assert "mnistreport insights accept rate" in told.err
    assert "was written beside other results" in read_page(project.page).text
    assert ExitCode.INCOMPLETE == project.call("check", "--strict").code
    project.words.write_text(WORDS.replace("A first", "Another first"), encoding="utf-8")
    assert "stale" not in project.call("render").err
    assert "stale" not in project.call("check").err
    assert "was written beside other results" not in read_page(project.page).text


def test_stale_words_can_be_accepted(project: Project) -> None:
    """Who has read the words beside the new results keeps them, and the next report is clean."""
    project.edit_results(0.001, 0.5)
    assert "stale" in project.call("render").err
    assert ExitCode.DONE == project.call("insights", "accept", "rate").code
    assert "stale" not in project.call("render").err
    assert "was written beside other results" not in read_page(project.page).text


def test_numbers_without_a_source_are_caught(project: Project) -> None:
    """A typed number that nothing bears out is listed with file and line; ``mine`` vouches."""
    project.words.write_text(f"{WORDS}\nWe had hoped for 73.21 %.\n", encoding="utf-8")
    checked, rendered = project.call("check"), project.call("render")
    assert ExitCode.DONE == checked.code == rendered.code
    assert f"number: {project.words}:6: 73.21 % is no number of the results" in checked.err
    assert "1 number without a source and 1 requirement not met" in rendered.err
    strict = project.call("render", "--strict")
    assert (ExitCode.INCOMPLETE, "") == (strict.code, strict.out)
    project.words.write_text(
        f'{WORDS}\nWe had hoped for {{{{ mine("73.21 %") }}}}.\n', encoding="utf-8"
    )
    assert "73.21" not in project.call("check").err
    assert "We had hoped for 73.21 %." in read_page(_render(project)).text


def _render(project: Project) -> str:
    assert ExitCode.DONE == project.call("render").code
    return project.page


def test_the_rubric_is_told_with_its_places(project: Project) -> None:
    """``check`` says what is met and where, what is missing, and the points; so does the report."""
    told = project.call("check")
    assert "rubric: 1 of 2 met, 6 of 10 points" in told.out
    assert re.search(r"met +Insights of our own\n +Section 4", told.out)
    assert re.search(r"missing +Four learning rates\n +missing: 2 of 2 levels", told.out)
    page = read_page(project.page).text
    assert "1 of 2 requirements are met, worth 6 of 10 points." in page
    assert "1 requirement not met; mnistreport check lists them" in project.call("render").err


@pytest.mark.parametrize(
    "spoil",
    [
        lambda project: project.words.unlink(),
        lambda project: shutil.copy(
            Path(__file__).parents[1] / "templates" / "insights" / "starting.md.j2", project.words
        ),
    ],
    ids=["no words", "words that came with the program"],
)
def test_a_requirement_made_unmet_is_caught(
    project: Project, spoil: Callable[[Project], object]
) -> None:
    """Without words of one's own, the requirement to have some is missing everywhere."""
    spoil(project)
    told = project.call("check")
    assert "rubric: 0 of 2 met, 0 of 10 points" in told.out
    assert ExitCode.INCOMPLETE == project.call("check", "--strict").code
    assert "0 of 2 requirements are met" in read_page(_render(project)).text


def test_checking_writes_nothing(project: Project) -> None:
    """Whatever ``check`` finds, documents, words and what they were written beside stay."""
    project.edit_results(0.1, 0.05)
    before = {p: p.read_bytes() for p in project.folder.rglob("*") if p.is_file()}
    project.call("check", "--strict")
    assert before == {p: p.read_bytes() for p in project.folder.rglob("*") if p.is_file()}


# --- Words that are in no report ------------------------------------------------------------------


@pytest.fixture
def renamed(project: Project) -> Project:
    """The project, in whose manifest the study has another name now."""
    path = project.folder / "experiments.toml"
    path.write_text(MANIFEST.replace('name = "rate"', 'name = "step_size"'), encoding="utf-8")
    return project


LEFT_OUT = (
    "no study is called rate, so its words are not in the report; they probably belong to "
    "“Learning rate”: rename the file to templates/insights/step_size.md.j2"
)


def test_words_of_a_renamed_study_are_not_lost_in_silence(renamed: Project) -> None:
    """Each command names the file and the study, and goes on; the words stay."""
    words = renamed.words.read_bytes()
    for command in ("check", "render", "build", "render"):
        told = renamed.call(command)
        assert ExitCode.DONE == told.code, told.err
        assert f"left out: {renamed.words}: {LEFT_OUT}" in told.err
    assert "rubric: 0 of 2 met" in renamed.call("check").out  # and so everything else is told
    assert words == renamed.words.read_bytes()
    renderer = Renderer(Options(renamed.folder / "experiments.toml"), lambda _stage: None)
    page = renderer.render(anew=True)
    assert isinstance(page, Page)
    [said] = [each.problem for each in page.complaints if each.kind == "unread"]
    assert f"{said.reason}; {said.next_step}" == LEFT_OUT
    packed = renamed.call("pack")
    assert f"{renamed.words}: {LEFT_OUT}, or pack it even so: --allow-unread" in packed.err
    assert LEFT_OUT not in renamed.call("pack", "--allow-unread").err.partition("note: ")[0]
    renamed.words.rename(renamed.words.with_name("step_size.md.j2"))
    assert "left out" not in renamed.call("render").err
    assert "The larger rate wins." in read_page(renamed.page).text


def test_strict_writes_no_report_that_lacks_words(renamed: Project) -> None:
    """With ``--strict`` nothing is written, and ``check`` ends with 1."""
    before = renamed.read_documents()
    for command in ("render", "build"):
        told = renamed.call(command, "--strict")
        assert ExitCode.INCOMPLETE == told.code
        assert f"error: {renamed.words}: {LEFT_OUT}" in told.err
        assert before == renamed.read_documents()
    assert ExitCode.INCOMPLETE == renamed.call("check", "--strict").code


def test_words_left_out_are_told_before_anything_is_trained(tmp_path: Path) -> None:
    """``check`` needs no runs to see that an insight has no study."""
    project = Project(tmp_path)
    project.words.parent.mkdir(parents=True)
    project.words.with_name("rates.md.j2").write_text("Ours.", encoding="utf-8")
    (tmp_path / "experiments.toml").write_text(MANIFEST, encoding="utf-8")
    told = project.call("check")
    assert ExitCode.DONE == told.code
    assert "rates.md.j2: no study is called rates, so its words are not in the report" in told.err


def test_words_of_a_study_that_was_taken_out_are_kept(project: Project) -> None:
    """It is a note in every command, also with ``--strict``: nothing is wrong with the report."""
    old = project.words.with_name("old.md.j2")
    old.write_text("Words about a study of last year.", encoding="utf-8")
    said = f"{old}: no study is called old; the words are kept, and not in the report"
    for words in (["check"], ["render"], ["build"], ["render", "--strict"], ["build", "--strict"]):
        told = project.call(*words)
        assert ExitCode.DONE == told.code, told.err
        assert f"note: {said}" in told.err
    assert f"warning: {said}" in project.call("pack").err
    assert "old.md.j2" not in "".join(
        line for line in project.call("pack").err.splitlines() if line.startswith("error")
    )
    assert old.exists()
