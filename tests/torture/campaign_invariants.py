"""The invariants of generated reports, with many more manifests and runs than in the tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from mnistreport.report.templating import Templates
from tests import test_invariants
from tests.test_invariants import many, place, templates
from tests.torture.rounds import SEED

__all__ = ["place", "templates"]

EXAMPLES: Final = 400
INVARIANTS: Final = [name for name in vars(test_invariants) if name.startswith("test_")]


@pytest.mark.parametrize("name", INVARIANTS)
def test_no_manifest_breaks_an_invariant(
    name: str, place: Path, templates: Templates, record_property: Callable[[str, object], None]
) -> None:
    """Each invariant, with manifests and runs that the seed of the campaigns decides."""
    holds = getattr(test_invariants, name).hypothesis.inner_test
    drawn = settings(
        many, max_examples=EXAMPLES, derandomize=False, phases=[Phase.generate], database=None
    )
    tried: list[None] = []

    @seed(SEED)
    @drawn
    @given(data=st.data())
    def try_many(data: st.DataObject) -> None:
        tried.append(None)
        holds(data, place, templates)

    try_many()
    record_property(f"{name.removeprefix('test_')}: generated reports", len(tried))
