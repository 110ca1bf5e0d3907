from dataclasses import replace

from mnistreport.report.figures.variants import name_variants
from tests.analysis.planted import make_ablation, plant_results


def test_two_variants_of_a_model_never_share_a_name() -> None:
    """In a figure of all variants, two levels of one label are told apart by their studies."""
    study = make_ablation()
    plain, dropout, *_ = study.levels
    architecture = replace(dropout.variant.architecture, dropout=0.2)
    less = replace(
        dropout,
        fields={"dropout": 0.2},
        variant=replace(dropout.variant, architecture=architecture),
    )
    second = replace(study, name="second", slug="second", levels=(plain, less))
    accuracies = {level.label: [0.9] for level in study.levels}
    names = name_variants(plant_results([study, second], [accuracies, accuracies]))
    assert ["baseline", "dropout (ablation)", "norm", "both", "dropout (second)"] == [
        *names.values()
    ]
