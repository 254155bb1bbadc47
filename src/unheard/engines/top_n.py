"""The exact best tracks of every listener, out of factors or of scores that are already there."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from unheard.engines.cores import cores, even_edges
from unheard.engines.top_n_kernel import Found, Heard, finish, nothing_found, scan
from unheard.errors import ModelError, UsageError

FloatMatrix = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

LISTENERS_A_BLOCK = 256
TRACKS_A_TILE = 1024  # with a block's listeners 1 MB of scores, half of a second-level cache
# Ordering the tracks pays from this many listeners on; for fewer one pass over all scores is sooner done.
LISTENERS_TO_ORDER_FOR = 16
# Rounding may lift a float32 product above the product of the lengths by this share.
ROUNDING = 1e-4
NO_BOUND = 1e200  # not infinity, of which a listener of length 0 would make NaN


@dataclass(frozen=True)
class TopN:
    """The best tracks of n_listeners rows, best first; of equal scores the lower track row first.

    A row with fewer than n candidates ends early: from `counts[row]` on it holds the track row n_tracks,
    which every array over tracks refuses as an index, and the score -inf. `of` gives what is there.
    """

    ids: npt.NDArray[np.int32]  # [n_listeners, n], track rows
    scores: FloatMatrix  # [n_listeners, n]
    counts: npt.NDArray[np.int32]  # [n_listeners], 0 to n

    def of(self, listener: int) -> tuple[npt.NDArray[np.int32], FloatMatrix]:
        """Track rows and scores of one listener: [counts[listener]] each."""
        count = self.counts[listener]
        return self.ids[listener, :count], self.scores[listener, :count]


@dataclass(frozen=True)
class TrackSearch:
    """Tracks laid out for exact search: make it once, ask it often.

    Longest factors first: a score is at most the product of the two lengths, so a listener is done as soon
    as no track that is left could reach their n-th best.
    """

    factors: FloatMatrix  # [n_allowed, dim]
    ids: npt.NDArray[np.int32]  # [n_allowed], track rows
    reach: npt.NDArray[np.float64]  # [n_allowed], an upper bound of this and all later factors' lengths
    n_tracks: int

    @classmethod
    def over(
        cls, track_factors: FloatMatrix, *, allowed: Mask | None = None, ordered: bool = True
    ) -> "TrackSearch":
        """Lay out `track_factors` [n_tracks, dim]; tracks where `allowed` [n_tracks] is False are left out.

        Not `ordered` saves the copy and gives the same answers from a full pass.
        """
        factors = _finite(track_factors, "track factors")
        ids = _allowed_rows(allowed, len(factors))
        reach = np.full(len(ids), NO_BOUND)
        if ordered:
            lengths = np.linalg.norm(factors, axis=1)[ids]
            order = np.argsort(-lengths, kind="stable")
            ids, reach = ids[order], lengths[order] * np.float64(1 + ROUNDING)
        taken = factors if not ordered and len(ids) == len(factors) else factors[ids]
        return cls(taken, ids, reach, len(factors))

    def best(
        self,
        listener_factors: FloatMatrix,
        *,
        n: int,
        exclude: csr_array | None = None,
        n_threads: int | None = None,
    ) -> TopN:
        """Find the `n` best tracks for each row of `listener_factors` [n_listeners, dim].

        What is stored in a row of `exclude` [n_listeners, n_tracks], whatever its value, is not given to it.
        """
        listeners = _finite(listener_factors, "listener factors")
        if listeners.shape[1] != self.factors.shape[1]:
            raise ModelError(
                f"listener factors have {listeners.shape[1]} columns, track factors {self.factors.shape[1]}: "
                "take both from one model"
            )
        result = _room(len(listeners), n, self.n_tracks)
        heard = _heard(exclude, (len(listeners), self.n_tracks))

        def search(first: int, last: int) -> None:
            found = self._candidates(listeners[first:last], _part(heard, first, last), n)
            finish(found, result.ids[first:last], result.scores[first:last], result.counts[first:last])

        with cores(1 if len(listeners) <= LISTENERS_A_BLOCK else n_threads) as threads:
            threads.each(search, even_edges(len(listeners), LISTENERS_A_BLOCK))
        return result

    def _candidates(self, listeners: FloatMatrix, heard: Heard, n: int) -> Found:
        found = nothing_found(len(listeners), n)
        lengths = np.linalg.norm(listeners, axis=1)
        active = np.arange(len(listeners))
        for first in range(0, len(self.ids), TRACKS_A_TILE):
            waiting = (lengths * self.reach[first])[active] >= found.bars[active]
            if not waiting.all():
                active, listeners = active[waiting], listeners[waiting]
                if not len(active):
                    break
            tile = slice(first, first + TRACKS_A_TILE)
            scan(listeners @ self.factors[tile].T, active, self.ids[tile], heard, found)
        return found


def top_n(
    listener_factors: FloatMatrix,
    track_factors: FloatMatrix,
    *,
    n: int,
    exclude: csr_array | None = None,
    allowed: Mask | None = None,
    n_threads: int | None = None,
) -> TopN:
    """Find the `n` tracks with the highest products, exactly, for each of `listener_factors` [n_listeners, dim].

    `exclude` [n_listeners, n_tracks] names by its stored cells what a listener must not get, `allowed`
    [n_tracks] what anyone may get. For repeated questions to the same tracks keep a `TrackSearch`.
    """
    ordered = len(listener_factors) >= LISTENERS_TO_ORDER_FOR
    search = TrackSearch.over(track_factors, allowed=allowed, ordered=ordered)
    return search.best(listener_factors, n=n, exclude=exclude, n_threads=n_threads)


def top_n_dense(
    scores: FloatMatrix, *, n: int, exclude: csr_array | None = None, allowed: Mask | None = None
) -> TopN:
    """Find the `n` best of each row of `scores` f32 [n_listeners, n_tracks]; -inf and NaN are never given."""
    if scores.ndim != 2:
        raise ModelError(f"scores of shape {scores.shape}: need listeners x tracks")
    n_listeners, n_tracks = scores.shape
    result = _room(n_listeners, n, n_tracks)
    ids = _allowed_rows(allowed, n_tracks)
    block = np.ascontiguousarray(scores if allowed is None else scores[:, ids], np.float32)
    found = nothing_found(n_listeners, n)
    scan(block, np.arange(n_listeners), ids, _heard(exclude, (n_listeners, n_tracks)), found)
    finish(found, result.ids, result.scores, result.counts)
    return result


def _room(n_listeners: int, n: int, n_tracks: int) -> TopN:
    """Hold what a row without any candidate holds."""
    if n < 1:
        raise UsageError(f"n={n} must be 1 or more")
    return TopN(
        np.full((n_listeners, n), n_tracks, np.int32),
        np.full((n_listeners, n), -np.inf, np.float32),
        np.zeros(n_listeners, np.int32),
    )


def _finite(factors: FloatMatrix, what: str) -> FloatMatrix:
    if factors.ndim != 2 or not np.isfinite(factors).all():
        raise ModelError(f"{what} of shape {factors.shape} must be a finite matrix: train the model again")
    return np.ascontiguousarray(factors, np.float32)


def _allowed_rows(allowed: Mask | None, n_tracks: int) -> npt.NDArray[np.int32]:
    if allowed is None:
        return np.arange(n_tracks, dtype=np.int32)
    if allowed.shape != (n_tracks,) or allowed.dtype != np.bool_:
        raise UsageError(
            f"allowed is {allowed.dtype} {allowed.shape}, must be bool ({n_tracks},): one for each track"
        )
    return np.flatnonzero(allowed).astype(np.int32)


def _heard(exclude: csr_array | None, shape: tuple[int, int]) -> Heard:
    if exclude is None:
        return Heard(np.zeros(shape[0] + 1, np.int64), np.empty(0, np.int32))
    if exclude.shape != shape:
        raise UsageError(f"exclude has shape {exclude.shape}, must be {shape}: listeners x tracks")
    if not exclude.has_sorted_indices:
        exclude = exclude.sorted_indices()
    return Heard(exclude.indptr.astype(np.int64), exclude.indices.astype(np.int32, copy=False))


def _part(heard: Heard, first: int, last: int) -> Heard:
    """Only the rows first..last; their places in `tracks` stay."""
    return Heard(heard.indptr[first : last + 1], heard.tracks)
