"""Implicit ALS by the contract: the plays are evened, the kernel of `als` fits, `fold_in` scores.

A cell weighs its play's strength beside the listener's other plays (`saturation.evened`), added to the weight of
unobserved cells; regularization is scaled by what each row holds (Rendle et al. 2022).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from unheard.collaborative.als import Factors, als
from unheard.collaborative.als_problem import AlsSettings, side_of
from unheard.collaborative.contract import Arrays, FloatMatrix, Progress, TrackRows, checked, silent
from unheard.collaborative.fold_in import FoldIn
from unheard.collaborative.saturation import evened

DEFAULTS = AlsSettings(regularization=0.03, unobserved_weight=0.03)


@dataclass(frozen=True)
class ImplicitAlsFitted:
    track_factors: FloatMatrix  # [n_tracks, dim]
    settings: AlsSettings
    name: str = "als"

    @property
    def n_tracks(self) -> int:
        return len(self.track_factors)

    @property
    def embeddings(self) -> FloatMatrix:
        """The tracks' factors: float32 [n_tracks, dim]."""
        return self.track_factors

    @cached_property
    def _folder(self) -> FoldIn:
        return FoldIn(self.track_factors, self.settings)

    def fold_in(self, histories: csr_array) -> FloatMatrix:
        """Listener factors of any histories, solved exactly: float32 [n, dim]."""
        return self._folder(evened(checked(histories, n_tracks=self.n_tracks)))

    def scores(self, histories: csr_array) -> FloatMatrix:
        """Predicted preference, about 0 to 1: float32 [n, n_tracks]."""
        return self.fold_in(histories) @ self.track_factors.T

    def contributions(self, history: csr_array, tracks: TrackRows) -> FloatMatrix:
        """Split the scores of `tracks` over the plays (Hu, Koren and Volinsky 2008, section 5)."""
        plays = evened(checked(history, n_tracks=self.n_tracks))
        side = side_of(plays, self.settings)
        heard = self.track_factors[plays.indices].astype(np.float64)
        weight = np.abs(side.confidence.astype(np.float64)) - self.settings.overlap
        system = self._folder.gram + (heard * weight[:, None]).T @ heard
        system += np.eye(len(system)) * float(side.ridge[0])
        toward = np.linalg.solve(system, self.track_factors[tracks].T.astype(np.float64))  # [dim, tracks]
        shares = (heard @ toward).T * np.maximum(side.confidence, 0)
        return np.asarray(shares, dtype=np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"track_factors": self.track_factors}

    @classmethod
    def from_arrays(cls, arrays: Arrays, settings: Mapping[str, Any]) -> Self:
        return cls(np.asarray(arrays["track_factors"], dtype=np.float32), AlsSettings(**settings))


@dataclass(frozen=True)
class ImplicitAls:
    settings: AlsSettings = DEFAULTS
    name: str = "als"

    def fit(self, plays: csr_array, *, seed: int = 0, progress: Progress = silent) -> ImplicitAlsFitted:
        """Fit track factors; the listeners' are found again by fold-in."""

        def report(factors: Factors) -> None:
            progress(factors.epochs / self.settings.epochs)

        factors = als(evened(checked(plays)), self.settings, seed=seed, progress=report)
        return ImplicitAlsFitted(factors.tracks, self.settings)
