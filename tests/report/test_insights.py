import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mnistreport.errors import ExitCode, Problem, TemplateError
from mnistreport.report.document import render_all_prose
from mnistreport.report.insights import common_values, name_insight, render_insight
from mnistreport.report.lookups import References
from mnistreport.report.markdown import Draft, render_markdown
from mnistreport.report.numbers import format_measure, format_points
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from mnistreport.report.wording import Prose
from tests.report.reports import find_view, read_page, write_templates

SLUG = "batch_size"
INSIGHT = name_insight(SLUG)
OTHERS_WORDS = "These words belong to somebody else."

Render = Callable[[str], str]
Refuse = Callable[[str], Problem]


@pytest.fixture
def render(tmp_path: Path, context: ReportContext) -> Render:
    """Render an insight about the batch size from its text; the report has few figures."""
    study = find_view(context, SLUG)
    refer = References(("batch_size-factor", "batch_size-curves"), ("batch_size-levels",))

    def render(text: str) -> str:
        project = write_templates(tmp_path, {INSIGHT: text})
        return str(render_insight(Templates(project), common_values(context, refer), study).html)

    return render


@pytest.fixture
def refuse(render: Render, tmp_path: Path) -> Refuse:
    """Render an insight that must be refused with exit code 4, and return what is said of it."""

    def refuse(text: str) -> Problem:
        with pytest.raises(TemplateError) as caught:
            render(text)
        assert ExitCode.RENDERING == caught.value.exit_code
        problem = caught.value.problems[0]
        assert tmp_path / "templates" / INSIGHT == problem.file
        assert "\n" not in str(problem)
        return problem

    return refuse


def test_markdown_becomes_html(render: Render) -> None:
    """Emphasis, lists, tables and code are what Markdown says they are."""
    html = render("**a** *b* `c`\n\n- d\n\n| e |\n| - |\n| f |\n")
    made = {tag for tag, _ in read_page(html).inventory}
    cells = {"table", "thead", "tbody", "tr", "th", "td"}
    assert cells | {"p", "strong", "em", "code", "ul", "li"} == made


def test_headings_go_below_those_of_the_report() -> None:
    """An insight's first heading is an ``h3``, and none is deeper than ``h6``."""
    html = render_markdown(Draft("# a\n\n## b\n\n###### c\n"))
    assert ["h3", "h4", "h6"] == re.findall(r"<(h\d)>", html)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick='alert(1)'>b</b>",
        "<iframe src='https://example.org'></iframe>",
        "<!-- -->",
        "<style>*{}</style>",
    ],
)
def test_raw_html_is_shown_as_text(render: Render, text: str) -> None:
    """What looks like HTML in an insight stands in the report as it was typed."""
    page = read_page(render(text))
    assert {"p"} == {tag for tag, _ in page.inventory}
    assert text == page.text


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#115;cript:alert(1)",
        "vbscript:x",
        "file:///etc/passwd",
        "data:text/html,<script>alert(1)</script>",
        "javvascript:alert(1)",
        "ms-settings:x",
        "smb://evil.test/a",
        "steam://run/1",
        "&#x6a;avascript&colon;alert(1)",
    ],
)
def test_an_address_that_could_run_is_no_link(render: Render, address: str) -> None:
    """Links lead to web pages and places in the report; anything else stays text."""
    page = read_page(render(f"[a]({address}) ![b]({address})"))
    assert [] == page.addresses


def test_web_pages_and_places_in_the_report_are_links(render: Render) -> None:
    """Links that a reader may want to follow work."""
    page = read_page(render("[a](https://example.org) [b](#summary)"))
    assert [("a", "href", "https://example.org"), ("a", "href", "#summary")] == page.addresses


def test_numbers_and_findings_come_from_the_results(render: Render, context: ReportContext) -> None:
    """What stands in an insight is what the tables print."""
    study = find_view(context, SLUG)
    level, best = study.levels[0], study.best
    assert level is best
    assert level.variant.validation_accuracy is not None
    assert level.against_baseline is not None
    page = read_page(
        render(
            '{{ finding("best") }}\n\n{{ level("16").variant.validation_accuracy | measure }}; '
            '{{ level(16).against_baseline.mean | points }}; {{ level("16").verdict }}\n'
        )
    )
    accuracy = format_measure(level.variant.validation_accuracy)
    points = format_points(level.against_baseline.mean)
    said = {finding.kind: finding.sentence for finding in study.findings}["best"]
    unspaced = " ".join(f"{accuracy}; {points}; ahead".split())
    assert page.text.endswith(unspaced)
    assert page.text.startswith(" ".join(said.replace("**", "").split()))


def test_a_finding_that_the_study_does_not_have_is_empty(render: Render) -> None:
    """A kind that does not apply gives nothing, so that a template serves any result."""
    assert "<p>ab</p>" == render('a{{ finding("unfinished") }}b').strip()


def test_references_link_to_the_figure_or_table(render: Render) -> None:
    """``ref`` prints word and number, and leads to the place."""
    page = read_page(render('{{ ref("batch_size-curves") }}, {{ ref("batch_size-levels") }}'))
    assert "Figure 2, Table 1" == page.text
    assert ["#figure-batch_size-curves", "#table-batch_size-levels"] == [
        address for _, _, address in page.addresses
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a\n\n{{ studdy }}", 3, ("studdy", "did you mean study?")),
        ("{{ study.bestt }}", 1, ("bestt", "best")),
        ("a\n{{ reprot.title }}", 2, ("reprot", "report")),
        ("{{ study.best.lable }}", 1, ("lable",)),
        ('a\n{{ finding("bst") }}', 2, ("no finding 'bst'", "did you mean 'best'?")),
        ('{{ finding("zzz") }}', 1, ("no finding 'zzz'", "still_learning")),
        ('{{ level("17") }}', 1, ("no level '17'", "there are: 16, 64")),
        ('\n\n{{ ref("batch_size-curvs") }}', 3, ("batch_size-curvs", "'batch_size-curves'")),
        ("{{ 1 | percnt }}", 1, ("percnt",)),
        ("a\n{% if %}", 2, ("Expected an expression",)),
        ("a\n{% for x in [1] %}\nb", 3, ("endfor",)),
        ("a\nb {{ study.best ", 2, ("unexpected end of template",)),
        ("{{ none | measure }}", 1, ("NoneType",)),
        ("{{ study.levels[0].against_baseline }}", 1, ("cannot be printed",)),
        ("{{ study.best.variant.gap }}", 1, ("Measure cannot be printed", ".mean")),
        ("{{ study.bset.name }}", 1, ("did you mean best?",)),
        ("{{ 0.1 | los }}", 1, ("did you mean loss?",)),
        ("{{ none | percent }}", 1, ("NoneType",)),
        ("{{ 'a' | points }}", 1, ("str",)),
        ("a\n{% include 'b.md.j2' %}", 2, ("no template b.md.j2",)),
        ("{{ 1 / 0 }}", 1, ("division",)),
        ("{{ study.levels[99].name }}", 1, ()),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", 1, ("too deep", "call itself")),
        ("{{ '\\ud800' }}", None, (r"'\ud800', which is half of a character",)),
    ],
)
def test_a_mistake_is_told_with_its_place(
    refuse: Refuse, text: str, line: int | None, words: tuple[str, ...]
) -> None:
    """Names that do not exist, wrong syntax and wrong values: file, line, and the nearest name."""
    problem = refuse(text)
    said = f"{problem} {problem.next_step}"
    assert line == problem.line, said
    assert [] == [word for word in words if word not in said], said


def test_an_insight_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """A file in another encoding is a mistake of the template, not of the program."""
    path = tmp_path / "templates" / INSIGHT
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe\xe4")
    name = f"{path.parent.name}/{path.name}"
    with pytest.raises(TemplateError) as caught:
        Templates(tmp_path).render(name, {})
    assert path == caught.value.problems[0].file


def test_a_byte_order_mark_is_no_text(render: Render) -> None:
    """An editor that marks its files as UTF-8 leaves no trace in the report."""
    assert "<h3>a</h3>" == render("\ufeff# a\n").strip()


@pytest.mark.parametrize(
    "payload",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__'] }}",
        "{{ '' | attr('__class__') }}",
        "{{ ('' | attr('__class__')).__mro__[1].__subclasses__() }}",
        "{{ study.__init__.__globals__ }}",
        "{{ study.__class__ }}",
        "{{ finding.__globals__ }}",
        "{{ finding.__closure__ }}",
        "{{ ref.__call__.__globals__ }}",
        "{{ '{0.__class__}'.format(study) }}",
        "{{ '{0.__class__.__mro__}'.format('') }}",
        "{{ '{s.__class__}'.format_map({'s': study}) }}",
        "{{ ('%s' | attr('format'))(1).__class__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum.__globals__ }}",
        "{{ joiner.__init__.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ (study.levels | map(attribute='__class__') | list)[0].__mro__ }}",
        "{{ data.__dict__ }}",
        "{% set x = studies.update({}) %}",
        "{% set x = studies.clear() %}",
        "{{ open('/etc/hostname').read() }}",
        "{{ range(10 ** 9) | list }}",
        "{{ import('os') }}",
        "{% include '/etc/passwd' %}",
        "{% include '../../../../../../etc/passwd' %}",
        "{% include 'insights/../../experiments.toml' %}",
        "{% extends '/etc/passwd' %}",
        "{% import '/etc/passwd' as x %}",
        "{% from '../x' import y %}",
    ],
)
def test_the_sandbox_holds(refuse: Refuse, tmp_path: Path, payload: str) -> None:
    """No template reaches beyond the values it is given, or a file that is no template."""
    (tmp_path / "experiments.toml").write_text("secret")
    problem = refuse(payload)
    assert "secret" not in str(problem)


def test_a_template_may_not_change_what_it_sees(refuse: Refuse, context: ReportContext) -> None:
    """One template cannot put other numbers before the next."""
    title = context.title
    refuse("{% set report.title = 'x' %}")
    assert title == context.title


@pytest.mark.parametrize("name", [INSIGHT, "sections/summary.md.j2"])
def test_a_link_out_of_the_folder_is_refused(
    tmp_path: Path, context: ReportContext, name: str
) -> None:
    """A template that is a link to somewhere else is not read."""
    secret = tmp_path / "secret"
    secret.write_text("a password")
    path = tmp_path / "project" / "templates" / name
    path.parent.mkdir(parents=True)
    path.symlink_to(secret)
    with pytest.raises(TemplateError, match="leads out of the templates folder") as caught:
        render_all_prose(context, Templates(tmp_path / "project"))
    assert path == caught.value.problems[0].file


def test_a_style_sheet_that_links_elsewhere_is_refused(tmp_path: Path) -> None:
    """The same holds for what is not run."""
    (tmp_path / "secret").write_text("a password")
    path = tmp_path / "project" / "templates" / "css" / "report.css"
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(TemplateError, match="leads out of the templates folder"):
        Templates(tmp_path / "project").read("css/report.css")


def test_templates_may_be_shared_by_a_link(tmp_path: Path, context: ReportContext) -> None:
    """The whole folder may lie elsewhere; and one template may be a link to another."""
    shared = write_templates(tmp_path / "shared", {"insights/first.md.j2": "Shared words."})
    (shared / "templates" / INSIGHT).symlink_to("first.md.j2")
    project = tmp_path / "project"
    project.mkdir()
    (project / "templates").symlink_to(shared / "templates")
    prose = render_all_prose(context, Templates(project)).html
    assert "<p>Shared words.</p>" == prose[f"study-{SLUG}"].strip()


def test_a_study_without_a_file_gets_an_automatic_section(
    tmp_path: Path, context: ReportContext
) -> None:
    """It prints every finding, and says that no person has written it."""
    study = find_view(context, SLUG)
    renamed = type(study)(
        **{name: getattr(study, name) for name in study.__dataclass_fields__} | {"slug": "other"}
    )
    templates = Templates(tmp_path)
    assert templates.find(name_insight("other")) is None
    page = read_page(render_insight(templates, common_values(context, Prose), renamed).html)
    assert page.text.startswith("No one has written about this study yet.")
    assert "templates/insights/other.md.j2" in page.text
    missing = [
        finding.kind
        for finding in study.findings
        if " ".join(finding.sentence.replace("**", "").split()) not in page.text
    ]
    assert [] == missing


def test_words_that_came_with_the_program_are_no_insight(
    tmp_path: Path, context: ReportContext
) -> None:
    """A project without an insight file gets the automatic section, not the packaged words."""
    prose = render_all_prose(context, Templates(tmp_path)).html
    assert "No one has written about this study yet" in prose[f"study-{SLUG}"]


def test_the_projects_template_goes_first(tmp_path: Path, context: ReportContext) -> None:
    """A template of the project replaces the packaged one of its name, and no other."""
    packaged = render_all_prose(context, Templates(tmp_path / "none")).html
    project = write_templates(
        tmp_path, {INSIGHT: "My own words.", "sections/conclusion.md.j2": "And these."}
    )
    ours = render_all_prose(context, Templates(project)).html
    changed = {name for name in ours if ours[name] != packaged[name]}
    assert {f"study-{SLUG}", "conclusion"} == changed
    assert "<p>My own words.</p>" == ours[f"study-{SLUG}"].strip()


def test_names_are_text_and_templates_are_markdown(tmp_path: Path) -> None:
    """A value is shown as it is; what a finding or ``| safe`` gives is Markdown already."""
    write_templates(
        tmp_path,
        {
            "a.md.j2": "*{{ x }}* {{ y }} {{ x | safe }} {{ 'b' ~ 1 }} {{ x | length }}",
            "a.html.j2": "{{ x }} {{ y }}",
        },
    )
    values = {"x": "*a*", "y": Prose("**c**")}
    templates = Templates(tmp_path)
    assert r"*\*a\** **c** *a* b1 3" == templates.render("a.md.j2", values)
    assert "*a* **c**" == templates.render("a.html.j2", values)


def test_words_of_another_study_stay_there(tmp_path: Path, context: ReportContext) -> None:
    """Each study reads its own file."""
    project = write_templates(tmp_path, {name_insight("neurons"): OTHERS_WORDS})
    prose = render_all_prose(context, Templates(project)).html
    assert ["study-neurons"] == [name for name, html in prose.items() if OTHERS_WORDS in html]
