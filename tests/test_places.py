"""Links in a project: what lies behind them is not the project's, and stays as it is."""

from pathlib import Path

import pytest

from mnistreport.errors import ExitCode
from tests.commands import call_command
from tests.study.manifests import BOTH_MODELS

OWN = ("output", "output/digits", "output/digits/figures", ".mnistreport", ".mnistreport/runs")


def _link(project: Path, name: str, elsewhere: Path) -> Path:
    (project / "experiments.toml").write_text(BOTH_MODELS)
    (elsewhere / "digits").mkdir(parents=True)
    (elsewhere / "digits" / "report.html").write_text("somebody's")
    link = project / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(elsewhere)
    return link


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("command", ["build", "render", "pack", "plan"])
def test_a_link_that_came_with_a_project_is_refused(
    tmp_path: Path, command: str, name: str
) -> None:
    """One line, exit code 6; nothing is written behind it, or into it."""
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    link = _link(project, name, elsewhere)
    told = call_command(command, "--manifest", project / "experiments.toml")
    assert ExitCode.ENVIRONMENT == told.code, told.err
    assert f"error: {link}: is a link" in told.err
    assert ["digits", "digits/report.html"] == [
        path.relative_to(elsewhere).as_posix() for path in sorted(elsewhere.rglob("*"))
    ]
    assert "somebody's" == (elsewhere / "digits" / "report.html").read_text()


def test_a_link_that_the_user_gives_is_followed(tmp_path: Path) -> None:
    """Whoever names a link on the command line means what it leads to."""
    link = _link(tmp_path, "mine", tmp_path / "elsewhere")
    words = ("--manifest", tmp_path / "experiments.toml", "--cache", link, "--output", link)
    told = call_command("plan", *words)
    assert ExitCode.DONE == told.code, told.err
