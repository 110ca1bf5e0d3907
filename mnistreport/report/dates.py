"""The date of a report: where it comes from, and how it reads."""

import os
import re
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Final

from mnistreport.errors import EnvironmentFault
from mnistreport.study.manifest import ReportInfo

EPOCH: Final = "SOURCE_DATE_EPOCH"
"""Seconds since 1970 that stand for now, see https://reproducible-builds.org/specs/source-date-epoch/."""

_SECONDS: Final = re.compile(r"-?[0-9]{1,15}")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def find_given_date(info: ReportInfo) -> str:
    """Return the date that somebody decided on, as ``2026-11-30``; empty if nobody did.

    The manifest's goes before that of ``SOURCE_DATE_EPOCH``, which is read as UTC.

    Raises:
        EnvironmentFault: ``SOURCE_DATE_EPOCH`` is no time.
    """
    built = _read_epoch()
    return info.date or built


def _read_epoch() -> str:
    seconds = os.environ.get(EPOCH, "")
    if not seconds:
        return ""
    moment = None
    if _SECONDS.fullmatch(seconds):
        with suppress(ValueError, OverflowError, OSError):  # too far from now
            moment = datetime.fromtimestamp(int(seconds), UTC)
    if moment is None:
        msg = f"{EPOCH} is {seconds[:40]!r}, but must be a whole number of seconds since 1970"
        raise EnvironmentFault(msg, next_step=f"unset {EPOCH}, or correct it")
    return moment.date().isoformat()


def date_report(info: ReportInfo) -> str:
    """Return the date that a report written now bears: the given one, or today's.

    Raises:
        EnvironmentFault: As ``find_given_date``.
    """
    return find_given_date(info) or datetime.now(UTC).astimezone().date().isoformat()


def format_date(iso: str) -> str:
    """Return ``2026-11-03`` as ``3 November 2026``."""
    day = date.fromisoformat(iso)
    return f"{day.day}\u00a0{_MONTHS[day.month - 1]} {day.year}"
