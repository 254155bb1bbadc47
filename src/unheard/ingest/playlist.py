"""Playlists: M3U8, XSPF and JSPF -> rows of `playlists`, and of `tracks` for what stands in them."""

from __future__ import annotations

import hashlib
import math
import os
import re
import urllib.parse
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml.ElementTree import iterparse

from unheard.errors import SourceError
from unheard.ingest import archive
from unheard.ingest.contract import Reader, ReadOptions, RowFault, Rows, Sample, Tally, rows_of
from unheard.ingest.names import Tracks, clean, milliseconds, musicbrainz_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAX_BYTES: Final = 64 << 20
MAX_DEPTH: Final = 32
_ENDINGS: Final = (".m3u", ".m3u8")
_TRACK_EXTENSION: Final = "https://musicbrainz.org/doc/jspf#track"
_NUMBERED: Final = re.compile(r"^\d{1,3}[ ._-]+(?=\S)")


@dataclass
class _Entry:
    """One track as the playlist names it; `line` counts from 1."""

    line: int
    artist: Any = None
    title: Any = None
    album: Any = None
    recording_mbid: str | None = None
    also: dict[str, object] = field(default_factory=dict)


@dataclass
class _List:
    """A whole playlist as read."""

    title: Any = None
    owner: Any = None
    identifier: Any = None
    entries: list[_Entry] = field(default_factory=list)


def recognises(sample: Sample) -> bool:
    """By the first bytes, or by the ending .m3u or .m3u8."""
    return not sample.members and _kind(sample.name, sample.head) is not None


def _kind(name: str, head: bytes) -> Callable[[IO[bytes], Path], _List] | None:
    start = head.lstrip()[:4096]
    if start.startswith(b"<") and b"<playlist" in start and b"xspf" in start:
        return _xspf
    if start.startswith(b"{") and re.search(rb'"playlist"\s*:\s*\{', start):
        return _jspf
    if start.startswith(b"#EXTM3U") or (name.lower().endswith(_ENDINGS) and b"\0" not in head):
        return _m3u
    return None


def rows(path: Path, options: ReadOptions, tally: Tally) -> Iterator[Rows]:
    """The list's lines in their order, positions counting from 1."""
    if path.stat().st_size > MAX_BYTES:
        raise SourceError(f"{path}: is {path.stat().st_size:,} bytes; a playlist has at most {MAX_BYTES:,}")
    with archive.stream(path, tally) as stream:
        kind = _kind(path.name, stream.peek(4096).removeprefix(b"\xef\xbb\xbf"))
        if kind is None:
            raise SourceError(f"{path}: is neither M3U8, XSPF nor JSPF")
        found = kind(stream, path)
    tracks = Tracks()
    track_ids = [track_id for entry in found.entries if (track_id := _met(entry, tracks, path, tally))]
    title = _text(found.title) or path.stem
    owner = clean(options.user, "user") or _text(found.owner)
    identity = _text(found.identifier) or f"{owner or ''}\0{title}"
    columns = {
        "playlist_id": "playlist:" + hashlib.blake2b(identity.encode(), digest_size=10).hexdigest(),
        "title": title,
        "owner": owner or None,
        "position": list(range(1, len(track_ids) + 1)),
        "track_id": track_ids,
    }
    yield tracks.drain()
    yield rows_of("playlists", len(track_ids), columns)


def _met(entry: _Entry, tracks: Tracks, path: Path, tally: Tally) -> str | None:
    tally.read += 1
    try:
        key = (entry.artist, entry.title, entry.album, entry.recording_mbid, None)
        return tracks.known.get(key) or tracks.meet(key, **entry.also)
    except (RowFault, TypeError) as fault:  # TypeError: a list where a name should be
        reason = str(fault) if isinstance(fault, RowFault) else "not a track"
        tally.fault(reason, path.name, entry.line)
        return None


def _text(value: object) -> str:
    try:
        return clean(value if isinstance(value, str) else None)
    except RowFault:
        return ""


def _m3u(stream: IO[bytes], path: Path) -> _List:
    found, told = _List(), _Entry(0)
    for number, line in enumerate(_decoded(stream.read(MAX_BYTES)).splitlines(), 1):
        said = line.strip()
        if said.startswith("#"):
            _m3u_directive(said, found, told)
        elif said:
            told.line = number
            told.also["audio_path"] = _audio_path(said, path)
            if not told.title:
                told.artist, told.title = _from_file_name(said)
            found.entries.append(told)
            told = _Entry(0)
    return found


def _m3u_directive(said: str, found: _List, told: _Entry) -> None:
    name, _, value = said.partition(":")
    value = value.strip()
    match name.upper():
        case "#PLAYLIST":
            found.title = value
        case "#EXTINF":
            length, _, names = value.partition(",")
            artist, _, title = names.rpartition(" - ") if names.count(" - ") == 1 else _first_dash(names)
            told.artist, told.title = told.artist or artist.strip() or None, title.strip()
            told.also["duration_ms"] = _seconds_ms(length)
        case "#EXTART":
            told.artist = value
        case "#EXTALB":
            told.album = value


def _first_dash(names: str) -> tuple[str, str, str]:
    """'Artist - Title - Live': the artist ends at the first dash."""
    artist, dash, title = names.partition(" - ")
    return (artist, dash, title) if dash else ("", "", names)


def _seconds_ms(length: str) -> int | None:
    try:
        seconds = float(length.split(" ", 1)[0])
    except ValueError:
        return None
    return milliseconds(seconds * 1_000) if math.isfinite(seconds) and seconds > 0 else None


def _decoded(raw: bytes) -> str:
    """UTF-8, else Latin-1, which players wrote into .m3u."""
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _audio_path(said: str, playlist: Path) -> str | None:
    """Where a line's file lies; None for what lies on another machine."""
    scheme, colon, rest = said.partition("://")
    if colon and scheme.isalpha():
        if scheme.lower() != "file":
            return None
        said = urllib.parse.unquote("/" + rest.partition("/")[2])
    if "/" not in said:
        said = said.replace("\\", "/")
    joined = os.path.normpath(playlist.absolute().parent / said.replace("\0", ""))
    return joined if len(joined) < 4096 else None


def _from_file_name(said: str) -> tuple[str | None, str]:
    """'03 - Artist - Title.flac' -> its names, where the list says nothing else."""
    name = urllib.parse.unquote(re.split(r"[/\\]", said.rstrip("/\\"))[-1])
    stem = _NUMBERED.sub("", os.path.splitext(name)[0])  # noqa: PTH122 - not a path of this machine
    artist, dash, title = stem.partition(" - ")
    return (artist.strip(), title.strip()) if dash else (None, stem)


def _xspf(stream: IO[bytes], path: Path) -> _List:
    found, depth = _List(), 0
    try:
        for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            if depth > MAX_DEPTH:
                raise SourceError(f"{path}: nests deeper than {MAX_DEPTH} levels; no playlist does")
            name = _local(element)
            if event == "end" and name == "track":
                found.entries.append(_xspf_track(element, len(found.entries) + 1, path))
                element.clear()
            elif event == "end" and depth == 1 and name in ("title", "creator", "identifier"):
                setattr(found, "owner" if name == "creator" else name, element.text)
    except ParseError as fault:
        raise SourceError(f"{path}: is no sound XML ({fault})") from fault
    return found


def _local(element: Element) -> str:
    """A tag without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _xspf_track(element: Element, line: int, path: Path) -> _Entry:
    entry = _Entry(line)
    for child in element:
        said = (child.text or "").strip()
        match _local(child):
            case "title":
                entry.title = said
            case "creator":
                entry.artist = said
            case "album":
                entry.album = said
            case "duration":
                entry.also["duration_ms"] = (
                    milliseconds(int(said)) if said.isdecimal() and len(said) < 12 else None
                )
            case "identifier":
                entry.recording_mbid = entry.recording_mbid or musicbrainz_id(said)
            case "location":
                entry.also["audio_path"] = _audio_path(urllib.parse.unquote(said), path)
    return entry


def _whole_ms(said: str) -> int | None:
    return milliseconds(int(said)) if said.isdecimal() and len(said) < 12 else None


def _jspf(stream: IO[bytes], path: Path) -> _List:
    try:
        said = orjson.loads(stream.read(MAX_BYTES).removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as fault:
        raise SourceError(f"{path}: is no sound JSON ({fault})") from fault
    playlist = said.get("playlist") if isinstance(said, dict) else None
    tracks = playlist.get("track") if isinstance(playlist, dict) else None
    if not isinstance(playlist, dict) or not isinstance(tracks, list):
        raise SourceError(f"{path}: is JSON without playlist.track, a list; JSPF has it")
    entries = [_jspf_track(track, line) for line, track in enumerate(tracks, 1)]
    identifier = _first(playlist.get("identifier"))
    return _List(playlist.get("title"), playlist.get("creator"), identifier, entries)


def _first(value: object) -> object:
    """JSPF writes one value bare or in a list."""
    return (value[0] if value else None) if isinstance(value, list) else value


def _jspf_track(track: object, line: int) -> _Entry:
    if not isinstance(track, dict):
        return _Entry(line)
    extension = _dict(_dict(track.get("extension")).get(_TRACK_EXTENSION))
    identifiers = track.get("identifier")
    found = (musicbrainz_id(one) for one in (identifiers if isinstance(identifiers, list) else [identifiers]))
    also: dict[str, object] = {
        "duration_ms": milliseconds(track.get("duration")),
        "artist_id": musicbrainz_id(_first(extension.get("artist_identifiers"))),
    }
    mbid = next((one for one in found if one), None)
    return _Entry(line, track.get("creator"), track.get("title"), track.get("album"), mbid, also)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


READER: Final = Reader(name="playlist", about="playlists as M3U8, XSPF or JSPF", recognises=recognises, rows=rows)
