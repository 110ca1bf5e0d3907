import dataclasses
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from mnistreport.analysis.comparisons import Comparison
from mnistreport.analysis.findings import Finding, derive_findings
from mnistreport.analysis.results import LevelSummary, Results, StudySummary
from mnistreport.analysis.statistics import Difference, Interval
from mnistreport.report.numbers import (
    format_count,
    format_measure,
    format_p,
    format_points,
    format_seconds,
)
from mnistreport.report.sentences import FINDING_KINDS, name_evidence, say_finding, say_headline
from mnistreport.report.wording import Prose, name_level
from tests.fake_results import find_study, import_runs, make_results
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
    """Every sentence that some results give, by kind, those of a kind together."""
    troubled = make_results(at_chance=[0.001], failed=["dropout"], diverged=[0.5])
    sentences: dict[str, str] = {}
    imported = import_runs(make_results(), {0.1: [0], 64: (0, 1, 2), "both": (0, 1, 2)})
    for results in (make_results(), troubled, imported):
        for study in results.studies:
            for finding in derive_findings(study):
                said = say_finding(study, finding)
                sentences[finding.kind] = f"{sentences.get(finding.kind, '')} {said}".strip()
    rising = find_study(make_results(), "batch_size")
    levels = rising.levels[:1]
    values = {"opened": 7, "rise": 0.123456, "gap_then": 0.01, "gap_end": 0.02}
    overfitted = Finding("overfitted", "clear", {"levels": levels, "worst": levels[0]} | values)
    return sentences | {"overfitted": say_finding(rising, overfitted)}


def settle(finding: Finding) -> Finding:
    """Return a finding as if nobody had still been learning."""
    return change(finding, unsettled=())


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
    """“Better” comes with accuracies, difference, interval and p-value, as they are printed."""
    study = find_study(usual, "batch_size")
    best, baseline = study.levels[0], study.baseline
    comparison = best.against_baseline
    assert comparison is not None
    assert comparison.difference.interval is not None
    assert comparison.p_adjusted is not None
    assert best.summary.accuracy is not None
    assert baseline.summary.accuracy is not None
    low, high = comparison.difference.interval.low, comparison.difference.interval.high
    expected = (
        f"**Batch size 16 is better than the baseline**: {format_measure(best.summary.accuracy)} "
        f"validation accuracy, {format_points(comparison.difference.mean)} against the baseline’s "
        f"{format_measure(baseline.summary.accuracy)} (95\u202f% interval {format_points(low)} to "
        f"{format_points(high)}, corrected {format_p(comparison.p_adjusted)}). "
        f"Every other level is clearly below {name_level(study, best)}."
    )
    assert expected == say_finding(study, settle(find_finding(study, "best")))


def test_who_still_learns_is_ahead_and_not_better(usual: Results) -> None:
    """While validation loss still falls, a lead is one in speed."""
    study = find_study(usual, "batch_size")
    finding = find_finding(study, "best")
    sentence = say_finding(study, finding)
    assert "**Batch size 16 is ahead of the baseline after 20 epochs**" in sentence
    assert "was still falling with batch size 16 and 64, so this is a lead in speed" in sentence
    assert [] == CLAIMS.findall(sentence)
    assert "is ahead of the baseline after 20 epochs, by " in say_headline(study, finding)
    assert "is better than the baseline, by " in say_headline(study, settle(finding))


LEAD = Difference(0.001, Interval(-0.002, 0.004), 3, 0.2)


@pytest.mark.parametrize(
    ("strength", "words", "short"),
    [
        ("within noise", "is within the noise floor of 0.20", "which is within noise."),
        (
            "too few seeds",
            "but three seeds cannot show that it is more than chance.",
            "which three seeds cannot show to be more than chance.",
        ),
    ],
)
def test_a_lead_that_is_not_clear_is_not_called_better(
    usual: Results, strength: str, words: str, short: str
) -> None:
    """A lead within noise, or beyond what so few seeds can show, is called just that."""
    study = find_study(usual, "batch_size")
    comparison = Comparison(LEAD, 0.4, strength)  # type: ignore[arg-type]
    finding = change(find_finding(study, "best"), comparison=comparison, strength=strength)
    sentence = say_finding(study, finding)
    assert words in sentence
    assert "p\u00a0" not in sentence  # and no p-value stands in for seeds
    assert say_headline(study, finding).endswith(short)
    assert [] == CLAIMS.findall(sentence + say_headline(study, finding))


def test_who_did_not_finish_is_not_called_lower() -> None:
    """Where a level lacks runs, the highest mean is that of those that finished."""
    study = find_study(make_results(failed=[3, 4]), "hidden_layers")
    finding = change(
        find_finding(study, "best"), best=study.baseline, comparison=None, ties=(), unsettled=()
    )
    assert "among the levels that finished is the baseline’s own" in say_finding(study, finding)
    assert say_headline(study, finding).startswith("No level that finished has a higher mean")


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
    assert sentence.endswith("Three seeds cannot tell learning rate 0.5 from learning rate 0.1.")


def test_the_spread_is_held_against_the_noise(usual: Results) -> None:
    """The span of the levels comes with the baseline's standard deviation as a measure."""
    study = find_study(usual, "learning_rate")
    values = find_finding(study, "spread").values
    spread, noise = values["spread"], values["noise_floor"]
    assert isinstance(spread, float)
    assert isinstance(noise, float)
    assert (
        f"span {format_points(spread, signed=False)}; the noise floor, the standard deviation of "
        f"the baseline over its seeds, is {format_points(noise, signed=False)}."
    ) in say(study, "spread")


@pytest.mark.parametrize(
    ("noise", "end"),
    [
        (None, "; with one seed there is no noise floor to hold that against."),
        (0.0, "the baseline’s seeds all ended at the same accuracy."),
        (0.01, "of the baseline over its seeds, is 1.00\u202fpp."),
    ],
)
def test_the_spread_without_noise(usual: Results, noise: float | None, end: str) -> None:
    """No seed to compare with, no noise, and some each have their words."""
    study = find_study(usual, "learning_rate")
    finding = change(find_finding(study, "spread"), spread=0.015, noise_floor=noise)
    assert say_finding(study, finding).endswith(end)


@pytest.mark.parametrize(
    ("strength", "words"),
    [
        ("clear", "they do not simply add up"),
        ("within noise", "they add up as far as can be told"),
        ("too few seeds", "three seeds cannot show whether they interact"),
    ],
)
def test_the_interaction_follows_its_strength(usual: Results, strength: str, words: str) -> None:
    """Two switches interact only if the seeds show it."""
    study = find_study(usual, "dropout_layer_norm")
    finding = find_finding(study, "interaction")
    interaction = replace(finding.get("interaction", Comparison), strength=strength)
    assert words in say_finding(study, change(finding, interaction=interaction))


def test_an_effect_that_is_not_clear_says_so(usual: Results) -> None:
    """A switch that changes no more than a seed does is not passed off as an effect."""
    study = find_study(usual, "dropout_layer_norm")
    finding = find_finding(study, "interaction")
    doubtful = Comparison(LEAD, 0.4, "within noise")
    sure = Comparison(Difference(0.003, Interval(0.001, 0.005), 3, 0.01), 0.02, "clear")
    sentence = say_finding(study, change(finding, first_effect=doubtful, second_effect=sure))
    assert "dropout +0.10\u202fpp (within noise)" in sentence
    assert (
        "+0.30\u202fpp (95\u202f% interval +0.10\u202fpp to +0.50\u202fpp, corrected p" in sentence
    )


@pytest.mark.parametrize(
    ("strength", "mean", "words"),
    [
        ("clear", 0.01, "Returns diminish: accuracy changes from 32 to 64 neurons"),
        ("clear", -0.01, "Returns grow: accuracy changes from 32 to 64 neurons"),
        ("within noise", 0.001, "that the two differ is within noise"),
        ("too few seeds", 0.01, "three seeds cannot show that the two differ"),
    ],
)
def test_returns_follow_their_strength(
    usual: Results, strength: str, mean: float, words: str
) -> None:
    """Returns diminish only if the seeds show it."""
    study = find_study(usual, "neurons")
    difference = Difference(mean, Interval(mean - 0.001, mean + 0.001), 3, 0.001)
    comparison = Comparison(difference, 0.001, strength)  # type: ignore[arg-type]
    assert words in say_finding(
        study, change(find_finding(study, "returns"), comparison=comparison)
    )


def test_progress_explains_what_it_does(usual: Results) -> None:
    """Levels whose curves meet once progress is equal, and those whose do not, are told apart."""
    study = find_study(usual, "learning_rate")
    low, _, high, highest = study.levels
    finding = change(find_finding(study, "progress"), explained=(low,), unexplained=(high, highest))
    sentence = say_finding(study, finding)
    assert (
        "So learning rate 0.001 differs from the baseline in how far descent has come" in sentence
    )
    assert "Learning rate 0.1 and 0.5 differ from the baseline in more than how far" in sentence
    one = say_finding(study, change(finding, strength="too few seeds"))
    assert "how far descent has come" not in one


def test_evidence_is_a_figure_and_a_table_of_the_report(usual: Results) -> None:
    """Each finding names the figure and the table that show it."""
    for study in usual.studies:
        slug = study.study.slug
        for finding in derive_findings(study):
            figure, table = name_evidence(study, finding)
            assert figure in {f"{slug}-curves", f"{slug}-factor"}
            assert f"{slug}-levels" == table


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


def test_labels_are_said_as_they_are_written(usual: Results) -> None:
    """A label keeps its capitals and its stars, whatever Markdown makes of them elsewhere."""
    study = find_study(usual, "dropout_layer_norm")
    labels = ["ReLU", "a *b* _c_", "[x](https://example.org)", "`Adam` & <b>"]
    renamed = rename_study(study, study.study.title, labels)
    best: LevelSummary = renamed.levels[-1]
    sentence = say_finding(renamed, settle(find_finding(renamed, "best")))
    html = MarkdownIt("commonmark", {"html": False}).render(sentence)
    assert best is renamed.best
    assert "“`Adam` &amp; &lt;b&gt;” is better than the baseline" in html
    assert "“a *b* _c_”" in html
    assert "<a " not in html


def test_sentences_are_marked_as_markdown(usual: Results) -> None:
    """A template prints them as they are, where it would escape a name."""
    assert isinstance(say(usual.studies[0], "best"), Prose)
