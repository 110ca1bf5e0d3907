"""The rubric: what was asked for, whether the report covers it, and where."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from mnistreport.analysis.rigour import prove_one_factor
from mnistreport.report import checks, study_checks
from mnistreport.report.answers import Answer, Evidence
from mnistreport.report.material import Material
from mnistreport.report.outline import Outline
from mnistreport.report.records import RubricVerdict

CHECKS: Final[Mapping[str, Callable[[Evidence], Answer]]] = {
    "mnist_data": checks.check_data,
    "stratified_split": checks.check_split,
    "torch_data_loader": checks.check_loader,
    "own_training_loop": checks.check_loop,
    "sgd_cross_entropy": checks.check_descent,
    "own_network": checks.check_network,
    "at_least_two_hidden_layers": checks.check_depth,
    "relu_between_layers": checks.check_relu,
    "loss_curves": study_checks.check_curves,
    "accuracy_curves": study_checks.check_curves,
    "learning_rate_levels": partial(study_checks.check_levels, factor="learning_rate"),
    "batch_size_levels": partial(study_checks.check_levels, factor="batch_size"),
    "neurons_levels": partial(study_checks.check_levels, factor="neurons"),
    "hidden_layers_levels": partial(study_checks.check_levels, factor="hidden_layers"),
    "one_factor_at_a_time": study_checks.check_one_factor,
    "insights": checks.check_insights,
    "test_accuracy": checks.check_test,
    "confusion_matrix": checks.check_confusion,
    "cnn_dropout_layer_norm": study_checks.check_ablation,
    "submission": checks.check_submission,
}
"""By the name that a manifest has for it: the names of ``study.schema.Check``."""


def review_rubric(
    material: Material,
    outline: Outline,
    *,
    own_words: Mapping[str, bool],
    output: Path,
    written: Collection[str] = (),
) -> tuple[RubricVerdict, ...]:
    """Hold what a report is made of against each line of its manifest's rubric.

    Args:
        material: What the report is made of.
        outline: Where everything stands in it; need not know of the rubric's own table.
        own_words: Whether a study, by slug, has an insight of a person's own.
        output: The folder of the documents.
        written: Names of the documents that are about to be written there, and count as written.
    """
    evidence = Evidence(
        material, outline, prove_one_factor(material.results), own_words, output, written
    )
    verdicts: list[RubricVerdict] = []
    for line in material.manifest.rubric:
        answer = CHECKS[line.check](replace(evidence, requirement=line.requirement))
        verdicts.append(
            RubricVerdict(line.requirement, line.points, line.check, answer.is_met, answer.where)
        )
    return tuple(verdicts)
