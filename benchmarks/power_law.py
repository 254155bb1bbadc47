"""Generated plays with a power law on both sides and tastes to find, for the benchmarks."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array


def power_law_plays(
    n_plays: int, *, n_listeners: int = 200_000, n_tracks: int = 40_000, n_tastes: int = 64, seed: int = 1
) -> csr_array:
    """Draw listener x track play counts (f32 CSR) with about `n_plays` cells that are not zero.

    Activity is log-normal, popularity Zipf-like within each taste. A listener holds three tastes; seven
    plays in ten come from them, the rest from the charts of all. Counts are geometric with mean 2.
    """
    rng = np.random.default_rng(seed)
    popularity = rng.permutation(1.0 / (np.arange(n_tracks) + 20.0))
    taste_of_track = rng.integers(n_tastes, size=n_tracks)
    charts = [np.flatnonzero(taste_of_track == taste) for taste in range(n_tastes)]
    charts.append(np.arange(n_tracks))
    tastes_of_listener = rng.integers(n_tastes, size=(n_listeners, 3))
    activity = rng.lognormal(sigma=1.1, size=n_listeners)
    activity /= activity.sum()
    cells = np.empty(0, np.int64)
    while cells.size < n_plays:  # repeats fall together, so draw until enough distinct cells stand
        n_missing = int((n_plays - cells.size) * 1.1) + 1000
        listeners = rng.choice(n_listeners, size=n_missing, p=activity)
        taste = tastes_of_listener[listeners, rng.integers(3, size=n_missing)]
        taste = np.where(rng.random(n_missing) < 0.7, taste, n_tastes)
        tracks = np.empty(n_missing, np.int64)
        for number, chart in enumerate(charts):
            drawn = np.flatnonzero(taste == number)
            edges = np.cumsum(popularity[chart])
            tracks[drawn] = chart[np.searchsorted(edges, rng.random(drawn.size) * edges[-1], side="right")]
        cells = np.unique(np.concatenate([cells, listeners * n_tracks + tracks]))
    cells = np.sort(rng.choice(cells, size=n_plays, replace=False))
    counts = rng.geometric(0.5, size=n_plays).astype(np.float32)
    indptr = np.searchsorted(cells, np.arange(n_listeners + 1, dtype=np.int64) * n_tracks)
    indices = (cells % n_tracks).astype(np.int32)
    return csr_array((counts, indices, indptr.astype(np.int32)), shape=(n_listeners, n_tracks))
