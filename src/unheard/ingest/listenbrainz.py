"""ListenBrainz: the export's zip, its JSON lines, and the public dumps (`.listens`, in a tar or bare)."""

from __future__ import annotations

import json
import re
from typing import IO, TYPE_CHECKING, Any, Final

import orjson

from unheard.ingest import archive
from unheard.ingest.contract import (
    DEFAULT_LISTENER,
    Reader,
    ReadOptions,
    RowFault,
    Rows,
    Sample,
    Tally,
    rows_of,
)
from unheard.ingest.gather import Gather, overruled, unnamed
from unheard.ingest.lines import LINE_LIMIT, blocks
from unheard.ingest.names import clean, milliseconds, musicbrainz_id
from unheard.ingest.times import from_epoch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

SOURCE: Final = "listenbrainz"

_LISTENS: Final = re.compile(r"(^|/)listens/\d{4}/\d{1,2}\.(jsonl|listens)$")
_FEEDBACK: Final = re.compile(r"(^|/)feedback\.jsonl$")
_USER: Final = re.compile(r"(^|/)user\.json$")
_NOTHING: Final[Mapping[str, Any]] = {}
_SHAPE: Final = (KeyError, TypeError, AttributeError)
"""What a line of JSON of another shape than expected raises on being looked into."""


def recognises(sample: Sample) -> bool:
    """By the names in an archive, or by the keys of the first lines."""
    if sample.members:
        return any(_LISTENS.search(name) for name in sample.members)
    head = sample.head.lstrip()
    return head.startswith(b"{") and (
        b'"track_metadata"' in head or (b'"recording_msid"' in head and b'"score"' in head)
    )


def rows(path: Path, options: ReadOptions, tally: Tally) -> Iterator[Rows]:
    """Listens with the tracks they name, then the feedback; the listener is `--user`, else the file's."""
    if archive.is_zip(path):
        yield from _zip_rows(path, options, tally)
        return
    take = _Take(options, tally, options.user or _user_beside(path))
    with archive.stream(path, tally) as stream:
        if stream.peek(512)[257:262] == b"ustar":
            for name, member in archive.tar_members(stream):
                if _LISTENS.search(name):
                    yield from take.listens(name, member)
        else:
            yield from take.listens(path.name, stream)
    yield from take.rest()


def _zip_rows(path: Path, options: ReadOptions, tally: Tally) -> Iterator[Rows]:
    with archive.open_zip(path, tally) as zipped:
        user = options.user
        for name in filter(_USER.search, zipped.names):
            with zipped.member(name) as member:
                user = user or _user_in(member)
        take = _Take(options, tally, user)
        for name in filter(_FEEDBACK.search, zipped.names):  # first, to know which recordings to look out for
            with zipped.member(name) as member:
                yield from take.listens(name, member)
        for name in filter(_LISTENS.search, zipped.names):
            with zipped.member(name) as member:
                yield from take.listens(name, member)
        yield from take.rest()


def _user_in(stream: IO[bytes]) -> str | None:
    try:
        said = orjson.loads(stream.read(LINE_LIMIT))
        name = said.get("username") or said.get("user_name") or said.get("name")
        return clean(name, "user") or None
    except (orjson.JSONDecodeError, AttributeError, RowFault):
        return None


def _user_beside(path: Path) -> str | None:
    """The listener of an export that was unpacked: user.json lies beside `listens/` and `feedback.jsonl`."""
    place = path.absolute()
    folder = place.parents[2] if _LISTENS.search(place.as_posix()) else place.parent
    beside = folder / "user.json"
    if place.suffix != ".jsonl" or not beside.is_file():
        return None
    with beside.open("rb") as stream:
        return _user_in(stream)


class _Take:
    """Columns of listens until a batch is full, and what is remembered between lines."""

    def __init__(self, options: ReadOptions, tally: Tally, user: str | None) -> None:
        self._tally, self._latest_us = tally, options.latest_us
        self._user = clean(user, "user") or None
        self._users: dict[object, str] = {}
        self._overruled: set[str] = set()
        self._gathered = Gather()
        self._tracks = self._gathered.tracks
        self._named: dict[str, str | None] = {}  # msid of a recording with feedback -> track, once it was met
        self._feedback: list[tuple[str, int, Mapping[str, Any]]] = []

    def listens(self, place: str, stream: IO[bytes]) -> Iterator[Rows]:
        """All lines of one file; a batch whenever one is full."""
        for first, lines in blocks(stream):
            self._take_lines(place, first, lines)
            if self._gathered.is_full:
                yield from self._gathered.drain()

    def _take_lines(self, place: str, first: int, lines: Iterable[bytes | None]) -> None:
        for number, line in enumerate(lines, first):
            if line is not None and len(line) < 3 and not line.strip():
                continue
            self._tally.read += 1
            try:
                self._take(_parsed(line), place, number)
            except RowFault as fault:
                self._tally.fault(str(fault), place, number)
            except _SHAPE:
                self._tally.fault("not a listen", place, number)

    def _take(self, line: Mapping[str, Any], place: str, number: int) -> None:
        meta: Any = line.get("track_metadata")
        if meta is None and "score" in line:
            self._keep_feedback(line, place, number)
            return
        at = line.get("listened_at")
        at_us = from_epoch(line.get("timestamp") if at is None else at, self._latest_us)
        user_id = self._listener(line)
        track_id, info = self._track(meta)
        if self._named:
            msid = line.get("recording_msid") or meta.get("recording_msid")
            if msid in self._named:
                self._named[msid] = track_id
        played_s = info.get("duration_played")
        ms_played = None if played_s is None else _ms_from_s(played_s)
        self._gathered.add(user_id, track_id, at_us, source=SOURCE, ms_played=ms_played)

    def _track(self, meta: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        info = meta.get("additional_info") or _NOTHING
        mapping = meta.get("mbid_mapping") or _NOTHING
        key = (
            meta.get("artist_name"),
            meta.get("track_name"),
            meta.get("release_name"),
            info.get("recording_mbid") or mapping.get("recording_mbid"),
            info.get("isrc"),
        )
        found = self._tracks.known.get(key)
        if found is None:
            found = self._tracks.meet(key, artist_id=_artist_id(info, mapping), duration_ms=_duration_ms(info))
        return found, info

    def _listener(self, line: Mapping[str, Any]) -> str:
        said = line.get("user_name") or line.get("user_id")
        if self._user is not None:
            if said and len(self._overruled) < 2:
                self._overruled.add(str(said))
                overruled(self._tally, self._user, self._overruled)
            return self._user
        if said is None or said == "":
            return unnamed(self._tally)
        found = self._users.get(said)
        if found is None:
            found = self._users[said] = clean(str(said), "user") or DEFAULT_LISTENER
        return found

    def _keep_feedback(self, line: Mapping[str, Any], place: str, number: int) -> None:
        msid = line.get("recording_msid")
        if isinstance(msid, str):
            self._named.setdefault(msid, None)
        self._feedback.append((place, number, line))

    def rest(self) -> Iterator[Rows]:
        """What is left when all files were read: a last batch, and the feedback."""
        yield from self._gathered.drain()
        columns: dict[str, list[Any]] = {"user_id": [], "track_id": [], "at": [], "value": []}
        for place, number, line in self._feedback:
            try:
                row = self._feedback_row(line)
            except RowFault as fault:
                self._tally.fault(str(fault), place, number)
                continue
            for column, value in zip(columns.values(), row, strict=True):
                column.append(value)
        yield self._tracks.drain()
        yield rows_of("feedback", len(columns["at"]), columns)

    def _feedback_row(self, line: Mapping[str, Any]) -> tuple[str, str, int | None, float]:
        score, created = line["score"], line.get("created")
        if score not in (1, 0, -1):
            raise RowFault("feedback that is neither 1, 0 nor -1")
        at_us = None if created is None else from_epoch(created, self._latest_us)
        track_id = self._named.get(str(line.get("recording_msid")))
        mbid = musicbrainz_id(line.get("recording_mbid"))
        if track_id is None and mbid is None:
            raise RowFault("feedback on a recording that the file does not name")
        track_id = track_id or self._tracks.meet((None, None, None, mbid, None))
        return self._listener(line), track_id, at_us, float(score)


def _parsed(line: bytes | None) -> Any:
    if line is None:
        raise RowFault(f"line longer than {LINE_LIMIT:,} bytes")
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return _parsed_leniently(line)


def _parsed_leniently(line: bytes) -> Any:
    """Lone surrogates and bytes that are not UTF-8 cost a character, not the line."""
    try:
        return json.loads(line.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        raise RowFault("not JSON") from None


def _artist_id(info: Mapping[str, Any], mapping: Mapping[str, Any]) -> str | None:
    said = info.get("artist_mbids") or mapping.get("artist_mbids")
    return musicbrainz_id(said[0]) if isinstance(said, list) and said else None


def _duration_ms(info: Mapping[str, Any]) -> int | None:
    found = milliseconds(info.get("duration_ms"))
    return found or _ms_from_s(info.get("duration")) or None


def _ms_from_s(seconds: object) -> int | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return milliseconds(seconds * 1_000)


READER: Final = Reader(
    name="listenbrainz",
    about="ListenBrainz export (zip or JSON lines) or dump (.listens, tar)",
    recognises=recognises,
    rows=rows,
)
