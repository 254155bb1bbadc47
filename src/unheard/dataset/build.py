"""From imported rows to a catalogue and an interaction matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from scipy import sparse

from unheard.dataset import identity
from unheard.dataset.catalog import catalog_of
from unheard.engines import sql
from unheard.errors import InputError
from unheard.schema import TABLES, Catalog, IdMap, Interactions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import duckdb
    import numpy.typing as npt

    from unheard.dataset.settings import DatasetSettings
    from unheard.dataset.sources import Sources

TABLE_NAMES: Final = ("listens", "play_counts", "tracks", "feedback", "playlists")

NEUTRAL: Final = -1e-6
"""Stored for a track that was met but speaks neither for nor against itself."""


Cells = dict[str, "npt.NDArray[Any]"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """What the models are fitted to.

    `last_played_s` int64 is aligned with `interactions.plays.data`: seconds since 1970 of the last play, 0 where
    no source told. `aliases(source_track_id, track_id, recording_group)` maps every id that any source ever used.
    `feedback(user_id, track_id, track, value)` holds the last word of each listener on each track.
    """

    catalog: Catalog
    interactions: Interactions
    last_played_s: npt.NDArray[np.int64]
    aliases: pa.Table
    feedback: pa.Table


def build(
    sources: Sources,
    settings: DatasetSettings,
    *,
    scratch: Path | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Dataset:
    """One data set of all sources. `InputError` when they hold no play at all.

    Deterministic: listeners and tracks are ordered by id, whatever the order of files and threads.
    """
    with sql.connect(scratch) as connection:
        aliases = resolve_tracks(connection, {name: getattr(sources, name) for name in TABLE_NAMES})
        progress(0.2)
        catalog = catalog_of(connection, aliases)
        listeners = IdMap(_column(connection, _LISTENERS, "user_id"))
        if not len(listeners):
            raise InputError("the sources hold no plays; import some: unheard import PATH ...")
        connection.register("listener_rows", _numbered(listeners))
        connection.register("track_rows", _alias_rows(aliases, catalog.tracks))
        feedback = _arrow(connection, _FEEDBACK)
        connection.register("last_word", feedback)
        progress(0.4)
        cells = _cells(connection, settings)
    progress(0.9)
    plays = _csr(cells, (len(listeners), len(catalog.tracks)))
    last = np.ma.filled(cells["last_s"], 0).astype(np.int64)
    return Dataset(catalog, Interactions(listeners, catalog.tracks, plays), last, aliases, feedback)


def resolve_tracks(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, object]) -> pa.Table:
    """Which source-level tracks are one recording: `identity.resolve` over `tables` (those of `Sources`).

    Ids that only plays, feedback or playlists name are tracks too.
    """
    for name in TABLE_NAMES:
        connection.register(name, tables[name])
    return identity.resolve(_arrow(connection, _SOURCE_TRACKS))


def listens_by_recording(sources: Sources, aliases: pa.Table, *, scratch: Path | None = None) -> pa.Table:
    """All listens with today's track ids, in order of time: for what looks at single plays."""
    with sql.connect(scratch) as connection:
        connection.register("listens", sources.listens)
        connection.register("aliases", aliases)
        found = _arrow(connection, _BY_RECORDING)
    return found.cast(TABLES["listens"])


_BY_RECORDING: Final = """
    SELECT l.user_id, a.track_id, l.listened_at, l.ms_played, l.skipped, l.source
    FROM listens l JOIN aliases a ON a.source_track_id = l.track_id
    ORDER BY epoch_us(l.listened_at), l.user_id, a.track_id, l.source
"""

# Rows of one source-level id differ only where an operator's table contradicts itself; the least value is as
# good as any and does not depend on the order of rows.
_SOURCE_TRACKS: Final = """
    WITH named AS (
        SELECT track_id, min(title) AS title, min(artist) AS artist, min(artist_id) AS artist_id,
            min(album) AS album, min(duration_ms) AS duration_ms, min(released) AS released, min(isrc) AS isrc,
            min(recording_mbid) AS recording_mbid, min(audio_path) AS audio_path
        FROM tracks GROUP BY track_id
    ), met AS (
        SELECT track_id FROM listens UNION SELECT track_id FROM play_counts
        UNION SELECT track_id FROM feedback UNION SELECT track_id FROM playlists
    )
    SELECT COALESCE(named.track_id, met.track_id) AS track_id, named.* EXCLUDE (track_id)
    FROM named FULL JOIN met ON named.track_id = met.track_id
    ORDER BY 1
"""

_LISTENERS: Final = """
    SELECT user_id FROM listens UNION SELECT user_id FROM play_counts UNION SELECT user_id FROM feedback
    ORDER BY user_id
"""

_FEEDBACK: Final = """
    SELECT f.user_id, t.track_id, t.row AS track,
        arg_max(f.value, {'at': COALESCE(epoch_us(f.at), 0), 'value': f.value}) AS value
    FROM feedback f JOIN track_rows t ON t.source_track_id = f.track_id
    GROUP BY ALL ORDER BY ALL
"""

_ONE_SOURCE: Final = """
    SELECT u.row AS listener, t.row AS track, epoch_us(l.listened_at) AS start_us, l.ms_played, l.skipped
    FROM listens l JOIN listener_rows u ON u.id = l.user_id JOIN track_rows t ON t.source_track_id = l.track_id
"""

# Identity may have learned, since a file was imported, that two of its tracks are one recording: look again.
_SEVERAL_SOURCES: Final = """
    SELECT listener, track, start_us, ms_played, skipped FROM (
        SELECT u.row AS listener, t.row AS track, epoch_us(l.listened_at) AS start_us,
            l.ms_played, l.skipped, l.source,
            lag(epoch_us(l.listened_at)) OVER w AS before, lag(l.source) OVER w AS source_before
        FROM listens l JOIN listener_rows u ON u.id = l.user_id JOIN track_rows t ON t.source_track_id = l.track_id
        WINDOW w AS (PARTITION BY u.row, t.row, COALESCE(l.skipped, false)
            ORDER BY epoch_us(l.listened_at), l.source, l.ms_played)
    ) WHERE before IS NULL
        OR NOT (start_us = before OR (source <> source_before AND start_us - before <= $overlap_us))
"""

# `plays` of timed listens and bare counts may tell of the same plays; no row says which, so the larger is taken.
_CELLS: Final = """
    WITH timed AS (
        SELECT listener, track, max(start_us) // 1000000 AS last_s,
            count(*) FILTER (WHERE COALESCE(ms_played, $min_ms) >= $min_ms AND NOT skip) AS plays,
            count(*) FILTER (WHERE skip) AS skips
        FROM (SELECT *, COALESCE(skipped, false) AND COALESCE(ms_played, 0) < $min_ms AS skip FROM ({listens}))
        GROUP BY listener, track
    ), counted AS (
        SELECT listener, track, max(plays) AS plays FROM (
            SELECT u.row AS listener, t.row AS track, c.source, sum(c.plays) AS plays
            FROM play_counts c JOIN listener_rows u ON u.id = c.user_id
            JOIN track_rows t ON t.source_track_id = c.track_id GROUP BY ALL
        ) GROUP BY listener, track
    ), said AS (
        SELECT u.row AS listener, w.track, w.value FROM last_word w JOIN listener_rows u ON u.id = w.user_id
        WHERE w.value <> 0
    ), net AS (
        SELECT COALESCE(timed.listener, counted.listener, said.listener) AS listener,
            COALESCE(timed.track, counted.track, said.track) AS track, last_s, said.value AS word,
            greatest(COALESCE(timed.plays, 0), COALESCE(counted.plays, 0)) - $skip * COALESCE(timed.skips, 0)
                + CASE WHEN said.value > 0 THEN $love ELSE 0 END AS value
        FROM timed FULL JOIN counted ON timed.listener = counted.listener AND timed.track = counted.track
        FULL JOIN said ON said.listener = COALESCE(timed.listener, counted.listener)
            AND said.track = COALESCE(timed.track, counted.track)
    )
    SELECT listener, track, last_s,
        CASE WHEN word < 0 THEN -$dislike WHEN value = 0 THEN $neutral ELSE value END AS value
    FROM net ORDER BY listener, track
"""


def _cells(connection: duckdb.DuckDBPyConnection, settings: DatasetSettings) -> Cells:
    """One cell a listener and track that met, ordered."""
    knobs = {
        "min_ms": int(settings.min_played_s * 1000),
        "skip": settings.skip_weight,
        "love": settings.love_weight,
        "dislike": settings.dislike_weight,
        "neutral": NEUTRAL,
    }
    several = connection.execute("SELECT count(DISTINCT source) > 1 FROM listens").fetchone()
    if several and several[0]:
        query = _CELLS.format(listens=_SEVERAL_SOURCES)
        knobs["overlap_us"] = int(settings.overlap_s * 1_000_000)
    else:
        query = _CELLS.format(listens=_ONE_SOURCE)
    return connection.execute(query, knobs).fetchnumpy()


def _csr(cells: Cells, shape: tuple[int, int]) -> sparse.csr_array:
    counts = np.bincount(cells["listener"], minlength=shape[0])
    indptr = np.concatenate([[0], np.cumsum(counts)])
    values = cells["value"].astype(np.float32)
    return sparse.csr_array((values, cells["track"].astype(np.int32), indptr.astype(np.int64)), shape=shape)


def _numbered(ids: IdMap) -> pa.Table:
    return pa.table({"id": ids.ids, "row": pa.array(np.arange(len(ids), dtype=np.int32))})


def _alias_rows(aliases: pa.Table, tracks: IdMap) -> pa.Table:
    return aliases.select(["source_track_id", "track_id"]).append_column(
        "row", pa.array(tracks.rows(aliases.column("track_id")))
    )


def _arrow(connection: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    return connection.sql(query).to_arrow_table()


def _column(connection: duckdb.DuckDBPyConnection, query: str, name: str) -> pa.ChunkedArray:
    return _arrow(connection, query).column(name)
