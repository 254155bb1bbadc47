"""Several models' scores made one, and the plays behind it.

Models score on scales of their own, so each one's scores are first standardised: z = (s - mean) / deviation, both
taken over the catalogue and over all the interests of one listener together. (Standardised one by one, an interest
of few plays would shout as loud as one of many.) The blended score is the weighted mean of z over the models. A
ranker that is learned takes the same z as its features and replaces `blended` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unheard.blend.contract import Explained
from unheard.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    from scipy.sparse import csr_array

    from unheard.blend.contract import Blend, Floats, Member


@dataclass(frozen=True, eq=False)
class Standardised:
    """Scores with mean 0 and deviation 1 over each listener's rows; zeros where they were all equal."""

    values: Floats  # [n, n_tracks]
    deviations: tuple[float, ...]  # what each listener's scores were divided by; 0 where they were all equal


def signals(blend: Blend, histories: csr_array, sizes: Sequence[int]) -> dict[str, Standardised]:
    """Each member's standardised scores of `histories` [n, n_tracks], by its name.

    `sizes`: how many of the rows belong to the first listener, the second and so on; they sum to n.
    """
    return {
        member.scorer.name: standardised(_checked(member, histories, blend.n_tracks), sizes)
        for member in blend.members
    }


def blended(blend: Blend, parts: Mapping[str, Floats]) -> Floats:
    """Weighted mean of the members' standardised scores: float32 [n, n_tracks].

    A history that no member can tell anything from (all its scores are equal) falls back to popularity.
    """
    total = sum(member.weight for member in blend.members)
    score = np.zeros_like(next(iter(parts.values())))
    for member in blend.members:
        score += np.float32(member.weight / total) * parts[member.scorer.name]
    mute = np.ptp(score, axis=1) == 0
    score[mute] = popularity(blend)
    return score


def popularity(blend: Blend) -> Floats:
    """Standardised log(1 + listeners who like a track): float32 [n_tracks]."""
    logs = np.log1p(np.asarray(blend.popularity, dtype=np.float64))
    standard: Floats = standardised(logs[None, :], [1]).values[0]
    return standard


def standardised(scores: npt.NDArray[np.floating], sizes: Sequence[int]) -> Standardised:
    """Standardise `scores` [n, n_tracks] over each listener's rows; `sizes` as in `signals`."""
    values = np.empty(scores.shape, dtype=np.float32)
    deviations = []
    start = 0
    for size in sizes:
        rows = slice(start, start + size)
        own = scores[rows]
        mean, deviation = own.mean(dtype=np.float64), _deviation(own)
        values[rows] = (own - own.dtype.type(mean)) / own.dtype.type(deviation) if deviation else 0
        deviations.append(deviation)
        start += size
    return Standardised(values, tuple(deviations))


def _deviation(scores: npt.NDArray[np.floating]) -> float:
    """Standard deviation; 0 where the scores differ by no more than rounding makes of equal ones."""
    deviation = float(scores.std(dtype=np.float64))
    return deviation if deviation > 1e-6 * float(np.abs(scores).max(initial=0)) else 0.0


def deviations(blend: Blend, histories: csr_array) -> dict[str, float]:
    """Each member's deviation over one listener's `histories`, as `signals` divides by it; 0 for no signal."""
    of_each = signals(blend, histories, [histories.shape[0]])
    return {name: signal.deviations[0] for name, signal in of_each.items()}


def attributed(
    blend: Blend,
    history: csr_array,
    tracks: npt.NDArray[np.integer],
    *,
    scale: Mapping[str, float],
) -> Floats:
    """What each stored cell of the one-row `history` adds to the blended score: float32 [len(tracks), nnz].

    Exact for members that explain themselves: their own contributions, divided by their `scale` (`deviations`).
    A member that does not leaves its share out; zeros where no member explains.
    """
    total = sum(member.weight for member in blend.members)
    shares = np.zeros((len(tracks), history.nnz), dtype=np.float64)
    for member in blend.members:
        scorer = member.scorer
        if len(tracks) and isinstance(scorer, Explained) and scale[scorer.name]:
            shares += member.weight / total / scale[scorer.name] * scorer.contributions(history, tracks)
    return shares.astype(np.float32)


def _checked(member: Member, histories: csr_array, n_tracks: int) -> Floats:
    scores = member.scorer.scores(histories)
    name, expected = member.scorer.name, (histories.shape[0], n_tracks)
    if scores.shape != expected:
        raise ModelError(f"model {name!r} gave scores of shape {scores.shape}, not {expected}; train it again")
    if not np.isfinite(scores).all():
        raise ModelError(f"model {name!r} gave a score that is not finite; train it again")
    return scores
