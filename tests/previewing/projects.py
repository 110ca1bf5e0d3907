"""A small project to preview, and the command that does."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MANIFEST: Final = """\
[data]
source = "digits"

[training]
learning_rate = 0.02
batch_size = 32
epochs = 2
seeds = [0, 1]

[models.mlp]
kind = "mlp"
neurons = 8

[[studies]]
name = "rate"
title = "The learning rate"
model = "mlp"
factor = "learning_rate"
levels = [0.02, 0.2]
"""
INSIGHT: Final = """\
The first words of all about the rate.

{{ finding("best") }}

The last words of all about the rate.
"""
_SECONDS_TO_END: Final = 5


@dataclass(frozen=True)
class Project:
    """A project's folder, and its files that tests edit."""

    folder: Path

    @property
    def manifest(self) -> Path:
        """The experiments."""
        return self.folder / "experiments.toml"

    @property
    def templates(self) -> Path:
        """The project's own."""
        return self.folder / "templates"

    @property
    def insight(self) -> Path:
        """Words about the only study."""
        return self.templates / "insights" / "rate.md.j2"

    def write(self) -> None:
        """Write manifest and insight as they are at the beginning, and nothing else."""
        shutil.rmtree(self.templates, ignore_errors=True)
        self.insight.parent.mkdir(parents=True)
        self.insight.write_text(INSIGHT, encoding="utf-8")
        self.manifest.write_text(MANIFEST, encoding="utf-8")

    def copy(self, folder: Path) -> "Project":
        """Return one like it, with its runs and documents."""
        shutil.copytree(self.folder, folder)
        return Project(folder)


@dataclass(frozen=True)
class Running:
    """A preview that runs: its process, and its page's address."""

    process: subprocess.Popen[str]
    address: str

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.address.rstrip("/").rpartition(":")[2])


@contextmanager
def previewing(folder: Path, *words: str) -> Generator[Running]:
    """Run ``mnistreport preview`` in a folder, and end it as Ctrl-C does."""
    command = (sys.executable, "-W", "error", "-m", "mnistreport", "preview", "--port", "0", *words)
    with subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+/", line)
            assert found, line
            yield Running(process, found.group())
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_SECONDS_TO_END)
            finally:
                process.kill()
