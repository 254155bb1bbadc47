"""What implicit ALS minimises: settings, the confidence of each cell, the regularization of each row."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from unheard.errors import ConfigError, ModelError

# How a cell of strength |r| becomes its weight:
#   product   alpha |r| in place of the unobserved weight (the objective of the `implicit` library)
#   linear    1 + alpha |r| in place of it (Hu, Koren and Volinsky 2008)
#   log       1 + alpha ln(1 + |r| / epsilon) in place of it (van den Oord et al. 2013)
#   added     alpha |r| on top of it (Rendle et al. 2022, where r is 1 and alpha is 1)
Confidence = Literal["product", "linear", "log", "added"]


@dataclass(frozen=True, kw_only=True)
class AlsSettings:
    """Knobs of implicit ALS; the defaults follow Rendle et al. 2022.

    Minimised over listener factors x and track factors y, with p = 1 where the play is above 0, else 0:

        sum over observed cells of c (p - x y)^2  +  unobserved_weight * sum over the other cells of (x y)^2
            + sum over rows of ridge |x|^2  +  sum over columns of ridge |y|^2

        ridge of a row = regularization * (cells it has + unobserved_weight * columns there are) ^ nu

    With `confidence="added"` the second sum runs over all cells. A cell below 0 (skipped, disliked) has p = 0
    and the weight of its size.
    """

    dim: int = 40
    epochs: int = 15
    confidence: Confidence = "added"
    alpha: float = 1.0
    epsilon: float = 1.0  # plays; of confidence="log" alone
    unobserved_weight: float = 0.05
    regularization: float = 0.005
    nu: float = 1.0  # 0: the same ridge for every row, as in Hu, Koren and Volinsky
    start_scale: float = 0.1  # the first factors are normal with deviation start_scale / sqrt(dim)
    steps: int = 3  # conjugate gradient steps a row and sweep; 0 solves each row exactly, far slower

    def __post_init__(self) -> None:
        for name, least in (("dim", 1), ("epochs", 1), ("steps", 0)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name}={getattr(self, name)} must be {least} or more")
        for name in ("alpha", "epsilon", "start_scale"):
            if not 0 < getattr(self, name) < np.inf:
                raise ConfigError(f"{name}={getattr(self, name)} must be a finite number above 0")
        for name in ("unobserved_weight", "regularization", "nu"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ConfigError(f"{name}={getattr(self, name)} must be a finite number, 0 or more")
        if self.confidence not in ("product", "linear", "log", "added"):
            raise ConfigError(f"confidence={self.confidence!r} is unknown: take product, linear, log or added")

    @property
    def overlap(self) -> float:
        """The unobserved weight that an observed cell loses when its own weight takes its place."""
        return 0.0 if self.confidence == "added" else self.unobserved_weight


class Side(NamedTuple):
    """One side's rows, as the kernels take them; a field for each row or cell."""

    indptr: npt.NDArray[np.int64]  # [n_rows + 1]
    indices: npt.NDArray[np.int32]  # [n_cells], rows of the other side
    confidence: npt.NDArray[np.float32]  # [n_cells], below 0 where the preference is 0
    ridge: npt.NDArray[np.float32]  # [n_rows]


def accepted(plays: csr_array) -> csr_array:
    """Return `plays` as float32 CSR without stored zeros or repeated cells; copied only if it must change.

    Raises ModelError if it is not a matrix or holds NaN or infinite values.
    """
    if plays.ndim != 2:
        raise ModelError(f"plays of shape {plays.shape}: need a matrix of listeners x tracks")
    clean: csr_array = csr_array(plays.astype(np.float32, copy=False))
    if not np.isfinite(clean.data).all():
        raise ModelError("plays hold NaN or infinite values: drop those cells before fitting")
    if not clean.has_canonical_format or not clean.data.all():
        clean = clean.copy()
        clean.sum_duplicates()
        clean.eliminate_zeros()
    return clean


def side_of(plays: csr_array, settings: AlsSettings) -> Side:
    """Describe the rows of accepted `plays` to the kernels."""
    indptr = plays.indptr.astype(np.int64)
    all_cells = np.diff(indptr) + settings.unobserved_weight * plays.shape[1]
    ridge = settings.regularization * all_cells**settings.nu
    return Side(
        indptr, plays.indices.astype(np.int32, copy=False), _signed(plays.data, settings), ridge.astype(np.float32)
    )


def transposed(side: Side, n_columns: int, settings: AlsSettings) -> Side:
    """Describe the columns: the same cells, by column."""
    n_rows = len(side.indptr) - 1
    cells = csr_array((side.confidence, side.indices, side.indptr), shape=(n_rows, n_columns)).tocsc()
    indptr = cells.indptr.astype(np.int64)
    all_cells = np.diff(indptr) + settings.unobserved_weight * n_rows
    ridge = settings.regularization * all_cells**settings.nu
    return Side(indptr, cells.indices.astype(np.int32, copy=False), cells.data, ridge.astype(np.float32))


def _signed(strength: npt.NDArray[np.float32], settings: AlsSettings) -> npt.NDArray[np.float32]:
    """Weight of each cell with the sign of its strength: float32, like `strength`."""
    weight = np.abs(strength)
    if settings.confidence == "log":
        weight /= np.float32(settings.epsilon)
        np.log1p(weight, out=weight)
    weight *= np.float32(settings.alpha)
    if settings.confidence in ("linear", "log"):
        weight += np.float32(1)
    return np.copysign(weight, strength, out=weight)
