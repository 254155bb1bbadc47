"""ISO weeks, as lists are named by them: "2026-W47" runs from Monday, 16 November 2026."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from unheard.errors import UsageError

KEPT_DAYS = 14  # a list stays listed until the second Monday after its own


def monday(week: str) -> date:
    """First day of a week written "2026-W47"; `UsageError` if it is no ISO week."""
    found = re.fullmatch(r"([0-9]{4})-?W([0-9]{2})", week)
    try:
        year, number = (int(part) for part in found.groups()) if found else (0, 0)
        return date.fromisocalendar(year, number, 1)
    except ValueError:
        raise UsageError(f"{week!r} is no ISO week; write it like 2026-W47, weeks 01 to 52 or 53") from None


def name(day: date) -> str:
    """Name of the week that holds `day`: date(2026, 11, 22) -> "2026-W47"."""
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def before(week: str, n: int) -> tuple[str, ...]:
    """Names of the `n` weeks before `week`, the latest first."""
    first = monday(week)
    try:
        return tuple(name(first - timedelta(weeks=back)) for back in range(1, n + 1))
    except (OverflowError, ValueError):
        raise UsageError(f"there are no {n} weeks before {week}; the calendar starts in the year 1") from None


def starts(week: str) -> datetime:
    """First moment of a week, UTC."""
    return datetime.combine(monday(week), time(), UTC)


def expires(week: str) -> datetime:
    """When clients may drop the week's list, UTC: two weeks after its Monday."""
    try:
        return starts(week) + timedelta(days=KEPT_DAYS)
    except OverflowError:
        raise UsageError(f"{week} is too near the end of the calendar") from None
