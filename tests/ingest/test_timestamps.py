"""Times read one by one and by the column agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unheard.ingest.contract import ReadOptions, RowFault
from unheard.ingest.times import believed, from_epoch, us_of_text
from unheard.ingest.timestamps import time_us

moments = st.datetimes(datetime(1800, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001 - the zone is drawn apart
zones = st.none() | st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.lists(st.tuples(moments, zones), max_size=10), st.sampled_from("T "))
def test_iso_text_is_read_alike(drawn: list[tuple[datetime, timezone | None]], mark: str) -> None:
    words = [moment.replace(tzinfo=zone).isoformat(mark) for moment, zone in drawn]
    assert time_us(pa.array(words, pa.string()), "x").to_pylist() == [us_of_text(word) for word in words]


@given(st.lists(st.text("0123456789-:TZ+. ", max_size=26), max_size=10))
def test_any_text_is_a_time_or_null(words: list[str]) -> None:
    assert len(time_us(pa.array(words, pa.string()), "x")) == len(words)


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.none(), max_size=10))
def test_any_integer_is_a_time(values: list[int | None]) -> None:
    found = time_us(pa.array(values, pa.int64()), "x").to_pylist()
    assert [value is None for value in values] == [one is None for one in found]


@given(st.lists(st.floats() | st.none(), max_size=10))
def test_any_float_is_a_time_or_null(values: list[float | None]) -> None:
    assert len(time_us(pa.array(values, pa.float64()), "x")) == len(values)


def test_bounds() -> None:
    latest_us = ReadOptions(now=datetime(2020, 1, 1, tzinfo=UTC)).latest_us
    assert latest_us == 1_577_923_200_000_000  # the day after
    assert believed(latest_us, latest_us) == latest_us
    assert from_epoch(0.5, latest_us) == 500_000
    for at_us, reason in ((latest_us + 1, "future"), (0, "before 1970"), (float("nan"), "cannot be read")):
        with pytest.raises(RowFault, match=reason):
            believed(at_us, latest_us)
