"""Names as sources write them -> clean text, and an id for a track that a source knows only by its names.

The id is the same in every source that writes the same names; that different spellings are one recording
is decided later, by `dataset`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from decimal import Decimal
from typing import Any, Final

from unheard.ingest.contract import RowFault, Rows, rows_of

NAME_LIMIT: Final = 1_000
"""Characters of a title, an artist, an album or a listener; longer ones are no names."""

KNOWN_LIMIT: Final = 200_000
"""Tracks whose ids are remembered (about 150 MB); past it the memory starts afresh."""

INT32_MAX: Final = 2**31 - 1

_BLANKS: Final = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_MBID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}\Z")

TrackKey = tuple[str | None, str | None, str | None, str | None, str | None]
"""artist, title, album, recording MBID, ISRC, as the source writes them."""


def clean(text: str | None, what: str = "name") -> str:
    """Text in NFC without control characters, lone surrogates and outer blanks; `RowFault` when too long."""
    if not text:
        return ""
    if not isinstance(text, str):
        raise RowFault(f"{what} is not text")
    if len(text) > NAME_LIMIT:
        text = text.strip()
        if len(text) > NAME_LIMIT:
            raise RowFault(f"{what} longer than {NAME_LIMIT:,} characters")
    if not (text.isascii() and text.isprintable()):
        text = _SURROGATES.sub("\ufffd", _CONTROLS.sub("", _BLANKS.sub(" ", text)))
        text = unicodedata.normalize("NFC", text)
    return text.strip()


def musicbrainz_id(value: object) -> str | None:
    """A MusicBrainz id, bare or at the end of its address; None for anything else."""
    if not isinstance(value, str) or len(value) > NAME_LIMIT:
        return None
    tail = value.strip().rstrip("/").lower()[-36:]
    return tail if _MBID.match(tail) else None


def isrc_code(value: object) -> str | None:
    """An ISRC in its compact form (USABC1234567); None for anything else."""
    if not isinstance(value, str) or len(value) > NAME_LIMIT:
        return None
    code = value.replace("-", "").strip().upper()
    return code if _ISRC.match(code) else None


def milliseconds(value: object) -> int | None:
    """A length in ms that fits the column (0 to 24 days); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return int(value) if 0 <= value <= INT32_MAX else None


def source_id(artist: str, title: str, album: str, recording_mbid: str | None, isrc: str | None) -> str:
    """`name:` and 80 bits of what a source says of a track."""
    said = "\0".join((recording_mbid or "", isrc or "", artist, title, album))
    return "name:" + hashlib.blake2b(said.encode(), digest_size=10).hexdigest()


class Tracks:
    """Ids of the tracks met by name, and their rows for `tracks`, each given once while it is remembered."""

    def __init__(self) -> None:
        self.known: dict[TrackKey, str] = {}
        self._given: set[str] = set()  # two spellings may clean to one track
        self._columns: dict[str, list[Any]] = {name: [] for name in _TRACK_COLUMNS}

    def meet(self, key: TrackKey, **also: object) -> str:
        """Id of a track. `also`: artist_id, duration_ms, audio_path. `RowFault` for what is no track."""
        artist, title, album = clean(key[0], "artist"), clean(key[1], "title"), clean(key[2], "album")
        mbid, isrc = musicbrainz_id(key[3]), isrc_code(key[4])
        if not (artist or title or mbid or isrc):
            raise RowFault("no artist and no title")
        track_id = source_id(artist, title, album, mbid, isrc)
        if len(self.known) >= KNOWN_LIMIT:
            self.known.clear()
            self._given.clear()
        self.known[key] = track_id
        if track_id in self._given:
            return track_id
        self._given.add(track_id)
        row = (track_id, title or None, artist or None, album or None, mbid, isrc)
        for name, value in zip(_TRACK_COLUMNS, (*row, *(also.get(name) for name in _ALSO)), strict=True):
            self._columns[name].append(value)
        return track_id

    def __len__(self) -> int:
        return len(self._columns["track_id"])

    def drain(self) -> Rows:
        """Give the gathered rows of `tracks` and forget them."""
        columns, self._columns = self._columns, {name: [] for name in _TRACK_COLUMNS}
        return rows_of("tracks", len(columns["track_id"]), columns)


_ALSO: Final = ("artist_id", "duration_ms", "audio_path")
_TRACK_COLUMNS: Final = ("track_id", "title", "artist", "album", "recording_mbid", "isrc", *_ALSO)
