"""Sentences about a 2 × 2 ablation."""

from mnistreport.analysis.comparisons import Comparison
from mnistreport.analysis.findings import Finding
from mnistreport.analysis.findings.effort import COST_RATIO
from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.report.numbers import format_mean, format_percent, format_points, format_seconds
from mnistreport.report.sentences.phrases import name, say_effect, say_evidence, say_seeds
from mnistreport.report.wording import join_words, name_factor


def say_interaction(study: StudySummary, finding: Finding) -> str:
    """Say what each switch changes, and whether the two add up."""
    del study
    interaction = finding.get("interaction", Comparison)
    said = {
        "clear": "they do not simply add up, as having one changes what the other does",
        "within noise": "they add up as far as can be told",
        "too few seeds": f"{say_seeds(interaction.difference.n)} cannot show whether they interact",
    }[interaction.strength]
    how = format_points(interaction.difference.mean)
    if interaction.is_clear:
        how += f", {say_evidence(interaction)}"
    return (
        "Averaged over the other switch, the effects on validation accuracy are "
        f"{_say_effects(finding)}; {said} ({how})."
    )


def say_gap_effects(study: StudySummary, finding: Finding) -> str:
    """Say what each switch does to the gap between training and validation accuracy."""
    del study
    return (
        "On the gap between training and validation accuracy their effects are "
        f"{_say_effects(finding)}."
    )


def say_speed(study: StudySummary, finding: Finding) -> str:
    """Say how many epochs each corner took to a common accuracy, and how long an epoch was."""
    levels = finding.get_all("levels", LevelSummary)
    epochs, seconds = finding.get_all("epochs", float), finding.get_all("seconds_per_epoch", float)
    took = [
        f"{format_mean(n)} epochs with {name(study, level)}"
        for level, n in zip(levels, epochs, strict=True)
    ]
    lasted = [
        f"{format_seconds(s)} with {name(study, level)}"
        for level, s in zip(levels, seconds, strict=True)
    ]
    times = f"the updates of an epoch lasted {join_words(lasted)}"
    if max(seconds) < COST_RATIO * min(seconds):
        ends = f"{format_seconds(min(seconds))} to {format_seconds(max(seconds))}"
        times = (
            f"the updates of an epoch lasted {ends}, no further apart than a machine’s times are"
        )
    return (
        f"To reach {format_percent(finding.get('target', float))} validation accuracy, which every "
        f"run did, took {join_words(took)} in the mean; {times}."
    )


def _say_effects(finding: Finding) -> str:
    return join_words(
        [
            f"{name_factor(str(finding.values[which]))} "
            f"{say_effect(finding.get(f'{which}_effect', Comparison))}"
            for which in ("first", "second")
        ]
    )
