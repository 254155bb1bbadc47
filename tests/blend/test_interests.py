"""Interests: planted clusters are found, and small or empty histories are told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cut_tree, linkage
from tests.blend.worlds import history, planted

from unheard.blend.interests import InterestSettings, _cuts, find
from unheard.errors import ConfigError


def test_two_planted_tastes_are_two_interests_weighted_by_saturated_plays() -> None:
    world = planted()
    cells = dict.fromkeys(range(10), 7.0) | dict.fromkeys(range(40, 50), 1.0)  # groups 0 and 1
    found = find(history(160, cells), world.vectors)
    assert [sorted(interest.tracks.tolist()) for interest in found] == [list(range(10)), list(range(40, 50))]
    # log(1 + 7) = 3 log 2 against log(1 + 1) = log 2
    assert [interest.weight for interest in found] == pytest.approx([0.75, 0.25])


def test_strongest_tracks_come_first_in_an_interest() -> None:
    world = planted()
    found = find(history(160, {3: 1, 4: 9, 5: 2}), world.vectors)
    assert found[0].tracks.tolist() == [4, 5, 3]


def test_one_taste_stays_one_interest_however_it_might_be_cut() -> None:
    world = planted(noise=0.1)
    assert len(find(history(160, dict.fromkeys(range(30), 1.0)), world.vectors)) == 1


def test_a_tiny_history_is_one_interest_however_far_apart_its_tracks_lie() -> None:
    world = planted()
    assert len(find(history(160, {0: 1, 40: 1, 80: 1}), world.vectors)) == 1


def test_nothing_played_is_no_interest() -> None:
    world = planted()
    assert find(history(160, {}), world.vectors) == ()
    assert find(history(160, {1: -1, 2: -3}), world.vectors) == ()


def test_skipped_tracks_belong_to_no_interest() -> None:
    world = planted()
    found = find(history(160, {0: 1, 1: -2, 2: 1}), world.vectors)
    assert sorted(found[0].tracks.tolist()) == [0, 2]


def test_recency_shifts_the_weight() -> None:
    world = planted()
    row = history(160, dict.fromkeys([*range(10), *range(40, 50)], 1.0))
    recency = np.where(row.indices < 40, 0.25, 1).astype(np.float32)
    found = find(row, world.vectors, recency=recency)
    assert found[0].tracks.min() >= 40
    assert found[0].weight == pytest.approx(0.8)


def test_tracks_without_a_vector_join_the_heaviest_interest() -> None:
    world = planted()
    vectors = world.vectors.copy()
    vectors[[9, 49]] = 0
    cells = dict.fromkeys(range(10), 7.0) | dict.fromkeys(range(40, 50), 1.0)
    found = find(history(160, cells), vectors)
    assert {9, 49} <= set(found[0].tracks.tolist())
    assert len(find(history(160, cells), np.zeros_like(vectors))) == 1


def test_a_long_history_places_its_tail_with_the_nearest_interest() -> None:
    world = planted(each=300)
    cells = {track: 5.0 if track % 300 < 100 else 1.0 for track in range(600)}
    found = find(history(1200, cells), world.vectors)
    purity = [np.bincount(world.group[interest.tracks]).max() / len(interest.tracks) for interest in found]
    assert len(found) == 2
    assert min(purity) > 0.99


@given(
    tracks=st.sets(st.integers(0, 159), max_size=60),
    strength=st.floats(0.125, 1000),
    least=st.integers(1, 10),
    most=st.integers(1, 6),
)
@settings(max_examples=200, deadline=None)
def test_interests_are_a_partition_of_what_was_played(
    tracks: set[int], strength: float, least: int, most: int
) -> None:
    world = planted(noise=0.6)
    row = history(160, {track: strength * (1 + track % 7) for track in tracks})
    found = find(row, world.vectors, settings=InterestSettings(most=most, least_tracks=least))
    listed = [track for interest in found for track in interest.tracks.tolist()]
    assert sorted(listed) == sorted(tracks)
    assert len(found) <= most
    if tracks:
        assert sum(interest.weight for interest in found) == pytest.approx(1)
        assert sorted((interest.weight for interest in found), reverse=True) == [i.weight for i in found]
    if len(found) > 1:
        assert min(len(interest.tracks) for interest in found) >= least
    again = find(row, world.vectors, settings=InterestSettings(most=most, least_tracks=least))
    assert [one.tracks.tolist() for one in again] == [one.tracks.tolist() for one in found]


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="most and least_tracks are at least 1"):
        InterestSettings(most=0)


@given(seed=st.integers(0, 1000), n=st.integers(6, 40))
def test_cuts_are_those_of_the_tree(seed: int, n: int) -> None:
    tree = linkage(np.random.default_rng(seed).normal(size=(n, 3)), method="ward")
    for size, labels in enumerate(_cuts(tree, 6), start=2):
        known = cut_tree(tree, n_clusters=[size]).ravel()
        assert len(set(labels.tolist())) == size
        # The same clusters; scipy numbers them in another way.
        assert len(set(zip(labels.tolist(), known.tolist(), strict=True))) == size
