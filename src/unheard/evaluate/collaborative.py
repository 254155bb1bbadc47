"""`unheard evaluate collaborative`: fit each model on train, rank everything else, score with test.

The test plays are never shown to a model. Every track that train saw is ranked, a listener's own train tracks
are removed, and nothing is sampled.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from scipy import sparse

from unheard.errors import InputError, UsageError
from unheard.evaluate import metrics, variety
from unheard.evaluate.measurement import PerListener, summarize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from unheard.evaluate.measurement import Measurement
    from unheard.schema import Interactions

AT: Final = (20, 50, 100)
_BLOCK_CELLS: Final = 4_000_000  # scores held at once: 16 MB of float32, and a few copies of it


class Fitted(Protocol):
    """A model that has learned."""

    def scores(self, histories: sparse.csr_array, /) -> npt.NDArray[np.float32]:
        """Score every track for each row of `histories` [n, tracks]: [n, tracks], best highest."""


class Fitter(Protocol):
    """A model that can learn from plays alone."""

    def fit(self, plays: sparse.csr_array, /, *, seed: int) -> Fitted:
        """Learn from `plays` [listeners, tracks]."""


def silent(share: float, /) -> None:
    """The progress callback of a caller that shows none."""


@dataclass(frozen=True, eq=False)
class _Field:
    """What all models are measured on: the listeners with truth left, and the tracks that train saw."""

    histories: sparse.csr_array  # train plays of the measured listeners
    truth: sparse.csr_array  # held-out plays of the same listeners that can be found
    audience: npt.NDArray[np.int64]  # listeners who know each track, [tracks]
    n_listeners: int  # listeners with train plays
    counts: dict[str, int]

    @property
    def hidden(self) -> npt.NDArray[np.bool_]:
        """Tracks that train never saw: they are not ranked."""
        return np.asarray(self.audience == 0)


def measure(
    train: Interactions,
    test: sparse.csr_array,
    models: Mapping[str, Fitter],
    *,
    at: Sequence[int] = AT,
    seed: int = 0,
    auc: bool = False,
    artists: npt.NDArray[np.integer[Any]] | None = None,
    left_out: Mapping[str, int] | None = None,
    progress: Callable[[float], None] = silent,
) -> Measurement:
    """Fit and score each of `models` (name -> fitter).

    `test` has the shape of `train.plays`; its cells above 0 are the truth. Left out of the means, and counted:
    pairs of a listener or track that train lacks, and pairs that train already holds. `artists` [tracks] numbers
    the artists, -1 unknown; with it artist variety is measured. `auc` costs a full sort a listener, so it is
    measured on request. `left_out` (`tables.HeldOut.counts`) is added to the counts. `seconds` is the time of
    `fit` alone. `InputError` when no held-out pair is left.
    """
    if not at or min(at) < 1 or not models:
        raise UsageError(f"at={list(at)}, models={list(models)}: name at least one model and one K of 1 or more")
    field = _field(train.plays, test)
    values: dict[str, PerListener] = {}
    totals: dict[str, dict[str, float]] = {}
    seconds: dict[str, float] = {}
    for done, (name, fitter) in enumerate(models.items()):
        start = time.perf_counter()
        fitted = fitter.fit(train.plays, seed=seed)
        seconds[name] = round(time.perf_counter() - start, 3)

        def share(part: float, done: int = done) -> None:
            progress((done + part) / len(models))

        lists, areas = _rank(fitted, field, n=max(at), with_auc=auc, progress=share)
        values[name] = _per_listener(lists, field, at, artists) | areas
        totals[name] = _of_all_lists(lists, field, at)
    counts = _add(field.counts, left_out or {})
    return summarize(values, totals, counts=counts, seconds=seconds, seed=seed)


def _add(counts: Mapping[str, int], left_out: Mapping[str, int]) -> dict[str, int]:
    names = [*counts, *(name for name in left_out if name not in counts)]
    return {name: counts.get(name, 0) + left_out.get(name, 0) for name in names}


def _field(train: sparse.csr_array, test: sparse.csr_array) -> _Field:
    if train.shape != test.shape:
        raise UsageError(f"train is {train.shape}, test is {test.shape}; both need one id map's shape")
    cells = sparse.coo_array(test)
    cells = _where(cells, cells.data > 0)
    n_played = np.diff(train.indptr)
    audience = np.bincount(train.indices, minlength=train.shape[1]).astype(np.int64)
    stranger, unseen = n_played[cells.row] == 0, audience[cells.col] == 0
    met = _is_stored(train, cells.row, cells.col)
    truth = sparse.csr_array(_where(cells, ~(stranger | unseen | met)))
    truth.sort_indices()
    measured = np.flatnonzero(np.diff(truth.indptr))
    counts = {
        "listeners": int((n_played > 0).sum()),
        "tracks": int((audience > 0).sum()),
        "train_pairs": int(train.nnz),
        "test_pairs": len(cells.data),
        "test_pairs_listener_not_in_train": int(stranger.sum()),
        "test_pairs_track_not_in_train": int((unseen & ~stranger).sum()),
        "test_pairs_also_in_train": int(met.sum()),
        "test_pairs_measured": int(truth.nnz),
        "listeners_measured": len(measured),
    }
    if not len(measured):
        raise InputError(f"no held-out pair can be measured: {counts}; test needs listeners and tracks of train")
    return _Field(train[measured], truth[measured], audience, counts["listeners"], counts)


def _where(cells: sparse.coo_array, keep: npt.NDArray[np.bool_]) -> sparse.coo_array:
    return sparse.coo_array((cells.data[keep], (cells.row[keep], cells.col[keep])), shape=cells.shape)


def _is_stored(
    matrix: sparse.csr_array, rows: npt.NDArray[np.integer[Any]], columns: npt.NDArray[np.integer[Any]]
) -> npt.NDArray[np.bool_]:
    """Whether `matrix` stores each (row, column), whatever its sign."""
    n_tracks = matrix.shape[1]
    owner = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    return np.isin(rows.astype(np.int64) * n_tracks + columns, owner * n_tracks + matrix.indices)


def _rank(
    fitted: Fitted, field: _Field, *, n: int, with_auc: bool, progress: Callable[[float], None]
) -> tuple[npt.NDArray[np.int32], PerListener]:
    """The `n` best unmet tracks of each measured listener and, if asked, their AUC; in blocks of listeners."""
    n_listeners, n_tracks = field.histories.shape
    lists = np.empty((n_listeners, n), dtype=np.int32)
    areas = np.empty(n_listeners if with_auc else 0)
    step = max(1, _BLOCK_CELLS // n_tracks)
    for start in range(0, n_listeners, step):
        block = slice(start, min(start + step, n_listeners))
        histories = field.histories[block]
        scores = fitted.scores(histories)
        if scores.shape != histories.shape:
            raise UsageError(f"a model gave scores of shape {scores.shape} for histories of {histories.shape}")
        lists[block] = metrics.listed(scores, n, without=histories, hidden=field.hidden)
        if with_auc:
            areas[block] = metrics.auc(scores, field.truth[block], without=histories, hidden=field.hidden)
        progress(block.stop / n_listeners)
    return lists, {"auc": areas} if with_auc else {}


def _per_listener(
    lists: npt.NDArray[np.int32],
    field: _Field,
    at: Sequence[int],
    artists: npt.NDArray[np.integer[Any]] | None,
) -> PerListener:
    hit, sizes = metrics.hits(lists, field.truth), metrics.truth_sizes(field.truth)
    values: PerListener = {}
    for k in at:
        values[f"recall@{k}"] = metrics.recall(hit, sizes, k)
        values[f"ndcg@{k}"] = metrics.ndcg(hit, sizes, k)
        values[f"map@{k}"] = metrics.average_precision(hit, sizes, k)
        values[f"precision@{k}"] = metrics.precision(hit, sizes, k)
        first = lists[:, :k]
        values[f"popularity@{k}"] = variety.popularity(first, field.audience, field.n_listeners)
        values[f"popularity_lift@{k}"] = variety.popularity_lift(first, field.audience, field.histories)
        values[f"novelty@{k}"] = variety.novelty(first, field.audience, field.n_listeners)
        if artists is not None:
            values[f"artist_variety@{k}"] = variety.artist_variety(first, artists)
    return values


def _of_all_lists(lists: npt.NDArray[np.int32], field: _Field, at: Sequence[int]) -> dict[str, float]:
    catalogue = ~field.hidden
    coverage = {f"coverage@{k}": variety.coverage(lists[:, :k], catalogue) for k in at}
    return coverage | {f"gini@{k}": variety.gini(lists[:, :k], catalogue) for k in at}
