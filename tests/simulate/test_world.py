"""Generated worlds: the same again from a seed, true to what they promise, and learnable."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from unheard.errors import UsageError
from unheard.schema import TABLES
from unheard.simulate import World, WorldSettings

SETTINGS = WorldSettings(n_listeners=120, n_tracks=900, n_weeks=12, seed=7)
WORLD = World.generate(SETTINGS)


def test_the_same_settings_give_the_same_world() -> None:
    again = World.generate(SETTINGS)
    assert again.listens_table.equals(WORLD.listens_table)
    assert again.tracks_table.equals(WORLD.tracks_table)
    assert again.feedback_table.equals(WORLD.feedback_table)


def test_another_seed_gives_another_world() -> None:
    other = World.generate(WorldSettings(n_listeners=120, n_tracks=900, n_weeks=12, seed=8))
    assert not other.listens_table.equals(WORLD.listens_table)


def test_tables_have_the_columns_of_the_house() -> None:
    assert WORLD.listens_table.schema.equals(TABLES["listens"])
    assert WORLD.tracks_table.schema.equals(TABLES["tracks"])
    assert WORLD.feedback_table.schema.equals(TABLES["feedback"])
    for table in (WORLD.listens_table, WORLD.feedback_table, WORLD.tracks_table):
        table.validate(full=True)


def test_listens_lie_in_their_weeks_in_order_and_never_overlap() -> None:
    listens = WORLD.listens
    assert listens.start_ms.min() >= 0
    end = listens.start_ms + listens.ms_played
    assert end.max() <= SETTINGS.n_days * 86_400_000
    same = listens.listener[1:] == listens.listener[:-1]
    assert (listens.listener[1:] >= listens.listener[:-1]).all()
    assert (listens.start_ms[1:][same] > end[:-1][same]).all()
    assert (listens.start_ms % 1_000 == 0).all()
    assert (listens.ms_played > 0).all()


def test_nobody_plays_a_track_before_it_is_out() -> None:
    day = WORLD.listens.start_ms // 86_400_000
    assert (day >= WORLD.music.released_day[WORLD.listens.track]).all()


def test_a_tenth_of_the_tracks_is_new_and_some_are_never_played() -> None:
    new = WORLD.music.released_day >= SETTINGS.n_days - 7 * SETTINGS.new_weeks
    assert new.mean() == pytest.approx(0.1, abs=0.005)
    silent = WORLD.music.popularity == 0
    assert 0.02 < silent.mean() < 0.09
    assert not np.isin(WORLD.listens.track, np.flatnonzero(silent)).any()


def test_activity_and_popularity_have_long_tails() -> None:
    per_listener = np.sort(np.bincount(WORLD.listens.listener, minlength=120))[::-1]
    assert per_listener[:12].sum() > 0.25 * per_listener.sum()
    per_track = np.sort(np.bincount(WORLD.listens.track, minlength=900))[::-1]
    assert per_track[:90].sum() > 0.35 * per_track.sum()


def test_disliked_tracks_are_skipped_more_and_hated_not_loved() -> None:
    rows = np.arange(120)
    affinity = WORLD.affinity(rows, week=SETTINGS.n_weeks / 2)
    listens, said = WORLD.listens, WORLD.opinions
    near = affinity[listens.listener, listens.track]
    assert near[listens.skipped].mean() < near[~listens.skipped].mean() - 0.1
    felt = affinity[said.listener, said.track]
    assert felt[said.value > 0].mean() > felt[said.value < 0].mean() + 0.2
    assert set(said.value.tolist()) == {1.0, -1.0}
    pairs = said.listener.astype(np.int64) * 900 + said.track
    assert len(np.unique(pairs)) == len(pairs)


def test_titles_are_told_apart_and_variants_point_home() -> None:
    table = WORLD.tracks_table
    names = list(zip(table["artist"].to_pylist(), table["title"].to_pylist(), strict=True))
    assert len(set(names)) == len(names)
    varied = np.flatnonzero(WORLD.music.variant_of >= 0)
    assert len(varied) > 10
    for row in varied.tolist():
        original = int(WORLD.music.variant_of[row])
        assert names[row][0] == names[original][0]
        assert names[row][1].startswith(names[original][1] + " ")
    scripts = {ord(title[0]) // 0x100 for _, title in names}
    assert len(scripts) >= 3  # several alphabets


def test_remasters_share_their_originals_mbid() -> None:
    mbids = WORLD.tracks_table["recording_mbid"].to_pylist()
    remasters = np.flatnonzero(WORLD.music.kind == 1)
    assert len(remasters)
    assert all(mbids[row] == mbids[int(WORLD.music.variant_of[row])] for row in remasters.tolist())


def test_tastes_drift() -> None:
    start, end = WORLD.tastes.at(0.0), WORLD.tastes.at(1.0)
    cosine = (start * end).sum(axis=2)
    assert 0.7 < cosine.mean() < 0.99
    np.testing.assert_allclose(np.linalg.norm(end, axis=2), 1.0, rtol=1e-5)
    np.testing.assert_allclose(WORLD.tastes.weights_at(0.3).sum(axis=1), 1.0)


def test_planted_tastes_can_be_recovered_from_plays() -> None:
    # the mean vector of what someone played lies nearer to their own interests than to a stranger's
    listens = WORLD.listens
    sums = np.zeros((120, SETTINGS.dim))
    np.add.at(sums, listens.listener, WORLD.music.vectors[listens.track] * ~listens.skipped[:, None])
    means = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    interests = (WORLD.tastes.weights[:, :, None] * WORLD.tastes.at(0.5)).sum(axis=1)
    closeness = means @ (interests / np.linalg.norm(interests, axis=1, keepdims=True)).T
    assert (closeness.argmax(axis=1) == np.arange(120)).mean() > 0.5


def test_the_oracle_knows_what_comes_next() -> None:
    week = SETTINGS.n_weeks - 2
    chances = WORLD.chances(np.arange(120), week=week)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0, rtol=1e-3)
    late = WORLD.listens.start_ms >= week * 7 * 86_400_000
    oracle = chances[WORLD.listens.listener[late], WORLD.listens.track[late]]
    stranger = chances[(WORLD.listens.listener[late] + 1) % 120, WORLD.listens.track[late]]
    assert np.median(oracle / np.maximum(stranger, 1e-12)) > 3


def test_impossible_worlds_are_refused() -> None:
    with pytest.raises(UsageError, match="n_tracks = 0"):
        WorldSettings(n_tracks=0)
    with pytest.raises(UsageError, match="Monday"):
        WorldSettings(end=date(2026, 11, 17))
    with pytest.raises(UsageError, match="new_weeks"):
        WorldSettings(n_weeks=2)
    with pytest.raises(UsageError, match="new_share"):
        WorldSettings(new_share=1.0)


@pytest.mark.parametrize(
    "settings",
    [
        WorldSettings(n_listeners=1, n_tracks=1, n_weeks=4, n_scenes=1),
        WorldSettings(n_listeners=3, n_tracks=40, n_weeks=5, n_scenes=2, dim=2),
        WorldSettings(n_listeners=2, n_tracks=30, n_weeks=4, never_played_share=0.99),
    ],
)
def test_tiny_worlds_work(settings: WorldSettings) -> None:
    world = World.generate(settings)
    world.listens_table.validate(full=True)
    assert world.affinity(np.array([0])).shape == (1, settings.n_tracks)
