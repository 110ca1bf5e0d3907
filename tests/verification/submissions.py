"""A small submission as it should be, made by hand, and what can be done to it."""

import csv
import dataclasses
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from safetensors.numpy import load, save
from weasyprint import HTML

from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.report.numbers import format_percent
from mnistreport.study.experiment import Experiment, MlpArchitecture, TrainingSetting
from mnistreport.training.result import PREDICTIONS, RunResult
from mnistreport.training.store import RunStore
from mnistreport.training.testing import read_test_split
from mnistreport.training.trainer import Trainer
from tests.training.small import make_experiment

SHARES, SPLIT_SEED = [0.6, 0.2, 0.2], 0
NAME = "111_222_333.zip"
CODE = "import pandas as pd\nruns = pd.read_csv('runs.csv')\nruns.groupby('learning_rate').mean()"
ROWS = (
    ("0.01", "0.3089", "91.05 % ± 0.12 %", "−5.69"),
    ("0.1", "0.0981", "97.84 % ± 0.10 %", "1.10"),
)
STYLE = "<style>@page { size: 90mm 80mm; margin: 8mm } body { hyphens: auto }</style>"
Members = dict[str, bytes]


@dataclass(frozen=True)
class Trained:
    """A network that was really trained, and what the test split says of it."""

    experiment: Experiment
    result: RunResult
    tensors: bytes
    right: int
    images: int


def train_small(digits: DigitSet, split: Split, cache: Path) -> Trained:
    """Train a network for an epoch, and test it."""
    setting = TrainingSetting(learning_rate=0.1, batch_size=64, epochs=2)
    experiment = make_experiment(MlpArchitecture((8,)), setting, split=split.sha256)
    (ended,) = Trainer(digits.folder, split.folder, "cpu").train((experiment,), lambda _event: None)
    store = RunStore(cache)
    store.save_run(experiment, ended.result, ended.tensors)
    outcome = read_test_split((experiment,), store, digits.folder, split.folder)[0]
    return Trained(experiment, ended.result, ended.tensors, outcome.right, outcome.images)


def describe_weights(trained: Trained, digits: DigitSet, split: Split) -> dict[str, Any]:
    """Return what a file of weights says of itself."""
    variant = trained.experiment.variant
    return {
        "format": 1,
        "model": variant.model,
        **json.loads(json.dumps(variant.settings)),
        "seed": trained.experiment.seed,
        "fingerprint": trained.experiment.fingerprint,
        "data_sha256": digits.sha256,
        "split_sha256": split.sha256,
        "split": SHARES,
        "split_seed": SPLIT_SEED,
        "test_images": trained.images,
        "test_right": trained.right,
    }


def store_weights(tensors: bytes, about: Mapping[str, Any]) -> bytes:
    """Return a file of weights."""
    weights = load(tensors)
    weights.pop(PREDICTIONS, None)
    return save(weights, metadata={"mnistreport": json.dumps(about)})


def write_sentences(trained: Trained) -> tuple[str, ...]:
    """Return the sentences that report and notebook share."""
    accuracy = format_percent(trained.right / trained.images)
    setting = (
        "The learning rate was varied from 0.001 to 0.1 on 1,797 images of handwritten digits; "
        "everything else stayed at the setting of the baseline, which has 6,370 parameters."
    )
    result = (
        "Learning rate 0.1 (97.84 % ± 0.10 % validation accuracy) is ahead of the baseline by "
        "1.10 pp, and the noise floor, the standard deviation of the baseline, is 0.09 pp."
    )
    return setting, result, f"The best network classifies {accuracy} of the test images correctly."


def make_notebook(sentences: tuple[str, ...]) -> dict[str, Any]:
    """Return an executed notebook."""
    table = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in ROWS
    )
    shown = {"text/html": f"<table>{table}</table>", "text/plain": "\n".join(map(" ".join, ROWS))}
    v4 = nbformat.v4
    cells = [
        v4.new_markdown_cell(f"# What a learning rate does\n\n{sentences[0]}"),
        v4.new_code_cell(CODE, execution_count=1),
        v4.new_code_cell(
            "table",
            execution_count=2,
            metadata={"tags": ["results"]},
            outputs=[v4.new_output("execute_result", shown, execution_count=2)],
        ),
        v4.new_markdown_cell(f"## What came out\n\n- {sentences[1]}\n- {sentences[2]}"),
        v4.new_code_cell(""),
    ]
    return json.loads(nbformat.writes(v4.new_notebook(cells=cells)))


def make_pdf(body: str) -> bytes:
    """Return a PDF of a few small pages."""
    return HTML(string=f"<html lang=en><title>Digits</title>{STYLE}<body>{body}</body>").write_pdf()


def print_notebook(notebook: Mapping[str, Any]) -> bytes:
    """Return the PDF of a notebook that was made by ``make_notebook``."""
    body = ""
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            body += f"<pre>{escape(source)}</pre>"
            body += "".join("".join(each["data"]["text/html"]) for each in cell["outputs"])
        else:
            lines = (line.lstrip("#- ") for line in source.split("\n"))
            body += "".join(f"<p>{escape(line)}</p>" for line in lines)
    return make_pdf(body)


def print_report(sentences: tuple[str, ...]) -> bytes:
    """Return a report with these sentences and the table of ``ROWS``."""
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in ROWS
    )
    prose = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return make_pdf(f"<h1>1 Learning rate</h1>{prose}<p>Table 1. All.</p><table>{rows}</table>")


def make_tables(trained: Trained) -> tuple[bytes, bytes]:
    """Return the tables of runs and of epochs."""
    experiment, history = trained.experiment, trained.result.history
    whose = {
        "fingerprint": experiment.fingerprint,
        "model": experiment.variant.model,
        "variant": experiment.variant.key,
        "seed": experiment.seed,
    }
    epochs = [whose | dataclasses.asdict(row) for row in history]
    last = {name: value for name, value in epochs[-1].items() if name != "epoch"}
    run = whose | {"status": "finished", "epochs": len(history)} | last
    return _write_csv([run]), _write_csv(epochs)


def _write_csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def make_submission(trained: Trained, digits: DigitSet, split: Split) -> Members:
    """Return the members of a submission that passes every check."""
    sentences = write_sentences(trained)
    notebook = make_notebook(sentences)
    runs, epochs = make_tables(trained)
    return {
        "notebook.ipynb": json.dumps(notebook).encode(),
        "notebook.pdf": print_notebook(notebook),
        "report.pdf": print_report(sentences),
        "runs.csv": runs,
        "epochs.csv": epochs,
        "best_mlp.safetensors": store_weights(
            trained.tensors, describe_weights(trained, digits, split)
        ),
    }


def write_zip(
    members: Mapping[str, bytes], tamper: Callable[[zipfile.ZipFile], None] = lambda _zip: None
) -> bytes:
    """Return a zip; ``tamper`` may change what its directory will say."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
        tamper(archive)
    return content.getvalue()


def change_notebook(members: Members, change: Callable[[dict[str, Any]], None]) -> Members:
    """Return the members with another notebook."""
    notebook = deepcopy(json.loads(members["notebook.ipynb"]))
    change(notebook)
    return members | {"notebook.ipynb": json.dumps(notebook).encode()}
