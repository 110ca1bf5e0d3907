"""What a shell completes while somebody types, asked for as bash does."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mnistreport.cli_options import complete_sources
from mnistreport.data.sources import SOURCES
from tests.study.manifests import BOTH_MODELS

PROGRAM = """\
#!{python}
from mnistreport.__main__ import main
main()
"""
COMPLETE = """\
eval "$(mnistreport --show-completion)"
COMP_WORDS=({words})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
{function} mnistreport
printf '%s\\n' "${{COMPREPLY[@]}}"
complete -p mnistreport >&2
"""
HEAVY = ("torch", "numpy", "pandas", "scipy", "jinja2", "filelock")
"""What takes long to load; not pydantic, with which typer itself reads what was typed."""
HOSTILE = 'name = "$(touch pwn); `touch pwn` *"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a manifest; ``bin`` in it has the program."""
    (tmp_path / "experiments.toml").write_text(BOTH_MODELS, encoding="utf-8")
    program = tmp_path / "bin" / "mnistreport"
    program.parent.mkdir()
    program.write_text(PROGRAM.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    return tmp_path


def complete(folder: Path, *words: str) -> list[str]:
    """Have a real bash complete the last of ``words``; return what it offers."""
    script = COMPLETE.format(words=shlex.join(words), function="_mnistreport_completion")
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=60,
    )
    assert "complete -o default -F _mnistreport_completion mnistreport\n" == done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["bu"], ["build"]),
        (["build", "--bud"], ["--budget"]),
        (["build", "--no-t"], ["--no-test"]),
        (["build", "--device", "c"], ["cpu", "cuda"]),
        (["build", "--progress", ""], ["auto", "rich", "plain", "json"]),
        (["plan", "--data", "k"], ["kaggle"]),
        (["insights", "accept", ""], ["learning_rate", "switch"]),
        (["insights", "accept", "sw"], ["switch"]),
        (["insights", "accept", "--manifest", "nowhere.toml", ""], []),
    ],
)
def test_bash_completes(folder: Path, words: list[str], offered: list[str]) -> None:
    """Commands, options, their values, and studies; a manifest that is not there is no noise."""
    assert offered == complete(folder, "mnistreport", *words)


def test_a_studys_name_does_nothing_in_a_shell(folder: Path) -> None:
    """Whatever the manifest calls a study, what is offered holds no sign that a shell obeys."""
    manifest = folder / "experiments.toml"
    text = BOTH_MODELS.replace('name = "switch"', HOSTILE)
    manifest.write_text(text, encoding="utf-8")
    assert ["learning_rate", "touch-pwn-touch-pwn"] == complete(
        folder, "mnistreport", "insights", "accept", ""
    )
    assert [] == [*folder.rglob("pwn")]


@pytest.mark.parametrize("content", ["studies = 1", "studies = [1, {}, {name = 2}]", "= no TOML"])
def test_a_manifest_that_is_none_offers_nothing(folder: Path, content: str) -> None:
    """Nothing is said in the midst of somebody's line."""
    (folder / "experiments.toml").write_text(content, encoding="utf-8")
    assert [] == complete(folder, "mnistreport", "insights", "accept", "")


def test_studies_are_offered_at_once(folder: Path) -> None:
    """Whoever pressed a key waits for no library."""
    script = (
        "import atexit, sys\n"
        "from mnistreport.cli import main\n"
        f"heavy = {HEAVY!r}\n"
        "atexit.register(lambda: print('loaded', *[n for n in heavy if n in sys.modules]))\n"
        "sys.argv = ['mnistreport']\n"
        "main()\n"
    )
    asked = {"COMP_WORDS": "mnistreport insights accept ", "COMP_CWORD": "3"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, **asked, "_MNISTREPORT_COMPLETE": "complete_bash"},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert ["learning_rate", "switch", "loaded"] == done.stdout.splitlines()


def test_all_sources_are_offered() -> None:
    """What is completed is what there is."""
    assert sorted(SOURCES) == sorted(complete_sources(""))
