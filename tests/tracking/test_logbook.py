import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mnistreport import pipeline
from mnistreport.errors import ExitCode
from mnistreport.options import Listener, Options
from mnistreport.tracking.logbook import Logbook, build_logged
from mnistreport.tracking.trackers import TRACKERS, explain_failure
from mnistreport.training.events import Ended, Event
from tests.commands import run_command
from tests.tracking.projects import DATE, Logged, Recorded, Watcher

LOADED = """\
import sys
import mnistreport.cli, mnistreport.pipeline, mnistreport.console
print([name for name in sys.modules if {"mlflow", "tensorboard", "tracking"} & {*name.split(".")}])
"""


@pytest.fixture
def watcher() -> Watcher:
    """Who is told."""
    return Watcher()


@pytest.fixture
def logbook(recorded: Recorded, watcher: Watcher, tmp_path: Path) -> Iterator[Logbook]:
    """A logbook of TensorBoard's, open for the recorded build."""
    book = Logbook(tmp_path, ("tensorboard",), watcher.listener)
    book.open(*recorded.project)
    yield book
    book.close()


def list_logged(folder: Path) -> list[str]:
    """Return the folders of runs."""
    return sorted(path.name for path in (folder / "tensorboard").iterdir() if path.is_dir())


def break_place(folder: Path) -> None:
    """Have the disk refuse every run: there is a file where their folder was."""
    shutil.rmtree(folder / "tensorboard")
    (folder / "tensorboard").touch()


def test_a_run_is_logged_as_soon_as_it_has_ended(
    logbook: Logbook, recorded: Recorded, watcher: Watcher, tmp_path: Path
) -> None:
    """Whatever becomes of the build, what was trained is logged; and others are still told."""
    for number, event in enumerate(recorded.ended, start=1):
        logbook.note(event)
        assert number == len(list_logged(tmp_path))
    assert list(recorded.ended) == watcher.events


def test_an_interrupted_build_has_logged_what_it_trained(small: Options) -> None:
    """Ctrl-C after the first run ends the build as ever, and that run is logged."""
    folder = small.manifest.parent
    shutil.rmtree(folder / ".mnistreport" / "runs")
    ended: list[Event] = []

    def interrupt(event: Event) -> None:
        if isinstance(event, Ended):
            if ended:
                raise KeyboardInterrupt
            ended.append(event)

    with pytest.raises(KeyboardInterrupt):
        build_logged(small, Listener(on_event=interrupt), ["tensorboard"])
    (name,) = list_logged(folder)
    assert name.endswith(ended[0].experiment.fingerprint[:12])


def test_a_tracker_that_fails_meanwhile_is_tried_again_at_the_end(
    logbook: Logbook, recorded: Recorded, watcher: Watcher, tmp_path: Path
) -> None:
    """One warning, however many runs end meanwhile; all of them are there in the end."""
    break_place(tmp_path)
    for event in recorded.ended:
        logbook.note(event)
    (warning,) = watcher.warnings
    assert warning.startswith("tensorboard: ")
    assert "the build goes on" in warning
    (tmp_path / "tensorboard").unlink()
    logbook.complete(recorded.built)
    assert len(recorded.ended) == len(list_logged(tmp_path))
    assert [warning] == watcher.warnings


def test_a_tracker_that_fails_to_the_end_is_told_and_made_up_for(
    logbook: Logbook, recorded: Recorded, watcher: Watcher, tmp_path: Path
) -> None:
    """The last warning counts what is not logged, and the next build logs it."""
    break_place(tmp_path)
    logbook.complete(recorded.built)
    (warning,) = watcher.warnings
    assert warning.startswith("tensorboard: 2 runs and the documents were not logged (")
    assert warning.endswith("the next build with --log-to tensorboard does it")
    (tmp_path / "tensorboard").unlink()
    again = Logbook(tmp_path, ("tensorboard",), watcher.listener)
    again.open(*recorded.project)
    again.complete(recorded.built)
    assert len(recorded.ended) == len(list_logged(tmp_path))
    assert [warning] == watcher.warnings


def test_levels_of_models_that_share_a_run_are_all_told(
    logbook: Logbook, recorded: Recorded
) -> None:
    """Two models of one setting have the same run, which belongs to the studies of both."""
    first = recorded.built.results.experiments[0]
    twin = replace(first, variant=replace(first.variant, model="twin"))
    logbook._levels[twin.variant.key] = {"other": "7"}
    results = replace(recorded.built.results, experiments=(first, twin))
    (entry,) = logbook._enter_all(replace(recorded.built, results=results))
    assert {"rate": "0.02", "other": "7"} == entry.levels


def test_the_documents_are_the_same_bytes(
    logged: Logged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build of the same runs that is not logged writes the very documents of one that was."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", DATE)
    folder = tmp_path / logged.folder.name
    folder.mkdir()
    shutil.copy(logged.folder / "experiments.toml", folder)
    shutil.copytree(logged.folder / ".mnistreport", folder / ".mnistreport")
    options = replace(logged.options, manifest=folder / "experiments.toml", pdf=False)
    built = pipeline.build(options, Listener())
    names = [path.relative_to(folder) for path in built.publication.documents]
    assert Path("output/digits/report.html") in names
    for name in names:
        assert (logged.folder / name).read_bytes() == (folder / name).read_bytes(), name


@pytest.mark.parametrize("name", TRACKERS)
def test_a_missing_package_is_told_before_training(
    small: Options, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The command ends with code 6 and says what to install; nothing is trained."""
    folder = small.manifest.parent
    shutil.rmtree(folder / ".mnistreport" / "runs")
    (folder / "hidden" / name).mkdir(parents=True)
    (folder / "hidden" / name / "__init__.py").touch()
    paths = [str(folder / "hidden"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    told = run_command("build", "--log-to", name, folder=folder)
    assert ExitCode.ENVIRONMENT == told.code, told.err
    last = told.err.splitlines()[-1]
    step = f"install it: pip install 'mnistreport[{name}]'"
    assert f"error: --log-to {name}: {name} is not installed; {step}" == last
    assert "training" not in told.err
    assert [] == list((folder / ".mnistreport").glob("runs/*/record.json"))


def test_a_build_that_is_not_logged_loads_no_tracker() -> None:
    """Neither packages of trackers nor this room are loaded unless they are asked for."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    assert "[]\n" == done.stdout


def test_what_a_library_says_is_short_and_without_passwords() -> None:
    """A warning is part of a line, whatever a library writes."""
    error = OSError("no\nanswer from https://ada:secret@host:5000/api " + "x" * 1000)
    told = explain_failure(error)
    assert told.startswith("no answer from https://host:5000/api xxx")
    assert 200 == len(told)
    assert "KeyError" == explain_failure(KeyError())
