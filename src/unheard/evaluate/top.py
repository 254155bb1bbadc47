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
    n_kept = min(n, scores.shape[1])
    ranked = np.full((len(scores), n), -1, dtype=np.int32)
    if n_kept == 0 or len(scores) == 0:
        return ranked
    chosen = _choose(open_scores, n_kept)
    values = np.take_along_axis(open_scores, chosen, axis=1)
    order = np.lexsort((chosen, -values), axis=1)
    best = np.take_along_axis(chosen, order, axis=1)
    kept = np.take_along_axis(values, order, axis=1) > -np.inf
    ranked[:, :n_kept] = np.where(kept, best, -1)
    return ranked


def _choose(scores: Scores, n: int) -> Rows:
    """The `n` best of each row in any order; among equals at the edge, the lower rows."""
    n_tracks = scores.shape[1]
    if n >= n_tracks:
        return np.tile(np.arange(n_tracks, dtype=np.int32), (len(scores), 1))
    chosen = np.argpartition(scores, n_tracks - n, axis=1)[:, n_tracks - n :].astype(np.int32)
    edge = np.take_along_axis(scores, chosen, axis=1).min(axis=1)
    # a row is settled unless tracks outside the chosen ones share the lowest chosen score
    at_or_above = (scores >= edge[:, None]).sum(axis=1)
    for row in np.flatnonzero((at_or_above > n) & (edge > -np.inf)):
        above = np.flatnonzero(scores[row] > edge[row])
        level = np.flatnonzero(scores[row] == edge[row])[: n - len(above)]
        chosen[row] = np.concatenate([above, level])
    return chosen


def _row_of_each(cells: csr_array) -> npt.NDArray[np.int64]:
    """Row number of each stored cell."""
    return np.repeat(np.arange(cells.shape[0]), np.diff(cells.indptr))
