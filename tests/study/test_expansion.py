from mnistreport.study.expansion import (
    combine_levels,
    expand_experiments,
    expand_variants,
    name_variants,
)
from mnistreport.study.experiment import MlpArchitecture, Variant
from mnistreport.study.manifest import Manifest
from tests.study.manifests import SMALL_MANIFEST, Load

STUDIES = """
[[studies]]
name = "size"
model = "mlp"
variants = [
    { label = "small" },
    { label = "uneven", layers = [8, 4], epochs = 3 },
    { label = "dropout", dropout = 0.5 },
]

[[studies]]
name = "neurons"
model = "mlp"
factor = "neurons"
levels = [16, 32]
"""


def combine(manifest: Manifest, labels: dict[str, str]) -> Variant:
    """Join the levels of the studies named, by their labels."""
    return combine_levels(
        manifest.baselines["mlp"],
        [
            level
            for study in manifest.studies
            for level in study.levels
            if level.label == labels.get(study.name)
        ],
    )


def test_each_variant_is_expanded_once_and_in_reading_order(load: Load) -> None:
    """Baselines come first, unused ones too; what two studies ask for is trained once."""
    manifest = load(
        SMALL_MANIFEST
        + """
[models.unused]
kind = "mlp"

[[studies]]
name = "rate again"
model = "mlp"
factor = "learning_rate"
levels = [0.5, 0.1]
"""
    )
    expected = [("mlp", 0.01), ("unused", 0.01), ("mlp", 0.1), ("mlp", 0.5)]
    variants = expand_variants(manifest)
    assert expected == [(each.model, each.training.learning_rate) for each in variants]


def test_variants_have_all_the_names_that_a_manifest_gives_them(load: Load) -> None:
    """A baseline that of its model, every other level that of its study."""
    manifest = load(SMALL_MANIFEST + STUDIES)
    names = name_variants(manifest)
    assert len(expand_variants(manifest)) == len(names)
    assert ["mlp baseline"] == names[manifest.baselines["mlp"].variant.key]
    others = [name for each in names.values() for name in each if name != "mlp baseline"]
    assert ["rate 0.1", "size uneven", "size dropout", "neurons 32"] == others


def test_each_variant_has_every_seed(load: Load) -> None:
    """An experiment is a variant with a seed, on one split."""
    manifest = load(SMALL_MANIFEST)
    variants = expand_variants(manifest)
    experiments = expand_experiments(variants, manifest.seeds, "digest")
    expected = [(variant, seed, "digest") for variant in variants for seed in (0, 1)]
    assert expected == [(each.variant, each.seed, each.split_sha256) for each in experiments]


def test_combined_variant_has_the_fields_of_all_chosen_levels(load: Load) -> None:
    """What is best in each study is joined, the rest is the baseline's."""
    manifest = load(SMALL_MANIFEST + STUDIES)
    combined = combine(manifest, {"rate": "0.1", "size": "dropout", "neurons": "32"})
    assert MlpArchitecture(layers=(32, 32), dropout=0.5) == combined.architecture
    assert (0.1, 2) == (combined.training.learning_rate, combined.training.epochs)
    assert "mlp" == combined.model


def test_combining_baselines_gives_the_baseline(load: Load) -> None:
    """If nothing is better than the baseline, there is nothing new to train."""
    manifest = load(SMALL_MANIFEST + STUDIES)
    combined = combine(manifest, {"rate": "0.01", "size": "small", "neurons": "16"})
    assert manifest.baselines["mlp"].variant == combined
    assert combined == combine(manifest, {})


def test_of_two_levels_with_one_field_the_later_wins(load: Load) -> None:
    """Studies that both change a field are joined in the manifest's order; the last one stands."""
    again = 'name = "again"\nmodel = "mlp"\nfactor = "learning_rate"\nlevels = [0.01, 0.3]'
    manifest = load(f"{SMALL_MANIFEST}\n[[studies]]\n{again}\n")
    combined = combine(manifest, {"rate": "0.1", "again": "0.3"})
    assert 0.3 == combined.training.learning_rate


def test_layers_win_over_neurons_when_combined(load: Load) -> None:
    """Unequal layers say all there is to say about the size."""
    manifest = load(SMALL_MANIFEST + STUDIES)
    combined = combine(manifest, {"size": "uneven", "neurons": "32"})
    assert MlpArchitecture(layers=(8, 4)) == combined.architecture
    assert 3 == combined.training.epochs
