"""The program's commands, as a user runs them: how long they take, and whether they load torch."""

import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def time_command(*words: str | Path) -> float:
    """Return the seconds that a command of mnistreport takes, from start to end."""
    started = time.perf_counter()
    _run([sys.executable, "-m", "mnistreport", *words])
    return time.perf_counter() - started


def loads_torch(*words: str | Path) -> bool:
    """Tell whether a command of mnistreport imports torch."""
    told = _run([sys.executable, "-X", "importtime", "-m", "mnistreport", *words])
    return re.search(r"\|\s+torch$", told, re.MULTILINE) is not None


def _run(command: list[str | Path]) -> str:
    """Run ``command`` and return what it told on standard error.

    Raises:
        SystemExit: It cannot do what it was asked for.
    """
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    # A build ends with 1 if a run diverged or a claim is false: its documents are there all the
    # same, and `check` ends so where the rubric asks for more than there is.
    if done.returncode not in {0, 1} or "Traceback" in done.stderr:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stderr
