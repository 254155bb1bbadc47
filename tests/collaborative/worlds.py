"""Tiny collections whose right answers are known by hand."""

import numpy as np
from scipy.sparse import csr_array


def checkerboard(n: int) -> csr_array:
    """Even listeners like even tracks, odd listeners odd ones; each lacks the track of its own number."""
    row, track = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    return csr_array(((row + track) % 2 == 0) & (row != track), dtype=np.float32)


def power_law(n_listeners: int, n_tracks: int, *, seed: int) -> csr_array:
    """Draw random plays with popular tracks and heavy listeners; no tastes."""
    rng = np.random.default_rng(seed)
    n_plays = n_listeners * 12
    tracks = np.minimum(rng.pareto(0.9, n_plays) * 2, n_tracks - 1).astype(np.int32)
    listeners = rng.integers(0, n_listeners, n_plays)
    plays = csr_array(
        (rng.geometric(0.3, n_plays).astype(np.float32), (listeners, tracks)), shape=(n_listeners, n_tracks)
    )
    plays.sum_duplicates()
    return plays
