import re

import pytest

from mnistreport.report.context import make_context
from mnistreport.report.origins import find_lines, list_origins
from mnistreport.report.views import ReportContext
from tests.fake_results import make_manifest, make_results
from tests.report.reports import find_view, make_material


def test_a_baseline_is_asked_for_by_its_models_table() -> None:
    """However many studies share it."""
    manifest, results = make_manifest(), make_results()
    baseline = manifest.baselines["mlp"]
    lines = find_lines(manifest, results, baseline.variant.key)
    assert baseline.line in lines
    assert lines == tuple(sorted(set(lines)))


def test_a_joined_variant_is_asked_for_by_the_levels_that_it_joins() -> None:
    """It has no line of its own."""
    results = make_results()
    assert find_lines(make_manifest(), results, results.combined["mlp"])


def test_a_level_names_its_runs_by_seed() -> None:
    """With the accuracies that its mean is made of."""
    view = find_view(make_context(make_material()), "learning_rate")
    for level in view.levels:
        assert [0, 1, 2] == [run.seed for run in level.runs]
        accuracy = level.variant.validation_accuracy
        assert accuracy
        assert accuracy.values == tuple(run.validation_accuracy for run in level.runs)


def test_a_run_that_is_not_there_is_told() -> None:
    """Where a seed was not run or did not finish, there is no accuracy."""
    results = make_results(missing={0.1: (1,)}, diverged=(0.5,))
    levels = find_view(make_context(make_material(results)), "learning_rate").levels
    runs = {level.label: level.runs for level in levels}
    assert ["finished", "missing", "finished"] == [run.status for run in runs["0.1"]]
    assert runs["0.1"][1].validation_accuracy is None
    assert {("diverged", None)} == {(run.status, run.validation_accuracy) for run in runs["0.5"]}


def test_tested_runs_have_their_test_accuracy(context: ReportContext) -> None:
    """Others have none."""
    for final in context.finals:
        assert final.over_seeds.values == tuple(run.test_accuracy for run in final.runs)
    level = context.studies[0].levels[0]
    assert {None} == {run.test_accuracy for run in level.runs}


def test_runs_are_listed_for_any_variant() -> None:
    """In the order of the seeds."""
    results = make_results()
    for key in results.variants:
        assert [0, 1, 2] == [run.seed for run in list_origins(results, key)]


@pytest.mark.parametrize("kind", ["study", "final"])
def test_every_number_of_a_table_is_a_click_from_its_runs(html: str, kind: str) -> None:
    """Without a script: a list below the table leads to each run's row."""
    sections = re.findall(rf'<section id="[^"]*" class="{kind}">.*?</section>', html, re.DOTALL)
    assert sections
    rows = set(re.findall(r'<tr [^>]*id="(run-[0-9a-f]{8})"', html))
    for section in sections:
        [origins] = re.findall(r'<details class="origins">.*?</details>', section, re.DOTALL)
        links = re.findall(r'href="#(run-[0-9a-f]{8})"', origins)
        assert len(links) >= 3
        assert set() == set(links) - rows
        assert re.search(r"[Ll]ines?\s+\d+", origins)
