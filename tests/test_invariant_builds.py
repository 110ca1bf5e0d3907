"""Whatever runs come to, commands, exit codes and documents tell the same of them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mnistreport import pipeline
from mnistreport.report.figures.folder import FigureFolder
from mnistreport.report.html import render_html
from mnistreport.report.pdf import render_pdf
from mnistreport.report.review import review_context
from mnistreport.report.templating import Templates
from mnistreport.resources import PROJECT_FILES
from mnistreport.study.experiment import Experiment
from mnistreport.training.crew import WorkPlace
from mnistreport.training.events import Ended, Event, Started
from mnistreport.training.result import Status
from tests.commands import Told, call_command
from tests.generated_reports import draw_case, draw_manifest, draw_run, load
from tests.report.undrawn import compose_undrawn, draw_nothing
from tests.torture import stub
from tests.traced_numbers import find_unsaid, list_sentences

few = settings(
    max_examples=8, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
"""An example takes a second: none is made smaller."""


@pytest.fixture(autouse=True, scope="module")
def _documents_without_figures() -> Iterator[None]:
    """Have builds draw no figures and make no PDFs: these say nothing about exit codes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FigureFolder, "draw", lambda _, planned: draw_nothing(planned))
        build = pipeline.build
        patch.setattr(
            pipeline, "build", lambda options, told: build(replace(options, pdf=False), told)
        )
        yield


@few
@given(data=st.data())
def test_the_exit_code_says_whether_a_run_is_missing(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A build and a rendering end with 1 exactly where the report lists a run as lacking.

    A build that is repeated trains what failed again, and what diverged not; it ends as before.
    """
    folder = tmp_path_factory.mktemp("builds")
    load(data.draw(draw_manifest()), folder)
    ends: dict[str, Ended] = {}

    def train(
        experiments: list[Experiment], place: WorkPlace, *_others: object, **_options: object
    ) -> Iterator[Event]:
        for experiment in experiments:
            yield Started(experiment)
            if experiment.fingerprint not in ends:
                ended = stub.make_end(experiment, place.sizes.validation)
                run = data.draw(draw_run(experiment, 100))
                kept = run.status in {"finished", "diverged"}
                ends[experiment.fingerprint] = replace(
                    ended, result=run, tensors=ended.tensors if kept else b""
                )
            yield ends[experiment.fingerprint]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "train_experiments", train)
        built = _run("build", folder)
        statuses = _list_statuses(folder)
        expected = 0 if statuses <= {"finished"} else 1
        assert expected == built.code, built.err
        assert expected == _run("build", folder).code
        assert expected == _run("render", folder, "--no-pdf").code
        assert statuses == _list_statuses(folder)


def _run(command: str, folder: Path, *words: str) -> Told:
    manifest = folder / "experiments.toml"
    common = ("--manifest", manifest, "--data", "digits", "--progress", "plain")
    return call_command(command, *common, *words)


def _list_statuses(folder: Path) -> set[Status | str]:
    results = json.loads((folder / "output" / "digits" / "results.json").read_bytes())
    return {each["status"] for each in results["runs"]}


@settings(few, max_examples=3)
@given(data=st.data())
def test_the_paper_says_what_the_page_says(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every sentence of the page that has a number stands in the PDF, word for word."""
    place = tmp_path_factory.mktemp("papers")
    material = data.draw(draw_case(place)).material
    templates = Templates(PROJECT_FILES)
    document = compose_undrawn(review_context(material, templates, place), material, templates)
    (place / "report.pdf").write_bytes(render_pdf(render_html(document, templates, skin="print")))
    page = render_html(document, templates)
    assert list_sentences(page)
    assert [] == find_unsaid(page, place / "report.pdf")
