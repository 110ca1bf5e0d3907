import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, nodes

from mnistreport.errors import ExitCode, TemplateError
from mnistreport.report.claims import Claim
from mnistreport.report.context import make_context
from mnistreport.report.document import Document, compose_document, render_all_prose
from mnistreport.report.expressions import say_expression
from mnistreport.report.figures.gallery import draw_figures
from mnistreport.report.html import render_html
from mnistreport.report.insights import Passage, common_values, name_insight, render_insight
from mnistreport.report.markdown import Draft, render_markdown, seal_words
from mnistreport.report.material import Material
from mnistreport.report.pdf import render_pdf
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from tests.fake_results import make_results
from tests.report.reports import (
    EVERY_LEVEL,
    find_view,
    leave_seeds_out,
    make_material,
    make_small_material,
    read_page,
    rename_study,
    write_templates,
)

SLUG = "learning_rate"
INSIGHT = name_insight(SLUG)
FALSE = '{% claim study.best.label == "1" %}'
REMARK = '[Not borne out by the results: study.best.label is "0.1".]'
SEAL = "0001"

Render = Callable[[str], Passage]


@pytest.fixture
def render(tmp_path: Path, context: ReportContext) -> Render:
    """Render an insight about the learning rate, of which 0.1 is the best."""
    study = find_view(context, SLUG)

    def render(text: str) -> Passage:
        project = write_templates(tmp_path, {INSIGHT: text})
        return render_insight(Templates(project), common_values(context, str), study)

    return render


class Marked(HTMLParser):
    """Reads HTML and keeps what is set off, what is remarked, and which elements were open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words = self.remarks = self.rest = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Enter an element; of what may stand in words set off, only code and pictures do."""
        if "mark" in self.open:
            assert tag in {"code", "img"}
        if tag not in {"img", "br", "hr"}:
            self.open.append("remark" if ("class", "refutation") in attrs else tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave the element that was entered last, and no other."""
        if tag not in {"img", "br", "hr"}:
            assert self.open.pop() in {tag, "remark" if tag == "span" else tag}

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if "mark" in self.open:
            self.words += data
        elif "remark" in self.open:
            assert "a" not in self.open
            self.remarks += data
        else:
            self.rest += data


def unmark(html: str) -> str:
    """Return HTML as it would be without words set off."""
    html = re.sub(r'<p><span class="refutation"[^>]*>[^<]*</span></p>\n?', "", html)
    html = re.sub(r' ?<span class="refutation"[^>]*>[^<]*</span>', "", html)
    return re.sub(r'<mark class="refuted">|</mark>|<p></p>\n?', "", html)


def test_a_true_claim_prints_its_words_as_they_are(render: Render) -> None:
    """Where the results bear it out, nothing shows that it is a claim; it is noted all the same."""
    words = "A *rate* of 0.1 is the best."
    plain = render(words)
    passage = render(f'a\n\n{{% claim study.best.label == "0.1" %}}{words}{{% endclaim %}}\n')
    assert f"<p>a</p>\n{plain.html}" == passage.html
    [claim] = passage.claims
    assert claim.holds
    assert (3, "A rate of 0.1 is the best.") == (claim.line, claim.words)
    assert INSIGHT == "/".join(claim.file.parts[-2:])
    assert () == passage.refuted == plain.claims


@pytest.mark.parametrize("end", ["{% endclaim %}", "{%- endclaim %}", "{% endclaim -%}"])
def test_a_blank_line_after_a_claim_ends_its_paragraph(render: Render, end: str) -> None:
    """A person who leaves a line free means it, whatever Jinja does with the ends of its lines."""
    html = render(f"- a\n- {{% claim true %}}b{end}\n\nc\n").html
    assert ("<p>c</p>" in html) == (end != "{% endclaim -%}")  # which asks for no space at all


def test_a_false_claim_is_set_off_with_the_values(render: Render) -> None:
    """Its words are printed, marked, and followed by what the results say instead."""
    passage = render(f"Before. {FALSE}A rate of 1 is the best.{{% endclaim %}} After.")
    read = Marked(passage.html)
    assert ("A rate of 1 is the best.", REMARK) == (read.words, read.remarks)
    assert "Before.   After." == read.rest.strip()
    assert passage.claims == passage.refuted
    assert f"[{passage.claims[0].refutation}]" == read.remarks


CONSTRUCTS = {
    "emphasis": "**a** *b* _c_ ***d***",
    "ends of emphasis": "_a_ b **c**",
    "a link": "see [a *b*](https://example.org 'c') there",
    "nothing but a link": "[a](https://example.org)",
    "an address": "<https://example.org>",
    "code": "`a` b `c`",
    "a picture": "![a](https://example.org/a.png)",
    "escapes": r"\*a\* &amp; b\_",
    "quotes": "“a” (b) 'c'",
    "paragraphs": "a\nb\n\nc\n\nd",
    "a heading": "# a\n\nb",
    "a heading and its mark": "## a ##",
    "a heading underlined": "a\n---",
    "a list": "- a\n- b\n  - c\n\nd",
    "a numbered list": "3. a\n4. b",
    "a list of headings": "- # a\n- b",
    "a quotation": "> a\n> b\n\nc",
    "a table": "| a | b |\n| - | -: |\n| c | d |",
    "a table's head": "| a | b |\n| - | -: |",
    "fenced code": "```python\na = '<b>'\n```",
    "other code": "    a\n    b",
    "a rule": "---\n\na\n\n***",
    "a hard break": "a  \nb",
    "nothing": "",
    "blank lines": "\n\na\n\n",
}


@pytest.mark.parametrize("words", CONSTRUCTS.values(), ids=CONSTRUCTS)
@pytest.mark.parametrize("around", ["{}", "a\n\n{}\n\nb\n"])
def test_markdown_reads_alike_in_a_false_claim(words: str, around: str) -> None:
    """Without what sets words off, the HTML is as ever; with it, every text in it is set off."""
    sealed = render_markdown(Draft(around.format(seal_words(words, SEAL)), {SEAL: "No."}))
    plain = render_markdown(Draft(around.format(words)))
    assert plain.strip() == unmark(sealed).strip()
    read = Marked(sealed)
    expected = read_page(render_markdown(Draft(words))).text
    assert expected.replace(" ", "") == "".join(read.words.split())
    assert "[No.]" == read.remarks


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("| a | b |\n| - | - |\n| {}c{} | d |", "c"),
        ("| a | b |\n| - | - |\n{}| c | d |\n{}| e | f |", "cd"),
        ("- a\n{}- b\n{}- c", "b"),
        ("1. {}a **b**{}\n2. c", "a b"),
        ("**{}a{}** b", "a"),
        ("**a {}b** c{} d", "b c"),
        ("[a {}b{} c](#d)", "b"),
        ("[a {}b](#c) d{}", "b d"),
        ("# {}a{}", "a"),
        ("> {}a\n> b{}", "ab"),
        ("```\na\n{}b\n{}c\n```", "b"),
        ("`a {}b{}` c", "a b"),
        ("![a {}b{}](#c) d", ""),
    ],
)
def test_a_claim_may_begin_and_end_anywhere(text: str, words: str) -> None:
    """In a cell, in some items of a list, across the ends of emphasis or of a link."""
    opened, closed = seal_words("|", SEAL).split("|")
    sealed = render_markdown(Draft(text.format(opened, closed), {SEAL: "No."}))
    assert render_markdown(Draft(text.format("", ""))) == unmark(sealed)
    read = Marked(sealed)
    assert (words, "[No.]") == (read.words, read.remarks)


BLOCKS = st.sampled_from([words for words in CONSTRUCTS.values() if words.strip("*-\n")])


@given(st.lists(BLOCKS, max_size=3), st.lists(BLOCKS, min_size=1, max_size=4), st.lists(BLOCKS))
def test_any_blocks_may_stand_in_a_false_claim(
    before: list[str], words: list[str], after: list[str]
) -> None:
    """However blocks follow each other, a claim about some of them changes none."""
    claimed = seal_words("\n\n".join(words), SEAL)
    sealed = render_markdown(Draft("\n\n".join([*before, claimed, *after]), {SEAL: "No."}))
    assert render_markdown(Draft("\n\n".join([*before, *words, *after]))) == unmark(sealed)
    assert "[No.]" == Marked(sealed).remarks


@pytest.mark.parametrize(
    ("condition", "evidence"),
    [
        ('study.best.label == "1"', ['study.best.label is "0.1"']),
        ("study.best.is_baseline", ["study.best.is_baseline is false"]),
        ('level(0.001).verdict == "better"', ['level(0.001).verdict is "behind"']),
        (
            "study.best.against_baseline.mean < 0",
            ["study.best.against_baseline.mean is +2.81\u202fpp"],
        ),
        (
            "study.best.against_baseline.interval.low < 0.01",
            ["study.best.against_baseline.interval.low is +2.49\u202fpp"],
        ),
        (
            "study.best.variant.validation_accuracy.mean > 0.98",
            ["study.best.variant.validation_accuracy.mean is 97.68\u202f%"],
        ),
        ("study.best.variant.train_loss.mean > 1", r"train_loss\.mean is 0\.\d{4}\.$"),
        ("study.best.variant.train_loss.sd > 1", r"train_loss\.sd is 0\.\d{4}\.$"),
        ("study.best.variant.gap.mean < 0", r"gap\.mean is 2\.\d\d\u202fpp\.$"),
        ("study.best.variant.gap == none", r"gap is 2\.\d\d\u202fpp\u00a0±\u00a00\.\d\d\u202fpp"),
        ("study.span > 1", r"study\.span is 0\.08\d+\.$"),
        ("study.best == study.baseline", r"study\.best is learning rate 0\.1; study\.baseline is"),
        ("study.levels | length > 99", ["study.levels | length is 4"]),
        (
            'study.levels | map(attribute="label") | list == []',
            ['study.levels | map(attribute="label") | list is "0.001", "0.01", "0.1", "0.5"'],
        ),
        ("study.levels[0].label in ['2']", ['study.levels[0].label is "0.001"']),
        ("1 > 2", []),
        ("missing is defined", ["missing is not there"]),
        ("study.factor is none or data.images < 1", ['study.factor is "learning_rate"',
                                                     "data.images is 600"]),
        ("report.finals[0].interval.low > 1", r"interval\.low is 8\d\.\d\d\u202f%\.$"),
        ("range(99) | list == 1", r"is 0, 1, 2, 3, 4, 5, 6, 7, …\.$"),
        ("not (study.factor ~ 1)", ['study.factor is "learning_rate"']),
    ],
)  # fmt: skip
def test_evidence_is_what_the_condition_looked_at(
    render: Render, condition: str, evidence: list[str] | str
) -> None:
    """Each name with its value, as a reader sees it."""
    text = f"{{% claim {condition} %}}a{{% endclaim %}}"
    [claim] = render(text).claims
    assert not claim.holds
    if isinstance(evidence, str):
        assert re.search(evidence, claim.refutation)
    else:
        assert evidence == [f"{each.name} is {each.value}" for each in claim.evidence]


def test_what_was_not_needed_is_not_looked_at(tmp_path: Path) -> None:
    """Without a best level, a condition that asks for one first is false, and no error."""
    material = make_material(
        make_results(missing=leave_seeds_out([0.001, 0.01, 0.1, 0.5], (0, 1, 2)), combined=False)
    )
    context = make_context(material)
    study = find_view(context, SLUG)
    assert study.best is None
    text = '{% claim study.best and study.best.label == "0.1" %}a{% endclaim %}'
    project = write_templates(tmp_path, {INSIGHT: text})
    [claim] = render_insight(Templates(project), common_values(context, str), study).claims
    assert not claim.holds
    assert ["study.best is none"] == [f"{each.name} is {each.value}" for each in claim.evidence]


@pytest.mark.parametrize(
    "condition",
    [
        '"0.1" in (study.levels | map(attribute="label"))',
        'study.levels | selectattr("is_best") | map(attribute="label") | first == "0.1"',
        'study.levels | map(attribute="label") | select("equalto", "0.1") | list',
    ],
)
def test_looking_at_a_value_leaves_it_as_it_was(render: Render, condition: str) -> None:
    """What a filter gives piece by piece is still there when the condition comes to it."""
    [claim] = render(f"{{% claim {condition} %}}a{{% endclaim %}}").claims
    assert claim.holds
    assert '"0.1"' in claim.evidence[0].value


def test_a_claim_may_ask_a_loop(render: Render) -> None:
    """The loop goes on as it would have."""
    text = (
        "{% for x in [7, 8, 9] %}{% claim loop and loop.first %}{{ x }}{% endclaim %}{% endfor %}"
    )
    claims = render(text).claims
    assert [("7", True), ("8", False), ("9", False)] == [(c.words, c.holds) for c in claims]


CONDITIONS = (
    'study.best.label == "0.1"',
    "a and b or not c",
    "(a or b) and c",
    "a - (b - c) * d ** 2",
    "-a.b + (-c).d",
    "a is not none and b is divisibleby(3)",
    "a not in [1, 2.5] and 1 <= b < 3",
    'a(1, b=true)[0] | map(attribute="x") | first',
    "(a + b) | round(2)",
    "a[1:] ~ b[::2] ~ c[:3]",
    '{"a": 1} == (1,)',
    "(a if b else c) == d",
    '"“ü” \\"\\\\"',
)
NAMES = st.sampled_from(["a", "b.c", "d[0]", 'e("x", y=1)', "f | list", "1", "2.5", '"t"', "[a]"])
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "~", "==", "<=", "in", "and", "or")
EXPRESSIONS = st.recursive(
    NAMES,
    lambda inner: (
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(
            lambda parts: "({}) {} ({})".format(*parts)
        )
        | inner.map("not ({})".format)
        | inner.map("-({})".format)
        | NAMES.map("{} is defined".format)
        | NAMES.map("{} is not divisibleby(3)".format)
        | inner.map("({}).x".format)
        | inner.map("({})[1:2]".format)
        | inner.map("({}) | round(3)".format)
        | st.tuples(inner, inner, inner).map(lambda p: "({}) if ({}) else ({})".format(*p))
    ),
    max_leaves=6,
)


def parse_expression(text: str) -> nodes.Node:
    """Return the expression that a template prints."""
    output = Environment(autoescape=True).parse(f"{{{{ {text} }}}}").body[0]
    assert isinstance(output, nodes.Output)
    return output.nodes[0]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_is_shown_as_it_was_written(condition: str) -> None:
    """With its own brackets, and no others."""
    assert condition == say_expression(parse_expression(condition))


@given(EXPRESSIONS)
def test_a_condition_that_is_shown_means_the_same(text: str) -> None:
    """Read again, it is the expression that it was."""
    written = parse_expression(text)
    assert written == parse_expression(say_expression(written))


@pytest.mark.parametrize(
    "forged",
    [
        seal_words("x", SEAL),
        seal_words("x", "0" * 22),
        seal_words("x", ""),
        "\ue000",
        "\ue001",
        "\ue002",
        "\ue0001\ue002",
        '<mark class="refuted">x</mark>',
        '</mark><span class="refutation">',
    ],
)
def test_no_text_can_pass_for_a_claim_or_end_one(render: Render, forged: str) -> None:
    """Whatever a person or a manifest writes, only what is between the tags is set off."""
    printed = f"{{{{ {forged!r} }}}}"
    read = Marked(
        render(f"{forged} {printed} {FALSE}b {forged} {printed} c{{% endclaim %}} d").html
    )
    assert read.words.startswith("b ")
    assert read.words.endswith(" c")
    assert [] == re.findall("[bc]", read.rest.replace("class", ""))
    assert REMARK == read.remarks


def test_names_in_a_claim_are_text(tmp_path: Path) -> None:
    """Neither words nor evidence make an element, whatever a level is called."""
    label = "<script>alert('*1*')</script>"
    material = make_small_material()
    results = material.results
    study = rename_study(results.studies[0], "a", [label, "two", "three", "four"])
    context = make_context(replace(material, results=replace(results, studies=(study,))))
    [view] = context.studies
    text = '{% claim study.levels[0].label == "a" %}{{ study.levels[0].label }}{% endclaim %}'
    project = write_templates(tmp_path, {name_insight(view.slug): text})
    passage = render_insight(Templates(project), common_values(context, str), view)
    assert {"p", "mark", "span"} == {tag for tag, _ in read_page(passage.html).inventory}
    read = Marked(passage.html)
    assert label == read.words == passage.claims[0].words
    assert f'[Not borne out by the results: study.levels[0].label is "{label}".]' == read.remarks


@pytest.mark.parametrize(
    ("text", "line", "reason", "step"),
    [
        (f"a\n\n{FALSE}b\n\nc", 3, "no {% endclaim %}", "{% endclaim %}"),
        ("a\n{% claim %}b{% endclaim %}", 2, "needs the condition", 'study.best.label == "0.1"'),
        ("\n{% claim study.slug = 'a' %}b{% endclaim %}", 2, "==", "study.best.label =="),
        (f"a\n{FALSE}\nb\n{{% endclam %}}", 4, "the claim of line 2", "{% endclaim %}"),
        ("{% clam study %}b{% endclaim %}", 1, "unknown tag 'clam'", "did you mean claim?"),
        ("a\n{% call claim(study) %}b{% endcall %}", 2, "undefined", "{% claim study.best.label"),
        (f"{FALSE}\n{{% if study %}}\nb{{% endclaim %}}", 3, "'endclaim'", "{{ closed by }}"),
        ("{% claim study.bets.label %}b{% endclaim %}", 1, "bets", "did you mean best?"),
        ("\n{% claim study.best\n.lable %}b{% endclaim %}", 2, "lable", "did you mean label?"),
        ("{% claim studdy %}b{% endclaim %}", 1, "studdy", "did you mean study?"),
        ('{% claim level("17").label %}b{% endclaim %}', 1, "no level '17'", "None"),
        ("{% claim study.best.label > 1 %}b{% endclaim %}", 1, "not supported", "None"),
        ("{% claim study.__class__ %}b{% endclaim %}", 1, "__class__", "None"),
        ("{% claim ''.__class__.__mro__ %}b{% endclaim %}", 1, "__class__", "None"),
        ("{% claim level.__globals__ %}b{% endclaim %}", 1, "__globals__", "None"),
        (f"a\n{FALSE}\n{{{{ studdy }}}}{{% endclaim %}}", 3, "studdy", "did you mean study?"),
    ],
)
def test_a_mistake_in_a_claim_is_told_with_its_place(
    render: Render, text: str, line: int, reason: str, step: str
) -> None:
    """File, line, reason, and how it is written instead."""
    with pytest.raises(TemplateError) as caught:
        render(text)
    problem = caught.value.problems[0]
    assert ExitCode.RENDERING == caught.value.exit_code
    assert problem.file is not None
    assert INSIGHT == "/".join(problem.file.parts[-2:])
    assert line == problem.line, problem
    assert reason in problem.reason
    assert step in str(problem.next_step)


def test_a_claim_may_stand_in_loops_macros_and_other_files(
    tmp_path: Path, context: ReportContext
) -> None:
    """Each time it is met it counts, whichever way it came into the page."""
    claim = '{% claim name == "0.5" %}{{ name }}{% endclaim %}'
    files = {
        INSIGHT: (
            "{% for level in study.levels %}{% set name = level.label %}"
            f"{claim} {{% endfor %}}"
            '{% from "insights/m.md.j2" import say %}{{ say("m") }}'
            '{% set name = "i" %}{% include "insights/i.md.j2" %}'
            '{% set words %}{% set name = "w" %}' + claim + "{% endset %}{{ words }}"
        ),
        "insights/m.md.j2": f"{{% macro say(name) %}}{claim}{{% endmacro %}}",
        "insights/i.md.j2": f"\n\n{claim}\n\n",
    }
    project = write_templates(tmp_path, files)
    passage = render_insight(
        Templates(project), common_values(context, str), find_view(context, SLUG)
    )
    words = ["0.001", "0.01", "0.1", "0.5", "m", "i", "w"]
    assert words == [each.words for each in passage.claims]
    assert ["0.5"] == [each.words for each in passage.claims if each.holds]
    places = {(each.file.name, each.line) for each in passage.claims if not each.holds}
    assert {("learning_rate.md.j2", 1), ("m.md.j2", 1), ("i.md.j2", 3)} == places
    read = Marked(passage.html)
    assert "".join(word for word in words if word != "0.5") == read.words


def test_a_claim_in_a_claim_is_a_claim(render: Render) -> None:
    """Words are set off if any claim that they stand in is false."""
    inner = "{% claim study.best.is_best %}b{% endclaim %}"
    other = "{% claim study.levels %}d{% endclaim %}"
    passage = render(f"{FALSE}a {inner} c{{% endclaim %}} {other}")
    assert [("b", True), ("a b c", False), ("d", True)] == [
        (each.words, each.holds) for each in passage.claims
    ]
    read = Marked(passage.html)
    assert ("a b c", REMARK) == (read.words, read.remarks)


@pytest.mark.parametrize(
    "text",
    [
        f"[a](https://example.org/{FALSE}b{{% endclaim %}})",
        f"{{% set words %}}{FALSE}a{{% endclaim %}}{{% endset %}}{{{{ words | upper }}}}",
        f"{{% set words %}}{FALSE}a{{% endclaim %}}{{% endset %}}{{{{ words[9:] }}}}",
        f"{{% set words %}}{FALSE}a{{% endclaim %}}{{% endset %}}",
        f"```{FALSE}a{{% endclaim %}}\nb\n```",
        f"[a]: https://example.org/{FALSE}b{{% endclaim %}}\n\n[a]",
    ],
)
def test_no_false_claim_goes_unremarked(render: Render, text: str) -> None:
    """Where its words are put to a strange use, the remark is made all the same, and once."""
    html = render(text).html
    assert REMARK == Marked(html).remarks
    assert [] == re.findall("%EE%80|\\d{15}", html)


def test_pages_of_html_make_no_claims(tmp_path: Path, document: Document) -> None:
    """A claim in a page's own template would go unseen, so it is refused."""
    text = f"<p>\n{FALSE}a{{% endclaim %}}</p>"
    text = text.replace("study", "section.study")
    project = write_templates(tmp_path, {"sections/study.html.j2": text})
    with pytest.raises(TemplateError, match="only in the Markdown") as caught:
        render_html(document, Templates(project))
    assert 2 == caught.value.problems[0].line


@pytest.fixture(scope="module")
def refuted(
    tmp_path_factory: pytest.TempPathFactory, material: Material, context: ReportContext
) -> tuple[Document, Templates]:
    """A report with false claims in the summary, a study and the final test."""
    project = write_templates(
        tmp_path_factory.mktemp("refuted"),
        {
            "sections/summary.md.j2": "{% claim report.seeds | length == 9 %}Nine.{% endclaim %}",
            "sections/final.md.j2": "{% claim final.right == 0 %}None right.{% endclaim %}",
            INSIGHT: f"{FALSE}A rate of 1 is the best.{{% endclaim %}}",
        },
    )
    templates = Templates(project)
    return compose_document(context, material, templates, draw_figures), templates


def test_the_first_page_counts_false_claims(refuted: tuple[Document, Templates]) -> None:
    """It says how many there are, and leads to the sections they stand in."""
    document, templates = refuted
    assert 4 == len(document.claims) == len([each for each in document.claims if not each.holds])
    html = render_html(document, templates)
    [title_page] = re.findall(r"<header.*?</header>", html, flags=re.DOTALL)
    assert "4 claims are not borne out by the results" in read_page(title_page).text
    expected = ["#summary", f"#study-{SLUG}", "#final"]
    assert expected == [value for _, _, value in read_page(title_page).addresses][:3]
    assert set(expected) <= {f"#{each}" for each in read_page(html).ids}


def test_a_report_without_false_claims_says_nothing_of_them(document: Document, html: str) -> None:
    """The shipped templates claim nothing that is false."""
    assert () == document.refuted
    assert "borne out" not in html


def test_a_false_claim_is_in_the_pdf(refuted: tuple[Document, Templates], tmp_path: Path) -> None:
    """On paper, too, its words are followed by the values that say otherwise."""
    document, templates = refuted
    path = tmp_path / "report.pdf"
    path.write_bytes(render_pdf(render_html(document, templates, skin="print")))
    try:
        done = subprocess.run(
            ["pdftotext", path, "-"], capture_output=True, check=True, encoding="utf-8"
        )
    except FileNotFoundError:
        pytest.skip("pdftotext is not installed (Debian: poppler-utils)")
    text = " ".join(done.stdout.split())
    assert f"A rate of 1 is the best. {REMARK}" in text
    assert "Nine. [Not borne out by the results: report.seeds | length is 3.]" in text


def test_claims_come_in_the_order_of_the_report(tmp_path: Path, context: ReportContext) -> None:
    """All prose is asked for claims, section after section."""
    begin = ("findings", "summary", "data", "method", "baseline")
    parts = (*begin, "comparison", "final", "conclusion")
    files = {
        f"sections/{part}.md.j2": f"{{% claim true %}}{part}{{% endclaim %}}" for part in parts
    }
    files |= {
        name_insight(study.slug): "{% claim true %}i{% endclaim %}" for study in context.studies
    }
    claims = render_all_prose(context, Templates(write_templates(tmp_path, files))).claims
    finals, insights = ["final"] * len(context.finals), ["i"] * len(context.studies)
    expected = [*begin, *insights, "comparison", *finals, "conclusion"]
    assert expected == [claim.words for claim in claims]
    assert all(isinstance(claim, Claim) and claim.holds for claim in claims)


@pytest.mark.parametrize(
    "text",
    [
        f"[a](java{FALSE}script:alert(1){{% endclaim %}})",
        f"[a]\n\n[a]: java{FALSE}script:alert(1){{% endclaim %}}",
        f"![a](da{FALSE}ta:image/svg+xml,b{{% endclaim %}})",
    ],
)
def test_no_address_is_made_harmless_by_a_claim_in_it(render: Render, text: str) -> None:
    """What could run is no link, whatever marks it was taken apart with."""
    html = str(render(text).html)
    assert not re.search(r'(href|src)="[^"#h]', html), html


@pytest.mark.parametrize(
    "condition",
    [
        'study.best.label == "0.1"',
        'study.best.label != "0.1"',
        'level("0.1").against_baseline.mean > 0',
        'level("0.1").variant.validation_accuracy.mean < 0.9',
        "study.best.variant.gap.mean - 0.1 < 0",
        "study.best and study.best.is_best",
    ],
)
def test_what_did_not_finish_bears_nothing_out(tmp_path: Path, condition: str) -> None:
    """Where no run of a study finished, a claim about its results is false, and the report made."""
    diverged = make_results(diverged=EVERY_LEVEL, combined=False)
    context = make_context(make_material(diverged))
    text = f"{{% claim {condition} %}}a{{% endclaim %}}"
    templates = Templates(write_templates(tmp_path, {INSIGHT: text}))
    claims = render_all_prose(context, templates).claims
    assert [False] == [claim.holds for claim in claims]


@pytest.mark.parametrize("condition", ["study.best", "study.best.label", "study.noise_floor"])
def test_a_condition_that_can_only_hold_is_none(tmp_path: Path, condition: str) -> None:
    """A text, a number, a level: what is neither true nor false ties words to nothing."""
    text = f"{{% claim {condition} %}}a{{% endclaim %}}"
    templates = Templates(write_templates(tmp_path, {INSIGHT: text}))
    with pytest.raises(TemplateError, match="can only hold"):
        render_all_prose(make_context(make_material()), templates)
