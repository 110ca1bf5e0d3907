"""Sentences about effort."""

from mnistreport.analysis.comparisons import Comparison
from mnistreport.analysis.findings import Finding
from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.report.numbers import format_count, format_p, format_points
from mnistreport.report.sentences.phrases import name, say_duration, say_seeds
from mnistreport.report.wording import capitalise


def say_cost(study: StudySummary, finding: Finding) -> str:
    """Say what training took, and whether less time would have done."""
    quickest, slowest = finding.get("quickest", LevelSummary), finding.get("slowest", LevelSummary)
    text = (
        f"Training took from {say_duration(quickest)} ({name(study, quickest)}) to "
        f"{say_duration(slowest)} ({name(study, slowest)}) a run."
    )
    best = finding.get_optional("best", LevelSummary)
    thrifty = finding.get_optional("thrifty", LevelSummary)
    if best and thrifty:
        as_good = "within noise of" if study.noise_floor else "which ends as high as"
        text += (
            f" {capitalise(name(study, thrifty))}, {as_good} {name(study, best)}, took "
            f"{say_duration(thrifty)} instead of {say_duration(best)}."
        )
    return text


def say_returns(study: StudySummary, finding: Finding) -> str:
    """Say what the first and the last step to a larger network changed."""
    comparison = finding.get("comparison", Comparison)
    steps: list[str] = []
    for which in ("first", "last"):
        before, after = finding.get_all(which, LevelSummary)
        gain = format_points(finding.get(f"{which}_gain", float))
        steps.append(f"from {before.label} to {name(study, after)} by {gain}")
    facts = f"accuracy changes {steps[0]}, {steps[1]}"
    smallest, largest = (format_count(finding.get(k, int)) for k in ("smallest", "largest"))
    if comparison.is_clear:
        is_less = comparison.difference.mean > 0
        less = format_points(abs(comparison.difference.mean), signed=False)
        p_value = format_p(comparison.p_adjusted or 0.0)  # a clear comparison has one
        verb = "diminish" if is_less else "grow"
        is_gain = finding.get("first_gain", float) > 0
        start = f"Returns {verb}: {facts}" if is_gain else capitalise(facts)
        verdict = f"{start}, {less} {'less' if is_less else 'more'} (corrected {p_value})"
    elif comparison.strength == "within noise":
        verdict = f"{capitalise(facts)}; that the two differ is within noise"
    else:
        seeds = say_seeds(comparison.difference.n)
        verdict = f"{capitalise(facts)}; {seeds} cannot show that the two differ"
    return f"{verdict}, while the network grows from {smallest} to {largest} parameters."
