import csv
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from mnistreport.errors import (
    EnvironmentFault,
    ExitCode,
    NoPdfError,
    RenderingError,
    TemplateError,
)
from mnistreport.files import NEW
from mnistreport.report import pdf
from mnistreport.report.context import make_context
from mnistreport.report.figures import gallery
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.gallery import draw_figures
from mnistreport.report.figures.plan import PlannedFigure, plan_figures
from mnistreport.report.material import Material
from mnistreport.report.publication import Publication, publish_report
from mnistreport.report.stamp import Stamp, digest_content, save_stamp
from mnistreport.training.result import EpochRow
from tests.fake_results import make_results
from tests.report.reports import make_material, make_small_material, write_templates
from tests.torture.faults import EVERY_KIND, KINDS, Faults

INSIGHT = "insights/dropout_layer_norm.md.j2"
NAMES = ["report.html", "report.pdf", "results.json", "runs.csv", "epochs.csv", "levels.csv"]

CAUSES = {
    "a library is missing": "raise OSError('cannot load library libpango')",
    "it takes too long": "import time; time.sleep(60)",
}
"""What stands in WeasyPrint's place where no PDF can be made."""
RENDER_PDF = pdf.render_pdf

Publish = Callable[[], Publication]
State = dict[str, tuple[bytes, int]]


@pytest.fixture(scope="module")
def small() -> Material:
    """A report with few figures."""
    return make_small_material()


@pytest.fixture(scope="module")
def drawn(small: Material) -> Mapping[str, Figure]:
    """Its figures."""
    return draw_figures(plan_figures(make_context(small), small))


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, drawn: Mapping[str, Figure]) -> list[str]:
    """Draw figures once, and leave out the laying out of pages: both have tests of their own.

    The figures that a test has drawn are listed.
    """
    names: list[str] = []

    def draw(planned: Sequence[PlannedFigure]) -> Mapping[str, Figure]:
        names.extend(each.name for each in planned)
        return drawn

    monkeypatch.setattr(gallery, "draw_figures", draw)
    monkeypatch.setattr(pdf, "render_pdf", lambda page, **_: b"%PDF-" + page.encode())
    return names


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Where documents go."""
    return tmp_path / "output"


@pytest.fixture
def publish(small: Material, tmp_path: Path, output: Path) -> Publish:
    """Publish the small report."""
    return lambda: publish_report(small, tmp_path, output, notebook=False)


def read_state(output: Path) -> State:
    """Return every file's content and time of change."""
    return {
        str(path.relative_to(output)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(output.rglob("*"))
        if path.is_file()
    }


def test_nothing_is_written_twice(publish: Publish, output: Path) -> None:
    """Publishing again changes neither bytes nor times, and says that nothing was written."""
    first = publish()
    before = read_state(output)
    second = publish()
    assert (True, False) == (first.fresh, second.fresh)
    assert NAMES == [path.name for path in first.documents][:6]
    assert first.documents == second.documents
    assert before == read_state(output)


def test_letters_are_looked_for_only_where_a_pdf_is_made(
    small: Material, tmp_path: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes seconds, and a build that has nothing to do is to be done at once."""
    info = replace(small.manifest.report, title="Ⰰ")
    strange = replace(small, manifest=replace(small.manifest, report=info, sha256="other"))
    name = "mnistreport.report.missing_letters.find_missing_letters"
    monkeypatch.setattr(name, lambda letters, *_, **__: frozenset(letters))

    def warn(*, makes_pdf: bool) -> list[str]:
        said: list[str] = []
        publish_report(
            strange, tmp_path, output, pdf=makes_pdf, notebook=False, on_warning=said.append
        )
        return said

    assert [] == warn(makes_pdf=False)
    (told,) = warn(makes_pdf=True)
    assert "title (Ⰰ)" in told
    monkeypatch.setattr(name, None)
    assert [] == warn(makes_pdf=True)


def test_the_same_material_gives_the_same_bytes(
    small: Material, tmp_path: Path, publish: Publish, output: Path
) -> None:
    """Another place and another time change no byte."""
    publish()
    publish_report(small, tmp_path / "elsewhere", tmp_path / "other", notebook=False)
    ours, others = read_state(output), read_state(tmp_path / "other")
    assert {name: content for name, (content, _) in ours.items()} == {
        name: content for name, (content, _) in others.items()
    }


def test_documents_are_written_again_when_they_must_be(
    publish: Publish, tmp_path: Path, output: Path
) -> None:
    """A changed insight, a deleted document and an altered one are each noticed."""
    publish()
    write_templates(tmp_path, {INSIGHT: "Words of the team."})
    assert publish().fresh
    assert "Words of the team." in (output / "report.html").read_text("utf-8")

    good = (output / "report.html").read_bytes()
    (output / "report.html").unlink()
    assert publish().fresh
    assert good == (output / "report.html").read_bytes()

    (output / "runs.csv").write_text("seed\n99\n")
    assert publish().fresh
    assert "99" not in (output / "runs.csv").read_text().splitlines()
    assert not publish().fresh


def test_changed_results_are_written(small: Material, tmp_path: Path, output: Path) -> None:
    """Another number in a run, or another notice, makes other documents."""
    assert publish_report(small, tmp_path, output, notebook=False).fresh
    name, run = next(iter(small.results.runs.items()))
    changed = replace(run, history=(*run.history[:-1], replace(run.history[-1], train_loss=9.5)))
    runs = {**small.results.runs, name: changed}
    other = replace(small, results=replace(small.results, runs=runs))
    assert publish_report(other, tmp_path, output, notebook=False).fresh
    assert "9.5" in (output / "runs.csv").read_text()
    noticed = replace(small, digits=replace(small.digits, notice="Another notice."))
    assert publish_report(noticed, tmp_path, output, notebook=False).fresh


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (INSIGHT, "{{ nothing }}"),
        ("sections/conclusion.md.j2", "{% if %}"),
        ("report.html.j2", "{{ nothing }}"),
        ("sections/runs.html.j2", "{% include '/etc/passwd' %}"),
    ],
)
def test_a_mistake_leaves_the_old_documents(
    publish: Publish, tmp_path: Path, output: Path, name: str, text: str
) -> None:
    """A template that cannot be rendered changes no byte of what was published."""
    output.mkdir()
    (output / "report.html").write_bytes(b"the last good one")
    write_templates(tmp_path, {name: text})
    before = read_state(output)
    with pytest.raises(TemplateError):
        publish()
    assert before == read_state(output)


def test_a_pdf_that_cannot_be_made_leaves_the_old_documents(
    publish: Publish, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it is the page that no PDF can be made of, the page is not published either."""

    def refuse(page: str, **_: object) -> bytes:
        raise RenderingError(page[:9])

    output.mkdir()
    (output / "report.pdf").write_bytes(b"the last good one")
    before = read_state(output)
    monkeypatch.setattr(pdf, "render_pdf", refuse)
    with pytest.raises(RenderingError):
        publish()
    assert before == read_state(output)


@pytest.mark.parametrize("cause", ["a library is missing", "it takes too long"])
def test_without_a_pdf_there_is_a_page(
    publish: Publish,
    tmp_path: Path,
    output: Path,
    monkeypatch: pytest.MonkeyPatch,
    cause: str,
) -> None:
    """Everything else is published; exit code 4; a PDF from before is said to be from before."""
    publish()
    (tmp_path / "weasyprint.py").write_text(CAUSES[cause])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(pdf, "render_pdf", partial(RENDER_PDF, seconds=2.0))
    before = read_state(output)
    write_templates(tmp_path, {INSIGHT: "Other words."})
    with pytest.raises(NoPdfError, match=r"report\.pdf: .*(is missing|more than 2 s)") as caught:
        publish()
    problem = caught.value.problems[0]
    assert (ExitCode.RENDERING, output / "report.pdf") == (caught.value.exit_code, problem.file)
    assert "what stands there is of an earlier build" in str(problem.next_step)
    after = read_state(output)
    assert before["report.pdf"] == after["report.pdf"]
    assert before["report.html"] != after["report.html"]
    assert "report.pdf" not in json.loads((output / ".build.json").read_bytes())["documents"]
    assert [] == list(output.glob(f"{NEW}*"))


def test_a_folder_in_a_documents_place_is_told(publish: Publish, output: Path) -> None:
    """What cannot be replaced is named, and nothing half-written stays."""
    (output / "runs.csv" / "x").mkdir(parents=True)
    with pytest.raises(EnvironmentFault, match=r"runs\.csv: cannot be written"):
        publish()
    assert [] == list(output.glob(f"{NEW}*"))


def test_another_look_at_the_test_split_is_written(
    small: Material, publish: Publish, tmp_path: Path, output: Path
) -> None:
    """A look in the ledger that was not there makes other documents, though no number changed."""
    assert publish().fresh
    earlier = replace(small.reads[0], fingerprints=("e" * 64,), read_at="2025-12-24T00:00:00")
    looks = replace(small, reads=(earlier, *small.reads))
    assert publish_report(looks, tmp_path, output, notebook=False).fresh
    assert "2025-12-24" in (output / "report.html").read_text("utf-8")


REFUSED = (
    ("write", f"{NEW}figures.json", True),
    ("link", f"{NEW}report.kept-1.html", False),
    ("rename", "report.kept-1.html", False),
    ("rename", "figures.json", True),
    ("unlink", "old.svg", False),
    ("fsync", f"{NEW}written_beside.json", False),
    ("rename", ".build.json", True),
)
"""What a disk may refuse, of which file, and whether from then on."""


def test_a_full_disk_leaves_the_old_documents(
    publish: Publish, tmp_path: Path, output: Path
) -> None:
    """Whatever it refuses: each document is the old one, none is missing, and nothing else there.

    Afterwards a build makes what it would have made.
    """
    folder, beside = output / "figures", tmp_path / "templates" / "insights" / "written_beside.json"
    folder.mkdir(parents=True)
    for old in ("report.html", "results.json", "figures/old.svg", "figures/old.png"):
        (output / old).write_bytes(b"the last good one")
    digest = digest_content(b"the last good one")
    entry = {"name": "old", "svg": digest, "png": digest}
    index = json.dumps({"figures": [entry]}).encode()
    (folder / "figures.json").write_bytes(index)
    left = {"results.json": digest, "figures/figures.json": digest_content(index)}
    save_stamp(output, Stamp("", "", "", left, ()))  # the page is not as it was left
    write_templates(tmp_path, {INSIGHT: "Words."})
    (beside.parent / ".lock").touch()
    shutil.copytree(output, tmp_path / "kept")
    counting = Faults(tmp_path, kinds=EVERY_KIND)
    with counting.happening():
        publish()
    expected = _read_contents(output)
    assert not (folder / "old.svg").exists()
    assert b"the last good one" == (output / "report.kept-1.html").read_bytes()
    assert not (output / "results.kept-1.json").exists()
    for kind, name, stays in REFUSED:
        shutil.rmtree(output)
        shutil.copytree(tmp_path / "kept", output)
        beside.unlink(missing_ok=True)
        kinds = KINDS if stays else EVERY_KIND
        seen = [(what, Path(path).name) for what, path in counting.seen if what in kinds]
        at = seen.index((kind, name)) + 1
        faults = Faults(tmp_path, "ENOSPC", at, stays=stays, kinds=kinds)
        with faults.happening(), pytest.raises(EnvironmentFault, match="No space left"):
            publish()
        assert (kind, name) == (faults.seen[at - 1][0], Path(faults.seen[at - 1][1]).name)
        assert _read_contents(tmp_path / "kept") == _read_contents(output), (kind, name)
    publish()
    assert expected == _read_contents(output)


def _read_contents(output: Path) -> dict[str, bytes]:
    state = read_state(output)
    return {path: state[path][0] for path in state if not path.endswith(".lock")}


def test_leftovers_of_a_killed_build_are_removed(publish: Publish, output: Path) -> None:
    """What was half-written when a build died goes with the next one."""
    output.mkdir()
    (output / f"{NEW}report.pdf").write_bytes(b"half")
    publish()
    assert [] == list(output.glob(f"{NEW}*"))


@pytest.mark.parametrize("stamp", [b"", b"[]", b"{}", b'{"inputs": 1, "documents": 2}', b"\xff"])
def test_a_damaged_stamp_is_no_stamp(publish: Publish, output: Path, stamp: bytes) -> None:
    """Without a readable note of what they were made of, documents are made again."""
    output.mkdir()
    (output / ".build.json").write_bytes(stamp)
    assert publish().fresh


def refuse_token(token: str) -> float:
    """Refuse what JSON does not know."""
    raise ValueError(token)


def numbers_of(value: object) -> Iterator[float]:
    """Yield every number in a JSON value."""
    if isinstance(value, dict):
        for each in value.values():
            yield from numbers_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from numbers_of(each)
    elif isinstance(value, float):
        yield value


def test_the_numbers_are_strict_json_and_those_of_the_runs() -> None:
    """``results.json`` holds no NaN, and each run's metrics as ``runs.csv`` and ``epochs.csv``."""
    from mnistreport.analysis.frames import make_epochs_frame, make_runs_frame
    from mnistreport.report.context import dump_context

    material = make_material(make_results(diverged=[0.5], missing={0.1: [2]}, failed=[16]))
    text = dump_context(make_context(material)).decode()
    found = json.loads(text, parse_constant=refuse_token)
    runs = list(csv.DictReader(io.StringIO(make_runs_frame(material.results).to_csv(index=False))))
    epochs = list(
        csv.DictReader(io.StringIO(make_epochs_frame(material.results).to_csv(index=False)))
    )
    last = {row["fingerprint"]: row for row in epochs}
    metrics = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
    assert len(material.results.experiments) == len(runs) == len(found["runs"])
    for ours, theirs in zip(found["runs"], runs, strict=True):
        assert ours["fingerprint"] == theirs["fingerprint"]
        assert str(ours["seed"]) == theirs["seed"]
        assert ours["status"] == theirs["status"]
        for metric in metrics:
            assert ours[metric] == (float(theirs[metric]) if theirs[metric] else None)
            if ours["fingerprint"] in last:
                assert ours[metric] == float(last[ours["fingerprint"]][metric])
    assert {"finished", "diverged", "failed", "missing"} == {run["status"] for run in found["runs"]}
    assert sum(len(run.history) for run in material.results.runs.values()) == len(epochs)
    assert set(EpochRow.__dataclass_fields__) <= set(epochs[0])
    assert all(abs(number) < 1e30 for number in numbers_of(found))


def test_means_are_those_of_the_runs() -> None:
    """A level's mean is the mean of the values of its finished seeds."""
    context = make_context(make_material())
    accuracies = {(run.setting, run.seed): run.validation_accuracy for run in context.runs}
    for study in context.studies:
        for level in study.levels:
            measure = level.variant.validation_accuracy
            assert measure is not None
            setting = f"{level.variant.architecture}; {level.variant.training}"
            values = [accuracies[setting, seed] for seed in context.seeds]
            assert values == list(measure.values)
            assert sum(filter(None, values)) / 3 == pytest.approx(measure.mean, rel=1e-12)


def test_csv_and_json_hold_no_formatted_numbers(publish: Publish, output: Path) -> None:
    """Files for programs have neither percent signs nor narrow spaces."""
    publish()
    for name in ("runs.csv", "epochs.csv"):
        assert [] == re.findall(r"[%\u202f\u2212]|nan|inf", (output / name).read_text("utf-8"))
