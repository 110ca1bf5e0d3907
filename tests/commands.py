"""Running the program's commands, and what they say.

A notebook takes a kernel several seconds, and has tests of its own: ``build`` and ``render`` make
none here unless ``--notebook`` is among their words.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner, Result

from mnistreport.cli import app


@dataclass(frozen=True)
class Told:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


def spell_command(*words: object) -> list[str]:
    """Return a command's words, without a notebook if it may go without."""
    spelt = [str(word) for word in words]
    is_plain = "--notebook" not in spelt and "--help" not in spelt
    makes_one = spelt[:1] in (["build"], ["render"])
    return [*spelt, "--no-notebook"] if makes_one and is_plain else spelt


def run_command(*words: object, folder: Path) -> Told:
    """Run ``python -m mnistreport`` in ``folder``."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "mnistreport", *spell_command(*words)],
        capture_output=True,
        check=False,
        cwd=folder,
        encoding="utf-8",
        timeout=300,
    )
    return Told(done.returncode, done.stdout, done.stderr)


def call_command(*words: object) -> Told:
    """Run a command in this process, which is quicker."""
    result: Result = CliRunner().invoke(app, spell_command(*words))
    return Told(result.exit_code, result.stdout, result.stderr)


def is_alive(process: int) -> bool:
    """Tell whether a process is there, and no zombie that nobody has asked after yet."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
