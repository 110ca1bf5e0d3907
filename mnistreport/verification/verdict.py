"""What a check of a submission comes to, and all checks of one together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self


class Unsound(Exception):
    """Something is not what it should be; says why."""


class Missing(Exception):
    """What a check needs is not there, or is not sound; says what."""


State = Literal["passed", "failed", "not checked"]

MOST_REASONS: Final = 50
"""Reasons that a check keeps; the rest is counted."""
_TOLD: Final = 3
"""Reasons that fit on a line."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What was looked at.
        state: ``passed``, ``failed``, or ``not checked``.
        reasons: What is wrong, each in a few words; or why it was not checked; or, if it passed,
            what was found.
    """

    name: str
    state: State
    reasons: tuple[str, ...] = ()

    @classmethod
    def judge(cls, name: str, faults: list[str], found: str = "") -> Self:
        """Fail for ``faults``, pass if there are none."""
        if not faults:
            return cls(name, "passed", (found,) if found else ())
        kept = faults[:MOST_REASONS]
        more = [f"and {len(faults) - len(kept)} more"] if len(faults) > len(kept) else []
        return cls(name, "failed", (*kept, *more))

    @classmethod
    def skip(cls, name: str, why: str) -> Self:
        """Leave it unchecked."""
        return cls(name, "not checked", (why,))

    @property
    def reason(self) -> str:
        """The reasons in one line."""
        told = "; ".join(self.reasons[:_TOLD])
        more = len(self.reasons) - _TOLD
        return f"{told}; and {more} more" if more > 0 else told


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks of one file."""

    file: Path
    checks: tuple[Check, ...]

    @property
    def failing(self) -> tuple[Check, ...]:
        """The checks that failed, in their order."""
        return tuple(check for check in self.checks if check.state == "failed")

    @property
    def passes(self) -> bool:
        """Whether no check failed."""
        return not self.failing
