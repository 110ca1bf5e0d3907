"""Each safeguard is taken out of a copy of the program: a test that is green must turn red."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROMISES = ROOT / "tests" / "torture" / "promises.toml"
REMOVALS = tomllib.loads(PROMISES.read_text("utf-8"))["removals"]
COPIED = ("mnistreport", "templates", "tests")
RED = 1
"""Pytest's exit code when tests failed; it has others for tests that do not exist or cannot run."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program and its tests, to be changed."""
    folder = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.glob("*.*"):
        if path.is_file():
            shutil.copy(path, folder)
    return folder


def _run(test: str, copy: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_ADDOPTS"):
        environment.pop(name, None)
    done = subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, check=False, timeout=300
    )
    return done.returncode


@pytest.mark.parametrize("removal", REMOVALS, ids=[each["what"] for each in REMOVALS])
def test_a_safeguard_that_is_taken_out_is_missed(
    removal: dict[str, Any], copy: Path, record_property: Callable[[str, object], None]
) -> None:
    """The named test is green with the safeguard and red without it."""
    assert 0 == _run(removal["test"], copy)
    path = copy / removal["file"]
    before = path.read_text("utf-8")
    assert 1 == before.count(removal["old"]), "the safeguard stands elsewhere now"
    path.write_text(before.replace(removal["old"], removal["new"]), "utf-8")
    try:
        assert RED == _run(removal["test"], copy)
    finally:
        path.write_text(before, "utf-8")
    record_property(f"without {removal['what']}", "red")
