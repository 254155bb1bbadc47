"""Several interests of one listener, found among the tracks they play; never the average of all.

The mean of someone who plays both folk and techno lies between them, where nobody's music is. So the tracks that
a listener plays are clustered by direction in the factor space (Ward's linkage of unit vectors, as in PinnerSage,
Pal et al. 2020), and each cluster is later asked for its own candidates. Nothing here is drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import linkage

from unheard.errors import ConfigError
from unheard.schema import Interest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from scipy.sparse import csr_array

    Floats = npt.NDArray[np.float32]
    Rows = npt.NDArray[np.int32]
    Labels = npt.NDArray[np.intp]


@dataclass(frozen=True)
class InterestSettings:
    """When a listener counts as several points instead of one."""

    most: int = 6  # interests at the most
    least_tracks: int = 5  # an interest of fewer tracks joins its nearest neighbour
    min_silhouette: float = 0.08  # mean silhouette (-1 to 1) below which the listener stays one point
    most_alike: float = 0.8  # cosine of two interests' centres, above which they are no two interests
    sample: int = 200  # strongest tracks that are clustered; the others join the nearest interest

    def __post_init__(self) -> None:
        if self.most < 1 or self.least_tracks < 1 or self.sample < 2:
            raise ConfigError(f"{self}: most and least_tracks are at least 1, sample at least 2")


def find(
    history: csr_array,
    vectors: Floats,
    *,
    settings: InterestSettings | None = None,
    recency: Floats | None = None,
) -> tuple[Interest, ...]:
    """Interests of the one-row `history` [1, n_tracks], heaviest first; none where nothing was played with liking.

    A track weighs log(1 + plays), times `recency` (float32, one a stored cell, 0 or more) where it is given.
    Tracks without a direction (zero vectors) join the heaviest interest.
    """
    settings = settings or InterestSettings()
    liked = history.data > 0
    rows = np.asarray(history.indices[liked], dtype=np.int32)
    if not len(rows):
        return ()
    strength = np.log1p(history.data[liked].astype(np.float64))
    if recency is not None:
        strength = strength * recency[liked]
    order = np.lexsort((rows, -strength))
    rows, strength = rows[order], strength[order]
    return _named(rows, strength, _clusters(vectors[rows], strength, settings))


def unit(vectors: Floats) -> Floats:
    """Rows scaled to length 1; zero rows stay zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Floats = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    return scaled


def _named(rows: Rows, strength: npt.NDArray[np.float64], labels: Labels) -> tuple[Interest, ...]:
    mass = np.bincount(labels, weights=strength)
    total = mass.sum()
    share = mass / total if total > 0 else np.full(len(mass), 1 / len(mass))
    heaviest = np.argsort(-share, kind="stable")
    return tuple(Interest(rows[labels == label], float(share[label])) for label in heaviest)


def _clusters(vectors: Floats, strength: npt.NDArray[np.float64], settings: InterestSettings) -> Labels:
    """Label of each track 0..k-1, strongest track first in all arguments."""
    direction = unit(vectors)
    placed = np.flatnonzero(direction.any(axis=1))
    labels = np.zeros(len(vectors), dtype=np.intp)
    most = min(settings.most, len(placed) // settings.least_tracks)
    if most < 2:
        return labels
    head = placed[: settings.sample]
    found = _best_cut(direction[head], most, settings)
    centres = _centres(direction[head], found)
    labels[placed] = (direction[placed] @ centres.T).argmax(axis=1)
    labels[head] = found
    unplaced = np.setdiff1d(np.arange(len(vectors)), placed)
    labels[unplaced] = np.bincount(labels[placed], weights=strength[placed]).argmax()
    return labels


def _best_cut(direction: Floats, most: int, settings: InterestSettings) -> Labels:
    """Cut Ward's tree where the mean silhouette is best, or not at all."""
    tree = linkage(direction, method="ward")
    distance = 1 - direction @ direction.T
    best, best_silhouette = np.zeros(len(direction), dtype=np.intp), settings.min_silhouette
    for cut in _cuts(tree, most):
        labels = _absorbed(direction, cut, settings.least_tracks)
        quality = _silhouette(distance, labels)
        # a silhouette has no scale: it would cut even the tightest bundle into pieces
        if quality > best_silhouette and _likeness(direction, labels) <= settings.most_alike:
            best, best_silhouette = labels, quality
    return best


def _cuts(tree: npt.NDArray[np.float64], most: int) -> Iterator[Labels]:
    """Labels of the leaves with the tree cut into 2 to `most` clusters, numbered by their first leaves."""
    n_leaves = len(tree) + 1
    members = [[leaf] for leaf in range(n_leaves)]
    for left, right in tree[:, :2].astype(np.intp):
        members.append(members[left] + members[right])
    clusters = {len(members) - 1}
    while len(clusters) < most:
        latest = max(clusters)  # merges are in order of height: undoing the last one makes the next cut
        clusters = clusters - {latest} | set(tree[latest - n_leaves, :2].astype(int).tolist())
        labels = np.empty(n_leaves, dtype=np.intp)
        for label, cluster in enumerate(sorted(clusters, key=lambda each: min(members[each]))):
            labels[members[cluster]] = label
        yield labels


def _absorbed(direction: Floats, labels: Labels, least: int) -> Labels:
    """Let clusters of fewer than `least` tracks join the nearest of the others, smallest first."""
    labels = np.unique(labels, return_inverse=True)[1]
    while len(sizes := np.bincount(labels)) > 1 and sizes.min() < least:
        small = int(sizes.argmin())
        centres = _centres(direction, labels)
        nearness = centres @ centres[small]
        nearness[small] = -np.inf
        labels = np.where(labels == small, int(nearness.argmax()), labels)
        labels = np.unique(labels, return_inverse=True)[1]
    return labels


def _likeness(direction: Floats, labels: Labels) -> float:
    """Largest cosine between the centres of two clusters; -1 for a single one."""
    centres = _centres(direction, labels)
    cosine = centres @ centres.T
    return float(cosine[np.triu_indices(len(centres), 1)].max(initial=-1))


def _centres(direction: Floats, labels: Labels) -> Floats:
    """Unit mean of each cluster: float32 [k, dim]."""
    member = labels[None, :] == np.arange(labels.max() + 1)[:, None]  # k x n
    return unit((member.astype(np.float32) @ direction).astype(np.float32))


def _silhouette(distance: Floats, labels: Labels) -> float:
    """Mean silhouette (Rousseeuw 1987) of labels 0..k-1 over a distance matrix [n, n]; -1 for one cluster."""
    sizes = np.bincount(labels)
    if len(sizes) < 2:
        return -1.0
    member = (labels[:, None] == np.arange(len(sizes))).astype(np.float32)  # n x k
    total = distance @ member  # n x k: summed distance of a track to each cluster
    own = np.arange(len(labels)), labels
    inside = total[own] / np.maximum(sizes[labels] - 1, 1)
    mean = total / sizes
    mean[own] = np.inf
    outside = mean.min(axis=1)
    widest = np.maximum(np.maximum(inside, outside), np.finfo(np.float32).tiny)
    score = np.where(sizes[labels] > 1, (outside - inside) / widest, 0.0)
    return float(score.mean())
