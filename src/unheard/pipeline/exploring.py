"""`unheard similar` and `unheard explain`: what is near a track, and why a track suits a listener."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from unheard.blend.rank import explainer
from unheard.pipeline.weekly import whole_ranking
from unheard.schema import Interest

if TYPE_CHECKING:
    from scipy import sparse

    from unheard.config import Sections
    from unheard.pipeline.trained import Trained


SHRINKAGE: Final = 10.0
"""Listeners at which a track's nearness counts half."""


@dataclass(frozen=True)
class Near:
    """A track, and how near it is: -1 to 1."""

    track_id: str
    name: str
    similarity: float


@dataclass(frozen=True)
class Share:
    """One of the listener's own tracks, and its part in a score."""

    track_id: str
    name: str
    share: float


@dataclass(frozen=True)
class Explanation:
    """Where a track stands for a listener, and which of their plays put it there."""

    user_id: str
    track_id: str
    name: str
    heard: bool
    rank: int | None  # place among the unheard tracks, 1 is best; None for one that was heard
    of: int
    score: float | None
    signals: dict[str, float]
    shares: tuple[Share, ...]  # of the interest that wants the track most, largest first


def similar(trained: Trained, track: int, *, n: int = 20) -> list[Near]:
    """The `n` tracks nearest to a track by who listens to them, other copies of the same recording left out.

    Nearness is the cosine in the factor space, shrunk by n / (n + `SHRINKAGE`) for a track of n listeners: a
    track that one listener plays lies wherever that listener does, and would be everybody's neighbour.
    """
    vectors, recordings = trained.vectors, trained.catalog.recordings
    lengths = np.linalg.norm(vectors, axis=1)
    cosine = vectors @ vectors[track] / np.maximum(lengths * lengths[track], 1e-12)
    cosine *= trained.popularity / (trained.popularity + SHRINKAGE)
    same = (recordings == recordings[track]) & (recordings >= 0)
    same[track] = True
    cosine[same | (lengths == 0)] = -np.inf
    best = np.lexsort((np.arange(len(cosine)), -cosine))[:n]
    catalog = trained.catalog
    return [
        Near(catalog.tracks.id(row), catalog.name(row), float(cosine[row]))
        for row in best.tolist()
        if np.isfinite(cosine[row])
    ]


def explain(trained: Trained, settings: Sections, user_id: str, track: int, *, n: int = 5) -> Explanation:
    """Why, or why not, a track suits a listener."""
    row = trained.listener(user_id)
    history = trained.interactions.plays[[row]]
    ranking = whole_ranking(trained, settings["blend"], user_id)
    place = np.flatnonzero(ranking.tracks == track)
    at = int(place[0]) if len(place) else None
    interest = ranking.interests[int(ranking.interest[at])] if at is not None else _all_of(history)
    return Explanation(
        user_id=user_id,
        track_id=trained.catalog.tracks.id(track),
        name=trained.catalog.name(track),
        heard=bool(np.isin(track, history.indices)),
        rank=None if at is None else at + 1,
        of=len(ranking.tracks),
        score=None if at is None else float(ranking.scores[at]),
        signals={} if at is None else {name: float(values[at]) for name, values in ranking.signals.items()},
        shares=_shares(trained, settings, history, interest, track=track, n=n),
    )


def _all_of(history: sparse.csr_array) -> Interest:
    return Interest(np.asarray(history.indices[history.data > 0], dtype=np.int32), 1.0)


def _shares(
    trained: Trained, settings: Sections, history: sparse.csr_array, interest: Interest, *, track: int, n: int
) -> tuple[Share, ...]:
    if not len(interest.tracks):
        return ()
    explained = explainer(trained.blend, history, (interest,), settings=settings["blend"])
    values = explained(interest, np.array([track], dtype=np.int32))[0]
    best = np.lexsort((history.indices, -values))[:n]
    catalog = trained.catalog
    return tuple(
        Share(catalog.tracks.id(history.indices[at]), catalog.name(history.indices[at]), float(values[at]))
        for at in best.tolist()
        if values[at] > 0
    )
