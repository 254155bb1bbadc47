"""Several models' scores made one, and the plays behind it.

Models score on scales of their own, so each one's scores of a history are first standardised over the catalogue:
z = (s - mean) / deviation. The blended score is the weighted mean of z over the models. A ranker that is learned
takes the same z as its features and replaces `blended` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unheard.blend.contract import Explained
from unheard.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    from scipy.sparse import csr_array

    from unheard.blend.contract import Blend, Floats, Member


def signals(blend: Blend, histories: csr_array) -> dict[str, Floats]:
    """Each member's standardised scores of `histories` [n, n_tracks]: float32 [n, n_tracks] a name."""
    return {
        member.scorer.name: standardised(_checked(member, histories, blend.n_tracks)) for member in blend.members
    }


def blended(blend: Blend, parts: Mapping[str, Floats]) -> Floats:
    """Weighted mean of the members' standardised scores: float32 [n, n_tracks].

    A history that no member can tell anything from (all its scores are equal) falls back to popularity.
    """
    total = sum(member.weight for member in blend.members)
    score = np.zeros_like(next(iter(parts.values())))
    for member in blend.members:
        score += np.float32(member.weight / total) * parts[member.scorer.name]
    mute = ~np.logical_or.reduce([part.any(axis=1) for part in parts.values()])
    score[mute] = popularity(blend)
    return score


def popularity(blend: Blend) -> Floats:
    """Standardised log(1 + listeners who like a track): float32 [n_tracks]."""
    liked: Floats = standardised(np.log1p(np.asarray(blend.popularity, dtype=np.float64))[None, :])[0]
    return liked


def standardised(scores: npt.NDArray[np.floating]) -> Floats:
    """Scores [n, n_tracks] with mean 0 and deviation 1 along each row; a row of equal scores becomes zeros."""
    mean = scores.mean(axis=1, keepdims=True, dtype=np.float64)
    deviation = scores.std(axis=1, keepdims=True, dtype=np.float64)
    # what rounding alone makes of equal scores is no signal
    flat = deviation <= 1e-6 * np.abs(scores).max(axis=1, keepdims=True, initial=0)
    standard: Floats = np.where(flat, 0, (scores - mean) / np.where(flat, 1, deviation)).astype(np.float32)
    return standard


def attributed(blend: Blend, history: csr_array, tracks: npt.NDArray[np.integer]) -> Floats:
    """What each stored cell of the one-row `history` adds to the blended score: float32 [len(tracks), nnz].

    Exact for members that explain themselves (their own contributions, on the standardised scale); a member that
    does not leaves its share out. Zeros where no member explains.
    """
    total = sum(member.weight for member in blend.members)
    shares = np.zeros((len(tracks), history.nnz), dtype=np.float64)
    for member in blend.members:
        scorer = member.scorer
        if not isinstance(scorer, Explained):
            continue
        deviation = float(_checked(member, history, blend.n_tracks).std(dtype=np.float64))
        if deviation > 0:
            own = np.stack([scorer.contributions(history, int(track)) for track in tracks])
            shares += member.weight / total / deviation * own
    return shares.astype(np.float32)


def _checked(member: Member, histories: csr_array, n_tracks: int) -> Floats:
    scores = member.scorer.scores(histories)
    name, expected = member.scorer.name, (histories.shape[0], n_tracks)
    if scores.shape != expected:
        raise ModelError(f"model {name!r} gave scores of shape {scores.shape}, not {expected}; train it again")
    if not np.isfinite(scores).all():
        raise ModelError(f"model {name!r} gave a score that is not finite; train it again")
    return scores
