"""Every listener's unheard tracks, best first: each interest asks all models for its own candidates."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from unheard.blend import interests as finding
from unheard.blend.candidates import Asking, parts_of, pools
from unheard.blend.combine import attributed, deviations
from unheard.blend.dials import Dials, turned
from unheard.errors import ConfigError, InputError
from unheard.schema import Interest, Ranking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy.typing as npt
    from scipy.sparse import csr_array

    from unheard.blend.candidates import Pools
    from unheard.blend.contract import Blend, Floats

    Rows = npt.NDArray[np.int32]
    Mask = npt.NDArray[np.bool_]

BLOCK_CELLS = 8_000_000  # scores held at a time and model, 32 MB
NO_INTEREST = Interest(np.empty(0, dtype=np.int32), 1.0)  # the one of a listener who has played nothing


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

    def asking(row: int) -> Asking:
        history = histories[[row]]
        fresh = None if recency is None else recency[[row]].data
        found = finding.find(history, blend.vectors, settings=settings.interests, recency=fresh)
        closed = history.indices if excluded is None else np.union1d(history.indices, excluded[row])
        return Asking(user_ids[row], history, found or (NO_INTEREST,), closed)

    for block in _blocks(map(asking, range(len(user_ids))), most_rows=BLOCK_CELLS // blend.n_tracks):
        found = pools(blend, block, n=settings.candidates, background=settings.background, allowed=allowed)
        for each, own in zip(block, found, strict=True):
            yield _merged(blend, each, own, dials=settings.dials)


def _check(blend: Blend, user_ids: Sequence[str], histories: csr_array, recency: csr_array | None) -> None:
    if histories.shape != (len(user_ids), blend.n_tracks):
        raise InputError(
            f"histories of shape {histories.shape} for {len(user_ids)} listeners and {blend.n_tracks} tracks; "
            "number both by the id maps of the data the models were fitted on"
        )
    if recency is not None and recency.nnz != histories.nnz:
        raise InputError(f"recency has {recency.nnz} cells, the histories {histories.nnz}; give one for each")


def _blocks(askings: Iterator[Asking], *, most_rows: int) -> Iterator[list[Asking]]:
    """Cut the listeners into blocks whose interests are `most_rows` together, or few more."""
    block: list[Asking] = []
    n_rows = 0
    for asking in askings:
        block.append(asking)
        n_rows += len(asking.interests)
        if n_rows >= most_rows:
            yield block
            block, n_rows = [], 0
    if block:
        yield block


def explainer(
    blend: Blend,
    history: csr_array,
    interests: tuple[Interest, ...],
    *,
    scales: Mapping[str, float] | None = None,
    settings: RankSettings | None = None,
) -> Callable[[Interest, Rows], Floats]:
    """Say what drove the scores of a listener's ranking with these `interests`.

    The function that comes back takes one of the interests and tracks, and gives float32 [len(tracks), nnz]: what
    each stored cell of the one-row `history`, in its order, added to each track's blended score. Without the
    `scales` of the ranking they are found again, at the price of scoring all tracks.
    """
    background = (settings or RankSettings()).background

    @functools.cache
    def scale() -> Mapping[str, float]:
        return scales or deviations(blend, parts_of(history, interests, background=background))

    def explain(interest: Interest, tracks: Rows) -> Floats:
        asked = parts_of(history, (interest,), background=background)
        shares = np.zeros((len(tracks), history.nnz), dtype=np.float32)
        shares[:, np.isin(history.indices, asked.indices)] = attributed(blend, asked, tracks, scale=scale())
        return shares

    return explain


def _merged(blend: Blend, asking: Asking, found: Pools, *, dials: Dials) -> Ranking:
    """One ranking of all interests' candidates; a track belongs to the interest that wants it most."""
    pools = found.of_interests
    tracks = np.concatenate([pool.tracks for pool in pools])
    scores = np.concatenate([pool.scores for pool in pools])
    interest = np.repeat(np.arange(len(pools), dtype=np.int32), [len(pool.tracks) for pool in pools])
    order = np.lexsort((interest, -scores, tracks))
    _, first = np.unique(tracks[order], return_index=True)
    kept = order[first]
    final = turned(
        scores[kept],
        tracks[kept],
        interest[kept],
        dials=dials,
        blend=blend,
        interests=asking.interests,
        met=asking.history.indices,
    )
    best = np.lexsort((tracks[kept], -final))
    kept = kept[best]
    parts = {name: np.concatenate([pool.parts[name] for pool in pools])[kept] for name in pools[0].parts}
    return Ranking(
        asking.user_id, tracks[kept], final[best], interest[kept], asking.interests, parts, found.scales
    )
