"""Any table of plays, counts, feedback or tracks, as CSV or Parquet, by the names of its columns.

Whole columns are worked on at once, so that tens of millions of rows take seconds and little memory.
"""

from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unheard.errors import SourceError
from unheard.ingest import columns as read
from unheard.ingest.contract import Reader, ReadOptions, Rows, Sample, Tally, rows_of
from unheard.ingest.gather import overruled, unnamed
from unheard.ingest.names import NAME_LIMIT, TrackKey, Tracks, clean, isrc_code, musicbrainz_id
from unheard.ingest.sheets import header_of, open_sheet
from unheard.ingest.times import BEFORE, FUTURE, NO_TIME
from unheard.ingest.timestamps import date, time_us
from unheard.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

SOURCE: Final = "table"

KNOWN: Final = (
    "user_id",
    "track_id",
    "artist",
    "title",
    "album",
    "plays",
    "listened_at",
    "ms_played",
    "skipped",
    "value",
    "at",
    "duration_ms",
    "isrc",
    "recording_mbid",
    "artist_id",
    "released",
    "audio_path",
    "added_at",
    "source",
)
ALIASES: Final[Mapping[str, str]] = {
    "timestamp": "listened_at",
    "ts": "listened_at",
    "artist_name": "artist",
    "track_name": "title",
    "release_name": "album",
    "play_count": "plays",
    "artist_mbid": "artist_id",
}
_NAMES: Final = ("artist", "title", "album", "recording_mbid", "isrc")
_FACTS: Final[Mapping[str, Callable[[pa.Array, str], pa.Array]]] = {
    "ms_played": read.milliseconds,
    "duration_ms": read.milliseconds,
    "skipped": read.truth,
    "listened_at": time_us,
    "at": time_us,
    "added_at": time_us,
    "released": date,
    "plays": read.number,
    "value": read.number,
}
_WORDS: Final = ("user_id", "track_id", *_NAMES, "artist_id", "audio_path", "source")
_REMEMBERED: Final = 2_000_000  # track ids whose names were given; past it they are given again


def recognises(sample: Sample) -> bool:
    """Parquet by its magic; CSV by a header of which more than half is known (an album may be named Album)."""
    if sample.head.startswith(b"PAR1"):
        return True
    if sample.members:
        return False
    header = [name.strip().lower() for name in header_of(sample.head)]
    n_known = sum(name in KNOWN or name in ALIASES for name in header)
    return 2 * n_known > len(header) and "uts" not in header


def rows(path: Path, options: ReadOptions, tally: Tally) -> Iterator[Rows]:
    """`listens` where there are times, `play_counts` where there are plays, `feedback`, or `tracks` alone."""
    with open_sheet(path, tally) as sheet:
        layout = _layout(path, sheet.names, options)
        take = _Take(path, layout, options, tally)
        for lines, batch in sheet.batches([*layout.columns.values()]):
            yield from take.batch(lines, batch)


@dataclass(frozen=True)
class _Layout:
    table: str
    columns: Mapping[str, str]  # ours -> the file's


def _layout(path: Path, names: tuple[str, ...], options: ReadOptions) -> _Layout:
    columns = _columns(path, names, options)
    has = columns.keys()
    if {"plays", "listened_at"} <= has:
        raise SourceError(f"{path}: has both plays and times; leave one out with --column NAME=")
    if not ("track_id" in has or "title" in has or "recording_mbid" in has or "isrc" in has):
        raise SourceError(f"{path}: names no tracks; it needs track_id, or artist and title. {_present(names)}")
    for column, table in (("plays", "play_counts"), ("listened_at", "listens"), ("value", "feedback")):
        if column in has:
            return _Layout(table, columns)
    if "user_id" in has:
        raise SourceError(f"{path}: has listeners but neither plays nor listened_at. {_present(names)}")
    return _Layout("tracks", columns)


def _columns(path: Path, names: tuple[str, ...], options: ReadOptions) -> dict[str, str]:
    for name in options.columns:
        if name not in names:
            raise SourceError(f"{path}: has no column {name!r} to rename. {_present(names)}")
    found: dict[str, str] = {}
    unknown = []
    for name in names:
        plain = name.strip().lower()
        ours = options.columns.get(name, ALIASES.get(plain, plain))
        if not ours:
            continue
        if ours not in KNOWN:
            unknown.append(name)
        elif ours in found:
            raise SourceError(f"{path}: columns {found[ours]!r} and {name!r} both mean {ours}; leave one out")
        else:
            found[ours] = name
    if unknown:
        raise SourceError(f"{path}: {_unknown(unknown)}")
    return found


def _unknown(unknown: list[str]) -> str:
    named = ", ".join(repr(name[:80]) for name in unknown[:20])
    said = f"unknown column{'s' * (len(unknown) > 1)} {named}"
    for name in unknown:
        close = difflib.get_close_matches(name.strip().lower(), (*KNOWN, *ALIASES), n=1)
        if close:
            said += f" (did you mean {close[0]!r} by {name!r}?)"
            break
    return (
        f"{said}. Known are {', '.join(KNOWN)}; --column THEIRS=OURS reads a column under another name, "
        "--column THEIRS= leaves it out"
    )


def _present(names: tuple[str, ...]) -> str:
    return f"It has the columns {', '.join(names[:40]) or '(none)'}; --column THEIRS=OURS renames one"


class _Take:
    """One file's batches -> rows; remembers which tracks were given."""

    def __init__(self, path: Path, layout: _Layout, options: ReadOptions, tally: Tally) -> None:
        self._place, self._layout, self._tally = path.name, layout, tally
        self._latest_us = options.latest_us
        self._user = clean(options.user, "user") or None
        self._named: set[str | None] = set()  # listeners that --user overrules
        self._tracks = Tracks()
        self._given = pa.array([], pa.string())
        if layout.table != "tracks" and self._user is None and "user_id" not in layout.columns:
            self._user = unnamed(tally)

    def batch(self, lines: npt.NDArray[np.int64], batch: pa.RecordBatch) -> Iterator[Rows]:
        """Rows of one batch; `lines` are their numbers in the file."""
        self._tally.read += batch.num_rows
        raw = {ours: batch.column(theirs) for ours, theirs in self._layout.columns.items()}
        cells: dict[str, pa.Array] = {name: read.text(raw[name], name) for name in _WORDS if name in raw}
        sieve = _Sieve(self._tally, self._place, lines)
        for name, tidy in (("recording_mbid", musicbrainz_id), ("isrc", isrc_code)):
            if name in cells:
                cells[name] = read.tidied(cells[name], tidy)
        for name in cells:
            sieve.drop(read.too_long(raw[name], name), f"{name} longer than {NAME_LIMIT:,} characters")
        if self._user is not None:
            if "user_id" in cells and len(self._named) < 2:
                self._named.update(pc.unique(cells["user_id"].drop_null())[:2].to_pylist())
                overruled(self._tally, self._user, self._named)
            cells["user_id"] = pa.repeat(pa.scalar(self._user), batch.num_rows)
        elif self._layout.table != "tracks":
            sieve.drop(cells["user_id"].is_null(), "no listener")
        cells.update({name: _FACTS[name](raw[name], name) for name in _FACTS if name in raw})
        self._check(cells, sieve)
        sieve.drop(_nameless(cells, batch.num_rows), "no track")
        cells = {name: column.filter(sieve.kept) for name, column in cells.items()}
        if "track_id" not in cells:
            cells["track_id"] = self._track_ids(cells)
        yield from self._give(cells)

    def _check(self, cells: Mapping[str, pa.Array], sieve: _Sieve) -> None:
        if "listened_at" in cells:
            sieve.drop(cells["listened_at"].is_null(), f"{NO_TIME}, or it cannot be read")
        for name in ("listened_at", "at"):
            if name in cells:
                sieve.drop(pc.less_equal(cells[name], 0), BEFORE)
                sieve.drop(pc.greater(cells[name], self._latest_us), FUTURE)
        if self._layout.table == "play_counts":
            plays = cells["plays"]
            sieve.drop(plays.is_null(), "plays cannot be read as a number")
            sieve.drop(pc.invert(pc.is_finite(plays)), "plays that are not finite")
            sieve.drop(pc.less_equal(plays, 0), "plays that are zero or negative")
        if self._layout.table == "feedback":
            fit = pc.is_in(cells["value"], value_set=pa.array([-1.0, 0.0, 1.0]))
            sieve.drop(pc.invert(fit), "feedback that is neither 1, 0 nor -1")

    def _track_ids(self, cells: Mapping[str, pa.Array]) -> pa.Array:
        n_rows = len(next(iter(cells.values())))
        keys = [cells.get(name, pa.nulls(n_rows, pa.string())) for name in _NAMES]
        group, first = _groups(keys)
        also = [cells[name].take(first).to_pylist() if name in cells else None for name in _ALSO]
        ids = [
            self._met(key, {name: column[row] for name, column in zip(_ALSO, also, strict=True) if column})
            for row, key in enumerate(zip(*(key.take(first).to_pylist() for key in keys), strict=True))
        ]
        return pc.take(pa.array(ids, pa.string()), group)

    def _met(self, key: TrackKey, also: Mapping[str, object]) -> str:
        return self._tracks.known.get(key) or self._tracks.meet(key, **also)

    def _give(self, cells: Mapping[str, pa.Array]) -> Iterator[Rows]:
        if len(self._tracks):
            yield self._tracks.drain()
        elif "track_id" in self._layout.columns:
            yield self._catalogue(cells)
        if self._layout.table == "tracks":
            return
        wanted = {name: cells[name] for name in TABLES[self._layout.table].names if name in cells}
        if "source" in TABLES[self._layout.table].names:
            wanted["source"] = pc.fill_null(cells["source"], SOURCE) if "source" in cells else SOURCE
        yield rows_of(self._layout.table, len(cells["track_id"]), wanted)

    def _catalogue(self, cells: Mapping[str, pa.Array]) -> Rows:
        """What is said of tracks that have ids of their own, where it is more than the id."""
        said = {name: cells[name] for name in TABLES["tracks"].names if name in cells}
        if len(said) == 1:
            return rows_of("tracks", 0, {name: pa.array([], pa.string()) for name in said})
        fresh = pc.invert(pc.is_in(said["track_id"], value_set=self._given))
        said = {name: column.filter(fresh) for name, column in said.items()}
        _, first = _groups([said["track_id"]])
        said = {name: column.take(first) for name, column in said.items()}
        if len(self._given) > _REMEMBERED:
            self._given = pa.array([], pa.string())
        self._given = pa.concat_arrays([self._given, said["track_id"]])
        return rows_of("tracks", len(first), said)


_ALSO: Final = ("artist_id", "duration_ms", "audio_path")


class _Sieve:
    """Which rows of a batch are kept; a row is counted under the first reason to drop it."""

    def __init__(self, tally: Tally, place: str, lines: npt.NDArray[np.int64]) -> None:
        self._tally, self._place, self._lines = tally, place, lines
        self._keep = np.ones(len(lines), dtype=bool)

    def drop(self, at_fault: pa.Array, reason: str) -> None:
        """Drop the rows where `at_fault` is true (null is not)."""
        mask = pc.fill_null(at_fault, fill_value=False).to_numpy(zero_copy_only=False) & self._keep
        if mask.any():
            self._tally.fault(reason, self._place, self._lines[mask])
            self._keep &= ~mask

    @property
    def kept(self) -> pa.Array:
        """bool, one for each row."""
        return pa.array(self._keep)


def _nameless(cells: Mapping[str, pa.Array], n_rows: int) -> pa.Array:
    """bool: rows that say nothing by which a track could be known."""
    names = ("track_id",) if "track_id" in cells else ("artist", "title", "recording_mbid", "isrc")
    absent = [cells[name].is_null() for name in names if name in cells]
    return functools.reduce(pc.and_, absent, pa.repeat(pa.scalar(True), n_rows))  # noqa: FBT003


def _groups(keys: list[pa.Array]) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Number of each row's group of equal keys, in order of first appearance, and each group's first row."""
    codes = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        encoded = key.dictionary_encode(null_encoding="encode")
        codes = codes * max(1, len(encoded.dictionary)) + encoded.indices.to_numpy()
        codes = pa.array(codes).dictionary_encode().indices.to_numpy().astype(np.int64)
    first = np.flatnonzero(np.diff(np.maximum.accumulate(codes), prepend=-1))
    return pa.array(codes), first


READER: Final = Reader(
    name="table",
    about="CSV or Parquet with user_id, track_id or artist and title, and plays or listened_at",
    recognises=recognises,
    rows=rows,
)
