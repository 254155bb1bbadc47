"""The order of a list: small steps, artists apart, the anchor near the front."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unheard.playlist.order import arranged


def circle(*degrees: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_the_path_goes_on_to_the_nearest() -> None:
    assert arranged(circle(0, 60, 20, 40), np.array([0, 1, 2, 3])) == [0, 2, 3, 1]


def test_an_artist_never_comes_twice_in_a_row() -> None:
    artists = np.array([7, 7, 1, 2])
    order = arranged(circle(0, 1, 40, 50), artists)
    assert order[0] == 0
    assert order[1] == 2
    assert order.index(1) >= 2


def test_what_is_left_over_at_the_end_goes_where_it_fits() -> None:
    # after 0 and its neighbours only the two tracks of artist 5 are left; one must go between others
    artists = np.array([0, 1, 5, 5])
    order = arranged(circle(0, 10, 90, 91), artists)
    names = artists[order].tolist()
    assert all(one != other for one, other in itertools.pairwise(names))


def test_unknown_artists_may_stand_side_by_side() -> None:
    assert arranged(circle(0, 5, 50), np.array([-1, -1, -1])) == [0, 1, 2]


def test_without_vectors_the_best_come_first() -> None:
    assert arranged(None, np.array([1, 2, 3])) == [0, 1, 2]
    assert arranged(None, np.array([], dtype=np.int32)) == []


def test_the_anchor_is_second_or_third_away_from_its_artist() -> None:
    order = arranged(circle(0, 10, 20, 30, 40), np.array([1, 2, 3, 4, 1]), anchor=4)
    assert order.index(4) == 2
    assert arranged(None, np.array([1]), anchor=0) == [0]


@given(artists=st.lists(st.integers(-1, 12), max_size=30), seed=st.integers(0, 99))
def test_every_track_once_and_artists_apart_whenever_that_can_be(artists: list[int], seed: int) -> None:
    counts = {artist: artists.count(artist) for artist in artists if artist >= 0}
    vectors = np.random.default_rng(seed).normal(size=(len(artists), 3)).astype(np.float32)
    order = arranged(vectors, np.array(artists, dtype=np.int32))
    assert sorted(order) == list(range(len(artists)))
    if max(counts.values(), default=0) <= 2 and len(artists) > 3:
        names = [artists[index] for index in order]
        assert all(one != other or one < 0 for one, other in itertools.pairwise(names))
