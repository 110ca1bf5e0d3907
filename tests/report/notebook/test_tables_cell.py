"""What the notebook's own cells show of the runs, without a kernel to run them in."""

import ast
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from statistics import fmean

import pandas as pd

from mnistreport.analysis.frames import make_runs_frame
from mnistreport.study.manifest import Level, Study
from tests.analysis.planted import CNN, make_rate_study, plant_results


def show_variants(study: Study) -> pd.DataFrame:
    """Return what the cell's function of that name shows of a study's runs."""
    results = plant_results([study], [{level.label: [0.9] for level in study.levels}])
    text = (files("mnistreport.report.notebook") / "cells" / "tables_and_figures.py").read_text()
    (function,) = (
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name == "show_variants"
    )
    names: dict[str, object] = {
        "pd": pd,
        "fmean": fmean,
        "runs": make_runs_frame(results),
        "format_measure": str,
    }
    exec(ast.unparse(function), names)  # noqa: S102 - the program's own cell
    shown: Callable[[], pd.DataFrame] = names["show_variants"]  # type: ignore[assignment]
    return shown()


def test_no_two_rows_of_the_notebook_look_alike() -> None:
    """Rates that differ in the seventh digit, and what is rarely varied, tell rows apart."""
    kernels = tuple(
        replace(CNN, architecture=replace(CNN.architecture, kernel_size=size)) for size in (3, 5)
    )
    heavy = replace(CNN, training=replace(CNN.training, momentum=0.9))
    variants = (*kernels, heavy)
    levels = tuple(Level(str(n), None, {}, each, n == 0) for n, each in enumerate(variants))
    rates = make_rate_study([0.1234567, 0.123457], baseline=0.123457)
    for study in (Study("s", "s", "S", "cnn", None, levels, 1), rates):
        named = tuple(replace(each, label=str(n)) for n, each in enumerate(study.levels))
        rows = show_variants(replace(study, levels=named)).to_string(index=False).split("\n")
        assert len(study.levels) + 1 == len(rows) == len(set(rows))


def test_columns_are_those_that_are_always_asked_for() -> None:
    """Where nothing else is varied, nothing else is shown."""
    expected = ["layers", "dropout", "layer_norm", "learning_rate", "batch_size", "val. accuracy"]
    assert expected == [*show_variants(make_rate_study([0.01, 0.1])).columns]
