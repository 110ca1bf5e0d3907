"""Sentences about updates and progress."""

from collections.abc import Sequence

from mnistreport.analysis.findings import Finding
from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.report.numbers import format_count, format_factor
from mnistreport.report.sentences.phrases import name, names
from mnistreport.report.wording import capitalise


def say_updates(study: StudySummary, finding: Finding) -> str:
    """Say by how much the number of updates differs."""
    fewest, most = finding.get("fewest", LevelSummary), finding.get("most", LevelSummary)
    return (
        "The number of updates differs: "
        f"{format_count(fewest.summary.updates or 0)} gradient steps with {name(study, fewest)}, "
        f"{format_count(most.summary.updates or 0)} with {name(study, most)}."
    )


def say_progress(study: StudySummary, finding: Finding) -> str:
    """Say whether levels still differ once they have come equally far."""
    furthest = finding.get("furthest", LevelSummary)
    is_rate = study.study.factor == "learning_rate"
    measure = "learning rate × number of updates" if is_rate else "number of updates"
    epochs, progress = (
        format_factor(finding.get(key, float)) for key in ("factor_epochs", "factor_progress")
    )
    text = (
        f"After equally many epochs the validation losses of {name(study, furthest)} and the "
        f"baseline differ by a factor of {epochs}, at an equal {measure} by {progress}."
    )
    if finding.strength == "too few seeds":
        return text
    explained, unexplained = (
        finding.get_all(key, LevelSummary) for key in ("explained", "unexplained")
    )
    if explained:
        told = names(study, explained)
        said = f"So {told}" if furthest in explained else capitalise(told)
        text += (
            f" {said} {_agree(explained)} from the baseline in how far descent has come, and in "
            "little else."
        )
    if unexplained:
        text += (
            f" {capitalise(names(study, unexplained))} {_agree(unexplained)} from the baseline in "
            "more than how far descent has come."
        )
    return text


def _agree(levels: Sequence[LevelSummary]) -> str:
    return "differs" if len(levels) == 1 else "differ"
