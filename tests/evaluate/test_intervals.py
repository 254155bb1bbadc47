"""Intervals: their width where theory knows it, and that they can be had again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import sparse

from unheard.errors import UsageError
from unheard.evaluate import intervals


def test_width_is_that_of_the_normal_law() -> None:
    values = np.random.default_rng(0).normal(5.0, 2.0, size=(2_000, 1))
    (found,) = intervals.over_listeners(values, seed=1)
    assert found.mean == pytest.approx(values.mean())
    half = 1.96 * values.std() / math.sqrt(2_000)
    assert found.high - found.mean == pytest.approx(half, rel=0.12)
    assert found.mean - found.low == pytest.approx(half, rel=0.12)


def test_the_same_seed_gives_the_same_bounds() -> None:
    values = np.random.default_rng(0).random((50, 3))
    assert intervals.over_listeners(values, seed=1) == intervals.over_listeners(values, seed=1)
    assert intervals.over_listeners(values, seed=1) != intervals.over_listeners(values, seed=2)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random((50, 2))
    whole = intervals.over_listeners(values, seed=1, draws=40)
    monkeypatch.setattr(intervals, "_CHUNK_CELLS", 60)
    for one, other in zip(whole, intervals.over_listeners(values, seed=1, draws=40), strict=True):
        assert (one.low, one.high) == pytest.approx((other.low, other.high))


def test_columns_share_their_draws() -> None:
    values = np.random.default_rng(0).random(40)
    one, other = intervals.over_listeners(np.stack([values, values + 1], axis=1), seed=0)
    assert other.low == pytest.approx(one.low + 1)


def test_values_that_are_not_there_are_left_out() -> None:
    (found, nothing) = intervals.over_listeners(
        np.array([[1.0, math.nan], [math.nan, math.nan], [3.0, math.nan]]), seed=0
    )
    assert (found.mean, found.low, found.high) == (2.0, 1.0, 3.0)
    assert math.isnan(nothing.mean)
    assert math.isnan(nothing.low)


def test_a_listener_is_drawn_with_all_their_rows() -> None:
    # two listeners, 100 rows each: only their number carries doubt
    values = np.repeat([[0.0], [1.0]], 100, axis=0)
    clusters = np.repeat([7, 3], 100)
    (found,) = intervals.over_listeners(values, seed=0, clusters=clusters)
    assert (found.mean, found.low, found.high) == (0.5, 0.0, 1.0)
    (blind,) = intervals.over_listeners(values, seed=0)
    assert blind.low > 0.4


def test_few_tracks_widen_a_two_way_interval() -> None:
    rng = np.random.default_rng(0)
    track_effect = rng.random(10)
    cells = sparse.csr_array(np.tile(track_effect, (500, 1)) + 0.01 * rng.random((500, 10)))
    two_way = intervals.over_listeners_and_tracks(cells, seed=0, draws=400)
    (one_way,) = intervals.over_listeners(cells.mean(axis=1)[:, None], seed=0)
    assert two_way.mean == pytest.approx(one_way.mean)
    assert two_way.high - two_way.low > 50 * (one_way.high - one_way.low)
    half = 1.96 * track_effect.std() / math.sqrt(10)
    assert two_way.high - two_way.mean == pytest.approx(half, rel=0.25)


def test_a_stored_zero_is_a_value() -> None:
    cells = sparse.csr_array((np.array([0.0, 1.0]), (np.array([0, 0]), np.array([0, 1]))), shape=(1, 2))
    assert intervals.over_listeners_and_tracks(cells, seed=0, draws=10).mean == 0.5


def test_a_flat_array_is_refused() -> None:
    with pytest.raises(UsageError, match="listeners x columns"):
        intervals.over_listeners(np.zeros(3), seed=0)
