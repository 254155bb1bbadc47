"""Last.fm: both CSV kinds, a line being a row whatever its quotes do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.ingest.exports import ARTIST_MBID, MBID, PLAYS, lastfm_header, read

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"


def test_ids_are_read(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    lastfm_header(path, PLAYS)
    track = read(path).rows("tracks")[0]
    assert (track["recording_mbid"], track["artist_id"], track["album"]) == (MBID, ARTIST_MBID, "George Is On")


def test_columns_go_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("track;UTS;artist\nSong;1241478537;Band\n")
    assert read(path).plays() == [("Band", "Song", datetime(2009, 5, 4, 23, 8, 57, tzinfo=UTC))]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("when", ["04 May 2009 23:08", "4 May 2009 23:08", '"04 May 2009, 23:08"'])
def test_minutes_as_they_are_written(when: str, line_end: str, tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_bytes(f"Band,Album,Song,{when}{line_end}".encode() * 2)
    plays = [("Band", "Song", datetime(2009, 5, 4, 23, 8, tzinfo=UTC))] * 2
    assert read(path).plays() == plays


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Band,Album,Song,", "no time"),
        ("Band,Album,Song,31 Feb 2009 10:00", "time cannot be read"),
        ("Band,Album,Song,01 Foo 2009 10:00", "time cannot be read"),
        ("Band,Album,Song,01 May 2009 24:00", "time cannot be read"),
        ("Band,Album,Song,01 May 2009 10", "time cannot be read"),
        ("Band,Album,Song,01 Jan 1970 00:00", "time before 1970"),
        ("Band,Album,Song,01 Jan 2999 00:00", "time in the future"),
        ("Band,Album,Song", "3 columns instead of 4"),
        ('"Band,Album,Song,01 May 2009 10:00', "1 columns instead of 4"),
        (",Album,,01 May 2009 10:00", "no artist and no title"),
        ("Band,Album," + "x" * 100_000 + ",01 May 2009 10:00", "title longer than 1,000 characters"),
        (
            'Band,Album,"' + "x" * 200_000 + '",01 May 2009 10:00',
            "not CSV: field larger than field limit (131072)",
        ),
    ],
)
def test_a_line_at_fault_costs_itself_alone(line: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    good = "Band,Album,Song,01 May 2009 10:00\n"
    path.write_text(good + line + "\n" + good)
    tally = read(path).tally
    assert [(one.line, one.reason) for one in tally.faults] == [(2, reason)]
    assert tally.taken["listens"] == 2


@pytest.mark.parametrize(
    ("uts", "reason"),
    [("", "no time"), ("x", "time cannot be read"), ("0", "time before 1970"), ("9" * 30, "time in the future")],
)
def test_seconds_at_fault(uts: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text(HEADER + "1241478537,,Band,,,,Song,\n" + f"{uts},,Band,,,,Song,\n")
    assert [(one.line, one.reason) for one in read(path).tally.faults] == [(3, reason)]
