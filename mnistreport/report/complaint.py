"""What a reader of a report has to be told about it."""

from dataclasses import dataclass
from typing import Literal

from mnistreport.errors import Problem

Kind = Literal["claim", "unread", "stale", "number", "rubric", "note"]
"""A claim that does not hold, words that are in no report, words written beside other results, a
typed number without a source, a requirement that is not met; and what is only good to know."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something that a report should not say, or does not say yet.

    Attributes:
        kind: What sort of thing.
        problem: What exactly, where, and the next step.
        words: What it is about, as it is read in the report; empty if that is no text of its.
    """

    kind: Kind
    problem: Problem
    words: str = ""

    @property
    def is_false(self) -> bool:
        """Whether the report says what its numbers do not: exit code 1."""
        return self.kind == "claim"

    @property
    def is_about_words(self) -> bool:
        """Whether a person's words are at fault: with ``--strict`` such a report is not written."""
        return self.kind not in {"rubric", "note"}

    @property
    def is_amiss(self) -> bool:
        """Whether something is to be mended: ``check --strict`` ends with exit code 1."""
        return self.kind != "note"
