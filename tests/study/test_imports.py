"""Runs of a manifest that are imported: what ``[[runs]]`` may say."""

from pathlib import Path

import pytest

from mnistreport.study.loading import load_manifest
from tests.study.manifests import BOTH_MODELS, SMALL_MANIFEST, Complain

IMPORT = '\n[[runs]]\nimport = "histories/*.csv"\n'
LAST = len(SMALL_MANIFEST.splitlines()) + 4
"""Line of the key that is added after ``IMPORT``."""


def test_imports_are_read(tmp_path: Path) -> None:
    """Each table is an entry of its own, with what it says in the place of its files."""
    path = tmp_path / "experiments.toml"
    path.write_text(
        SMALL_MANIFEST + IMPORT + 'model = "mlp"\nseed = 1\nlayers = [8, 4]\n' + IMPORT,
        encoding="utf-8",
    )
    first, second = load_manifest(path).imports
    assert ("histories/*.csv", "mlp", 1, {"layers": (8, 4)}) == (
        *(first.pattern, first.model, first.seed, first.fields),
    )
    assert ("", None, {}) == (second.model, second.seed, second.fields)
    assert first.line < second.line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("learning_rat = 0.1", ("runs[0].learning_rat", "did you mean `learning_rate`?")),
        ('kind = "mlp"', ("runs[0].kind", "unknown key")),
        ("channels = [2]", ("runs[0].channels", "unknown key")),
        ("learning_rate = -1.0", ("runs[0].learning_rate", "must be above 0")),
        ("layer_norm = 1", ("runs[0].layer_norm", "must be true or false")),
        ("layers = [0]", ("runs[0].layers[0]", "must be between 1 and")),
        ("layers = [8]\nneurons = 8", ("runs[0].layers", "give one or the other")),
        ("seed = -1", ("runs[0].seed", "must be between 0 and")),
        ('model = "mlpp"', ("runs[0].model", "did you mean `mlp`?")),
    ],
)
def test_mistakes_are_told(complain: Complain, line: str, expected: tuple[str, str]) -> None:
    """What no file could say either is told with its line, before any file is looked for."""
    (problem,) = complain(SMALL_MANIFEST + IMPORT + line + "\n")
    assert (LAST, expected[0]) == (problem.line, problem.key)
    assert expected[1] in problem.reason


@pytest.mark.parametrize(
    "pattern", ["/etc/*.csv", "../*.csv", "a/../../b.csv", "**/*.csv", "C:\\\\a.csv", ".git/a", ""]
)
def test_files_lie_below_the_manifest(complain: Complain, pattern: str) -> None:
    """No pattern leads out of the project, into what is hidden, or through all of its folders."""
    (problem,) = complain(f'{SMALL_MANIFEST}\n[[runs]]\nimport = "{pattern}"\n')
    assert "runs[0].import" == problem.key


def test_fields_are_those_of_some_model(complain: Complain) -> None:
    """Where several models are asked for, a field may be of any of them, but of one."""
    assert "runs[0].chanels" == complain(f"{BOTH_MODELS}{IMPORT}chanels = [2]\n")[0].key
    (problem,) = complain(f'{BOTH_MODELS}{IMPORT}channels = [2]\nmodel = "mlp"\n')
    assert "unknown key" in problem.reason


def test_files_have_to_be_named(complain: Complain) -> None:
    """A table without files is no import."""
    (problem,) = complain(f"{SMALL_MANIFEST}\n[[runs]]\nseed = 0\n")
    assert ("runs[0].import", "is missing") == (problem.key, problem.reason)
