"""What lists are like beside being right: how much of the catalogue, how popular, how new, how many artists.

Lists as in `metrics`: rows of track rows, -1 where a list ends early. `audience` [tracks] is the number of
listeners who know each track from the training plays. A listener with an empty list has no value: NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_array

    Lists = npt.NDArray[np.integer[Any]]
    Counts = npt.NDArray[np.integer[Any]]
    PerListener = npt.NDArray[np.float64]


def appearances(lists: Lists, n_tracks: int) -> npt.NDArray[np.int64]:
    """On how many lists each track stands: int64 [tracks]."""
    return np.bincount(lists[lists >= 0], minlength=n_tracks)


def coverage(lists: Lists, catalogue: npt.NDArray[np.bool_]) -> float:
    """Share of the tracks that could be listed (`catalogue` [tracks]) that stand on at least one list."""
    listed = appearances(lists, len(catalogue)) > 0
    return float((listed & catalogue).sum() / max(1, catalogue.sum()))


def gini(lists: Lists, catalogue: npt.NDArray[np.bool_]) -> float:
    """Gini coefficient of how often each track is listed: 0 all alike, towards 1 a few tracks take all places.

    G = 2 sum_i i x_i / (n sum x) - (n + 1) / n over the counts x in rising order, i from 1. 0 for no lists.
    """
    counts = np.sort(appearances(lists, len(catalogue))[catalogue])
    n, total = len(counts), counts.sum()
    if total == 0:
        return 0.0
    return float(2 * (np.arange(1, n + 1) * counts).sum() / (n * total) - (n + 1) / n)


def popularity(lists: Lists, audience: Counts, n_listeners: int) -> PerListener:
    """Mean over the list of the share of listeners who know the track, 0 to 1."""
    return _list_mean(lists, audience / n_listeners)


def popularity_lift(lists: Lists, audience: Counts, histories: csr_array) -> PerListener:
    """Mean audience of the list / mean audience of what the listener plays; 1 is as popular as their own taste.

    `histories` [listeners, tracks]: their training plays, each track once. NaN for an empty history.
    """
    known = np.diff(histories.indptr)
    owner = np.repeat(np.arange(len(known)), known)
    sums = np.bincount(owner, weights=audience[histories.indices], minlength=len(known))
    own = np.divide(sums, known, out=np.full(len(known), np.nan), where=known > 0)
    return _list_mean(lists, audience.astype(np.float64)) / np.where(own > 0, own, np.nan)


def novelty(lists: Lists, audience: Counts, n_listeners: int) -> PerListener:
    """Mean self-information of the list in bits: -log2(share of listeners who know the track).

    A track that nobody knows counts as known by one (Zhou et al. 2010).
    """
    return _list_mean(lists, -np.log2(np.maximum(audience, 1) / n_listeners))


def artist_variety(lists: Lists, artists: Counts) -> PerListener:
    """Distinct artists on the list / tracks on the list; `artists` [tracks], -1 unknown, never two alike."""
    codes = np.where(artists >= 0, artists, -2 - np.arange(len(artists)))
    listed = lists >= 0
    # artists of each list side by side, so that a new one starts where the value changes
    names = np.sort(np.where(listed, codes[np.maximum(lists, 0)], -1), axis=1)
    first = np.ones(names.shape, dtype=np.bool_)
    first[:, 1:] = names[:, 1:] != names[:, :-1]
    return _ratio((first & (names != -1)).sum(axis=1), listed.sum(axis=1))


def artist_repeats(lists: Lists, artists: Counts) -> PerListener:
    """Share of the list's tracks whose artist already stands higher on it: 1 - artist variety."""
    return 1.0 - artist_variety(lists, artists)


def _list_mean(lists: Lists, values: npt.NDArray[np.float64]) -> PerListener:
    listed = lists >= 0
    return _ratio(np.where(listed, values[np.maximum(lists, 0)], 0.0).sum(axis=1), listed.sum(axis=1))


def _ratio(top: npt.NDArray[Any], bottom: npt.NDArray[Any]) -> PerListener:
    values = np.full(len(bottom), np.nan)
    np.divide(top, bottom, out=values, where=bottom > 0)
    return values
