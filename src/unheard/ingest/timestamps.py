"""Whole columns of times -> int64 us since 1970, UTC; null is what cannot be read.

Numbers are seconds, ms, us or ns by their size; text is ISO 8601 or such a number; no zone means UTC.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unheard.errors import SourceError
from unheard.ingest.columns import NUMBER, is_text, plain
from unheard.ingest.times import us_of_text
from unheard.schema import TIME

_ISO: Final = (
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?)?$"
)
_ZONED: Final = r":\d\d[0-9.:]*(Z|[+-]\d\d(:?\d\d)?)$"
# 1e11 s is the year 5138 and 1e11 ms is 1973: a number above a bound is of the next finer unit
_SECONDS, _MILLISECONDS, _MICROSECONDS = 10**11, 10**14, 10**17


def time_us(column: pa.Array, name: str) -> pa.Array:
    """int64, us since 1970 UTC."""
    kind = column.type
    if pa.types.is_date(kind):
        return column.cast(pa.timestamp("s")).cast(pa.timestamp("us")).cast(pa.int64())
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", tz=kind.tz), safe=False).cast(pa.int64())
    if is_text(kind):
        return _of_text(plain(column))
    if pa.types.is_integer(kind):
        return _of_integers(column.cast(pa.int64(), safe=False))
    if pa.types.is_floating(kind) or pa.types.is_null(kind):
        return _of_floats(column.cast(pa.float64()))
    raise SourceError(f"column {name!r} is {kind}; it must be a time: a timestamp, ISO 8601 text or seconds")


def date(column: pa.Array, name: str) -> pa.Array:
    """date32; null where no whole date is given (a bare year is none)."""
    kind = column.type
    if is_text(kind):
        words = plain(column)
        column = pc.if_else(pc.fill_null(pc.match_substring_regex(words, _ISO), fill_value=False), words, None)
    elif not (pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_null(kind)):
        raise SourceError(f"column {name!r} is {kind}; it must be a date")
    return pc.floor_temporal(time_us(column, name).cast(pa.timestamp("us")), unit="day").cast(pa.date32())


def _of_integers(column: pa.Array) -> pa.Array:
    """Exact, where float64 would round us and ns."""
    values = pc.fill_null(column, 0).to_numpy()
    finer = [np.abs(values) < bound for bound in (_SECONDS, _MILLISECONDS, _MICROSECONDS)]
    # clipped so that the branches which are not taken cannot overflow
    seconds = np.clip(values, -_SECONDS, _SECONDS) * 1_000_000
    milliseconds = np.clip(values, -_MILLISECONDS, _MILLISECONDS) * 1_000
    scaled = np.select(finer, [seconds, milliseconds, values], values // 1_000)
    return pa.array(scaled, pa.int64(), mask=column.is_null().to_numpy(zero_copy_only=False))


def _of_floats(column: pa.Array) -> pa.Array:
    values = pc.fill_null(column, np.nan).to_numpy()
    size = np.abs(values)
    finer = [size < bound for bound in (_SECONDS, _MILLISECONDS, _MICROSECONDS)]
    with np.errstate(over="ignore"):  # in the branches that are not taken
        scaled = np.select(finer, [values * 1e6, values * 1e3, values], values / 1e3)
    scaled = np.clip(scaled, -(2.0**62), 2.0**62)
    absent = np.isnan(scaled)
    return pa.array(np.where(absent, 0, np.round(scaled)).astype(np.int64), pa.int64(), mask=absent)


def _of_text(words: pa.Array) -> pa.Array:
    iso = pc.fill_null(pc.match_substring_regex(words, _ISO), fill_value=False)
    digits = pc.fill_null(pc.match_substring_regex(words, NUMBER), fill_value=False)
    of_digits = _of_floats(pc.if_else(digits, words, None).cast(pa.float64()))
    return pc.coalesce(_of_iso(pc.if_else(iso, words, None)), of_digits)


def _of_iso(words: pa.Array) -> pa.Array:
    zoned = pc.fill_null(pc.match_substring_regex(words, _ZONED), fill_value=False)
    try:
        with_zone = pc.if_else(zoned, words, None).cast(TIME).cast(pa.int64())
        without = pc.if_else(zoned, None, words).cast(pa.timestamp("us")).cast(pa.int64())
    except pa.ArrowInvalid:  # a 30th of February somewhere, or fractions finer than us
        return pa.array([_one(word) for word in words.to_pylist()], pa.int64())
    return pc.coalesce(with_zone, without)


def _one(word: str | None) -> int | None:
    try:
        return None if word is None else us_of_text(word)
    except (ValueError, OverflowError):
        return None
