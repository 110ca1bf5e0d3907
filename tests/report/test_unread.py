"""Words of a person that no report is made of are told, and never lost without a word."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mnistreport.report.context import make_context
from mnistreport.report.document import list_prose_templates
from mnistreport.report.insights import name_insight
from mnistreport.report.templating import Templates
from mnistreport.report.unread import find_unread
from mnistreport.report.views import ReportContext
from mnistreport.report.written_beside import KeptLevel, Snapshot, WrittenBeside
from mnistreport.resources import PROJECT_FILES, find_resource
from tests.report.reports import make_small_material, write_templates

OURS = "We saw it, too."
RATE = name_insight("learning_rate")

Look = Callable[[Mapping[str, str]], list[tuple[str, str, str]]]


@pytest.fixture
def look(tmp_path: Path, context: ReportContext) -> Look:
    """Return kind, name and words of what is told about a project with some templates."""

    def look(texts: Mapping[str, str]) -> list[tuple[str, str, str]]:
        return find(write_templates(tmp_path, texts), context)

    return look


def find(project: Path, context: ReportContext) -> list[tuple[str, str, str]]:
    """Return kind, name and words of what is told about a project's templates."""
    templates = Templates(project)
    read = list_prose_templates(context, templates)
    return [
        (
            each.kind,
            str(each.problem.file and each.problem.file.relative_to(project / "templates")),
            f"{each.problem.reason}; {each.problem.next_step}",
        )
        for each in find_unread(templates, context, read)
    ]


def write_all(context: ReportContext, *, but: str = "") -> dict[str, str]:
    """Return words of a person about every study ``but`` one."""
    names = (name_insight(each.slug) for each in context.studies)
    return {name: OURS for name in names if name != but}


@pytest.mark.parametrize(
    "name",
    ["learning_rates", "learn_rate", "the_learning_rate", "something_else", "LEARNING-rate"],
)
def test_the_only_study_without_words_is_named(
    look: Look, context: ReportContext, name: str
) -> None:
    """An insight of no study belongs to the one that lacks its own, however it is called."""
    [(kind, file, said)] = look(write_all(context, but=RATE) | {name_insight(name): OURS})
    assert ("unread", name_insight(name)) == (kind, file)
    assert f"no study is called {name}, so its words are not in the report" in said
    assert f"belong to “Learning rate”: rename the file to templates/{RATE}" in said
    assert "delete" not in said


def test_the_nearest_of_several_studies_is_named(look: Look) -> None:
    """Where no study has words, the name decides."""
    [(kind, _, said)] = look({name_insight("neuron"): OURS})
    assert "unread" == kind
    assert "“Number of neurons”" in said


def test_studies_without_a_file_are_listed(look: Look) -> None:
    """Where a name is like none of them, a person decides."""
    [(kind, _, said)] = look({name_insight("xyzzy"): OURS})
    assert "unread" == kind
    for slug in ("learning_rate", "batch_size", "neurons"):
        assert slug in said


def test_words_of_a_study_that_was_taken_out_are_a_note(look: Look, context: ReportContext) -> None:
    """Where every study has words, others are kept; nothing is wrong with the report."""
    [(kind, file, said)] = look(write_all(context) | {name_insight("depth"): OURS})
    assert ("note", name_insight("depth")) == (kind, file)
    assert "no study is called depth; the words are kept, and not in the report" in said


@pytest.mark.parametrize("shared", [4, 1])
def test_what_words_were_written_beside_says_whose_they_are(
    tmp_path: Path, context: ReportContext, shared: int
) -> None:
    """A study with the same levels is the one that was renamed; without one, it was taken out."""
    names = [f"learning rate {each}" for each in ("0.001", "0.01", "0.1", "0.5")]
    names = [each if place < shared else f"{each}9" for place, each in enumerate(names)]
    levels = {each: KeptLevel(each, 0.9, 0.1, 3, "better") for each in names}
    project = write_templates(tmp_path, {name_insight("abc"): OURS})
    WrittenBeside(project / "templates").keep("digits", {"abc": Snapshot("0", None, levels)})
    [(kind, _, said)] = find(project, context)
    assert ("unread" if shared == 4 else "note") == kind
    assert ("“Learning rate”" in said) == (shared == 4)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("insights/learning_rate.md", "an insight ends in .md.j2"),
        ("insights/learning_rate.j2", "an insight ends in .md.j2"),
        ("insights/learning_rate.md.jinja2", "an insight ends in .md.j2"),
        ("insights/learning_rate.txt", "an insight ends in .md.j2"),
        ("insights/learning-rate.md.j2", "no study is called learning-rate"),
        ("insights/Learning_Rate.md.j2", "no study is called Learning_Rate"),
        ("insights/old/learning_rate.md.j2", "read from templates/insights, not from templates/i"),
    ],
)
def test_a_file_that_is_almost_an_insight_is_told(look: Look, name: str, reason: str) -> None:
    """Another ending, letter case or folder: what it should be called is said."""
    [(kind, file, said)] = look({name: OURS})
    assert ("unread", name) == (kind, file)
    assert reason in said
    assert f"rename the file to templates/{RATE}" in said


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("sections/conclusions.md.j2", "sections/conclusion.md.j2"),
        ("sections/Summary.md.j2", "sections/summary.md.j2"),
        ("sections/conclusion.md", "sections/conclusion.md.j2"),
        ("raport.html.j2", "report.html.j2"),
        ("css/screens.css", "css/screen.css"),
    ],
)
def test_a_part_with_a_slip_in_its_name_is_told(look: Look, name: str, near: str) -> None:
    """A section or a template that takes no other's place and that nothing includes."""
    [(kind, file, said)] = look({name: OURS})
    assert ("unread", name) == (kind, file)
    assert f"did you mean templates/{near}?" in said


def test_what_is_read_or_is_nobodys_words_is_not_told(
    look: Look, context: ReportContext, tmp_path: Path
) -> None:
    """What others include, what came with the program, empty files, notes and backups."""
    shipped = find_resource(f"templates/{name_insight('neurons')}").read_text("utf-8")
    texts = write_all(context) | {
        name_insight("learning_rate"): '{% include "insights/part.md.j2" %}',
        "insights/part.md.j2": '{% include "shared/deep.md.j2" %}',
        "shared/deep.md.j2": OURS,
        "report.html.j2": '{% include "other.html.j2" %}',
        "other.html.j2": OURS,
        name_insight("old_study"): shipped,
        name_insight("older_study"): " \n",
        name_insight("starting"): OURS,
        "insights/notes.txt": OURS,
        "insights/neurons.md.j2~": OURS,
        "insights/neurons.md": OURS,
        "insights/.neurons.md.j2": OURS,
        "sections/conclusion.md.j2": OURS,
    }
    assert [] == look(texts)
    assert [] == find(tmp_path / "nothing", context)
    assert [] == find(PROJECT_FILES, context)


def test_words_that_cannot_be_read_are_words(tmp_path: Path) -> None:
    """A file in another encoding is told as the others are, and ends nothing."""
    context = make_context(make_small_material())
    project = write_templates(tmp_path, {name_insight("dropout"): ""})
    (project / "templates" / name_insight("dropout")).write_bytes(b"\xff\xfe\xe4")
    (project / "templates" / "sections").mkdir()
    (project / "templates" / "sections" / "x.md.j2").write_text("{% if %}", encoding="utf-8")
    told = find(project, context)
    assert ["unread", "note"] == [kind for kind, _, _ in told]
