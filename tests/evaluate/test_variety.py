"""What lists are like, against answers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from unheard.evaluate import variety

LISTS = np.array([[0, 1, 2], [0, 3, -1], [-1, -1, -1]])
AUDIENCE = np.array([4, 2, 1, 0, 8])
CATALOGUE = AUDIENCE > 0


def test_coverage_counts_tracks_that_could_be_listed() -> None:
    assert variety.appearances(LISTS, 5).tolist() == [2, 1, 1, 1, 0]
    assert variety.coverage(LISTS, np.ones(5, dtype=bool)) == 0.8
    assert variety.coverage(LISTS, CATALOGUE) == 0.75  # 0, 1, 2 of 0, 1, 2, 4
    assert variety.coverage(LISTS, np.zeros(5, dtype=bool)) == 0.0


def test_gini_of_even_and_lonely_lists() -> None:
    everything = np.ones(4, dtype=bool)
    assert variety.gini(np.array([[0, 1], [2, 3]]), everything) == 0.0
    assert variety.gini(np.array([[2], [2]]), everything) == 0.75  # (n - 1) / n
    # counts 0 1 1 2: 2 (2 + 3 + 8) / (4 x 4) - 5/4
    assert variety.gini(np.array([[0, 1], [2, 2]]), everything) == 2 * 13 / 16 - 1.25
    assert variety.gini(np.full((2, 2), -1), everything) == 0.0


def test_popularity_and_lift() -> None:
    nan = math.nan
    np.testing.assert_allclose(variety.popularity(LISTS, AUDIENCE, 8), [7 / 24, 0.25, nan])
    histories = sparse.csr_array(np.array([[0, 0, 9, 0, 1], [0] * 5, [1] * 5], dtype=np.float32))
    # the first knows tracks of 1 and 8 listeners, 4.5 in the mean, however often they were played
    np.testing.assert_allclose(variety.popularity_lift(LISTS, AUDIENCE, histories), [7 / 3 / 4.5, nan, nan])


def test_novelty_is_self_information_in_bits() -> None:
    # of 8: known by 4, 2, 1 are 1, 2, 3 bits; by none counts as by one
    np.testing.assert_allclose(variety.novelty(LISTS, AUDIENCE, 8), [2.0, 2.0, math.nan])


def test_unknown_artists_are_never_one_artist() -> None:
    artists = np.array([5, 5, -1, -1, 7])
    lists = np.array([[0, 1, 2, 3], [4, 0, -1, -1], [-1, -1, -1, -1]])
    np.testing.assert_allclose(variety.artist_variety(lists, artists), [0.75, 1.0, math.nan])
    np.testing.assert_allclose(variety.artist_repeats(lists, artists), [0.25, 0.0, math.nan])


@given(seed=st.integers(0, 10_000))
def test_gini_lies_between_0_and_1_and_coverage_too(seed: int) -> None:
    lists = np.random.default_rng(seed).integers(-1, 20, size=(7, 5))
    everything = np.ones(20, dtype=bool)
    assert -1e-12 <= variety.gini(lists, everything) <= 1
    assert 0 <= variety.coverage(lists, everything) <= 1
