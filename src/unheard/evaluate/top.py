"""The exact best tracks of a dense block of scores, with one answer where scores tie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from unheard.errors import ModelError

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_array

    Scores = npt.NDArray[np.floating[Any]]
    Rows = npt.NDArray[np.int32]
    Cells = npt.NDArray[np.int64]


def top(scores: Scores, n: int, *, without: csr_array | None = None, hidden: npt.NDArray[np.bool_]) -> Rows:
    """Rows of the `n` best tracks of each listener, best first: int32 [listeners, n], -1 where none is left.

    `scores` [listeners, tracks] is not changed. Left out are the cells stored in `without` (same shape) and the
    tracks that `hidden` [tracks] marks. Equal scores: the lower row comes first.
    `ModelError` for a score that is not a number; minus infinity means "never".
    """
    if np.isnan(scores).any():
        raise ModelError("a model scored a track NaN; scores are numbers, higher is better")
    open_scores = np.array(scores)
    open_scores[:, hidden] = -np.inf
    if without is not None:
        open_scores[_row_of_each(without), without.indices] = -np.inf
    ranked = np.full((len(scores), n), -1, dtype=np.int32)
    if min(n, *scores.shape) == 0:
        return ranked
    listener, track = _at_least_the_best(open_scores, min(n, scores.shape[1]))
    order = np.lexsort((track, -open_scores[listener, track], listener))
    listener, track = listener[order], track[order]
    place = np.arange(len(listener)) - np.searchsorted(listener, listener)
    kept = place < n
    ranked[listener[kept], place[kept]] = track[kept]
    return ranked


def _at_least_the_best(scores: Scores, n: int) -> tuple[Cells, Cells]:
    """Cells that hold the `n` best of each row and few besides, never a barred one: rows and columns."""
    n_tracks = scores.shape[1]
    edge = np.partition(scores, n_tracks - n, axis=1)[:, n_tracks - n]
    candidates = scores >= edge[:, None]
    # where a great many share the lowest score that gets in (zeros, often), the lower rows of them suffice
    for row in np.flatnonzero(np.count_nonzero(candidates, axis=1) > 4 * n):
        level = np.flatnonzero(scores[row] == edge[row])
        candidates[row, level[n:]] = False
    listener, track = np.divmod(np.flatnonzero(candidates), n_tracks)
    free = scores[listener, track] > -np.inf
    return listener[free], track[free]


def _row_of_each(cells: csr_array) -> npt.NDArray[np.int64]:
    """Row number of each stored cell."""
    return np.repeat(np.arange(cells.shape[0]), np.diff(cells.indptr))
