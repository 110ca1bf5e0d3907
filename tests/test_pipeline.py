"""From a manifest to documents, with tiny networks on scikit-learn's digits.

Figures and PDF take most of a build's time, and say nothing about training: only the tests that
are about documents have them made; the others write ``results.json`` alone.
"""

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mnistreport import pipeline
from mnistreport.cli import app
from mnistreport.errors import EnvironmentFault, ExitCode, ManifestError, MnistReportError
from mnistreport.files import replace_file
from mnistreport.pipeline import Built, Listener, Options, open_project
from mnistreport.planning import make_plan
from mnistreport.report.context import dump_context, make_context
from mnistreport.report.material import Material
from mnistreport.report.publication import Publication
from mnistreport.study.experiment import Experiment
from mnistreport.training.events import Ended, EpochDone, Event, Started, WorkerLost
from mnistreport.training.ledger import Ledger
from mnistreport.training.store import RunStore
from tests.commands import spell_command

MANIFEST = """\
[data]
source = "digits"

[training]
learning_rate = 0.002
batch_size = 16
epochs = 2
seeds = [0, 1]

[models.mlp]
kind = "mlp"
neurons = 4

[models.cnn]
kind = "cnn"
channels = [2]
dense = 4

[[studies]]
name = "rate"
model = "mlp"
factor = "learning_rate"
levels = [0.002, 0.02]

[[studies]]
name = "width"
model = "mlp"
factor = "neurons"
levels = [4, 32]

[final]
combine = true
"""
TWO_RUNS = """\
[data]
source = "digits"

[training]
learning_rate = 0.02
epochs = 2
seeds = [0]

[models.mlp]
kind = "mlp"
neurons = 8

[[studies]]
name = "rate"
model = "mlp"
factor = "learning_rate"
levels = [0.02, 0.05]
"""
RUNS = 5 * 2
"""Baselines, a learning rate, a width, both joined; each with two seeds."""
DOCUMENTS = {"report.html", "report.pdf", "results.json", "runs.csv", "epochs.csv", "levels.csv"}
DOCUMENTS |= {"best_mlp.safetensors", "best_cnn.safetensors"}
TIMES = {"duration_seconds", "training_seconds", "read_at"}

WITHOUT_TORCH = """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoTorch())
from mnistreport.cli import main
main()
"""


@dataclass
class Watcher:
    """Notes what a build tells."""

    planned: list[Experiment] = field(default_factory=list)
    stored: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def listener(self) -> Listener:
        """What the build is given."""
        return Listener(
            on_plan=self._plan,
            on_event=self.events.append,
            on_stage=self.stages.append,
            on_warning=self.warnings.append,
        )

    @property
    def trained(self) -> list[str]:
        """Fingerprints of the runs that were begun, in order of their end."""
        return [e.experiment.fingerprint for e in self.events if isinstance(e, Ended)]

    def _plan(self, missing: Sequence[Experiment], stored: int) -> None:
        self.planned += missing
        self.stored.append(stored)


@dataclass(frozen=True)
class Undisturbed:
    """A project that was built once, by one worker, with all documents."""

    options: Options
    built: Built
    watcher: Watcher

    @property
    def output(self) -> Path:
        """Where its documents are."""
        return self.built.publication.documents[0].parent

    @property
    def cache(self) -> Path:
        """Where its runs are."""
        return self.options.manifest.parent / ".mnistreport"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Build the project once; nobody changes it."""
    options = _make_project(tmp_path_factory.mktemp("undisturbed"))
    watcher = Watcher()
    return Undisturbed(options, pipeline.build(options, watcher.listener), watcher)


@pytest.fixture
def copy(undisturbed: Undisturbed, tmp_path: Path) -> Options:
    """The built project once more, to be changed."""
    folder = tmp_path / "copy"
    shutil.copytree(undisturbed.options.manifest.parent, folder)
    return replace(undisturbed.options, manifest=folder / "experiments.toml")


@contextmanager
def _numbers_only() -> Iterator[None]:
    """Have builds write ``results.json`` alone."""

    def publish(material: Material, _project: Path, output: Path, **_: bool) -> Publication:
        replace_file(output / "results.json", dump_context(make_context(material)))
        return Publication((output / "results.json",), fresh=True, complaints=())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "publish_report", publish)
        yield


@pytest.fixture
def numbers_only() -> Iterator[None]:
    """Have this test's builds write ``results.json`` alone."""
    with _numbers_only():
        yield


@dataclass(frozen=True)
class Interfered:
    """A project that was built by two workers, and whose manifest was edited meanwhile.

    Attributes:
        options: Of the build.
        built: Its end.
        tested_before: Whether anything had been tested when something happened in training.
    """

    options: Options
    built: Built
    tested_before: list[bool]


@pytest.fixture(scope="module")
def interfered(tmp_path_factory: pytest.TempPathFactory) -> Interfered:
    """Build the project with two workers, and write into its manifest as soon as they work."""
    options = replace(_make_project(tmp_path_factory.mktemp("interfered")), jobs=2)
    tested: list[bool] = []

    def interfere(_event: Event) -> None:
        options.manifest.write_text("nonsense")
        tested.append(RunStore(_cache(options)).tests.exists())

    with _numbers_only():
        built = pipeline.build(options, Listener(on_event=interfere))
    return Interfered(options, built, tested)


def _make_project(folder: Path, text: str = MANIFEST) -> Options:
    folder.mkdir(exist_ok=True)
    (folder / "experiments.toml").write_text(text)
    return Options(folder / "experiments.toml", jobs=1, notebook=False)


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "mnistreport", *spell_command(*words)]


def _strip_times(value: object) -> object:
    """Return JSON without what differs from one time to the next."""
    if isinstance(value, dict):
        return {key: _strip_times(each) for key, each in value.items() if key not in TIMES}
    if isinstance(value, list):
        return [_strip_times(each) for each in value if not _tells_time(each)]
    return value


def _tells_time(value: object) -> bool:
    return isinstance(value, dict) and value.get("kind") == "cost"


def _read_results(output: Path) -> object:
    return _strip_times(json.loads((output / "results.json").read_bytes()))


def _output(options: Options) -> Path:
    return options.manifest.parent / "output" / "digits"


def _cache(options: Options) -> Path:
    return options.manifest.parent / ".mnistreport"


def _snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


# --- A build, and another one ---------------------------------------------------------------------


def test_a_build_makes_every_document(undisturbed: Undisturbed) -> None:
    """All documents are there, and each run stands in the results."""
    documents = [
        path.relative_to(undisturbed.output) for path in undisturbed.built.publication.documents
    ]
    assert DOCUMENTS == {path.name for path in documents if path.name == str(path)}
    assert {"figures"} == {str(path.parent) for path in documents} - {"."}
    assert undisturbed.built.publication.fresh
    assert all(path.stat().st_size > 100 for path in undisturbed.built.publication.documents)
    results = json.loads((undisturbed.output / "results.json").read_bytes())
    assert RUNS == len(results["runs"]) == len(undisturbed.watcher.trained)
    assert {"finished"} == {run["status"] for run in results["runs"]}
    assert () == undisturbed.built.results.incomplete
    assert {"mlp"} == set(undisturbed.built.results.combined)


def test_no_number_in_the_results_is_none(undisturbed: Undisturbed) -> None:
    """The results are strict JSON: no NaN and no infinity."""

    def refuse(word: str) -> None:
        pytest.fail(word)

    json.loads((undisturbed.output / "results.json").read_bytes(), parse_constant=refuse)


def test_a_second_build_changes_nothing(undisturbed: Undisturbed) -> None:
    """With nothing new, nothing is trained, tested or written."""
    before = _snapshot(undisturbed.options.manifest.parent)
    watcher = Watcher()
    built = pipeline.build(undisturbed.options, watcher.listener)
    assert ([], [RUNS - 2, 2]) == (watcher.events, watcher.stored)
    assert not built.publication.fresh
    assert undisturbed.built.publication.documents == built.publication.documents
    assert before == _snapshot(undisturbed.options.manifest.parent)


def test_render_needs_no_torch(undisturbed: Undisturbed, copy: Options) -> None:
    """Documents are made of stored runs where torch cannot be imported, byte for byte the same."""
    for name in DOCUMENTS:
        (_output(copy) / name).unlink()
    rendered = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *spell_command("render", "--debug")],
        cwd=copy.manifest.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ExitCode.DONE, "nothing" in rendered.stdout) == (rendered.returncode, False), rendered
    for name in DOCUMENTS - {"report.pdf"}:
        expected = (undisturbed.output / name).read_bytes()
        assert expected == (_output(copy) / name).read_bytes(), name
    assert (_output(copy) / "report.pdf").read_bytes().startswith(b"%PDF")


def test_the_test_split_is_read_once_and_for_winners_only(undisturbed: Undisturbed) -> None:
    """The test split is asked about each model's winner, after all training, and never again."""
    pipeline.build(undisturbed.options, Listener())
    results, store = undisturbed.built.results, RunStore(undisturbed.cache)
    entries = Ledger(undisturbed.cache).entries(results.experiments[0].split_sha256)
    assert ["mlp", "cnn"] == [entry.model for entry in entries]
    tested = {path.stem for path in store.tests.glob("*.json")}
    assert tested == {name for entry in entries for name in entry.fingerprints}
    means = {key: each.mean_accuracy for key, each in results.variants.items()}
    for entry in entries:
        rivals = [k for k, each in results.variants.items() if each.variant.model == entry.model]
        assert max(rivals, key=means.__getitem__) == entry.variant


def test_no_training_sees_the_test_split(interfered: Interfered) -> None:
    """As long as anything is trained, nothing has been tested."""
    assert {False} == set(interfered.tested_before)
    assert 4 == len(list(RunStore(_cache(interfered.options)).tests.glob("*.json")))


# --- However it comes about, the results are the same ---------------------------------------------


def test_number_of_jobs_makes_no_difference(
    undisturbed: Undisturbed, interfered: Interfered
) -> None:
    """Two workers come to the same results as one, apart from times."""
    assert _read_results(undisturbed.output) == _read_results(_output(interfered.options))


def test_the_manifest_is_read_once(undisturbed: Undisturbed, interfered: Interfered) -> None:
    """A manifest that is edited while its build runs changes nothing of this build.

    Which one was built, its digest says.
    """
    expected = undisturbed.built.results.experiments
    assert expected == interfered.built.results.experiments
    assert "nonsense" == interfered.options.manifest.read_text()
    results = json.loads((_output(interfered.options) / "results.json").read_bytes())
    assert hashlib.sha256(MANIFEST.encode()).hexdigest() == results["manifest_sha256"]


def test_the_report_says_of_which_manifest_it_is(undisturbed: Undisturbed) -> None:
    """The digest of the manifest's bytes stands in the report."""
    digest = hashlib.sha256(undisturbed.options.manifest.read_bytes()).hexdigest()
    assert digest[:12] in (undisturbed.output / "report.html").read_text()


@pytest.mark.usefixtures("numbers_only")
def test_a_killed_build_goes_on_where_it_was(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """After a SIGKILL midway finished runs are not trained again, and the results are the same."""
    options = _make_project(tmp_path)
    ends = 0
    with subprocess.Popen(
        _command("build", "--progress", "json", "--jobs", "1"),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as build:
        assert build.stderr is not None
        while ends < 3:
            line = build.stderr.readline()
            assert line, "the build ended before it was killed"
            ends += json.loads(line)["event"] == "Ended"
        os.killpg(build.pid, signal.SIGKILL)
    runs = RunStore(_cache(options)).runs
    finished = {path.name for path in runs.glob("[!.]*")}
    assert 3 <= len(finished) < RUNS
    (runs / ".new-half").mkdir()
    assert not (_output(options) / "results.json").exists()

    watcher = Watcher()
    pipeline.build(options, watcher.listener)
    assert RUNS - len(finished) == len(watcher.trained)
    assert finished.isdisjoint(watcher.trained)
    assert RUNS == len(list(runs.glob("[!.]*")))
    assert not (runs / ".new-half").exists()
    assert _read_results(undisturbed.output) == _read_results(_output(options))


@pytest.mark.usefixtures("numbers_only")
def test_force_trains_again(undisturbed: Undisturbed, copy: Options) -> None:
    """``--force`` trains every run anew, to the same results, and looks no second time."""
    watcher = Watcher()
    pipeline.build(replace(copy, force=True), watcher.listener)
    assert set(undisturbed.watcher.trained) == set(watcher.trained)
    assert RUNS == len(watcher.trained)
    assert _read_results(undisturbed.output) == _read_results(_output(copy))


@pytest.mark.usefixtures("numbers_only")
def test_rotten_runs_are_trained_again(undisturbed: Undisturbed, copy: Options) -> None:
    """A damaged run is told, trained again, and comes to the same; the others stay."""
    folder = RunStore(_cache(copy)).runs / undisturbed.watcher.trained[0]
    weights = bytearray((folder / "tensors.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "tensors.safetensors").write_bytes(weights)
    watcher = Watcher()
    pipeline.build(copy, watcher.listener)
    assert [folder.name] == watcher.trained
    assert any(folder.name[:12] in warning for warning in watcher.warnings)
    assert _read_results(undisturbed.output) == _read_results(_output(copy))


@pytest.mark.usefixtures("numbers_only")
def test_runs_can_be_moved(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Another project that is given the stored runs trains nothing."""
    options = _make_project(tmp_path / "other")
    shutil.copytree(undisturbed.cache, tmp_path / "cache")
    watcher = Watcher()
    pipeline.build(replace(options, cache=tmp_path / "cache"), watcher.listener)
    assert [] == watcher.events
    assert _read_results(undisturbed.output) == _read_results(_output(options))


# --- When something goes wrong --------------------------------------------------------------------


def _run_command(*words: str | Path) -> tuple[int, str]:
    """Run a command in this process; return its exit code and what it says to standard error."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stderr


@pytest.mark.usefixtures("numbers_only")
def test_a_diverged_run_is_a_row(tmp_path: Path) -> None:
    """A run that diverges ends nothing: the others finish, it is listed, and the exit code is 1."""
    options = _make_project(tmp_path, TWO_RUNS.replace("[0.02, 0.05]", "[0.02, 1e9]"))
    code, said = _run_command("build", "--manifest", options.manifest, "--jobs", "1")
    assert (ExitCode.INCOMPLETE, True) == (code, "1 run did not finish" in said)
    results = json.loads((_output(options) / "results.json").read_bytes())
    finished, diverged = results["runs"]
    assert ("finished", "diverged") == (finished["status"], diverged["status"])
    assert "no longer a number" in diverged["reason"]

    watcher = Watcher()
    pipeline.build(options, watcher.listener)
    assert [] == watcher.trained  # it would diverge again


@pytest.mark.usefixtures("numbers_only")
def test_a_killed_worker_costs_nothing_but_time(undisturbed: Undisturbed, copy: Options) -> None:
    """In the middle of a run: noticed within five seconds, begun again, and the same in the end."""
    victim = undisturbed.watcher.trained[0]
    shutil.rmtree(RunStore(_cache(copy)).runs / victim)
    killed: list[float] = []
    lost: list[WorkerLost] = []

    def kill_once(event: Event) -> None:
        if isinstance(event, EpochDone) and not killed:
            killed.append(time.monotonic())
            _kill_children()
        if isinstance(event, WorkerLost):
            assert time.monotonic() - killed[0] < 5
            lost.append(event)

    built = pipeline.build(copy, Listener(on_event=kill_once))
    assert [(victim, True)] == [(each.experiment.fingerprint, each.again) for each in lost]
    assert () == built.results.incomplete
    assert _read_results(undisturbed.output) == _read_results(_output(copy))


@pytest.mark.usefixtures("numbers_only")
def test_a_failed_run_is_tried_again(tmp_path: Path) -> None:
    """A run that kills its worker is a row, not the end; the plan has it, and the next build."""
    options = _make_project(tmp_path, TWO_RUNS)
    victim: list[Experiment] = []

    def kill(event: Event) -> None:
        if isinstance(event, Started) and event.experiment in (victim or [event.experiment]):
            victim[:] = [event.experiment]
            _kill_children()

    built = pipeline.build(options, Listener(on_event=kill))
    assert victim == list(built.results.incomplete)
    assert "failed" == built.results.runs[victim[0].fingerprint].status
    assert 1 == sum(each.missing for each in make_plan(options, Listener()).variants)
    watcher = Watcher()
    again = pipeline.build(options, watcher.listener)
    assert [victim[0].fingerprint] == watcher.trained
    assert () == again.results.incomplete


def _kill_children() -> None:
    for child in multiprocessing.active_children():
        child.kill()


@pytest.mark.usefixtures("numbers_only")
def test_two_builds_do_not_share_an_output(copy: Options) -> None:
    """While one build holds the output another one is refused, with the number of the first."""
    refused: list[tuple[int, str]] = []

    def build_beside(_missing: object, _stored: int) -> None:
        words = ("--manifest", copy.manifest, "--progress", "plain")
        for command in ("build", "render"):
            ended = subprocess.run(
                _command(command, *map(str, words)), capture_output=True, text=True, check=False
            )
            refused.append((ended.returncode, ended.stderr))

    before = _snapshot(_output(copy))["report.html"]
    pipeline.build(copy, Listener(on_plan=_only_once(build_beside)))
    assert [ExitCode.LOCKED] * 2 == [code for code, _ in refused]
    assert all(f"process {os.getpid()}" in said for _, said in refused)
    assert before == _snapshot(_output(copy))["report.html"]
    pipeline.build(copy, Listener())  # the lock is gone


def _only_once(
    call: Callable[[Sequence[Experiment], int], None],
) -> Callable[[Sequence[Experiment], int], None]:
    done: list[bool] = []

    def once(missing: Sequence[Experiment], stored: int) -> None:
        if not done:
            done.append(True)
            call(missing, stored)

    return once


@pytest.mark.usefixtures("numbers_only")
def test_a_dead_builds_lock_is_no_lock(copy: Options) -> None:
    """The traces of a build that was killed hold nobody up, even if its number lives again."""
    (_output(copy) / ".build.pid").write_text(f"{os.getpid()}\n")
    (_output(copy) / ".build.lock").touch()
    assert () == pipeline.build(copy, Listener()).results.incomplete


def _list_session(session: int) -> list[str]:
    """Return the commands of a session's processes that are still alive."""
    listed = subprocess.run(
        ["ps", "-o", "stat=,args=", "-s", str(session)], capture_output=True, text=True, check=False
    )
    return [line for line in listed.stdout.splitlines() if not line.startswith("Z")]


def test_an_interrupt_ends_the_build_at_once(tmp_path: Path) -> None:
    """SIGINT ends a build within five seconds with exit code 130; finished runs are kept."""
    options = _make_project(tmp_path, TWO_RUNS.replace("epochs = 2", "epochs = 9999"))
    with subprocess.Popen(
        _command("build", "--progress", "json", "--jobs", "1"),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as build:
        assert build.stderr is not None
        while json.loads(build.stderr.readline())["event"] != "EpochDone":
            pass
        os.killpg(build.pid, signal.SIGINT)
        said = build.communicate(timeout=5)[1]
    assert ExitCode.INTERRUPTED == build.returncode
    assert "interrupted" in said.splitlines()[-1]
    assert "Traceback" not in said
    assert [] == _list_session(build.pid)
    assert not (_output(options) / "results.json").exists()


def test_batches_larger_than_the_split_are_refused(tmp_path: Path) -> None:
    """A batch that no epoch can fill is told with its place, for a level and for a baseline."""
    text = MANIFEST.replace("dense = 4", "dense = 4\nbatch_size = 1080")
    text = text.replace('factor = "learning_rate"', 'factor = "batch_size"')
    options = _make_project(tmp_path, text.replace("[0.002, 0.02]", "[16, 1079, 2000]"))
    watcher = Watcher()
    with pytest.raises(ManifestError, match="larger than the training split") as caught:
        pipeline.build(options, watcher.listener)
    assert ExitCode.USAGE == caught.value.exit_code
    assert ["study rate, 2000", "models.cnn"] == [each.key for each in caught.value.problems]
    assert [] == watcher.planned


def test_an_output_that_cannot_be_written_is_told_before_training(tmp_path: Path) -> None:
    """A build that could not publish anything does not train for it."""
    options = _make_project(tmp_path)
    (tmp_path / "file").touch()
    watcher = Watcher()
    with pytest.raises(EnvironmentFault) as caught:
        pipeline.build(replace(options, output=tmp_path / "file" / "output"), watcher.listener)
    assert ExitCode.ENVIRONMENT == caught.value.exit_code
    assert [] == watcher.planned


@pytest.mark.parametrize("place", ["output", "cache"])
def test_a_folder_that_may_only_be_read_is_told_before_training(tmp_path: Path, place: str) -> None:
    """Exit code 6 with one line, and not a single run, also where an earlier build left its locks.

    The superuser may write everywhere: here it gives up that right.
    """
    options = _make_project(tmp_path, TWO_RUNS)
    folder = tmp_path / place
    for inner in (folder, folder / "runs"):
        inner.mkdir()
        for name in (".build.lock", ".build.pid", ".lock"):
            (inner / name).touch()
    words = ["build", "--manifest", str(options.manifest), "--cache", str(tmp_path / "cache")]
    words += ["--output", str(tmp_path / "output"), "--progress", "json", "--jobs", "1"]
    if place == "cache":  # its data are there
        open_project(replace(options, cache=folder), Listener())
    before = _snapshot(folder)
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o555 if path.is_dir() else 0o644)
    humble: list[str] = []
    if os.geteuid() == 0:
        humble = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    ended = subprocess.run(
        [*humble, *_command(*words)], capture_output=True, text=True, check=False
    )
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    assert ExitCode.ENVIRONMENT == ended.returncode, ended.stderr
    (line,) = (line for line in ended.stderr.splitlines() if "error: " in line)
    assert "cannot be written" in line
    assert "Started" not in ended.stderr
    assert before == _snapshot(folder)


@pytest.mark.usefixtures("numbers_only")
def test_errors_while_storing_end_the_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that cannot be stored ends the build, and its workers with it."""
    options = _make_project(tmp_path, TWO_RUNS)

    def refuse(*_: object) -> None:
        msg = "no room"
        raise EnvironmentFault(msg)

    monkeypatch.setattr(RunStore, "save_run", refuse)
    others = multiprocessing.active_children()
    with pytest.raises(MnistReportError, match="no room"):
        pipeline.build(options, Listener())
    assert set() == set(multiprocessing.active_children()).difference(others)
    assert not (_output(options) / "results.json").exists()
