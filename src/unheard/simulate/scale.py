"""Plays by the million, where only their number and shape matter: for benchmarks, not for questions of taste."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
from scipy import sparse

from unheard.errors import UsageError
from unheard.simulate import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

N_GROUPS: Final = 64  # of taste: each has favourites of its own among all tracks
INTERESTS: Final = 3  # groups that a listener draws from
LISTENS_SCHEMA: Final = pa.schema(
    [
        ("user_id", pa.string()),
        ("track_id", pa.string()),
        ("artist", pa.string()),
        ("title", pa.string()),
        ("listened_at", pa.timestamp("us", tz="UTC")),
    ]
)


@dataclass(frozen=True, eq=False)
class _Crowd:
    """Who plays how much, and what each group of taste plays."""

    activity: Floats  # [n_listeners], running sums of shares up to 1
    groups: Ints  # [n_listeners, INTERESTS]
    favourites: Floats  # [N_GROUPS, n_tracks], running sums of shares up to 1


def plays(n_listeners: int, n_tracks: int, n_plays: int, *, seed: int) -> sparse.csr_array:
    """A listener x track matrix of play counts with exactly `n_plays` stored pairs, float32, columns sorted.

    Activity and popularity fall as power laws; who plays what follows groups of taste, so that a factor model
    finds structure. About ten seconds and 600 MB for 8 million pairs.
    `UsageError` when over half of all cells are asked.
    """
    if min(n_listeners, n_tracks, n_plays) < 1 or n_plays > n_listeners * n_tracks // 2:
        raise UsageError(f"{n_plays:,} plays among {n_listeners:,} x {n_tracks:,}: ask for 1 to half of all cells")
    rng = np.random.default_rng(seed)
    crowd = _crowd(n_listeners, n_tracks, rng)
    pairs = np.zeros(0, dtype=np.int64)
    while len(pairs) < n_plays:
        listener, track = _drawn(crowd, int((n_plays - len(pairs)) * 1.3) + 1_000, rng)
        pairs = np.sort(np.concatenate([pairs, listener * n_tracks + track]))
        pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])]  # much faster than np.unique here
    pairs = np.delete(pairs, rng.choice(len(pairs), len(pairs) - n_plays, replace=False, shuffle=False))
    counts = np.floor(1.0 + rng.pareto(1.5, n_plays)).clip(max=1_000).astype(np.float32)
    starts = np.searchsorted(pairs, np.arange(n_listeners + 1) * n_tracks)
    columns = (pairs % n_tracks).astype(np.int32)
    return sparse.csr_array((counts, columns, starts.astype(np.int32)), shape=(n_listeners, n_tracks))


def listens(
    n_rows: int, *, n_listeners: int, n_tracks: int, seed: int, batch_rows: int = 1_000_000
) -> Iterator[pa.RecordBatch]:
    """Record batches of `LISTENS_SCHEMA`, `n_rows` together, in memory of a few batches.

    Listeners' rows are mixed; times lie within the two years to 2026-11-16 and rise from batch to batch.
    """
    rng = np.random.default_rng(seed)
    crowd = _crowd(n_listeners, n_tracks, rng)
    users = pa.array([f"listener{row:06d}" for row in range(n_listeners)], pa.string())
    track_ids = pa.array([f"track{row:06d}" for row in range(n_tracks)], pa.string())
    # eight tracks an artist
    artist_names = names.distinct(names.phrases(-(-n_tracks // 8), names.SCRIPTS[0], rng, most=2))
    artists = pa.array([artist_names[row // 8] for row in range(n_tracks)], pa.string())
    titles = pa.array(
        [f"{title} {row}" for row, title in enumerate(names.phrases(n_tracks, names.SCRIPTS[0], rng))]
    )
    end_us = int(datetime(2026, 11, 16, tzinfo=UTC).timestamp()) * 1_000_000
    start_us = end_us - 2 * 365 * 86_400_000_000
    for first in range(0, n_rows, batch_rows):
        size = min(batch_rows, n_rows - first)
        listener, track = _drawn(crowd, size, rng)
        share = (first + np.sort(rng.random(len(track))) * size) / n_rows
        at_us = (start_us + (end_us - start_us) * share).astype(np.int64) // 1_000_000 * 1_000_000
        rows = pa.array(track)
        yield pa.RecordBatch.from_arrays(
            [
                users.take(pa.array(listener)),
                track_ids.take(rows),
                artists.take(rows),
                titles.take(rows),
                pa.array(at_us, LISTENS_SCHEMA.field("listened_at").type),
            ],
            schema=LISTENS_SCHEMA,
        )


def _crowd(n_listeners: int, n_tracks: int, rng: np.random.Generator) -> _Crowd:
    activity = rng.pareto(1.4, n_listeners).clip(max=200) + 0.3
    known = (np.arange(n_tracks) + 8.0) ** -0.8  # how far a track is known to all
    lean = np.exp(1.8 * rng.standard_normal((N_GROUPS, n_tracks)))  # what a group makes of it
    weights = rng.permutation(known) * lean
    return _Crowd(
        activity=_running(activity),
        groups=rng.integers(0, N_GROUPS, (n_listeners, INTERESTS)),
        favourites=_running(weights),
    )


def _running(weights: Floats) -> Floats:
    """Running sums along the last axis, ending at 1."""
    sums = np.cumsum(weights, axis=-1)
    return np.asarray(sums / sums[..., -1:])


def _drawn(crowd: _Crowd, n: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """`n` plays: a listener by activity, one of their groups (the first most often), one of its tracks."""
    listener = rng.permutation(np.searchsorted(crowd.activity, np.sort(rng.random(n)), side="right"))
    interest = np.minimum(rng.geometric(0.55, n) - 1, INTERESTS - 1)
    group = crowd.groups[listener, interest]
    order = np.argsort(group.astype(np.uint8), kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=N_GROUPS))])
    track = np.empty(n, dtype=np.int64)
    for number in range(N_GROUPS):
        rows = order[ends[number] : ends[number + 1]]
        # sorted points are found several times faster; the shuffle parts them from their listeners again
        points = np.sort(rng.random(len(rows)))
        track[rng.permutation(rows)] = np.searchsorted(crowd.favourites[number], points, side="right")
    return listener, track
