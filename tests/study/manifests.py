"""Manifests that several tests start from, and how their fixtures are called."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from mnistreport.errors import Problem
from mnistreport.study.manifest import Manifest

DEFAULT_MANIFEST: Final = Path(__file__).parents[2] / "experiments.toml"

SMALL_MANIFEST: Final = """\
[training]
learning_rate = 0.01
epochs = 2
seeds = [0, 1]

[models.mlp]
kind = "mlp"
neurons = 16

[[studies]]
name = "rate"
model = "mlp"
factor = "learning_rate"
levels = [0.1, 0.01]
"""

BOTH_MODELS: Final = """\
[report]
title = "A small report"
authors = [{ name = "Ada Lovelace", id = "1815" }]

[data]
source = "digits"

[training]
epochs = 2
seeds = [0, 1]
learning_rate = 0.1

[models.mlp]
kind = "mlp"
neurons = 8

[models.cnn]
kind = "cnn"
channels = [2]
dense = 4

[[studies]]
name = "learning_rate"
title = "Learning rate"
model = "mlp"
factor = "learning_rate"
levels = [0.01, 0.1]

[[studies]]
name = "switch"
title = "Dropout"
model = "cnn"
variants = [{ label = "without" }, { label = "with", dropout = 0.5 }]
"""
"""A whole report of runs that take no time: both kinds of model, a factor and a switch."""

Load = Callable[[str], Manifest]
Complain = Callable[[str], tuple[Problem, ...]]


def replace_once(text: str, old: str, new: str) -> str:
    """Replace ``old``, which must be there exactly once."""
    assert 1 == text.count(old), old
    return text.replace(old, new)


def change(old: str, new: str) -> str:
    """Replace something in the small manifest."""
    return replace_once(SMALL_MANIFEST, old, new)


def with_variants(variants: str) -> str:
    """Give the small manifest named variants instead of levels."""
    return change('factor = "learning_rate"\nlevels = [0.1, 0.01]', f"variants = [{variants}]")


def with_study(name: str, factor: str, levels: str, *, text: str = SMALL_MANIFEST) -> str:
    """Add a study, whose header is on line 16 of the small manifest."""
    study = f'name = "{name}"\nmodel = "mlp"\nfactor = "{factor}"\nlevels = {levels}\n'
    return f"{text}\n[[studies]]\n{study}"
