"""The whole measurement on plays small enough to work out by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import sparse

from unheard.errors import InputError, UsageError
from unheard.evaluate import measure
from unheard.schema import IdMap, Interactions

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass
class Fixed:
    """A model that scores by a given table, and remembers what it was shown."""

    table: npt.NDArray[np.float32]
    shown: sparse.csr_array | None = None

    def fit(self, plays: sparse.csr_array, *, seed: int) -> Fixed:
        del seed
        self.shown = plays
        return self

    def scores(self, histories: sparse.csr_array) -> npt.NDArray[np.float32]:
        return np.tile(self.table, (histories.shape[0], 1))


def interactions(plays: list[list[float]]) -> Interactions:
    matrix = sparse.csr_array(np.array(plays, dtype=np.float32))
    n_listeners, n_tracks = matrix.shape
    return Interactions(
        IdMap([f"u{n}" for n in range(n_listeners)]), IdMap([f"t{n}" for n in range(n_tracks)]), matrix
    )


# listener 2 has no train plays; track 4 was never seen in train; listener 1 skipped track 2
TRAIN = interactions([[1, 2, 0, 0, 0], [0, 1, -1, 3, 0], [0, 0, 0, 0, 0]])
TEST = sparse.csr_array(np.array([[1, 0, 1, 0, 1], [1, 0, 0, 0, -1], [1, 1, 0, 0, 0]], dtype=np.float32))
FALLING = np.array([5, 4, 3, 2, 9], dtype=np.float32)


def test_values_and_counts_by_hand() -> None:
    found = measure(TRAIN, TEST, {"fixed": Fixed(FALLING)}, at=(1, 2), artists=np.array([0, 0, 0, 0, 1]))
    assert found.counts == {
        "listeners": 2,
        "tracks": 4,
        "train_pairs": 5,
        "test_pairs": 6,
        "test_pairs_listener_not_in_train": 2,
        "test_pairs_track_not_in_train": 1,
        "test_pairs_also_in_train": 1,
        "test_pairs_measured": 2,
        "listeners_measured": 2,
    }
    # listener 0 is ranked 2, 3 and holds out 2; listener 1 is ranked 0 (2 was met by skipping it), holds out 0
    means = found.means["fixed"]
    assert means["recall@1"].mean == 1.0
    assert means["precision@2"].mean == 0.5
    assert means["ndcg@2"].mean == 1.0
    assert found.totals["fixed"]["coverage@1"] == 0.5
    assert found.totals["fixed"]["coverage@2"] == 0.75
    # listener 0: tracks 2, 3 by one artist, 1/2; listener 1: one track, 1
    assert means["artist_variety@2"].mean == 0.75


def test_the_model_sees_train_alone() -> None:
    model = Fixed(FALLING)
    measure(TRAIN, TEST, {"fixed": model}, at=(1,))
    assert model.shown is not None
    np.testing.assert_array_equal(model.shown.toarray(), TRAIN.plays.toarray())


def test_json_has_the_agreed_shape() -> None:
    found = measure(TRAIN, TEST, {"a": Fixed(FALLING), "b": Fixed(-FALLING)}, at=(20,), auc=True).to_json()
    assert set(found) == {"metrics", "counts", "seconds"}
    assert set(found["metrics"]) == set(found["seconds"]) == {"a", "b"}
    low, high = found["metrics"]["a"]["recall@20_ci"]
    assert low <= found["metrics"]["a"]["recall@20"] <= high
    assert {"ndcg@20", "map@20", "coverage@20", "auc", "auc_ci"} <= set(found["metrics"]["a"])
    assert "coverage@20_ci" not in found["metrics"]["a"]


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = measure(TRAIN, TEST, {"fixed": Fixed(FALLING)}, at=(2,), auc=True)
    monkeypatch.setattr("unheard.evaluate.collaborative._BLOCK_CELLS", 1)
    shares: list[float] = []
    parts = measure(TRAIN, TEST, {"fixed": Fixed(FALLING)}, at=(2,), auc=True, progress=shares.append)
    assert whole.to_json()["metrics"] == parts.to_json()["metrics"]
    assert shares == [0.5, 1.0]


def test_nothing_to_measure_is_refused() -> None:
    with pytest.raises(InputError, match="no held-out pair can be measured"):
        measure(TRAIN, sparse.csr_array(np.zeros((3, 5), dtype=np.float32)), {"fixed": Fixed(FALLING)})


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(UsageError, match=r"test is \(3, 4\)"):
        measure(TRAIN, TEST[:, :4], {"fixed": Fixed(FALLING)})
    with pytest.raises(UsageError, match="scores of shape"):
        measure(TRAIN, TEST, {"fixed": Fixed(FALLING[:3])})
    with pytest.raises(UsageError, match="at least one model"):
        measure(TRAIN, TEST, {})
