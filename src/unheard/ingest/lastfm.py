"""Last.fm's plays as the two common exporters write them, both CSV.

With a header (uts, utc_time, artist, artist_mbid, album, album_mbid, track, track_mbid), exact to the second;
without one (artist, album, track, DD Mon YYYY HH:MM), cut to the minute.
"""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from unheard.errors import SourceError
from unheard.ingest import archive
from unheard.ingest.contract import Reader, ReadOptions, RowFault, Rows, Sample, Tally
from unheard.ingest.gather import Gather, listener
from unheard.ingest.lines import LINE_LIMIT, blocks
from unheard.ingest.names import musicbrainz_id
from unheard.ingest.sheets import delimiter_of, header_of
from unheard.ingest.times import NO_TIME, UNREADABLE, believed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_HEADER: Final = ("uts", "utc_time", "artist", "artist_mbid", "album", "album_mbid", "track", "track_mbid")
_MINUTE_HEADER: Final = ("artist", "album", "track", "minute")
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_ENDS_IN_MINUTE: Final = re.compile(rb",\"?\d{1,2} [A-Z][a-z]{2} \d{4},? \d{1,2}:\d\d\"?\r?$", re.MULTILINE)


def recognises(sample: Sample) -> bool:
    """By the column `uts`, or by lines that end in a minute."""
    if sample.members or b"\0" in sample.head:
        return False
    header = _plain(header_of(sample.head))
    return ("uts" in header and "track" in header) or bool(_ENDS_IN_MINUTE.search(sample.head))


def _plain(cells: Sequence[str]) -> list[str]:
    return [cell.strip().lower() for cell in cells]


def rows(path: Path, options: ReadOptions, tally: Tally) -> Iterator[Rows]:
    """Listens with the tracks they name."""
    with archive.stream(path, tally) as stream:
        first_line = bytes(stream.peek(1 << 16)).split(b"\n", 1)[0]
        header = _plain(header_of(first_line))
        take = _Take(path, header if "uts" in header else None, options, tally)
        take.delimiter = delimiter_of(first_line) if take.has_header else ","
        for first, lines in blocks(stream):
            for number, line in enumerate(lines, first):
                if number > 1 or not take.has_header:
                    take.line(number, line)
            if take.gather.is_full:
                yield from take.gather.drain()
        yield from take.gather.drain()


class _Take:
    """One file's lines -> listens. A line is a row: one with an open quote costs itself alone."""

    delimiter = ","

    def __init__(self, path: Path, header: list[str] | None, options: ReadOptions, tally: Tally) -> None:
        self.has_header = header is not None
        self._place, self._tally, self._latest_us = path.name, tally, options.latest_us
        self._names = _checked(path, header) if header is not None else list(_MINUTE_HEADER)
        self._user_id = listener(options, tally)
        self._days: dict[str, int] = {}
        self.gather = Gather()

    def line(self, number: int, line: bytes | None) -> None:
        if line is not None and not line.strip():
            return
        self._tally.read += 1
        try:
            self._take(_cells(line, self.delimiter))
        except RowFault as fault:
            self._tally.fault(str(fault), self._place, number)

    def _take(self, cells: list[str]) -> None:
        if len(cells) != len(self._names):
            raise RowFault(f"{len(cells)} columns instead of {len(self._names)}")
        row = dict(zip(self._names, cells, strict=True))
        at_us = believed(self._at_us(row), self._latest_us)
        key = (row["artist"], row["track"], row.get("album"), row.get("track_mbid"), None)
        tracks = self.gather.tracks
        track_id = tracks.known.get(key) or tracks.meet(key, artist_id=musicbrainz_id(row.get("artist_mbid")))
        source = "lastfm" if self.has_header else "lastfm_minute"
        self.gather.add(self._user_id, track_id, at_us, source=source)

    def _at_us(self, row: dict[str, str]) -> int:
        said = (row["uts"] if self.has_header else row["minute"]).strip()
        if not said:  # playing while the export was made
            raise RowFault(NO_TIME)
        try:
            return (int(said) if self.has_header else self._minute_s(said)) * 1_000_000
        except (ValueError, KeyError):
            raise RowFault(UNREADABLE) from None

    def _minute_s(self, said: str) -> int:
        """'04 May 2009 23:08' or with a comma after the year -> seconds since 1970."""
        date, _, clock = said.replace(",", "").rpartition(" ")
        hour, _, minute = clock.partition(":")
        day_s = self._days.get(date)
        if day_s is None:
            day, month, year = date.split(" ")
            at = datetime(int(year), _MONTHS[month], int(day), tzinfo=UTC)
            day_s = self._days[date] = int(at.timestamp())
        if not (0 <= int(hour) < 24 and 0 <= int(minute) < 60):
            raise ValueError(clock)
        return day_s + int(hour) * 3600 + int(minute) * 60


def _cells(line: bytes | None, delimiter: str) -> list[str]:
    if line is None:
        raise RowFault(f"line longer than {LINE_LIMIT:,} bytes")
    text = line.decode("utf-8", "replace").removesuffix("\r")
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader((text,), delimiter=delimiter))
    except csv.Error as fault:
        raise RowFault(f"not CSV: {fault}") from None


def _checked(path: Path, header: list[str]) -> list[str]:
    unknown = [name for name in header if name not in _HEADER]
    missing = [name for name in ("uts", "artist", "track") if name not in header]
    if unknown or missing or len(set(header)) != len(header):
        raise SourceError(
            f"{path}: has the columns {', '.join(header)}; a Last.fm export has {', '.join(_HEADER)}, "
            "of which uts, artist and track must be there; --as table reads other columns"
        )
    return header


READER: Final = Reader(
    name="lastfm",
    about="Last.fm plays as CSV, with the header uts,... or without one (artist,album,track,minute)",
    recognises=recognises,
    rows=rows,
)
