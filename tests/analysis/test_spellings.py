"""One setting may be spelt in several ways; which one was taken changes nothing that is found."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mnistreport.analysis.rigour import prove_one_factor
from mnistreport.errors import ManifestError
from mnistreport.study.expansion import resolve_fields, resolve_variant
from mnistreport.study.loading import load_manifest
from mnistreport.study.manifest import Manifest
from mnistreport.study.spelling import spell_fields
from mnistreport.study.trimming import Trim, trim_manifest
from tests.analysis.planted import plant_results

START = '[models.mlp]\nkind = "mlp"\n{baseline}\n\n[[studies]]\nname = "s"\nmodel = "mlp"\n'
WIDTHS, DEPTHS = st.sampled_from([8, 16]), st.sampled_from([1, 2, 3])
OTHER_FIELDS: Mapping[str, st.SearchStrategy[object]] = {
    "learning_rate": st.sampled_from([0.01, 0.1, "1", "1.0"]),  # of the baseline: 0.01
    "dropout": st.sampled_from(["0", "0.0", "-0.0", 0.5]),
    "layer_norm": st.sampled_from(["true", "false"]),
    "epochs": st.sampled_from([5, 20]),
}


def load(text: str) -> Manifest:
    """Load a manifest from its text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "experiments.toml"
        path.write_text(text, encoding="utf-8")
        return load_manifest(path)


def load_distinct(text: str) -> Manifest:
    """Load a manifest, unless the drawn variant is the baseline once more."""
    try:
        return load(text)
    except ManifestError as error:
        assume("is the same setting as" not in str(error))
        raise


def spell(fields: Mapping[str, object]) -> str:
    """Write fields as the inside of an inline table."""
    return ", ".join(f"{name} = {value}" for name, value in fields.items())


@st.composite
def sizes(draw: st.DrawFn, *, by_list: bool = True) -> dict[str, object]:
    """Draw hidden layers in any spelling, or leave them to the baseline."""
    width, depth = draw(WIDTHS), draw(DEPTHS)
    spellings: list[dict[str, object]] = [
        {},
        {"neurons": width},
        {"hidden_layers": depth},
        {"hidden_layers": depth, "neurons": width},
    ]
    lists: list[dict[str, object]] = [
        {"layers": [width] * depth},
        {"layers": [8, 8]},  # often the baseline's own
        {"layers": [width, 8]},
    ]
    return draw(st.sampled_from(spellings + lists if by_list else spellings))


@st.composite
def manifests(draw: st.DrawFn) -> str:
    """Draw a manifest with one named variant that differs from its baseline."""
    baseline = draw(sizes())
    variant = draw(sizes())
    if "layers" in baseline and "layers" not in variant:
        variant = {}  # a list of layers is varied as a list
    for name in draw(st.sets(st.sampled_from(sorted(OTHER_FIELDS)))):
        variant = variant | {name: draw(OTHER_FIELDS[name])}
    start = START.format(baseline="\n".join(f"{k} = {v}" for k, v in baseline.items()))
    table = spell({"label": '"b"'} | variant)
    return f'{start}variants = [{{ label = "a" }}, {{ {table} }}]\n'


@settings(max_examples=50)
@given(manifests())
def test_the_proof_holds_however_a_setting_is_spelt(text: str) -> None:
    """A study whose runs are as its manifest asks changed what it says, and nothing else."""
    study = load_distinct(text).studies[0]
    accuracies = {level.label: [0.9, 0.9] for level in study.levels}
    epochs = {level.label: [0.5] * level.variant.training.epochs for level in study.levels}
    [proof] = prove_one_factor(plant_results([study], [accuracies], epochs))
    assert proof.holds, proof.levels
    for level, proved in zip(study.levels, proof.levels, strict=True):
        assert set(level.fields) == {each.field for each in proved.departures}


def test_layers_that_are_the_baselines_own_are_no_change() -> None:
    """A list that says what number and width say already is not what the variant is about."""
    text = START.format(baseline="hidden_layers = 2\nneurons = 8") + (
        'variants = [{ label = "a" }, { label = "b", layers = [8, 8], learning_rate = 0.1 }]\n'
    )
    _, level = load(text).studies[0].levels
    assert {"learning_rate": 0.1} == level.fields


def test_epochs_that_a_budget_made_equal_are_no_change() -> None:
    """What a variant no longer departs in is not asked of its runs."""
    text = START.format(baseline="epochs = 2") + (
        'variants = [{ label = "a" }, { label = "b", dropout = 0.5, epochs = 3 }]\n'
    )
    trimmed = trim_manifest(load(text), Trim(60, 2, Fraction(1, 2)))
    assert trimmed is not None
    study = trimmed.studies[0]
    assert {"dropout": 0.5} == study.levels[1].fields
    accuracies = {level.label: [0.9, 0.9] for level in study.levels}
    losses = {level.label: [0.5] for level in study.levels}
    [proof] = prove_one_factor(plant_results([study], [accuracies], losses))
    assert proof.holds


@settings(max_examples=50)
@given(manifests())
def test_fields_that_are_spelt_out_make_the_same_setting(text: str) -> None:
    """What is read back from a setting loads as that setting, whichever way it is spelt."""
    for level in load_distinct(text).studies[0].levels:
        for by_layer in (False, True):
            fields = spell_fields(level.variant, by_layer=by_layer)
            assert level.variant == resolve_variant("mlp", resolve_fields(fields))
