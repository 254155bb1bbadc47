"""The two dials of a listener: familiar to adventurous, popular to obscure. Both are neutral at 0.5.

With b a candidate's blended score, D the standard deviation of b over the listener's candidates, a = adventure and
o = obscurity, the score becomes

    b + 2 D (2a - 1) (new + far - 1) - 2 D (2o - 1) p

    new  1 for a track of an artist that the listener never met, 0 for one that they did, 1/2 if unknown
    far  (1 - cosine(track, centre of its interest)) / 2, from 0 to 1; 1/2 for a track without a vector
    p    log(1 + listeners who like the track), standardised over the listener's candidates, cut to -2..2

They re-order the candidates and never bring in others, so the far end of a dial is still the listener's own taste.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unheard.blend.interests import unit
from unheard.errors import ConfigError

if TYPE_CHECKING:
    import numpy.typing as npt

    from unheard.blend.contract import Blend, Floats
    from unheard.schema import Interest

    Rows = npt.NDArray[np.int32]

STRENGTH = 2.0  # deviations of the candidates' scores that the end of a dial is worth


@dataclass(frozen=True)
class Dials:
    """Where a listener set them, 0 to 1 each."""

    adventure: float = 0.5  # 0 familiar, 1 adventurous
    obscurity: float = 0.5  # 0 popular, 1 obscure

    def __post_init__(self) -> None:
        for name, value in (("adventure", self.adventure), ("obscurity", self.obscurity)):
            if not 0 <= value <= 1:
                raise ConfigError(f"{name} = {value}; a dial goes from 0 to 1, and 0.5 is neutral")


def turned(
    scores: Floats,
    tracks: Rows,
    interest: Rows,
    *,
    dials: Dials,
    blend: Blend,
    interests: tuple[Interest, ...],
    met: Rows,
) -> Floats:
    """Scores of the candidates `tracks` after both dials; float32 [n]. `met`: rows that the listener met."""
    turned_scores = scores.astype(np.float64)
    unit_of_dial = STRENGTH * float(scores.std()) if len(scores) else 0.0
    if dials.adventure != 0.5:
        strange = _new(blend, tracks, met) + _far(blend, tracks, interest, interests) - 1
        turned_scores += unit_of_dial * (2 * dials.adventure - 1) * strange
    if dials.obscurity != 0.5:
        turned_scores -= unit_of_dial * (2 * dials.obscurity - 1) * _popular(blend, tracks)
    return turned_scores.astype(np.float32)


def _new(blend: Blend, tracks: Rows, met: Rows) -> npt.NDArray[np.float64]:
    artists = blend.artists[tracks]
    known = np.isin(artists, blend.artists[met])
    return np.where(artists < 0, 0.5, np.where(known, 0.0, 1.0))


def _far(blend: Blend, tracks: Rows, interest: Rows, interests: tuple[Interest, ...]) -> npt.NDArray[np.float64]:
    centres = np.stack([unit(unit(blend.vectors[one.tracks]).sum(axis=0)) for one in interests])
    cosine: npt.NDArray[np.float64] = (unit(blend.vectors[tracks]) * centres[interest]).sum(
        axis=1, dtype=np.float64
    )
    return (1 - cosine) / 2


def _popular(blend: Blend, tracks: Rows) -> npt.NDArray[np.float64]:
    logs = np.log1p(np.asarray(blend.popularity[tracks], dtype=np.float64))
    deviation = logs.std() if len(logs) else 0.0
    return np.clip((logs - logs.mean()) / deviation, -2, 2) if deviation > 0 else np.zeros(len(logs))
