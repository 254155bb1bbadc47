"""Small worlds with planted tastes: group g's tracks lie around one direction, and its listeners play them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from unheard.blend.contract import Blend, Member

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Closeness:
    """A linear scorer: the sum over plays of plays x the tracks' inner product. Explains itself exactly."""

    vectors: Floats
    name: str = "closeness"

    def scores(self, histories: csr_array) -> Floats:
        return np.asarray((histories @ self.vectors) @ self.vectors.T, dtype=np.float32)

    def contributions(self, history: csr_array, tracks: npt.NDArray[np.integer]) -> Floats:
        shares = history.data * (self.vectors[tracks] @ self.vectors[history.indices].T)
        return np.asarray(shares, dtype=np.float32)


@dataclass(frozen=True)
class Constant:
    """A scorer that says the same of every track, as a model does of a history that it knows nothing of."""

    n_tracks: int
    name: str = "constant"

    def scores(self, histories: csr_array) -> Floats:
        return np.full((histories.shape[0], self.n_tracks), 0.1, dtype=np.float32)


@dataclass(frozen=True)
class World:
    group: npt.NDArray[np.int64]  # [n_tracks]
    vectors: Floats
    blend: Blend


def planted(*, groups: int = 4, each: int = 40, dim: int = 8, noise: float = 0.2, seed: int = 0) -> World:
    """`groups` groups of `each` tracks around axes of their own; five tracks in a row have one artist."""
    generator = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), each)
    exact = np.eye(groups, dim)[group] + noise * generator.normal(size=(len(group), dim))
    vectors = exact.astype(np.float32)
    blend = Blend(
        (Member(Closeness(vectors)),),
        vectors,
        generator.integers(0, 100, len(group)),
        (np.arange(len(group)) // 5).astype(np.int32),
    )
    return World(group, vectors, blend)


def history(n_tracks: int, cells: dict[int, float]) -> csr_array:
    """One listener's row of these cells."""
    columns = np.array(sorted(cells), dtype=np.int32)
    values = np.array([cells[column] for column in columns], dtype=np.float32)
    return csr_array((values, columns, np.array([0, len(columns)])), shape=(1, n_tracks))
