"""What counts as a play, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from unheard.dataset.build import NEUTRAL, build
from unheard.dataset.settings import DatasetSettings
from unheard.dataset.sources import Sources
from unheard.errors import InputError
from unheard.schema import TABLES

DAY = datetime(2026, 1, 5, tzinfo=UTC)
Play = tuple[str, str, float, int | None, bool | None, str]


def listens(*plays: Play) -> pa.Table:
    rows = [
        {
            "user_id": user,
            "track_id": track,
            "listened_at": DAY + timedelta(seconds=start),
            "ms_played": ms,
            "skipped": skipped,
            "source": source,
        }
        for user, track, start, ms, skipped, source in plays
    ]
    return pa.Table.from_pylist(rows, schema=TABLES["listens"])


def table(name: str, *rows: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=TABLES[name])


def cells(tables: dict[str, pa.Table], **knobs: float) -> dict[tuple[str, str], Any]:
    data = build(Sources.of(tables), DatasetSettings(**knobs))
    plays = data.interactions.plays.tocoo()
    users, tracks = data.interactions.listeners, data.interactions.tracks
    return {
        (users.id(int(row)), tracks.id(int(column))): pytest.approx(value)
        for row, column, value in zip(plays.row, plays.col, plays.data, strict=True)
    }


def test_plays_skips_and_short_plays() -> None:
    found = cells(
        {
            "listens": listens(
                ("ann", "t1", 0, None, None, "s"),  # no length told: a play
                ("ann", "t1", 1000, 200_000, False, "s"),
                ("ann", "t1", 2000, 5_000, True, "s"),  # a skip
                ("ann", "t2", 3000, 5_000, True, "s"),
                ("ann", "t2", 4000, 5_000, True, "s"),
                ("ann", "t3", 5000, 10_000, False, "s"),  # short, and not skipped: nothing, but met
                ("ann", "t4", 6000, 60_000, True, "s"),  # left after a minute: it was played
            )
        }
    )
    assert found == {("ann", "t1"): 1.5, ("ann", "t2"): -1.0, ("ann", "t3"): NEUTRAL, ("ann", "t4"): 1.0}


def test_counts_and_listens_of_the_same_plays_are_not_added() -> None:
    count = {"user_id": "ann", "track_id": "t1", "source": "c"}
    found = cells(
        {
            "listens": listens(("ann", "t1", 0, None, None, "s"), ("ann", "t2", 9, None, None, "s")),
            "play_counts": table("play_counts", count | {"plays": 7.0}, count | {"track_id": "t3", "plays": 2.5}),
        }
    )
    assert found == {("ann", "t1"): 7.0, ("ann", "t2"): 1.0, ("ann", "t3"): 2.5}


def test_the_last_word_counts() -> None:
    word = {"user_id": "ann", "track_id": "t1"}
    said = [
        word | {"at": DAY, "value": 1.0},
        word | {"at": DAY + timedelta(days=1), "value": -1.0},
        word | {"track_id": "t2", "at": DAY, "value": 1.0},
        word | {"track_id": "t3", "at": DAY, "value": -1.0},
        word | {"track_id": "t3", "at": DAY + timedelta(days=1), "value": 0.0},  # taken back, never played
    ]
    found = cells({"listens": listens(("ann", "t1", 0, None, None, "s")), "feedback": table("feedback", *said)})
    assert found == {("ann", "t1"): -5.0, ("ann", "t2"): 3.0}


def test_plays_that_two_sources_report_are_one() -> None:
    found = cells(
        {
            "listens": listens(
                ("ann", "t1", 0, None, None, "a"),
                ("ann", "t1", 80, None, None, "b"),  # the same play, timed otherwise
                ("ann", "t1", 400, None, None, "b"),
                ("ann", "t1", 450, None, None, "b"),  # one source: played twice
                ("bob", "t1", 10, None, None, "b"),  # another listener
            )
        }
    )
    assert found == {("ann", "t1"): 3.0, ("bob", "t1"): 1.0}


def test_a_skip_is_never_the_play_that_follows_it() -> None:
    found = cells(
        {
            "listens": listens(
                ("ann", "t1", 0, 4_000, True, "a"),
                ("ann", "t1", 40, 200_000, False, "a"),
                ("ann", "t1", 41, None, None, "b"),
            )
        }
    )
    assert found == {("ann", "t1"): 0.5}


def test_a_track_that_two_sources_name_is_one() -> None:
    names: list[dict[str, object]] = [
        {"track_id": "name:1", "title": "Song", "artist": "The Band"},
        {"track_id": "name:2", "title": "Song (2011 Remaster)", "artist": "The Band"},
        {"track_id": "name:3", "title": "Song (Live)", "artist": "The Band"},
    ]
    plays = listens(*(("ann", str(each["track_id"]), n * 1000.0, None, None, "s") for n, each in enumerate(names)))
    data = build(Sources.of({"listens": plays, "tracks": table("tracks", *names)}), DatasetSettings())
    assert sorted(data.interactions.plays.data.tolist()) == [1.0, 2.0]
    assert len(set(data.catalog.artists.tolist())) == 1


def test_no_known_artist_is_nobody_in_common() -> None:
    tracks = table("tracks", {"track_id": "a", "title": "Untitled"}, {"track_id": "b", "title": "Untitled"})
    data = build(
        Sources.of({"tracks": tracks, "listens": listens(("ann", "a", 0, None, None, "s"))}), DatasetSettings()
    )
    assert data.catalog.artists.tolist() == [-1, -1]
    assert len(data.catalog.tracks) == 2


def test_last_play_is_kept_beside_each_cell() -> None:
    plays = listens(("ann", "t1", 0, None, None, "s"), ("ann", "t1", 60, None, None, "s"))
    data = build(Sources.of({"listens": plays}), DatasetSettings())
    assert data.last_played_s.tolist() == [int(DAY.timestamp()) + 60]


def test_order_of_rows_changes_nothing() -> None:
    plays = listens(*((f"u{n % 7}", f"t{n % 11}", n * 500.0, None, n % 3 == 0, "s") for n in range(200)))
    shuffled = plays.take(np.random.default_rng(3).permutation(200))
    one, other = (build(Sources.of({"listens": each}), DatasetSettings()) for each in (plays, shuffled))
    assert one.interactions.listeners == other.interactions.listeners
    assert one.interactions.plays.data.tobytes() == other.interactions.plays.data.tobytes()
    assert one.interactions.plays.indices.tobytes() == other.interactions.plays.indices.tobytes()


def test_nothing_after_the_cut_is_seen() -> None:
    plays = listens(("ann", "t1", 0, None, None, "s"), ("bob", "t2", 86_400, None, None, "s"))
    before = Sources.of({"listens": plays}).before(DAY + timedelta(days=1))
    data = build(before, DatasetSettings())
    assert data.interactions.listeners.ids.to_pylist() == ["ann"]


def test_no_plays_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="no plays"):
        build(Sources.of({}), DatasetSettings())
