"""Findings in words: the only place that makes sentences about results.

Verbs follow strength: what the seeds do not carry is not said. Sentences are Markdown, for
insights; every number in them comes from the finding and through ``numbers``.
"""

from collections.abc import Callable

from mnistreport.analysis.findings import Finding
from mnistreport.analysis.results import StudySummary
from mnistreport.report.sentences.ablation import say_gap_effects, say_interaction, say_speed
from mnistreport.report.sentences.course import (
    say_at_chance,
    say_imported,
    say_overfitted,
    say_still_learning,
    say_unfinished,
)
from mnistreport.report.sentences.effort import say_cost, say_returns
from mnistreport.report.sentences.levels import say_best, say_edge, say_headline, say_spread
from mnistreport.report.sentences.progress import say_progress, say_updates
from mnistreport.report.wording import Prose

__all__ = ["FINDING_KINDS", "name_evidence", "say_finding", "say_headline"]


def say_finding(study: StudySummary, finding: Finding) -> Prose:
    """Return a finding as one or a few sentences of Markdown."""
    return Prose(_SENTENCES[finding.kind](study, finding))


def name_evidence(study: StudySummary, finding: Finding) -> tuple[str, str]:
    """Return the names of the figure and the table that show what a finding says."""
    slug = study.study.slug
    figure = "curves" if finding.kind in _SEEN_IN_CURVES else "factor"
    return f"{slug}-{figure}", f"{slug}-levels"


_SENTENCES: dict[str, Callable[[StudySummary, Finding], str]] = {
    "best": say_best,
    "imported": say_imported,
    "spread": say_spread,
    "interaction": say_interaction,
    "gap": say_gap_effects,
    "speed": say_speed,
    "edge": say_edge,
    "returns": say_returns,
    "at_chance": say_at_chance,
    "unfinished": say_unfinished,
    "still_learning": say_still_learning,
    "overfitted": say_overfitted,
    "updates": say_updates,
    "progress": say_progress,
    "cost": say_cost,
}

_SEEN_IN_CURVES = {"speed", "unfinished", "still_learning", "overfitted", "updates", "progress"}

FINDING_KINDS = tuple(_SENTENCES)
"""What an insight may ask for; a kind that a study does not have gives an empty text."""
