"""The nouns: table columns, and the frozen objects that go from room to room.

Column names and their types are written here and nowhere else. Matrices are always listener x track.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unheard.errors import InputError, UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt
    from scipy import sparse

SCHEMA_VERSION: Final = 1
"""Version of everything below and of the folders on disk; a workspace of a newer one is refused."""


def _columns(*fields: tuple[str, pa.DataType, bool]) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=nullable) for name, kind, nullable in fields])


TIME: Final = pa.timestamp("us", tz="UTC")

TABLES: Final[Mapping[str, pa.Schema]] = {
    # one play; listened_at is its start
    "listens": _columns(
        ("user_id", pa.string(), False),
        ("track_id", pa.string(), False),
        ("listened_at", TIME, False),
        ("ms_played", pa.int32(), True),
        ("skipped", pa.bool_(), True),
        ("source", pa.string(), False),
    ),
    # for sources that carry counts without time
    "play_counts": _columns(
        ("user_id", pa.string(), False),
        ("track_id", pa.string(), False),
        ("plays", pa.float64(), False),
        ("source", pa.string(), False),
    ),
    "tracks": _columns(
        ("track_id", pa.string(), False),
        ("title", pa.string(), True),
        ("artist", pa.string(), True),
        ("artist_id", pa.string(), True),
        ("album", pa.string(), True),
        ("duration_ms", pa.int32(), True),
        ("released", pa.date32(), True),
        ("isrc", pa.string(), True),
        ("recording_mbid", pa.string(), True),
        ("audio_path", pa.string(), True),
        ("added_at", TIME, True),
    ),
    "playlists": _columns(
        ("playlist_id", pa.string(), False),
        ("title", pa.string(), True),
        ("owner", pa.string(), True),
        ("position", pa.int32(), False),
        ("track_id", pa.string(), False),
    ),
    # value: 1 love, -1 hate, 0 taken back
    "feedback": _columns(
        ("user_id", pa.string(), False),
        ("track_id", pa.string(), False),
        ("at", TIME, True),
        ("value", pa.float64(), False),
    ),
    # tags, genre, language of the lyrics and the like
    "labels": _columns(
        ("track_id", pa.string(), False), ("kind", pa.string(), False), ("value", pa.string(), False)
    ),
}


class IdMap:
    """Outside string ids <-> int32 rows 0..n-1, in a fixed order, with a digest of ids and order.

    The only place where an outside id becomes a row number or the reverse.
    """

    __slots__ = ("__dict__", "ids")

    def __init__(self, ids: Iterable[str] | pa.Array | pa.ChunkedArray) -> None:
        """Take distinct, non-null ids in their final order; `InputError` names the first one met twice."""
        array = ids if isinstance(ids, pa.Array | pa.ChunkedArray) else pa.array(list(ids), pa.string())
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        self.ids: pa.StringArray = array.cast(pa.string())
        if self.ids.null_count:
            raise InputError("an id map holds a missing id; every listener and track needs an id")
        if pc.count_distinct(self.ids).as_py() != len(self.ids):
            counts = self.ids.value_counts()
            twice = counts.filter(pc.greater(counts.field("counts"), 1))[0]["values"].as_py()
            raise InputError(f"id {twice!r} occurs twice in an id map; ids are distinct")

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"IdMap({len(self)} ids, digest {self.digest[:8]})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdMap) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """Hex digest (blake2b, 128 bits) of the ids in their order."""
        hasher = hashlib.blake2b(digest_size=16)
        for piece in self.ids.to_pylist():
            hasher.update(piece.encode("utf-8", "surrogatepass"))
            hasher.update(b"\0")
        return hasher.hexdigest()

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {value: row for row, value in enumerate(self.ids.to_pylist())}

    def __contains__(self, outside: object) -> bool:
        return outside in self._row_of

    def row(self, outside: str) -> int:
        """Row of one id; `UnknownIdError` when it is not there."""
        try:
            return self._row_of[outside]
        except KeyError:
            raise UnknownIdError(f"{outside!r} is not among the {len(self)} known ids") from None

    def rows(self, outside: pa.Array | pa.ChunkedArray | Iterable[str]) -> npt.NDArray[np.int32]:
        """Rows of many ids, int32; -1 for an id that is not there."""
        if not isinstance(outside, pa.Array | pa.ChunkedArray):
            return np.array([self._row_of.get(each, -1) for each in outside], dtype=np.int32)
        found = pc.fill_null(pc.index_in(outside, value_set=self.ids), -1)
        return np.asarray(found.to_numpy(), dtype=np.int32)

    def id(self, row: int) -> str:
        """Outside id of one row."""
        return str(self.ids[int(row)].as_py())

    def take(self, rows: npt.NDArray[np.integer]) -> list[str]:
        """Outside ids of many rows."""
        return [str(value) for value in self.ids.take(pa.array(rows)).to_pylist()]


@dataclass(frozen=True, eq=False)
class Catalog:
    """What is known about each track: `table` is aligned with `tracks`, one row a track.

    Columns: those of `TABLES["tracks"]`, and
    `artist_key` str?: who counts as one artist; null where the artist is unknown (never one artist in common);
    `recording_group` str: near-duplicates of one recording share it even where their track ids differ.
    """

    tracks: IdMap
    table: pa.Table

    def __post_init__(self) -> None:
        missing = {"title", "artist", "artist_key", "recording_group"} - set(self.table.column_names)
        if missing:
            raise InputError(f"a catalogue lacks {sorted(missing)}; it has {self.table.column_names}")
        if self.table.num_rows != len(self.tracks):
            raise InputError(f"a catalogue of {self.table.num_rows} rows for {len(self.tracks)} track ids")

    @cached_property
    def artists(self) -> npt.NDArray[np.int32]:
        """int32 [n_tracks]: equal numbers mean the same artist; -1 where the artist is unknown."""
        return _codes(self.table.column("artist_key"))

    @cached_property
    def recordings(self) -> npt.NDArray[np.int32]:
        """int32 [n_tracks]: equal numbers mean near-duplicates of one recording; -1 where none is known."""
        return _codes(self.table.column("recording_group"))

    def lines(self, rows: npt.NDArray[np.integer]) -> list[dict[str, Any]]:
        """All columns of many tracks, in the order of `rows`; ten times faster than one by one."""
        known = self.table.take(pa.array(rows)).to_pylist()
        return [line | {"track_id": own} for line, own in zip(known, self.tracks.take(rows), strict=True)]

    def name(self, row: int) -> str:
        """'Artist - Title' as a reader would say it; the id where neither is known."""
        artist, title = (self.table.column(name)[int(row)].as_py() for name in ("artist", "title"))
        # One word where artists stand for tracks, or a band plays the song that it is called after.
        parts = dict.fromkeys(part for part in (artist, title) if part)
        return " - ".join(parts) or self.tracks.id(row)


def _codes(column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    encoded = column.combine_chunks().dictionary_encode()
    return np.asarray(pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False), dtype=np.int32)


@dataclass(frozen=True, eq=False)
class Interactions:
    """What listeners did with tracks: a signed listener x track matrix.

    `plays` is CSR float32 [n_listeners, n_tracks] with sorted columns. A stored cell means that the listener
    met the track: > 0 plays that speak for it, < 0 skips or a dislike that speak against it.
    """

    listeners: IdMap
    tracks: IdMap
    plays: sparse.csr_array

    def __post_init__(self) -> None:
        shape = (len(self.listeners), len(self.tracks))
        if self.plays.shape != shape:
            raise InputError(f"plays have shape {self.plays.shape}, the id maps say {shape}")
        if self.plays.dtype != np.float32:
            raise InputError(f"plays are {self.plays.dtype}; they must be float32")
        if not np.isfinite(self.plays.data).all():
            raise InputError("plays hold a value that is not finite")

    def history(self, user_id: str) -> sparse.csr_array:
        """One listener's row, shape [1, n_tracks]; `UnknownIdError` for a stranger."""
        row = self.listeners.row(user_id)
        return self.plays[[row]]


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Vectors of listeners, tracks or artists: `values` float32 [len(ids), dim]."""

    name: str
    ids: IdMap
    values: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or len(self.values) != len(self.ids):
            raise InputError(f"embeddings {self.name!r}: {self.values.shape} values for {len(self.ids)} ids")
        if self.values.dtype != np.float32 or not np.isfinite(self.values).all():
            raise InputError(f"embeddings {self.name!r} must be finite float32, got {self.values.dtype}")

    @property
    def dim(self) -> int:
        return int(self.values.shape[1])


@dataclass(frozen=True, eq=False)
class Interest:
    """One of the several things a listener likes: tracks they played that belong together."""

    tracks: npt.NDArray[np.int32]  # rows of the listener's own tracks, strongest first
    weight: float  # share of the listener's play strength, 0-1; a listener's interests sum to 1


@dataclass(frozen=True, eq=False)
class Ranking:
    """Tracks that a listener has not met, best first, with what each signal said.

    All arrays have length n. `interest` indexes `interests`; `signals` maps a model's name to float32 [n], and
    `scales` to the deviation of its own scores, by which they were divided to become the signal (0: no signal).
    """

    user_id: str
    tracks: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]
    interest: npt.NDArray[np.int32]
    interests: tuple[Interest, ...]
    signals: Mapping[str, npt.NDArray[np.float32]]
    scales: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {len(self.scores), len(self.interest), *(len(values) for values in self.signals.values())}
        if lengths != {len(self.tracks)}:
            raise InputError(f"a ranking's arrays differ in length: {sorted(lengths | {len(self.tracks)})}")


@dataclass(frozen=True)
class Reason:
    """Why a track is on a playlist: a sentence, and the facts under it."""

    text: str
    kind: str  # "plays", "popular", "familiar artist" ...
    track_ids: tuple[str, ...] = ()  # the listener's own tracks that led here, strongest first


@dataclass(frozen=True)
class PlaylistTrack:
    """One line of a playlist, ready to be shown or written without looking anything up."""

    position: int  # 1 is the first
    track_id: str
    title: str | None
    artist: str | None
    album: str | None
    duration_ms: int | None
    recording_mbid: str | None
    audio_path: str | None
    score: float
    signals: Mapping[str, float]
    interest: int
    familiar: bool  # True for the anchor: a track of an artist that the listener knows
    reason: Reason


@dataclass(frozen=True)
class Playlist:
    """One listener's list for one week. `week` is ISO ("2026-W47"); `note` says why it is shorter, if so."""

    user_id: str
    week: str
    run_id: str
    title: str
    tracks: tuple[PlaylistTrack, ...]
    note: str | None = None


@dataclass(frozen=True)
class Manifest:
    """What a stage's folder was made from; two equal manifests mean the same files bit for bit."""

    stage: str
    version: str
    schema_version: int
    seed: int
    config: Mapping[str, object]
    inputs: Mapping[str, str] = field(default_factory=dict)  # name -> digest of what was read
    outputs: Mapping[str, str] = field(default_factory=dict)  # file -> digest of what was written
