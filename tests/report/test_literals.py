import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mnistreport.errors import TemplateError
from mnistreport.report.document import list_prose_templates, render_all_prose
from mnistreport.report.insights import common_values, name_insight, render_insight
from mnistreport.report.literals import find_unsourced_numbers
from mnistreport.report.material import Material
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
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
        chance_loss=-0.0312,
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
        "{{ 77.7 }} {{ '88.8' }} {% set x = 99.9 %} {# 77.7 #}",
        "{% claim study.span > 77.7 %}a{% endclaim %}",
        '{{ mine("97.3 %") }} {{ mine("88.8") }}',
    ],
)
def test_what_is_no_number_of_the_results_is_left_alone(sparse: Find, text: str) -> None:
    """Years, small counts, headings, list numbers, words, code, addresses, dates, and one's own."""
    assert [] == sparse(text)


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
        f"{level.label} 512 {level.variant.parameters:,} {level.variant.updates:,} "
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
