"""Sentences about a 2 × 2 ablation."""

from mnistreport.analysis.comparisons import Comparison
from mnistreport.analysis.findings import Finding
from mnistreport.analysis.findings.ablation import Change, find_corners
from mnistreport.analysis.findings.effort import COST_RATIO
from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.report.numbers import format_mean, format_percent, format_points, format_seconds
from mnistreport.report.sentences.phrases import name, say_effect, say_evidence, say_seeds
from mnistreport.report.wording import format_setting, join_words, name_factor


def say_interaction(study: StudySummary, finding: Finding) -> str:
    """Say what each change does, and whether the two add up."""
    interaction = finding.get("interaction", Comparison)
    corners = find_corners(study)
    is_switched = corners is not None and corners.are_switches
    what, making = ("switch", "having one") if is_switched else ("change", "one")
    said = {
        "clear": f"they do not simply add up, as {making} changes what the other does",
        "within noise": "they add up as far as can be told",
        "too few seeds": f"{say_seeds(interaction.difference.n)} cannot show whether they interact",
    }[interaction.strength]
    how = format_points(interaction.difference.mean)
    if interaction.is_clear:
        how += f", {say_evidence(interaction)}"
    return (
        f"Averaged over the other {what}, the effects on validation accuracy are "
        f"{_say_effects(study, finding)}; {said} ({how})."
    )


def say_gap_effects(study: StudySummary, finding: Finding) -> str:
    """Say what each change does to the gap between training and validation accuracy."""
    return (
        "On the gap between training and validation accuracy their effects are "
        f"{_say_effects(study, finding)}."
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
        least, most = format_seconds(min(seconds)), format_seconds(max(seconds))
        times = f"the updates of an epoch lasted {least}"
        if least != most:
            times += f" to {most}, no further apart than a machine’s times are"
    return (
        f"To reach {format_percent(finding.get('target', float))} validation accuracy, which every "
        f"run did, took {join_words(took)} in the mean; {times}."
    )


def _say_effects(study: StudySummary, finding: Finding) -> str:
    corners = find_corners(study)
    changes = {each.field: each for each in (corners.first, corners.second)} if corners else {}
    effects: list[str] = []
    for which in ("first", "second"):
        field = str(finding.values[which])
        named = _name_change(field, changes.get(field))
        effects.append(f"{named} {say_effect(finding.get(f'{which}_effect', Comparison))}")
    return join_words(effects)


def _name_change(field: str, change: Change | None) -> str:
    """Return a switch by its name, any other change with both values: ``dropout 0.5 → 0.2:``."""
    named = name_factor(field)
    if change is None or change.is_switch:
        return named
    return f"{named} {format_setting(change.before)} → {format_setting(change.after)}:"
