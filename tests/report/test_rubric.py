from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from mnistreport.analysis.findings import Limits
from mnistreport.analysis.results import LevelSummary, Results, StudySummary
from mnistreport.console import list_verdicts
from mnistreport.data.dataset import MNIST_SHA256
from mnistreport.data.kaggle import TITLE
from mnistreport.data.mnist import MNIST_COUNTS
from mnistreport.report.answers import Answer, Evidence
from mnistreport.report.appendix import make_rubric_table
from mnistreport.report.checks import find_limits
from mnistreport.report.context import make_context
from mnistreport.report.document import compose_document, outline_document
from mnistreport.report.html import render_html
from mnistreport.report.material import Material
from mnistreport.report.records import RubricVerdict
from mnistreport.report.review import list_unmet
from mnistreport.report.rubric import CHECKS, review_rubric
from mnistreport.report.study_checks import check_ablation
from mnistreport.report.study_views import view_study
from mnistreport.report.templating import Templates
from mnistreport.study.experiment import MlpArchitecture, Variant
from mnistreport.study.manifest import RubricLine, Submission
from mnistreport.study.schema import Check
from tests.fake_results import make_results
from tests.report.reports import (
    EVERY_LEVEL,
    leave_seeds_out,
    make_material,
    make_small_material,
    read_page,
)
from tests.report.undrawn import draw_nothing

LEVEL_CHECKS = {
    "learning_rate_levels": ("learning_rate", 0.5),
    "batch_size_levels": ("batch_size", 1024),
    "neurons_levels": ("neurons", 512),
    "hidden_layers_levels": ("hidden_layers", 5),
}
CURVES = ["loss_curves", "accuracy_curves"]
NOWHERE = Path("no-such-folder")


@pytest.fixture(scope="module")
def untrained() -> Material:
    """A project of which nothing was trained."""
    missing = leave_seeds_out([*EVERY_LEVEL, "best levels joined"], (0, 1, 2))
    return make_material(make_results(missing=missing))


@pytest.fixture(scope="module")
def small() -> Material:
    """A report with a convolutional ablation only."""
    return make_small_material()


def review(
    material: Material,
    *checks: str,
    own_words: Mapping[str, bool] | None = None,
    output: Path = NOWHERE,
    written: Collection[str] = (),
) -> list[RubricVerdict]:
    """Review a report against a rubric of these checks, each worth a point."""
    lines = tuple(RubricLine(f"Asked: {check}", 1, check) for check in checks)
    material = replace(material, manifest=replace(material.manifest, rubric=lines))
    outline = outline_document(make_context(material))
    found = review_rubric(
        material, outline, own_words=own_words or {}, output=output, written=written
    )
    for verdict in found:
        assert verdict.is_met != verdict.where.startswith(("missing: ", "not checked: "))
    return list(found)


def judge(material: Material, check: str, **values: object) -> RubricVerdict:
    """Review a report against one check."""
    [verdict] = review(material, check, **values)  # type: ignore[arg-type]
    return verdict


def change_variants(results: Results, keys: Collection[str], variant: Variant) -> Results:
    """Give the variants of some keys another setting, and leave everything else."""
    variants = {
        key: replace(each, variant=replace(variant, training=each.variant.training))
        if key in keys
        else each
        for key, each in results.variants.items()
    }
    return replace(results, variants=variants)


def shrink_study(results: Results, slug: str, levels: int) -> Results:
    """Leave only so many levels of a study."""
    studies = tuple(
        replace(
            each,
            levels=tuple(x for x in each.levels if x.level.is_baseline)
            + tuple(x for x in each.levels if not x.level.is_baseline)[: levels - 1],
        )
        if each.study.slug == slug
        else each
        for each in results.studies
    )
    return replace(results, studies=studies)


def test_every_check_of_the_manifest_has_its_function() -> None:
    """What a manifest may name is what the program can check, and nothing else."""
    assert set(get_args(Check)) == set(CHECKS)


def test_verdicts_are_the_rubrics_lines(material: Material) -> None:
    """In the manifest's order, with its words and points; without a rubric there are none."""
    verdicts = review(material, "own_network", "insights")
    assert [("Asked: own_network", 1, "own_network"), ("Asked: insights", 1, "insights")] == [
        (each.requirement, each.points, each.check) for each in verdicts
    ]
    assert [] == review(material)


@pytest.mark.parametrize(
    ("check", "where"),
    [
        ("stratified_split", "Section 1, Figure 1, Table 1: 60.0"),
        ("torch_data_loader", "Section 1: 57 runs with PyTorch 2.9.0"),
        ("own_training_loop", "Section 2: 57 runs, "),
        ("sgd_cross_entropy", "Sections 2 and 3, Figure 3, Table 2"),
        ("own_network", "Section 2, Table 2: trained in 15 settings"),
        ("at_least_two_hidden_layers", "Section 2, Table 2: 2 to 5 hidden layers"),
        ("relu_between_layers", "Section 2: after each hidden layer of 15 networks"),
        ("loss_curves", "Figures 3, 4, 5, 7, 9, 11 and 13"),
        ("accuracy_curves", "Figures 3, 4, 5, 7, 9, 11 and 13"),
        ("learning_rate_levels", "Section 4, Figures 5 and 6, Table 3: 4 levels"),
        ("batch_size_levels", "Section 5, Figures 7 and 8, Table 4: 4 levels"),
        ("neurons_levels", "Section 6, Figures 9 and 10, Table 5: 5 levels"),
        ("hidden_layers_levels", "Section 7, Figures 11 and 12, Table 6: 4 levels"),
        ("one_factor_at_a_time", "Appendix A, Table 14: shown for 21 levels of 5 studies"),
        ("test_accuracy", "Section 10, Table 8"),
        ("confusion_matrix", "Section 10, Figure 20"),
        ("cnn_dropout_layer_norm", "Section 8, Figures 13 and 14, Table 7"),
    ],
)
def test_a_complete_report_meets_it_and_says_where(
    material: Material, check: str, where: str
) -> None:
    """Sections, figures and tables are those of the document."""
    verdict = judge(material, check)
    assert verdict.is_met
    assert verdict.where.startswith(where)


@pytest.mark.parametrize("check", sorted(set(CHECKS) - {"stratified_split"}))
def test_nothing_is_met_before_anything_was_trained(untrained: Material, check: str) -> None:
    """A manifest that asks for everything has not done anything yet; each says the next step."""
    verdict = judge(untrained, check)
    assert not verdict.is_met
    assert "; " in verdict.where


def judge_digits(material: Material, requirement: str, **changes: object) -> RubricVerdict:
    """Review a report on digits that are changed so against one requirement on the data."""
    evidence = replace(material, digits=replace(material.digits, **changes))  # type: ignore[arg-type]
    outline = outline_document(make_context(material))
    line = (RubricLine(requirement, 6, "mnist_data"),)
    asked = replace(evidence, manifest=replace(material.manifest, rubric=line))
    [verdict] = review_rubric(asked, outline, own_words={}, output=NOWHERE)
    return verdict


FROM_KAGGLE = "MNIST from Kaggle"
ON_RECORD = f"{TITLE}: IDX files."


@pytest.mark.parametrize(
    ("requirement", "changes", "state"),
    [
        ("MNIST", {}, "missing"),
        ("MNIST", {"name": "mnist", "title": "MNIST handwritten digits"}, "missing"),
        ("MNIST", {"sha256": MNIST_SHA256}, "met"),
        (FROM_KAGGLE, {"sha256": MNIST_SHA256, "origin": ON_RECORD}, "met"),
        (FROM_KAGGLE, {"sha256": MNIST_SHA256}, "not checked"),
        (FROM_KAGGLE, {"sha256": MNIST_SHA256, "origin": "CSV file kaggle.csv."}, "not checked"),
        (FROM_KAGGLE, {"origin": ON_RECORD}, "missing"),
    ],
)
def test_no_more_is_met_than_is_on_record(
    material: Material, requirement: str, changes: Mapping[str, object], state: str
) -> None:
    """A digest proves that images are MNIST's; that Kaggle sent them, only a download does."""
    verdict = judge_digits(material, requirement, **changes)
    assert (state, state == "met") == (verdict.state, verdict.is_met)
    assert verdict.where.startswith({"met": "Section 1"}.get(state, f"{state}: "))


def test_counts_alone_do_not_prove_mnist(material: Material) -> None:
    """As many images of each digit as in MNIST, or in a part of it: a person has to say."""
    for images, counts in MNIST_COUNTS.items():
        labels = np.repeat(np.arange(10, dtype=np.uint8), counts)
        assert images == len(labels)
        assert judge_digits(material, "MNIST", labels=labels).is_open
        labels[0] = 9
        assert "missing" == judge_digits(material, "MNIST", labels=labels).state


def test_requirements_are_listed_in_one_column() -> None:
    """Whatever the verdict, requirements and places begin in the same column of the console."""
    places = {"met": "Section 1", "missing": "missing: words", "not checked": "not checked: files"}
    rubric = [RubricVerdict("R", 1, "c", each == "met", place) for each, place in places.items()]
    _, *lines = list_verdicts(rubric)
    columns = {line.index("R") for line in lines[::2]}
    assert columns | {
        line.index(place) for line, place in zip(lines[1::2], places.values(), strict=True)
    } == {15}


def test_what_could_not_be_checked_is_told_and_is_no_gap(material: Material) -> None:
    """Its points do not count as reached; the table says so; nobody is asked to mend it."""
    verdict = judge_digits(material, FROM_KAGGLE, sha256=MNIST_SHA256)
    context = replace(make_context(material), rubric=(verdict,))
    (row,) = make_rubric_table(context).rows
    assert ("not checked", "") == (row.cells[2], row.mark)
    assert row.cells[3].startswith("Section 1, Table 1: ")
    assert [] == list(list_unmet(context, Path("experiments.toml")))
    head, *_ = list_verdicts(context.rubric)
    assert "rubric: 0 of 1 met, 0 of 6 points; 1 not checked, 6 points" == head
    templates = Templates(NOWHERE)
    document = compose_document(context, material, templates, draw_nothing)
    page = read_page(render_html(document, templates))
    assert "could not be checked, because the files do not decide it" in page.text


@pytest.mark.parametrize(
    ("cuts", "said"),
    [([300, 450], "the split is 50.0"), ([360, 482], "the split is 60.0"), ([420, 510], "70.0")],
)
def test_other_shares_are_not_the_split_asked_for(
    material: Material, cuts: Sequence[int], said: str
) -> None:
    """Images are counted; what the manifest says of them does not matter."""
    train, validation, test = np.split(np.arange(600), cuts)
    split = replace(material.split, train=train, validation=validation, test=test)
    verdict = judge(replace(material, split=split), "stratified_split")
    assert not verdict.is_met
    assert said in verdict.where


def test_a_split_that_is_not_stratified_is_missed(material: Material) -> None:
    """Shares of the images may be right, and those of a digit wrong."""
    order = np.argsort(material.digits.labels, kind="stable")
    train, validation, test = np.split(order, [360, 480])
    split = replace(material.split, train=train, validation=validation, test=test)
    assert "images off its share" in judge(replace(material, split=split), "stratified_split").where


def test_an_image_in_two_splits_is_missed(material: Material) -> None:
    """Every image is in exactly one split."""
    test = material.split.test.copy()
    test[0] = material.split.train[0]
    split = replace(material.split, test=test)
    assert "or in two" in judge(replace(material, split=split), "stratified_split").where


@pytest.mark.parametrize("field", [{"learning_rate": 0.1}, {"momentum": 0.9}])
def test_plain_descent_at_another_setting_is_missed(
    material: Material, field: Mapping[str, float]
) -> None:
    """The baseline's runs decide: another rate, or momentum, is not what was asked for."""
    key = material.manifest.baselines["mlp"].variant.key
    summary = material.results.variants[key]
    training = replace(summary.variant.training, **field)  # type: ignore[arg-type]
    changed = replace(summary, variant=replace(summary.variant, training=training))
    results = replace(material.results, variants={**material.results.variants, key: changed})
    assert not judge(replace(material, results=results), "sgd_cross_entropy").is_met


def test_a_network_without_enough_layers_is_missed(material: Material) -> None:
    """One shallow variant is enough; and between no two layers there is nothing to put."""
    results = material.results
    mlps = [key for key, each in results.variants.items() if each.variant.model == "mlp"]
    shallow = replace(results.variants[mlps[0]].variant, architecture=MlpArchitecture((64,)))
    one = replace(material, results=change_variants(results, mlps[:1], shallow))
    every = replace(material, results=change_variants(results, mlps, shallow))
    assert "1 setting of 15 with fewer" in judge(one, "at_least_two_hidden_layers").where
    assert judge(one, "relu_between_layers").is_met
    assert not judge(every, "relu_between_layers").is_met


def test_what_has_no_feedforward_network_has_none(small: Material) -> None:
    """Convolutional runs do not stand in for what was asked of a feedforward network."""
    results = small.results
    cnns = {key: s for key, s in results.variants.items() if s.variant.model == "cnn"}
    baselines = {"cnn": small.manifest.baselines["cnn"]}
    manifest = replace(small.manifest, baselines=baselines, studies=small.manifest.studies[-1:])
    names = {run.fingerprint for each in cnns.values() for run in each.runs.values()}
    only = replace(
        results,
        variants=cnns,
        experiments=tuple(each for each in results.experiments if each.fingerprint in names),
        runs={name: run for name, run in results.runs.items() if name in names},
    )
    tested = tuple(each for each in small.tested if each.winner.model == "cnn")
    material = replace(small, manifest=manifest, results=only, tested=tested)
    asked = ["own_network", "at_least_two_hidden_layers", "relu_between_layers"]
    asked += ["sgd_cross_entropy", *LEVEL_CHECKS]
    assert [] == [each.check for each in review(material, *asked) if each.is_met]
    asked = ["own_training_loop", "torch_data_loader", *CURVES, "cnn_dropout_layer_norm"]
    assert asked == [each.check for each in review(material, *asked) if each.is_met]


@pytest.mark.parametrize("check", CURVES)
def test_a_study_without_any_epoch_has_no_curves(check: str) -> None:
    """An empty figure is no plot: every level of the ablation failed in its first epoch."""
    levels = ["neither", "dropout", "layer norm", "both"]
    material = make_material(make_results(failed=levels))
    where = judge(material, check).where
    assert "no curves for cnn-baseline and dropout_layer_norm-curves" in where


@pytest.mark.parametrize("check", sorted(LEVEL_CHECKS))
def test_levels_need_runs_on_every_seed(check: str) -> None:
    """A level with a seed that was not run does not count."""
    factor, level = LEVEL_CHECKS[check]
    levels = [level, 256] if factor == "neurons" else [level]
    where = judge(make_material(make_results(missing=leave_seeds_out(levels, (1,)))), check).where
    assert "missing: 3 of" in where
    assert where.endswith("train with: mnistreport build")


@pytest.mark.parametrize("check", sorted(LEVEL_CHECKS))
def test_three_levels_are_too_few(material: Material, check: str) -> None:
    """Four are asked for, however complete the three are."""
    factor, _ = LEVEL_CHECKS[check]
    results = shrink_study(material.results, factor, 3)
    where = judge(replace(material, results=results), check).where
    assert "missing: 3 of 3 levels were run on every seed; add levels" in where


def test_a_level_that_diverged_counts_and_is_named() -> None:
    """Divergence is a result; a failure is none."""
    verdict = judge(make_material(make_results(diverged=[0.5])), "learning_rate_levels")
    assert verdict.is_met
    assert "runs of 0.5 diverged, which is a result, too" in verdict.where
    failed = make_material(make_results(failed=[0.5]))
    assert not judge(failed, "learning_rate_levels").is_met


def test_a_proof_that_fails_is_a_requirement_missed() -> None:
    """The study and its level are named, and where it says why."""
    results = make_results(missing={0.1: [2]})
    where = judge(make_material(results), "one_factor_at_a_time").where
    assert "missing: it does not hold for Learning rate (0.1); train with" in where
    run = next(iter(results.runs.values()))
    late = {**results.runs, run.fingerprint: replace(run, history=run.history[1:])}
    material = make_material(replace(make_results(), runs=late | make_results().runs))
    assert judge(material, "one_factor_at_a_time").is_met
    material = make_material(replace(make_results(), runs=make_results().runs | late))
    where = judge(material, "one_factor_at_a_time").where
    assert "Learning rate" in where
    assert where.endswith("Appendix A, Table 14 says why")


def test_a_finished_run_without_all_its_epochs_is_missed(material: Material) -> None:
    """The loop is judged by the histories it left."""
    results = material.results
    key, summary = next(iter(results.variants.items()))
    runs = {seed: replace(run, history=run.history[:-1]) for seed, run in summary.runs.items()}
    variants = {**results.variants, key: replace(summary, runs=runs)}
    short = replace(material, results=replace(results, variants=variants))
    assert "lacks epochs" in judge(short, "own_training_loop").where


def test_every_study_needs_words_of_ones_own(material: Material) -> None:
    """The studies without are named, also those that nobody said anything about."""
    words = {study.slug: True for study in material.manifest.studies}
    verdict = judge(material, "insights", own_words=words)
    assert "Sections 4, 5, 6, 7 and 8" == verdict.where
    del words["neurons"]
    where = judge(material, "insights", own_words={**words, "batch_size": False}).where
    assert "words of your own on batch_size and neurons" in where


@pytest.mark.parametrize("check", ["test_accuracy", "confusion_matrix"])
def test_the_best_model_must_have_been_tested(material: Material, check: str) -> None:
    """Another model's test does not do."""
    assert not judge(replace(material, tested=()), check).is_met
    best = max(material.tested, key=lambda each: each.winner.summary.mean_accuracy)
    others = tuple(each for each in material.tested if each is not best)
    assert others
    assert not judge(replace(material, tested=others), check).is_met
    assert judge(replace(material, tested=(best,)), check).is_met


def test_the_ablation_needs_its_four_corners(material: Material) -> None:
    """All four, finished, and of dropout and layer normalisation."""
    results = shrink_study(material.results, "dropout_layer_norm", 3)
    where = judge(replace(material, results=results), "cnn_dropout_layer_norm").where
    assert "no study tries" in where
    broken = make_material(make_results(diverged=["both"]))
    assert "did not finish" in judge(broken, "cnn_dropout_layer_norm").where


def turn_down(results: Results, plain: float) -> Results:
    """Give the ablation's corners without dropout some of it."""
    studies: list[StudySummary] = []
    for study in results.studies:
        levels: list[LevelSummary] = []
        for level in study.levels:
            variant = level.summary.variant
            if variant.architecture.kind == "cnn" and not variant.architecture.dropout:
                architecture = replace(variant.architecture, dropout=plain)
                variant = replace(variant, architecture=architecture)
            levels.append(replace(level, summary=replace(level.summary, variant=variant)))
        studies.append(StudySummary(study.study, tuple(levels)))
    return replace(results, studies=tuple(studies))


def test_the_ablation_needs_networks_without_dropout(material: Material) -> None:
    """Turning dropout down is no trial without it: two numbers are no switch."""
    outline = outline_document(make_context(material))
    answers: list[Answer] = []
    for plain in (0.0, 0.2):
        changed = replace(material, results=turn_down(material.results, plain))
        answers.append(check_ablation(Evidence(changed, outline, (), {}, NOWHERE, ())))
    assert [True, False] == [answer.is_met for answer in answers]
    assert "in dropout_layer_norm nothing is trained without dropout" in answers[1].where


def test_no_proposal_breaks_the_rubric(material: Material) -> None:
    """A rubric that asks for two hidden layers keeps a report from proposing one."""
    line = RubricLine("Two hidden layers", 1, "at_least_two_hidden_layers")
    for rubric, expected in (((), 1), ((line,), 2)):
        asked = replace(material, manifest=replace(material.manifest, rubric=rubric))
        assert expected == find_limits(asked).hidden_layers
        assert len(material.split.train) == find_limits(asked).images
    results = material.results
    study = next(each for each in results.studies if each.study.slug == "hidden_layers")
    best = study.levels[0]
    deeper = tuple(
        replace(each, summary=replace(each.summary, runs={})) for each in study.levels[1:]
    )
    shallow = StudySummary(study.study, (best, *deeper))
    assert ["edge"] == [
        each.kind for each in view_study(shallow, results, Limits()).findings if each.kind == "edge"
    ]
    kinds = [each.kind for each in view_study(shallow, results, Limits(None, 2)).findings]
    assert "edge" not in kinds


def test_a_submission_is_files_and_real_ids(material: Material, tmp_path: Path) -> None:
    """What is missing is named; what is about to be written counts, and a zip makes no odds."""

    def judge_submission(*ids: str, written: Collection[str] = ()) -> str:
        submission = Submission(ids, ("runs.csv", "notes.txt"))
        asked = replace(material, manifest=replace(material.manifest, submission=submission))
        return judge(asked, "submission", output=tmp_path, written=written).where

    ids = ("123", "456", "789")
    assert "the ids of your team" in judge_submission()
    assert "the ids of your team" in judge_submission("0000001", "456")
    assert "the scheme id1_id2_id3 asks for 3 ids, and 2 are given" in judge_submission("1", "2")
    where = judge_submission(*ids, written=["report.pdf", "runs.csv"])
    assert "missing: notebook.ipynb and notebook.pdf; make it with: mnistreport build" == where
    made = ("notebook.ipynb", "notebook.pdf", "report.pdf", "runs.csv")
    assert "missing: notes.txt, which is not there; put it" in judge_submission(*ids, written=made)
    (tmp_path / "notes.txt").symlink_to(tmp_path)
    assert "notes.txt, which is a symbolic link; put" in judge_submission(*ids, written=made)
    (tmp_path / "notes.txt").unlink()
    (tmp_path / "notes.txt").write_text("words")
    said = f"goes into 123_456_789.zip: {', '.join(made)}, notes.txt"
    assert said == judge_submission(*ids, written=made)
    (tmp_path / "123_456_789.zip").write_text("no zip")
    assert said == judge_submission(*ids, written=made)


def test_a_convolutional_networks_levels_are_not_a_feedforward_ones(material: Material) -> None:
    """The factor has the same name, the network is another."""
    results = material.results
    cnn = material.manifest.baselines["cnn"].variant
    studies = tuple(
        replace(
            study,
            levels=tuple(
                replace(level, summary=replace(level.summary, variant=cnn))
                for level in study.levels
            ),
        )
        for study in results.studies
    )
    outline = outline_document(make_context(material))
    line = (RubricLine("Rates", 4, "learning_rate_levels"),)
    asked = replace(
        material,
        manifest=replace(material.manifest, rubric=line),
        results=replace(results, studies=studies),
    )
    [verdict] = review_rubric(asked, outline, own_words={}, output=NOWHERE)
    assert "no study of a feedforward network varies it" in verdict.where


@pytest.mark.parametrize("check", CURVES)
def test_a_figure_that_the_report_does_not_have_is_missed(material: Material, check: str) -> None:
    """Runs have curves, but only a figure shows them."""
    outline = outline_document(make_context(material))
    figures = tuple(name for name in outline.figures if name != "neurons-curves")
    asked = replace(
        material, manifest=replace(material.manifest, rubric=(RubricLine("Curves", 4, check),))
    )
    [verdict] = review_rubric(
        asked, replace(outline, figures=figures), own_words={}, output=NOWHERE
    )
    assert "missing: no curves for neurons-curves; " in verdict.where
