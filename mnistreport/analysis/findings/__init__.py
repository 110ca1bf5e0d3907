"""Statements that the program derives from a study's results, each with what it rests on.

A finding says *what* is the case and how firmly; ``report.sentences`` says it in words. Nothing in
a report that compares two levels comes from anywhere else.
"""

from collections.abc import Callable
from functools import partial

from mnistreport.analysis.findings.ablation import find_gap_effects, find_interaction, find_speed
from mnistreport.analysis.findings.confusions import find_confused
from mnistreport.analysis.findings.course import (
    find_at_chance,
    find_imported,
    find_overfitted,
    find_still_learning,
    find_unfinished,
)
from mnistreport.analysis.findings.edge import NO_LIMITS, Limits, find_edge
from mnistreport.analysis.findings.effort import find_cost, find_returns
from mnistreport.analysis.findings.finding import Finding
from mnistreport.analysis.findings.levels import find_best, find_spread
from mnistreport.analysis.findings.progress import find_progress, find_updates
from mnistreport.analysis.results import StudySummary

__all__ = ["Finding", "Limits", "derive_findings", "find_confused"]


def derive_findings(study: StudySummary, limits: Limits = NO_LIMITS) -> tuple[Finding, ...]:
    """Return what can be said of a study, the main thing first.

    Args:
        study: The study.
        limits: What a proposed setting has to keep to.
    """
    derivations = (*_OF_ENDS, partial(find_edge, limits=limits), *_OF_TRAINING)
    found = [derive(study) for derive in derivations]
    return tuple(finding for finding in found if finding)


_Derivation = Callable[[StudySummary], Finding | None]

_OF_ENDS: tuple[_Derivation, ...] = (
    find_best,
    find_imported,
    find_spread,
    find_interaction,
    find_gap_effects,
    find_speed,
)
_OF_TRAINING: tuple[_Derivation, ...] = (
    find_returns,
    find_at_chance,
    find_unfinished,
    find_still_learning,
    find_overfitted,
    find_updates,
    find_progress,
    find_cost,
)
