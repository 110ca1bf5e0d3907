"""Insights: templates with claims, filters and loops, set as HTML, and searched for numbers."""

import re
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from types import FrameType
from typing import Final

from mnistreport.errors import ExitCode, MnistReportError, disarm
from mnistreport.report import templating
from mnistreport.report.context import make_context
from mnistreport.report.insights import common_values, name_insight, render_insight
from mnistreport.report.literals import find_unsourced_numbers
from mnistreport.report.lookups import References
from mnistreport.report.passage import Passage
from mnistreport.report.template_engine import Engine, FindSource
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext, StudyView
from tests.report.reports import find_view, make_small_material, read_page
from tests.study.manifests import DEFAULT_MANIFEST
from tests.torture.fuzz_mutations import mutate_bytes, mutate_lines
from tests.torture.fuzz_watch import Outcome

SLUG: Final = "learning_rate"
CANARY: Final = "these words belong to somebody else"
PIECES: Final = (
    *("{{ study.best.label }}", '{{ finding("best") }}', "{% endclaim %}", "{%", "{{", "{#", "-%}"),
    *("{% claim 1 == 2 %}", "{% claim study.best.label == '0.1' %}a **b{% endclaim %} c**", "#}"),
    *("{% for level in study.levels %}", "{% endfor %}", "{% if study.ties %}", "{% endif %}"),
    *('{{ "a" * 10000 }}', '{{ "[" * 70000 }}', "{% for i in range(99999) %}x{% endfor %}"),
    *(
        "{{ ''.__class__.__mro__ }}",
        "{{ study|attr('__init__') }}",
        "{{ '{0.__class__}'.format(1) }}",
    ),
    *("{% include '../secret' %}", "{% include '/etc/passwd' %}", "{% import 'a' as b %}"),
    *(
        "{{ mine('97.3 %') }}",
        "{{ study.nothing }}",
        "{{ x | nofilter }}",
        "{{ 1 / 0 }}",
        "{% set a",
    ),
    *(
        "<script>alert(1)</script>",
        "[a](javascript:alert(1))",
        "![a](file:///etc/passwd)",
        "97.31 %",
    ),
    *(
        "| a | b |\n| - | - |\n| 1 | 2 |",
        "- " * 40,
        "> " * 40,
        "*" * 500,
        "[" * 300,
        "`" * 77,
        "$x^2$",
    ),
    *("\ue000000000000000000\ue002", "0." + "1" * 400, "9" * 5000, "1,000", "&#x0;", "{{ loop }}"),
    *("{{ study.levels | map(attribute='label') | join(', ') }}", "{% macro m() %}{{ m() }}"),
    *(
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ ref('learning_rate-curves') }}",
        "(" * 99,
    ),
    *(
        "{{ (1,) * 9999999 }}",
        "{{ cycler(1) }}",
        "{{ lipsum(9) }}",
        "{{ namespace() }}",
        "{{ self }}",
    ),
)
_BURNS: Final = re.compile(rb"\*\*|[0-9]{7}")
"""What of Jinja's arithmetic cannot be interrupted here: the program has a process to kill."""
_SECONDS: Final = 1.0
_TAGS: Final = frozenset(
    [
        *("p", "em", "strong", "a", "code", "pre", "ul", "ol", "li", "h3", "h4", "h5", "h6"),
        *("blockquote", "hr", "br", "img", "table", "thead", "tbody", "tr", "th", "td"),
        *("mark", "span"),
    ]
)
_ADDRESS: Final = re.compile("https?:|mailto:|data:image/|[^:]*(?:[/?#]|$)", re.IGNORECASE)


class LimitedError(BaseException):
    """The time is over that a template may take."""


class _Here:
    """Runs templates in this process, where no limit but ours hides what they do to the engine."""

    def start(self) -> None:
        """Be there."""

    def draft(
        self,
        name: str,
        values: Mapping[str, object],
        find_source: FindSource,
        common: Mapping[str, object],
    ) -> Passage:
        """Run a template."""
        return Engine(find_source).draft(name, {**common, **values})


def draw_passage(project: Path, context: ReportContext, study: StudyView) -> Passage:
    """Render an insight with the engine alone, without the process that limits it."""
    templating.PROCESS = _Here()  # type: ignore[assignment, misc]
    refer = References((f"{SLUG}-curves",), (f"{SLUG}-levels",))
    return render_insight(Templates(project), common_values(context, refer), study)


def make_seeds(_folder: Path) -> list[bytes]:
    """Return the texts that came with the program."""
    insights = DEFAULT_MANIFEST.parent / "templates" / "insights"
    return [file.read_bytes() for file in sorted(insights.glob("*.md.j2"))]


def mutate(content: bytes, draw: Random, fresh: bytes) -> bytes:
    """Change the syntax, a name, a line, or any bytes."""
    way = draw.randrange(6)
    if way == 0:
        return mutate_bytes(content, draw, fresh)
    if way < 3:
        return mutate_lines(content, draw, PIECES)
    marks = [found.start() for found in re.finditer(rb"[{}%\"'.|()*_\[\]`]", content)]
    at = draw.choice(marks) if marks else 0
    if way == 3:
        return content[:at] + fresh + content[at + 1 :]
    what = draw.choice(PIECES).encode()
    return content[:at] + what * draw.choice((1, 1, 1, 2, 50)) + content[at + draw.randrange(3) :]


def make_check(folder: Path) -> Callable[[bytes], Outcome]:
    """Return what renders an insight: into plain elements, or into problems with their place."""
    project = folder / "given"
    file = project / "templates" / name_insight(SLUG)
    file.parent.mkdir(parents=True, exist_ok=True)
    (project / "secret").write_text(CANARY)
    material = make_small_material()
    context = make_context(material)
    study = next((each for each in context.studies if each.slug == SLUG), context.studies[0])
    file = file.with_name(Path(name_insight(study.slug)).name)
    assert find_view(context, study.slug) is study
    signal.signal(signal.SIGVTALRM, _stop)

    def check(content: bytes) -> Outcome:
        file.write_bytes(content)
        pieces = re.split(rb"\{[{%]", content)[1:]
        if any(_BURNS.search(re.split(rb"[}%]\}", piece, maxsplit=1)[0]) for piece in pieces):
            return "limited"
        signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS)
        try:
            passage = draw_passage(project, context, study)
        except MnistReportError as error:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            return _refuse(error)
        except (LimitedError, MemoryError):
            return "limited"
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        try:
            _check_page(str(passage.html))
            names = [name_insight(study.slug)]
            for each in find_unsourced_numbers(
                Templates(project), names, context, material.manifest
            ):
                assert len(each.number) <= 60
        except MnistReportError as error:
            return _refuse(error)
        return "taken"

    return check


def _refuse(error: MnistReportError) -> Outcome:
    assert ExitCode.RENDERING == error.exit_code
    for problem in error.problems:
        assert disarm(str(problem)) == str(problem)
    return "refused"


def _check_page(html: str) -> None:
    assert CANARY not in html
    page = read_page(html)
    for tag, attributes in page.inventory:
        assert tag in _TAGS
        assert {"href", "src", "alt", "title", "class", "start", "role"} >= set(attributes)
    assert [] == [each for each in page.addresses if not _ADDRESS.match(each[2])]


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise LimitedError
