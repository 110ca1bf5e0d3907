"""What is said beside the report: where each thing is, what to do, and where to scroll to."""

from pathlib import Path

import pytest

from mnistreport.errors import ManifestError, Problem, TemplateError
from mnistreport.previewing.rendering import Page, Unfinished
from mnistreport.previewing.telling import Teller
from mnistreport.report.complaint import Complaint, Kind


@pytest.mark.parametrize(
    ("kind", "name", "anchor"),
    [
        ("claim", "templates/insights/learning_rate.md.j2", "study-learning_rate"),
        ("stale", "templates/insights/neurons.md.j2", "study-neurons"),
        ("number", "templates/sections/conclusion.md.j2", "conclusion"),
        ("number", "templates/shared/words.md.j2", ""),
        ("rubric", "experiments.toml", "rubric"),
        ("unread", "templates/insights/old.md.j2", ""),
        ("note", "templates/insights/old.md.j2", ""),
    ],
)
def test_a_complaint_leads_to_its_section(
    tmp_path: Path, kind: Kind, name: str, anchor: str
) -> None:
    """With its place as seen from the project, and the next step."""
    problem = Problem("is so", file=tmp_path / name, line=3, next_step="make it otherwise")
    page = Page("", "A title", (Complaint(kind, problem, "some words"),), (), ())
    expected = {"kind": kind, "place": f"{name}:3", "reason": "is so", "step": "make it otherwise"}
    told = Teller(tmp_path).tell_page(page)
    assert [expected | {"anchor": anchor, "words": "some words"}] == told["complaints"]


def test_a_run_that_did_not_finish_leads_to_its_row(tmp_path: Path) -> None:
    """As the table of every run has it."""
    page = Page("", "", (), (Unfinished("mlp, seed 1", "diverged: at once", "run-0123"),), ())
    expected = [{"run": "mlp, seed 1", "reason": "diverged: at once", "anchor": "run-0123"}]
    assert expected == Teller(tmp_path).tell_page(page)["unfinished"]


def test_a_mistake_is_quoted(tmp_path: Path) -> None:
    """The line, and those around it; nothing of a file that cannot be read."""
    file = tmp_path / "words.md.j2"
    file.write_text("one\ntwo\n\tthree\nfour\n", encoding="utf-8")
    told = Teller(tmp_path).tell_error(TemplateError("no", file=file, line=3))
    lines = [(3 - 1, "two", False), (3, "    three", True), (4, "four", False)]
    expected = [{"number": n, "text": text, "wrong": wrong} for n, text, wrong in lines]
    assert [expected] == [each["lines"] for each in told["problems"]]  # type: ignore[union-attr]
    for other in (tmp_path, tmp_path / "missing", Path("/dev/zero")):
        told = Teller(tmp_path).tell_error(TemplateError("no", file=other, line=1))
        assert [[]] == [each["lines"] for each in told["problems"]]  # type: ignore[union-attr]


def test_all_mistakes_are_told(tmp_path: Path) -> None:
    """Not only the first; and what others' names hold cannot turn letters round."""
    problems = [Problem("one"), Problem("two \u202e three", key="k\u202ey", next_step="a\u2066b")]
    told = Teller(tmp_path).tell_error(ManifestError.of(problems))
    assert ["one", "two � three"] == [each["reason"] for each in told["problems"]]  # type: ignore[union-attr]
    assert "k�y" == told["problems"][1]["key"]  # type: ignore[index]
    assert "a�b" == told["problems"][1]["step"]  # type: ignore[index]
