"""Exact top-N against a full sort, ties and short rows included."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scipy.sparse import csr_array

from unheard.engines.top_n import TopN, TrackSearch, top_n, top_n_dense
from unheard.errors import ModelError, UsageError

FloatMatrix = npt.NDArray[np.float32]


def sorted_out(
    scores: FloatMatrix, n: int, exclude: csr_array | None, allowed: npt.NDArray[np.bool_] | None
) -> list[list[int]]:
    """Track rows by falling score, then rising row, by sorting everything."""
    open_cells = np.ones(scores.shape, bool) if exclude is None else exclude.toarray() == 0
    if allowed is not None:
        open_cells &= allowed
    lists = []
    for row, is_open in zip(scores, open_cells, strict=True):
        order = np.lexsort((np.arange(len(row)), -row))
        lists.append([int(track) for track in order if is_open[track] and row[track] > -np.inf][:n])
    return lists


def listed(result: TopN) -> list[list[int]]:
    return [result.of(row)[0].tolist() for row in range(len(result.counts))]


@st.composite
def questions(
    draw: st.DrawFn,
) -> tuple[FloatMatrix, FloatMatrix, int, csr_array | None, npt.NDArray[np.bool_] | None]:
    """Small whole numbers as factors: products are exact, and many scores tie."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n_listeners, n_tracks, dim = draw(st.integers(0, 40)), draw(st.integers(0, 300)), draw(st.integers(1, 5))
    listeners, tracks = (
        rng.integers(-2, 3, size=(rows, dim)).astype(np.float32) for rows in (n_listeners, n_tracks)
    )
    exclude = (
        csr_array((rng.random((n_listeners, n_tracks)) < 0.3).astype(np.float32)) if draw(st.booleans()) else None
    )
    allowed = rng.random(n_tracks) < 0.5 if draw(st.booleans()) else None
    return listeners, tracks, draw(st.integers(1, 60)), exclude, allowed


@examples(max_examples=60, deadline=None)
@given(questions())
def test_the_best_are_those_of_a_full_sort(
    question: tuple[FloatMatrix, FloatMatrix, int, csr_array | None, npt.NDArray[np.bool_] | None],
) -> None:
    listeners, tracks, n, exclude, allowed = question
    expected = sorted_out(listeners @ tracks.T, n, exclude, allowed)
    assert listed(top_n(listeners, tracks, n=n, exclude=exclude, allowed=allowed)) == expected
    assert listed(top_n_dense(listeners @ tracks.T, n=n, exclude=exclude, allowed=allowed)) == expected
    ordered = TrackSearch.over(tracks, allowed=allowed)
    assert listed(ordered.best(listeners, n=n, exclude=exclude)) == expected


@pytest.mark.parametrize("n_threads", [1, 2])
def test_many_listeners_and_tiles(n_threads: int) -> None:
    """Lengths that fall off steeply, so that most listeners are done before the last tile."""
    rng = np.random.default_rng(1)
    lengths = 1.0 / (1.0 + rng.permutation(5000))[:, None]
    tracks = (rng.integers(-8, 9, size=(5000, 8)) * np.exp2(np.round(np.log2(lengths)))).astype(np.float32)
    listeners = rng.integers(-8, 9, size=(700, 8)).astype(np.float32)
    exclude = csr_array((rng.random((700, 5000)) < 0.05).astype(np.float32))
    result = top_n(listeners, tracks, n=100, exclude=exclude, n_threads=n_threads)
    assert listed(result) == sorted_out(listeners @ tracks.T, 100, exclude, None)
    np.testing.assert_array_equal(result.scores[3], (listeners @ tracks.T)[3, result.ids[3]])


def test_a_short_row_says_so() -> None:
    """Three tracks, one heard: two are left of the five asked for."""
    exclude = csr_array(np.array([[0, 1, 0]], np.float32))
    result = top_n(np.ones((1, 1), np.float32), np.array([[1], [9], [2]], np.float32), n=5, exclude=exclude)
    assert result.counts.tolist() == [2]
    assert result.ids.tolist() == [[2, 0, 3, 3, 3]]
    assert result.scores.tolist() == [[2, 1, -np.inf, -np.inf, -np.inf]]
    assert [part.tolist() for part in result.of(0)] == [[2, 0], [2, 1]]


def test_equal_scores_come_in_the_order_of_track_rows() -> None:
    result = top_n_dense(np.array([[0.0, -0.0, 1.0, 0.0, -1.0]], np.float32), n=4)
    assert result.ids.tolist() == [[2, 0, 1, 3]]


def test_dense_scores_that_are_no_numbers_are_never_given() -> None:
    result = top_n_dense(np.array([[np.nan, -np.inf, -3.0, np.inf]], np.float32), n=4)
    assert result.of(0)[0].tolist() == [3, 2]


def test_a_stored_zero_excludes_too() -> None:
    exclude = csr_array((np.zeros(1, np.float32), np.array([1], np.int32), [0, 1]), shape=(1, 2))
    assert listed(top_n_dense(np.array([[1, 2]], np.float32), n=2, exclude=exclude)) == [[0]]


def test_unsorted_exclusions_are_sorted_without_touching_them() -> None:
    exclude = csr_array((np.ones(3, np.float32), np.array([4, 0, 2], np.int32), [0, 3]), shape=(1, 5))
    assert listed(top_n_dense(np.ones((1, 5), np.float32), n=5, exclude=exclude)) == [[1, 3]]
    assert exclude.indices.tolist() == [4, 0, 2]


def test_bad_questions_are_refused() -> None:
    two, three = np.ones((2, 2), np.float32), np.ones((3, 3), np.float32)
    with pytest.raises(UsageError, match="n=0"):
        top_n(two, two, n=0)
    with pytest.raises(ModelError, match="columns"):
        top_n(two, three, n=1)
    with pytest.raises(ModelError, match="finite"):
        top_n(two * np.nan, two, n=1)
    with pytest.raises(UsageError, match="exclude"):
        top_n(two, two, n=1, exclude=csr_array(three))
    with pytest.raises(UsageError, match="allowed"):
        top_n(two, two, n=1, allowed=np.ones(3, bool))
