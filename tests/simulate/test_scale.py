"""Plays by the million, in small: exact numbers, long tails, structure, determinism."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from unheard.errors import UsageError
from unheard.simulate import scale

PLAYS = scale.plays(800, 500, 20_000, seed=1)


def test_there_are_exactly_as_many_pairs_as_asked() -> None:
    assert PLAYS.shape == (800, 500)
    assert PLAYS.nnz == 20_000
    assert PLAYS.dtype == np.float32
    assert PLAYS.indices.dtype == PLAYS.indptr.dtype == np.int32
    assert PLAYS.data.min() >= 1
    rows = np.repeat(np.arange(800), np.diff(PLAYS.indptr))
    assert (np.diff(rows.astype(np.int64) * 500 + PLAYS.indices) > 0).all()  # sorted, nothing twice


def test_the_same_seed_gives_the_same_plays() -> None:
    again, other = scale.plays(800, 500, 20_000, seed=1), scale.plays(800, 500, 20_000, seed=2)
    assert np.array_equal(PLAYS.toarray(), again.toarray())
    assert not np.array_equal(PLAYS.toarray(), other.toarray())


def test_tails_are_long() -> None:
    for counts in (np.diff(PLAYS.indptr), np.bincount(PLAYS.indices, minlength=500)):
        falling = np.sort(counts)[::-1]
        assert falling[: len(falling) // 10].sum() > 0.25 * falling.sum()


def test_factors_find_structure_beyond_popularity() -> None:
    seen = (scale.plays(4_000, 400, 60_000, seed=1).toarray() > 0).astype(np.float64)
    shuffled = np.random.default_rng(0).permuted(seen, axis=0)  # as popular, but by nobody in particular
    strengths, noise = (np.linalg.eigvalsh(np.corrcoef(table.T))[::-1] for table in (seen, shuffled))
    assert (strengths[1:20] > 1.15 * noise[1:20]).all()  # the first is how much one plays


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(UsageError, match="60 plays among 10 x 10"):
        scale.plays(10, 10, 60, seed=0)


def test_listens_come_in_batches_of_rising_time() -> None:
    batches = list(scale.listens(2_500, n_listeners=50, n_tracks=80, seed=3, batch_rows=1_000))
    assert [batch.num_rows for batch in batches] == [1_000, 1_000, 500]
    table = pa.Table.from_batches(batches)
    assert table.schema == scale.LISTENS_SCHEMA
    assert not any(column.null_count for column in table.columns)
    times = table["listened_at"].cast(pa.int64()).to_numpy()
    assert (np.diff(times) >= 0).all()
    assert table.equals(
        pa.Table.from_batches(scale.listens(2_500, n_listeners=50, n_tracks=80, seed=3, batch_rows=1_000))
    )


def test_a_track_keeps_its_names_and_has_no_time_of_its_own() -> None:
    table = pa.Table.from_batches(scale.listens(40_000, n_listeners=50, n_tracks=80, seed=3))
    pairs = table.group_by(["track_id", "artist", "title"]).aggregate([])
    assert pairs.num_rows == len(set(table["track_id"].to_pylist()))
    rows = np.array([int(name.removeprefix("track")) for name in table["track_id"].to_pylist()])
    assert abs(np.corrcoef(rows, np.arange(len(rows)))[0, 1]) < 0.03
