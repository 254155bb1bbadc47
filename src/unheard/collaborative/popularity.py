"""The baseline that every model must beat: the tracks that most listeners like, the same for everyone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from unheard.collaborative.contract import Arrays, FloatMatrix, Progress, checked, silent
from unheard.collaborative.saturation import liked


@dataclass(frozen=True)
class PopularitySettings:
    """Popularity has no knobs."""


@dataclass(frozen=True)
class PopularityFitted:
    listeners: npt.NDArray[np.float32]  # [n_tracks], how many like each track
    settings: PopularitySettings
    name: str = "popularity"

    @property
    def n_tracks(self) -> int:
        return len(self.listeners)

    def scores(self, histories: csr_array) -> FloatMatrix:
        """Give every history the same scores: float32 [n, n_tracks]."""
        checked(histories, n_tracks=self.n_tracks)
        return np.tile(self.listeners, (histories.shape[0], 1))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"listeners": self.listeners}

    @classmethod
    def from_arrays(cls, arrays: Arrays, settings: Mapping[str, Any]) -> Self:
        return cls(np.asarray(arrays["listeners"], dtype=np.float32), PopularitySettings(**settings))


@dataclass(frozen=True)
class Popularity:
    settings: PopularitySettings = PopularitySettings()
    name: str = "popularity"

    def fit(self, plays: csr_array, *, seed: int = 0, progress: Progress = silent) -> PopularityFitted:
        """Count the listeners who like each track; draws nothing, so `seed` changes nothing."""
        del seed
        counts = np.asarray(liked(checked(plays)).sum(axis=0), dtype=np.float32)
        progress(1.0)
        return PopularityFitted(counts, self.settings)
