"""What is proposed beyond the end of a range can be tried."""

from collections.abc import Sequence
from math import inf, nextafter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mnistreport.analysis.findings import Finding
from mnistreport.analysis.findings.edge import Limits, find_edge
from mnistreport.errors import ManifestError
from mnistreport.study.batches import check_batches
from mnistreport.study.loading import load_manifest
from mnistreport.study.manifest import Study
from mnistreport.study.settings import MODEL_TABLES, list_factors
from tests.analysis.planted import plant

IMAGES = 1000
FIELDS = [
    (kind, factor, MODEL_TABLES[kind].model_fields[factor].annotation)
    for kind in MODEL_TABLES
    for factor in list_factors(kind)
    if factor != "layer_norm"
]
WHOLE = (1, 2, 3, 4, 5, 7, 9, 16, 25, 27, 32, 63, 64, 100, 256, 512, 999, 1000, 10_000)
BROKEN = (0.0, 1e-300, 1e-9, 0.001, 0.1, 0.2, 0.3, 0.5, 0.9, 0.99, 1.0, 10.0, 1e6, 1e9)


def load(kind: str, factor: str, values: Sequence[float], own: str = "") -> Study:
    """Return a study of these values as it stands in a manifest, if they are allowed there."""
    text = (
        f'[models.net]\nkind = "{kind}"\n{own}\n\n[[studies]]\nname = "s"\nmodel = "net"\n'
        f'factor = "{factor}"\nlevels = {[*values]}\n'
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "experiments.toml"
        path.write_text(text, encoding="utf-8")
        manifest = load_manifest(path)
    check_batches(manifest, IMAGES)
    return manifest.studies[0]


def can_add(kind: str, factor: str, study: Study, value: float, limits: Limits) -> bool:
    """Tell whether a person could add the value to the manifest, and the rubric lets them."""
    try:
        load(kind, factor, [value, *(level.value or 0 for level in study.levels)])
    except ManifestError:
        return False
    return factor != "hidden_layers" or value >= limits.hidden_layers


def find_at_end(study: Study, *, largest: bool, limits: Limits) -> Finding | None:
    """Return the finding where the best level is at an end of the range."""
    best = study.levels[-1 if largest else 0].label
    ends = {each.label: [0.99 if each.label == best else 0.9] * 2 for each in study.levels}
    return find_edge(plant(study, ends), limits)


@settings(max_examples=300)
@given(st.data(), st.sampled_from(FIELDS), st.booleans(), st.sampled_from([1, 2]))
def test_what_is_proposed_can_be_tried(
    data: st.DataObject,
    field: tuple[str, str, type],
    largest: bool,  # noqa: FBT001 - drawn
    layers: int,
) -> None:
    """A proposal lies beyond the end, and manifest, data and rubric allow it.

    Without a finding, nothing that is allowed lies beyond.
    """
    kind, factor, type_ = field
    pool = WHOLE if type_ is int else BROKEN
    values = data.draw(st.lists(st.sampled_from(pool), min_size=2, max_size=4, unique=True))
    try:
        study = load(kind, factor, values)
    except ManifestError:
        assume(False)  # noqa: FBT003 - no level of a manifest
        return
    limits = Limits(images=IMAGES, hidden_layers=layers)
    finding = find_at_end(study, largest=largest, limits=limits)
    end, way = study.levels[-1 if largest else 0].value or 0, 1 if largest else -1
    if finding is None:
        near = [end + way * step for step in (1, 2, 3)]
        if type_ is float:
            near = [nextafter(end, way * inf), end + way * 1e-3, end * 2.0**way]
        beyond = [value for value in near if way * value > way * end]
        assert not any(can_add(kind, factor, study, value, limits) for value in beyond)
        return
    proposed = finding.values["next"]
    if proposed is not None:
        assert isinstance(proposed, int | float)
        assert way * proposed > way * end
        assert can_add(kind, factor, study, proposed, limits)


@pytest.mark.parametrize(
    ("field", "values", "largest", "expected"),
    [
        ("mlp epochs", [1, 2, 4], False, "nothing"),
        ("mlp batch_size", [1, 2], False, "nothing"),
        ("mlp batch_size", [500, 1000], True, "nothing"),  # that is the training split
        ("mlp batch_size", [256, 512], True, 768),  # twice as many are too many
        ("mlp batch_size", [600, 900], True, None),  # 901 could be tried, but why that?
        ("mlp hidden_layers", [2, 3, 4], False, "nothing"),  # the rubric asks for two
        ("mlp hidden_layers", [16, 32, 64], True, "nothing"),
        ("mlp hidden_layers", [2, 3, 4], True, 5),
        ("mlp dropout", [0.1, 0.2, 0.3], False, 0.0),
        ("cnn kernel_size", [3, 5], True, 7),
        ("cnn kernel_size", [3, 5, 7], True, 9),
        ("cnn kernel_size", [1, 3], False, "nothing"),
        ("cnn dense", [1, 128], False, "nothing"),
    ],
)
def test_ends_of_what_there_is(
    field: str,
    values: list[float],
    largest: bool,  # noqa: FBT001 - a table
    expected: object,
) -> None:
    """A range that is at its end is not said to be open; one that goes on skips what is refused."""
    kind, factor = field.split()
    study = load(kind, factor, values, own=f"{factor} = {values[0]}")
    limits = Limits(images=IMAGES, hidden_layers=2)
    finding = find_at_end(study, largest=largest, limits=limits)
    assert expected == (finding.values["next"] if finding else "nothing")
