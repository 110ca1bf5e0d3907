"""Projects that are ready to be packed: tiny runs, a report, and what else goes into the zip."""

import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mnistreport.errors import ExitCode
from mnistreport.files import replace_file
from mnistreport.pipeline import Listener, Options, build, render
from mnistreport.report.stamp import digest_content, load_stamp, save_stamp
from tests.commands import Told, call_command

MANIFEST = """\
[data]
source = "digits"

[training]
epochs = 2
seeds = [0, 1]
learning_rate = 0.001

[models.mlp]
kind = "mlp"
neurons = 16

[[studies]]
name = "rate"
title = "Learning rate"
model = "mlp"
factor = "learning_rate"
levels = [0.001, 0.1]

[submission]
ids = ["1", "2", "3"]
include = ["best_mlp.safetensors", "runs.csv", "epochs.csv", "levels.csv", "notes/read me.txt"]

[[rubric]]
requirement = "Insights of our own"
points = 6
check = "insights"

[[rubric]]
requirement = "One zip"
points = 0
check = "submission"
"""
UNFOUNDED = """\
We had hoped for 73.21 %.

{% claim 1 == 2 %}One is two.{% endclaim %}
"""
FOUR_RATES = """
[[rubric]]
requirement = "Four learning rates"
points = 4
check = "learning_rate_levels"
"""
IDS = 'ids = ["1", "2", "3"]'
WORDS = '{% claim study.best.label == "0.1" %}The larger rate wins.{% endclaim %}\n'
NOTES = "notes/read me.txt"
MEMBERS = [
    "notebook.ipynb", "notebook.pdf", "report.pdf", "best_mlp.safetensors", "runs.csv",
    "epochs.csv", "levels.csv", NOTES,
]  # fmt: skip
STAND_INS: Mapping[str, bytes] = {
    "notebook.ipynb": b'{"cells": []}\n' * 99,
    "notebook.pdf": b"%PDF-1.7 a notebook",
}
"""Documents that take long to make, and what they are made of does not matter here."""


@dataclass(frozen=True)
class Project:
    """A folder with a manifest, words, stored runs and documents."""

    folder: Path

    @property
    def manifest(self) -> Path:
        """Its manifest."""
        return self.folder / "experiments.toml"

    @property
    def words(self) -> Path:
        """The file of its study's insight."""
        return self.folder / "templates" / "insights" / "rate.md.j2"

    @property
    def output(self) -> Path:
        """Where its documents are."""
        return self.folder / "output" / "digits"

    @property
    def options(self) -> Options:
        """What a build of it is given."""
        return Options(self.manifest, jobs=1, notebook=False)

    def pack(self, *options: str) -> Told:
        """Pack it in this process, as if the digits were MNIST and the stand-ins documents."""
        allowed = ("--allow-digits", "--allow-unverified")
        return call_command("pack", "--manifest", self.manifest, *allowed, *options)

    def replace(self, path: Path, old: str, new: str) -> None:
        """Change a text, which is there, of one of its files."""
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def make_documents(self) -> None:
        """Render what is rendered, beside stand-ins for what takes long."""
        self.put(STAND_INS)
        render(self.options, Listener())
        self.stamp(STAND_INS)

    def say_what_is_unfounded(self) -> None:
        """Say what is false, comes from nowhere, is stale, and does not meet a requirement."""
        conclusion = self.folder / "templates" / "sections" / "conclusion.md.j2"
        conclusion.parent.mkdir()
        conclusion.write_text(UNFOUNDED, encoding="utf-8")
        kept = self.words.with_name("written_beside.json")
        self.replace(kept, '"best": "0.1"', '"best": "0.001"')
        with self.manifest.open("a", encoding="utf-8") as file:
            file.write(FOUR_RATES)

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write files into the output folder."""
        for name, content in files.items():
            replace_file(self.output / name, content)

    def stamp(self, files: Mapping[str, bytes]) -> None:
        """Enter files in the note of what the documents were made of, as if a build made them."""
        stamp = load_stamp(self.output)
        assert stamp is not None
        digests = {name: digest_content(content) for name, content in files.items()}
        save_stamp(self.output, replace(stamp, documents={**stamp.documents, **digests}))

    def copy(self, folder: Path) -> "Project":
        """Return the same in another folder."""
        return Project(shutil.copytree(self.folder, folder))


def start_project(folder: Path) -> Project:
    """Make a project whose report is borne out and complete, with a file of the team's own."""
    project = Project(folder)
    project.words.parent.mkdir(parents=True)
    project.words.write_text(WORDS, encoding="utf-8")
    project.manifest.write_text(MANIFEST, encoding="utf-8")
    project.put({**STAND_INS, NOTES: b"Read the report first."})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mnistreport.report.pdf.render_pdf", lambda page, **_: page.encode())
        build(project.options, Listener())
    project.stamp(STAND_INS)
    return project


def read_zip(path: Path) -> dict[str, bytes]:
    """Return the files of a sound zip, in its order."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def list_errors(told: Told) -> list[str]:
    """Return the lines that say what is wrong, without the word; there is nothing else."""
    assert "Traceback" not in told.err
    lines = [line for line in told.err.splitlines() if not line.startswith(("warning: ", "note: "))]
    assert [] == [line for line in lines if not line.startswith("error: ")]
    return [line.removeprefix("error: ") for line in lines]


def assert_refused(told: Told, *reasons: str, code: ExitCode = ExitCode.USAGE) -> None:
    """Check that there is a line for each reason, in this order, and no other."""
    errors = list_errors(told)
    assert len(reasons) == len(errors), told.err
    assert [] == [
        (reason, error)
        for reason, error in zip(reasons, errors, strict=True)
        if reason not in error
    ]
    assert (code, "") == (told.code, told.out)
