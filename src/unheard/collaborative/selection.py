"""Settings chosen inside the plays themselves: part of each listener's plays is held out, the rest is fitted.

A model's settings climb from their defaults: one field at a time is multiplied or divided by its factor for as
long as nDCG@100 of the held-out plays grows. The cost is bounded: at most `MOST_FITS` fits for a model, on at most
`STUDY_PLAYS` plays of listeners drawn at random.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from unheard.collaborative.contract import Fitted, FloatMatrix, Model, Progress, checked, silent

HELD_OUT: Final = 0.2
STUDY_PLAYS: Final = 500_000
# Scores held at once while candidates are judged, and while the ensemble learns: 64 MB a member.
JUDGED_CELLS: Final = 16_000_000
MOST_FITS: Final = 8
DEPTH: Final = 100
# Fewer listeners than this are too few to tell one setting from another.
LEAST_JUDGED: Final = 50


@dataclass(frozen=True)
class Study:
    """Plays of some listeners in two parts."""

    fitted: csr_array  # [listeners, tracks]
    held: csr_array  # [listeners, tracks], 1 where a liked play was held out of `fitted`
    judged: npt.NDArray[np.int64]  # rows that candidates are judged on


def study(plays: csr_array, *, seed: int) -> Study:
    """Draw listeners worth at most `STUDY_PLAYS` plays, and hold out a part of what each likes."""
    rng = np.random.default_rng(seed)
    plays = _drawn(checked(plays), rng)
    held = (rng.random(plays.nnz) < HELD_OUT) & (plays.data > 0)
    fitted = _part(plays, np.where(held, 0, plays.data))
    truth = _part(plays, held.astype(np.float32))
    known = np.asarray(fitted.maximum(0).sum(axis=0)) > 0
    truth = checked(csr_array(truth.multiply(known[None, :])))
    rows = np.flatnonzero((np.diff(truth.indptr) > 0) & (np.diff(fitted.indptr) > 0))
    most = max(100, JUDGED_CELLS // plays.shape[1])
    judged = np.sort(rng.permutation(rows)[:most])
    return Study(fitted, truth, judged)


def _drawn(plays: csr_array, rng: np.random.Generator) -> csr_array:
    if plays.nnz <= STUDY_PLAYS:
        return plays
    order = rng.permutation(plays.shape[0])
    enough = int(np.searchsorted(np.cumsum(np.diff(plays.indptr)[order]), STUDY_PLAYS)) + 1
    return csr_array(plays[np.sort(order[:enough])])


def _part(plays: csr_array, values: npt.NDArray[np.float32]) -> csr_array:
    return checked(csr_array((values, plays.indices, plays.indptr), shape=plays.shape))


def ndcg(scores: FloatMatrix, fitted: csr_array, held: csr_array) -> float:
    """Mean nDCG@100, binary, of `held` among all tracks that `fitted` lacks; rows without truth left out."""
    ranked = scores.copy()
    ranked[_cells(fitted)] = -np.inf
    depth = min(DEPTH, ranked.shape[1])
    best = np.argpartition(-ranked, depth - 1, axis=1)[:, :depth]
    order = np.argsort(-np.take_along_axis(ranked, best, axis=1), axis=1, kind="stable")
    best = np.take_along_axis(best, order, axis=1)
    discount = 1 / np.log2(np.arange(2, depth + 2))
    gains = np.take_along_axis(held.toarray(), best, axis=1) @ discount
    n_true = np.diff(held.indptr)
    ideal = np.cumsum(discount)[np.minimum(n_true, depth) - 1]
    return float((gains / ideal)[n_true > 0].mean()) if n_true.any() else 0.0


def _cells(matrix: csr_array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return rows, np.asarray(matrix.indices, dtype=np.int64)


@dataclass(frozen=True)
class Axis:
    """A field of some settings that may be multiplied and divided by `factor`, between `least` and `most`."""

    field: str
    factor: float
    least: float = 0.0
    most: float = np.inf


@dataclass(frozen=True)
class Choice:
    """The best settings found, the model fitted with them to the study, and its nDCG@100 there."""

    settings: Any
    fitted: Fitted
    ndcg: float


def choose(
    make: Callable[[Any], Model],
    start: Any,
    axes: Sequence[Axis],
    of: Study,
    *,
    seed: int,
    progress: Progress = silent,
) -> Choice:
    """Climb from the settings `start` of the models that `make` makes; the same study and seed choose the same."""
    tried: dict[Any, Choice] = {}

    def look(settings: Any) -> Choice:
        if settings not in tried:
            fitted = make(settings).fit(of.fitted, seed=seed)
            scores = fitted.scores(csr_array(of.fitted[of.judged]))
            found = ndcg(scores, csr_array(of.fitted[of.judged]), csr_array(of.held[of.judged]))
            tried[settings] = Choice(settings, fitted, found)
            progress(min(len(tried) / MOST_FITS, 1.0))
        return tried[settings]

    best = look(start)
    for axis in axes:
        for factor in (axis.factor, 1 / axis.factor):
            before = best
            while len(tried) < MOST_FITS:
                value = getattr(best.settings, axis.field) * factor
                if not axis.least <= value <= axis.most:
                    break
                candidate = look(dataclasses.replace(best.settings, **{axis.field: value}))
                if candidate.ndcg <= best.ndcg:
                    break
                best = candidate
            if best is not before:
                break
    progress(1.0)
    return best
