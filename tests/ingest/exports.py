"""Writes the same plays as every source writes them, and reads files back."""

from __future__ import annotations

import csv
import io
import json
import tarfile
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from unheard.ingest import Reader, ReadOptions, Tally, detect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
MBID: Final = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"
ARTIST_MBID: Final = "cc197bad-dc9c-440d-a5b5-d52ba2e14234"
SECRET: Final = "SECRET"  # stands in every field that must never come out of a reader


@dataclass(frozen=True)
class Play:
    at: datetime  # UTC, the start
    artist: str
    title: str
    album: str | None = None
    recording_mbid: str | None = None
    artist_mbid: str | None = None
    ms_played: int = 180_000

    @property
    def epoch_s(self) -> int:
        return int(self.at.timestamp())

    @property
    def end(self) -> datetime:
        return self.at + timedelta(milliseconds=self.ms_played)


PLAYS: Final = (
    Play(
        datetime(2009, 5, 4, 23, 8, 57, tzinfo=UTC), "Deep Dish", "Flashdance", "George Is On", MBID, ARTIST_MBID
    ),
    Play(datetime(2009, 5, 4, 13, 54, 10, tzinfo=UTC), "坂本龍一", 'Merry Christmas, "Mr." Lawrence', "音楽図鑑"),
    Play(datetime(2024, 2, 29, 0, 0, 1, tzinfo=UTC), "Sigur Rós", "Svefn-g-englar; part 1"),
)


@dataclass
class Taken:
    """What a reader gave for one file."""

    reader: Reader
    tally: Tally
    tables: dict[str, pa.Table] = field(default_factory=dict)

    def rows(self, table: str) -> list[dict[str, Any]]:
        return list(self.tables[table].to_pylist()) if table in self.tables else []

    def plays(self) -> list[tuple[str | None, str | None, datetime]]:
        """(artist, title, start) of each listen, in order of the starts."""
        names = {row["track_id"]: (row["artist"], row["title"]) for row in self.rows("tracks")}
        found = [(*names[row["track_id"]], row["listened_at"]) for row in self.rows("listens")]
        return sorted(found, key=lambda play: (play[2], str(play[:2])))


def read(
    path: Path, *, reader: Reader | None = None, user: str | None = None, columns: Mapping[str, str] | None = None
) -> Taken:
    found, tally = reader or detect(path), Tally()
    batches: dict[str, list[pa.Table]] = {}
    for rows in found.read(path, ReadOptions(now=NOW, user=user, columns=columns or {}), tally):
        rows.rows.validate(full=True)
        batches.setdefault(rows.table, []).append(rows.rows)
    return Taken(found, tally, {table: pa.concat_tables(parts) for table, parts in batches.items()})


def listen(play: Play, **also: object) -> dict[str, Any]:
    mapping = play.recording_mbid and {
        "recording_name": play.title,
        "recording_mbid": play.recording_mbid,
        "artist_mbids": [play.artist_mbid] if play.artist_mbid else [],
    }
    return {
        "listened_at": play.epoch_s,
        "inserted_at": play.epoch_s + 5,
        "track_metadata": {
            "artist_name": play.artist,
            "track_name": play.title,
            "release_name": play.album,
            "recording_msid": f"msid-{play.epoch_s}",
            "additional_info": {"submission_client": SECRET, "listening_from": SECRET, "media_player": SECRET},
            "mbid_mapping": mapping or None,
        },
    } | also


def lines(rows: Iterable[object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def listenbrainz_lines(path: Path, plays: Iterable[Play]) -> None:
    path.write_text(lines(listen(play) for play in plays))


def listenbrainz_zip(path: Path, plays: Iterable[Play], feedback: Iterable[dict[str, Any]] = ()) -> None:
    months: dict[str, list[Play]] = {}
    for play in plays:
        months.setdefault(f"listens/{play.at.year}/{play.at.month}.jsonl", []).append(play)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("user.json", json.dumps({"user_id": 7, "username": "rob"}))
        for name, group in months.items():
            zipped.writestr(name, lines(listen(play) for play in group))
        zipped.writestr("feedback.jsonl", lines(feedback))
        zipped.writestr("pinned_recording.jsonl", lines([{"blurb_content": SECRET, "recording_msid": "x"}]))


def listenbrainz_dump(path: Path, plays: Iterable[Play]) -> None:
    text = lines(listen(play, user_id=7, user_name="rob") for play in plays).encode()
    with tarfile.open(path, "w:gz") as tar:
        for name, content in (("dump/COPYING", b"CC0"), ("dump/listens/2020/1.listens", text)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def spotify_entry(play: Play, **also: object) -> dict[str, Any]:
    return {
        "ts": play.end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "username": SECRET,
        "platform": SECRET,
        "ms_played": play.ms_played,
        "conn_country": SECRET,
        "ip_addr_decrypted": SECRET,
        "ip_addr": SECRET,
        "user_agent_decrypted": SECRET,
        "master_metadata_track_name": play.title,
        "master_metadata_album_artist_name": play.artist,
        "master_metadata_album_album_name": play.album,
        "spotify_track_uri": "spotify:track:6JMj9U6eIrWPHvaRZtfOVV",
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "reason_start": "trackdone",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": None,
        "offline": False,
        "offline_timestamp": 0,
        "incognito_mode": False,
    } | also


def spotify_json(path: Path, plays: Iterable[Play]) -> None:
    path.write_text(json.dumps([spotify_entry(play) for play in plays]))


def spotify_zip(path: Path, plays: Iterable[Play]) -> None:
    folder = "Spotify Extended Streaming History/"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr(folder + "ReadMeFirst.pdf", b"%PDF")
        for number, play in enumerate(plays):
            name = folder + f"Streaming_History_Audio_2009_{number}.json"
            zipped.writestr(name, json.dumps([spotify_entry(play)]))


def spotify_short(path: Path, plays: Iterable[Play]) -> None:
    """Ends are cut to the minute, so the plays read from it are those whose ends are."""
    entries = [
        {
            "endTime": play.end.strftime("%Y-%m-%d %H:%M"),
            "artistName": play.artist,
            "trackName": play.title,
            "msPlayed": play.ms_played,
        }
        for play in plays
    ]
    path.write_text(json.dumps(entries))


def lastfm_header(path: Path, plays: Iterable[Play]) -> None:
    header = ["uts", "utc_time", "artist", "artist_mbid", "album", "album_mbid", "track", "track_mbid"]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(header)
        for play in plays:
            when = play.at.strftime("%d %b %Y, %H:%M")
            mbids = (play.artist_mbid or "", play.album or "", "", play.title, play.recording_mbid or "")
            writer.writerow([play.epoch_s, when, play.artist, *mbids])


def lastfm_minute(path: Path, plays: Iterable[Play]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        for play in plays:
            writer.writerow([play.artist, play.album or "", play.title, play.at.strftime("%d %b %Y %H:%M")])


def columns_of(plays: Iterable[Play]) -> dict[str, list[Any]]:
    plays = list(plays)
    return {
        "user_id": ["rob"] * len(plays),
        "artist": [play.artist for play in plays],
        "title": [play.title for play in plays],
        "album": [play.album for play in plays],
        "recording_mbid": [play.recording_mbid for play in plays],
        "listened_at": [play.at for play in plays],
    }


def table_csv(path: Path, plays: Iterable[Play]) -> None:
    columns = columns_of(plays)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def table_parquet(path: Path, plays: Iterable[Play]) -> None:
    pq.write_table(pa.table(columns_of(plays)), path)


@dataclass(frozen=True)
class Form:
    """One way in which plays are written: who reads it, and how exact its times are."""

    reader: str
    file: str
    write: Callable[[Path, Iterable[Play]], None]
    resolution_s: int = 1
    names_listener: bool = False


FORMS: Final = (
    Form("listenbrainz", "listens.jsonl", listenbrainz_lines),
    Form("listenbrainz", "listenbrainz_rob.zip", listenbrainz_zip, names_listener=True),
    Form("listenbrainz", "dump.tar.gz", listenbrainz_dump, names_listener=True),
    Form("spotify", "my_history.json", spotify_json),
    Form("spotify", "my_spotify_data.zip", spotify_zip),
    Form("spotify", "history.json", spotify_short, resolution_s=60),
    Form("lastfm", "plays.csv", lastfm_header),
    Form("lastfm", "scrobbles.csv", lastfm_minute, resolution_s=60),
    Form("table", "plays.csv", table_csv, names_listener=True),
    Form("table", "plays.parquet", table_parquet, names_listener=True),
)
