"""Bootstrap 95 % intervals: how far a mean would move with other listeners, or other tracks.

Percentile bootstrap (Efron 1979). All columns of one call share their draws, so that models measured on the
same listeners are compared in pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unheard.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from scipy.sparse import csr_array

DRAWS: Final = 1000
LEVELS: Final = (0.025, 0.975)
_CHUNK_CELLS: Final = 8_000_000  # weights held at once, about 64 MB


@dataclass(frozen=True)
class Interval:
    """A mean and the bounds between which 95 % of its bootstrap draws lie; all NaN when there is no value."""

    mean: float
    low: float
    high: float


def over_listeners(
    values: npt.NDArray[np.floating[Any]],
    *,
    seed: int,
    clusters: npt.NDArray[np.integer[Any]] | None = None,
    draws: int = DRAWS,
) -> tuple[Interval, ...]:
    """Mean and interval of each column of `values` [rows, columns]; NaN cells are left out.

    A row is a listener, or `clusters` [rows] says whose it is; a listener is drawn with all of their rows.
    """
    if values.ndim != 2:
        raise UsageError(f"values of shape {values.shape}; they must be listeners x columns")
    known = np.isfinite(values)
    sums, counts = np.where(known, values, 0.0), known.astype(np.float64)
    if clusters is not None:
        sums, counts = _by_cluster(sums, clusters), _by_cluster(counts, clusters)
    drawn = [
        _means(weights @ sums, weights @ counts)
        for weights in _weights(len(sums), np.random.default_rng(seed), draws, _chunk(len(sums)))
    ]
    return _intervals(_means(sums.sum(axis=0), counts.sum(axis=0)), np.concatenate(drawn))


def _by_cluster(
    values: npt.NDArray[np.float64], clusters: npt.NDArray[np.integer[Any]]
) -> npt.NDArray[np.float64]:
    """Column sums of each cluster's rows: [clusters, columns]."""
    _, place = np.unique(clusters, return_inverse=True)
    sums = np.zeros((int(place.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(sums, place, values)
    return sums


def over_listeners_and_tracks(cells: csr_array, *, seed: int, draws: int = DRAWS) -> Interval:
    """Interval of the mean over listeners of each one's mean over its stored cells, both sides resampled.

    `cells` [listeners, tracks] holds what each held-out track adds for a listener (its AUC against the rest, its
    hit). Listeners and tracks are drawn independently (the pigeonhole bootstrap, Owen 2007): with few tracks the
    tracks are the larger part of the doubt. A stored 0 counts as a value.
    """
    rng = np.random.default_rng(seed)
    ones = cells.copy()
    ones.data = np.ones_like(cells.data, dtype=np.float64)
    whole = _means(np.asarray(cells.sum(axis=1)).ravel(), np.diff(cells.indptr).astype(np.float64))
    drawn = []
    n_listeners, n_tracks = cells.shape
    chunk = _chunk(max(n_listeners, n_tracks))
    for listener_weights, track_weights in zip(
        _weights(n_listeners, rng, draws, chunk), _weights(n_tracks, rng, draws, chunk), strict=True
    ):
        # [listeners, draws]: each listener's mean over the tracks drawn
        values = _means(cells @ track_weights.T, ones @ track_weights.T)
        known = np.isfinite(values)
        weights = listener_weights.T * known
        drawn.append(_means((weights * np.where(known, values, 0.0)).sum(axis=0), weights.sum(axis=0)))
    mean = np.array([np.nanmean(whole) if np.isfinite(whole).any() else np.nan])
    return _intervals(mean, np.concatenate(drawn)[:, None])[0]


def _chunk(n: int) -> int:
    """Draws worked on at once, so that their weights stay within memory."""
    return max(1, _CHUNK_CELLS // max(n, 1))


def _weights(n: int, rng: np.random.Generator, draws: int, chunk: int) -> Iterator[npt.NDArray[np.float64]]:
    """How often each of `n` is drawn: float64 [chunk, n] until all `draws` are given."""
    for start in range(0, draws, chunk):
        size = min(chunk, draws - start)
        picks = rng.integers(0, max(n, 1), size=(size, n)) + np.arange(size)[:, None] * n
        yield np.bincount(picks.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)


def _means(sums: npt.NDArray[Any], counts: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    values = np.full(np.shape(sums), np.nan)
    np.divide(sums, counts, out=values, where=counts > 0)
    return values


def _intervals(means: npt.NDArray[np.float64], drawn: npt.NDArray[np.float64]) -> tuple[Interval, ...]:
    """One interval a column of `drawn` [draws, columns]."""
    result = []
    for mean, column in zip(means, drawn.T, strict=True):
        known = column[np.isfinite(column)]
        low, high = np.quantile(known, LEVELS) if len(known) else (np.nan, np.nan)
        result.append(Interval(float(mean), float(low), float(high)))
    return tuple(result)
