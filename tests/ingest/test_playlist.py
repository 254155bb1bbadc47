"""Playlists in their three formats."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.ingest.exports import ARTIST_MBID, MBID, Taken, read

if TYPE_CHECKING:
    from pathlib import Path

XSPF = f"""<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/">
  <title>Mine</title><creator>rob</creator>
  <trackList>
    <track><title>Song &amp; Dance</title><creator>Bänd</creator><album>Al</album><duration>222000</duration>
      <identifier>https://musicbrainz.org/recording/{MBID}</identifier>
      <location>file:///music/a%20b.mp3</location><meta rel="x">y</meta></track>
    <track><title></title></track>
    <track><title>Other</title><creator>Bänd</creator><duration>soon</duration></track>
  </trackList>
</playlist>"""


def jspf(*tracks: object, **also: object) -> str:
    return json.dumps({"playlist": {"title": "Mine", "creator": "rob", "track": list(tracks)} | also})


def written(folder: Path, name: str, text: str) -> Taken:
    path = folder / name
    path.write_text(text)
    return read(path)


def named(taken: Taken) -> list[tuple[int, str | None, str | None]]:
    tracks = {row["track_id"]: row for row in taken.rows("tracks")}
    return [
        (row["position"], tracks[row["track_id"]]["artist"], tracks[row["track_id"]]["title"])
        for row in taken.rows("playlists")
    ]


def test_m3u8(tmp_path: Path) -> None:
    text = (
        "#EXTM3U\n#PLAYLIST:Mine\n#EXTINF:123.4,Band - Song - Live\nmusic/song.mp3\n\n# a remark\n"
        '#EXTINF:-1 tvg-id="x",No Dash\n/abs/other.mp3\n../x/03 - Foo - Bar.flac\nhttp://host/y/Zed%20Z.mp3\n'
    )
    taken = written(tmp_path, "list.m3u8", text)
    assert named(taken) == [
        (1, "Band", "Song - Live"),
        (2, None, "No Dash"),
        (3, "Foo", "Bar"),
        (4, None, "Zed Z"),
    ]
    paths = [row["audio_path"] for row in taken.rows("tracks")]
    assert paths == [
        str(tmp_path / "music/song.mp3"),
        "/abs/other.mp3",
        str(tmp_path.parent / "x/03 - Foo - Bar.flac"),
        None,
    ]
    assert [row["duration_ms"] for row in taken.rows("tracks")] == [123_400, None, None, None]
    assert {(row["title"], row["owner"]) for row in taken.rows("playlists")} == {("Mine", None)}


def test_m3u_in_latin_1_by_its_ending(tmp_path: Path) -> None:
    path = tmp_path / "Gütes.m3u"
    path.write_bytes("Band - Söng.mp3\r\n".encode("latin-1"))
    taken = read(path)
    assert named(taken) == [(1, "Band", "Söng")]
    assert taken.rows("playlists")[0]["title"] == "Gütes"


def test_xspf(tmp_path: Path) -> None:
    taken = written(tmp_path, "list.xspf", XSPF)
    assert named(taken) == [(1, "Bänd", "Song & Dance"), (2, "Bänd", "Other")]
    track = taken.rows("tracks")[0]
    assert (track["recording_mbid"], track["duration_ms"], track["album"]) == (MBID, 222_000, "Al")
    assert track["audio_path"] == "/music/a b.mp3"
    assert {(row["title"], row["owner"]) for row in taken.rows("playlists")} == {("Mine", "rob")}
    assert [(one.line, one.reason) for one in taken.tally.faults] == [(2, "no artist and no title")]


@pytest.mark.parametrize(
    "identifier",
    [f"https://musicbrainz.org/recording/{MBID}", [f"https://musicbrainz.org/recording/{MBID}"], ["x", MBID]],
)
@pytest.mark.parametrize("artist", [ARTIST_MBID, f"https://musicbrainz.org/artist/{ARTIST_MBID}"])
def test_jspf(identifier: object, artist: str, tmp_path: Path) -> None:
    extension = {"https://musicbrainz.org/doc/jspf#track": {"artist_identifiers": [artist]}}
    track = {
        "identifier": identifier,
        "title": "Song",
        "creator": "Band",
        "duration": 222_000,
        "extension": extension,
    }
    taken = written(tmp_path, "list.jspf", jspf(track))
    found = taken.rows("tracks")[0]
    assert (found["recording_mbid"], found["artist_id"], found["duration_ms"]) == (MBID, ARTIST_MBID, 222_000)
    assert named(taken) == [(1, "Band", "Song")]


@pytest.mark.parametrize(
    "track", [5, None, {}, {"title": ["x"]}, {"title": 7}, {"title": "x" * 1_001}, {"extension": []}]
)
def test_a_jspf_track_at_fault(track: Any, tmp_path: Path) -> None:
    taken = written(tmp_path, "list.jspf", jspf({"title": "a"}, track, {"title": "b"}))
    assert [one.line for one in taken.tally.faults] == [2]
    assert named(taken) == [(1, None, "a"), (2, None, "b")]


def test_a_list_keeps_its_id_when_its_tracks_change(tmp_path: Path) -> None:
    first = written(tmp_path, "list.jspf", jspf({"title": "a"}))
    second = written(tmp_path, "list.jspf", jspf({"title": "b"}, {"title": "c"}))
    other = written(tmp_path, "list.jspf", jspf({"title": "a"}, identifier="https://x/1"))
    ids = [{row["playlist_id"] for row in taken.rows("playlists")} for taken in (first, second, other)]
    assert ids[0] == ids[1] != ids[2]


def test_a_track_may_stand_twice(tmp_path: Path) -> None:
    taken = written(tmp_path, "list.jspf", jspf({"title": "a"}, {"title": "a"}))
    assert [row["position"] for row in taken.rows("playlists")] == [1, 2]
    assert len(taken.rows("tracks")) == 1


@pytest.mark.parametrize(
    "content", ['{"playlist": {"title": "x"}}', '{"playlist": {"track": 5}}', '{"playlist": {']
)
def test_json_that_is_no_jspf(content: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"playlist\.track|no sound JSON"):
        written(tmp_path, "list.jspf", content)
