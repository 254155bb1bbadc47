"""What the blend asks of a model, and the collection's models side by side.

Models arrive as arguments; any object of this shape will do, whichever room it was fitted in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from unheard.errors import ConfigError, InputError

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_array

    Floats = npt.NDArray[np.float32]


class Scorer(Protocol):
    """A fitted model that scores any history, that of a stranger or a part of a listener's among them."""

    @property
    def name(self) -> str:
        """Name of the signal in `Ranking.signals`."""

    def scores(self, histories: csr_array) -> Floats:
        """Signed plays [n, n_tracks] -> float32 [n, n_tracks], higher is better."""


@runtime_checkable
class Explained(Protocol):
    """A scorer that can also say which plays its scores came from."""

    def contributions(self, history: csr_array, tracks: npt.NDArray[np.integer]) -> Floats:
        """Share of each stored cell of the one-row `history` in the scores of `tracks`: float32 [k, nnz]."""


@dataclass(frozen=True)
class Member:
    """A model and its share of the blended score; weights are relative and above 0."""

    scorer: Scorer
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.weight) and self.weight > 0):
            raise ConfigError(
                f"model {self.scorer.name!r} has weight {self.weight}; a weight is above 0, or leave the model out"
            )


@dataclass(frozen=True, eq=False)
class Blend:
    """All that a ranking needs to know of a collection; every array is aligned with its tracks.

    `vectors` float32 [n_tracks, dim]: the factor space in which interests are found; zeros for a cold track.
    `popularity` [n_tracks]: how many listeners like each track, 0 or more.
    `artists` int32 [n_tracks]: as `Catalog.artists`, -1 where the artist is unknown.
    """

    members: tuple[Member, ...]
    vectors: Floats
    popularity: npt.NDArray[np.floating | np.integer]
    artists: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        lengths = {len(self.vectors), len(self.popularity), len(self.artists)}
        if len(lengths) != 1:
            raise InputError(f"a blend's arrays differ in length: {sorted(lengths)}; each has one row a track")
        names = [member.scorer.name for member in self.members]
        if not names or len(set(names)) < len(names):
            raise ConfigError(f"a blend of the models {names}; give at least one, each name once")

    @property
    def n_tracks(self) -> int:
        return len(self.artists)
