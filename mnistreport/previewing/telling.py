"""What the page around the report is told, as JSON: texts to show, and where to scroll to."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mnistreport.errors import MnistReportError, Problem, disarm
from mnistreport.previewing.rendering import Page, Untrained
from mnistreport.report.complaint import Complaint
from mnistreport.report.insights import INSIGHTS, SECTIONS
from mnistreport.report.templating import LARGEST_TEMPLATE

_AROUND: Final = 1
"""Lines shown before and after the one that is wrong."""
_WIDEST: Final = 160
"""Letters shown of a line."""
_SUFFIX: Final = ".md.j2"
RUBRIC: Final = "rubric"
"""Anchor of the section that says what was asked for."""
_ANCHORS: Final = {"rubric": RUBRIC, "unread": "", "note": ""}
"""Where complaints lead that are about no section of their file's."""

State = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Teller:
    """Says things as they are said in one project.

    Attributes:
        folder: The project's; what lies in it is named from there.
    """

    folder: Path

    def tell_page(self, page: Page) -> State:
        """Say what is to be said beside a report that is as it should be rendered."""
        return self._now("good") | {
            "title": disarm(page.title),
            "problems": [],
            "untrained": None,
            "complaints": [self._tell_complaint(each) for each in page.complaints],
            "unfinished": [asdict(each) for each in page.unfinished],
            "notes": list(page.notes),
        }

    def tell_untrained(self, untrained: Untrained) -> State:
        """Say that runs are missing; what was said of the last report still stands."""
        variants = [
            {"names": disarm(names), "setting": setting, "runs": runs}
            for names, setting, runs in untrained.variants
        ]
        told = asdict(untrained) | {"variants": variants}
        return self._now("untrained") | {
            "problems": [],
            "untrained": told,
            "notes": list(untrained.notes),
        }

    def tell_error(self, error: MnistReportError) -> State:
        """Say what is wrong; what was said of the last report still stands."""
        problems = [self._tell_problem(each) for each in error.problems]
        return self._now("error") | {"problems": problems, "untrained": None}

    def _now(self, status: str) -> dict[str, object]:
        name = disarm(self.folder.name)
        now = datetime.now(UTC).astimezone()
        return {"status": status, "time": f"{now:%H:%M:%S}", "project": name}

    def _tell_problem(self, problem: Problem) -> State:
        return {
            "place": self._name_place(problem),
            "key": disarm(problem.key or ""),
            "reason": disarm(" ".join(problem.reason.split())),
            "step": disarm(problem.next_step or ""),
            "lines": list(_quote_lines(problem)),
        }

    def _tell_complaint(self, complaint: Complaint) -> State:
        problem = complaint.problem
        return {
            "kind": complaint.kind,
            "place": self._name_place(problem),
            "reason": disarm(" ".join(problem.reason.split())),
            "step": disarm(problem.next_step or ""),
            "anchor": _ANCHORS[complaint.kind]
            if complaint.kind in _ANCHORS
            else _find_anchor(problem.file),
            "words": complaint.words,
        }

    def _name_place(self, problem: Problem) -> str:
        if problem.file is None:
            return ""
        path = problem.file.absolute()
        name = path.relative_to(self.folder) if path.is_relative_to(self.folder) else problem.file
        line = f":{problem.line}" if problem.line is not None else ""
        return disarm(f"{name}{line}")


def _find_anchor(file: Path | None) -> str:
    """Return the anchor of the section that a template makes; empty if it makes none alone."""
    if file is None or not file.name.endswith(_SUFFIX):
        return ""
    name = file.name.removesuffix(_SUFFIX)
    return {INSIGHTS: f"study-{name}", SECTIONS: name}.get(file.parent.name, "")


def _quote_lines(problem: Problem) -> Iterable[Mapping[str, object]]:
    """Yield the line that is wrong, and those around it, as the file has them now."""
    file, line = problem.file, problem.line
    if file is None or line is None:
        return
    try:
        if not file.is_file() or file.stat().st_size > LARGEST_TEMPLATE:
            return
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError):  # told already as what is wrong
        return
    for number in range(max(1, line - _AROUND), min(len(lines), line + _AROUND) + 1):
        text = disarm(lines[number - 1].expandtabs(4))
        shown = text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"
        yield {"number": number, "text": shown, "wrong": number == line}
