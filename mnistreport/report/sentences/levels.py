"""Sentences about where the levels ended."""

from mnistreport.analysis.comparisons import Comparison
from mnistreport.analysis.findings import Finding
from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.analysis.verdicts import Verdict, name_comparison
from mnistreport.report.numbers import format_points
from mnistreport.report.sentences.phrases import (
    agree,
    name,
    names,
    say_evidence,
    say_measure,
    say_seeds,
)
from mnistreport.report.wording import capitalise, count_things, format_setting


def say_best(study: StudySummary, finding: Finding) -> str:
    """Say which level ended highest, whether it is better than the baseline, and what ties."""
    best = finding.get("best", LevelSummary)
    ties = finding.get_all("ties", LevelSummary)
    measure = best.summary.accuracy
    start = _say_lead(study, finding, best)
    if measure is None or measure.n < 2:  # noqa: PLR2004 - one seed tells no level from another
        return start
    if finding.strength not in {"clear", "observed"} and best is not study.baseline:
        ties = tuple(level for level in ties if level is not study.baseline)  # just spoken of
    uncompared = tuple(level for level in ties if level in study.uncompared)
    if uncompared:
        start += (
            f" Not compared with {name(study, best)}, as only some of these runs were trained "
            f"here: {names(study, uncompared)}."
        )
    if tied := tuple(level for level in ties if level not in uncompared):
        seeds = capitalise(say_seeds(measure.n))
        start += f" {seeds} cannot tell {names(study, tied)} from {name(study, best)}."
    if ties:
        return start
    others = len(study.complete) - 1
    if finding.strength == "clear" and others:
        finished = "" if _all_finished(study) else " that finished"
        return f"{start} Every other level{finished} is clearly below {name(study, best)}."
    return start


def say_headline(study: StudySummary, finding: Finding) -> str:
    """Say the same in one short sentence, and whether it rests on imported runs.

    A best level and a baseline that were trained here rest on none: then only others were imported.
    """
    said = _say_headline(study, finding)
    if not study.imported:
        return said
    best = finding.get("best", LevelSummary)
    is_home = best is not study.baseline and not best.summary.imported
    if is_home and not study.baseline.summary.imported:
        return f"{said} Other runs of this study were imported, and not checked."
    return f"{said} That rests on imported runs, whose conditions were not checked."


def _say_headline(study: StudySummary, finding: Finding) -> str:
    best = finding.get("best", LevelSummary)
    reached = f"{name(study, best)} ({say_measure(best.summary.accuracy)} validation accuracy)"
    comparison = finding.get_optional("comparison", Comparison)
    if best is study.baseline:
        no_level = "No level" if _all_finished(study) else "No level that finished"
        return f"{no_level} has a higher mean than the baseline, {reached}{_say_below(study)}."
    if comparison is None:
        why = "did not finish" if best.is_comparable else "is of another origin, and not compared"
        return f"The highest mean is that of {reached}; the baseline {why}."
    points = format_points(comparison.difference.mean)
    if comparison.is_clear:
        verb, verdict = agree(study, best), _judge_best(finding, comparison)
        lead = format_points(comparison.difference.mean, signed=False)
        if verdict == "higher":
            return f"{capitalise(reached)} ended above the baseline, by {lead}, more than chance."
        return f"{capitalise(reached)} {verb} {_say_verdict(study, best, verdict)}, by {lead}."
    why = (
        "which is within noise"
        if comparison.strength == "within noise"
        else f"which {say_seeds(comparison.difference.n)} cannot show to be more than chance"
    )
    return f"The highest mean is that of {reached}, {points} against the baseline, {why}."


def _say_below(study: StudySummary) -> str:
    """Return which level is clearly below the baseline, and how far; the lowest of several."""
    below = {
        level.against_baseline.difference.mean: level
        for level in study.levels
        if level.against_baseline and level.against_baseline.is_clear
    }
    if not below or (least := min(below)) >= 0:
        return ""
    level = below[least]
    verb, points = agree(study, level), format_points(-least, signed=False)
    return f"; {name(study, level)} {verb} clearly below it, by {points}"


def say_spread(study: StudySummary, finding: Finding) -> str:
    """Hold the distance between the levels against the noise floor."""
    worst = finding.get("worst", LevelSummary)
    noise = finding.get_optional("noise_floor", float)
    spread = format_points(finding.get("spread", float), signed=False)
    text = (
        f"From the lowest mean ({name(study, worst)}, {say_measure(worst.summary.accuracy)}) "
        f"to the highest the levels span {spread}"
    )
    if noise is None:
        return f"{text}; with one seed there is no noise floor to hold that against."
    if noise == 0:
        return f"{text}; the baseline’s seeds all ended at the same accuracy."
    return (
        f"{text}; the noise floor, the standard deviation of the baseline over its seeds, is "
        f"{format_points(noise, signed=False)}."
    )


def say_edge(study: StudySummary, finding: Finding) -> str:
    """Say that the best value is an end of the range, and what to try next."""
    best, side = finding.get("best", LevelSummary), finding.get("side", str)
    beyond, step = finding.values["next"], ""
    if isinstance(beyond, int | float):
        step = f" The next value to try is {format_setting(beyond)}."
    if finding.strength == "clear":
        finished = "" if _all_finished(study) else " that finished"
        return (
            f"The highest mean is at the {side} value tried ({name(study, best)}), clearly above "
            f"every other{finished}: the optimum may lie beyond the range.{step}"
        )
    return (
        f"The highest mean is at the {side} value tried ({name(study, best)}), but not clearly "
        f"above every value further inside: whether the optimum lies beyond the range is not "
        f"known.{step}"
    )


def _say_lead(study: StudySummary, finding: Finding, best: LevelSummary) -> str:
    baseline = study.baseline
    reached = f"{say_measure(best.summary.accuracy)} validation accuracy"
    comparison = finding.get_optional("comparison", Comparison)
    if best is baseline:
        among = "" if _all_finished(study) else " among the levels that finished"
        own = f"the baseline’s own, {name(study, best)}, with {reached}"
        return f"The highest mean{among} is {own}."
    highest = f"The highest mean is that of {name(study, best)}, with {reached}"
    if comparison is None:
        return highest + _say_uncompared(best)
    against = f"the baseline’s {say_measure(baseline.summary.accuracy)}"
    points = format_points(comparison.difference.mean)
    if comparison.is_clear:
        return _say_clear_lead(study, finding, comparison, f"{reached}, {points} against {against}")
    noise = finding.get_optional("noise_floor", float)
    if comparison.strength == "within noise" and noise is not None:
        return (
            f"{highest}, but its lead over {against}, {points}, is within the noise floor of "
            f"{format_points(noise, signed=False)}."
        )
    seeds = say_seeds(comparison.difference.n)
    if noise is None:
        return f"{highest}; {seeds} cannot show whether it is better than the baseline."
    return (
        f"{highest}. Its lead over {against}, {points}, is larger than the noise floor of "
        f"{format_points(noise, signed=False)}, but {seeds} cannot show that it is more than "
        "chance."
    )


def _say_clear_lead(
    study: StudySummary, finding: Finding, comparison: Comparison, lead: str
) -> str:
    best, verdict = finding.get("best", LevelSummary), _judge_best(finding, comparison)
    if verdict == "higher":
        return (
            f"**{capitalise(name(study, best))} ended above the baseline**, by more than chance, "
            f"as the files tell: {lead} ({say_evidence(comparison)}, unpaired). Whether anything "
            "but the setting differed was not checked."
        )
    said = (
        f"**{capitalise(name(study, best))} {agree(study, best)} "
        f"{_say_verdict(study, best, verdict)}**: {lead} ({say_evidence(comparison)})."
    )
    if verdict == "ahead":
        unsettled = names(study, finding.get_all("unsettled", LevelSummary))
        said += (
            f" Validation loss was still falling with {unsettled}, so this is "
            "a lead in speed and need not be one in the end."
        )
    return said


def _say_uncompared(best: LevelSummary) -> str:
    """Continue a sentence with why there is no comparison with the baseline."""
    if not best.is_comparable:
        return (
            ". It is not compared with the baseline, as only some of these runs were trained here."
        )
    return "; the baseline did not finish, so that there is nothing to hold that against."


def _judge_best(finding: Finding, comparison: Comparison) -> Verdict:
    """Return the best level's verdict, as its row of the table has it."""
    best, unsettled = finding.get("best", LevelSummary), finding.get_all("unsettled", LevelSummary)
    return name_comparison(comparison, best.summary, is_unsettled=bool(unsettled))


def _say_verdict(study: StudySummary, best: LevelSummary, verdict: Verdict) -> str:
    """Return that the best level is better, or only ahead while one of the two still learns."""
    if verdict == "better":
        return "better than the baseline"
    epochs = {level.summary.variant.training.epochs for level in (best, study.baseline)}
    when = f"after {count_things(epochs.pop(), 'epoch')}" if len(epochs) == 1 else "at the end"
    return f"ahead of the baseline {when}"


def _all_finished(study: StudySummary) -> bool:
    return len(study.complete) == len(study.levels)
