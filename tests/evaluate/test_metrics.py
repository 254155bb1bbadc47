"""Metrics against answers worked out by hand, and what must hold of any lists."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from unheard.errors import ModelError, UsageError
from unheard.evaluate import metrics

# three listeners over six tracks: truth {1, 4}, {0}, nothing
TRUTH = sparse.csr_array(np.array([[0, 1, 0, 0, 2, 0], [3, 0, 0, 0, 0, 0], [0] * 6], dtype=np.float32))
LISTS = np.array([[4, 2, 1], [5, 3, -1], [0, 1, 2]], dtype=np.int32)
SIZES = np.array([2, 1, 0])


def test_hits_mark_places_that_hold_truth() -> None:
    hit = metrics.hits(LISTS, TRUTH)
    assert hit.tolist() == [[True, False, True], [False] * 3, [False] * 3]
    assert metrics.truth_sizes(TRUTH).tolist() == [2, 1, 0]


def test_an_empty_place_is_never_a_hit() -> None:
    # -1 of the second listener must not be read as the last track of the first
    truth = sparse.csr_array(np.array([[0, 1], [0, 1]], dtype=np.float32))
    assert not metrics.hits(np.array([[-1], [-1]]), truth).any()


def test_hits_need_a_list_for_each_listener() -> None:
    with pytest.raises(UsageError, match="2 lists for 3 listeners"):
        metrics.hits(LISTS[:2], TRUTH)


def test_values_by_hand() -> None:
    hit = metrics.hits(LISTS, TRUTH)
    nan = math.nan
    np.testing.assert_allclose(metrics.recall(hit, SIZES, 1), [1.0, 0.0, nan])  # min(1, 2) = 1
    np.testing.assert_allclose(metrics.recall(hit, SIZES, 2), [0.5, 0.0, nan])
    np.testing.assert_allclose(metrics.recall(hit, SIZES, 3), [1.0, 0.0, nan])
    np.testing.assert_allclose(metrics.precision(hit, SIZES, 3), [2 / 3, 0.0, nan])
    np.testing.assert_allclose(metrics.hit_rate(hit, SIZES, 3), [1.0, 0.0, nan])
    # (1 + 1/2) of an ideal (1 + 1/log2(3))
    np.testing.assert_allclose(metrics.ndcg(hit, SIZES, 3), [1.5 / (1 + 1 / math.log2(3)), 0.0, nan])
    # (1/1 + 2/3) / 2
    np.testing.assert_allclose(metrics.average_precision(hit, SIZES, 3), [5 / 6, 0.0, nan])


def test_k_may_pass_the_length_of_the_list() -> None:
    hit = metrics.hits(LISTS, TRUTH)
    np.testing.assert_allclose(metrics.precision(hit, SIZES, 10), [0.2, 0.0, math.nan])
    np.testing.assert_allclose(metrics.recall(hit, SIZES, 10), metrics.recall(hit, SIZES, 3))
    np.testing.assert_allclose(metrics.ndcg(hit, SIZES, 10), metrics.ndcg(hit, SIZES, 3))


def test_k_below_one_is_refused() -> None:
    with pytest.raises(UsageError, match="K = 0"):
        metrics.recall(metrics.hits(LISTS, TRUTH), SIZES, 0)


def test_auc_by_hand() -> None:
    scores = np.array([[0.1, 0.9, 0.5, 0.5, 0.5, 0.0], [0.3, 0.2, 0.1, 0.0, 0.6, 0.9], [0.0] * 6])
    # first: 1 beats all four others; 4 (.5) beats .1 and 0, ties with two: (4 + 3) / (2 * 4)
    # second: 0 beats three of five
    np.testing.assert_allclose(metrics.auc(scores, TRUTH), [7 / 8, 3 / 5, math.nan])


def test_auc_leaves_out_train_and_hidden_tracks() -> None:
    scores = np.array([[5.0, 4.0, 3.0, 2.0]])
    truth = sparse.csr_array(np.array([[0.0, 1, 0, 0]]))
    train = sparse.csr_array(np.array([[1.0, 0, 0, 0]]))
    hidden = np.array([False, False, True, False])
    assert metrics.auc(scores, truth).tolist() == [2 / 3]
    assert metrics.auc(scores, truth, without=train).tolist() == [1.0]
    assert metrics.auc(scores, truth, without=train, hidden=hidden).tolist() == [1.0]
    assert math.isnan(metrics.auc(scores, truth, hidden=np.array([False, True, False, False]))[0])


def test_equal_scores_give_half_an_auc() -> None:
    assert metrics.auc(np.zeros((1, 4)), sparse.csr_array(np.array([[1.0, 0, 0, 1]]))).tolist() == [0.5]


def _random_case(seed: int) -> tuple[np.ndarray, sparse.csr_array]:
    rng = np.random.default_rng(seed)
    truth = sparse.csr_array(np.where(rng.random((8, 30)) < 0.2, 1.0, 0.0))
    return rng.integers(0, 6, size=(8, 30)).astype(np.float32), truth


@given(seed=st.integers(0, 10_000), k=st.integers(1, 40))
def test_every_metric_lies_between_0_and_1(seed: int, k: int) -> None:
    scores, truth = _random_case(seed)
    hit = metrics.hits(metrics.listed(scores, k), truth)
    sizes = metrics.truth_sizes(truth)
    for metric in (metrics.recall, metrics.precision, metrics.hit_rate, metrics.ndcg, metrics.average_precision):
        values = metric(hit, sizes, k)
        assert np.array_equal(np.isnan(values), sizes == 0)
        assert ((values[sizes > 0] >= 0) & (values[sizes > 0] <= 1)).all()


@given(seed=st.integers(0, 10_000), k=st.integers(1, 40))
def test_a_perfect_ranking_gives_1(seed: int, k: int) -> None:
    _, truth = _random_case(seed)
    scores = (truth.toarray() > 0).astype(np.float32)
    hit = metrics.hits(metrics.listed(scores, k), truth)
    sizes = metrics.truth_sizes(truth)
    for metric in (metrics.recall, metrics.hit_rate, metrics.ndcg, metrics.average_precision):
        np.testing.assert_allclose(metric(hit, sizes, k)[sizes > 0], 1.0)
    np.testing.assert_allclose(metrics.auc(scores, truth)[sizes > 0], 1.0)


@given(seed=st.integers(0, 10_000))
def test_the_order_of_listeners_changes_nothing(seed: int) -> None:
    scores, truth = _random_case(seed)
    order = np.random.default_rng(seed).permutation(8)
    lists = metrics.listed(scores, 5)
    sizes = metrics.truth_sizes(truth)
    straight = metrics.ndcg(metrics.hits(lists, truth), sizes, 5)
    turned = metrics.ndcg(metrics.hits(lists[order], truth[order]), sizes[order], 5)
    np.testing.assert_array_equal(straight[order], turned)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 35))
def test_listed_is_a_full_sort_with_ties_to_the_lower_row(seed: int, n: int) -> None:
    scores, heard = _random_case(seed)
    hidden = np.arange(30) % 7 == 0
    met = heard.toarray() > 0
    for listener, best in enumerate(metrics.listed(scores, n, without=heard, hidden=hidden)):
        free = [track for track in range(30) if not hidden[track] and not met[listener, track]]
        expected = sorted(free, key=lambda track: (-scores[listener, track], track))[:n]
        assert best.tolist() == expected + [-1] * (n - len(expected))


def test_listed_leaves_the_scores_alone_and_refuses_nan() -> None:
    scores = np.array([[1.0, 2.0, 3.0]], dtype=np.float32)
    metrics.listed(scores, 2, hidden=np.array([False, False, True]))
    assert scores.tolist() == [[1.0, 2.0, 3.0]]
    with pytest.raises(ModelError, match="NaN"):
        metrics.listed(np.array([[1.0, math.nan]], dtype=np.float32), 1)
