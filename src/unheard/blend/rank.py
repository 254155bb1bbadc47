"""Every listener's unheard tracks, best first: each interest asks all models for its own candidates."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, vstack

from unheard.blend import interests as finding
from unheard.blend.combine import attributed, blended, deviations, popularity, signals
from unheard.blend.dials import Dials, turned
from unheard.errors import ConfigError, InputError
from unheard.schema import Interest, Ranking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from unheard.blend.contract import Blend, Floats

    Rows = npt.NDArray[np.int32]
    Mask = npt.NDArray[np.bool_]

BLOCK_CELLS = 8_000_000  # scores held at a time and model, 32 MB


@dataclass(frozen=True)
class RankSettings:
    """How far each listener's ranking goes."""

    candidates: int = 500  # tracks an interest puts forward
    background: float = 0.5  # 0 to 1: what all other interests of a listener count inside one of them, at most
    interests: finding.InterestSettings = field(default_factory=finding.InterestSettings)
    dials: Dials = field(default_factory=Dials)

    def __post_init__(self) -> None:
        if self.candidates < 1 or not 0 <= self.background <= 1:
            raise ConfigError(f"{self}: candidates is at least 1, background from 0 to 1")


@dataclass(frozen=True, eq=False)
class Pool:
    """One interest's candidates, best first; `parts` float32 [n] a signal."""

    tracks: Rows
    scores: Floats
    parts: dict[str, Floats]


def rank(
    blend: Blend,
    user_ids: Sequence[str],
    histories: csr_array,
    *,
    settings: RankSettings | None = None,
    allowed: Mask | None = None,
    excluded: Sequence[npt.NDArray[np.integer]] | None = None,
    recency: csr_array | None = None,
) -> Iterator[Ranking]:
    """Yield the `Ranking` of each listener in turn; row i of `histories` [n, n_tracks] is that of `user_ids[i]`.

    Left out: every stored cell of the history (skipped ones too), tracks where `allowed` (bool [n_tracks]) is
    False, and rows in `excluded[i]` (disliked ones). `recency`: of the same cells as `histories`, 0 to 1.
    A listener who has played nothing gets the collection's most liked tracks: one interest without tracks, and
    `popularity` as the only signal.
    """
    settings = settings or RankSettings()
    _check(blend, user_ids, histories, recency)
    start = 0
    while start < len(user_ids):
        found: list[tuple[Interest, ...]] = []
        rows_left = max(1, BLOCK_CELLS // blend.n_tracks)
        while start + len(found) < len(user_ids) and rows_left > 0:
            found.append(_interests(blend, histories, recency, start + len(found), settings))
            rows_left -= len(found[-1])
        pools = _pools(blend, histories, start, found, settings=settings, allowed=allowed, excluded=excluded)
        for offset, own in enumerate(found):
            row = start + offset
            met = histories[[row]].indices
            yield _merged(blend, user_ids[row], pools[offset], met=met, interests=own, dials=settings.dials)
        start += len(found)


def _check(blend: Blend, user_ids: Sequence[str], histories: csr_array, recency: csr_array | None) -> None:
    if histories.shape != (len(user_ids), blend.n_tracks):
        raise InputError(
            f"histories of shape {histories.shape} for {len(user_ids)} listeners and {blend.n_tracks} tracks; "
            "number both by the id maps of the data the models were fitted on"
        )
    if recency is not None and recency.nnz != histories.nnz:
        raise InputError(f"recency has {recency.nnz} cells, the histories {histories.nnz}; give one for each")


def _interests(
    blend: Blend, histories: csr_array, recency: csr_array | None, row: int, settings: RankSettings
) -> tuple[Interest, ...]:
    history = histories[[row]]
    fresh = None if recency is None else recency[[row]].data
    found = finding.find(history, blend.vectors, settings=settings.interests, recency=fresh)
    return found or (Interest(np.empty(0, dtype=np.int32), 1.0),)


def _pools(
    blend: Blend,
    histories: csr_array,
    start: int,
    found: list[tuple[Interest, ...]],
    *,
    settings: RankSettings,
    allowed: Mask | None,
    excluded: Sequence[npt.NDArray[np.integer]] | None,
) -> list[list[Pool]]:
    """Candidates of every interest of a block of listeners."""
    asked = [
        part(histories[[start + offset]], interest, background=settings.background)
        for offset, own in enumerate(found)
        for interest in own
    ]
    parts = signals(blend, csr_array(vstack(asked, format="csr")), [len(own) for own in found])
    scores = blended(blend, parts)
    parts["popularity"] = parts.get("popularity", np.broadcast_to(popularity(blend), scores.shape))
    pools: list[list[Pool]] = []
    line = 0
    for offset, own in enumerate(found):
        banned = np.zeros(blend.n_tracks, dtype=np.bool_) if allowed is None else ~allowed
        banned[histories[[start + offset]].indices] = True
        if excluded is not None:
            banned[excluded[start + offset]] = True
        pools.append([])
        for interest in own:
            cold = not len(interest.tracks)
            score = parts["popularity"][line] if cold else scores[line]
            best = top(score, banned, settings.candidates)
            names = ["popularity"] if cold else list(parts)
            pools[-1].append(Pool(best, score[best], {name: parts[name][line][best] for name in names}))
            line += 1
    return pools


def part(history: csr_array, interest: Interest, *, background: float) -> csr_array:
    """The pseudo-history that stands for one interest: its own plays, and all that speaks against a track.

    The plays of all other interests together weigh at most `background` of its own, so that it leads however small
    it is, and tracks that suit the rest of the listener as well come before those that do not.
    """
    own = np.isin(history.indices, interest.tracks)
    other = ~own & (history.data > 0)
    rest = float(history.data[other].sum())
    share = background * min(1.0, float(history.data[own].sum()) / rest) if rest > 0 else 0.0
    values = np.where(other, np.float32(share) * history.data, history.data)
    kept = values != 0
    columns = history.indices[kept]
    return csr_array((values[kept], columns, np.array([0, len(columns)])), shape=history.shape)


def explainer(
    blend: Blend, history: csr_array, interests: tuple[Interest, ...], *, settings: RankSettings | None = None
) -> Callable[[Interest, Rows], Floats]:
    """Say what drove the scores of a listener's ranking with these `interests`.

    The function that comes back takes one of the interests and tracks, and gives float32 [len(tracks), nnz]: what
    each stored cell of the one-row `history`, in its order, added to each track's blended score.
    """
    background = (settings or RankSettings()).background

    @functools.cache
    def scale() -> dict[str, float]:
        asked = [part(history, interest, background=background) for interest in interests]
        return deviations(blend, csr_array(vstack(asked, format="csr")))

    def explain(interest: Interest, tracks: Rows) -> Floats:
        asked = part(history, interest, background=background)
        shares = np.zeros((len(tracks), history.nnz), dtype=np.float32)
        shares[:, np.isin(history.indices, asked.indices)] = attributed(blend, asked, tracks, scale=scale())
        return shares

    return explain


def top(scores: Floats, banned: Mask, n: int) -> Rows:
    """Rows of the `n` best scores that are not banned, best first, equal ones by row: int32, maybe fewer."""
    free = np.flatnonzero(~banned)
    kept = scores[free]
    if len(kept) > n:
        least = np.partition(kept, len(kept) - n)[len(kept) - n]
        free = free[kept >= least]
    return free[np.lexsort((free, -scores[free]))][:n].astype(np.int32)


def _merged(
    blend: Blend,
    user_id: str,
    pools: list[Pool],
    *,
    met: Rows,
    interests: tuple[Interest, ...],
    dials: Dials,
) -> Ranking:
    """One ranking of all interests' candidates; a track belongs to the interest that wants it most."""
    tracks = np.concatenate([pool.tracks for pool in pools])
    scores = np.concatenate([pool.scores for pool in pools])
    interest = np.repeat(np.arange(len(pools), dtype=np.int32), [len(pool.tracks) for pool in pools])
    order = np.lexsort((interest, -scores, tracks))
    _, first = np.unique(tracks[order], return_index=True)
    kept = order[first]
    final = turned(
        scores[kept], tracks[kept], interest[kept], dials=dials, blend=blend, interests=interests, met=met
    )
    best = np.lexsort((tracks[kept], -final))
    kept = kept[best]
    parts = {name: np.concatenate([pool.parts[name] for pool in pools])[kept] for name in pools[0].parts}
    return Ranking(user_id, tracks[kept], final[best], interest[kept], interests, parts)
