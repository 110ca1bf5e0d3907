"""Runs as tidy tables (pandas): a row per run, per run and epoch, and per level of a study."""

import dataclasses
import io
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from mnistreport.analysis.results import METRICS, Results
from mnistreport.study.cells import guard_text, unguard_text
from mnistreport.study.naming import EPOCHS, LEVELS, RUNS
from mnistreport.training.result import EpochRow

if TYPE_CHECKING:
    import pandas as pd

_TEXT, _FLAG, _WHOLE, _COUNT, _NUMBER = "str", "bool", "int64", "Int64", "float64"
"""Types of columns; of these, only a count or a number may be missing."""
_METRICS: Final = dict.fromkeys(METRICS, _NUMBER)
_RUN: Final = dict.fromkeys(("fingerprint", "model", "variant"), _TEXT)
COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    RUNS: _RUN
    | {"studies": _TEXT, "combined": _FLAG, "seed": _WHOLE, "status": _TEXT, "reason": _TEXT}
    | {"learning_rate": _NUMBER, "batch_size": _WHOLE, "momentum": _NUMBER}
    | {"weight_decay": _NUMBER, "epochs": _WHOLE, "layers": _TEXT, "dropout": _NUMBER}
    | {"layer_norm": _FLAG, "parameters": _WHOLE, "updates": _COUNT}
    | _METRICS
    | {"duration_seconds": _NUMBER},
    EPOCHS: _RUN | {"seed": _WHOLE, "epoch": _WHOLE} | _METRICS | {"duration_seconds": _NUMBER},
    LEVELS: dict.fromkeys(("study", "title", "model", "factor", "label"), _TEXT)
    | {"is_baseline": _FLAG, "variant": _TEXT},
}
"""Each file's columns and their types, in order: those of the frames that are made below."""
IMPORTED: Final = "imported"
"""One more column, the last of ``runs.csv``, if any run was imported."""


def write_frame(frame: "pd.DataFrame") -> bytes:
    """Return a table as the content of a CSV file, in which no text can be a formula."""
    texts = frame.select_dtypes(exclude=["number", "bool"]).columns
    guarded = {name: frame[name].map(guard_text) for name in texts}
    return frame.assign(**guarded).to_csv(index=False).encode()


def read_frame(content: bytes, name: str) -> "pd.DataFrame":
    """Return a table as it was made, from the content of its file of that name.

    Raises:
        ValueError: It has other columns, or a value in it is of another kind.
    """
    import pandas as pd

    columns = dict(COLUMNS[name])
    may_miss = [name for name, kind in columns.items() if kind in {_COUNT, _NUMBER}]
    frame = pd.read_csv(
        io.BytesIO(content),
        dtype=columns | {IMPORTED: _TEXT},
        keep_default_na=False,  # a level may be called NA
        na_values={name: [""] for name in may_miss},
    )
    if name == RUNS and list(frame.columns)[-1:] == [IMPORTED]:
        columns[IMPORTED] = _TEXT
    if list(frame.columns) != list(columns):
        found, expected = set(frame.columns), set(columns)
        odd = sorted((found ^ expected) or found)
        msg = f"its columns are not those expected: {', '.join(odd)}"
        raise ValueError(msg)
    texts = [name for name, kind in columns.items() if kind == _TEXT]
    return frame.assign(**{name: frame[name].map(unguard_text).astype(_TEXT) for name in texts})


def make_runs_frame(results: Results) -> "pd.DataFrame":
    """Return one row per experiment, in the manifest's order.

    A run that two models share has a row for each of them, with the same fingerprint.

    Accuracies are shares, losses nats, both at the last completed epoch; ``studies`` lists the
    studies that the variant belongs to. Where any run was imported, ``imported`` names the file
    that it is from, and is empty for those that were trained here.
    """
    import pandas as pd

    rows: list[Mapping[str, object]] = []
    for experiment in results.experiments:
        variant, run = experiment.variant, results.runs.get(experiment.fingerprint)
        architecture, training = variant.architecture, variant.training
        last = run.history[-1] if run and run.history else None
        rows.append(
            {
                "fingerprint": experiment.fingerprint,
                "model": variant.model,
                "variant": variant.key,
                "studies": " ".join(
                    study.study.slug for study in results.studies_of.get(variant.key, ())
                ),
                "combined": results.combined.get(variant.model) == variant.key,
                "seed": experiment.seed,
                "status": run.status if run else "missing",
                "reason": run.reason if run else "",
                "learning_rate": training.learning_rate,
                "batch_size": training.batch_size,
                "momentum": training.momentum,
                "weight_decay": training.weight_decay,
                "epochs": training.epochs,
                "layers": "-".join(map(str, architecture.sizes)),
                "dropout": architecture.dropout,
                "layer_norm": architecture.layer_norm,
                "parameters": architecture.parameters,
                "updates": run.updates if run else None,
            }
            | {metric: getattr(last, metric, None) for metric in METRICS}
            | {"duration_seconds": run.duration_seconds if run else None}
            | ({IMPORTED: getattr(run, "file", "")} if results.imported else {})
        )
    numbers = dict.fromkeys((*METRICS, "duration_seconds"), _NUMBER)
    return pd.DataFrame(rows).astype({"updates": _COUNT} | numbers)  # whichever may be missing


def make_epochs_frame(results: Results) -> "pd.DataFrame":
    """Return one row per run and epoch, with whose it is and the fields of ``EpochRow``."""
    import pandas as pd

    rows = [
        {
            "fingerprint": experiment.fingerprint,
            "model": experiment.variant.model,
            "variant": experiment.variant.key,
            "seed": experiment.seed,
        }
        | asdict(row)
        for experiment in results.experiments
        if (run := results.runs.get(experiment.fingerprint))
        for row in run.history
    ]
    fields = [field.name for field in dataclasses.fields(EpochRow)]
    return pd.DataFrame(rows, columns=["fingerprint", "model", "variant", "seed", *fields])


def make_levels_frame(results: Results) -> "pd.DataFrame":
    """Return one row per level of each study, in the manifest's order: which variant it is."""
    import pandas as pd

    rows = [
        {
            "study": study.study.slug,
            "title": study.study.title,
            "model": study.study.model,
            "factor": study.study.factor or "",
            "label": level.label,
            "is_baseline": level.level.is_baseline,
            "variant": level.level.variant.key,
        }
        for study in results.studies
        for level in study.levels
    ]
    return pd.DataFrame(rows)
