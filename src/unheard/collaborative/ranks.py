"""Scores of unlike models on one scale: the logarithm of the place that each track takes."""

from typing import Any

import numba
import numpy as np

from unheard.collaborative.contract import FloatMatrix

# Places are counted in bins of equal width: exact at the thin top of a list, shared in its crowded middle.
BINS = 1 << 14


@numba.njit(cache=True, parallel=True)
def _places(scores: Any, out: Any) -> None:
    for row in numba.prange(len(scores)):
        own = scores[row]
        low, high = own.min(), own.max()
        width = (high - low) / (BINS - 1)
        if width <= 0:
            out[row] = -np.log1p(np.float32(len(own) / 2))
            continue
        counts = np.zeros(BINS, np.int64)
        for track in range(len(own)):
            counts[int((high - own[track]) / width)] += 1
        values = np.empty(BINS, np.float32)
        above = 0
        for place in range(BINS):
            values[place] = -np.log1p(above + max(counts[place] - 1, 0) / 2)
            above += counts[place]
        for track in range(len(own)):
            out[row, track] = values[int((high - own[track]) / width)]


def log_places(scores: FloatMatrix) -> FloatMatrix:
    """Return -ln(1 + place) of each score in its row, the best at place 0, ties in the middle: float32.

    Scores that differ by less than 1 / 16,384 of a row's range count as ties.
    """
    out = np.empty(scores.shape, np.float32)
    if scores.size:
        _places(np.ascontiguousarray(scores, dtype=np.float32), out)
    return out
