"""What templates see: plain values all the way down, none of which knows the way to a file."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from markupsafe import Markup

from mnistreport.report.claims import Claim
from mnistreport.report.context import make_context
from mnistreport.report.insights import common_values
from mnistreport.report.material import Material
from mnistreport.report.page import view_page
from mnistreport.report.records import Change
from mnistreport.report.staleness import Stale
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from mnistreport.report.wording import Prose
from mnistreport.study.manifest import Trimmed
from tests.fake_results import make_results
from tests.report.reports import make_material
from tests.report.undrawn import compose_undrawn

PLAIN = (str, int, float, bool, bytes, type(None), Markup, Prose)
"""Exactly these: of a class below them nobody knows what else it can do."""


def find_others(value: object, way: str) -> Iterator[str]:
    """Yield the way to each value that is not plain, with its type."""
    if type(value) in PLAIN:
        return
    if isinstance(value, Mapping) and type(value) is dict:
        for key, each in value.items():
            yield from find_others(key, f"{way} key")
            yield from find_others(each, f"{way}[{key!r}]")
    elif type(value) is tuple:
        for place, each in enumerate(value):
            yield from find_others(each, f"{way}[{place}]")
    elif dataclasses.is_dataclass(value) and type(value).__dataclass_params__.frozen:  # type: ignore[attr-defined]
        for field in dataclasses.fields(value):
            yield from find_others(getattr(value, field.name), f"{way}.{field.name}")
    else:
        yield f"{way}: {type(value).__name__}"


def test_the_search_finds_what_is_not_plain() -> None:
    """A path, an array, a list and a function are found, however deep they lie."""

    @dataclasses.dataclass(frozen=True)
    class Deep:
        inside: tuple[object, ...]

    hidden = {"a": Deep((1, Path(), {"b": np.float64(1)}, [2], print))}
    found = [each.rpartition(": ")[2] for each in find_others(hidden, "x")]
    assert ["PosixPath", "float64", "list", "builtin_function_or_method"] == found


def test_insights_see_plain_values(context: ReportContext) -> None:
    """All but the three functions that this program gives them, whatever became of the runs."""
    unhappy = make_results(diverged=[0.5], failed=[16], at_chance=[32], missing={0.1: [2]})
    trimmed = Trimmed(600, (2, 3), {"mlp": (12, 20)}, 0.5)
    for each in (
        context,
        make_context(make_material(unhappy)),
        make_context(make_material(tested=False)),
        replace(context, trimmed=trimmed),
    ):
        values = common_values(each, str)
        assert ["ref", "mine"] == [name for name, value in values.items() if callable(value)]
        del values["ref"], values["mine"]
        assert [] == list(find_others(values, ""))


def test_the_page_sees_plain_values(
    context: ReportContext, material: Material, templates: Templates, tmp_path: Path
) -> None:
    """Neither the files that its words stand in, nor the data set that figures are drawn from."""
    claim = Claim(tmp_path / "words", 3, "a == b", holds=False, evidence=(), words="A is b.")
    stale = Stale("a", "A", tmp_path / "words", (Change("b", "c", "d"),))
    document = compose_undrawn(context, material, templates)
    full = replace(document, claims=(claim,), stale=(stale,))
    not_plain = {each.rpartition(": ")[2] for each in find_others(full, "document")}
    assert {"PosixPath", "ndarray"} <= not_plain
    page = view_page(full)
    assert [] == list(find_others(page, "document"))
    assert [("a == b", False, "A is b.", claim.refutation)] == [
        (each.condition, each.holds, each.words, each.refutation) for each in page.claims
    ]
    assert [("a", "A", stale.changes)] == [
        (each.slug, each.title, each.changes) for each in page.stale
    ]
    for name in document.figures:
        assert document.number_figure(name) == page.number_figure(name)
    for name in document.tables:
        assert document.number_table(name) == page.number_table(name)
