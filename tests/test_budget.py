"""``--budget`` from the command line to the documents, with tiny networks on the digits.

The costs are planted: what trains in a moment is said to take minutes, so that a budget bites.
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mnistreport import options, pipeline
from mnistreport.errors import EnvironmentFault, ExitCode
from mnistreport.study.trim_file import NAME
from mnistreport.training.cost import CostModel, Costs
from tests.commands import Told, call_command

MANIFEST = """\
[data]
source = "digits"

[training]
learning_rate = 0.05
epochs = 4
seeds = [0, 1, 2]

[models.mlp]
kind = "mlp"
neurons = 8

[[studies]]
name = "rate"
model = "mlp"
factor = "learning_rate"
levels = [0.05, 0.1]
"""
NOTICE = "To keep within a budget of 2 min, this report uses only 2 of 3 seeds and 2 of 4 epochs."
TWO_MINUTES = ("--budget", "2m", "--jobs", 1)
"""What two seeds and two epochs fit into, where a run of four epochs takes 56 seconds."""


@pytest.fixture(scope="module", autouse=True)
def _slow_machine() -> Iterator[None]:
    """Plant costs: an update, of which an epoch has 17, takes 14/17 of a second."""
    slow = CostModel({"mlp": Costs(0, 14 / 17, 0)}, {"mlp": 3}, 2, 0.25)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(options, "count_cores", lambda: 2)
        patch.setattr(pipeline, "fit_stored_costs", lambda _runs, _device: slow)
        yield


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """A project that was built within two minutes; nobody changes it."""
    folder = tmp_path_factory.mktemp("budget")
    (folder / "experiments.toml").write_text(MANIFEST, encoding="utf-8")
    return folder, _call("build", folder, *TWO_MINUTES)


@pytest.fixture
def copy(built: tuple[Path, Told], tmp_path: Path) -> Path:
    """The built project once more, to be changed."""
    return shutil.copytree(built[0], tmp_path / "copy")


def _call(command: str, folder: Path, *options: object) -> Told:
    return call_command(command, *options, "--manifest", folder / "experiments.toml")


def _unify_spaces(text: str) -> str:
    return " ".join(text.split())


def _read_results(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "output" / "digits" / "results.json").read_bytes())


def test_a_budget_is_told(built: tuple[Path, Told]) -> None:
    """Console, first page and ``results.json`` say what was trained, and that is what was."""
    folder, told = built
    assert ExitCode.DONE == told.code, told.err
    assert "to keep within 2 min: 2 of 3 seeds and 2 of 4 epochs" in told.err
    results = _read_results(folder)
    assert NOTICE in results["notices"]
    assert {
        "budget_seconds": 120,
        "seeds": [2, 3],
        "epochs": {"mlp": [2, 4]},
        "others": 1.0,
    } == results["trimmed"]
    assert [(seed, 2) for seed in (0, 1, 0, 1)] == [
        (run["seed"], run["epochs"]) for run in results["runs"]
    ]
    html = (folder / "output" / "digits" / "report.html").read_text("utf-8")
    assert NOTICE in html
    assert "fewer seeds or epochs than the manifest asks for" in _unify_spaces(html)


def test_documents_are_made_again_without_the_budget(copy: Path) -> None:
    """``check`` and ``render`` keep to what the build trained, and find it current."""
    told = _call("check", copy)
    assert "as it was built, to keep within 2 min: 2 of 3 seeds and 2 of 4 epochs" in told.err
    assert "runs: 4 of 4 finished" in told.out
    assert "documents: made of the manifest, templates and results of now" in told.out
    before = _read_results(copy)
    manifest = copy / "experiments.toml"
    manifest.write_text(f'[report]\ntitle = "Another"\n{MANIFEST}', encoding="utf-8")
    assert ExitCode.DONE == _call("render", copy, "--no-pdf").code
    after = _read_results(copy)
    assert ("Another", before["notices"]) == (after["title"], after["notices"])


def test_documents_within_a_budget_are_not_those_of_all(copy: Path) -> None:
    """The stamp knows the budget: another one for the same runs makes documents outdated."""
    path = copy / "output" / "digits" / NAME
    path.write_text(path.read_text().replace("120", "119"))
    assert "documents: the manifest, templates or results have changed" in _call("check", copy).out


def test_the_same_budget_again_has_nothing_to_do(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command makes the same report, also where more would fit by what is known now."""
    fast = CostModel({"mlp": Costs(0, 1e-3, 0)}, {"mlp": 7}, 2, 0.25)
    monkeypatch.setattr(pipeline, "fit_stored_costs", lambda _runs, _device: fast)
    told = _call("build", copy, *TWO_MINUTES)
    assert "nothing has changed" in told.out, told.err
    told = _call("plan", copy, "--budget", "150s", "--jobs", 1)
    assert "6 runs, 0 stored, 6 to train" in told.out


def test_more_workers_than_cores_gain_nothing(built: tuple[Path, Told]) -> None:
    """They are warned of, and no estimate counts on them."""
    told = _call("plan", built[0], "--jobs", 3, "--json")
    assert 1 == told.err.count("--jobs 3 is more than the 2 cores there are")
    plan = json.loads(told.out)
    assert (2, pytest.approx(3 + 3 * 56)) == (plan["jobs"], plan["seconds"])
    assert "more than" not in _call("plan", built[0], "--jobs", 2).err


def test_a_plan_counts_what_is_trained(tmp_path: Path) -> None:
    """What two models ask for alike is one run, in the plan as in the build."""
    twin = '\n[models.twin]\nkind = "mlp"\nneurons = 8\n'
    (tmp_path / "experiments.toml").write_text(MANIFEST + twin, encoding="utf-8")
    assert "6 runs, 0 stored, 6 to train: " in _call("plan", tmp_path).out


def test_a_damaged_run_is_to_be_trained(copy: Path) -> None:
    """A plan and a budget do not count on a run whose weights are rotten."""
    for path in (copy / ".mnistreport" / "runs").glob("*/tensors.safetensors"):
        path.write_bytes(path.read_bytes()[:-1])
    told = _call("plan", copy, *TWO_MINUTES)
    assert "4 runs, 0 stored, 4 to train: about 1 min 55 s" in _unify_spaces(told.out)


def test_what_a_budget_left_is_built_with_it_again(copy: Path) -> None:
    """Where documents of a trimmed build lack runs, the error names the build that made them."""
    shutil.rmtree(copy / ".mnistreport" / "runs")
    told = _call("render", copy)
    assert ExitCode.USAGE == told.code
    assert "train them: mnistreport build --budget 120s" in told.err


def test_a_build_without_a_budget_trains_everything(copy: Path) -> None:
    """The next build supersedes the last one's budget, and forgets it."""
    told = _call("build", copy, "--jobs", 1)
    assert ExitCode.DONE == told.code, told.err
    results = _read_results(copy)
    assert (6, None) == (len(results["runs"]), results["trimmed"])
    assert [] == [notice for notice in results["notices"] if "budget" in notice]
    assert not (copy / "output" / "digits" / NAME).exists()
    told = _call("build", copy, "--budget", "1s")
    assert "nothing has changed" in told.out, told.err


def test_a_budget_too_short_leaves_all_as_it_was(copy: Path) -> None:
    """One line names the least budget that fits; what the last build kept stays."""
    told = _call("build", copy, "--budget", "30", "--force", "--jobs", 1)
    assert ExitCode.USAGE == told.code
    assert "give it that: --budget 59s" in told.err
    assert 1 == told.err.count("error: ")
    assert "runs: 4 of 4 finished" in _call("check", copy).out


def test_a_build_that_stops_leaves_the_budget_of_the_documents(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as nothing new is trained, the documents keep to what they were made of."""

    def stop(*_args: object, **_named: object) -> None:
        msg = "the machine is on fire"
        raise EnvironmentFault(msg)

    monkeypatch.setattr(pipeline, "train_experiments", stop)
    kept = (copy / "output" / "digits" / NAME).read_bytes()
    assert ExitCode.ENVIRONMENT == _call("build", copy, "--jobs", 1).code
    assert kept == (copy / "output" / "digits" / NAME).read_bytes()
    assert "documents: made of the manifest" in _call("check", copy).out


@pytest.mark.parametrize("command", ["render", "check", "pack"])
def test_a_damaged_budget_is_one_clear_line(command: str, copy: Path) -> None:
    """Whatever reads the kept budget says that it is damaged, and what to do."""
    (copy / "output" / "digits" / NAME).write_text("{")
    told = _call(command, copy)
    assert ExitCode.ENVIRONMENT == told.code
    last = told.err.splitlines()[-1]
    assert re.match(r"error: .*budget\.json: .* damaged; build again", last), told.err


def test_a_damaged_budget_is_superseded_by_a_build(copy: Path) -> None:
    """A build within a budget chooses anew, and leaves a file that is whole."""
    path = copy / "output" / "digits" / NAME
    whole = path.read_bytes()
    path.write_text("{")
    told = _call("build", copy, *TWO_MINUTES)
    assert ExitCode.DONE == told.code, told.err
    after = json.loads(path.read_bytes())
    assert json.loads(whole)["budget_seconds"] == after["budget_seconds"]


def test_a_plan_shows_what_would_be_trimmed(built: tuple[Path, Told]) -> None:
    """``plan`` says what a budget would leave, how long that takes, and how sure that is."""
    told = _call("plan", built[0], "--budget", "100s", "--jobs", 1)
    assert "to keep within 1 min 40 s: 2 of 3 seeds and 2 of 4 epochs" in told.out
    told = _call("plan", built[0], "--jobs", 2)
    assert (
        "about 2 min 51 s with 2 workers; estimated from 3 stored runs; "
        "for 2 left out, updates were off by 25 % (median)"
    ) in _unify_spaces(told.out)
    plan = json.loads(_call("plan", built[0], "--jobs", 2, "--json").out)
    assert (6, None) == (sum(each["missing"] for each in plan["variants"]), plan["trimmed"])
    assert {"stored_runs": {"mlp": 3}, "median_relative_error": 0.25} == plan["estimate"]
    assert pytest.approx(3 + 3 * 56) == plan["seconds"]


def test_a_plan_with_nothing_to_train_takes_no_time(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Costs are fitted only where there is something to estimate."""

    def fail(*_args: object) -> None:
        msg = "nobody asked"
        raise AssertionError(msg)

    assert ExitCode.DONE == _call("build", copy, "--jobs", 1).code
    monkeypatch.setattr(pipeline, "fit_stored_costs", fail)
    assert "6 runs, 6 stored, 0 to train" == _call("plan", copy).out.splitlines()[-1]
