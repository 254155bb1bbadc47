"""Scanning blocks of scores for the best of each row.

A candidate is one 64-bit key: the score's bits, made to sort like the score, above the track's row turned
round. The larger key is the better candidate, and of equal scores the lower track row: no two keys tie.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

CHUNK = 64  # scores that are compared at once before any is looked at alone
LOW = np.uint64(0xFFFFFFFF)
SIGN = np.uint32(0x80000000)
LOWEST = np.float32(np.finfo(np.float32).min)


class Found(NamedTuple):
    """Candidates of a block of rows so far; once a row has `n`, only as good or better ones come in."""

    n: int
    keys: npt.NDArray[np.uint64]  # [n_rows, room], unsorted
    counts: npt.NDArray[np.int64]  # [n_rows]
    bars: npt.NDArray[np.float32]  # [n_rows], the score of the n-th best


class Heard(NamedTuple):
    """Tracks that a row must not get, sorted within it."""

    indptr: npt.NDArray[np.int64]  # [n_rows + 1]
    tracks: npt.NDArray[np.int32]


def nothing_found(n_rows: int, n: int) -> Found:
    """Candidates of rows that were not looked at yet."""
    return Found(
        n, np.empty((n_rows, 3 * n + CHUNK), np.uint64), np.zeros(n_rows, np.int64), np.full(n_rows, LOWEST)
    )


@numba.njit(cache=True, nogil=True)
def scan(scores: Any, rows: Any, ids: Any, heard: Any, found: Any) -> None:
    """Take the candidates of `scores` f32 [len(rows), len(ids)]; `rows` number the rows of `found`."""
    n, keys, counts, bars = found
    bits = scores.view(np.uint32)
    hits = np.empty(CHUNK, np.int64)
    for slot in range(len(rows)):
        row = rows[slot]
        for begin in range(0, len(ids), CHUNK):
            n_hits = _reaching(scores[slot, begin : begin + CHUNK], bars[row], hits)
            for hit in hits[:n_hits]:
                column = begin + hit
                if not _is_heard(heard, row, ids[column]):
                    keys[row, counts[row]] = _key(bits[slot, column], ids[column])
                    counts[row] += 1
                    if counts[row] == keys.shape[1]:
                        _keep_best(row, n, keys, counts, bars)
        if counts[row] > n or (counts[row] == n and bars[row] == LOWEST):
            _keep_best(row, n, keys, counts, bars)


@numba.njit(cache=True, nogil=True)
def _reaching(scores: Any, bar: float, hits: Any) -> int:
    """Write the places in `scores` that are not below `bar` into `hits`; return how many there are."""
    total = 0
    for place in range(len(scores)):  # a sum alone is what the compiler makes vectors of
        total += scores[place] >= bar
    if total == 0:
        return 0
    n_hits = 0
    for place in range(len(scores)):  # without a branch, which would be guessed wrongly half the time
        hits[n_hits] = place
        n_hits += scores[place] >= bar
    return n_hits


@numba.njit(cache=True, nogil=True)
def finish(found: Any, ids: Any, scores: Any, n_found: Any) -> None:
    """Write what was found, best first, into rows of `ids` and `scores` [n_rows, n]."""
    n, keys, counts, _ = found
    bits = scores.view(np.uint32)
    for row in range(len(counts)):
        best = np.sort(keys[row, : counts[row]])[::-1]
        n_found[row] = min(n, len(best))
        for place in range(n_found[row]):
            ids[row, place] = np.int32(LOW - (best[place] & LOW))
            bits[row, place] = _score_bits(best[place])


@numba.njit(cache=True, nogil=True)
def _is_heard(heard: Any, row: int, track: int) -> bool:
    low, high = heard.indptr[row], heard.indptr[row + 1]
    end = high
    while low < high:
        middle = (low + high) // 2
        if heard.tracks[middle] < track:
            low = middle + 1
        else:
            high = middle
    return bool(low < end and heard.tracks[low] == track)


@numba.njit(cache=True, nogil=True)
def _key(bits: Any, track: int) -> Any:
    if bits == SIGN:  # minus zero is zero
        bits = np.uint32(0)
    ordered = ~bits if bits & SIGN else bits | SIGN
    return (np.uint64(np.uint32(ordered)) << np.uint64(32)) | (LOW - np.uint64(track))


@numba.njit(cache=True, nogil=True)
def _score_bits(key: Any) -> Any:
    ordered = np.uint32(key >> np.uint64(32))
    return np.uint32(ordered ^ SIGN) if ordered & SIGN else np.uint32(~ordered)


@numba.njit(cache=True, nogil=True)
def _keep_best(row: int, n: int, keys: Any, counts: Any, bars: Any) -> None:
    """Leave the best `n` of a row's candidates, the n-th at place n - 1, and raise its bar."""
    line = keys[row]
    low, high = 0, counts[row] - 1
    while low < high:  # quickselect, largest first
        pivot = line[(low + high) // 2]
        left, right = low, high
        while left <= right:
            while line[left] > pivot:
                left += 1
            while line[right] < pivot:
                right -= 1
            if left <= right:
                line[left], line[right] = line[right], line[left]
                left += 1
                right -= 1
        if n - 1 <= right:
            high = right
        elif n - 1 >= left:
            low = left
        else:
            break
    counts[row] = n
    one = np.empty(1, np.uint32)
    one[0] = _score_bits(line[n - 1])
    bars[row] = one.view(np.float32)[0]
