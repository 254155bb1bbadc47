"""Item-item weights of large collections, each track's regression solved on its own neighbourhood.

Cost, with k neighbours: the co-plays take sum of (plays of a listener)^2 multiply-adds, bounded at
`MAX_CO_PLAYS` by drawing listeners; the solves take tracks x k^3 / 3; memory is tracks x k x KEPT x 8
bytes for the co-plays kept, and tracks x k x 8 bytes for the weights.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from unheard.collaborative.contract import Progress, silent

# Co-plays kept for each track, in multiples of its neighbours: two neighbours' own are looked up here.
KEPT = 4
# Beyond this many multiply-adds listeners are drawn at random, so that a few heavy ones cannot take hours.
MAX_CO_PLAYS = 20_000_000_000
TRACKS_A_BLOCK = 4096


class Lines(NamedTuple):
    """A sparse matrix by rows or by columns, as numba takes it."""

    ptr: npt.NDArray[np.int64]
    places: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]


class CoPlays(NamedTuple):
    """For each track the most co-heard others, best first; -1 where there are fewer."""

    tracks: npt.NDArray[np.int32]  # [n_tracks, kept]
    values: npt.NDArray[np.float32]  # [n_tracks, kept]
    diagonal: npt.NDArray[np.float64]  # [n_tracks], each track's product with itself


@numba.njit(cache=True, parallel=True)
def _count(block: Any, n_chunks: int, by_track: Any, by_row: Any, out: Any) -> None:
    """Write the most co-heard tracks, by cosine, of the tracks in `block` (first, last)."""
    n_tracks = len(out.tracks)
    for chunk in numba.prange(n_chunks):
        sums = np.zeros(n_tracks, np.float32)
        touched = np.empty(n_tracks, np.int32)
        seen = np.zeros(n_tracks, np.bool_)
        for track in range(block[0] + chunk, block[1], n_chunks):
            n_touched = 0
            seen[track] = True
            for a in range(by_track.ptr[track], by_track.ptr[track + 1]):
                row, value = by_track.places[a], by_track.values[a]
                for b in range(by_row.ptr[row], by_row.ptr[row + 1]):
                    other = by_row.places[b]
                    if not seen[other]:
                        seen[other] = True
                        touched[n_touched] = other
                        n_touched += 1
                    sums[other] += value * by_row.values[b]
            _keep(track, touched[:n_touched], sums, out)
            for t in range(n_touched):
                sums[touched[t]] = 0.0
                seen[touched[t]] = False
            sums[track] = 0.0
            seen[track] = False


@numba.njit(cache=True)
def _keep(track: int, candidates: Any, sums: Any, out: Any) -> None:
    """Keep the best of the candidates, best first."""
    kept = min(out.tracks.shape[1], len(candidates))
    if kept == 0:
        return
    cosines = np.empty(len(candidates), np.float32)
    for c in range(len(candidates)):
        other = candidates[c]
        cosines[c] = -abs(sums[other]) / np.sqrt(out.diagonal[other] + 1e-12)
    # Sorting the few that are kept is many times cheaper than sorting all that were ever heard together.
    last = np.partition(cosines, kept - 1)[kept - 1]
    chosen = np.flatnonzero(cosines <= last)
    chosen = chosen[np.argsort(cosines[chosen], kind="mergesort")[:kept]]
    for slot in range(kept):
        other = candidates[chosen[slot]]
        out.tracks[track, slot] = other
        out.values[track, slot] = sums[other]


@numba.njit(cache=True, parallel=True)
def _solve(block: Any, n_chunks: int, ridge: float, known: Any, out: Any) -> None:
    """Regress each track in `block` (first, last) on its first `out.shape[1]` co-heard tracks."""
    n_tracks, neighbours = out.shape
    for chunk in numba.prange(n_chunks):
        place = np.full(n_tracks, -1, np.int32)
        gram = np.empty((neighbours, neighbours), np.float64)
        target = np.empty(neighbours, np.float64)
        for track in range(block[0] + chunk, block[1], n_chunks):
            size = 0
            while size < neighbours and known.tracks[track, size] >= 0:
                place[known.tracks[track, size]] = size
                target[size] = known.values[track, size]
                size += 1
            gram[:size, :size] = 0.0
            for i in range(size):
                _fill(i, known.tracks[track, i], known, place, gram)
            for i in range(size):
                gram[i, i] += ridge
                place[known.tracks[track, i]] = -1
            _cholesky_solve(gram, target, size, ridge)
            out[track, :size] = target[:size]


@numba.njit(cache=True)
def _fill(i: int, other: int, known: Any, place: Any, gram: Any) -> None:
    """Fill row and column i of the neighbourhood's gram with what `other` shares with the neighbours."""
    gram[i, i] = known.diagonal[other]
    for slot in range(known.tracks.shape[1]):
        third = known.tracks[other, slot]
        if third < 0:
            break
        j = place[third]
        if j >= 0:
            gram[i, j] = known.values[other, slot]
            gram[j, i] = known.values[other, slot]


# Sums may be added in any order: four at a time.
@numba.njit(cache=True, fastmath={"reassoc", "contract"})
def _cholesky_solve(matrix: Any, vector: Any, size: int, floor: float) -> None:
    """Solve in place; a pivot under `floor` is lifted to it, as co-plays left out may make it too small."""
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i == j:
                matrix[i, i] = np.sqrt(max(total, floor))
            else:
                matrix[i, j] = total / matrix[j, j]
        total = vector[i]
        for k in range(i):
            total -= matrix[i, k] * vector[k]
        vector[i] = total / matrix[i, i]
    for i in range(size - 1, -1, -1):
        total = vector[i]
        for k in range(i + 1, size):
            total -= matrix[k, i] * vector[k]
        vector[i] = total / matrix[i, i]


def _affordable(rows: csr_array, *, seed: int) -> csr_array:
    """Draw listeners, all of them if they can be paid for."""
    lengths = np.diff(rows.indptr).astype(np.float64)
    total = float((lengths**2).sum())
    if total <= MAX_CO_PLAYS:
        return rows
    rng = np.random.default_rng(seed)
    order = rng.permutation(rows.shape[0])
    n_drawn = max(1, int(np.searchsorted(np.cumsum(lengths[order] ** 2), MAX_CO_PLAYS)))
    return csr_array(rows[np.sort(order[:n_drawn])])


def sparse_weights(
    rows: csr_array, *, neighbours: int, ridge: float, seed: int, progress: Progress = silent
) -> csr_array:
    """Weights of `rows` [listeners, tracks], at most `neighbours` a column: float32 CSR [tracks, tracks]."""
    rows = _affordable(rows, seed=seed)
    n_tracks = rows.shape[1]
    neighbours = min(neighbours, n_tracks - 1)
    known = _co_plays(rows, kept=min(KEPT * neighbours, n_tracks - 1), progress=lambda s: progress(s / 2))
    weights = np.zeros((n_tracks, neighbours), dtype=np.float32)
    for block in _blocks(n_tracks):
        _solve(block, numba.get_num_threads(), ridge, known, weights)
        progress(0.5 + block[1] / n_tracks / 2)
    return _matrix(known.tracks[:, :neighbours], weights)


def _co_plays(rows: csr_array, *, kept: int, progress: Progress) -> CoPlays:
    n_tracks = rows.shape[1]
    found = CoPlays(
        np.full((n_tracks, kept), -1, dtype=np.int32),
        np.zeros((n_tracks, kept), dtype=np.float32),
        np.asarray(rows.power(2).sum(axis=0), dtype=np.float64),
    )
    by_track, by_row = _lines(rows.tocsc()), _lines(rows)
    for block in _blocks(n_tracks):
        _count(block, numba.get_num_threads(), by_track, by_row, found)
        progress(block[1] / n_tracks)
    return found


def _lines(matrix: Any) -> Lines:
    return Lines(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data)


def _blocks(n_tracks: int) -> list[tuple[int, int]]:
    """Cut the work so that progress shows and Ctrl-C is heard."""
    return [(first, min(first + TRACKS_A_BLOCK, n_tracks)) for first in range(0, n_tracks, TRACKS_A_BLOCK)]


def _matrix(tracks: npt.NDArray[np.int32], weights: npt.NDArray[np.float32]) -> csr_array:
    """Lay the columns' weights out as [from track, to track]."""
    n_tracks, neighbours = tracks.shape
    to_track = np.repeat(np.arange(n_tracks, dtype=np.int32), neighbours)
    used = tracks.ravel() >= 0
    parts = (weights.ravel()[used], (tracks.ravel()[used], to_track[used]))
    return csr_array(parts, shape=(n_tracks, n_tracks))
