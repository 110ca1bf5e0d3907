"""The workflows for GitHub Actions: what they run is what the program takes."""

import importlib.util
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from mnistreport.errors import ExitCode
from tests.commands import Told, run_command
from tests.study.manifests import SMALL_MANIFEST

ROOT = Path(__file__).resolve().parent.parent
OURS = ROOT / ".github" / "workflows" / "report.yml"
FOR_USERS = ROOT / "docs" / "report-on-github.yml"
BOTH = pytest.mark.parametrize("path", [OURS, FOR_USERS], ids=["ours", "for users"])
ACTIONS = {
    "actions/cache@v4",
    "actions/checkout@v4",
    "actions/setup-python@v5",
    "actions/upload-artifact@v4",
}
UNMET = '\n[[rubric]]\nrequirement = "Real MNIST"\npoints = 1\ncheck = "mnist_data"\n'


def read_workflow(path: Path) -> dict[str, Any]:
    """Return a workflow; YAML takes its key ``on`` for true."""
    return yaml.safe_load(path.read_text("utf-8"))


def list_steps(path: Path) -> list[dict[str, Any]]:
    """Return the steps of a workflow's only job."""
    (job,) = read_workflow(path)["jobs"].values()
    return job["steps"]


def list_commands(path: Path) -> list[list[str]]:
    """Return the words of each line that is run, with the workflow's environment filled in."""
    env = read_workflow(path)["env"]
    lines = [line for step in list_steps(path) for line in step.get("run", "").splitlines()]
    return [
        [re.sub(r"\$(\w+)", lambda name: env[name[1]], word) for word in shlex.split(line)]
        for line in lines
    ]


def run_ours(path: Path, folder: Path, *, only: str = "") -> dict[str, Told]:
    """Run, in a project, the lines of a workflow that are this program's; return what they said."""
    ours = [words[1:] for words in list_commands(path) if words[0] == "mnistreport"]
    wanted = [words for words in ours if only in {"", words[0]}]
    return {" ".join(words): run_command(*words, folder=folder) for words in wanted}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project's folder, in which one workflow runs after the other."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "experiments.toml").write_text(SMALL_MANIFEST, encoding="utf-8")
    return folder


@BOTH
def test_its_lines_run(project: Path, path: Path) -> None:
    """They check and build a project, and put the report where the artifact is taken from."""
    told = run_ours(path, project)
    assert {"build", "check"} == {words.split()[0] for words in told}
    assert {} == {words: each.err for words, each in told.items() if each.code != ExitCode.DONE}
    steps = {step["uses"]: step["with"] for step in list_steps(path) if "uses" in step}
    assert [*(project / steps["actions/upload-artifact@v4"]["path"]).rglob("report.html")]
    assert (project / steps["actions/cache@v4"]["path"]).is_dir()


def test_that_for_users_fails_while_something_is_amiss(project: Path, tmp_path: Path) -> None:
    """A requirement that is not met ends the run, and the report is built and kept even so."""
    names = [step.get("name") for step in list_steps(FOR_USERS)]
    assert ["Build", "Check", "Keep the report"] == names[-3:]
    assert "${{ !cancelled() }}" == list_steps(FOR_USERS)[-1]["if"]
    folder = shutil.copytree(project, tmp_path / "project")
    with (folder / "experiments.toml").open("a", encoding="utf-8") as file:
        file.write(UNMET)
    told = run_ours(FOR_USERS, folder, only="check")
    assert [ExitCode.INCOMPLETE] == [each.code for each in told.values()]


@BOTH
def test_it_may_only_read(path: Path) -> None:
    """Nothing is written to the repository, no secret is used, no expression reaches a shell."""
    assert {"contents": "read"} == read_workflow(path)["permissions"]
    (job,) = read_workflow(path)["jobs"].values()
    assert "permissions" not in job
    assert "secrets" not in path.read_text("utf-8")
    assert [] == [step for step in job["steps"] if "${{" in step.get("run", "")]
    (checkout,) = [s for s in job["steps"] if s.get("uses", "").startswith("actions/checkout")]
    assert checkout["with"]["persist-credentials"] is False


@BOTH
def test_its_actions_are_those_that_are_known(path: Path) -> None:
    """Each is one of GitHub's own, of a major version that there is."""
    assert ACTIONS == {step["uses"] for step in list_steps(path) if "uses" in step}


def test_its_packages_are_those_that_the_program_needs() -> None:
    """What draws text in PDFs is installed as on every Debian; the files that are named exist."""
    place = ROOT / "scripts" / "prepare_machine.py"
    spec = importlib.util.spec_from_file_location("prepare_machine", place)
    assert spec is not None
    assert spec.loader is not None
    machine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(machine)
    apt = [
        words for words in list_commands(FOR_USERS) if words[:3] == ["sudo", "apt-get", "install"]
    ]
    assert [["--yes", *machine.NEEDS["pango"].packages]] == [words[3:] for words in apt]
    named = {word for words in list_commands(OURS) for word in words if "." in word}
    assert {"scripts/prepare_machine.py", "constraints.txt", "."} == named
    assert [] == [name for name in named if not os.path.lexists(ROOT / name)]
