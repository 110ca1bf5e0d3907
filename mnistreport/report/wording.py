"""Findings in words: the only place that makes sentences about results.

Verbs follow strength: what the seeds do not carry is not said. Sentences are Markdown, for
insights; every number in them comes from the finding and through ``numbers``.
"""

import re
from collections.abc import Callable, Sequence
from typing import cast

from mnistreport.analysis.findings import Finding
from mnistreport.analysis.results import CHANCE, LevelSummary, StudySummary, VariantSummary
from mnistreport.analysis.statistics import Difference, Measure
from mnistreport.report.numbers import (
    format_count,
    format_measure,
    format_percent,
    format_points,
    format_seconds,
)
from mnistreport.study.experiment import CnnArchitecture, Variant

_FACTORS = {
    "learning_rate": "learning rate",
    "batch_size": "batch size",
    "neurons": "neurons per hidden layer",
    "hidden_layers": "hidden layers",
    "layer_norm": "layer normalisation",
    "weight_decay": "weight decay",
    "kernel_size": "kernel size",
    "dense": "neurons of the dense layer",
}

_COUNTED = {"neurons", "hidden_layers", "dense"}
"""Factors whose levels count something: ``128 neurons``, not ``neurons 128``."""


class Prose(str):
    """Text that is Markdown already; any other text is escaped where a template makes Markdown."""

    __slots__ = ()


def escape_markdown(text: str) -> str:
    """Return Markdown that shows ``text`` as it stands: a name may hold stars and brackets."""
    text = re.sub(r"[\\`*\[\]<>!#|~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\\g<0>", text)
    return re.sub(r"^(\s*)([-+=])|^(\s*\d+)([.)])(?=\s|$)", r"\1\3\\\2\4", text)


def capitalise(text: str) -> str:
    """Return ``text`` with its first letter in upper case and the others as they are."""
    return text[:1].upper() + text[1:]


def name_factor(factor: str) -> str:
    """Return a field of the manifest as a reader calls it."""
    return _FACTORS.get(factor, factor.replace("_", " "))


def name_level(study: StudySummary, level: LevelSummary) -> str:
    """Return a level in words: ``learning rate 0.1``, ``128 neurons per hidden layer``."""
    factor = study.study.factor
    if factor is None:
        return f"“{level.label}”"
    if factor in _COUNTED:
        return f"{level.label} {name_factor(factor)}"
    return f"{name_factor(factor)} {level.label}"


def name_levels(study: StudySummary, levels: Sequence[LevelSummary]) -> str:
    """Return several levels in words: ``learning rate 0.01 and 0.1``, ``every level``."""
    if len(levels) == len(study.levels) > 1:
        return "every level"
    factor = study.study.factor
    if factor is None:
        return join_words([name_level(study, level) for level in levels])
    labels = join_words([level.label for level in levels])
    if factor in _COUNTED:
        return f"{labels} {name_factor(factor)}"
    return f"{name_factor(factor)} {labels}"


def join_words(words: Sequence[str]) -> str:
    """Join as in a sentence: ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def describe_architecture(variant: Variant) -> str:
    """Return the architecture in a phrase."""
    architecture = variant.architecture
    widths = " → ".join(map(str, architecture.sizes))
    if isinstance(architecture, CnnArchitecture):
        blocks = " → ".join(map(str, architecture.channels))
        kernel = architecture.kernel_size
        text = f"{kernel}×{kernel} convolutions with {blocks} channels, dense {architecture.dense}"
    else:
        text = f"hidden layers {widths}"
    if architecture.dropout:
        text += f", dropout {architecture.dropout:g}"
    if architecture.layer_norm:
        text += ", layer normalisation"
    return text


def describe_training(variant: Variant) -> str:
    """Return how a variant is trained in a phrase."""
    training = variant.training
    text = f"learning rate {training.learning_rate:g}, batch size {training.batch_size}"
    if training.momentum:
        text += f", momentum {training.momentum:g}"
    if training.weight_decay:
        text += f", weight decay {training.weight_decay:g}"
    return f"{text}, {training.epochs} epochs"


def describe_variant(variant: Variant) -> str:
    """Return the whole setting in a phrase."""
    return f"{describe_architecture(variant)}; {describe_training(variant)}"


def say_finding(study: StudySummary, finding: Finding) -> Prose:
    """Return a finding as one or two sentences of Markdown."""
    return Prose(_SENTENCES[finding.kind](study, finding))


def _name(study: StudySummary, level: LevelSummary) -> str:
    return escape_markdown(name_level(study, level))


def _names(study: StudySummary, levels: Sequence[LevelSummary]) -> str:
    return escape_markdown(name_levels(study, levels))


def _say_best(study: StudySummary, finding: Finding) -> str:
    best = cast("LevelSummary", finding.values["best"])
    baseline = cast("LevelSummary", finding.values["baseline"])
    difference = cast("Difference | None", finding.values["difference"])
    ties = cast("tuple[LevelSummary, ...]", finding.values["ties"])
    accuracy = _measure(best.summary.accuracy)
    reached = f"{accuracy} validation accuracy"
    n = best.summary.accuracy.n if best.summary.accuracy else 0
    rivals = [level for level in study.levels if level.summary.complete and level is not best]
    if best is baseline:
        start = f"The highest mean is the baseline's own, {_name(study, best)}, with {reached}."
    elif difference is None or not baseline.summary.complete:
        start = (
            f"The highest mean is that of {_name(study, best)}, with {reached}; the baseline did "
            "not finish, so that there is nothing to hold that against."
        )
    elif finding.strength == "too few seeds":
        start = (
            f"The highest mean is that of {_name(study, best)}, with {reached}; "
            f"{_seeds(n)} cannot show whether it is better than the baseline."
        )
    else:
        points = format_points(difference.mean)
        compared = (
            f"{points} against the baseline's {_measure(baseline.summary.accuracy)} "
            f"({_interval(difference)})"
        )
        if finding.strength == "clear":
            start = f"**{capitalise(_name(study, best))} is better than the baseline**: "
            start += f"{reached}, {compared}."
        else:
            start = (
                f"The highest mean is that of {_name(study, best)}, with {reached}, but "
                f"over {_seeds(n)} its lead is within noise: {compared}."
            )
    if n < 2:  # noqa: PLR2004 - one seed tells no level from another
        return start
    if ties:
        verb = "is" if len(ties) == 1 else "are"
        best_name = _name(study, best)
        start += (
            f" {capitalise(_names(study, ties))} {verb} not clearly different from {best_name}."
        )
    elif rivals:
        finished = "" if len(rivals) == len(study.levels) - 1 else " that finished"
        start += f" Every other level{finished} is clearly below {_name(study, best)}."
    return start


def _say_spread(study: StudySummary, finding: Finding) -> str:
    spread = cast("float", finding.values["spread"])
    noise = cast("float | None", finding.values["noise"])
    worst = cast("LevelSummary", finding.values["worst"])
    text = (
        f"From the lowest mean ({_name(study, worst)}, {_measure(worst.summary.accuracy)}) "
        f"to the highest the levels span {format_points(spread, signed=False)}"
    )
    if noise is None:
        return f"{text}; there is no noise floor to hold that against."
    if noise == 0:
        return f"{text}; the baseline's seeds all ended at the same accuracy."
    return (
        f"{text}; the standard deviation of the baseline over its seeds is "
        f"{format_points(noise, signed=False)}."
    )


def _say_interaction(study: StudySummary, finding: Finding) -> str:
    del study
    values = finding.values
    parts: list[str] = []
    for which in ("first", "second"):
        effect = cast("Difference | None", values[f"{which}_effect"])
        if effect is None:
            return ""
        name = name_factor(str(values[which]))
        verdict = "" if effect.interval is None or 0.0 not in effect.interval else ", within noise"
        how_sure = f" ({_interval(effect)}{verdict})" if effect.interval else ""
        parts.append(f"{name} {format_points(effect.mean)}{how_sure}")
    interaction = cast("Difference", values["interaction"])
    said = {
        "clear": "they do not simply add up: having one changes what the other does",
        "within noise": "no interaction between them stands out from the noise",
        "too few seeds": "one seed cannot show whether they interact",
    }[finding.strength]
    return (
        f"Averaged over the other switch, the effects on validation accuracy are "
        f"{join_words(parts)}; {said} (interaction {format_points(interaction.mean)}"
        f"{', ' + _interval(interaction) if interaction.interval else ''})."
    )


def _say_edge(study: StudySummary, finding: Finding) -> str:
    best = cast("LevelSummary", finding.values["best"])
    return (
        f"The highest mean is at the {finding.values['side']} value tried "
        f"({_name(study, best)}): the optimum may lie beyond the range, and this study does "
        "not say where."
    )


def _say_at_chance(study: StudySummary, finding: Finding) -> str:
    levels = cast("tuple[LevelSummary, ...]", finding.values["levels"])
    ended = [f"{_name(study, each)} ({_measure(each.summary.accuracy)})" for each in levels]
    return (
        f"Hardly anything was learned with {join_words(ended)}: guessing among ten digits gives "
        f"about {format_percent(CHANCE, 0)}."
    )


def _say_unfinished(study: StudySummary, finding: Finding) -> str:
    levels = cast("tuple[LevelSummary, ...]", finding.values["levels"])
    parts: list[str] = []
    for level in levels:
        finished, planned = len(level.summary.finished), level.summary.planned
        parts.append(f"{_name(study, level)} ({finished} of {planned} runs finished)")
    return f"Left out of every comparison: {join_words(parts)}."


def _say_still_learning(study: StudySummary, finding: Finding) -> str:
    levels = cast("tuple[LevelSummary, ...]", finding.values["levels"])
    where = (
        "At every level" if len(levels) == len(study.levels) else f"With {_names(study, levels)}"
    )
    return (
        f"{where} validation loss was still falling over the last fifth of training, so the "
        "comparison there is of how fast a setting learns as well as of how far it gets."
    )


def _say_overfitted(study: StudySummary, finding: Finding) -> str:
    levels = cast("tuple[LevelSummary, ...]", finding.values["levels"])
    widest = cast("LevelSummary", finding.values["widest"])
    gap = widest.summary.gap
    names = _names(study, levels)
    said = f"Validation loss ended well above its lowest point with {names}, a sign of overfitting"
    if gap is None:
        return f"{said}."
    return (
        f"{said}; the widest gap between training and validation accuracy is "
        f"{format_points(gap.mean, signed=False)}, with {_name(study, widest)}."
    )


def _say_updates(study: StudySummary, finding: Finding) -> str:
    fewest = cast("LevelSummary", finding.values["fewest"])
    most = cast("LevelSummary", finding.values["most"])
    return (
        "The number of updates differs: "
        f"{format_count(fewest.summary.updates or 0)} gradient steps with {_name(study, fewest)}, "
        f"{format_count(most.summary.updates or 0)} with {_name(study, most)}."
    )


def _say_cost(study: StudySummary, finding: Finding) -> str:
    quickest = cast("LevelSummary", finding.values["quickest"])
    slowest = cast("LevelSummary", finding.values["slowest"])
    return (
        f"Training took from {_duration(quickest.summary)} ({_name(study, quickest)}) to "
        f"{_duration(slowest.summary)} ({_name(study, slowest)}) a run."
    )


def _measure(measure: Measure | None) -> str:
    return format_measure(measure) if measure else "no result"


def _duration(summary: VariantSummary) -> str:
    duration = summary.duration_seconds
    return format_seconds(duration.mean) if duration else "no time"


def _interval(difference: Difference) -> str:
    if difference.interval is None:
        return "one pair"
    low, high = difference.interval.low, difference.interval.high
    return f"95\u202f% interval {format_points(low)} to {format_points(high)}"


def _seeds(n: int) -> str:
    return "one seed" if n == 1 else f"{n} seeds"


_SENTENCES: dict[str, Callable[[StudySummary, Finding], str]] = {
    "best": _say_best,
    "spread": _say_spread,
    "interaction": _say_interaction,
    "edge": _say_edge,
    "at_chance": _say_at_chance,
    "unfinished": _say_unfinished,
    "still_learning": _say_still_learning,
    "overfitted": _say_overfitted,
    "updates": _say_updates,
    "cost": _say_cost,
}

FINDING_KINDS = tuple(_SENTENCES)
"""What an insight may ask for; a kind that a study does not have gives an empty text."""
