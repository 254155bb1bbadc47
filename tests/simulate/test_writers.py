"""Exports: what a reader who knows only the format would make of them."""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pyarrow import parquet

from unheard.simulate import World, WorldSettings, writers

if TYPE_CHECKING:
    from pathlib import Path

WORLD = World.generate(WorldSettings(n_listeners=12, n_tracks=300, n_weeks=6, plays_per_week=20))
ALL = WORLD.listens_table.to_pylist()
TRACKS = {track["track_id"]: track for track in WORLD.tracks_table.to_pylist()}
FULL = [
    play
    for play in ALL
    if not play["skipped"] and play["ms_played"] >= min(240_000, TRACKS[play["track_id"]]["duration_ms"] // 2)
]
MINE = [play for play in FULL if play["user_id"] == WORLD.user_ids[3]]


def names(play: dict[str, Any]) -> tuple[str, str]:
    track = TRACKS[play["track_id"]]
    return track["artist"], track["title"]


def test_dump_holds_every_full_play_oldest_first(tmp_path: Path) -> None:
    writers.listenbrainz_dump(WORLD, tmp_path / "all.listens")
    lines = [json.loads(line) for line in (tmp_path / "all.listens").read_text("utf-8").splitlines()]
    times = [line["listened_at"] for line in lines]
    assert times == sorted(times)
    found = sorted((line["user_id"], line["listened_at"], line["track_metadata"]["track_name"]) for line in lines)
    assert found == sorted((play["user_id"], play["listened_at"].timestamp(), names(play)[1]) for play in FULL)
    unmapped = [line for line in lines if line["track_metadata"]["mbid_mapping"] is None]
    assert 0 < len(unmapped) < len(lines) / 2


def test_listenbrainz_export_is_the_zip_of_one_listener(tmp_path: Path) -> None:
    writers.listenbrainz_zip(WORLD, tmp_path / "one.zip", listener=3)
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert json.loads(archive.read("user.json"))["username"] == WORLD.user_ids[3]
        assert "pinned_recording.jsonl" in archive.namelist()
        times = []
        for name in archive.namelist():
            if name.startswith("listens/"):
                for line in archive.read(name).splitlines():
                    at = datetime.fromtimestamp(json.loads(line)["listened_at"], UTC)
                    assert name == f"listens/{at.year}/{at.month}.jsonl"
                    times.append(at)
        said = [json.loads(line) for line in archive.read("feedback.jsonl").splitlines()]
    assert sorted(times) == sorted(play["listened_at"] for play in MINE)
    assert len(said) == int((WORLD.opinions.listener == 3).sum())
    assert {line["score"] for line in said} <= {1, -1}


@pytest.mark.parametrize("name", ["Streaming_History_Audio_2026_0.json", "my_spotify_data.zip"])
def test_spotify_tells_the_end_of_each_play(tmp_path: Path, name: str) -> None:
    writers.spotify_history(WORLD, tmp_path / name, listener=3)
    if name.endswith(".zip"):
        with zipfile.ZipFile(tmp_path / name) as archive:
            plays = json.loads(archive.read(archive.namelist()[0]))
    else:
        plays = json.loads((tmp_path / name).read_bytes())
    mine = [play for play in ALL if play["user_id"] == WORLD.user_ids[3]]
    assert len(plays) == len(mine)
    assert {play["skipped"] for play in plays} == {True, False}
    for said, play in zip(plays, mine, strict=True):
        end = datetime.strptime(said["ts"], "%Y-%m-%dT%H:%M:%S%z")
        start = end - timedelta(milliseconds=said["ms_played"])
        assert abs((start - play["listened_at"]).total_seconds()) < 1
        assert (said["master_metadata_album_artist_name"], said["master_metadata_track_name"]) == names(play)


def test_lastfm_with_a_header_trusts_uts(tmp_path: Path) -> None:
    writers.lastfm_csv(WORLD, tmp_path / "l.csv", listener=3)
    with (tmp_path / "l.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "uts",
        "utc_time",
        "artist",
        "artist_mbid",
        "album",
        "album_mbid",
        "track",
        "track_mbid",
    ]
    found = [(int(row["uts"]), row["artist"], row["track"]) for row in reversed(rows)]
    assert found == [(int(play["listened_at"].timestamp()), *names(play)) for play in MINE]


def test_lastfm_without_a_header_knows_minutes(tmp_path: Path) -> None:
    writers.lastfm_csv(WORLD, tmp_path / "l.csv", listener=3, header=False)
    with (tmp_path / "l.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert {len(row) for row in rows} == {4}
    for row, play in zip(reversed(rows), MINE, strict=True):
        at = datetime.strptime(row[3] + " +0000", "%d %b %Y %H:%M %z")
        assert at == play["listened_at"].replace(second=0)
        assert (row[0], row[2]) == names(play)


def test_the_table_holds_every_play(tmp_path: Path) -> None:
    writers.plays_table(WORLD, tmp_path / "t.parquet", listeners=[1, 3])
    table = parquet.read_table(tmp_path / "t.parquet")
    assert table.num_rows == int(np.isin(WORLD.listens.listener, [1, 3]).sum())
    row = table.slice(0, 1).to_pylist()[0]
    first = next(play for play in ALL if play["user_id"] == WORLD.user_ids[1])
    assert (row["artist"], row["title"], row["timestamp"]) == (*names(first), first["listened_at"])


def test_playlist_lines(tmp_path: Path) -> None:
    writers.playlist_m3u8(WORLD, tmp_path / "p.m3u8", tracks=[5, 9], title="Evening")
    lines = (tmp_path / "p.m3u8").read_text("utf-8").splitlines()
    assert lines[:2] == ["#EXTM3U", "#PLAYLIST:Evening"]
    assert len(lines) == 6
    assert lines[2].startswith("#EXTINF:")


def test_the_same_world_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        writers.listenbrainz_zip(WORLD, tmp_path / name, listener=0)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
