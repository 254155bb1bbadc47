"""Spotify: the extended streaming history and the account's short one, in their zip or as bare JSON.

`ts` and `endTime` say when a play ended. Addresses, devices and user names are never looked at.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, Final

from unheard.ingest import archive
from unheard.ingest.contract import Reader, ReadOptions, RowFault, Rows, Sample, Tally
from unheard.ingest.entries import entries
from unheard.ingest.gather import Gather, listener
from unheard.ingest.names import milliseconds
from unheard.ingest.times import from_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHORT_MS: Final = 30_000
"""A play that was skipped before this is no listen but speaks against the track."""

_FILES: Final = re.compile(r"(^|/)(Streaming_History_Audio_|endsong|StreamingHistory)[^/]*\.json$")
_VIDEO: Final = re.compile(r"(^|/)Streaming_History_Video_[^/]*\.json$")

# everything that is read; all else (platform, ip_addr, username, conn_country...) stays in the file
_EXTENDED: Final = frozenset({
    "ts",
    "ms_played",
    "master_metadata_track_name",
    "master_metadata_album_artist_name",
    "master_metadata_album_album_name",
    "episode_name",
    "spotify_episode_uri",
    "audiobook_title",
    "audiobook_uri",
    "reason_end",
    "skipped",
    "incognito_mode",
})  # fmt: skip
_SHORT: Final = frozenset(
    {"endTime", "artistName", "trackName", "msPlayed", "podcastName", "episodeName", "audiobookName"}
)


def recognises(sample: Sample) -> bool:
    """By the exports' file names, or by the keys of the first entries."""
    if sample.members:
        return any(_FILES.search(name) for name in sample.members)
    head = sample.head.lstrip()
    if not head.startswith(b"["):
        return False
    return (
        bool(_FILES.search(sample.name))
        or (b'"ms_played"' in head and b'"ts"' in head)
        or (b'"msPlayed"' in head and b'"endTime"' in head)
    )


def rows(path: Path, options: ReadOptions, tally: Tally) -> Iterator[Rows]:
    """Listens with the tracks they name."""
    take = _Take(options, tally)
    if not archive.is_zip(path):
        with archive.stream(path, tally) as stream:
            yield from take.file(path.name, stream)
    else:
        with archive.open_zip(path, tally) as zipped:
            if any(_VIDEO.search(name) for name in zipped.names):
                tally.note("the history of videos was passed over")
            for name in filter(_FILES.search, zipped.names):
                with zipped.member(name) as member:
                    yield from take.file(name, member)
    yield from take.gather.drain()


class _Take:
    """One export's entries -> listens."""

    def __init__(self, options: ReadOptions, tally: Tally) -> None:
        self._tally, self._latest_us = tally, options.latest_us
        self._user_id = listener(options, tally)
        self.gather = Gather()

    def file(self, place: str, stream: IO[bytes]) -> Iterator[Rows]:
        for number, entry in entries(stream, place, _EXTENDED | _SHORT):
            self._tally.read += 1
            try:
                self._take(entry)
            except RowFault as fault:
                self._tally.fault(str(fault), place, number)
            if self.gather.is_full:
                yield from self.gather.drain()

    def _take(self, entry: dict[str, Any] | None) -> None:
        if entry is None:
            raise RowFault("not a play")
        left_out = _left_out(entry)
        if left_out:
            self._tally.skip(left_out)
        elif "endTime" in entry:
            self._take_short(entry)
        else:
            self._take_extended(entry)

    def _take_extended(self, entry: dict[str, Any]) -> None:
        ms_played = _played(entry.get("ms_played"))
        at_us = from_text(entry.get("ts"), earlier_ms=ms_played or 0, latest_us=self._latest_us)
        track_id = self._track(
            entry.get("master_metadata_album_artist_name"),
            entry.get("master_metadata_track_name"),
            entry.get("master_metadata_album_album_name"),
        )
        skipped = _was_skipped(entry) and ms_played is not None and ms_played < SHORT_MS
        self.gather.add(self._user_id, track_id, at_us, source="spotify", ms_played=ms_played, skipped=skipped)

    def _take_short(self, entry: dict[str, Any]) -> None:
        ms_played = _played(entry.get("msPlayed"))
        at_us = from_text(entry["endTime"], earlier_ms=ms_played or 0, latest_us=self._latest_us)
        track_id = self._track(entry.get("artistName"), entry.get("trackName"), None)
        self.gather.add(self._user_id, track_id, at_us, source="spotify_minute", ms_played=ms_played)

    def _track(self, artist: str | None, title: str | None, album: str | None) -> str:
        key = (artist, title, album, None, None)
        return self.gather.tracks.known.get(key) or self.gather.tracks.meet(key)


def _left_out(entry: dict[str, Any]) -> str | None:
    """Why an entry that is sound is still not taken."""
    if entry.get("incognito_mode"):
        return "private session"
    if entry.get("master_metadata_track_name") or entry.get("trackName"):
        return None
    if any(entry.get(name) for name in ("episode_name", "spotify_episode_uri", "podcastName", "episodeName")):
        return "podcast"
    if any(entry.get(name) for name in ("audiobook_title", "audiobook_uri", "audiobookName")):
        return "audiobook"
    return None


def _played(value: object) -> int | None:
    ms_played = milliseconds(value)
    if ms_played is None and value is not None:
        raise RowFault("a length played that is negative or no number")
    return ms_played


def _was_skipped(entry: dict[str, Any]) -> bool:
    """Older entries leave `skipped` open and tell it by the button that ended the play."""
    said = entry.get("skipped")
    return bool(said) if said is not None else entry.get("reason_end") == "fwdbtn"


READER: Final = Reader(
    name="spotify",
    about="Spotify's extended or short streaming history (zip or JSON)",
    recognises=recognises,
    rows=rows,
)
