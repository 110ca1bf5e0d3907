import csv
import errno
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from mnistreport.cli import app
from mnistreport.errors import ExitCode
from mnistreport.resources import find_resource
from mnistreport.study.experiment import Experiment
from mnistreport.training import events, executors
from mnistreport.training.crew import Executor, WorkPlace
from mnistreport.training.watch import Patience
from tests.commands import Told, call_command, run_command, spell_command
from tests.digit_files import draw_digits, write_csv, write_idx_folder
from tests.study.manifests import BOTH_MODELS

MISTAKES = """\
[training]
epochs = true
learning_rat = 0.1
batch_size = 0
seeds = []

[models.mlp]
kind = "mlp"
neurons = "many"

[[studies]]
name = "a"
model = "mlpp"
factor = "learning_rate"
levels = [0.1, 0.2]
"""

HEAVY = ("torch", "pandas", "matplotlib", "pydantic", "sklearn", "scipy", "jinja2", "weasyprint")
DOCUMENTS = [
    "best_mlp.safetensors",
    "epochs.csv",
    "levels.csv",
    "report.html",
    "report.pdf",
    "results.json",
    "runs.csv",
]

State = dict[str, tuple[bytes, int]]


@dataclass(frozen=True)
class Project:
    """A folder with a manifest."""

    folder: Path

    @property
    def output(self) -> Path:
        """Where its documents are."""
        return self.folder / "output" / "digits"

    def run(self, command: str, *options: object) -> Told:
        """Run a command on it, in a process of its own."""
        return run_command(command, *options, folder=self.folder)

    def call(self, command: str, *options: object) -> Told:
        """Run a command on it, in this process."""
        return call_command(command, *options, "--manifest", self.folder / "experiments.toml")

    def read_documents(self) -> State:
        """Return every document's content and time of change; locks are none."""
        return {
            path.name: (path.read_bytes(), path.stat().st_mtime_ns)
            for path in sorted(self.output.iterdir())
            if path.name in DOCUMENTS
        }


def start_project(folder: Path, manifest: str = BOTH_MODELS) -> Project:
    """Make a project's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "experiments.toml").write_text(manifest, encoding="utf-8")
    return Project(folder)


def assert_refused(told: Told, code: ExitCode, *words: str) -> None:
    """Check the exit code, and that the last line and no other is ``error: …`` with ``words``."""
    lines = told.err.splitlines()
    assert [lines[-1]] == [line for line in lines if "error: " in line], told.err
    assert lines[-1].startswith("error: ")
    assert [] == [word for word in words if word not in lines[-1]], told.err
    assert code == told.code
    assert "Traceback" not in told.err + told.out


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Told]:
    """A project that was built, and what the build said; tests that change it copy it first."""
    project = start_project(tmp_path_factory.mktemp("built"))
    return project, project.run("build", "--jobs", 1)


@pytest.fixture
def _pages_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the laying out of the PDF's pages, which takes long."""
    monkeypatch.setattr("mnistreport.report.pdf.render_pdf", lambda page, **_: page.encode())


@pytest.fixture
def built(first_build: tuple[Project, Told], tmp_path: Path) -> Project:
    """A copy of the built project."""
    folder = shutil.copytree(first_build[0].folder, tmp_path / "project")
    return Project(folder)


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """A project that nothing was built of."""
    return start_project(tmp_path / "project")


# --- A build --------------------------------------------------------------------------------------


def test_a_build_trains_tests_and_writes(first_build: tuple[Project, Told]) -> None:
    """From a manifest to documents: exit code 0, their paths on standard output, no error."""
    project, told = first_build
    assert ExitCode.DONE == told.code, told.err
    assert [str(project.output / name) for name in ("report.html", "report.pdf")] == (
        told.out.splitlines()
    )
    assert DOCUMENTS == list(project.read_documents())
    said = told.err.splitlines()
    assert said[0].startswith("warning: The images are scikit-learn's 1,797 embedded")
    assert "training 8 runs, 0 stored already" in said
    assert 8 == sum(re.match(r"\[\d/8\] .* on validation, ", line) is not None for line in said)
    assert (project.output / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_its_numbers_agree(first_build: tuple[Project, Told]) -> None:
    """A run's accuracy is one number in ``runs.csv``, ``epochs.csv`` and ``results.json``."""
    output = first_build[0].output
    found = json.loads((output / "results.json").read_text("utf-8"))
    with (output / "runs.csv").open(encoding="utf-8") as file:
        runs = {row["fingerprint"]: row for row in csv.DictReader(file)}
    with (output / "epochs.csv").open(encoding="utf-8") as file:
        epochs = {row["fingerprint"]: row for row in csv.DictReader(file)}
    assert 8 == len(found["runs"])
    for run in found["runs"]:
        name = run["fingerprint"]
        assert run["validation_accuracy"] == float(runs[name]["validation_accuracy"])
        assert run["validation_accuracy"] == float(epochs[name]["validation_accuracy"])
        assert "2" == epochs[name]["epoch"]
    assert 2 == len(found["ledger"])


def test_a_build_with_nothing_to_do_writes_nothing(built: Project) -> None:
    """Nothing is trained or tested again, and no document changes; ``render`` says the same."""
    assert ExitCode.DONE == built.call("render").code  # the program may have changed meanwhile
    before = built.read_documents()
    ledger = (built.folder / ".mnistreport" / "ledger.json").read_bytes()
    for command in ("build", "render"):
        told = built.call(command)
        assert ExitCode.DONE == told.code
        assert "nothing has changed since these were written:" in told.out
        assert "training" not in told.err
        assert "reading the test split" not in told.err
        assert before == built.read_documents()
    assert ledger == (built.folder / ".mnistreport" / "ledger.json").read_bytes()


@pytest.mark.usefixtures("_pages_left_out")
def test_a_run_that_diverges_is_a_line_of_the_report(built: Project) -> None:
    """Only what is new is trained; a loss that is no number is shown, and gives exit code 1.

    No JSON that is written has a token for what is no number.
    """
    manifest = BOTH_MODELS.replace("levels = [0.01, 0.1]", "levels = [0.01, 0.1, 1e6]")
    project = start_project(built.folder, manifest)
    told = project.call("build", "--jobs", 1, "--progress", "json")
    lines = [line for line in told.err.splitlines() if line.startswith("{")]
    events = [json.loads(line, parse_constant=_refuse) for line in lines]
    [plan] = [event for event in events if event["event"] == "plan" and event["missing"]]
    assert (2, 8) == (len(plan["missing"]), plan["stored"])
    assert ["diverged", "diverged"] == [e["status"] for e in events if e["event"] == "Ended"]
    assert "2 runs did not finish; the report lists them" in told.err
    assert ExitCode.INCOMPLETE == told.code
    html = (project.output / "report.html").read_text("utf-8")
    assert "2 of 10 runs did not finish" in html
    reason = r"diverged: the loss was (?:no longer a number|[\d.]+e\+\d+ nats) after epoch \d"
    assert 2 <= len(re.findall(reason, html))
    assert "no longer a number" in html
    written = list(project.folder.rglob("*.json"))
    assert {"results.json", "record.json", "ledger.json", "figures.json"} <= {
        path.name for path in written
    }
    for path in written:
        json.loads(path.read_bytes(), parse_constant=_refuse)


def _refuse(token: str) -> None:
    raise AssertionError(token)


@pytest.mark.usefixtures("_pages_left_out")
def test_a_worker_that_hangs_is_a_line_of_the_report(
    built: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its run is shown as timed out, with exit code 1; the next build would try it again."""

    def train_and_stop(
        missing: Sequence[Experiment],
        place: WorkPlace,
        executor: Executor,
        *,
        estimate: Callable[[Experiment], float],
        on_warning: Callable[[str], None],
    ) -> Generator[events.Event]:
        patience = Patience(still_seconds=1.0)
        others = multiprocessing.active_children()
        for event in executors.train_experiments(
            missing,
            place,
            executor,
            estimate=estimate,
            on_warning=on_warning,
            patience=patience,
        ):
            yield event
            if isinstance(event, events.Started):
                for child in set(multiprocessing.active_children()).difference(others):
                    os.kill(child.pid or 0, signal.SIGSTOP)

    monkeypatch.setattr("mnistreport.pipeline.train_experiments", train_and_stop)
    runs = built.folder / ".mnistreport" / "runs"
    with (built.output / "runs.csv").open(encoding="utf-8") as file:
        victim = next(row["fingerprint"] for row in csv.DictReader(file))
    shutil.rmtree(runs / victim)
    told = built.call("build", "--jobs", 1)
    assert ": timeout: its worker process used no processor time for 1 s" in told.err
    assert "1 run did not finish; the report lists them" in told.err
    assert ExitCode.INCOMPLETE == told.code
    html = (built.output / "report.html").read_text("utf-8")
    assert "1 of 8 runs did not finish" in html
    assert "timeout: its worker process used no processor time" in html
    assert "1 of 2 timed out in epoch 1" in html  # beside the variant's curves
    planned = json.loads(built.call("plan", "--json").out)
    assert 1 == sum(each["missing"] for each in planned["variants"])


@pytest.mark.usefixtures("_pages_left_out")
def test_rendering_without_runs_is_refused(fresh: Project) -> None:
    """``render`` trains nothing, and puts no report with holes in the place of a whole one."""
    told = fresh.call("render")
    assert_refused(told, ExitCode.USAGE, "8 of 8 runs are not stored", "mnistreport build")
    assert not (fresh.output / "report.html").exists()
    assert not (fresh.folder / ".mnistreport" / "runs").exists()


# --- Mistakes, each with its exit code ------------------------------------------------------------


def test_every_mistake_in_a_manifest_is_told_at_once(tmp_path: Path) -> None:
    """Six mistakes are six lines, each with file and line; exit code 2, and nothing is written."""
    project = start_project(tmp_path, MISTAKES)
    for command in ("check", "build", "plan", "render", "data"):
        told = project.call(command)
        lines = told.err.splitlines()
        assert 6 == len(lines), told.err
        numbers = [
            int(match.group(1))
            for line in lines
            if (match := re.match(r"error: .*experiments\.toml:(\d+): ", line))
        ]
        assert [2, 3, 4, 5, 9, 13] == numbers
        assert "learning_rate" in lines[1]
        assert ExitCode.USAGE == told.code
    assert [tmp_path / "experiments.toml"] == list(tmp_path.iterdir())


def test_without_a_manifest_the_next_step_is_init(tmp_path: Path) -> None:
    """Whoever starts in an empty folder is told how to begin."""
    told = run_command("build", folder=tmp_path)
    assert_refused(told, ExitCode.USAGE, "experiments.toml", "mnistreport init")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words",
    [
        ["biuld"],
        ["build", "--jobs", "0"],
        ["build", "--device", "tpu"],
        ["build", "--progress", "loud"],
        ["plan", "--force"],
    ],
)
def test_a_wrong_command_line_is_refused(words: list[str]) -> None:
    """An unknown command, option or value: exit code 2."""
    told = call_command(*words)
    assert ExitCode.USAGE == told.code
    assert "Traceback" not in told.err


def damage_gz(folder: Path) -> Path:
    """Write four files of digits, one of them cut off."""
    write_idx_folder(folder, *draw_digits(210), gz=True)
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-100])
    return path


def write_wrong_label(folder: Path) -> Path:
    """Write digits of which one is labelled 10."""
    images, labels = draw_digits(210)
    labels[7] = 10
    write_idx_folder(folder, images, labels)
    return folder / "train-labels-idx1-ubyte"


def write_one_label_too_few(folder: Path) -> Path:
    """Write 180 training images with 179 labels."""
    images, labels = draw_digits(210)
    write_idx_folder(folder, images, labels, tests=30)
    other = folder.parent / "other"
    write_idx_folder(other, images[1:], labels[1:], tests=30)
    name = "train-labels-idx1-ubyte"
    shutil.copy(other / name, folder / name)
    return folder


def write_letter(folder: Path) -> Path:
    """Write a table with a letter among the pixels."""
    path = write_csv(folder / "train.csv", *draw_digits(210))
    lines = path.read_text().splitlines()
    lines[3] = lines[3].replace(",", ",x", 1)
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (damage_gz, ["train-images-idx3-ubyte.gz"]),
        (write_wrong_label, ["label 7", "10"]),
        (write_one_label_too_few, ["180", "179"]),
        (write_letter, ["train.csv:4", "x0"]),
    ],
)
def test_wrong_data_is_refused_before_any_training(
    fresh: Project, damage: object, words: list[str]
) -> None:
    """One line names the file and what is wrong: exit code 3, nothing trained or overwritten."""
    assert callable(damage)
    damage(fresh.folder / "digits-of-mine")
    output = fresh.folder / "output" / "digits-of-mine"
    output.mkdir(parents=True)
    (output / "report.html").write_text("the last good one")
    for command in ("data", "build"):
        told = fresh.call(command, "--data", fresh.folder / "digits-of-mine")
        assert_refused(told, ExitCode.DATA, *words)
        assert "training" not in told.err
    assert [output / "report.html"] == list(output.iterdir())
    assert "the last good one" == (output / "report.html").read_text()
    assert not (fresh.folder / ".mnistreport" / "runs").exists()


def test_data_that_does_not_exist_is_refused(fresh: Project) -> None:
    """A typo in a word is suggested the word."""
    assert_refused(fresh.call("data", "--data", "kagle"), ExitCode.DATA, "did you mean “kaggle”?")


def test_a_word_is_not_mistaken_for_a_folder(
    fresh: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--data digits`` means the embedded digits, also where a folder is called so."""
    (fresh.folder / "digits").mkdir()
    monkeypatch.chdir(fresh.folder)
    told = fresh.call("data", "--data", "digits")
    assert ExitCode.DONE == told.code, told.err
    assert "1,797 images" in told.out


def test_a_mistake_in_a_template_leaves_the_old_documents(built: Project) -> None:
    """Exit code 4 with file, line and the nearest name; no document changes."""
    insight = built.folder / "templates" / "insights" / "learning_rate.md.j2"
    insight.parent.mkdir(parents=True)
    insight.write_text("Words.\n\n{{ studdy.best.name }}\n")
    before = built.read_documents()
    for command in ("render", "check"):
        told = built.call(command)
        assert_refused(told, ExitCode.RENDERING, f"{insight}:3", "did you mean study?")
    assert before == built.read_documents()


def test_a_second_build_waits_for_no_one(built: Project) -> None:
    """While another process holds the output: exit code 5 at once, naming the process."""
    before = built.read_documents()
    with FileLock(built.output / ".build.lock"):
        (built.output / ".build.pid").write_text("4321\n")
        started = time.monotonic()
        told = built.call("render")
        assert time.monotonic() - started < 10
    assert_refused(told, ExitCode.LOCKED, "another build (process 4321)", str(built.output))
    assert before == built.read_documents()


def test_a_lock_that_nobody_holds_is_no_obstacle(built: Project) -> None:
    """What a killed build left behind does not keep the next from its work."""
    built.call("render")
    (built.output / ".build.lock").touch()
    (built.output / ".build.pid").write_text("4321\n")
    assert ExitCode.DONE == built.call("render").code


@pytest.mark.parametrize("option", ["--output", "--cache"])
def test_a_place_that_cannot_be_written_is_told_before_training(
    fresh: Project, option: str
) -> None:
    """A file where a folder should be: exit code 6, and not a single run."""
    place = fresh.folder / "place"
    place.write_text("I am a file.")
    told = fresh.call("build", option, place)
    assert_refused(told, ExitCode.ENVIRONMENT, str(place))
    assert "training" not in told.err
    assert "I am a file." == place.read_text()


def test_a_fault_of_the_program_is_one_line(
    fresh: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody foresaw is told in a line, too; ``--debug`` shows where it was."""

    def fail(*_: object, **__: object) -> None:
        msg = "unforeseen\nin two lines"
        raise RuntimeError(msg)

    monkeypatch.setattr("mnistreport.pipeline.open_project", fail)
    told = fresh.call("build")
    assert_refused(told, ExitCode.ENVIRONMENT, "unforeseen in two lines", "--debug")
    runner = CliRunner()
    manifest = str(fresh.folder / "experiments.toml")
    result = runner.invoke(app, ["build", "--manifest", manifest, "--debug"])
    assert isinstance(result.exception, RuntimeError)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_what_the_disk_refuses_is_no_fault_of_the_program(
    fresh: Project, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Wherever it happens: one line with the file, and exit code 6."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code), "some/file")

    monkeypatch.setattr("mnistreport.pipeline.open_project", fail)
    told = fresh.call("build")
    assert_refused(told, ExitCode.ENVIRONMENT, f"some/file: {os.strerror(code)}")
    assert "fault of mnistreport" not in told.err


# --- Looking --------------------------------------------------------------------------------------


def test_init_never_overwrites(tmp_path: Path) -> None:
    """A second ``init`` writes what is missing and leaves what somebody has edited."""
    first = call_command("init", tmp_path / "new")
    manifest = tmp_path / "new" / "experiments.toml"
    insight = tmp_path / "new" / "templates" / "insights" / "neurons.md.j2"
    schema = tmp_path / "new" / "experiments.schema.json"
    mine = manifest.read_text("utf-8") + "# mine\n"
    manifest.write_text(mine, encoding="utf-8")
    insight.write_text("")
    schema.unlink()
    second = call_command("init", tmp_path / "new")
    assert (ExitCode.DONE, ExitCode.DONE) == (first.code, second.code)
    assert mine == manifest.read_text("utf-8")
    assert "" == insight.read_text()
    assert [f"wrote {schema}"] == [x for x in second.out.splitlines() if x.startswith("wrote")]
    assert len(first.out.splitlines()) == len(second.out.splitlines())


def test_init_beside_another_manifest_writes_for_its_studies(fresh: Project) -> None:
    """Each study of the manifest that is there gets an insight, and no other; ``check`` agrees."""
    told = call_command("init", fresh.folder)
    assert ExitCode.DONE == told.code, told.err
    assert BOTH_MODELS == (fresh.folder / "experiments.toml").read_text("utf-8")
    insights = fresh.folder / "templates" / "insights"
    assert ["learning_rate.md.j2", "switch.md.j2"] == sorted(x.name for x in insights.iterdir())
    shipped = find_resource("templates/insights")
    for name, source in (("learning_rate", "learning_rate"), ("switch", "starting")):
        expected = (shipped / f"{source}.md.j2").read_bytes()
        assert expected == (insights / f"{name}.md.j2").read_bytes()
    assert ExitCode.DONE == fresh.call("check").code


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("mine", ["experiments.toml:1"]),
        (BOTH_MODELS.replace('"switch"', '"Starting"'), ["experiments.toml:29", "another name"]),
    ],
)
def test_init_beside_an_unusable_manifest_writes_nothing(
    tmp_path: Path, manifest: str, words: list[str]
) -> None:
    """A mistake in it is told as by every command; so is a study with a reserved name."""
    project = start_project(tmp_path, manifest)
    for told in (call_command("init", tmp_path), project.call("insights")):
        assert_refused(told, ExitCode.USAGE, *words)
    assert [tmp_path / "experiments.toml"] == list(tmp_path.iterdir())


def test_insights_writes_what_is_missing(fresh: Project) -> None:
    """A starting file for each study without one; a person's words stay as they are."""
    insights = fresh.folder / "templates" / "insights"
    insights.mkdir(parents=True)
    (insights / "learning_rate.md.j2").write_text("Our words.")
    told = fresh.call("insights")
    assert ExitCode.DONE == told.code, told.err
    assert [
        f"kept  {insights / 'learning_rate.md.j2'}",
        f"wrote {insights / 'switch.md.j2'}",
    ] == told.out.splitlines()
    assert "Our words." == (insights / "learning_rate.md.j2").read_text()
    assert all(line.startswith("kept ") for line in fresh.call("insights").out.splitlines())


def test_a_text_about_another_factor_is_not_borrowed(tmp_path: Path) -> None:
    """A study that varies something else under a shipped name starts with the text for any."""
    project = start_project(tmp_path, BOTH_MODELS.replace('"switch"', '"neurons"'))
    project.call("insights")
    written = (tmp_path / "templates" / "insights" / "neurons.md.j2").read_bytes()
    assert find_resource("templates/insights/starting.md.j2").read_bytes() == written


@pytest.mark.parametrize("name", ["templates", "templates/insights"])
def test_insights_that_cannot_be_written_are_one_line(fresh: Project, name: str) -> None:
    """A file where a folder should be: exit code 6."""
    (fresh.folder / name).parent.mkdir(exist_ok=True)
    (fresh.folder / name).write_text("I am a file.")
    assert_refused(fresh.call("insights"), ExitCode.ENVIRONMENT, name, "cannot be written")


def test_accepting_keeps_words_beside_new_results(built: Project) -> None:
    """What has changed is printed, old and new; afterwards nothing has, and no word is touched."""
    insights = built.folder / "templates" / "insights"
    insights.mkdir(parents=True)
    (insights / "learning_rate.md.j2").write_text("Our words.")
    first = built.call("insights", "accept", "learning_rate")
    assert ExitCode.DONE == first.code, first.err
    assert "these words were not stale" in first.out
    kept = insights / "written_beside.json"
    before = kept.read_text("utf-8")
    kept.write_text(re.sub('"mean": [0-9.]+', '"mean": 0.125', before, count=1), encoding="utf-8")
    second, third = (built.call("insights", "accept", "learning_rate") for _ in range(2))
    change, last = second.out.splitlines()
    assert change.startswith("validation accuracy of learning rate 0.01: 12.50")
    assert " → " in change
    assert f"kept, beside the results of now: {insights / 'learning_rate.md.j2'}" == last
    assert first.out == third.out
    assert before == kept.read_text("utf-8")
    assert "Our words." == (insights / "learning_rate.md.j2").read_text()


def test_accepting_takes_a_study_with_words_and_runs(fresh: Project) -> None:
    """No such study, nobody's words, no runs: exit code 2 and the next step, nothing written."""
    fresh.call("insights")
    told = fresh.call("insights", "accept", "swich")
    assert_refused(told, ExitCode.USAGE, "there is no study “swich”", "did you mean “switch”?")
    told = fresh.call("insights", "accept", "switch")
    assert_refused(told, ExitCode.USAGE, "switch.md.j2", "no words of your own")
    insights = fresh.folder / "templates" / "insights"
    (insights / "switch.md.j2").write_text("Our words.")
    told = fresh.call("insights", "accept", "switch")
    assert_refused(told, ExitCode.USAGE, "8 of 8 runs are not stored", "mnistreport build")
    assert ["learning_rate.md.j2", "switch.md.j2"] == sorted(x.name for x in insights.iterdir())


def test_an_option_before_accept_is_not_lost(fresh: Project) -> None:
    """A manifest that would not be looked at is refused."""
    told = call_command("insights", "--manifest", fresh.folder / "x.toml", "accept", "switch")
    assert ExitCode.USAGE == told.code
    assert "goes after accept" in told.err


def test_a_new_project_is_in_order(tmp_path: Path) -> None:
    """What ``init`` writes passes ``check``."""
    call_command("init", tmp_path)
    told = Project(tmp_path).call("check", "--data", "digits")
    assert ExitCode.DONE == told.code, told.err
    templates, documents, handed_in, to_do, rubric, *_ = told.out.splitlines()[-45:]
    assert "documents: none yet; mnistreport build makes them" == documents
    assert (
        "templates: well-formed; what they say can be tried once every run is stored" == templates
    )
    assert "zip: none yet; mnistreport pack makes it" == handed_in
    assert to_do.startswith("to do: put your names and ids")
    assert rubric.startswith("rubric: 1 of 20 met, 8 of 110 points")  # the split is made
    assert not (tmp_path / "output").exists()


def test_a_plan_is_json_for_programs(fresh: Project) -> None:
    """Standard output is one JSON value, whatever is told beside it."""
    told = fresh.call("plan", "--json", "--jobs", 3)
    plan = json.loads(told.out)
    assert ExitCode.DONE == told.code
    assert [2, 2, 2, 2] == [each["missing"] for each in plan["variants"]]
    assert told.err.startswith("warning: ")


def test_a_plan_knows_what_is_stored(built: Project) -> None:
    """After a build there is nothing left to train."""
    told = built.call("plan")
    assert re.search(r"8 runs, 8 stored, 0 to train", told.out), told.out


def test_check_finds_an_insight_that_no_study_reads(fresh: Project) -> None:
    """A file under a misspelt name is listed with the right name, and the rest is checked."""
    insight = fresh.folder / "templates" / "insights" / "learning_rat.md.j2"
    insight.parent.mkdir(parents=True)
    insight.write_text("Words.")
    told = fresh.call("check")
    assert ExitCode.DONE == told.code
    assert f"left out: {insight}: no study is called learning_rat" in told.err
    assert "rename the file to templates/insights/learning_rate.md.j2" in told.err
    assert "runs: 0 of 8 finished" in told.out


def test_check_writes_no_document(built: Project) -> None:
    """It tells each study's insight file, and leaves output and runs alone."""
    before = built.read_documents()
    told = built.call("check")
    assert ExitCode.DONE == told.code, told.err
    assert "runs: 8 of 8 finished" in told.out
    assert "switch: no insight yet: mnistreport insights starts one" in told.out
    assert before == built.read_documents()


def test_data_shows_the_split(fresh: Project) -> None:
    """Three splits of the data set, of the sizes that are asked for."""
    told = fresh.call("data")
    sizes = re.findall(r"(train|validation|test) +([\d,]+) images", told.out)
    assert [("train", "1,079"), ("validation", "359"), ("test", "359")] == sizes


# --- Answering at once ----------------------------------------------------------------------------


def find_imported(folder: Path, *words: str) -> set[str]:
    """Run a command and return which heavy libraries it has loaded at its end."""
    script = (
        "import atexit, sys\n"
        "from mnistreport.cli import main\n"
        f"heavy = {HEAVY!r}\n"
        "atexit.register(lambda: print('loaded', *[n for n in heavy if n in sys.modules]))\n"
        f"sys.argv = ['mnistreport', *{spell_command(*words)!r}]\n"
        "main()\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, check=True, cwd=folder, encoding="utf-8")
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_loads_nothing_heavy(tmp_path: Path, word: str) -> None:
    """Whoever asks for help does not wait for libraries."""
    assert set() == find_imported(tmp_path, word)


@pytest.mark.parametrize("command", ["plan", "check", "render", "build"])
def test_without_training_there_is_no_torch(built: Project, command: str) -> None:
    """Planning, checking, rendering, and a build with nothing to do, work without torch."""
    built.call("render")
    loaded = find_imported(built.folder, command)
    assert "pydantic" in loaded
    assert "torch" not in loaded


def test_versions_and_help_are_told() -> None:
    """``--version`` prints name and number, ``--help`` every command."""
    assert re.fullmatch(r"mnistreport \d+\.\d+\.\d+\S*\n", call_command("--version").out)
    text = call_command("--help").out
    commands = ("init", "insights", "data", "plan", "build", "render", "check", "pack")
    assert [] == [name for name in commands if f"  {name} " not in text]
    assert ExitCode.USAGE == call_command().code


def test_whoever_stops_reading_is_not_told_that_all_is_well(tmp_path: Path) -> None:
    """As of `mnistreport plan | head -1`: no complaint, but neither the code of success."""
    (tmp_path / "experiments.toml").write_text(BOTH_MODELS)
    command = [sys.executable, "-m", "mnistreport", "plan"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=tmp_path, encoding="utf-8", **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert ExitCode.UNREAD == process.returncode, said
    assert "Error" not in said
