"""What a person gives a filter, and what it prints."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from mnistreport.errors import TemplateError
from mnistreport.report.context import make_context
from mnistreport.report.document import outline_document
from mnistreport.report.filters import FILTERS
from mnistreport.report.insights import common_values, name_insight, render_insight
from mnistreport.report.lookups import References
from mnistreport.report.material import Material
from mnistreport.report.numbers import format_p, format_percent, format_points, format_seconds
from mnistreport.report.sentences import FINDING_KINDS
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from tests.fake_results import make_results
from tests.report.reports import find_view, make_material, read_page, write_templates

SLUG = "learning_rate"
README = Path(__file__).resolve().parents[2] / "README.md"

Say = Callable[[str], str]


@pytest.fixture
def say(tmp_path: Path, context: ReportContext) -> Say:
    """Return what an insight about the learning rate says."""
    return make_say(tmp_path, context)


def make_say(folder: Path, context: ReportContext) -> Say:
    """Return what renders insights about the learning rate in a report."""
    outline = outline_document(context)
    common = common_values(context, References(outline.figures, outline.tables))

    def say(text: str) -> str:
        project = write_templates(folder, {name_insight(SLUG): text})
        study = find_view(context, SLUG)
        return read_page(render_insight(Templates(project), common, study).html).text

    return say


def plain(text: str) -> str:
    """Return a text with plain spaces."""
    return " ".join(text.split())


def test_a_difference_and_a_measure_are_numbers(say: Say, context: ReportContext) -> None:
    """What has a mean is printed by it, whole or as ``.mean``."""
    best = find_view(context, SLUG).best
    assert best is not None
    assert best.against_baseline is not None
    variant = best.variant
    assert variant.validation_accuracy is not None
    assert variant.duration_seconds is not None
    for whole, printed in {
        "against_baseline | points": format_points(best.against_baseline.mean),
        "against_baseline | points(1)": format_points(best.against_baseline.mean, 1),
        "against_baseline | measure": format_points(best.against_baseline.mean),
        "variant.validation_accuracy | percent": format_percent(variant.validation_accuracy.mean),
        "variant.duration_seconds | seconds": format_seconds(variant.duration_seconds.mean),
        "p_adjusted | p": format_p(best.p_adjusted or 0),
    }.items():
        assert plain(printed) == say(f"{{{{ study.best.{whole} }}}}")
    both = "{{ study.best.variant.gap | points }} {{ study.best.variant.gap.mean | points }}"
    whole, _, mean = say(both).partition(" pp ")
    assert f"{whole} pp" == mean


def test_a_comparison_of_a_finding_is_a_number() -> None:
    """What two switches do together is a difference, too, with a p-value of its own."""
    comparison = make_material().results.studies[0].levels[0].against_baseline
    assert comparison is not None
    assert format_points(comparison.difference.mean) == FILTERS["points"](comparison)
    assert comparison.p_adjusted is not None
    assert format_p(comparison.p_adjusted) == FILTERS["p"](comparison)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("study.best.variant.validation_loss | percent", "this is a loss: print it with | loss"),
        ("study.best.against_baseline | percent", "print it with | points, not with | percent"),
        ("study.best.variant.validation_accuracy | points", "print it with | percent"),
        ("study.best.variant.validation_accuracy | count", "not with | count"),
        ("study.best.against_baseline | p", "level.p_adjusted | p"),
        ("study.baseline.against_baseline | points", "nothing is there, as of runs"),
        ("study.baseline.p_adjusted | p", "nothing is there, as of runs"),
        ("none | measure", "nothing is there, as of runs"),
        ("0.5 | measure", "print one number with | percent"),
        ("study.best | percent", "cannot print a LevelView"),
        ("study.best.is_best | percent", "cannot print a bool"),
        ("study.best.variant.gapp | points", "did you mean gap"),
    ],
)
def test_what_a_filter_cannot_print_is_told(say: Say, expression: str, said: str) -> None:
    """With the line, and what to write instead; a loss is never printed as a percentage."""
    with pytest.raises(TemplateError) as caught:
        say(f"a\n{{{{ {expression} }}}}")
    [problem] = caught.value.problems
    assert 2 == problem.line
    assert said in f"{problem.reason}; {problem.next_step}"


def list_examples() -> list[str]:
    """Return every piece of a template that README.md shows, made whole."""
    blocks = MarkdownIt("commonmark").enable("table").parse(README.read_text("utf-8"))
    examples = [token.content for token in blocks if token.info == "jinja"]
    heads = [token.content for token in blocks if token.type == "inline"]
    rows = heads[heads.index("in an insight") : heads.index("finding")]
    spans = [span for row in rows[::2] for span in re.findall(r"`([^`]+)`", row)]
    owner = ""
    for span in (each.replace(r"\|", "|") for each in spans):
        if span.startswith("{"):
            examples.append(span)
        elif span.startswith("|"):
            of = {"| points": "against_baseline", "| loss": "variant.validation_loss"}
            of |= {"| seconds": "variant.duration_seconds", "| count": "variant.updates"}
            of |= {"| p": "p_adjusted"}
            value = of.get(span, "variant.validation_accuracy")
            examples.append(f"{{{{ study.best.{value} {span} }}}}")
        else:
            owner = owner if span.startswith(".") else span.rpartition(".")[0]
            name = f"{owner}{span}" if span.startswith(".") else span
            name = re.sub(r"^level\.", 'level("0.1").', name)
            examples.append(f'{{{{ "there" if ({name}) is defined }}}}')
    return examples


def test_the_examples_of_the_readme_are_found() -> None:
    """An insight as a whole, every filter, and what a study and a level have."""
    examples = "\n".join(list_examples())
    assert len(list_examples()) > 25
    for name in ("percent", "points", "loss", "seconds", "count", "p", "measure"):
        assert f"| {name} }}}}" in examples
    for name in ("against_baseline", "p_adjusted", "noise_floor", "gap", "best_epoch"):
        assert name in examples


@pytest.mark.parametrize("example", list_examples())
def test_what_the_readme_shows_can_be_written(tmp_path: Path, example: str) -> None:
    """Each example of a template gives words beside a small result, and no error."""
    context = make_context(make_material(make_results((0, 1), epochs=3), seeds=(0, 1), epochs=3))
    said = make_say(tmp_path, context)(example.replace("…", "Words."))
    assert said
    assert "{" not in said


def test_the_readme_lists_every_finding(context: ReportContext, material: Material) -> None:
    """Its table of findings names each kind, and none that there is not."""
    del context, material
    text = README.read_text("utf-8")
    table = text[text.index("| finding | says |") :].split("\n\n")[0]
    names = [each for row in table.splitlines()[2:] for each in re.findall(r"`(\w+)`", row)]
    assert sorted(FINDING_KINDS) == sorted(names)
