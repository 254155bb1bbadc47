"""The weekly list: each rule in a world small enough to know the answer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from tests.playlist.worlds import WEEK, catalog, line, playlist, ranking, row

from unheard.errors import ConfigError, InputError, UsageError
from unheard.playlist.build import build
from unheard.playlist.rules import Feedback, WeeklySettings
from unheard.schema import Catalog, Interest, Playlist, Ranking

STRICT = WeeklySettings(size=4, exploration=0, variety=0)


def made(
    ranked: Ranking,
    about: Catalog,
    cells: dict[int, float] | None = None,
    *,
    week: str = WEEK,
    seed: int = 0,
    settings: WeeklySettings = STRICT,
    feedback: Feedback | None = None,
    past: tuple[Playlist, ...] = (),
) -> Playlist:
    history = row(len(about.tracks), cells or {})
    return build(
        ranked,
        about,
        week=week,
        run_id="run-1",
        seed=seed,
        history=history,
        settings=settings,
        feedback=feedback,
        past=past,
    )


def ids(found: Playlist) -> list[str]:
    return sorted((track.track_id for track in found.tracks), key=lambda name: int(name[1:]))


def rows_of(*numbers: int) -> npt.NDArray[np.int32]:
    return np.array(numbers, dtype=np.int32)


def different(n: int) -> list[str | None]:
    return [f"A{number}" for number in range(n)]


def test_best_tracks_make_the_list_with_all_that_is_known_of_them() -> None:
    found = made(ranking(range(6)), catalog(different(6)))
    assert ids(found) == ["t0", "t1", "t2", "t3"]
    assert [track.position for track in found.tracks] == [1, 2, 3, 4]
    first = found.tracks[0]
    assert (first.track_id, first.title, first.artist, first.duration_ms) == ("t0", "Song 0", "A0", 200_000)
    assert first.signals == {"model": pytest.approx(10)}
    assert (found.user_id, found.week, found.run_id, found.note) == ("ann", WEEK, "run-1", None)


def test_heard_tracks_and_other_versions_of_them_are_out() -> None:
    about = catalog(different(8), ["r0", "r1", "r0", "r3", "r4", "r5", "r6", "r7"])
    # the ranking still holds track 0, which was met, and track 2 is the same recording; a skip counts as met
    found = made(ranking(range(8)), about, {0: 1.0, 3: -1.0, 4: 0.0})
    assert ids(found) == ["t1", "t5", "t6", "t7"]


def test_at_most_two_by_an_artist_and_unknown_artists_are_many() -> None:
    found = made(ranking(range(6)), catalog(["X", "X", "X", "Y", "Y", "Z"]))
    assert ids(found) == ["t0", "t1", "t3", "t4"]
    found = made(ranking(range(6)), catalog([None] * 6))
    assert ids(found) == ["t0", "t1", "t2", "t3"]


def test_a_recording_comes_once_in_its_best_version() -> None:
    found = made(ranking([3, 0, 1, 2, 4, 5]), catalog(different(6), ["r", "r", "s", "r", "t", "u"]))
    assert ids(found) == ["t2", "t3", "t4", "t5"]


def test_lists_of_the_last_four_weeks_are_not_repeated_older_ones_may_be() -> None:
    about = catalog(different(12))
    past = tuple(
        playlist(line(1, track_id=f"t{number}"), week=week)
        for number, week in enumerate(["2026-W46", "2026-W43", "2026-W42", "2026-W47", "2026-W48"])
    )
    # W46 and W43 are among the four weeks before W47, W42 is not; this week's own list and later ones do not count
    assert ids(made(ranking(range(12)), about, past=past)) == ["t2", "t3", "t4", "t5"]


def test_another_version_of_a_recent_track_is_no_news_and_unknown_ids_do_no_harm() -> None:
    about = catalog(different(8), ["r", "r", "s2", "s3", "s4", "s5", "s6", "s7"])
    past = (playlist(line(1, track_id="t0"), line(2, track_id="gone"), week="2026-W46"),)
    assert ids(made(ranking(range(8)), about, past=past)) == ["t2", "t3", "t4", "t5"]


def test_weeks_are_counted_across_new_year() -> None:
    about = catalog(different(8))
    past = (playlist(line(1, track_id="t0"), week="2026-W53"),)
    assert "t0" not in ids(made(ranking(range(8)), about, week="2027-W01", past=past))


def test_a_disliked_track_is_out_and_its_artist_only_after_two() -> None:
    about = catalog(["X", "X", "X", "X", "Y", "Z", "V", "W"])
    once = made(ranking(range(8)), about, feedback=Feedback(disliked=rows_of(0)))
    assert ids(once) == ["t1", "t2", "t4", "t5"]
    twice = made(ranking(range(8)), about, feedback=Feedback(disliked=rows_of(0, 1)))
    assert ids(twice) == ["t4", "t5", "t6", "t7"]
    but_loved = made(ranking(range(8)), about, feedback=Feedback(loved=rows_of(3), disliked=rows_of(0, 1)))
    assert ids(but_loved) == ["t2", "t3", "t4", "t5"]


def test_two_copies_of_one_disliked_recording_are_one_dislike() -> None:
    about = catalog(["X", "X", "X", "Y", "Z", "V"], ["r", "r", "s", "t", "u", "v"])
    found = made(ranking(range(6)), about, feedback=Feedback(disliked=rows_of(0, 1)))
    assert ids(found) == ["t2", "t3", "t4", "t5"]


def test_two_disliked_tracks_without_an_artist_bar_no_other() -> None:
    found = made(ranking(range(6)), catalog([None] * 6), feedback=Feedback(disliked=rows_of(0, 1)))
    assert ids(found) == ["t2", "t3", "t4", "t5"]


def test_an_artist_disliked_as_such_is_out() -> None:
    about = catalog(["X", "X", "Y", "Z", "V", "W"])
    artist = int(about.artists[0])
    found = made(ranking(range(6)), about, feedback=Feedback(disliked_artists=rows_of(artist)))
    assert ids(found) == ["t2", "t3", "t4", "t5"]


def two_interests(light: float) -> list[Interest]:
    return [Interest(rows_of(6), 1 - light), Interest(rows_of(7), light)]


def test_interests_are_served_by_weight_even_where_one_scores_lower() -> None:
    ranked = ranking(range(30), interest=[0] * 20 + [1] * 10, interests=two_interests(0.25))
    found = made(ranked, catalog(different(32)), settings=WeeklySettings(size=8, exploration=0))
    assert [sum(track.interest == number for track in found.tracks) for number in (0, 1)] == [6, 2]


def test_a_small_interest_has_one_place_at_least() -> None:
    ranked = ranking(range(30), interest=[0] * 29 + [1], interests=two_interests(0.001))
    found = made(ranked, catalog(different(32)))
    assert "t29" in ids(found)


def test_an_interest_without_candidates_leaves_its_places_to_the_others() -> None:
    ranked = ranking(range(10), interests=two_interests(0.9))
    assert len(made(ranked, catalog(different(32))).tracks) == 4


def test_the_interest_with_the_least_choice_chooses_first() -> None:
    """Both of the second interest's tracks are by X, whose two places the first would otherwise take."""
    about = catalog(["X", "X", "Y", "Z", "X", "X", "V", "W"])
    ranked = ranking(range(6), interest=[0, 0, 0, 0, 1, 1], interests=two_interests(0.3))
    found = made(ranked, about, settings=WeeklySettings(size=3, per_artist=1, exploration=0))
    assert "t4" in ids(found)
    assert sorted(track.interest for track in found.tracks) == [0, 0, 1]


def test_the_anchor_is_an_unheard_track_by_an_artist_they_know_near_the_front() -> None:
    about = catalog(["A", "B", "C", "D", "E", "Known", "Known"])
    settings = WeeklySettings(size=4, exploration=0, anchor=True)
    found = made(ranking(range(6)), about, {6: 9.0}, settings=settings)
    anchors = [track for track in found.tracks if track.familiar]
    assert [track.track_id for track in anchors] == ["t5"]
    assert anchors[0].position in {2, 3}
    assert anchors[0].reason.kind == "familiar artist"
    assert anchors[0].reason.track_ids == ("t6",)
    assert "Known" in anchors[0].reason.text


def test_without_an_anchor_to_be_had_the_note_says_so() -> None:
    about = catalog(different(7))
    settings = WeeklySettings(size=4, exploration=0, anchor=True)
    found = made(ranking(range(6)), about, {6: 9.0}, settings=settings)
    assert len(found.tracks) == 4
    assert found.note == "No familiar anchor: nothing unheard is left by the artists you play most."


def test_a_shorter_list_says_why() -> None:
    about = catalog(["X", "X", "X", "Y", "Z", "Z"], ["a", "b", "c", "d", "e", "e"])
    past = (playlist(line(1, track_id="t3"), week="2026-W46"),)
    found = made(ranking(range(5)), about, {5: 2.0}, past=past)
    assert ids(found) == ["t0", "t1"]
    assert found.note == (
        "2 tracks instead of 4: 1 of 6 tracks you have met, 1 more are other versions of those, "
        "1 were on a list of the last 4 weeks, 1 would be more than 2 by an artist, or a recording twice."
    )


def test_an_empty_ranking_gives_an_empty_list_with_its_reason() -> None:
    found = made(ranking([]), catalog(["X"]), {0: 1.0})
    assert found.tracks == ()
    assert found.note == "0 tracks instead of 4: 1 of 1 tracks you have met."


def test_a_short_ranking_is_asked_for_more_only_when_needed() -> None:
    about = catalog(different(10))
    asked: list[str] = []

    def deeper() -> Ranking:
        asked.append("deeper")
        return ranking(range(10))

    def go(first: Ranking) -> Playlist:
        return build(
            first,
            about,
            week=WEEK,
            run_id="r",
            seed=0,
            history=row(10, {9: 1.0}),
            settings=STRICT,
            deeper=deeper,
        )

    assert len(go(ranking(range(6))).tracks) == 4
    assert asked == []
    assert len(go(ranking(range(2))).tracks) == 4
    assert asked == ["deeper"]


def test_a_version_gives_way_when_that_makes_the_list_longer() -> None:
    """X's best track is a recording that Y has too: with Y's version X has room for both of its others."""
    about = catalog(["X", "X", "X", "Y"], ["shared", "b", "c", "shared"])
    found = made(ranking(range(4)), about, settings=WeeklySettings(size=3, exploration=0, variety=0))
    assert ids(found) == ["t1", "t2", "t3"]
    assert found.note is None


def test_a_cold_start_is_said_in_the_note_and_the_reasons() -> None:
    ranked = ranking(range(5), interests=[Interest(rows_of(), 1.0)])
    found = made(ranked, catalog(different(5)))
    assert found.note is not None
    assert found.note.startswith("No plays that speak for a taste yet")
    assert {track.reason.kind for track in found.tracks} == {"popular"}


def test_same_week_same_list_other_weeks_others() -> None:
    about = catalog(different(400))
    settings = WeeklySettings()
    base = made(ranking(range(300)), about, settings=settings)
    assert made(ranking(range(300)), about, settings=settings) == base
    others = {
        "week": made(ranking(range(300)), about, settings=settings, week="2026-W48"),
        "seed": made(ranking(range(300)), about, settings=settings, seed=1),
        "listener": made(ranking(range(300), user_id="bob"), about, settings=settings),
    }
    for name, other in others.items():
        assert ids(other) != ids(base), name
    # exploration changes places among near-equal candidates: what is far below never comes up
    assert all(int(track.track_id[1:]) < 150 for track in base.tracks)


def test_settings_and_arguments_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="size and per_artist are at least 1"):
        WeeklySettings(size=0)
    with pytest.raises(ConfigError, match=r"exploration = -1; it is 0 or more"):
        WeeklySettings(exploration=-1)
    with pytest.raises(ConfigError, match="variety = nan"):
        WeeklySettings(variety=float("nan"))
    about = catalog(different(3))
    with pytest.raises(UsageError, match="'2026-47' is no ISO week; write it like 2026-W47"):
        made(ranking(range(3)), about, week="2026-47")
    with pytest.raises(InputError, match=r"history of shape \(1, 2\) for a catalogue of 3 tracks"):
        build(ranking([0]), about, week=WEEK, run_id="r", seed=0, history=row(2, {}))
