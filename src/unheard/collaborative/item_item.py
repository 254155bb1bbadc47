"""Item-item weights in closed form (EASE, Steck 2019), and a sparse approximation for large collections.

With X the saturated plays, each row scaled by a power of its own length, the weights B minimise
|X - X B|^2 + ridge |B|^2 with a diagonal of zeros: B = I - P diag(1 / P_jj), where P = (X'X + ridge I)^-1.

Above `dense_limit` tracks P is never formed: each track's weights are the same regression on its
`neighbours` most co-heard tracks alone (as Steck 2019b, "Markov random fields for collaborative filtering").
See `neighbourhood` for its cost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from scipy.linalg import lapack
from scipy.sparse import csr_array

from unheard.collaborative.contract import Arrays, FloatMatrix, Progress, TrackRows, checked, silent
from unheard.collaborative.neighbourhood import sparse_weights
from unheard.collaborative.saturation import Curve, saturate
from unheard.errors import ConfigError, ModelError

LAPACK_ROWS: Final = 4_096
"""Rows of a matrix that is inverted in one piece."""


@dataclass(frozen=True)
class ItemItemSettings:
    """How item-item weights are fitted."""

    curve: Curve = "log"
    # The ridge in plays of mean strength: that many listeners would have to hear two tracks together to be
    # believed half. Good values are 100 to 500 on small and on large data alike.
    regularization: float = 120.0
    # Rows are divided by their length to this power: 0 counts plays alike, 1 counts listeners alike.
    listener_power: float = 1.0
    # Up to this many tracks the exact weights are kept: 4 bytes x tracks^2, and 12 bytes while fitting.
    dense_limit: int = 20_000
    # Above it: tracks that each track's weights are fitted on.
    neighbours: int = 128

    def __post_init__(self) -> None:
        if not self.regularization > 0:
            raise ConfigError(f"regularization={self.regularization!r} must be above 0")
        if not 0 <= self.listener_power <= 1:
            raise ConfigError(f"listener_power={self.listener_power!r} must be from 0 to 1")
        if self.neighbours < 1:
            raise ConfigError(f"neighbours={self.neighbours!r} must be at least 1")


def prepared(plays: csr_array, settings: ItemItemSettings) -> csr_array:
    """Saturate the counts and scale each row, the same for fitting and for scoring; float32."""
    strength = saturate(plays, curve=settings.curve)
    lengths = np.sqrt(np.asarray(strength.power(2).sum(axis=1), dtype=np.float64))
    scale = np.where(lengths > 0, np.maximum(lengths, 1e-12) ** -settings.listener_power, 0.0)
    # By hand, for a product of sparse matrices leaves the cells of a row in an order of its own.
    strength.data *= np.repeat(scale.astype(np.float32), np.diff(strength.indptr))
    return strength


def ridge_of(rows: csr_array, settings: ItemItemSettings) -> float:
    """Return the ridge in squared strengths: `regularization` plays of mean size."""
    mean_square = float(np.mean(rows.data.astype(np.float64) ** 2)) if rows.nnz else 1.0
    return settings.regularization * max(mean_square, 1e-12)


def dense_weights(rows: csr_array, *, ridge: float) -> FloatMatrix:
    """EASE weights of `rows` [listeners, tracks]: float32 [tracks, tracks], column j predicts track j."""
    precision = _precision(rows, ridge)
    if precision is None:
        raise ModelError(f"item-item weights cannot be solved with a ridge of {ridge}: raise regularization")
    diagonal = np.diag(precision).copy()
    weights = np.asarray(precision, dtype=np.float32)
    np.fill_diagonal(weights, 0)
    weights /= -diagonal.astype(np.float32)[None, :]
    return weights


def _precision(rows: csr_array, ridge: float) -> npt.NDArray[np.float64] | None:
    """Inverse of X'X + ridge I; None when it does not exist.

    With fewer listeners than tracks the smaller matrix is inverted (Woodbury),
    (I - X'(XX' + ridge I)^-1 X) / ridge: listeners^3 + plays * tracks operations in place of tracks^3.
    """
    n_listeners, n_tracks = rows.shape
    plays: csr_array = rows.astype(np.float64)
    if n_listeners >= n_tracks:
        return inverted((plays.T @ plays).toarray() + ridge * np.eye(n_tracks))
    kernel = inverted((plays @ plays.T).toarray() + ridge * np.eye(n_listeners))
    if kernel is None:
        return None
    across = csr_array(plays.T)
    precision = np.asarray(across @ np.ascontiguousarray((across @ kernel).T)) / -ridge
    diagonal = np.einsum("ii->i", precision)
    diagonal += 1 / ridge
    return precision


def inverted(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
    """Inverse of a symmetric positive definite matrix, which is overwritten; None when it is not definite.

    By halves and the Schur complement, about 4/3 of the operations of LAPACK's own routine and nearly all of them
    in matrix products: that routine crashes on matrices of 16,000 rows and more (OpenBLAS 0.3.30, AVX-512).
    """
    n = len(matrix)
    if n <= LAPACK_ROWS:
        factor, failed = lapack.dpotrf(matrix, lower=1)
        inverse, failed_too = lapack.dpotri(factor, lower=1, overwrite_c=1)
        lower = np.tril(inverse, -1)
        return None if failed or failed_too else lower + lower.T + np.diag(np.diag(inverse))
    half = n // 2
    first = inverted(matrix[:half, :half])
    if first is None:
        return None
    across = matrix[half:, :half] @ first
    rest = inverted(matrix[half:, half:] - across @ matrix[half:, :half].T)
    if rest is None:
        return None
    corner = rest @ across
    matrix[:half, :half] = first + across.T @ corner
    matrix[half:, :half] = -corner
    matrix[:half, half:] = -corner.T
    matrix[half:, half:] = rest
    return matrix


@dataclass(frozen=True)
class ItemItemFitted:
    weights: FloatMatrix | csr_array  # [tracks, tracks]; column j predicts track j
    settings: ItemItemSettings
    name: str = "item_item"

    @property
    def n_tracks(self) -> int:
        return int(self.weights.shape[0])

    def scores(self, histories: csr_array) -> FloatMatrix:
        """Score every track for each history: float32 [n, n_tracks]."""
        product = prepared(checked(histories, n_tracks=self.n_tracks), self.settings) @ self.weights
        dense = product.toarray() if isinstance(product, csr_array) else product
        return np.asarray(dense, dtype=np.float32)

    def contributions(self, history: csr_array, tracks: TrackRows) -> FloatMatrix:
        """Split the scores of `tracks` over the plays of the one-row `history`; they sum to them exactly."""
        row = prepared(checked(history, n_tracks=self.n_tracks), self.settings)
        if isinstance(self.weights, csr_array):
            links = self.weights[row.indices][:, tracks].toarray()
        else:
            links = self.weights[np.ix_(row.indices, tracks)]
        return np.asarray(links.T * row.data, dtype=np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        if isinstance(self.weights, csr_array):
            return {
                "values": self.weights.data,
                "indices": self.weights.indices,
                "indptr": self.weights.indptr,
            }
        return {"weights": self.weights}

    @classmethod
    def from_arrays(cls, arrays: Arrays, settings: Mapping[str, Any]) -> Self:
        known = ItemItemSettings(**settings)
        if "weights" in arrays:
            return cls(np.asarray(arrays["weights"], dtype=np.float32), known)
        n_tracks = len(arrays["indptr"]) - 1
        parts = (arrays["values"], arrays["indices"], arrays["indptr"])
        return cls(csr_array(parts, shape=(n_tracks, n_tracks)), known)


@dataclass(frozen=True)
class ItemItem:
    settings: ItemItemSettings = ItemItemSettings()
    name: str = "item_item"

    def fit(self, plays: csr_array, *, seed: int = 0, progress: Progress = silent) -> ItemItemFitted:
        """Fit the weights; exact up to `dense_limit` tracks, on neighbourhoods above."""
        rows = prepared(checked(plays), self.settings)
        ridge = ridge_of(rows, self.settings)
        weights: FloatMatrix | csr_array
        if rows.shape[1] <= self.settings.dense_limit:
            weights = dense_weights(rows, ridge=ridge)
        else:
            weights = sparse_weights(
                rows,
                neighbours=self.settings.neighbours,
                ridge=ridge,
                seed=seed,
                progress=progress,
            )
        progress(1.0)
        return ItemItemFitted(weights, self.settings)
