"""Whatever a manifest asks for and its runs come to, the report says nothing that is not so."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnistreport.report.context import dump_context
from mnistreport.report.document import Document
from mnistreport.report.html import render_html
from mnistreport.report.material import Material
from mnistreport.report.notebook.composition import compose_notebook
from mnistreport.report.review import review_context
from mnistreport.report.templating import Templates
from mnistreport.resources import PROJECT_FILES
from mnistreport.study.expansion import override_fields, resolve_fields
from mnistreport.study.experiment import Variant
from mnistreport.training.result import Run
from mnistreport.verification.agreement import Document as Paper
from mnistreport.verification.agreement import compare_blocks
from mnistreport.verification.passages import list_blocks
from tests.generated_reports import draw_case
from tests.report.reports import read_page
from tests.report.undrawn import compose_undrawn
from tests.traced_numbers import METHOD, NUMBER, find_untraced, list_sources, read_prose

EXAMPLES: Final = 60
COMPARED: Final = {"better", "worse", "higher", "lower", "no clear difference"}
WORDS: Final = ("no", "one", "two", "three", "four", "five")
SEEDS: Final = re.compile(rf"\b({'|'.join(WORDS)}) seeds?\b", re.IGNORECASE)
many = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
"""Examples take long to draw and are large; the fixtures that they share are read only."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for manifests."""
    return tmp_path_factory.mktemp("generated")


@pytest.fixture(scope="module")
def templates() -> Templates:
    """The templates that come with the program."""
    return Templates(PROJECT_FILES)


def compose(material: Material, templates: Templates, place: Path) -> Document:
    """Return the report of a material, its figures not drawn."""
    return compose_undrawn(review_context(material, templates, place), material, templates)


@many
@given(data=st.data())
def test_every_number_in_prose_is_in_the_results(
    data: st.DataObject, place: Path, templates: Templates
) -> None:
    """A section's numbers are printed from ``results.json``, a study's from its own results."""
    document = compose(data.draw(draw_case(place)).material, templates, place)
    results = json.loads(dump_context(document.context))
    sources = list_sources(results)
    prose = read_prose(render_html(document, templates), skipped=("a", "code"))
    for section, text in prose.items():
        untraced = find_untraced(text, sources.get(section, results))
        assert [] == [each for each in untraced if not METHOD & set(NUMBER.findall(each))], section


@many
@given(data=st.data())
def test_no_verdict_rests_on_fewer_runs_than_it_says(
    data: st.DataObject, place: Path, templates: Templates
) -> None:
    """Levels with a verdict finished on every seed, and so did what they are held against."""
    material = data.draw(draw_case(place)).material
    planned = len(material.manifest.seeds)
    for study in review_context(material, templates, place).studies:
        for level in study.levels:
            runs = material.results.variants[level.variant.key].runs.values()
            finished = sum(run.status == "finished" for run in runs)
            assert (finished, planned) == (level.variant.finished, level.variant.planned)
            if level.verdict in COMPARED:
                assert planned == finished == study.baseline.variant.finished
                assert level.against_baseline is not None
                assert planned == level.against_baseline.n
        for finding in study.findings:
            for number in SEEDS.findall(finding.sentence):
                assert planned == WORDS.index(number.lower()), finding.sentence


@many
@given(data=st.data())
def test_the_best_is_the_best_of_what_is_spoken_of(
    data: st.DataObject, place: Path, templates: Templates
) -> None:
    """Best levels, winners and the best model are those of the highest mean of whole variants."""
    material = data.draw(draw_case(place)).material
    document = compose(material, templates, place)
    means = dict(list_means(material))
    for study in material.results.studies:
        view = next(each for each in document.context.studies if each.slug == study.study.slug)
        complete = [each for each in study.study.levels if each.variant in means]
        highest = max((means[each.variant] for each in complete), default=None)
        best = [each.label for each in complete if means[each.variant] == highest]
        baseline = [each.label for each in complete if each.is_baseline and each.label in best]
        assert (baseline or best or [None])[0] == (view.best and view.best.label)
    for final in document.context.finals:
        own = {variant: mean for variant, mean in means.items() if variant.model == final.model}
        assert max(own.values()) == means[find_variant(material, final.variant.key, final.model)]
    said = read_page(str(document.prose["conclusion"])).text
    if "best model found" in said:
        tested = max(
            means[find_variant(material, final.variant.key, final.model)]
            for final in document.context.finals
        )
        assert max(means.values()) == tested


def list_means(material: Material) -> Iterator[tuple[Variant, float]]:
    """Yield each variant whose runs all finished, with its mean accuracy, from the runs alone."""
    runs: dict[Variant, list[Run | None]] = {}
    for experiment in material.results.experiments:
        run = material.results.runs.get(experiment.fingerprint)
        runs.setdefault(experiment.variant, []).append(run)
    for variant, of_variant in runs.items():
        finished = [each for each in of_variant if each and each.status == "finished"]
        if len(finished) == len(of_variant):
            yield variant, fmean(each.history[-1].validation_accuracy for each in finished)


def find_variant(material: Material, key: str, model: str) -> Variant:
    """Return a model's variant by its key."""
    variants = (each.variant for each in material.results.experiments)
    return next(each for each in variants if (each.key, each.model) == (key, model))


@many
@given(data=st.data())
def test_what_is_proposed_could_be_tried(
    data: st.DataObject, place: Path, templates: Templates
) -> None:
    """A value that a finding proposes is legal for its field, the data and the rubric, and new."""
    material = data.draw(draw_case(place)).material
    manifest = material.manifest
    checks = {line.check for line in manifest.rubric}
    for study in review_context(material, templates, place).studies:
        proposed = [each.values["next"] for each in study.findings if each.kind == "edge"]
        for value in proposed:
            if value is None:
                continue
            assert study.factor is not None
            fields = override_fields(manifest.baselines[study.model].fields, {study.factor: value})
            assert resolve_fields(fields).batch_size <= len(material.split.train)
            assert value not in [each.value for each in study.levels]
            if study.factor == "hidden_layers" and "at_least_two_hidden_layers" in checks:
                assert isinstance(value, int)
                assert value >= 2


@many
@given(data=st.data())
def test_documents_are_whole_and_agree(
    data: st.DataObject, place: Path, templates: Templates
) -> None:
    """Ids are unique, links lead somewhere, and the notebook's words and numbers are the page's."""
    material = data.draw(draw_case(place)).material
    document = compose(material, templates, place)
    page = read_page(render_html(document, templates))
    assert [] == [name for name, count in Counter(page.ids).items() if count > 1]
    targets = {address[1:] for _, _, address in page.addresses if address.startswith("#")}
    assert set() == targets - set(page.ids) - set(page.drawn_ids) - {""}
    notebook = compose_notebook(document.context, material, templates)
    prose = [each for each in list_blocks(notebook.cells) if each.is_prose]
    assert () == compare_blocks(prose, Paper((page.text,)), "the report").faults
