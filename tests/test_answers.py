"""What programs read: the answers that commands give with ``--json``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

import mnistreport
from mnistreport import build
from mnistreport.errors import ExitCode
from tests.commands import Told, call_command, run_command

ROOT = Path(__file__).resolve().parent.parent
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

[[studies]]
name = "Rate"
model = "mlp"
factor = "learning_rate"
levels = [0.02, 0.05]

[[rubric]]
requirement = "Real MNIST"
points = 3
check = "mnist_data"
"""
INSIGHT = """\
Words about 0.05.
{% claim study.best.label == "9" %}Nine it is.{% endclaim %}
"""


def read_strictly(told: Told) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return the one value that standard output holds, which has no token beyond JSON's."""
    return json.loads(told.out, parse_constant=pytest.fail)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of a project whose page has a claim that does not hold; nobody changes it."""
    folder = tmp_path_factory.mktemp("project")
    path = folder / "experiments.toml"
    path.write_text(MANIFEST, encoding="utf-8")
    insight = folder / "templates" / "insights" / "rate.md.j2"
    insight.parent.mkdir(parents=True)
    insight.write_text(INSIGHT, encoding="utf-8")
    with pytest.warns(mnistreport.MnistReportWarning):
        build(path, pdf=False, jobs=1)
    return path


def test_a_checkup_before_a_build(tmp_path: Path) -> None:
    """What is not there yet is told as such; what is amiss fails only where that is asked for."""
    path = tmp_path / "experiments.toml"
    path.write_text(MANIFEST, encoding="utf-8")
    told = call_command("check", "--json", "--manifest", path)
    found = read_strictly(told)
    assert ExitCode.DONE == told.code, told.err
    assert ["warning: "] == [line[:9] for line in told.err.splitlines()]
    assert {"planned": 4, "finished": 0, "imported": 0} == found["runs"]
    assert [{"study": "Rate", "file": None, "is_own": False}] == found["insights"]
    assert (None, False) == (found["claims"], found["placeholders"])
    assert {"name": None, "state": "none"} == found["zip"]
    output = tmp_path / "output" / "digits"
    assert {"folder": str(output), "state": "none"} == found["documents"]
    assert (["rubric"], False, True) == (
        [each["kind"] for each in found["complaints"]],
        found["strict"],
        found["passes"],
    )
    strictly = call_command("check", "--json", "--strict", "--manifest", path)
    assert ExitCode.INCOMPLETE == strictly.code
    assert found | {"strict": True, "passes": False} == read_strictly(strictly)


def test_a_checkup_says_what_the_command_prints(project: Path) -> None:
    """A complaint has its kind, place and next step; the exit code is that without ``--json``."""
    plain = call_command("check", "--manifest", project)
    told = call_command("check", "--json", "--manifest", project)
    found = read_strictly(told)
    assert ExitCode.INCOMPLETE == plain.code == told.code
    assert f"runs: {found['runs']['finished']} of {found['runs']['planned']} finished" in plain.out
    assert (1, False) == (found["claims"], found["passes"])
    assert "incomplete" == found["documents"]["state"]  # without PDFs
    claim, rubric = found["complaints"]
    [number] = found["numbers"]
    assert ("0.05", "learning rate 0.05", 1) == (number["number"], number["source"], number["line"])
    assert "numbers: 1 typed, 1 with a source\n" in plain.out
    assert f"  {number['file']}:1: 0.05 is learning rate 0.05\n" in plain.out
    insight = project.parent / "templates" / "insights" / "rate.md.j2"
    assert ("claim", str(insight), 2) == (claim["kind"], claim["file"], claim["line"])
    said = f"{claim['file']}:{claim['line']}: {claim['key']}: {claim['reason']}"
    assert f"false claim: {said}" in plain.err
    assert claim["next_step"][1:] in plain.err
    assert ("rubric", str(project)) == (rubric["kind"], rubric["file"])
    (verdict,) = found["rubric"]
    assert (3, "mnist_data", False) == (verdict["points"], verdict["check"], verdict["is_met"])
    assert "false claim" not in told.err


def test_the_readme_shows_what_a_checkup_holds(project: Path) -> None:
    """Its example has every key, in order, and no other."""
    text = (ROOT / "README.md").read_text("utf-8")
    (shown,) = [each.content for each in MarkdownIt().parse(text) if each.info == "json"]
    found = read_strictly(call_command("check", "--json", "--manifest", project))
    assert _list_keys(json.loads(shown)) == _list_keys(found)


def _list_keys(value: object, place: str = "") -> list[str]:
    """Return the path of each key of an answer; of the first item alone in a list."""
    if isinstance(value, list):
        return _list_keys(value[0], f"{place}[]") if value and isinstance(value[0], dict) else []
    if not isinstance(value, Mapping):
        return []
    return [
        path
        for key, each in value.items()
        for path in (f"{place}.{key}", *_list_keys(each, f"{place}.{key}"))
    ]


@pytest.mark.parametrize("command", ["plan", "check", "verify"])
def test_every_answer_is_one_json_value(project: Path, command: str) -> None:
    """From a process of its own: what is told beside it goes to standard error."""
    words = [project.name] if command == "verify" else []
    told = run_command(command, "--json", *words, folder=project.parent)
    found = read_strictly(told)
    assert found
    assert told.out.isascii()
    if command == "verify":
        assert [project.name, False] == [found[0]["file"], found[0]["passes"]]
        assert (ExitCode.INCOMPLETE, "") == (told.code, told.err)
    else:
        assert ["warning: "] == [line[:9] for line in told.err.splitlines()]


@pytest.mark.parametrize("command", ["plan", "check"])
def test_an_error_is_no_answer(tmp_path: Path, command: str) -> None:
    """A manifest's mistakes are a line each on standard error, and nothing is on the other."""
    path = tmp_path / "experiments.toml"
    path.write_text(MANIFEST.replace("epochs = 2", "epoch = 2\nbatch_size = 0"), encoding="utf-8")
    told = call_command(command, "--json", "--manifest", path)
    assert (ExitCode.USAGE, "") == (told.code, told.out)
    assert [f"error: {path}:6:", f"error: {path}:7:"] == [
        " ".join(line.split(" ")[:2]) for line in told.err.splitlines()
    ]
