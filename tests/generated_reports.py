"""Reports of generated manifests, whose runs came to anything that runs can come to.

What is generated is what a manifest may ask for and what training may leave: runs that diverged,
failed, timed out or are missing, ties, accuracies of nothing and of everything, one to five seeds,
models of equal settings, ablations in both directions, imported runs among trained ones, winners
that were not read on the test split.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mnistreport.analysis.fitted import compare_fitted_models
from mnistreport.analysis.results import Results
from mnistreport.analysis.selection import RULE, choose_testable
from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.errors import ManifestError
from mnistreport.pipeline import Project, collect_results
from mnistreport.report.material import Material, Tested
from mnistreport.study.experiment import Experiment
from mnistreport.study.loading import load_manifest
from mnistreport.study.manifest import Manifest
from mnistreport.training.ledger import TestRead
from mnistreport.training.result import Circumstances, EpochRow, ImportedRun, Run, RunResult
from tests.fake_results import SPLIT, make_digits, make_outcome
from tests.study.manifests import DEFAULT_MANIFEST

IMAGES: Final = 600
TEST_IMAGES: Final = 120
LEVELS: Final[Mapping[str, Sequence[object]]] = {
    "learning_rate": (0.001, 0.01, 0.1, 0.1234567, 0.1234568, 1.0),
    "batch_size": (1, 16, 64, 256, 360),
    "epochs": (1, 2, 3, 9, 60),
    "neurons": (1, 8, 32, 1024),
    "hidden_layers": (1, 2, 3, 64),
    "dropout": (0.0, 0.2, 0.5),
    "momentum": (0.0, 0.5, 0.9),
    "weight_decay": (0.0, 0.001),
    "kernel_size": (1, 3, 5),
    "dense": (4, 16, 64),
}
OF_KIND: Final = {
    "mlp": ("neurons", "hidden_layers"),
    "cnn": ("kernel_size", "dense"),
}
SHARED: Final = ("learning_rate", "batch_size", "epochs", "dropout", "momentum", "weight_decay")
PAIRS: Final = (
    ("dropout", "layer_norm"),
    ("dropout", "learning_rate"),
    ("layer_norm", "momentum"),
    ("epochs", "batch_size"),
)
"""What a generated ablation switches."""
ENDS: Final = (0, 1, 60, 108, 110, 114, 115, 116, 118, 119, 120)
"""Right answers among the validation split's images, from nothing to everything."""


@dataclass(frozen=True)
class Model:
    """A model of a generated manifest."""

    name: str
    kind: str
    fields: Mapping[str, object]


@st.composite
def draw_models(draw: DrawFn) -> list[Model]:
    """Draw one to three models, some of which may have equal settings."""
    kinds = draw(st.sampled_from([["mlp"], ["cnn"], ["mlp", "cnn"], ["mlp", "mlp"],
                                  ["mlp", "mlp", "cnn"]]))  # fmt: skip
    models: list[Model] = []
    for number, kind in enumerate(kinds):
        same = [each for each in models if each.kind == kind]
        if same and draw(st.booleans()):
            fields = same[0].fields
        else:
            fields = {
                name: draw(st.sampled_from(LEVELS[name]))
                for name in (*OF_KIND[kind], *SHARED)
                if draw(st.booleans())
            }
            fields["layer_norm"] = draw(st.booleans())
        models.append(Model(f"{kind}{number or ''}", kind, fields))
    return models


@st.composite
def draw_study(draw: DrawFn, models: Sequence[Model], number: int) -> str:
    """Draw the table of a study: a factor with levels, or named variants."""
    model = draw(st.sampled_from(models))
    head = f'[[studies]]\nname = "study {number}"\nmodel = "{model.name}"\n'
    if draw(st.booleans()):
        factor = draw(st.sampled_from((*OF_KIND[model.kind], *SHARED)))
        levels = draw(st.lists(st.sampled_from(LEVELS[factor]), min_size=2, unique=True))
        return f'{head}factor = "{factor}"\nlevels = {list(levels)}\n'
    others = draw(st.sampled_from(PAIRS))
    to = {
        name: draw(st.sampled_from([True, False] if name == "layer_norm" else LEVELS[name]))
        for name in others
    }
    chosen = [(), (others[0],), (others[1],), others]
    variants = [
        ", ".join((f'label = "{" and ".join(names) or "as it is"}"',
                   *(f"{name} = {write(to[name])}" for name in names)))
        for names in chosen
    ]  # fmt: skip
    return head + "variants = [" + ", ".join(f"{{ {each} }}" for each in variants) + "]\n"


def write(value: object) -> str:
    """Return a value as TOML has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@st.composite
def draw_manifest(draw: DrawFn) -> str:
    """Draw the text of a manifest; few are refused."""
    models = draw(draw_models())
    seeds = draw(st.integers(1, 5))
    tables = [f"[training]\nepochs = 5\nseeds = {list(range(seeds))}\n"]
    for model in models:
        fields = "".join(f"{name} = {write(value)}\n" for name, value in model.fields.items())
        tables.append(f'[models.{model.name}]\nkind = "{model.kind}"\n{fields}')
    count = draw(st.integers(1, 3))
    tables += [draw(draw_study(models, number + 1)) for number in range(count)]
    tables.append(f"[final]\ncombine = {write(draw(st.booleans()))}\n")
    rubric = DEFAULT_MANIFEST.read_text("utf-8").partition("# What the assignment asks for")[2]
    tables.append(rubric if draw(st.booleans()) else "")
    return "\n".join(tables)


@st.composite
def draw_rows(draw: DrawFn, epochs: int, right: int) -> tuple[EpochRow, ...]:
    """Draw a history that ends with so many right answers; its losses go anywhere."""
    shape = draw(st.sampled_from(["falls", "rises", "flat", "jumps"]))
    start = draw(st.sampled_from([0.0, 0.02, 0.5, 2.3026, 90.0]))
    rows: list[EpochRow] = []
    for epoch in range(1, epochs + 1):
        done = epoch / epochs
        loss = {
            "falls": start * (1.2 - done),
            "rises": start * (0.2 + done),
            "flat": start,
            "jumps": start if epoch % 2 else 0.0,
        }[shape]
        accuracy = right / TEST_IMAGES * (done if shape == "falls" else 1.0)
        rows.append(EpochRow(epoch, loss / 2, min(1.0, accuracy + 0.01), loss, accuracy, 0.25))
    return tuple(rows)


@st.composite
def draw_run(draw: DrawFn, experiment: Experiment, right: int) -> RunResult:
    """Draw what became of an experiment, most often all of its epochs."""
    epochs = experiment.variant.training.epochs
    status = draw(st.sampled_from(["finished"] * 7 + ["diverged", "failed", "timeout"]))
    rows = draw(draw_rows(epochs, right))
    if status == "diverged":
        rows = rows[: draw(st.integers(0, epochs - 1))]
    elif status != "finished":
        rows = ()
    reason = "" if status == "finished" else f"it {status}"
    circumstances = Circumstances("2.9.0", "cpu", "a processor", 1)
    updates = 7 * len(rows)
    return RunResult(experiment.fingerprint, status, rows, updates, reason, circumstances)


@dataclass
class Trainer:
    """Has a drawn result for each experiment, the same whenever it is asked.

    Attributes:
        draw: Hypothesis's.
        imports: Whether some runs are imported.
        gaps: Whether some runs are missing.
        runs: What was drawn, by fingerprint.
    """

    draw: DrawFn
    imports: bool
    gaps: bool
    runs: dict[str, Run]
    ends: dict[str, int]

    def train(self, experiments: Sequence[Experiment]) -> Mapping[str, Run]:
        """Return the runs of experiments, as far as there are any."""
        found = {each.fingerprint: self._run(each) for each in experiments}
        return {name: run for name, run in found.items() if run}

    def _run(self, experiment: Experiment) -> Run | None:
        key, name = experiment.variant.key, experiment.fingerprint
        if name in self.runs:
            return self.runs[name]
        if self.gaps and self.draw(st.integers(0, 9)) == 0:
            return None
        end = self.ends.setdefault(key, self.draw(st.sampled_from(ENDS)))
        right = min(TEST_IMAGES, max(0, end + self.draw(st.integers(-1, 1))))
        run: Run = self.draw(draw_run(experiment, right))
        if self.imports and run.status == "finished" and self.draw(st.booleans()):
            rows = tuple(replace(row, duration_seconds=math.nan) for row in run.history)
            run = ImportedRun(name, rows, "histories/of_others.csv", 2, "d" * 64)
        self.runs[name] = run
        return run


def load(text: str, folder: Path) -> Manifest:
    """Read a manifest; one that is not legal is no example."""
    path = folder / "experiments.toml"
    path.write_text(text, "utf-8")
    try:
        return load_manifest(path)
    except ManifestError:
        reject()


@st.composite
def draw_results(draw: DrawFn, project: Project) -> tuple[Results, Mapping[str, Run]]:
    """Draw the runs of a project, and return what they come to, and the runs themselves."""
    trainer = Trainer(draw, draw(st.integers(0, 3)) == 0, draw(st.booleans()), {}, {})
    results = collect_results(project, trainer.train)  # type: ignore[arg-type] - imported, too
    return results, trainer.runs


class Case:
    """What a generated report is made of; no dataclass, so that a failing one prints as a text.

    Attributes:
        text: The manifest.
        material: Manifest, runs and tests.
    """

    def __init__(self, text: str, material: Material) -> None:
        self.text, self.material = text, material

    def __repr__(self) -> str:
        """Return the manifest, and what became of each run."""
        results = self.material.results
        lines = [
            f"{each.variant} seed {each.seed}: {_describe(results.runs.get(each.fingerprint))}"
            for each in results.experiments
        ]
        tested = [each.winner.model for each in self.material.tested]
        return "\n".join((self.text, *lines, f"tested: {tested}"))


def _describe(run: Run | None) -> str:
    if run is None:
        return "missing"
    last = run.history[-1] if run.history else None
    return f"{type(run).__name__} {run.status} after {len(run.history)}: {last}"


@st.composite
def draw_case(draw: DrawFn, folder: Path) -> Case:
    """Draw a manifest, its runs, and which of the winners were read on the test split."""
    text = draw(draw_manifest())
    manifest = load(text, folder)
    images, labels = make_digits(IMAGES)
    digits = DigitSet("digits", "Digits", "Drawn.", images, labels, "a" * 64, folder, "")
    train, validation, test = np.split(np.arange(IMAGES), [360, 480])
    split = Split(train, validation, test, SPLIT, folder)
    project = Project(manifest, folder, folder, folder / "output", digits, split)
    results, _ = draw(draw_results(project))
    winners = [each for each in choose_testable(results) if draw(st.integers(0, 3))]
    tested = tuple(
        Tested(
            winner,
            {
                seed: make_outcome(TEST_IMAGES, accuracy=draw(st.sampled_from([0.5, 0.9, 1.0])))
                for seed in winner.summary.runs
            },
        )
        for winner in winners
    )
    material = Material(
        manifest,
        digits,
        split,
        results,
        tested,
        tuple(read_entry(each) for each in tested),
        compare_fitted_models(results, manifest.seeds, labels[validation], predict),
    )
    return Case(text, material)


def predict(fingerprint: str) -> np.ndarray:
    """Return what a run is said to have seen in the validation images: uint8 (120,)."""
    luck = np.random.default_rng(int(fingerprint[:8], 16))
    return luck.integers(0, 10, TEST_IMAGES, dtype=np.uint8)


def read_entry(tested: Tested) -> TestRead:
    """Return what the ledger has of a test."""
    summary = tested.winner.summary
    names = tuple(run.fingerprint for run in summary.runs.values())
    return TestRead(
        SPLIT, tested.winner.model, summary.variant.key, "a setting", names, RULE,
        "2026-01-01T00:00:00+00:00",
    )  # fmt: skip
