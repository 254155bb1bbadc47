"""Factors of listeners whom the training never saw, in closed form."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from unheard.collaborative.als_kernel import Task, cholesky
from unheard.collaborative.als_problem import AlsSettings, accepted, side_of
from unheard.engines.cores import balanced_edges, cores
from unheard.errors import ModelError

# Below this many cells one thread is done before others would have started.
CELLS_FOR_ONE_THREAD = 5_000
PRODUCT_ROWS = 4096


@dataclass(frozen=True)
class FoldIn:
    """Solve histories exactly (in float64) against fixed tracks; make it once, call it for every listener."""

    tracks: npt.NDArray[np.float32]  # [n_tracks, dim]
    settings: AlsSettings

    @cached_property
    def gram(self) -> npt.NDArray[np.float64]:
        """Gram matrix of the tracks times the unobserved weight: float64 [dim, dim]."""
        total = np.zeros((self.tracks.shape[1],) * 2)
        for first in range(0, len(self.tracks), PRODUCT_ROWS):
            block = self.tracks[first : first + PRODUCT_ROWS].astype(np.float64)
            total += block.T @ block
        return total * self.settings.unobserved_weight

    def __call__(self, histories: csr_array) -> npt.NDArray[np.float32]:
        """Factors of each row of `histories` [n, n_tracks], signed as in `als`: float32 [n, dim].

        A row without a cell gets factors of 0. Raises ModelError for another number of tracks.
        """
        if histories.shape[-1] != len(self.tracks):
            raise ModelError(
                f"histories have {histories.shape[-1]:,} tracks, the factors {len(self.tracks):,}: "
                "number the tracks by the model's own IdMap"
            )
        side = side_of(accepted(histories), self.settings)
        factors = np.zeros((histories.shape[0], self.tracks.shape[1]), np.float32)
        task = Task(side, self.tracks, self.gram, np.float32(self.settings.overlap), factors)
        if len(side.indices) <= CELLS_FOR_ONE_THREAD:
            cholesky(0, len(factors), task)
            return factors
        with cores() as threads:
            threads.each(lambda a, b: cholesky(a, b, task), balanced_edges(side.indptr, 4 * threads.n_threads))
        return factors
