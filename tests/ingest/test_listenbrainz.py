"""ListenBrainz: what its lines leave open, and feedback."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from tests.ingest.exports import ARTIST_MBID, MBID, PLAYS, lines, listen, listenbrainz_zip, read

if TYPE_CHECKING:
    from pathlib import Path

PLAY = PLAYS[0]


def taken_lines(path: Path, *rows: object) -> Any:
    file = path / "listens.jsonl"
    file.write_text(lines([listen(PLAY), *rows]))
    return read(file)


def test_the_mapping_gives_ids_and_may_be_null(tmp_path: Path) -> None:
    tracks = {row["title"]: row for row in taken_lines(tmp_path, listen(PLAYS[1])).rows("tracks")}
    assert (tracks["Flashdance"]["recording_mbid"], tracks["Flashdance"]["artist_id"]) == (MBID, ARTIST_MBID)
    other = tracks[PLAYS[1].title]
    assert (other["recording_mbid"], other["artist_id"]) == (None, None)


def test_what_the_client_submitted_goes_before_the_mapping(tmp_path: Path) -> None:
    row = listen(PLAYS[1])
    mbid = "0" * 8 + MBID[8:]
    row["track_metadata"] |= {
        "additional_info": {"recording_mbid": mbid.upper(), "isrc": "us-rc1-76-07839", "duration_ms": 200_000},
        "mbid_mapping": {"recording_mbid": MBID, "artist_mbids": []},
    }
    track = taken_lines(tmp_path, row).rows("tracks")[1]
    assert (track["recording_mbid"], track["isrc"], track["duration_ms"]) == (mbid, "USRC17607839", 200_000)


def test_times_may_have_a_fraction(tmp_path: Path) -> None:
    rows = taken_lines(tmp_path, listen(PLAY, listened_at=1_600_000_000.25)).rows("listens")
    assert rows[1]["listened_at"].timestamp() == 1_600_000_000.25


def test_length_played_is_kept_where_a_client_says_it(tmp_path: Path) -> None:
    row = listen(PLAY)
    row["track_metadata"]["additional_info"]["duration_played"] = 61
    assert [one["ms_played"] for one in taken_lines(tmp_path, row).rows("listens")] == [None, 61_000]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"listened_at": None}, "no time"),
        ({"listened_at": 0}, "time before 1970"),
        ({"listened_at": -5}, "time before 1970"),
        ({"listened_at": 1e300}, "time in the future"),
        ({"listened_at": 1_793_000_000_000}, "time in the future"),
        ({"listened_at": "yesterday"}, "time cannot be read"),
        ({"listened_at": True}, "time cannot be read"),
        ({"track_metadata": None}, "not a listen"),
        ({"track_metadata": []}, "not a listen"),
        ({"track_metadata": {}}, "no artist and no title"),
        ({"track_metadata": {"artist_name": " ", "track_name": "\u0000"}}, "no artist and no title"),
        ({"track_metadata": {"artist_name": "a", "track_name": ["b"]}}, "not a listen"),
        ({"track_metadata": {"artist_name": "a", "track_name": 7}}, "title is not text"),
        (
            {"track_metadata": {"artist_name": "a", "track_name": "x" * 1_000_000}},
            "title longer than 1,000 characters",
        ),
        (
            {"track_metadata": {"artist_name": "a" * 1_001, "track_name": "b"}},
            "artist longer than 1,000 characters",
        ),
        ({"user_name": "u" * 1_001}, "user longer than 1,000 characters"),
    ],
)
def test_a_row_at_fault_is_counted_and_listed(change: dict[str, Any], reason: str, tmp_path: Path) -> None:
    taken = taken_lines(tmp_path, listen(PLAY, **change), listen(PLAYS[1]))
    assert taken.tally.skipped == {reason: 1}
    assert [(one.place, one.line, one.reason) for one in taken.tally.faults] == [("listens.jsonl", 2, reason)]
    assert (taken.tally.read, taken.tally.taken["listens"]) == (3, 2)


def test_lines_that_are_no_json_are_listed_by_number(tmp_path: Path) -> None:
    file = tmp_path / "listens.jsonl"
    good = lines([listen(PLAY)])
    file.write_text(good + "{oops\n\n" + "[1]\n" + '"x"\n' + good[:50] + "\n" + "{" * 5_000 + "\n" + good)
    tally = read(file).tally
    assert [one.line for one in tally.faults] == [2, 4, 5, 6, 7]
    assert tally.taken["listens"] == 2


def test_a_line_of_more_than_a_megabyte_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "listens.jsonl"
    good = lines([listen(PLAY)])
    file.write_text(good + "x" * 5_000_000 + "\n" + good)
    tally = read(file).tally
    assert [(one.line, one.reason) for one in tally.faults] == [(2, "line longer than 1,048,576 bytes")]
    assert tally.taken["listens"] == 2


def test_a_lone_surrogate_and_a_bad_byte_cost_a_character(tmp_path: Path) -> None:
    file = tmp_path / "listens.jsonl"
    good = lines([listen(PLAY)])
    text = good.replace("Flashdance", "Flash\\ud800dance") + good.replace("Flashdance", "Flash@@dance")
    file.write_bytes(text.encode().replace(b"@@", b"\xff"))
    assert [row["title"] for row in read(file).rows("tracks")] == ["Flash\ufffddance"]


def test_names_are_cleaned(tmp_path: Path) -> None:
    row = listen(PLAY)
    row["track_metadata"] |= {"artist_name": "  Beyonce\u0301\u0007 ", "track_name": "a\tb\x00c"}
    track = taken_lines(tmp_path, row).rows("tracks")[1]
    assert (track["artist"], track["title"]) == ("Beyonc\u00e9", "a bc")


def test_only_so_many_faults_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "listens.jsonl"
    file.write_text(lines([listen(PLAY)]) + "x\n" * 3_000)
    tally = read(file).tally
    assert (len(tally.faults), tally.n_faults, tally.skipped["not JSON"]) == (1_000, 3_000, 3_000)


def test_dump_lines_name_their_listener(tmp_path: Path) -> None:
    rows = [listen(PLAY, user_name="ann"), listen(PLAY, user_id=12), listen(PLAY, user_id=12, user_name="")]
    file = tmp_path / "1.listens"
    file.write_text(lines(rows))
    assert [row["user_id"] for row in read(file).rows("listens")] == ["ann", "12", "12"]


def test_feedback_finds_its_track_by_either_id(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    unheard_mbid = "0" * 8 + MBID[8:]
    feedback: list[dict[str, Any]] = [
        {
            "recording_msid": f"msid-{PLAYS[1].epoch_s}",
            "recording_mbid": None,
            "score": 1,
            "created": 1_600_000_000,
        },
        {"recording_msid": None, "recording_mbid": unheard_mbid, "score": -1, "created": 1_600_000_000.5},
        {"recording_msid": f"msid-{PLAYS[0].epoch_s}", "recording_mbid": MBID, "score": 0, "created": None},
        {"recording_msid": "never played", "recording_mbid": None, "score": 1, "created": 1_600_000_000},
        {"recording_msid": f"msid-{PLAYS[1].epoch_s}", "score": 7, "created": 1_600_000_000},
    ]
    listenbrainz_zip(path, PLAYS, feedback)
    taken = read(path)
    tracks = {row["track_id"]: row for row in taken.rows("tracks")}
    given = taken.rows("feedback")
    titles = [tracks[row["track_id"]]["title"] for row in given]
    assert titles == [PLAYS[1].title, None, PLAYS[0].title]
    assert tracks[given[1]["track_id"]]["recording_mbid"] == unheard_mbid
    assert [row["value"] for row in given] == [1.0, -1.0, 0.0]
    assert [row["user_id"] for row in given] == ["rob"] * 3
    assert given[2]["at"] is None
    assert [(one.place, one.line) for one in taken.tally.faults] == [("feedback.jsonl", 4), ("feedback.jsonl", 5)]


def test_months_are_read_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        for year, month in ((2021, 1), (2020, 10), (2020, 9)):
            row = listen(PLAY, listened_at=1_500_000_000 + year * 100 + month)
            zipped.writestr(f"listens/{year}/{month}.jsonl", lines([row]))
    at = [row["listened_at"] for row in read(path).rows("listens")]
    assert at == sorted(at)


def test_an_unpacked_export_is_named_by_the_user_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "listens" / "2020" / "1.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text(lines([listen(PLAY)]))
    (tmp_path / "user.json").write_text(json.dumps({"user_id": 1, "username": "rob"}))
    assert read(file).rows("listens")[0]["user_id"] == "rob"


@pytest.mark.parametrize("said", ["", "[]", '{"username": 5}', '{"username": "' + "u" * 2_000 + '"}'])
def test_a_user_that_cannot_be_read_is_nobody(said: str, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("user.json", said)
        zipped.writestr("listens/2020/1.jsonl", lines([listen(PLAY)]))
    assert read(path).rows("listens")[0]["user_id"] == "me"
