"""Accuracy of ranked lists, one value a listener, exact over the whole catalogue.

A list is a row of track rows, best first, filled with -1 where it ends early; -1 never hits. Truth is a
listener x track matrix whose stored cells are what the listener went on to play. A listener without truth has
no value: NaN, which the means leave out. Nothing is sampled: sampled metrics do not even keep the order of
models (Krichene and Rendle 2020).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unheard.engines.top_n import top_n_dense
from unheard.errors import ModelError, UsageError

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_array

    Lists = npt.NDArray[np.integer[Any]]
    Hits = npt.NDArray[np.bool_]
    PerListener = npt.NDArray[np.float64]
    Counts = npt.NDArray[np.integer[Any]]


def listed(
    scores: npt.NDArray[np.float32],
    n: int,
    *,
    without: csr_array | None = None,
    hidden: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.int32]:
    """Lists of the `n` best tracks of each row of `scores` [listeners, tracks].

    Of equal scores the lower row comes first. Left out are the cells stored in `without` (same shape) and the
    tracks that `hidden` [tracks] marks. `ModelError` for a score that is not a number; minus infinity means
    "never".
    """
    if np.isnan(scores).any():
        raise ModelError("a model scored a track NaN; scores are numbers, higher is better")
    best = top_n_dense(scores, n=n, exclude=without, allowed=None if hidden is None else ~hidden).ids
    return np.where(best < scores.shape[1], best, np.int32(-1))


def hits(lists: Lists, truth: csr_array) -> Hits:
    """Which places of each list hold a track of the truth: bool, the shape of `lists` [listeners, places]."""
    n_listeners, n_tracks = truth.shape
    if len(lists) != n_listeners:
        raise UsageError(f"{len(lists)} lists for {n_listeners} listeners; there must be one each")
    # one number a cell, so that a sorted search answers all listeners at once
    offset = np.arange(n_listeners, dtype=np.int64)[:, None] * n_tracks
    true_cells = np.sort(np.repeat(offset[:, 0], np.diff(truth.indptr)) + truth.indices)
    listed = np.where(lists >= 0, lists + offset, -1)
    if not len(true_cells):
        return np.zeros(lists.shape, dtype=np.bool_)
    place = np.minimum(np.searchsorted(true_cells, listed), len(true_cells) - 1)
    return np.asarray(true_cells[place] == listed)


def truth_sizes(truth: csr_array) -> npt.NDArray[np.int64]:
    """Number of tracks held out for each listener."""
    return np.diff(truth.indptr).astype(np.int64)


def recall(hit: Hits, sizes: Counts, k: int) -> PerListener:
    """Recall@K = hits among the first K / min(K, held-out): 1 when the list holds all it could (Liang 2018)."""
    return _per_truth(_first(hit, k).sum(axis=1), np.minimum(sizes, k))


def precision(hit: Hits, sizes: Counts, k: int) -> PerListener:
    """Precision@K = hits among the first K / K; places that the list leaves empty count as misses."""
    return np.where(sizes > 0, _first(hit, k).sum(axis=1) / k, np.nan)


def hit_rate(hit: Hits, sizes: Counts, k: int) -> PerListener:
    """1 where any of the first K hits, else 0."""
    return np.where(sizes > 0, _first(hit, k).any(axis=1).astype(np.float64), np.nan)


def ndcg(hit: Hits, sizes: Counts, k: int) -> PerListener:
    """nDCG@K with gains of 0 and 1: sum over hits of 1 / log2(place + 1), over the same of a perfect list.

    Places count from 1; the perfect list has min(K, held-out) hits on top (Jarvelin and Kekalainen 2002).
    """
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    gained = _first(hit, k) @ discount[: hit.shape[1]]
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(sizes, k)]
    return _per_truth(gained, ideal)


def average_precision(hit: Hits, sizes: Counts, k: int) -> PerListener:
    """AP@K = sum over hits at place p <= K of precision@p, / min(K, held-out); its mean is mAP (McFee 2012)."""
    first = _first(hit, k)
    places = np.arange(1, first.shape[1] + 1)
    gained = (np.cumsum(first, axis=1) / places * first).sum(axis=1)
    return _per_truth(gained, np.minimum(sizes, k))


def auc(
    scores: npt.NDArray[np.floating[Any]],
    truth: csr_array,
    *,
    without: csr_array | None = None,
    hidden: npt.NDArray[np.bool_] | None = None,
) -> PerListener:
    """Chance that a held-out track scores above one that is not held out; a tie is worth a half (Mann-Whitney).

    Over all tracks but the cells stored in `without` and the tracks that `hidden` marks; truth among those is
    not counted. NaN where either side is empty.
    """
    values = np.full(len(scores), np.nan)
    for row in range(len(scores)):
        others = np.ones(scores.shape[1], dtype=np.bool_) if hidden is None else ~hidden
        if without is not None:
            others[_stored(without, row)] = False
        held_out = _stored(truth, row)
        held_out = held_out[others[held_out]]
        others[held_out] = False
        negatives = np.sort(scores[row, others])
        if len(held_out) and len(negatives):
            below = np.searchsorted(negatives, scores[row, held_out], side="left")
            below_or_level = np.searchsorted(negatives, scores[row, held_out], side="right")
            values[row] = (below + below_or_level).mean() / (2 * len(negatives))
    return values


def _first(hit: Hits, k: int) -> Hits:
    if k < 1:
        raise UsageError(f"K = {k}: a list is measured over at least one place")
    return hit[:, :k]


def _per_truth(gained: npt.NDArray[Any], most: npt.NDArray[Any]) -> PerListener:
    """`gained` / `most`; NaN where there is no truth."""
    values = np.full(len(most), np.nan)
    np.divide(gained, most, out=values, where=np.asarray(most) > 0)
    return values


def _stored(cells: csr_array, row: int) -> npt.NDArray[np.integer[Any]]:
    return np.asarray(cells.indices[cells.indptr[row] : cells.indptr[row + 1]])
