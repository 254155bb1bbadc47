"""Item-item weights against the regression that they are said to solve."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from tests.collaborative.worlds import power_law

from unheard.collaborative import item_item
from unheard.collaborative.item_item import ItemItem, ItemItemSettings, dense_weights, prepared, ridge_of
from unheard.collaborative.neighbourhood import sparse_weights
from unheard.errors import ConfigError


def column_by_regression(x: np.ndarray, track: int, columns: np.ndarray, ridge: float) -> np.ndarray:
    """Ridge regression of one column of `x` on some others, by the normal equations."""
    others = x[:, columns]
    gram = others.T @ others + ridge * np.eye(len(columns))
    return np.linalg.solve(gram, others.T @ x[:, track])


def test_dense_weights_are_the_ridge_regression_without_the_track_itself() -> None:
    rows = prepared(power_law(60, 15, seed=4), ItemItemSettings())
    weights = dense_weights(rows, ridge=0.7)
    assert not np.diag(weights).any()
    for track in (0, 6, 14):
        others = np.delete(np.arange(15), track)
        expected = column_by_regression(rows.toarray().astype(np.float64), track, others, 0.7)
        np.testing.assert_allclose(weights[others, track], expected, rtol=1e-4, atol=1e-6)


def test_sparse_weights_with_every_neighbour_are_the_dense_ones() -> None:
    rows = prepared(power_law(400, 15, seed=4), ItemItemSettings())
    assert (rows.T @ rows).nnz == 15 * 15
    sparse = sparse_weights(rows, neighbours=14, ridge=0.7, seed=0)
    np.testing.assert_allclose(sparse.toarray(), dense_weights(rows, ridge=0.7), rtol=1e-3, atol=1e-5)


def test_sparse_weights_are_the_regression_on_the_neighbourhood() -> None:
    rows = prepared(power_law(80, 30, seed=4), ItemItemSettings())
    x = rows.toarray().astype(np.float64)
    sparse = sparse_weights(rows, neighbours=8, ridge=0.7, seed=0).toarray()
    for track in (0, 6, 14):
        cosines = np.abs(x.T @ x[:, track]) / (np.sqrt((x**2).sum(axis=0)) + 1e-12)
        cosines[track] = -1
        nearest = np.sort(np.argsort(-cosines, kind="stable")[:8])
        expected = column_by_regression(x, track, nearest, 0.7)
        np.testing.assert_allclose(sparse[nearest, track], expected, rtol=2e-3, atol=1e-5)


def test_sparse_weights_have_at_most_the_neighbours_in_a_column() -> None:
    rows = prepared(power_law(200, 50, seed=4), ItemItemSettings())
    sparse = sparse_weights(rows, neighbours=5, ridge=0.7, seed=0)
    assert np.bincount(sparse.indices, minlength=50).max() <= 5


def test_heavy_data_draws_listeners_by_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unheard.collaborative.neighbourhood.MAX_CO_PLAYS", 2000)
    rows = prepared(power_law(200, 50, seed=4), ItemItemSettings())
    one, same, other = (sparse_weights(rows, neighbours=5, ridge=0.7, seed=seed).toarray() for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_rows_are_saturated_and_shortened() -> None:
    plays = csr_array(np.array([[np.e - 1, 1 - np.e, 0]], dtype=np.float32))
    np.testing.assert_allclose(prepared(plays, ItemItemSettings(listener_power=0)).toarray(), [[1, -1, 0]])
    halved = prepared(plays, ItemItemSettings(listener_power=1)).toarray()
    np.testing.assert_allclose(halved, [[0.5**0.5, -(0.5**0.5), 0]], rtol=1e-6)


def test_the_ridge_is_counted_in_plays() -> None:
    rows = csr_array(np.array([[2, 0, 2], [0, 2, -2]], dtype=np.float32))
    assert ridge_of(rows, ItemItemSettings(regularization=100)) == pytest.approx(400)


@pytest.mark.parametrize("sparse", [False, True])
def test_settings_choose_dense_or_sparse(*, sparse: bool) -> None:
    settings = ItemItemSettings(dense_limit=29 if sparse else 30)
    weights = ItemItem(settings).fit(power_law(40, 30, seed=1)).weights
    assert isinstance(weights, csr_array) == sparse


def test_refuses_settings_that_mean_nothing() -> None:
    with pytest.raises(ConfigError, match="regularization=0"):
        ItemItemSettings(regularization=0)
    with pytest.raises(ConfigError, match="listener_power=2"):
        ItemItemSettings(listener_power=2)
    with pytest.raises(ConfigError, match="neighbours=0"):
        ItemItemSettings(neighbours=0)


@pytest.mark.parametrize("n", [1, 2, 5, 64])
def test_inverses_by_halves_are_inverses(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_item, "LAPACK_ROWS", 3)
    rows = np.random.default_rng(n).normal(size=(2 * n, n))
    matrix = rows.T @ rows + np.eye(n)
    inverse = item_item.inverted(matrix.copy())
    assert inverse is not None
    np.testing.assert_allclose(inverse @ matrix, np.eye(n), atol=1e-9)
    assert item_item.inverted(-matrix) is None


def test_few_listeners_give_the_weights_of_the_large_inverse() -> None:
    plays = power_law(40, 90, seed=5)
    by_tracks = np.linalg.inv((plays.T @ plays).toarray().astype(np.float64) + 7.0 * np.eye(90))
    wanted = -by_tracks / np.diag(by_tracks)[None, :]
    np.fill_diagonal(wanted, 0)
    np.testing.assert_allclose(dense_weights(plays, ridge=7.0), wanted, atol=1e-6)
