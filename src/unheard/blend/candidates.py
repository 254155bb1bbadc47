"""What each interest of a listener puts forward: its own best tracks that the listener has not met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, vstack

from unheard.blend.combine import blended, popularity, signals
from unheard.engines.top_n import top_n_dense

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from unheard.blend.contract import Blend, Floats
    from unheard.schema import Interest

    Rows = npt.NDArray[np.int32]
    Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Asking:
    """A listener for whom candidates are asked."""

    user_id: str
    history: csr_array  # [1, n_tracks]
    interests: tuple[Interest, ...]
    closed: Rows  # rows that are not given: met or not wanted


@dataclass(frozen=True, eq=False)
class Pool:
    """One interest's candidates, best first; `parts` float32 [n] a signal."""

    tracks: Rows
    scores: Floats
    parts: dict[str, Floats]


@dataclass(frozen=True, eq=False)
class Pools:
    """One listener's candidates, by interest; `scales` as in `Ranking`."""

    of_interests: list[Pool]
    scales: dict[str, float]


def pools(
    blend: Blend, block: Sequence[Asking], *, n: int, background: float, allowed: Mask | None
) -> list[Pools]:
    """The `n` best candidates of every interest of a block of listeners, in their order."""
    sizes = [len(each.interests) for each in block]
    rows = [parts_of(each.history, each.interests, background=background) for each in block]
    of_each = signals(blend, csr_array(vstack(rows, format="csr")), sizes)
    parts = {name: signal.values for name, signal in of_each.items()}
    scores = blended(blend, parts)
    parts["popularity"] = parts.get("popularity", np.broadcast_to(popularity(blend), scores.shape))
    cold = np.array([not len(interest.tracks) for each in block for interest in each.interests])
    scores[cold] = parts["popularity"][cold]
    best = top_n_dense(scores, n=min(n, blend.n_tracks), exclude=_closed(block, blend.n_tracks), allowed=allowed)

    def pool(line: int) -> Pool:
        tracks, own_scores = best.of(line)
        names = ["popularity"] if cold[line] else list(parts)
        return Pool(tracks, own_scores, {name: parts[name][line][tracks] for name in names})

    ends = np.cumsum(sizes).tolist()
    return [
        Pools(
            [pool(line) for line in range(end - size, end)],
            {name: signal.deviations[listener] for name, signal in of_each.items()},
        )
        for listener, (size, end) in enumerate(zip(sizes, ends, strict=True))
    ]


def parts_of(history: csr_array, interests: Sequence[Interest], *, background: float) -> csr_array:
    """The pseudo-history that stands for each of `interests`: one row of the one-row `history`'s columns each.

    It holds the interest's own plays, and all that speaks against a track. The plays of all other interests
    together weigh at most `background` of its own, so that it leads however small it is, and tracks that suit the
    rest of the listener as well come before those that do not.
    """
    rows = np.stack([_weighed(history, interest, background) for interest in interests])
    line, place = np.nonzero(rows)
    ends = np.searchsorted(line, np.arange(len(rows) + 1))
    return csr_array((rows[line, place], history.indices[place], ends), shape=(len(rows), history.shape[1]))


def _weighed(history: csr_array, interest: Interest, background: float) -> Floats:
    """Plays of the stored cells of `history` as they count inside an interest: float32 [nnz]."""
    own = np.isin(history.indices, interest.tracks)
    other = ~own & (history.data > 0)
    rest = float(history.data[other].sum())
    share = background * min(1.0, float(history.data[own].sum()) / rest) if rest > 0 else 0.0
    return np.where(other, np.float32(share) * history.data, history.data)


def _closed(block: Sequence[Asking], n_tracks: int) -> csr_array:
    columns = [each.closed for each in block for _ in each.interests]
    ends = np.cumsum([0, *(len(own) for own in columns)])
    cells = np.concatenate(columns)
    return csr_array((np.ones(len(cells), dtype=np.bool_), cells, ends), shape=(len(columns), n_tracks))
