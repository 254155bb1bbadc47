"""A generated world as its listeners would bring it: exports, dumps and tables in other people's formats.

A player reports to ListenBrainz and Last.fm what was heard to the half or for four minutes; Spotify and the
plain table keep skipped plays too. Every writer takes rows of listeners and writes nothing but the file named.
"""

from __future__ import annotations

import csv
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson
import pyarrow as pa

from unheard.simulate import music
from unheard.simulate.music import mbid
from unheard.store.files import write_table, written_aside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from unheard.simulate.world import World

    Rows = npt.NDArray[np.int64]

LASTFM_HEADER: Final = "uts utc_time artist artist_mbid album album_mbid track track_mbid".split()  # noqa: SIM905
_FOUR_MINUTES_MS: Final = 240_000
_ZIP_TIME: Final = (2026, 11, 16, 0, 0, 0)  # the same bytes whenever it is written


def listenbrainz_dump(world: World, path: Path, *, listeners: Sequence[int] | None = None) -> None:
    """One `.listens` file of JSON lines with a `user_id` each, as in the public dumps; oldest first."""
    rows = _scrobbled(world, listeners)
    rows = rows[np.argsort(world.listens.start_ms[rows], kind="stable")]
    with written_aside(path) as aside, aside.open("wb") as file:
        for line in _listenbrainz_lines(world, rows, with_user=True):
            file.write(line)


def listenbrainz_zip(world: World, path: Path, *, listener: int) -> None:
    """One listener's export: user.json, listens/YYYY/M.jsonl, feedback.jsonl, pinned_recording.jsonl."""
    rows = _scrobbled(world, [listener])
    months = [f"listens/{start.year}/{start.month}.jsonl" for start in _starts(world, rows)]
    entries: dict[str, list[bytes]] = {name: [] for name in sorted(set(months))}
    for name, line in zip(months, _listenbrainz_lines(world, rows, with_user=False), strict=True):
        entries[name].append(line)
    user = {"user_id": listener + 1, "username": world.user_ids[listener]}
    with _zip(path) as archive:
        _add(archive, "user.json", orjson.dumps(user))
        for name, lines in entries.items():
            _add(archive, name, b"".join(lines))
        _add(archive, "feedback.jsonl", b"".join(_feedback_lines(world, listener)))
        _add(archive, "pinned_recording.jsonl", b"")


def spotify_history(world: World, path: Path, *, listener: int) -> None:
    """One listener's extended streaming history: a JSON array, in a zip where `path` ends so."""
    rows = _rows(world, [listener])
    plays = orjson.dumps(list(_spotify_plays(world, rows)), option=orjson.OPT_INDENT_2)
    name = "Spotify Extended Streaming History/Streaming_History_Audio_2026_0.json"
    if path.suffix == ".zip":
        with _zip(path) as archive:
            _add(archive, name, plays)
    else:
        with written_aside(path) as aside:
            aside.write_bytes(plays)


def lastfm_csv(world: World, path: Path, *, listener: int, header: bool = True) -> None:
    """One listener's scrobbles, newest first: eight columns with a header, or four without and by the minute."""
    rows = _scrobbled(world, [listener])[::-1]
    tracks = _columns(world)
    with written_aside(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        if header:
            sheet.writerow(LASTFM_HEADER)
        for row, start in zip(rows, _starts(world, rows), strict=True):
            track = int(world.listens.track[row])
            artist, album, title = (tracks[name][track] for name in ("artist", "album", "title"))
            when = start.strftime("%d %b %Y, %H:%M")
            if header:
                known = tracks["recording_mbid"][track] or ""
                artist_mbid = tracks["artist_id"][track] if known else ""
                sheet.writerow([int(start.timestamp()), when, artist, artist_mbid, album, "", title, known])
            else:
                sheet.writerow([artist, album, title, when.replace(",", "")])


def plays_table(world: World, path: Path, *, listeners: Sequence[int] | None = None) -> None:
    """A Parquet table of every play: user_id, artist, title, album, timestamp, ms_played, skipped."""
    rows = pa.array(_rows(world, listeners))
    listens = world.listens_table.take(rows)
    tracks = world.tracks_table.take(pa.array(world.listens.track).take(rows))
    table = pa.table(
        {
            "user_id": listens["user_id"],
            "artist": tracks["artist"],
            "title": tracks["title"],
            "album": tracks["album"],
            "timestamp": listens["listened_at"],
            "ms_played": listens["ms_played"],
            "skipped": listens["skipped"],
        }
    )
    write_table(path, table)


def playlist_m3u8(world: World, path: Path, *, tracks: Sequence[int], title: str) -> None:
    """A playlist of the given track rows as players write it; the audio paths are made up."""
    known = _columns(world)
    lines = ["#EXTM3U", f"#PLAYLIST:{title}"]
    for track in tracks:
        artist, name = known["artist"][track], known["title"][track]
        lines.append(f"#EXTINF:{round(known['duration_ms'][track] / 1000)},{artist} - {name}")
        lines.append(f"{artist}/{known['album'][track]}/{name}.flac")
    with written_aside(path) as aside:
        aside.write_text("\n".join(lines) + "\n", encoding="utf-8")


@contextmanager
def _zip(path: Path) -> Iterator[zipfile.ZipFile]:
    with written_aside(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
        yield archive


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)


def _rows(world: World, listeners: Sequence[int] | None) -> Rows:
    """Rows of the listens of some listeners, in their order of time; None is everybody."""
    if listeners is None:
        return np.arange(len(world.listens.track))
    return np.flatnonzero(np.isin(world.listens.listener, np.asarray(listeners)))


def _scrobbled(world: World, listeners: Sequence[int] | None) -> Rows:
    """The same without what was not heard to the half or for four minutes."""
    rows, listens = _rows(world, listeners), world.listens
    enough = np.minimum(world.music.duration_ms[listens.track[rows]] // 2, _FOUR_MINUTES_MS)
    return rows[~listens.skipped[rows] & (listens.ms_played[rows] >= enough)]


def _starts(world: World, rows: Rows) -> Iterator[datetime]:
    first = world.settings.start.timestamp()
    for start_ms in world.listens.start_ms[rows].tolist():
        yield datetime.fromtimestamp(first + start_ms / 1000, UTC)


def _columns(world: World) -> Mapping[str, list[Any]]:
    return {name: world.tracks_table[name].to_pylist() for name in world.tracks_table.column_names}


def _listenbrainz_lines(world: World, rows: Rows, *, with_user: bool) -> Iterator[bytes]:
    first = int(world.settings.start.timestamp())
    metadata = [_listenbrainz_track(world, track) for track in range(world.music.n_tracks)]
    listens = world.listens
    for listener, track, start_ms in zip(
        listens.listener[rows].tolist(),
        listens.track[rows].tolist(),
        listens.start_ms[rows].tolist(),
        strict=True,
    ):
        start = first + start_ms // 1000
        line: dict[str, Any] = {"listened_at": start, "inserted_at": start + 240}
        if with_user:
            line["user_id"] = world.user_ids[listener]
        line["track_metadata"] = metadata[track]
        yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _listenbrainz_track(world: World, track: int) -> orjson.Fragment:
    """What ListenBrainz says about one track, written once however often it is played."""
    known = world.tracks_table.slice(track, 1).to_pylist()[0]
    recording = known["recording_mbid"]
    extra: dict[str, Any] = {
        "duration_ms": known["duration_ms"],
        "recording_msid": mbid("msid", track, world.settings.seed),
        "submission_client": "generated",
    }
    mapping = None
    if recording:
        extra["recording_mbid"] = recording
        artist = {"artist_credit_name": known["artist"], "join_phrase": "", "artist_mbid": known["artist_id"]}
        mapping = {
            "recording_name": known["title"],
            "recording_mbid": recording,
            "artist_mbids": [known["artist_id"]],
            "artists": [artist],
        }
    return orjson.Fragment(
        orjson.dumps(
            {
                "artist_name": known["artist"],
                "track_name": known["title"],
                "release_name": known["album"],
                "recording_msid": extra["recording_msid"],
                "additional_info": extra,
                "mbid_mapping": mapping,
            }
        )
    )


def _feedback_lines(world: World, listener: int) -> Iterator[bytes]:
    said, first = world.opinions, int(world.settings.start.timestamp())
    mbids = music.recording_mbids(world.music, world.settings.seed)
    for row in np.flatnonzero(said.listener == listener).tolist():
        track = int(said.track[row])
        line = {
            "recording_msid": mbid("msid", track, world.settings.seed),
            "recording_mbid": mbids[track],
            "score": int(said.value[row]),
            "created": first + int(said.at_ms[row]) // 1000,
        }
        yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _spotify_plays(world: World, rows: Rows) -> Iterator[dict[str, Any]]:
    """Plays under their end time, which is what `ts` is."""
    tracks, listens = _columns(world), world.listens
    for row, start in zip(rows.tolist(), _starts(world, rows), strict=True):
        track, ms_played, skipped = (
            int(listens.track[row]),
            int(listens.ms_played[row]),
            bool(listens.skipped[row]),
        )
        end = datetime.fromtimestamp(start.timestamp() + ms_played / 1000, UTC)
        yield {
            "ts": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "platform": "generated",
            "ms_played": ms_played,
            "conn_country": "ZZ",
            "ip_addr": "192.0.2.1",
            "master_metadata_track_name": tracks["title"][track],
            "master_metadata_album_artist_name": tracks["artist"][track],
            "master_metadata_album_album_name": tracks["album"][track],
            "spotify_track_uri": f"spotify:track:generated{track:013d}",
            "episode_name": None,
            "episode_show_name": None,
            "spotify_episode_uri": None,
            "reason_start": "clickrow",
            "reason_end": "fwdbtn" if skipped else "trackdone",
            "shuffle": False,
            "skipped": skipped,
            "offline": False,
            "offline_timestamp": None,
            "incognito_mode": False,
        }
