"""Spotify: the end becomes the start, and what is no music or not for keeping stays out."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.ingest.exports import PLAYS, Taken, read, spotify_entry

if TYPE_CHECKING:
    from pathlib import Path

PLAY = PLAYS[0]


def taken_entries(folder: Path, *entries: object) -> Taken:
    file = folder / "Streaming_History_Audio_2020_1.json"
    file.write_text(json.dumps([spotify_entry(PLAY), *entries]))
    return read(file)


def test_start_is_the_end_less_the_length(tmp_path: Path) -> None:
    entry = spotify_entry(PLAY, ts="2020-01-01T00:01:00Z", ms_played=90_500)
    start = taken_entries(tmp_path, entry).rows("listens")[1]["listened_at"]
    assert start == datetime(2019, 12, 31, 23, 59, 29, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "skipped"),
    [
        ({"ms_played": 29_999, "skipped": True}, True),
        ({"ms_played": 30_000, "skipped": True}, False),
        ({"ms_played": 5_000, "skipped": False}, False),
        ({"ms_played": 5_000, "skipped": None, "reason_end": "fwdbtn"}, True),
        ({"ms_played": 5_000, "skipped": False, "reason_end": "fwdbtn"}, False),
        ({"ms_played": 5_000, "skipped": None, "reason_end": "endplay"}, False),
        ({"ms_played": 5_000, "skipped": 1}, True),
        ({"ms_played": None, "skipped": True}, False),
    ],
)
def test_a_short_play_that_was_skipped_speaks_against(
    change: dict[str, Any], *, skipped: bool, tmp_path: Path
) -> None:
    row = taken_entries(tmp_path, spotify_entry(PLAY, **change)).rows("listens")[1]
    assert (row["skipped"], row["ms_played"]) == (skipped, change["ms_played"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"incognito_mode": True}, "private session"),
        ({"master_metadata_track_name": None, "episode_name": "News"}, "podcast"),
        ({"master_metadata_track_name": None, "spotify_episode_uri": "spotify:episode:x"}, "podcast"),
        ({"master_metadata_track_name": None, "audiobook_title": "Ulysses"}, "audiobook"),
    ],
)
def test_what_is_left_out_is_counted_but_no_fault(change: dict[str, Any], reason: str, tmp_path: Path) -> None:
    tally = taken_entries(tmp_path, spotify_entry(PLAY, **change)).tally
    assert (tally.skipped, tally.n_faults, tally.taken["listens"]) == ({reason: 1}, 0, 1)


def test_a_file_of_podcasts_alone_is_sound(tmp_path: Path) -> None:
    file = tmp_path / "StreamingHistory_podcast_0.json"
    entry = {"endTime": "2020-01-01 10:00", "podcastName": "p", "episodeName": "e", "msPlayed": 1}
    file.write_text(json.dumps([entry]))
    taken = read(file)
    assert (taken.tables, taken.tally.skipped) == ({}, {"podcast": 1})


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (7, "not a play"),
        ([1, {"ts": 2}], "not a play"),
        (None, "not a play"),
        ({"nested": {"ts": "2020-01-01T00:00:00Z"}}, "no time"),
        (spotify_entry(PLAY, ts="2020-02-30T00:00:00Z"), "time cannot be read"),
        (spotify_entry(PLAY, ts="1970-01-01T00:00:01Z"), "time before 1970"),
        (spotify_entry(PLAY, ts="2999-01-01T00:00:00Z"), "time in the future"),
        (spotify_entry(PLAY, ts="0001-01-01T00:00:00+23:00"), "time before 1970"),
        (spotify_entry(PLAY, ms_played=-1), "a length played that is negative or no number"),
        (spotify_entry(PLAY, ms_played="long"), "a length played that is negative or no number"),
        (spotify_entry(PLAY, ms_played=10**30), "a length played that is negative or no number"),
        (
            spotify_entry(PLAY, master_metadata_track_name=None, master_metadata_album_artist_name=None),
            "no artist and no title",
        ),
        (spotify_entry(PLAY, master_metadata_track_name="x" * 1_000_000), "title longer than 1,000 characters"),
        (spotify_entry(PLAY, master_metadata_track_name=5), "title is not text"),
    ],
)
def test_an_entry_at_fault_is_listed_by_its_number(entry: object, reason: str, tmp_path: Path) -> None:
    taken = taken_entries(tmp_path, entry, spotify_entry(PLAYS[1]))
    assert [(one.line, one.reason) for one in taken.tally.faults] == [(2, reason)]
    assert (taken.tally.read, taken.tally.taken["listens"]) == (3, 2)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "endsong_0.json"
    file.write_text(json.dumps([spotify_entry(PLAY)]), encoding="utf-8-sig")
    assert len(read(file).rows("listens")) == 1


def test_only_the_history_of_audio_is_read_from_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "my_spotify_data.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        for name in ("x/Streaming_History_Audio_1.json", "x/Streaming_History_Video_1.json", "x/Userdata.json"):
            zipped.writestr(name, json.dumps([spotify_entry(PLAY)]))
    taken = read(path)
    assert taken.tally.read == 1
    assert "the history of videos was passed over" in taken.tally.notes
