"""Templates that are after time or memory, in a process that has no other children to measure.

python -m tests.torture.bomb_rounds <folder>
"""

import resource
import sys
import time
from pathlib import Path

from mnistreport.errors import ExitCode, TemplateError
from mnistreport.report.context import make_context
from mnistreport.report.document import Document
from mnistreport.report.html import render_html
from mnistreport.report.insights import common_values, render_insight
from mnistreport.report.templating import Templates
from mnistreport.resources import PROJECT_FILES
from tests.report.bombs import BOMBS
from tests.report.payloads import CANARY, PAGE, SLUG, Payload
from tests.report.reports import find_view, make_material
from tests.report.undrawn import compose_undrawn
from tests.torture.rounds import Report, tell

MOST_SECONDS, MOST_MEMORY = 10, 2**30


def _refuse(payload: Payload, project: Path, document: Document) -> TemplateError | None:
    """Return how a report with this payload ends."""
    templates = Templates(project)
    try:
        if payload.place == PAGE:
            render_html(document, templates)
        else:
            context = document.context
            render_insight(templates, common_values(context, str), find_view(context, SLUG))
    except TemplateError as error:
        return error
    return None


def main(root: Path) -> None:
    """Try each, and tell the longest time and the most memory that one took."""
    report, material = Report(), make_material()
    document = compose_undrawn(make_context(material), material, Templates(PROJECT_FILES))
    secret = root / "secret"
    secret.write_text(CANARY)
    longest = most = 0.0
    for number, payload in enumerate(BOMBS):
        project = root / str(number)
        file = payload.write(project, secret)
        started = time.monotonic()
        error = _refuse(payload, project, document)
        seconds = time.monotonic() - started
        problems = error.problems if error else ()
        is_told = len(problems) == 1 and "\n" not in str(problems[0])
        report.expect(is_told, "not refused in one line", payload.name, problems)
        is_right = error is not None and error.exit_code == ExitCode.RENDERING
        report.expect(is_right, "not exit code 4", payload.name)
        place = problems[0].file if problems else None
        is_found = place is not None and (payload.place == PAGE or file.parents[1] in place.parents)
        report.expect(is_found, "its file is not named", payload.name, place)
        # The largest of all processes that have ended since this one began.
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        report.expect(memory < MOST_MEMORY, "too much memory", payload.name, memory)
        report.expect(seconds < MOST_SECONDS, "too long", payload.name, seconds)
        longest, most = max(longest, seconds), max(most, memory)
        report.count("defused")
    report.count("longest, ms", round(longest * 1e3))
    report.count("largest, MB", round(most / 1e6))
    tell(report)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
