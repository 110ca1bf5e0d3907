import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from mnistreport.starting import start_project
from mnistreport.study.schema import ManifestTable, manifest_schema, write_schema
from mnistreport.study.settings import CnnTable, MlpTable, list_factors
from tests.study.manifests import BOTH_MODELS, DEFAULT_MANIFEST, SMALL_MANIFEST


def test_written_schema_is_current(tmp_path: Path) -> None:
    """The file beside the manifest is what this version of the program reads."""
    write_schema(tmp_path / "schema.json")
    committed = DEFAULT_MANIFEST.with_name("experiments.schema.json")
    assert committed.read_text(encoding="utf-8") == (tmp_path / "schema.json").read_text("utf-8")


def test_manifest_names_its_schema() -> None:
    """Editors find the schema from the manifest's first line."""
    first = DEFAULT_MANIFEST.read_text(encoding="utf-8").splitlines()[0]
    assert "#:schema ./experiments.schema.json" == first


def test_a_new_project_names_its_schema(tmp_path: Path) -> None:
    """So they do in what ``init`` writes: the schema lies beside the manifest, which follows it."""
    list(start_project(tmp_path))
    text = (tmp_path / "experiments.toml").read_text(encoding="utf-8")
    name = text.splitlines()[0].removeprefix("#:schema ")
    schema = json.loads((tmp_path / name).read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(tomllib.loads(text))


@pytest.mark.parametrize("manifest", [DEFAULT_MANIFEST.read_text("utf-8"), BOTH_MODELS])
def test_a_validator_accepts_what_the_program_accepts(manifest: str) -> None:
    """The schema is one, by its own rules, and an editor that goes by it underlines nothing."""
    Draft202012Validator.check_schema(manifest_schema())
    assert [] == list_places(manifest)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("[training]", "[trainin]", ""),
        ("learning_rate = 0.01", "learning_rat = 0.01", "training"),
        ("learning_rate = 0.01", "learning_rate = 0", "training.learning_rate"),
        ("epochs = 2", "epochs = true", "training.epochs"),
        ("seeds = [0, 1]", "seeds = [0, -1]", "training.seeds.1"),
        ('kind = "mlp"', 'kind = "cnn"', "models.mlp"),
        ('factor = "learning_rate"', 'factor = "speed"', "studies.0.factor"),
        ("levels = [0.1, 0.01]", "levels = [0.1]", "studies.0.levels"),
    ],
)
def test_a_validator_finds_what_the_program_finds(old: str, new: str, place: str) -> None:
    """A mistake is underlined where it is."""
    assert old in SMALL_MANIFEST
    assert [place] == list_places(SMALL_MANIFEST.replace(old, new))


def list_places(manifest: str) -> list[str]:
    """Return the place of each thing that a validator finds wrong with a manifest."""
    found = Draft202012Validator(manifest_schema()).iter_errors(tomllib.loads(manifest))
    return [".".join(map(str, error.absolute_path)) for error in found]


def test_every_key_is_described() -> None:
    """An editor explains each key; the README's reference is made of the same words."""
    schema = manifest_schema()
    tables = {"the manifest": schema} | schema["$defs"]
    undescribed = [
        f"{name}.{key}"
        for name, table in tables.items()
        for key, node in table["properties"].items()
        if not node.get("description")
    ]
    assert [] == undescribed


def test_every_number_has_a_range() -> None:
    """No number of a manifest can be out of all bounds."""
    schema = manifest_schema()
    boundless = [
        f"{name}.{key}"
        for name, table in schema["$defs"].items()
        for key, node in table["properties"].items()
        for number in [node, node.get("items", {})]
        if number.get("type") in ("integer", "number")
        and not (
            {"minimum", "exclusiveMinimum"} & number.keys()
            and {"maximum", "exclusiveMaximum"} & number.keys()
        )
    ]
    assert [] == boundless
    assert json.loads(json.dumps(schema, allow_nan=False)) == schema


@pytest.mark.parametrize(
    ("field", "accepted", "refused"),
    [
        ("learning_rate", [1e-300, 1, 1e6], [0, -0.1, True, "0.1", float("inf"), float("nan")]),
        ("momentum", [0, 0.99], [1, -0.01, float("nan")]),
        ("dropout", [0.0, 0.999], [1.0, -0.1, False]),
        ("weight_decay", [0, 1e-4], [-1e-9, float("inf")]),
        ("batch_size", [1, 1_000_000], [0, 1_000_001, 64.0, True]),
        ("epochs", [1, 10_000], [0, 10_001, True]),
        ("layer_norm", [True, False], [0, 1, "true"]),
        ("optimizer", ["sgd"], ["adam", "SGD", 1]),
        ("neurons", [1, 10_000], [0, 10**9 + 1, 2**70, 1.0]),
        ("hidden_layers", [1, 64], [0, 65, True]),
        ("layers", [[1], [1] * 64], [[], [0], [1] * 65, [1.0], [True], 3, "12"]),
    ],
)
def test_ranges_of_a_model(field: str, accepted: list[Any], refused: list[Any]) -> None:
    """Types are exact, ranges finite, and their ends are where the reference says."""
    for value in accepted:
        MlpTable.model_validate({"kind": "mlp", field: value})
    for value in refused:
        with pytest.raises(ValidationError):
            MlpTable.model_validate({"kind": "mlp", field: value})


@pytest.mark.parametrize(
    ("field", "accepted", "refused"),
    [
        ("kernel_size", [1, 27], [0, -1, 2, 28, 29, True]),
        ("channels", [[1], [8, 8, 8, 8]], [[], [8] * 5, [0], [1.5]]),
        ("dense", [1, 1024], [0, 10**9 + 1]),
    ],
)
def test_ranges_of_a_convolutional_network(
    field: str, accepted: list[Any], refused: list[Any]
) -> None:
    """Kernels have a middle, and four blocks leave one pixel of 28."""
    for value in accepted:
        CnnTable.model_validate({"kind": "cnn", field: value})
    for value in refused:
        with pytest.raises(ValidationError):
            CnnTable.model_validate({"kind": "cnn", field: value})


def test_factors_are_the_numbers_and_flags_of_a_kind() -> None:
    """Every setting of a model can be studied; lists only through named variants."""
    common = {"learning_rate", "momentum", "weight_decay", "batch_size", "epochs"}
    common |= {"dropout", "layer_norm"}
    assert common | {"hidden_layers", "neurons"} == set(list_factors("mlp"))
    assert common | {"kernel_size", "dense"} == set(list_factors("cnn"))


def test_values_are_frozen() -> None:
    """A manifest that was read stays as it was read."""
    table = ManifestTable.model_validate(
        {
            "models": {"m": {"kind": "mlp"}},
            "studies": [{"name": "s", "model": "m", "factor": "epochs", "levels": [1, 2]}],
        }
    )
    with pytest.raises(ValidationError):
        table.data.seed = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_zero_has_one_sign() -> None:
    """-0.0 is the same setting as 0.0, and must not be trained under another fingerprint."""
    table = MlpTable.model_validate(
        {"kind": "mlp", "dropout": -0.0, "momentum": -0.0, "weight_decay": -0.0}
    )
    assert ["0.0"] * 3 == [str(table.dropout), str(table.momentum), str(table.weight_decay)]
