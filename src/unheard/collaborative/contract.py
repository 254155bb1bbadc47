"""What every collaborative model promises, so that the rest of the house need not know which one it holds.

A model has one verb, `fit`; what it gives back scores ANY history: the row of a listener it was fitted on,
of one it has never seen, or a part of a row (one interest). Nothing is retrained for a new listener.

Plays are a listeners x tracks `csr_array` of float32: above 0 the strength of liking as play counts, skips
already taken off; below 0 skipped or disliked; what is not stored is unknown.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from unheard.errors import ModelError

FloatMatrix = npt.NDArray[np.float32]
TrackRows = npt.NDArray[np.integer[Any]]
Arrays = Mapping[str, npt.NDArray[Any]]
# Called with the share of the work that is done, 0 to 1.
Progress = Callable[[float], None]


def silent(share: float, /) -> None:
    """The progress callback of a caller that shows none."""


class Fitted(Protocol):
    """A fitted model: pure arrays and settings; it never changes."""

    @property
    def name(self) -> str: ...

    @property
    def n_tracks(self) -> int: ...

    @property
    def settings(self) -> Any:
        """The frozen dataclass it was fitted with; `dataclasses.asdict` of it is JSON."""

    def scores(self, histories: csr_array) -> FloatMatrix:
        """Score every track for each row of `histories` [n, n_tracks]: float32 [n, n_tracks], best highest.

        Heard tracks are scored too; the caller removes them. An empty history is scored as someone unknown.
        """

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All that `models.restore` needs beside the settings, ready for safetensors."""


@runtime_checkable
class Explained(Protocol):
    """A fitted model that can say which heard tracks its scores came from."""

    def contributions(self, history: csr_array, tracks: TrackRows) -> FloatMatrix:
        """Share of each play of the one-row `history` in the scores of `tracks`: float32 [len(tracks), n_plays].

        Plays in the order of `checked(history).indices`. A row sums to the score of its track, but for a part
        that belongs to no play (popularity, a bias).
        """


@runtime_checkable
class Factored(Protocol):
    """A fitted model whose scores are products of listener and track factors, as top-N search likes them."""

    @property
    def track_factors(self) -> FloatMatrix:
        """float32 [n_tracks, dim]."""

    def fold_in(self, histories: csr_array) -> FloatMatrix:
        """Listener factors of any histories [n, n_tracks]: float32 [n, dim]."""


class Model(Protocol):
    """Settings that can be fitted."""

    @property
    def name(self) -> str: ...

    def fit(self, plays: csr_array, *, seed: int, progress: Progress = silent) -> Fitted:
        """Fit to `plays` [listeners, tracks]; the same plays and seed give the same bits."""


def checked(plays: csr_array, *, n_tracks: int | None = None) -> csr_array:
    """Return `plays` as a clean float32 CSR matrix: sorted, duplicates summed, no stored zeros.

    Raises ModelError for values that are not finite, an empty shape, or a width other than `n_tracks`.
    """
    if plays.ndim != 2 or 0 in plays.shape[1:]:
        raise ModelError(f"plays of shape {plays.shape}: need listeners x tracks with at least one track")
    if n_tracks is not None and plays.shape[1] != n_tracks:
        raise ModelError(
            f"histories have {plays.shape[1]:,} tracks, the model was fitted on {n_tracks:,}: "
            "number the tracks by the model's own IdMap"
        )
    clean: csr_array = csr_array(plays.astype(np.float32))
    clean.sum_duplicates()
    clean.eliminate_zeros()
    clean.sort_indices()
    if not np.isfinite(clean.data).all():
        raise ModelError("plays hold NaN or infinite values: drop those rows before fitting")
    return clean
