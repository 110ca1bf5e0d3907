"""The test split is read when the report is to be final, and every read is on record."""

import json
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

import mnistreport
from mnistreport import pipeline
from mnistreport.errors import ExitCode
from mnistreport.options import Listener, Options
from mnistreport.training.ledger import Ledger, TestRead
from mnistreport.training.store import RunStore
from tests.commands import call_command

MANIFEST = """\
[data]
source = "digits"

[training]
learning_rate = 0.02
epochs = 2
seeds = [0, 1]

[models.mlp]
kind = "mlp"
neurons = 8

[models.cnn]
kind = "cnn"
channels = [2]
dense = 4

[[studies]]
name = "rate"
model = "mlp"
factor = "learning_rate"
levels = [0.02, 0.01, 0.05]
"""
"""The largest rate is better by far, and the feedforward network better than the other."""
UNREAD = "not yet read on the test split"
RUBRIC = """
[[rubric]]
requirement = "The best model's accuracy on the test split"
points = 1
check = "test_accuracy"
"""


@dataclass
class Project:
    """A folder with a manifest, and what its last command told."""

    folder: Path
    stages: list[str] = field(default_factory=list)
    trained: list[int] = field(default_factory=list)

    @property
    def options(self) -> Options:
        """What a command is asked for; no PDF and no notebook."""
        return Options(self.folder / "experiments.toml", jobs=1, pdf=False, notebook=False)

    @property
    def cache(self) -> Path:
        """Where runs and the ledger are."""
        return self.folder / ".mnistreport"

    @property
    def output(self) -> Path:
        """Where the documents are."""
        return self.folder / "output" / "digits"

    def run(self, command: Callable[..., pipeline.Built], **options: Any) -> pipeline.Built:  # noqa: ANN401
        """Build or render it."""
        self.stages, self.trained = [], []
        listener = Listener(
            on_stage=self.stages.append,
            on_plan=lambda missing, _: self.trained.append(len(missing)),
        )
        return command(replace(self.options, **options), listener)

    def build(self, **options: Any) -> pipeline.Built:  # noqa: ANN401
        """Build it."""
        return self.run(pipeline.build, **options)

    def edit(self, old: str, new: str) -> None:
        """Change the manifest."""
        path = self.folder / "experiments.toml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def read_ledger(self) -> tuple[TestRead, ...]:
        """Return the looks at the split that the documents are about."""
        return Ledger(self.cache).entries(self.read_numbers()["data"]["split_sha256"])

    def read_numbers(self) -> dict[str, Any]:
        """Return the numbers of the report."""
        return json.loads((self.output / "results.json").read_bytes())  # type: ignore[no-any-return]

    def read_page(self) -> str:
        """Return the words of the page, on one line."""
        return " ".join((self.output / "report.html").read_text("utf-8").split())


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that was built without a test; nobody changes it."""
    project = Project(tmp_path_factory.mktemp("explored"))
    (project.folder / "experiments.toml").write_text(MANIFEST + RUBRIC, encoding="utf-8")
    project.build(test=False)
    return project


@pytest.fixture(scope="module")
def finished(explored: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same, built once more with its test."""
    folder = tmp_path_factory.mktemp("finished") / "project"
    project = Project(shutil.copytree(explored.folder, folder))
    project.build()
    return project


@pytest.fixture
def copy(finished: Project, tmp_path: Path) -> Project:
    """The finished project, to be changed."""
    return Project(shutil.copytree(finished.folder, tmp_path / "project"))


# --- Without a test -------------------------------------------------------------------------------


def test_a_build_without_a_test_reads_nothing(explored: Project) -> None:
    """No answer of the test split, no look in the ledger, no weights of a winner; a whole page."""
    assert not RunStore(explored.cache).tests.exists()
    assert not (explored.cache / "ledger.json").exists()
    assert [] == list(explored.output.glob("*.safetensors"))
    assert ([], []) == (explored.read_numbers()["finals"], explored.read_numbers()["ledger"])
    assert 2 == len(explored.read_numbers()["untested_models"])
    assert "This report has no test result yet" in explored.read_page()


def test_a_later_build_trains_nothing_and_reads(finished: Project, explored: Project) -> None:
    """What was chosen is what is tested; the documents are made again."""
    assert {0} == set(finished.trained)
    assert [2, 2] == [len(read.fingerprints) for read in finished.read_ledger()]
    assert {"mlp", "cnn"} == {each["model"] for each in finished.read_numbers()["finals"]}
    assert "untested_models" not in finished.read_numbers()
    assert UNREAD not in finished.read_page()
    chosen = {each["setting"] for each in explored.read_numbers()["untested_models"]}
    assert chosen == {read.setting for read in finished.read_ledger()}


def test_what_was_read_stays_in_the_report(copy: Project) -> None:
    """After the final build, one without a test finds that nothing has changed."""
    before = (copy.output / "report.html").read_bytes()
    assert not copy.build(test=False).publication.fresh
    assert before == (copy.output / "report.html").read_bytes()


def test_a_new_winner_is_not_read_by_a_build_without_a_test(copy: Project) -> None:
    """The other's result stays, the ledger has no new look, and the first page names both."""
    copy.edit("0.01, 0.05]", "0.01]")
    copy.build(test=False)
    numbers = copy.read_numbers()
    assert (["cnn"], ["mlp"]) == (
        [each["model"] for each in numbers["finals"]],
        [each["model"] for each in numbers["untested_models"]],
    )
    assert 2 == len(copy.read_ledger())
    assert "The test split was read 2 times, not only for the runs tested here" in " ".join(
        numbers["notices"]
    )


@pytest.mark.parametrize("command", ["render", "preview"])
def test_rendering_reads_nothing_and_names_no_other_best(copy: Project, command: str) -> None:
    """The winner's value is taken out of the manifest: the next one was never read."""
    copy.edit("0.01, 0.05]", "0.01]")
    if command == "render":
        copy.run(pipeline.render)
        page = copy.read_page()
        assert any(UNREAD in stage for stage in copy.stages)
    else:
        from mnistreport.previewing.rendering import Page, Renderer

        made = Renderer(copy.options, lambda _: None).render(anew=True)
        assert isinstance(made, Page)
        assert any(UNREAD in note for note in made.notes)
        assert any(each.kind == "rubric" for each in made.complaints)
        page = " ".join(made.html.split())
    assert "The best model found" not in page
    assert "The best model that was tested, by validation accuracy, is the convolutional" in page
    assert "each model is tested" not in page
    assert f"{UNREAD}: the best feedforward network" in page
    assert 4 == len(list(RunStore(copy.cache).tests.glob("*.json")))


@pytest.mark.parametrize("command", ["check", "pack"])
def test_commands_tell_what_is_not_read(explored: Project, command: str) -> None:
    """A report without a test is not handed in unseen: the rubric refuses it, and a warning is."""
    manifest = explored.folder / "experiments.toml"
    told = call_command(command, "--manifest", manifest)
    assert f"{UNREAD}: the best feedforward network and the best" in told.err
    assert "the best model was not read on the test split; have it read with" in told.out + told.err
    if command == "pack":
        assert ExitCode.DONE != told.code
        assert [] == list(explored.output.glob("*.zip"))


def test_the_option_is_there_in_every_form(copy: Project) -> None:
    """``--no-test`` on the command line and ``test=False`` in Python are the same."""
    copy.edit("seeds = [0, 1]", "seeds = [0]")
    shutil.rmtree(RunStore(copy.cache).tests)
    told = call_command("build", "--no-test", "--manifest", copy.folder / "experiments.toml")
    assert ExitCode.DONE == told.code, told.err
    assert UNREAD in told.err
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mnistreport.MnistReportWarning)
        report = mnistreport.build(copy.folder / "experiments.toml", test=False, pdf=False)
    assert not report.is_fresh
    assert not RunStore(copy.cache).tests.exists()


# --- The ledger -----------------------------------------------------------------------------------


def test_a_renamed_model_is_not_read_again(copy: Project) -> None:
    """The name of a model decides nothing, so there is one look, and no notice of another."""
    copy.edit("[models.mlp]", "[models.forward]")
    copy.edit('model = "mlp"', 'model = "forward"')
    copy.build()
    assert ["mlp", "cnn"] == [read.model for read in copy.read_ledger()]
    assert [] == [each for each in copy.read_numbers()["notices"] if "look" in each]


def change_weights(project: Project, by: float) -> None:
    """Store the winners' runs again as another machine would have trained them."""
    store = RunStore(project.cache)
    named = {name for read in project.read_ledger() for name in read.fingerprints}
    for experiment, result in list(store.list_runs()):
        if experiment.fingerprint in named:
            tensors = load(store.load_tensors(experiment.fingerprint))
            other = {
                name: each + np.float32(by) if each.dtype == np.float32 else each
                for name, each in tensors.items()
            }
            store.save_run(experiment, result, save(other))


def test_each_training_to_other_weights_is_a_look_of_its_own(copy: Project) -> None:
    """Trained again and again to other weights, every read is a line, and the page says so."""
    for times in (1, 2):
        change_weights(copy, 1e-3)
        copy.build()
        assert 2 + 2 * times == len(copy.read_ledger())
    assert "The test split was read 6 times, not only" in " ".join(copy.read_numbers()["notices"])


def test_a_seed_less_is_no_other_look(copy: Project) -> None:
    """What is left was read with the rest: no line is added, and the page tells the rest."""
    before = copy.read_ledger()
    copy.edit("seeds = [0, 1]", "seeds = [1]")
    copy.build()
    assert before == copy.read_ledger()
    assert "not only for the runs tested here" in " ".join(copy.read_numbers()["notices"])


def test_another_seed_of_the_split_hides_nothing(copy: Project) -> None:
    """The looks at the first split of these images are told beside the second, from the start."""
    copy.edit('source = "digits"', 'source = "digits"\nseed = 7')
    copy.build(test=False)
    numbers = copy.read_numbers()
    assert ([], 2) == (numbers["ledger"], len(numbers["ledger_elsewhere"]))
    assert "read under another split 2 times" in " ".join(numbers["notices"])
    copy.build()
    assert (2, 2) == (len(copy.read_numbers()["ledger"]), len(numbers["ledger_elsewhere"]))


def test_a_damaged_answer_is_asked_for_again_without_another_look(copy: Project) -> None:
    """The same weights say the same: no line is added."""
    before = copy.read_ledger()
    next(RunStore(copy.cache).tests.glob("*.json")).write_bytes(b"rotten")
    copy.build()
    assert before == copy.read_ledger()
    assert any("reading the test split" in stage for stage in copy.stages)
