"""Files of a playlist: what readers find in them, and titles that would break a careless writer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from urllib.request import url2pathname

import pytest
from defusedxml import ElementTree as SafeTree
from hypothesis import given
from hypothesis import strategies as st
from tests.playlist.worlds import line, playlist

from unheard.errors import InputError, UsageError
from unheard.playlist.formats import lines, write
from unheard.playlist.formats.table import length
from unheard.playlist.mbid import recording_url
from unheard.playlist.record import from_dict, to_dict
from unheard.playlist.text import one_line
from unheard.schema import Playlist, Reason

MBID = "f27ec8db-af05-4f36-916e-3d57f91ecf5e"
HOSTILE = "a\n#EXTINF:0,b\r\x1b[31m]]>&<\"'\u2028\u202e\x00\ufffe"
XSPF = "{http://xspf.org/ns/0/}"

FULL = playlist(
    line(1, recording_mbid=MBID, audio_path="/music/A b/1.mp3", album="Über & Co"),
    line(2, title="여름밤", artist="검정치마", duration_ms=None),
    line(3, title=HOSTILE, artist=HOSTILE, album=HOSTILE, audio_path="/music/#3.mp3"),
    note="3 tracks instead of 30.",
)


def document(text: str) -> dict[str, Any]:
    return dict(json.loads(text)["playlist"])


def test_json_comes_back_as_it_was() -> None:
    assert from_dict(json.loads(write(FULL, "json"))) == FULL
    assert "여름밤" in write(FULL, "json")


def test_jspf_is_what_clients_look_for() -> None:
    found = document(write(FULL, "jspf"))
    assert found["title"] == "Unheard for ann, 2026-W47"
    assert found["creator"] == "unheard"
    assert found["date"] == "2026-11-16T00:00:00+00:00"
    about = found["extension"]["https://musicbrainz.org/doc/jspf#playlist"]
    assert about["created_for"] == "ann"
    assert about["additional_metadata"] == {
        "algorithm_metadata": {"source_patch": "weekly-exploration"},
        "expires_at": "2026-11-30T00:00:00+00:00",
    }
    first, second, third = found["track"]
    assert first["identifier"] == [f"https://musicbrainz.org/recording/{MBID}"]
    assert (first["title"], first["creator"], first["album"]) == ("Song 1", "Somebody", "Über & Co")
    assert first["duration"] == 222_000
    assert first["annotation"] == "Because you play A - B"
    assert second["identifier"] == []
    assert "duration" not in second
    assert third["title"] == one_line(HOSTILE)
    assert "/music/" not in write(FULL, "jspf")  # where files lie is nobody else's business


def test_xspf_is_read_by_a_strict_reader() -> None:
    root = SafeTree.fromstring(write(FULL, "xspf", folder=Path("/music/lists")))
    assert root.tag == f"{XSPF}playlist"
    assert root.get("version") == "1"
    assert root.findtext(f"{XSPF}title") == "Unheard for ann, 2026-W47"
    first, second, third = root.findall(f"{XSPF}trackList/{XSPF}track")
    assert first.findtext(f"{XSPF}location") == "../A%20b/1.mp3"
    assert first.findtext(f"{XSPF}identifier") == f"https://musicbrainz.org/recording/{MBID}"
    assert first.findtext(f"{XSPF}album") == "Über & Co"
    assert first.findtext(f"{XSPF}duration") == "222000"
    assert second.find(f"{XSPF}location") is None
    assert second.findtext(f"{XSPF}creator") == "검정치마"
    assert third.findtext(f"{XSPF}location") == "../%233.mp3"
    assert third.findtext(f"{XSPF}title") == one_line(HOSTILE)


def test_m3u8_lists_files_from_where_it_lies() -> None:
    assert write(FULL, "m3u8", folder=Path("/music/lists")).splitlines() == [
        "#EXTM3U",
        "#PLAYLIST:Unheard for ann, 2026-W47",
        "#EXTINF:222,Somebody - Song 1",
        "../A b/1.mp3",
        "# no file: 검정치마 - 여름밤",
        f"#EXTINF:222,{one_line(HOSTILE)} - {one_line(HOSTILE)}",
        "../#3.mp3",
    ]
    assert "/music/A b/1.mp3" in write(FULL, "m3u8").splitlines()


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("a/b.mp3", "a/b.mp3"),
        ("#1.mp3", "./#1.mp3"),
        (" x.mp3", "./ x.mp3"),
        ("https://host/a.mp3", "https://host/a.mp3"),
        ("/other/ä.flac", "../../other/ä.flac"),
    ],
)
def test_paths_that_a_player_must_not_misread(path: str, written: str) -> None:
    found = write(playlist(line(1, audio_path=path)), "m3u8", folder=Path("/music/lists"))
    assert found.splitlines()[-1] == written


@pytest.mark.parametrize("path", ["a\n/etc/passwd", "a\r.mp3", "a\x00.mp3", "", "\u2028"])
def test_a_path_with_a_line_break_is_no_file(path: str) -> None:
    found = write(playlist(line(1, audio_path=path)), "m3u8").splitlines()
    assert found[2:] == ["# no file: Somebody - Song 1"]


def test_a_colon_in_a_relative_path_is_no_scheme() -> None:
    root = SafeTree.fromstring(write(playlist(line(1, audio_path="C: live/1.mp3")), "xspf"))
    assert root.findtext(f"{XSPF}trackList/{XSPF}track/{XSPF}location") == "./C%3A%20live/1.mp3"


def test_absolute_paths_without_a_folder_are_file_uris() -> None:
    root = SafeTree.fromstring(write(playlist(line(1, audio_path="/m/ä b.mp3")), "xspf"))
    assert root.findtext(f"{XSPF}trackList/{XSPF}track/{XSPF}location") == "file:///m/%C3%A4%20b.mp3"


def test_an_empty_list_is_a_file_too() -> None:
    empty = playlist(note="0 tracks instead of 30.")
    assert from_dict(json.loads(write(empty, "json"))) == empty
    assert document(write(empty, "jspf"))["track"] == []
    assert SafeTree.fromstring(write(empty, "xspf")).find(f"{XSPF}trackList") is not None
    assert write(empty, "m3u8").splitlines() == ["#EXTM3U", "#PLAYLIST:Unheard for ann, 2026-W47"]


def test_table_lines_are_safe_to_print() -> None:
    first, second, third = lines(FULL)
    assert (first.position, first.length, first.reason) == ("1", "3:42", "Because you play A - B")
    assert (second.artist, second.length) == ("검정치마", "")
    assert "\x1b" not in third.title + third.artist + third.album
    nameless = lines(playlist(line(1, title=None, artist=None)))[0]
    assert (nameless.artist, nameless.title) == ("", "t1")


@pytest.mark.parametrize(
    ("duration_ms", "shown"),
    [(None, ""), (0, ""), (-5, ""), (59_499, "0:59"), (59_500, "1:00"), (3_600_000, "1:00:00")],
)
def test_lengths(duration_ms: int | None, shown: str) -> None:
    assert length(duration_ms) == shown


@pytest.mark.parametrize("mbid", [None, "", "not an id", "f27ec8db-af05-4f36-916e\n"])
def test_what_is_no_mbid_becomes_no_url(mbid: str | None) -> None:
    assert recording_url(mbid) is None


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="no playlist format 'pls'; there are json, jspf, xspf, m3u8"):
        write(FULL, "pls")


def test_stored_lists_that_cannot_be_read_are_refused() -> None:
    good = to_dict(FULL)
    with pytest.raises(InputError, match="version 2; this program reads 1"):
        from_dict({**good, "version": 2})
    with pytest.raises(InputError, match="lacks 'week'; make the list anew"):
        from_dict({name: value for name, value in good.items() if name != "week"})
    with pytest.raises(InputError, match="user_id = 3 is no text"):
        from_dict({**good, "user_id": 3})
    with pytest.raises(InputError, match="damaged"):
        from_dict({**good, "tracks": [{**good["tracks"][0], "score": "high"}]})


anything = st.text(st.characters(exclude_categories=[]), max_size=30)


@given(title=anything, artist=st.none() | anything, path=st.none() | anything, note=st.none() | anything)
def test_no_title_breaks_any_format(title: str, artist: str | None, path: str | None, note: str | None) -> None:
    reason = Reason(f"Because you play {title}", "plays")
    odd = line(1, title=title, artist=artist, album=artist, audio_path=path, reason=reason)
    whole = playlist(odd, line(2), note=note)
    for name in ("jspf", "xspf", "m3u8", "json"):
        write(whole, name, folder=Path("/lists")).encode()  # every file is UTF-8
    assert from_dict(json.loads(write(whole, "json"))) == whole
    tracks = document(write(whole, "jspf"))["track"]
    assert tracks[0]["title"] == (one_line(title) or "t1")
    elements = SafeTree.fromstring(write(whole, "xspf")).findall(f"{XSPF}trackList/{XSPF}track")
    assert len(elements) == 2
    assert elements[0].findtext(f"{XSPF}title") == (one_line(title) or "t1")
    check_m3u8(whole)


def check_m3u8(whole: Playlist) -> None:
    """Every line is the header, a comment or a path, and there are as many as there must be."""
    text = write(whole, "m3u8")
    found = text.split("\n")[:-1]
    assert text.splitlines() == found
    files = [one for one in found if not one.startswith("#")]
    assert len([one for one in found if one.startswith("#EXTINF:")]) == len(files)
    assert len(files) <= len(whole.tracks)
    assert len(found) == 2 + len(whole.tracks) + len(files)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20))
def test_a_file_of_any_name_is_found_again(name: str) -> None:
    path = f"/music/{name.replace('/', '_')}.mp3"
    location = SafeTree.fromstring(write(playlist(line(1, audio_path=path)), "xspf")).findtext(
        f"{XSPF}trackList/{XSPF}track/{XSPF}location"
    )
    if one_line(path) == path:
        assert location is not None
        assert url2pathname(unquote(location.removeprefix("file://"), errors="strict")) == path or "%" in path
    else:
        assert location is None
