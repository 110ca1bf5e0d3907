"""Loading manifests that stand in the tests."""

from pathlib import Path

import pytest

from mnistreport.errors import ManifestError, Problem
from mnistreport.study.loading import load_manifest
from mnistreport.study.manifest import Manifest
from tests.study.manifests import DEFAULT_MANIFEST, Complain, Load


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a manifest from its text."""

    def load_text(text: str) -> Manifest:
        path = tmp_path / "experiments.toml"
        path.write_text(text, encoding="utf-8")
        return load_manifest(path)

    return load_text


@pytest.fixture
def complain(load: Load) -> Complain:
    """Load a manifest that is wrong from its text, and return what is said of it."""

    def load_wrong(text: str) -> tuple[Problem, ...]:
        with pytest.raises(ManifestError) as caught:
            load(text)
        return caught.value.problems

    return load_wrong


@pytest.fixture(scope="session")
def default_text() -> str:
    """The text of the manifest that a new project starts with."""
    return DEFAULT_MANIFEST.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def default() -> Manifest:
    """The manifest that a new project starts with."""
    return load_manifest(DEFAULT_MANIFEST)
