"""Times as sources write them -> int us since 1970, UTC; the bounds inside which a time is believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from unheard.ingest.contract import RowFault

NO_TIME: Final = "no time"
BEFORE: Final = "time before 1970"
FUTURE: Final = "time in the future"
UNREADABLE: Final = "time cannot be read"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def believed(at_us: float, latest_us: int) -> int:
    """The time as it is; `RowFault` outside 1970 to `latest_us`. Zero is a client without a clock, not 1970."""
    if 0 < at_us <= latest_us:
        return int(at_us)
    if at_us != at_us:  # noqa: PLR0124 - NaN
        raise RowFault(UNREADABLE)
    raise RowFault(FUTURE if at_us > 0 else BEFORE)


def from_epoch(at_s: object, latest_us: int) -> int:
    """Seconds since 1970, whole or not."""
    if isinstance(at_s, int | float) and not isinstance(at_s, bool):
        return believed(at_s * 1_000_000, latest_us)
    raise RowFault(NO_TIME if at_s is None else UNREADABLE)


def us_of_text(text: str) -> int:
    """An ISO 8601 time, UTC where it names no zone; `ValueError` or `OverflowError` for anything else."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return (at - _EPOCH) // _MICROSECOND


def from_text(text: object, *, earlier_ms: int = 0, latest_us: int) -> int:
    """An ISO 8601 time less `earlier_ms`."""
    if not isinstance(text, str) or not text:
        raise RowFault(UNREADABLE if text else NO_TIME)
    try:
        at_us = us_of_text(text)
    except (ValueError, OverflowError):
        raise RowFault(UNREADABLE) from None
    return believed(at_us - earlier_ms * 1_000, latest_us)
