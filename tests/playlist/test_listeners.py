"""What must hold for every listener, tried on thousands of generated ones."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from tests.playlist.worlds import WEEK, Drawn, catalog, drawn, ranking, row

from unheard.playlist import weeks
from unheard.playlist.build import build
from unheard.playlist.rules import WeeklySettings, artists_out
from unheard.schema import Interest, Playlist

LISTENERS_A_TEST = 250
BLOCKS = range(8)  # 2,000 listeners


def made(world: Drawn, *, week: str = WEEK, past: tuple[Playlist, ...] = (), anchor: bool = False) -> Playlist:
    return build(
        world.ranking,
        world.catalog,
        week=week,
        run_id="run",
        seed=7,
        history=world.history,
        feedback=world.feedback,
        past=past,
        settings=WeeklySettings(anchor=anchor),
    )


def possible(world: Drawn, gone: set[int], *, size: int = 30, per_artist: int = 2) -> int:
    """Length of the longest list that the rules allow, by another way: a bipartite matching of scipy's.

    Recordings on one side, `per_artist` places of each artist (an unknown one has places of its own) on the other.
    """
    about = world.catalog
    out = {int(about.recordings[track]) for track in gone} | {
        int(about.recordings[track]) for track in world.feedback.disliked
    }
    hated = set(artists_out(about, world.feedback).tolist())
    edges = []
    for track in range(len(about.tracks)):
        artist = int(about.artists[track])
        if int(about.recordings[track]) not in out and artist not in hated:
            first = artist * per_artist if artist >= 0 else (len(about.tracks) + track) * per_artist
            edges += [(int(about.recordings[track]), first + place) for place in range(per_artist)]
    if not edges:
        return 0
    lines, columns = np.array(edges).T
    graph = csr_array((np.ones(len(edges), dtype=np.int8), (lines, columns)))
    graph.data[:] = 1
    return min(size, int((maximum_bipartite_matching(graph.tocsr(), perm_type="column") >= 0).sum()))


def check(world: Drawn, found: Playlist, gone: set[int]) -> None:
    about = world.catalog
    rows = about.tracks.rows([track.track_id for track in found.tracks])
    barred = {int(about.recordings[track]) for track in gone}
    barred |= {int(about.recordings[track]) for track in world.feedback.disliked}
    assert not barred & set(about.recordings[rows].tolist())  # never heard, never disliked, never again
    assert not set(artists_out(about, world.feedback).tolist()) & set(about.artists[rows].tolist())
    artists = [int(artist) for artist in about.artists[rows] if artist >= 0]
    assert max(Counter(artists).values(), default=0) <= 2
    assert len(set(about.recordings[rows].tolist())) == len(rows)
    assert [track.position for track in found.tracks] == list(range(1, len(rows) + 1))
    assert len(rows) == possible(world, gone)  # 30 if that can be, and never shorter than it must be
    if len(rows) < 30:
        assert found.note is not None
        assert f"{len(rows)} tracks instead of 30" in found.note


def check_interests(world: Drawn, found: Playlist) -> None:
    """An interest goes without only if the rules bar all of its candidates, or full artists and recordings do."""
    about = world.catalog
    rows = about.tracks.rows([track.track_id for track in found.tracks])
    served = {track.interest for track in found.tracks}
    if served >= set(world.ranking.interest.tolist()):
        return
    full = {artist for artist, times in Counter(about.artists[rows].tolist()).items() if times >= 2} - {-1}
    taken = set(about.recordings[rows].tolist())
    out = {int(about.recordings[track]) for track in [*world.history.indices, *world.feedback.disliked]}
    hated = set(artists_out(about, world.feedback).tolist())
    for track, number in zip(world.ranking.tracks, world.ranking.interest, strict=True):
        artist, recording = int(about.artists[track]), int(about.recordings[track])
        if number not in served and recording not in out and artist not in hated:
            assert artist in full or recording in taken


@pytest.mark.parametrize("block", BLOCKS)
def test_the_rules_hold_for_every_listener(block: int) -> None:
    for seed in range(block * LISTENERS_A_TEST, (block + 1) * LISTENERS_A_TEST):
        world = drawn(seed)
        heard = set(world.history.indices.tolist())
        found = made(world, anchor=seed % 2 == 1)
        check(world, found, heard)
        check_interests(world, found)
        assert sum(track.familiar for track in found.tracks) <= 1
        if seed % 5 == 0:
            assert made(drawn(seed), anchor=seed % 2 == 1) == found  # the same week gives the same list


def test_weeks_in_a_row_repeat_nothing_until_four_have_passed() -> None:
    for seed in range(60):
        world = drawn(seed)
        past: tuple[Playlist, ...] = ()
        week = WEEK
        for _ in range(6):
            last = [one for one in past if one.week in weeks.before(week, 4)]
            recent = {track.track_id for one in last for track in one.tracks}
            gone = set(world.history.indices.tolist()) | set(world.catalog.tracks.rows(sorted(recent)).tolist())
            found = made(world, week=week, past=past)
            check(world, found, gone)
            past = (*past, found)
            week = weeks.name(weeks.expires(week).date() - (weeks.monday("2026-W48") - weeks.monday("2026-W47")))


def test_other_weeks_give_other_lists_wherever_there_is_a_choice() -> None:
    tried = differing = 0
    for seed in range(150):
        world = drawn(seed)
        first, second = made(world), made(world, week="2026-W48")
        if possible(world, set(world.history.indices.tolist()), size=300) > 45:
            tried += 1
            differing += {one.track_id for one in first.tracks} != {one.track_id for one in second.tracks}
    assert tried > 30
    assert differing >= 0.95 * tried


@given(weights=st.lists(st.floats(0.001, 1), min_size=1, max_size=6), week=st.integers(1, 52))
@settings(max_examples=150, deadline=None)
def test_seats_follow_the_weights_where_all_have_candidates(weights: list[float], week: int) -> None:
    """Sainte-Laguë: an interest's last place was worth more than any other's next one would have been."""
    total, count, each = sum(weights), len(weights), 40
    own = [Interest(np.array([number], dtype=np.int32), weight / total) for number, weight in enumerate(weights)]
    numbers = np.tile(np.arange(count), each).tolist()
    ranked = ranking(range(count, count + count * each), interest=numbers, interests=own)
    about = catalog([f"A{number}" for number in range(count + count * each)])
    found = build(
        ranked, about, week=f"2026-W{week:02d}", run_id="r", seed=0, history=row(len(about.tracks), {0: 1.0})
    )
    seats = Counter(track.interest for track in found.tracks)
    assert sorted(seats) == list(range(count))
    for mine in range(count):
        for other in range(count):
            if seats[mine] > 1 and mine != other:
                last = weights[mine] / (2 * seats[mine] - 1)
                assert last >= weights[other] / (2 * seats[other] + 1) * (1 - 1e-9)
