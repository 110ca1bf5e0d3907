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
    return info.date or (built.date().isoformat() if built else "")


def say_moment(iso: str) -> str:
    """Return a moment, ISO 8601 in UTC, as a report has it: never later than its own now.

    That is how ``SOURCE_DATE_EPOCH`` makes two builds from nothing equal, whenever they are.

    Raises:
        EnvironmentFault: As ``find_given_date``.
    """
    now = _read_epoch()
    with suppress(ValueError, TypeError):  # no moment, or without a zone: told as it is
        if now and datetime.fromisoformat(iso) > now:
            return now.isoformat(timespec="seconds")
    return iso


def _read_epoch() -> datetime | None:
    seconds = os.environ.get(EPOCH, "")
    if not seconds:
        return None
    if _SECONDS.fullmatch(seconds):
        with suppress(ValueError, OverflowError, OSError):  # too far from now
            return datetime.fromtimestamp(int(seconds), UTC)
    msg = f"{EPOCH} is {seconds[:40]!r}, but must be a whole number of seconds since 1970"
    raise EnvironmentFault(msg, next_step=f"unset {EPOCH}, or correct it")


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
