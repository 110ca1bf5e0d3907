import time
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from mnistreport.errors import TemplateError
from mnistreport.report.document import list_prose_templates, render_all_prose
from mnistreport.report.insights import common_values, name_insight, render_insight
from mnistreport.report.literals import (
    TypedNumber,
    find_typed_numbers,
    find_unsourced_numbers,
)
from mnistreport.report.material import Material
from mnistreport.report.sources import Sources
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from mnistreport.resources import find_resource
from mnistreport.study.loading import load_manifest
from tests.fake_results import make_manifest
from tests.report.reports import find_view, read_page, write_templates

SLUG = "learning_rate"
INSIGHT = name_insight(SLUG)

Find = Callable[[str], list[str]]


@pytest.fixture
def find(tmp_path: Path, context: ReportContext, material: Material) -> Find:
    """Return the unsourced numbers of an insight, as ``line: number``."""

    def find(text: str) -> list[str]:
        templates = Templates(write_templates(tmp_path, {INSIGHT: text}))
        found = find_unsourced_numbers(templates, [INSIGHT], context, material.manifest)
        assert {tmp_path / "templates" / INSIGHT} >= {each.file for each in found}
        return [f"{each.line}: {each.number}" for each in found]

    return find


@pytest.fixture
def sparse(material: Material, context: ReportContext, tmp_path: Path) -> Find:
    """The same for a report that knows of few numbers, so that none is met by chance."""
    manifest = replace(material.manifest, studies=(), rubric=())
    small = replace(
        replace(context, models=(), studies=(), finals=(), ledger=(), runs=(), seeds=(41,)),
        data=replace(context.data, splits=()),
        training_seconds=1234.5,
        confidence=-0.0312,
        chance_accuracy=0.98125,
    )

    def sparse(text: str) -> list[str]:
        templates = Templates(write_templates(tmp_path, {INSIGHT: text}))
        found = find_unsourced_numbers(templates, [INSIGHT], small, manifest)
        return [f"{each.line}: {each.number}" for each in found]

    return sparse


@pytest.mark.parametrize(
    "text",
    [
        "41 and 1234.5, 1234.50, 1,234.5; 1,235 or 1235 of 784 = 28×28 pixels",
        "60 % (60%, 60\u202f%, 60\u00a0%, 60 percent, 60\n%), seed 41.",
        "98.125 % is 98.13 %, 98.1 %, 98 %, 0.98125, 0.981, 0.98 and 98.1 pp",
        "−0.0312, -0.031, 0.031, −3.1 pp, 3.12 percentage points, -3 pp",
        "It fell by **3.1** pp, to *98.1*\u202f% – (41).",
        "a rate of 0.01–0.05",
    ],
)
def test_what_results_and_manifest_bear_out_is_sourced(sparse: Find, text: str) -> None:
    """As it is or as a percentage, rounded to the decimals that were typed, of either sign."""
    assert [] == sparse(text)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("42, 1234.6 and 1,234", ["42", "1234.6", "1,234"]),
        ("98.12 %, 98.2%, 97\u202f%, 98125 %", ["98.12 %", "98.2%", "97 %", "98125 %"]),
        ("98.1 without its sign, 0.98 % with it", ["98.1", "0.98 %"]),
        ("+0.0312, −41, +3.1 pp", ["+0.0312", "−41", "+3.1 pp"]),
        ("7 %, 8 pp, 12\npercentage points", ["7 %", "8 pp", "12 percentage points"]),
        ("1.5, 7.0", ["1.5", "7.0"]),
        ("31×31, 30-35, “36”, (37), 38.", ["31", "31", "30", "35", "36", "37", "38"]),
        ("- 0.777\n- **0.888**", ["0.777", "0.888"]),
        ("| a |\n| - |\n| 0.777 |", ["0.777"]),
        ("[0.777](#a)", ["0.777"]),
        ("1900.5, 2100, 1899", ["1900.5", "2100", "1899"]),
        ("{% if study %}\n    0.777\n{% endif %}", ["0.777"]),
        ("{% raw %}0.777{% endraw %}{# 0.888 #}", ["0.777"]),
        ("a batch of 77 may do", ["77"]),
    ],
)
def test_what_nothing_bears_out_is_found(sparse: Find, text: str, numbers: list[str]) -> None:
    """A wrong decimal, a wrong sign, a percentage however small."""
    assert numbers == [found.split(": ", 1)[1] for found in sparse(text)]


@pytest.mark.parametrize(
    "text",
    [
        "In 1998 and 2024, two or 2 of 20 digits, 7 times.",
        "# 77.7 and more\n\n## 88.8 %\n\nTitle 99.9\n---\n\nTitle 99.8\n===",
        "77. a\n78. b",
        "conv2d, SHA-256, 3rd, 28x29, x77, v77, 1.2.77, 77th, MNIST_77, 10⁶",
        "`77.7` and\n\n```\n88.8\n```\n\n~~~\n99.9 %\n~~~",
        "[a](https://example.org/77.7) <https://example.org/88> https://example.org/99.9",
        "[a]: https://example.org/77.7\n\n![a](b/77.7)",
        "On 30 November 2024, Nov. 30, 2024, 2024-11-30, 30.11.2024, 30/11/2024 at 23:59.",
        "{# 77.7 #}{% set x = 99.9 %}{% if study.span > x %}a{% endif %}",
        '{{ level("77.7") }} {{ study.span | round(77) }} {{ study.levels[77] }}',
        "{{ 77 * study.span }} {{ 'a' if study.span > 77.7 else 'b' }}",
        "{{ study.levels | selectattr('label', 'eq', '77.7') }}",
        "{% for x in study.levels[:77] if x.label != '88.8' %}{{ x.name }}{% endfor %}",
        "{{ {'77.7': 'a'}[study.factor] }} {{ (1 - study.span) | percent(0) }} {{ 'SHA-256' }}",
        "{% claim study.span > 77.7 %}a{% endclaim %}",
        '{{ mine("97.3 %") }} {{ mine("88.8") }}',
    ],
)
def test_what_is_no_number_of_the_results_is_left_alone(sparse: Find, text: str) -> None:
    """Years, small counts, headings, list numbers, words, code, addresses, dates, and one's own."""
    assert [] == sparse(text)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("{{ 0.9987 | percent }}", ["99.87 %"]),
        ("{{ 0.9987 | round(3) | percent(1) }}", ["99.87 %"]),
        ("{{ -0.0175 | points }}", ["-1.75 pp"]),
        ('{{ "99.87 %" }}', ["99.87 %"]),
        ("{{ 0.9987 }} {{ 77 }} {{ 12 }}", ["0.9987", "77"]),
        ('{% set x = "98.76 %" %}{{ x }}', ["98.76 %"]),
        ('{% set x = "98.76 %" %}{% set y = x ~ "!" %}{{ y }}', ["98.76 %"]),
        ('{% set x = "98.76 %" %}', ["98.76 %"]),
        ("{% set x, y = 98.76, 12 %}{{ x }}{{ y }}", ["98.76"]),
        ("{% set n = namespace(a=98.76) %}{{ n.a }}", ["98.76"]),
        ("{% for x in [0.9876, 0.12] %}{{ x | percent }}{% endfor %}", ["0.9876", "0.12"]),
        ('{% with x = "98.76 %" %}{{ x }}{% endwith %}', ["98.76 %"]),
        ('{{ finding("gap") or "about 98.76 %" }}', ["98.76 %"]),
        ('{{ "98.76 %" if study.span > 0.5 else "97.65 %" }}', ["98.76 %", "97.65 %"]),
        ('{{ "some " ~ 98.76 ~ " %" }}', ["98.76"]),
        ('{{ "%.1f %% and 98.76 %%" | format(97.65) }}', ["98.76 %", "97.65"]),
        ('{{ "{} %".format(98.76) }}', ["98.76"]),
        ('{{ ["98.76 %"][0] }} {{ {"a": 97.65}.a }}', ["98.76 %", "97.65"]),
        ('{{ study.missing | default("98.76 %") }}', ["98.76 %"]),
        ("{{ 0 * study.span + 0.9876 }}", ["0.9876"]),
        ("{{ 9876 / 100 }}", ["9876", "100"]),
        ('{% macro m(x, y="97.65 %") %}{{ x }}{% endmacro %}{{ m(98.76) }}', ["97.65 %", "98.76"]),
        ('{% claim study.span > 0.5 %}It is {{ "98.76 %" }}.{% endclaim %}', ["98.76 %"]),
        ("{% call m(98.76) %}a{% endcall %}", ["98.76"]),
        ('{% filter replace("a", "98.76 %") %}a{% endfilter %}', ["98.76 %"]),
    ],
)
def test_a_constant_in_an_expression_is_a_typed_number(
    sparse: Find, text: str, numbers: list[str]
) -> None:
    """Whether it stands in a filter, a text, a variable, a list or a choice: if it is printed."""
    assert numbers == [found.split(": ", 1)[1] for found in sparse(text)]


@pytest.mark.parametrize("text", ["9" * 5000, "0." + "5" * 400, "0." + "0" * 390 + "1 %"])
def test_numbers_of_very_many_digits_are_nobodys(find: Find, text: str) -> None:
    """They are told by their first digits; reading them is no work and no error."""
    (found,) = find(f"It is {text} here.")
    assert found.startswith(f"1: {text[:20]}")
    assert 70 > len(found)


def test_many_numbers_take_no_time(find: Find) -> None:
    """A text of nothing but different numbers is searched in moments, however many results are."""
    text = " ".join(f"{number / 97:.3f}" for number in range(30_000, 36_000))
    start = time.process_time()
    assert find(text)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "text",
    [
        "{% set x = 0.777 %}" + "".join(f"{{% set x{n} = x{n - 1} %}}" for n in range(1, 4000)),
        "0.777 " * 8_000,
        "{{ 0.777 }} " * 3_000,
    ],
    ids=["variables", "numbers", "constants"],
)
def test_no_template_takes_long_to_look_through(find: Find, text: str) -> None:
    """Chains of variables, and one long line."""
    start = time.process_time()
    assert find(text)
    assert time.process_time() - start < 10


def test_each_number_is_found_in_its_line(find: Find) -> None:
    """Whatever stands before it: comments, blocks, statements of several lines."""
    text = (
        "{# 1.111\n#}\n{% if study\n   and data %}\n\nA 0.987654, {{ study\n.title }} a\n"
        "0.876543 {% endif %}\n\n- b\n  0.765432\n{%- for x in [1] %}\n0.654321{% endfor %}\n"
        "\n| a |\n| - |\n| b |\n| 0.543219 |\n\n> a\\\n> 0.432198\n"
    )
    lines = text.splitlines()
    found = find(text)
    assert 6 == len(found)
    for each in found:
        line, number = each.split(": ")
        assert number in lines[int(line) - 1]


def test_results_and_settings_are_sources(find: Find, context: ReportContext) -> None:
    """A level, a number of parameters, an accuracy, a difference and its interval."""
    study = find_view(context, SLUG)
    level = study.best
    assert level is not None
    assert level.against_baseline is not None
    assert level.against_baseline.interval is not None
    assert level.variant.validation_accuracy is not None
    text = (
        f"{level.label} 0.5 {level.variant.parameters:,} {level.variant.updates:,} "
        f"{100 * level.variant.validation_accuracy.mean:.2f} % "
        f"+{100 * level.against_baseline.mean:.1f} pp "
        f"{100 * level.against_baseline.interval.low:.1f} pp {context.chance_loss:.3f} "
    )
    assert [] == find(text)
    assert ["1: 0.123456"] == find(text + "0.123456")


def test_the_shipped_templates_are_clean(
    templates: Templates, context: ReportContext, material: Material
) -> None:
    """Every number that the program's own prose has comes from the results."""
    names = list_prose_templates(context, templates)
    assert {f"insights/{study.slug}.md.j2" for study in context.studies} < set(names)
    assert () == find_unsourced_numbers(templates, names, context, material.manifest)


def test_every_template_that_is_rendered_is_looked_at(
    tmp_path: Path, context: ReportContext, material: Material
) -> None:
    """A number typed into any of them is found, once for each file."""
    names = list_prose_templates(context, Templates(Path("none")))
    own = tuple(name_insight(study.slug) for study in context.studies)
    files = dict.fromkeys((*names, *own), "0.123456")
    templates = Templates(write_templates(tmp_path, files))
    names = list_prose_templates(context, templates)
    prose = render_all_prose(context, templates).html
    assert len(prose) == sum("0.123456" in html for html in prose.values())
    found = find_unsourced_numbers(templates, names, context, material.manifest)
    assert [tmp_path / "templates" / name for name in names] == [each.file for each in found]


def test_mine_prints_its_words_as_they_are(tmp_path: Path, context: ReportContext) -> None:
    """They are text, not Markdown and not HTML."""
    text = "{{ mine('97.3\u202f% *of* <b>them</b>') }} {{ mine(0.5) }}"
    project = write_templates(tmp_path, {INSIGHT: text})
    html = render_insight(
        Templates(project), common_values(context, str), find_view(context, SLUG)
    ).html
    page = read_page(html)
    assert {"p"} == {tag for tag, _ in page.inventory}
    assert "97.3 % *of* <b>them</b> 0.5" == page.text


@pytest.mark.parametrize("argument", ["''", "'  '", "none", "true", "study", "[1]", ""])
def test_mine_needs_words(tmp_path: Path, context: ReportContext, argument: str) -> None:
    """Given nothing that can be printed, it says how it is used."""
    project = write_templates(tmp_path, {INSIGHT: f"a\n{{{{ mine({argument}) }}}}"})
    with pytest.raises(TemplateError, match=r"mine\(") as caught:
        render_insight(Templates(project), common_values(context, str), find_view(context, SLUG))
    problem = caught.value.problems[0]
    assert (project / "templates" / INSIGHT, 2) == (problem.file, problem.line)


def test_a_template_that_cannot_be_read_is_told(find: Find) -> None:
    """Wrong syntax is an error with its line, not a text without numbers."""
    with pytest.raises(TemplateError) as caught:
        find("a\n{{ 'b }}")
    assert 2 == caught.value.problems[0].line


def test_included_words_are_looked_through(tmp_path: Path, context: ReportContext) -> None:
    """A number in a file that an insight includes is as much in the report as one in itself."""
    files = {
        "insights/batch_size.md.j2": '{% include "insights/part.txt" %}',
        "insights/part.txt": "It gained 88.88 %.",
    }
    templates = Templates(write_templates(tmp_path, files))
    names = list_prose_templates(context, templates)
    assert "insights/part.txt" in names
    found = find_unsourced_numbers(templates, names, context, make_manifest())
    assert [("part.txt", 1, "88.88 %")] == [(e.file.name, e.line, e.number) for e in found]


# --- What a number stands for ---------------------------------------------------------------------


@pytest.fixture
def trace(tmp_path: Path, context: ReportContext, material: Material) -> Callable[..., TypedNumber]:
    """Return the one number of a text, in the insight about the learning rate by default."""

    def trace(text: str, name: str = INSIGHT) -> TypedNumber:
        templates = Templates(write_templates(tmp_path, {name: text}))
        [found] = find_typed_numbers(templates, [name], context, material.manifest)
        return found

    return trace


Trace = Callable[..., TypedNumber]


def print_best(context: ReportContext, slug: str, digits: int = 2) -> str:
    """Return the best accuracy of a study as a person would type it."""
    best = find_view(context, slug).best
    assert best is not None
    assert best.variant.validation_accuracy is not None
    return f"{100 * best.variant.validation_accuracy.mean:.{digits}f} %"


def test_a_number_of_the_study_is_said_to_be_that(trace: Trace, context: ReportContext) -> None:
    """A reader sees which number a typed one was taken for."""
    found = trace(f"It reaches {print_best(context, SLUG)}.")
    assert "validation accuracy of learning rate 0.1" == found.source
    assert "loss" in trace(f"It costs {context.chance_loss:.3f} nats.").source
    assert trace("On 600 images.").source == "images of the data"
    assert trace("With 0.5 at most.").source == "learning rate 0.5"


def test_a_number_of_another_study_is_told_as_such(trace: Trace, context: ReportContext) -> None:
    """It is no source of an insight, though the report has it; of a summary it is one."""
    typed = print_best(context, "neurons")
    found = trace(f"It reaches {typed}.")
    assert "" == found.source
    assert found.is_of_study
    assert (
        "validation accuracy of 512 neurons per hidden layer (study “Number of neurons”)"
        == found.elsewhere
    )
    summary = trace(f"It reaches {typed}.", "sections/summary.md.j2")
    assert (
        "validation accuracy of 512 neurons per hidden layer (study “Number of neurons”)"
        == summary.source
    )


def test_a_number_of_one_seed_counts_where_seeds_are_spoken_of(
    trace: Trace, context: ReportContext
) -> None:
    """The mean is what a sentence is about, unless it says otherwise."""
    best = find_view(context, SLUG).best
    assert best is not None
    assert best.variant.validation_accuracy is not None
    typed = f"{100 * best.variant.validation_accuracy.values[1]:.3f} %"
    assert "" == trace(f"It reaches {typed}. The seed is another matter.").source
    found = trace(f"With seed 1 it\nreaches {typed}. So be it.")
    assert "validation accuracy of learning rate 0.1 on one seed" == found.source
    said = trace(f"It reaches {typed}.").elsewhere
    assert "validation accuracy of learning rate 0.1 on one seed" == said


def test_a_loss_is_no_percentage(trace: Trace, context: ReportContext) -> None:
    """What is not a share is never taken for one; nor is a p-value."""
    study = find_view(context, SLUG)
    loss = study.levels[0].variant.validation_loss
    assert loss is not None
    assert trace(f"{loss.mean:.4f}").source
    found = trace(f"{100 * loss.mean:.2f} %")
    assert ("", "") == (found.source, found.elsewhere)


def test_what_an_insight_includes_is_about_its_study(
    tmp_path: Path, context: ReportContext
) -> None:
    """A part that two insights share may speak of either."""
    typed = print_best(context, "neurons")
    part = {"insights/part.md.j2": f"{typed} there."}
    include = '{% include "insights/part.md.j2" %}'
    for slugs in ((SLUG,), (SLUG, "neurons")):
        texts = {name_insight(slug): include for slug in slugs} | part
        templates = Templates(write_templates(tmp_path, texts))
        names = list_prose_templates(context, templates)
        found = find_unsourced_numbers(templates, names, context, make_manifest())
        assert (slugs == (SLUG,)) == bool(found)


def test_chance_bears_out_few_percentages() -> None:
    """Of all percentages with one decimal from 90 to 100, no study bears out one in five.

    The results are those of the report on MNIST; a number may be made up as it likes.
    """
    output = Path(__file__).resolve().parents[2] / "output" / "mnist" / "results.json"
    context = TypeAdapter(ReportContext).validate_json(output.read_bytes())
    sources = Sources(context, load_manifest(find_resource("experiments.toml")))
    typed = [Decimal(each) / 10 for each in range(900, 1001)]
    for study in context.studies:
        plain = {
            (Decimal(repr(each.value)) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
            for each in sources.list_for(name_insight(study.slug))
            if each.is_share and not each.needs
        }
        found = sum(each in plain for each in typed)
        assert 0 < found < len(typed) / 5, study.slug
