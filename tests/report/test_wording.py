import dataclasses
import re
from collections.abc import Mapping
from typing import get_args

import pytest
from markdown_it import MarkdownIt

from mnistreport.analysis.findings import Finding, derive_findings
from mnistreport.analysis.results import LevelSummary, Results, StudySummary
from mnistreport.analysis.statistics import Difference, Interval
from mnistreport.report.insights import FINDING_KINDS
from mnistreport.report.numbers import (
    format_count,
    format_measure,
    format_points,
    format_seconds,
)
from mnistreport.report.wording import (
    Prose,
    capitalise,
    escape_markdown,
    name_level,
    name_levels,
    say_finding,
)
from tests.fake_results import find_study, make_results
from tests.report.reports import LONG_FLOAT, UNPRINTED, leave_seeds_out, rename_study

CLAIMS = re.compile(r"\b(better|worse|beats?|best|outperforms?|superior|wins?)\b", re.IGNORECASE)


def say(study: StudySummary, kind: str) -> str:
    """Return what is said of a study's finding."""
    return say_finding(study, find_finding(study, kind))


def find_finding(study: StudySummary, kind: str) -> Finding:
    """Return a study's finding of one kind."""
    return next(finding for finding in derive_findings(study) if finding.kind == kind)


def change(finding: Finding, **values: object) -> Finding:
    """Return a finding that rests on other values; ``strength`` is its own."""
    strength = values.pop("strength", finding.strength)
    merged: Mapping[str, object] = {**finding.values, **values}
    return dataclasses.replace(finding, strength=strength, values=merged)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def usual() -> Results:
    """Every run finished, three seeds."""
    return make_results()


@pytest.fixture(scope="module")
def every_kind() -> dict[str, str]:
    """A sentence of every kind that some results give, by kind."""
    troubled = make_results(at_chance=[0.001], failed=["dropout"], diverged=[0.5])
    sentences: dict[str, str] = {}
    for results in (make_results(), troubled):
        for study in results.studies:
            for finding in derive_findings(study):
                sentences[finding.kind] = say_finding(study, finding)
    rising = find_study(make_results(), "batch_size")
    levels = rising.levels[:1]
    overfitted = Finding("overfitted", "clear", {"levels": levels, "widest": levels[0]})
    return sentences | {"overfitted": say_finding(rising, overfitted)}


@pytest.mark.parametrize("kind", FINDING_KINDS)
def test_every_kind_has_its_sentence(every_kind: dict[str, str], kind: str) -> None:
    """Each kind that an insight may ask for is said in words, with its numbers formatted."""
    sentence = every_kind[kind]
    assert sentence.endswith(".")
    assert [] == UNPRINTED.findall(sentence)
    assert [] == LONG_FLOAT.findall(sentence)


def test_every_finding_may_be_asked_for(every_kind: dict[str, str]) -> None:
    """The program derives no finding that an insight could not print."""
    assert set(FINDING_KINDS) == set(every_kind)


@pytest.mark.parametrize("kind", sorted(set(FINDING_KINDS) - {"best"}))
def test_only_a_comparison_over_seeds_ranks(every_kind: dict[str, str], kind: str) -> None:
    """No sentence but that on the best level says that one thing is better than another."""
    assert [] == CLAIMS.findall(every_kind[kind])


def test_a_clear_lead_is_called_better_with_its_numbers(usual: Results) -> None:
    """“Better” comes with both accuracies, the difference and its interval, as they are printed."""
    study = find_study(usual, "batch_size")
    best, baseline = study.levels[0], study.baseline
    difference = best.against_baseline
    assert difference is not None
    assert difference.interval is not None
    assert best.summary.accuracy is not None
    assert baseline.summary.accuracy is not None
    expected = (
        f"**Batch size 16 is better than the baseline**: {format_measure(best.summary.accuracy)} "
        f"validation accuracy, {format_points(difference.mean)} against the baseline's "
        f"{format_measure(baseline.summary.accuracy)} (95\u202f% interval "
        f"{format_points(difference.interval.low)} to {format_points(difference.interval.high)}). "
        f"Every other level is clearly below {name_level(study, best)}."
    )
    assert expected == say(study, "best")


def test_a_lead_within_noise_is_not_called_better(usual: Results) -> None:
    """If the interval holds zero, the sentence says so, and claims nothing."""
    study = find_study(usual, "batch_size")
    noise = Difference(0.001, Interval(-0.002, 0.004), 3)
    finding = change(find_finding(study, "best"), difference=noise, strength="within noise")
    sentence = say_finding(study, finding)
    assert "its lead is within noise" in sentence
    assert [] == CLAIMS.findall(sentence)


def test_one_seed_shows_nothing() -> None:
    """With one seed nothing is better, nothing is tied and nothing is clearly below."""
    for study in make_results((0,)).studies:
        sentence = say(study, "best")
        assert "one seed cannot show whether it is better than the baseline." in sentence
        assert ["better"] == CLAIMS.findall(sentence)
        assert "clearly" not in sentence
        assert "±" not in sentence


def test_an_unfinished_baseline_is_not_compared_with() -> None:
    """Where the baseline lacks a seed, the sentence does not hold the best level against it."""
    for seeds in ((0, 1, 2), (1,)):
        results = make_results(missing=leave_seeds_out([0.01], seeds))
        sentence = say(find_study(results, "neurons"), "best")
        assert "the baseline did not finish" in sentence
        assert [] == CLAIMS.findall(sentence)


def test_unfinished_levels_are_not_clearly_below() -> None:
    """“Every other level” counts only what can be compared."""
    some = make_results(missing=leave_seeds_out([256], [0, 1, 2]))
    only = make_results(missing=leave_seeds_out([0.01, 256, 1024], [0, 1, 2]))
    assert say(find_study(some, "batch_size"), "best").endswith(
        "Every other level that finished is clearly below batch size 16."
    )
    assert "below" not in say(find_study(only, "batch_size"), "best")


def test_ties_are_named(usual: Results) -> None:
    """Levels that the best one does not clearly beat are told."""
    study = find_study(usual, "learning_rate")
    sentence = say(study, "best")
    assert sentence.endswith("Learning rate 0.5 is not clearly different from learning rate 0.1.")


def test_the_spread_is_held_against_the_noise(usual: Results) -> None:
    """The span of the levels comes with the baseline's standard deviation as a measure."""
    study = find_study(usual, "learning_rate")
    values = find_finding(study, "spread").values
    spread, noise = values["spread"], values["noise"]
    assert isinstance(spread, float)
    assert isinstance(noise, float)
    assert (
        f"span {format_points(spread, signed=False)}; the standard deviation of the baseline over "
        f"its seeds is {format_points(noise, signed=False)}."
    ) in say(study, "spread")


@pytest.mark.parametrize(
    ("noise", "end"),
    [
        (None, "; there is no noise floor to hold that against."),
        (0.0, "the baseline's seeds all ended at the same accuracy."),
        (0.01, "; the standard deviation of the baseline over its seeds is 1.00\u202fpp."),
    ],
)
def test_the_spread_without_noise(usual: Results, noise: float | None, end: str) -> None:
    """No seed to compare with, no noise, and some each have their words."""
    study = find_study(usual, "learning_rate")
    finding = change(find_finding(study, "spread"), spread=0.015, noise=noise)
    assert say_finding(study, finding).endswith(end)


@pytest.mark.parametrize(
    ("strength", "words"),
    [
        ("clear", "they do not simply add up"),
        ("within noise", "no interaction between them stands out from the noise"),
        ("too few seeds", "one seed cannot show whether they interact"),
    ],
)
def test_the_interaction_follows_its_strength(usual: Results, strength: str, words: str) -> None:
    """Two switches interact only if the seeds show it."""
    study = find_study(usual, "dropout_layer_norm")
    assert words in say_finding(
        study, change(find_finding(study, "interaction"), strength=strength)
    )


def test_an_effect_within_noise_says_so(usual: Results) -> None:
    """A switch whose interval holds zero is not passed off as an effect."""
    study = find_study(usual, "dropout_layer_norm")
    finding = find_finding(study, "interaction")
    doubtful = Difference(0.001, Interval(-0.001, 0.003), 3)
    sure = Difference(0.003, Interval(0.001, 0.005), 3)
    sentence = say_finding(study, change(finding, first_effect=doubtful, second_effect=sure))
    assert 1 == sentence.count("within noise)")


def test_counts_and_times_are_those_of_the_runs(usual: Results) -> None:
    """Updates and training times are the summaries' own."""
    study = find_study(usual, "batch_size")
    few, many = study.levels[-1], study.levels[0]
    updates, cost = say(study, "updates"), say(study, "cost")
    for level in (few, many):
        assert level.summary.updates is not None
        assert level.summary.duration_seconds is not None
        name = name_level(study, level)
        assert f"{format_count(level.summary.updates)}" in updates
        assert f"{format_seconds(level.summary.duration_seconds.mean)} ({name})" in cost


def test_numbers_do_not_run_together(usual: Results) -> None:
    """A level's value is never followed by another number with nothing but a space between."""
    assert [] == re.findall(r"\d \d", say(find_study(usual, "batch_size"), "updates"))


def test_unfinished_levels_are_listed_with_their_runs() -> None:
    """Each level that lacks runs is named with how many it has."""
    results = make_results(missing={0.1: [2]}, failed=[0.5])
    expected = (
        "Left out of every comparison: learning rate 0.1 (2 of 3 runs finished) and "
        "learning rate 0.5 (0 of 3 runs finished)."
    )
    assert expected == say(find_study(results, "learning_rate"), "unfinished")


def test_levels_are_named_as_a_reader_calls_them(usual: Results) -> None:
    """Counts stand before what they count, other values after their factor."""
    named = {study.study.slug: name_levels(study, study.levels[:2]) for study in usual.studies}
    assert {
        "learning_rate": "learning rate 0.001 and 0.01",
        "batch_size": "batch size 16 and 64",
        "neurons": "32 and 64 neurons per hidden layer",
        "hidden_layers": "2 and 3 hidden layers",
        "dropout_layer_norm": "“neither” and “dropout”",
    } == named


def test_labels_are_said_as_they_are_written(usual: Results) -> None:
    """A label keeps its capitals and its stars, whatever Markdown makes of them elsewhere."""
    study = find_study(usual, "dropout_layer_norm")
    labels = ["ReLU", "a *b* _c_", "[x](https://example.org)", "`Adam` & <b>"]
    renamed = rename_study(study, study.study.title, labels)
    best: LevelSummary = renamed.levels[-1]
    html = MarkdownIt("commonmark", {"html": False}).render(say(renamed, "best"))
    assert best is renamed.best
    assert "“`Adam` &amp; &lt;b&gt;” is better than the baseline" in html
    assert "“a *b* _c_”" in html
    assert "<a " not in html


@pytest.mark.parametrize(
    "text",
    [
        "plain", "*a*", "**a**", "_a_", "a_b_c", "`a`", "[a](b)", "![a](b)", "<b>", "<http://a.b>",
        "&lt;", "# a", "- a", "+ a", "1. a", "1) a", "> a", "a | b", "~~a~~", "\\*a", "a\\", "===",
        "\u202fa\u00a0% ± 0.1", "--- ", "“ä”", "",
    ],
)  # fmt: skip
def test_escaped_text_shows_as_it_is(text: str) -> None:
    """Whatever a name is, as Markdown it shows as the same characters, and makes no element."""
    [paragraph, *more] = MarkdownIt("commonmark", {"html": False}).enable("table").parse(
        f"x\n\n{escape_markdown(text)}"
    )[3:] or [None]
    shown = ""
    if paragraph is not None:
        assert "paragraph_open" == paragraph.type
        children = more[0].children or []
        assert {"text", "text_special"} >= {child.type for child in children}
        shown = "".join(child.content for child in children)
    assert text.strip() == shown.strip()


def test_capitals_elsewhere_stay() -> None:
    """Only the first letter is changed."""
    assert "Network “MyNet”" == capitalise("network “MyNet”")
    assert "" == capitalise("")


def test_sentences_are_marked_as_markdown(usual: Results) -> None:
    """A template prints them as they are, where it would escape a name."""
    study = usual.studies[0]
    sentence = say(study, "best")
    assert isinstance(sentence, Prose)
    assert 3 == len(get_args(Finding.__annotations__["strength"]))
