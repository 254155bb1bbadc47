"""ISO weeks: names, Mondays, the weeks before, the end."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unheard.errors import UsageError
from unheard.playlist import weeks


def test_known_weeks() -> None:
    assert weeks.monday("2026-W47") == date(2026, 11, 16)
    assert weeks.monday("2026W47") == date(2026, 11, 16)
    assert weeks.name(date(2026, 11, 22)) == "2026-W47"
    # the first days of January may belong to the year before
    assert weeks.name(date(2027, 1, 1)) == "2026-W53"
    assert weeks.before("2027-W02", 4) == ("2027-W01", "2026-W53", "2026-W52", "2026-W51")
    assert weeks.before("2026-W47", 0) == ()
    assert weeks.expires("2026-W47") == datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize("week", ["", "2026", "2026-W54", "2026-W00", "2025-W53", "26-W01", "2026-w47", "W47\n"])
def test_what_is_no_week_is_refused(week: str) -> None:
    with pytest.raises(UsageError, match="is no ISO week; write it like 2026-W47"):
        weeks.monday(week)


def test_the_ends_of_the_calendar_are_refused() -> None:
    with pytest.raises(UsageError, match="starts in the year 1"):
        weeks.before("0001-W02", 4)
    with pytest.raises(UsageError, match="near the end of the calendar"):
        weeks.expires("9999-W52")


@given(st.dates(min_value=date(2, 1, 8), max_value=date(9998, 12, 31)))
def test_a_week_holds_its_day(day: date) -> None:
    first = weeks.monday(weeks.name(day))
    assert first.weekday() == 0
    assert 0 <= (day - first).days < 7
