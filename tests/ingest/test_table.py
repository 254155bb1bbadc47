"""Generic tables: every spelling of a time, every fault of a row, and what is given for which columns."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.ingest.exports import MBID, Taken, read

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)


def csv(folder: Path, text: str, **options: Any) -> Taken:
    path = folder / "plays.csv"
    path.write_text(text)
    return read(path, **options)


def parquet(folder: Path, columns: dict[str, Any]) -> Taken:
    path = folder / "plays.parquet"
    pq.write_table(pa.table(columns), path)
    return read(path)


def faults(taken: Taken) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in taken.tally.faults]


@pytest.mark.parametrize(
    "said",
    [
        "1600000000",
        "1600000000.0",
        "1.6e9",
        "1600000000000",
        "1600000000000000",
        "2020-09-13T12:26:40",
        "2020-09-13 12:26:40",
        "2020-09-13T12:26:40Z",
        "2020-09-13T14:26:40+02:00",
        "2020-09-13 14:26:40+0200",
        " 2020-09-13 12:26:40.000 ",
        "2020-09-13T12:26:40.000000000",
    ],
)
def test_a_time_in_text(said: str, tmp_path: Path) -> None:
    assert csv(tmp_path, f"track_id,listened_at\na,{said}\n").rows("listens")[0]["listened_at"] == AT


@pytest.mark.parametrize("name", ["listened_at", "timestamp", "ts", "Timestamp"])
@pytest.mark.parametrize(
    "column",
    [
        pa.array([1_600_000_000]),
        pa.array([1_600_000_000], pa.uint32()),
        pa.array([1_600_000_000.0]),
        pa.array([1_600_000_000_000]),
        pa.array([1_600_000_000_000_000_000]),
        pa.array([AT], pa.timestamp("s")),
        pa.array([AT], pa.timestamp("ns", tz="Asia/Tokyo")),
        pa.array(["2020-09-13T12:26:40Z"], pa.large_string()),
        pa.array(["2020-09-13T12:26:40Z"]).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_a_time_of_every_type(column: pa.Array, name: str, tmp_path: Path) -> None:
    assert parquet(tmp_path, {"track_id": ["a"], name: column}).rows("listens")[0]["listened_at"] == AT


def test_microseconds_are_exact(tmp_path: Path) -> None:
    us = [1_600_000_000_123_457, 1_600_000_000_123_459]
    rows = parquet(tmp_path, {"track_id": ["a", "b"], "ts": us}).rows("listens")
    assert [row["listened_at"].microsecond for row in rows] == [123_457, 123_459]


def test_times_at_fault(tmp_path: Path) -> None:
    said = [
        "",
        "x",
        "2020-02-30",
        "2020-13-01",
        "0",
        "-5",
        "1969-12-31",
        "2999-01-01",
        "nan",
        "2020-09-13T12:26:40Z",
    ]
    taken = csv(tmp_path, "track_id,ts\n" + "".join(f"a,{one}\n" for one in said))
    unreadable, before, future = "no time, or it cannot be read", "time before 1970", "time in the future"
    expected = [(2, unreadable), (3, unreadable), (4, unreadable), (5, unreadable), (10, unreadable)]
    expected += [(6, before), (7, before), (8, before), (9, future)]
    assert faults(taken) == expected
    assert len(taken.rows("listens")) == 1


def test_plays_at_fault(tmp_path: Path) -> None:
    plays = [1.0, np.nan, np.inf, -np.inf, 0.0, -3.0, 2.5]
    taken = parquet(tmp_path, {"user_id": ["u"] * 7, "track_id": ["a"] * 7, "plays": plays})
    assert [row["plays"] for row in taken.rows("play_counts")] == [1.0, 2.5]
    assert taken.tally.skipped == {"plays that are not finite": 3, "plays that are zero or negative": 2}
    assert sorted(one.line for one in taken.tally.faults) == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("said", ["", "many", "0x10", "1_000"])
def test_plays_that_are_no_number(said: str, tmp_path: Path) -> None:
    taken = csv(tmp_path, f"user_id,track_id,plays\nu,a,1\nu,a,{said}\n")
    assert faults(taken) == [(3, "plays cannot be read as a number")]


def test_rows_without_a_listener_or_a_track(tmp_path: Path) -> None:
    taken = csv(tmp_path, "user_id,track_id,plays\n,a,1\nu,,1\n  ,a,1\nu,a,1\n")
    assert faults(taken) == [(2, "no listener"), (4, "no listener"), (3, "no track")]
    assert taken.rows("play_counts") == [{"user_id": "u", "track_id": "a", "plays": 1.0, "source": "table"}]


def test_names_that_are_too_long(tmp_path: Path) -> None:
    long = "x" * 1_000_000
    taken = csv(tmp_path, f"user_id,artist,title,plays\nu,a,{long},1\n{long},a,b,1\nu,a,b,1\n")
    limit = "longer than 1,000 characters"
    assert sorted(faults(taken)) == [(2, f"title {limit}"), (3, f"user_id {limit}")]
    assert len(taken.rows("tracks")) == 1


def test_rows_of_another_width_and_blank_lines_keep_the_numbers_right(tmp_path: Path) -> None:
    text = "user_id,track_id,plays\nu,a,1\n\nu,a\nu,a,1,2\nu,b,x\n\nu,c,y\n"
    taken = csv(tmp_path, text)
    expected = [(4, "2 columns instead of 3"), (5, "4 columns instead of 3")]
    expected += [(6, "plays cannot be read as a number"), (8, "plays cannot be read as a number")]
    assert sorted(faults(taken)) == expected
    assert (taken.tally.read, taken.tally.taken["play_counts"]) == (5, 1)


def test_bytes_that_are_not_utf_8_cost_a_character(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_bytes(b"user_id,artist,title,plays\nu,Bj\xf6rk,Joga,1\nu,Bj\xc3\xb6rk,Joga,1\n")
    assert [row["artist"] for row in read(path).rows("tracks")] == ["Bj\ufffdrk", "Bj\u00f6rk"]


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_separators(mark: str, tmp_path: Path) -> None:
    taken = csv(tmp_path, f"user_id{mark}track_id{mark}plays\nu{mark}a,b{mark}3\n")
    assert taken.rows("play_counts")[0]["track_id"] == "a,b"


def test_a_packed_csv(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv.gz"
    path.write_bytes(gzip.compress(b"user_id,track_id,plays\nu,a,3\n"))
    assert read(path).rows("play_counts")[0]["plays"] == 3.0


def test_broken_rows_with_bytes_that_are_not_utf_8_are_counted_too(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_bytes(b"user_id,track_id,plays\nu,a,1\nu,\xff\nu,b,1\n\xff\xc3")
    taken = read(path)
    assert faults(taken) == [(3, "2 columns instead of 3"), (5, "1 columns instead of 3")]
    assert taken.tally.read == 4


def test_quoted_line_ends_belong_to_the_cell(tmp_path: Path) -> None:
    taken = csv(tmp_path, 'user_id,artist,title,plays\nu,"a\nb","say ""x""",1\n')
    track = taken.rows("tracks")[0]
    assert (track["artist"], track["title"]) == ("a b", 'say "x"')


def test_ids_may_be_numbers_with_gaps(tmp_path: Path) -> None:
    columns = {"user_id": [1.0, None, 3.5, 2.0], "track_id": [10, 11, 12, 13], "plays": [1, 1, 1, 1]}
    rows = parquet(tmp_path, columns).rows("play_counts")
    assert [(row["user_id"], row["track_id"]) for row in rows] == [("1", "10"), ("2", "13")]


def test_own_ids_are_kept_and_names_go_with_them(tmp_path: Path) -> None:
    text = "user_id,track_id,artist,title,plays,duration_ms,isrc\n"
    text += "u,t1,A,B,1,1000,usrc17607839\nv,t1,A,B,2,,\nv,t2,,,1,-5,bad\n"
    taken = csv(tmp_path, text)
    tracks = taken.rows("tracks")
    assert [row["track_id"] for row in taken.rows("play_counts")] == ["t1", "t1", "t2"]
    assert [(row["track_id"], row["title"], row["duration_ms"], row["isrc"]) for row in tracks] == [
        ("t1", "B", 1000, "USRC17607839"),
        ("t2", None, None, None),
    ]


def test_own_ids_alone_say_nothing_of_tracks(tmp_path: Path) -> None:
    assert "tracks" not in csv(tmp_path, "user_id,track_id,plays\nu,t1,1\n").tables


def test_a_recording_may_be_known_by_its_id_alone(tmp_path: Path) -> None:
    taken = csv(
        tmp_path, f"recording_mbid,ts\nhttps://musicbrainz.org/recording/{MBID},1600000000\nnone,1600000000\n"
    )
    assert taken.rows("tracks")[0]["recording_mbid"] == MBID
    assert faults(taken) == [(3, "no track")]


def test_a_catalogue_of_tracks(tmp_path: Path) -> None:
    text = "track_id,title,artist,released,added_at\n1,T,A,2020-09-13,2020-09-13T12:26:40Z\n2,U,A,2020,\n,V,A,,\n"
    taken = csv(tmp_path, text)
    assert [(row["track_id"], row["released"], row["added_at"]) for row in taken.rows("tracks")] == [
        ("1", date(2020, 9, 13), AT),
        ("2", None, None),
    ]
    assert faults(taken) == [(4, "no track")]
    assert not taken.tally.notes


def test_feedback(tmp_path: Path) -> None:
    taken = csv(tmp_path, "user_id,track_id,value,at\nu,a,1,1600000000\nu,a,-1,\nu,a,0,x\nu,a,0.5,\nu,a,1,-7\n")
    rows = [(row["value"], row["at"]) for row in taken.rows("feedback")]
    assert rows == [(1.0, AT), (-1.0, None), (0.0, None)]
    assert faults(taken) == [(6, "time before 1970"), (5, "feedback that is neither 1, 0 nor -1")]


def test_lengths_and_skips(tmp_path: Path) -> None:
    text = "track_id,ts,ms_played,skipped,source\n" + "".join(
        f"a,1600000000,{ms},{skip},{source}\n"
        for ms, skip, source in [
            ("1000", "true", "radio"),
            ("-1", "0", ""),
            ("x", "maybe", ""),
            ("1e12", "YES", ""),
        ]
    )
    rows = csv(tmp_path, text).rows("listens")
    assert [(row["ms_played"], row["skipped"], row["source"]) for row in rows] == [
        (1000, True, "radio"),
        (None, False, "table"),
        (None, None, "table"),
        (None, True, "table"),
    ]


def test_columns_can_be_renamed_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("listener,item,n,street\nu,a,3,Elm\n")
    columns = {"listener": "user_id", "item": "track_id", "n": "plays", "street": ""}
    assert read(path, columns=columns).rows("play_counts") == [
        {"user_id": "u", "track_id": "a", "plays": 3.0, "source": "table"}
    ]


def test_batches_do_not_change_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    columns = {
        "user_id": rng.integers(0, 5, 1_000).astype(str),
        "artist": np.array(["A", "B", "\u00c9", None], dtype=object)[rng.integers(0, 4, 1_000)],
        "title": np.array(["x", "y", None], dtype=object)[rng.integers(0, 3, 1_000)],
        "plays": rng.choice([1.0, -1.0, 2.0], 1_000),
    }
    whole = parquet(tmp_path, columns)
    monkeypatch.setattr("unheard.ingest.sheets.BATCH_ROWS", 37)
    pieces = parquet(tmp_path, columns)
    assert pieces.tables["play_counts"].equals(whole.tables["play_counts"])
    assert pieces.tables["tracks"].equals(whole.tables["tracks"])
    assert pieces.tally.skipped == whole.tally.skipped
    assert sorted(faults(pieces)) == sorted(faults(whole))
