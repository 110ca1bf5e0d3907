"""Which files below a folder a command opens, and which programs it starts: as Linux sees it.

What the program means to read or write is ``MEANT``; a library that reads anything else there by
itself is found.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

MEANT: Final[Mapping[str, str]] = {
    "the folders themselves": r"|data|output|(output|rendered)(/digits)?(/figures)?",
    "the manifest, and what is written beside it": (
        r"(\.new-)?(experiments\.toml|experiments\.schema\.json|\.gitignore)"
    ),
    "templates, of which all is digested": r"templates(/.*)?",
    "checked data, runs, the ledger": r"\.mnistreport(/.*)?",
    "documents": (
        r"(output/digits|rendered)/(figures/)?(\.new-|\.old-)?[\w.-]+\.(html|pdf|ipynb|csv|json|svg|png|safetensors)"
    ),
    "locks": r"((output/digits|rendered)/(figures/)?)?\.(build\.)?(lock|pid)",
    "unfinished files": r"(output/digits|rendered)/(figures/)?\.(new|old)-.*",
    "zips": r"((output/digits|rendered)/)?(\.new-)?[\w-]+\.(zip|txt)",
    "logs": r"tensorboard(/.*)?|mlruns(/.*)?|(\.new-)?mlflow\.db(-\w+)?",
}
"""Patterns of the paths, relative to the project, that the program itself means to open."""

_CALL: Final = re.compile(
    r'\d+ +(?P<call>\w+)\((?:(?:AT_FDCWD|\d+)<(?P<folder>[^>]*)>, )?"(?P<path>[^"]*)"'
)
_STRACE: Final = (
    "strace", "-f", "-qq", "-y", "-s", "4096", "-e", "signal=none",
    "-e", "trace=open,openat,openat2,creat,execve,execveat",
)  # fmt: skip


@dataclass(frozen=True)
class Trace:
    """What a command and its children did.

    Attributes:
        opened: Paths of files that were opened, or looked for.
        executed: Paths of programs that were started, or looked for.
    """

    opened: frozenset[str]
    executed: frozenset[str]

    def list_unmeant(self, *folders: Path, meant: Iterable[str] = MEANT.values()) -> list[str]:
        """Return what lies in the folders, and is none of what is meant to be opened there."""
        pattern = re.compile("|".join(f"(?:{each})" for each in meant))
        paths = (_relate(path, folders) for path in self.opened)
        return sorted(path for path in paths if path is not None and not pattern.fullmatch(path))

    def list_executed(self, *folders: Path) -> list[str]:
        """Return the programs in the folders that were started."""
        return sorted(path for path in self.executed if _relate(path, folders) is not None)


def _relate(path: str, folders: Iterable[Path]) -> str | None:
    for folder in folders:
        if path == str(folder):
            return ""
        if path.startswith(f"{folder}{os.sep}"):
            return path.removeprefix(f"{folder}{os.sep}")
    return None


@cache
def _explain_missing() -> str:
    """Return why no command can be traced here; empty if it can."""
    if shutil.which("strace") is None:
        return "strace is not installed (Debian: strace)"
    done = subprocess.run([*_STRACE, "true"], capture_output=True, check=False, text=True)
    return "" if done.returncode == 0 else f"strace cannot trace here: {done.stderr.strip()[:100]}"


def skip_without_strace() -> None:
    """Skip a test where no command can be traced."""
    if reason := _explain_missing():
        pytest.skip(reason)


def spell_traced(log: Path, *words: object) -> list[str]:
    """Return a command whose trace goes to ``log``."""
    return [*_STRACE, "-o", str(log), *map(str, words)]


def read_trace(log: Path) -> Trace:
    """Return what a trace says; links are not followed, as a name is what was asked for."""
    opened, executed = set[str](), set[str]()
    with log.open(encoding="utf-8", errors="replace") as lines:
        for found in filter(None, map(_CALL.match, lines)):
            where = found["folder"] or ""
            path = os.path.normpath(Path(where, found["path"]))
            (executed if found["call"].startswith("execve") else opened).add(path)
    return Trace(frozenset(opened), frozenset(executed))
