"""A claim about what did not finish does not hold, whatever its condition makes of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistreport.errors import TemplateError
from mnistreport.report.claims import Claim
from mnistreport.report.context import make_context
from mnistreport.report.document import render_all_prose
from mnistreport.report.insights import common_values, name_insight, render_insight
from mnistreport.report.template_engine import Engine
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext
from tests.fake_results import import_runs, make_results
from tests.report.reports import find_view, leave_seeds_out, make_material, write_templates

SLUG = "learning_rate"
NONE, SOME, ALL = 'level("0.5")', 'level("0.001")', 'level("0.1")'
WHY = {
    NONE: "learning rate 0.5 did not finish: 0 of 3 seeds",
    SOME: "learning rate 0.001: 1 of 3 seeds finished",
}

Ask = Callable[[str], list[Claim]]


@pytest.fixture(scope="module")
def gaps() -> ReportContext:
    """Results in which learning rate 0.5 diverged, and 0.001 finished on one seed of three."""
    missing = leave_seeds_out([0.001], (1, 2))
    return make_context(make_material(make_results(diverged=[0.5], missing=missing)))


@pytest.fixture
def ask(tmp_path: Path, gaps: ReportContext) -> Ask:
    """Return the claims that an insight of that study makes."""
    common = common_values(gaps, str)

    def ask(text: str) -> list[Claim]:
        project = write_templates(tmp_path, {name_insight(SLUG): text})
        passage = render_insight(Templates(project), common, find_view(gaps, SLUG))
        return list(passage.claims)

    return ask


CONDITIONS = (
    "not ({}.variant.validation_accuracy.mean > 0.95)",
    "{}.variant.validation_accuracy.mean not in [0.9]",
    "{}.variant.validation_accuracy.mean != 0.9",
    "not {}.variant.overfitted",
    "not {}.variant.at_chance or false",
    "true and not {}.variant.still_learning",
    "{}.verdict != 'better'",
    "{}.verdict not in ['better', 'worse']",
    "not {}.is_best",
    "{}.against_baseline is none",
    "not {}.against_baseline",
    "{}.p_adjusted is none or {}.p_adjusted > 0.05",
    "{}.variant.validation_accuracy is defined",
    "{}.variant.validation_accuracy.mean is not defined",
    "not ({}.variant.validation_accuracy.mean | round(2) > 0.95)",
    "{}.variant.gap | string != 'x'",
    "({}.variant | attr('overfitted')) == false",
    "[{}] | selectattr('variant.overfitted') | list == []",
    "[{}] | map(attribute='variant.validation_accuracy.mean') | list != []",
    "{}.variant['overfitted'] == false",
    "(1 if {}.variant.overfitted else 0) == 0",
    "{} != study.best",
    "{}.runs[2].validation_accuracy is none",
    "not (0.9 < {}.variant.validation_accuracy.mean < 0.9001)",
    "{}.variant.validation_accuracy.mean < 2 or true",
)


@pytest.mark.parametrize("level", [NONE, SOME])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_did_not_finish_bears_nothing_out(ask: Ask, condition: str, level: str) -> None:
    """Not, or, in, filters, tests: none of them makes a missing value hold; the reason is told."""
    [claim] = ask(f"{{% claim {condition.replace('{}', level)} %}}a{{% endclaim %}}")
    assert not claim.holds
    if "runs" not in condition:
        assert WHY[level] in claim.refutation
        assert claim.refutation.startswith("Not borne out by the results: learning rate")


@pytest.mark.parametrize(
    "condition",
    ["verdict != 'better'", "verdict not in ['better', 'ahead']", "against_baseline is none"],
)
def test_nothing_is_known_against_a_baseline_that_did_not_finish(
    tmp_path: Path, condition: str
) -> None:
    """A level that finished has no verdict then, and no claim about one holds."""
    context = make_context(make_material(make_results(diverged=[0.01])))
    text = f"{{% claim {ALL}.{condition} %}}a{{% endclaim %}}"
    templates = Templates(write_templates(tmp_path, {name_insight(SLUG): text}))
    [claim] = render_insight(
        templates, common_values(context, str), find_view(context, SLUG)
    ).claims
    assert "baseline not finished" == find_view(context, SLUG).levels[2].verdict
    assert not claim.holds
    assert claim.missing


@pytest.mark.parametrize(
    ("condition", "holds"), [("verdict != 'better'", False), ("verdict == 'not comparable'", True)]
)
def test_nothing_is_known_against_a_baseline_of_another_origin(
    tmp_path: Path,
    condition: str,
    holds: bool,  # noqa: FBT001 - a table
) -> None:
    """A level of imported runs is not compared with a baseline that was trained here."""
    results = import_runs(make_results(), {0.1: (0, 1, 2)})
    context = make_context(make_material(results))
    text = f"{{% claim {ALL}.{condition} %}}a{{% endclaim %}}"
    templates = Templates(write_templates(tmp_path, {name_insight(SLUG): text}))
    [claim] = render_insight(
        templates, common_values(context, str), find_view(context, SLUG)
    ).claims
    assert holds == claim.holds


@pytest.mark.parametrize("condition", [each for each in CONDITIONS if "runs" not in each])
def test_what_finished_is_not_missing(ask: Ask, condition: str) -> None:
    """The same conditions about a level that finished are decided by its values."""
    claims = ask(f"{{% claim {condition.replace('{}', ALL)} %}}a{{% endclaim %}}")
    assert () == claims[0].missing


def test_the_values_that_are_missing_are_named(ask: Ask) -> None:
    """A reader sees what was asked for, of which level, and why it is not there."""
    words = "{% claim C and D %}a{% endclaim %}"
    some, none = (
        f"not ({each}.variant.validation_accuracy.mean > 2) and not {each}.variant.overfitted"
        for each in (SOME, NONE)
    )
    [claim] = ask(words.replace("C", some).replace("D", none))
    said = claim.refutation
    assert f"{WHY[SOME]} (of too few seeds: validation_accuracy, overfitted)" in said
    [claim] = ask(words.replace("C and D", none))
    assert f"{WHY[NONE]} (missing: validation_accuracy" in claim.refutation
    assert f"{NONE}.variant.validation_accuracy.mean is not there." in claim.refutation


SETS = (
    "{% set x = {}.variant.overfitted %}{% claim not x %}a{% endclaim %}",
    "{% set x = {}.variant.validation_accuracy.mean %}{% claim not (x > 2) %}a{% endclaim %}",
    "{% set x = {}.variant %}{% claim not x.overfitted %}a{% endclaim %}",
    "{% set x = {}.variant.overfitted %}{% set y = not x %}{% claim y %}a{% endclaim %}",
    "{% set x, y = {}.variant.overfitted, 1 %}{% claim not x %}a{% endclaim %}",
    (
        "{% set x %}{{ 1 if {}.variant.overfitted else 0 }}{% endset %}"
        "{% claim x == '0' %}a{% endclaim %}"
    ),
    "{% with x = {}.variant.overfitted %}{% claim not x %}a{% endclaim %}{% endwith %}",
    "{% for x in [{}.variant.overfitted] %}{% claim not x %}a{% endclaim %}{% endfor %}",
    "{% for x in [{}] %}{% claim not x.variant.overfitted %}a{% endclaim %}{% endfor %}",
    (
        "{% for x in [{}] | map(attribute='variant.overfitted') %}"
        "{% claim not x and loop.last %}a{% endclaim %}{% endfor %}"
    ),
    "{% for x, y in [({}.variant.overfitted, 1)] %}{% claim not x %}a{% endclaim %}{% endfor %}",
    "{% for x in [{}.variant.overfitted] recursive %}{% claim not x %}a{% endclaim %}{% endfor %}",
    (
        "{% set x = false %}{% if {}.variant.overfitted %}{% set x = true %}{% endif %}"
        "{% claim not x %}a{% endclaim %}"
    ),
    (
        "{% if {}.variant.overfitted %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}"
        "{% claim x == 2 %}a{% endclaim %}"
    ),
    (
        "{% if false %}{% elif {}.variant.overfitted %}{% else %}{% set x = 2 %}{% endif %}"
        "{% claim x == 2 %}a{% endclaim %}"
    ),
    (
        "{% set n = namespace(ok=true) %}{% for l in study.levels %}{% if l.variant.overfitted %}"
        "{% set n.ok = false %}{% endif %}{% endfor %}{% claim n.ok %}a{% endclaim %}"
    ),
    (
        "{% set n = namespace(ok=true) %}{% for l in study.levels if l.variant.overfitted %}"
        "{% set n.ok = false %}{% endfor %}{% claim n.ok %}a{% endclaim %}"
    ),
    (
        "{% set n = namespace(ok=true) %}{% set n.ok = not {}.variant.overfitted %}"
        "{% claim n.ok %}a{% endclaim %}"
    ),
    "{% macro m(x) %}{% claim not x %}a{% endclaim %}{% endmacro %}{{ m({}.variant.overfitted) }}",
    (
        "{% macro m(x) %}{% if x.variant.overfitted %}1{% endif %}{% endmacro %}"
        "{% claim m({}) != '1' %}a{% endclaim %}"
    ),
    (
        "{% macro m() %}{{ caller() }}{% endmacro %}{% set x = {}.variant.overfitted %}"
        "{% call m() %}{% claim not x %}a{% endclaim %}{% endcall %}"
    ),
    (
        "{% macro m(y) %}{% claim not y %}a{% endclaim %}{{ caller() }}{% endmacro %}"
        "{% call m({}.variant.overfitted) %}{% endcall %}"
    ),
    "{% set x = {}.variant.overfitted %}{% include 'insights/part.md.j2' %}",
    (
        "{% set n = {} %}{% import 'insights/made.md.j2' as made with context %}"
        "{% claim not made.x %}a{% endclaim %}"
    ),
    (
        "{% set n = {} %}{% from 'insights/made.md.j2' import x with context %}"
        "{% claim not x %}a{% endclaim %}"
    ),
)
PARTS = {
    "insights/part.md.j2": "{% claim not x %}a{% endclaim %}",
    "insights/made.md.j2": "{% set x = n.variant.overfitted %}",
}


@pytest.mark.parametrize("level", [SOME, NONE])
@pytest.mark.parametrize("text", SETS)
def test_a_variable_brings_along_what_is_missing(
    ask: Ask, tmp_path: Path, text: str, level: str
) -> None:
    """Whatever a template sets and however it hands it on, a claim about it does not hold."""
    write_templates(tmp_path, PARTS)
    [claim] = ask(text.replace("{}", level))
    assert not claim.holds
    assert WHY[level] in claim.refutation


@pytest.mark.parametrize("text", [each for each in SETS if "study.levels" not in each])
def test_a_variable_of_a_level_that_finished_is_sound(ask: Ask, tmp_path: Path, text: str) -> None:
    """The same texts about a level that finished hold, also after others were looked at."""
    write_templates(tmp_path, PARTS)
    before = f"{{% if {NONE}.variant.overfitted %}}b{{% endif %}}{{% set z = {SOME}.verdict %}}"
    claims = ask(before + text.replace("{}", ALL))
    assert [(True, ())] == [(claim.holds, claim.missing) for claim in claims]


@pytest.mark.parametrize(
    "start",
    [
        "{% for l in study.levels %}",
        "{% for l in study.levels if l.variant.validation_accuracy %}",
        "{% for l in study.levels if l.variant.complete or loop is undefined %}",
        "{% for l in study.levels | sort(attribute='label') %}",
    ],
)
def test_a_loop_holds_each_level_to_account_for_itself(ask: Ask, start: str) -> None:
    """A level that did not finish spoils no claim about the next one, nor a later variable."""
    body = "{% set x = l.variant.at_chance %}{% claim not x and loop.index > 0 %}"
    text = f"{start}{body}{{{{ l.label }}}}{{% endclaim %}}{{% endfor %}}"
    claims = ask(text + "{% set x = 1 %}{% claim x == 1 %}after{% endclaim %}")
    held = {claim.words: claim.holds for claim in claims}
    complete = {"0.01": True, "0.1": True, "after": True}
    assert complete.items() <= held.items()
    assert not any(held.get(words) for words in ("0.001", "0.5"))


@pytest.mark.parametrize(
    "condition",
    [
        "level('0.5').variant.complete == false",
        "not level('0.001').variant.complete",
        "level('0.5').variant.finished == 0",
        "level('0.001').variant.finished < level('0.001').variant.planned",
        "level('0.5').variant.trouble",
        "study.unfinished",
        "study.unfinished | length == 2",
        "study.unfinished | map(attribute='label') | list == ['0.001', '0.5']",
        "level('0.5') in study.unfinished",
        "level('0.5').verdict == 'not finished'",
        "level('0.5').verdict in ['worse', 'not finished']",
        "study.levels | selectattr('verdict', 'equalto', 'not finished') | list | length == 2",
        "level('0.5').runs | map(attribute='status') | unique | list == ['diverged']",
        "level('0.5').name == 'learning rate 0.5'",
        "level('0.5').value > 0.4 and not level('0.5').is_baseline",
        "finding('unfinished')",
        "study.best.label == '0.1'",
        "study.best.variant.validation_accuracy.mean > 0.9",
        "study.best.label == '0.1' or not level('0.5').variant.overfitted",
        "report.trimmed is none and study.factor is not none",
    ],
)
def test_it_can_be_said_that_something_did_not_finish(ask: Ask, condition: str) -> None:
    """What speaks of completeness is never missing, nor is what was not looked at."""
    if condition.endswith("trouble") or condition.startswith("finding"):
        condition = f"{condition} != ''"
    [claim] = ask(f"{{% claim {condition} %}}a{{% endclaim %}}")
    assert (True, ()) == (claim.holds, claim.missing)


@pytest.mark.parametrize("kind", ["overfitted", "at_chance"])
def test_a_finding_that_is_absent_says_nothing_of_what_did_not_finish(
    ask: Ask, gaps: ReportContext, kind: str
) -> None:
    """That no level is found to overfit is no statement about one that diverged."""
    assert kind not in {each.kind for each in find_view(gaps, SLUG).findings}
    [claim] = ask(f"{{% claim not finding('{kind}') %}}a{{% endclaim %}}")
    assert not claim.holds
    assert f"{WHY[NONE]} (missing: finding {kind})" in claim.refutation


@pytest.mark.parametrize("condition", ["!= 'better'", "not in ['better', 'worse']", "!= 'x'"])
def test_without_a_baseline_there_is_no_verdict(tmp_path: Path, condition: str) -> None:
    """A level that finished is neither better nor worse than a baseline that did not."""
    context = make_context(make_material(make_results(diverged=[0.01], combined=False)))
    text = f"{{% claim level('0.1').verdict {condition} %}}a{{% endclaim %}}"
    project = write_templates(tmp_path, {name_insight(SLUG): text})
    study, common = find_view(context, SLUG), common_values(context, str)
    [claim] = render_insight(Templates(project), common, study).claims
    assert not claim.holds
    assert "the baseline did not finish on every seed (missing: verdict)" in claim.refutation


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_the_best_of_some_models_is_not_the_best(tmp_path: Path, model: str) -> None:
    """Where a winner was not read on the test split, no claim about the best model holds."""
    whole = make_material()
    tested = tuple(each for each in whole.tested if each.winner.model == model)
    text = f"{{% claim report.best.model == '{model}' %}}a{{% endclaim %}}"
    templates = Templates(write_templates(tmp_path, {"sections/conclusion.md.j2": text}))
    for material, holds in ((whole, model == "cnn"), (replace(whole, tested=tested), False)):
        [claim] = render_all_prose(make_context(material), templates).claims
        assert holds == claim.holds
    assert "no test of the" in claim.refutation


def test_a_mistake_in_a_condition_is_still_told(ask: Ask) -> None:
    """A name that does not exist is an error, and no claim that does not hold."""
    for condition in (f"not {NONE}.variant.overfited", 'level("9").is_best', "not studdy"):
        with pytest.raises(TemplateError):
            ask(f"{{% claim {condition} %}}a{{% endclaim %}}")


def test_the_baselines_of_models_have_names(gaps: ReportContext, tmp_path: Path) -> None:
    """Where a claim of a section asks for a baseline that did not finish, it is said which."""
    unfinished = make_results(diverged=[0.01], combined=False)
    context = make_context(make_material(unfinished))
    text = "{% claim not report.models[0].baseline.overfitted %}a{% endclaim %}"
    text += "{% claim study is undefined and not report.studies[0].span > 2 %}b{% endclaim %}"
    templates = Templates(write_templates(tmp_path, {"sections/conclusion.md.j2": text}))
    first, second = render_all_prose(context, templates).claims
    assert "baseline of the feedforward network did not finish: 0 of 3 seeds" in first.refutation
    assert second.holds
    assert gaps is not context


# --- Whatever the expression --------------------------------------------------------------------

VALUES = st.sampled_from(
    [
        f"{level}.{name}"
        for level in (NONE, SOME)
        for name in (
            "variant.overfitted",
            "variant.validation_accuracy",
            "variant.validation_accuracy.mean",
            "variant.best_epoch",
            "verdict",
            "is_best",
            "p_adjusted",
            "against_baseline",
        )
    ]
)
OTHERS = st.sampled_from(
    ["1", "0.5", '"a"', "true", "none", "[1]", "study.best.label", "study.span", "{}", "missing"]
)
OPERATORS = st.sampled_from(
    [
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "**",
        "~",
        "==",
        "!=",
        "<",
        "<=",
        ">",
        "in",
        "and",
        "or",
        "not in",
    ]
)
FILTERS = st.sampled_from(
    [
        *("round(1)", "string", "list", "length", "default(1)", "default(1, true)", "percent"),
        *("float", "first", "abs", "select", "map('string')", "batch(2)", "attr('mean')", "tojson"),
    ]
)
TESTS = st.sampled_from(
    ["defined", "none", "number", "true", "divisibleby(2)", "in [1]", "sameas(1)"]
)
TOUCHING = st.recursive(
    VALUES,
    # What touches a missing value stands where it is looked at first, whatever stands elsewhere.
    lambda inner: (
        st.tuples(inner, OPERATORS, OTHERS).map("({0[0]}) {0[1]} ({0[2]})".format)
        | inner.map("not ({})".format)
        | inner.map("-({})".format)
        | inner.map("[({})]".format)
        | st.tuples(inner, FILTERS).map("(({0[0]}) | {0[1]})".format)
        | st.tuples(inner, TESTS).map("({0[0]}) is {0[1]}".format)
        | st.tuples(inner, TESTS).map("({0[0]}) is not {0[1]}".format)
        | st.tuples(inner, OTHERS).map("({0[1]}) not in [({0[0]})]".format)
        | st.tuples(inner, OTHERS, OTHERS).map("({0[1]}) if ({0[0]}) else ({0[2]})".format)
    ),
    max_leaves=5,
)
AROUND = st.sampled_from(
    [
        "{{% claim {} %}}a{{% endclaim %}}",
        "{{% set x = {} %}}{{% claim x %}}a{{% endclaim %}}",
        "{{% set x = {} %}}{{% claim not x %}}a{{% endclaim %}}",
        "{{% for y in [{}] %}}{{% claim y or not y %}}a{{% endclaim %}}{{% endfor %}}",
        "{{% set x %}}{{% if {} %}}{{% endif %}}{{% endset %}}{{% claim not x %}}a{{% endclaim %}}",
        "{{% if {} %}}{{% set x = 1 %}}{{% endif %}}{{% claim x is defined %}}a{{% endclaim %}}",
        "{{% macro m(x) %}}{{% claim x != 7 %}}a{{% endclaim %}}{{% endmacro %}}{{{{ m({}) }}}}",
    ]
)


@given(TOUCHING, AROUND)
def test_whatever_touches_a_missing_value_does_not_hold(
    gaps: ReportContext, condition: str, around: str
) -> None:
    """No expression makes a claim hold that rests on a run that did not finish.

    Beyond the claim itself, what cannot be computed is the mistake that it always was.
    """
    study = find_view(gaps, SLUG)
    text = around.format(condition)
    engine = Engine(lambda _name: (text, "a.md.j2"))
    values = {"study": study, "level": {each.label: each for each in study.levels}.get}
    try:
        claims = engine.draft("a.md.j2", values).claims
    except TemplateError:
        assert not around.startswith("{{% claim") or "missing" in condition
        return
    assert claims
    assert [False] * len(claims) == [claim.holds for claim in claims], text
