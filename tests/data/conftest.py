"""What the tests of this room share: a small data set, and a loader with its own cache."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mnistreport.data.dataset import DigitSet
from mnistreport.data.sources import DATA_VARIABLE, load_digit_set
from mnistreport.errors import DataError, ExitCode, Problem
from tests.digit_files import Pixels, draw_digits

Load = Callable[[str | Path], DigitSet]
Refuse = Callable[[Path], Problem]
Drawn = tuple[Pixels, Pixels]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own data out of the tests."""
    monkeypatch.delenv(DATA_VARIABLE, raising=False)


@pytest.fixture(scope="session")
def drawn() -> Drawn:
    """210 images and labels; whoever changes one copies it first."""
    images, labels = draw_digits(210)
    images.setflags(write=False)
    labels.setflags(write=False)
    return images, labels


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache that nothing is in yet."""
    return tmp_path / "cache"


@pytest.fixture
def load(tmp_path: Path, cache: Path) -> Load:
    """Load a source as from a manifest in ``tmp_path``."""

    def load(source: str | Path) -> DigitSet:
        return load_digit_set(str(source), project=tmp_path, cache=cache)

    return load


@pytest.fixture
def refuse(load: Load, cache: Path) -> Refuse:
    """Load a source that must be refused with exit code 3, and must leave nothing in the cache."""

    def refuse(source: Path) -> Problem:
        with pytest.raises(DataError) as caught:
            load(source)
        assert ExitCode.DATA == caught.value.exit_code
        assert not cache.exists()
        return caught.value.problems[0]

    return refuse
