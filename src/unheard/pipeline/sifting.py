"""What of an import under way is new: rows that are told twice or stored already are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from unheard.dataset.build import TABLE_NAMES, resolve_tracks
from unheard.dataset.duplicates import stored_already, told_twice
from unheard.engines import sql
from unheard.store import files, imports

if TYPE_CHECKING:
    import duckdb

    from unheard.dataset.duplicates import Rows
    from unheard.dataset.settings import DatasetSettings
    from unheard.store.imports import ImportWriter
    from unheard.store.workspace import Workspace

STORED: Final = (*TABLE_NAMES, "labels")


def drop_duplicates(workspace: Workspace, writer: ImportWriter, settings: DatasetSettings) -> int:
    """Leave out what the file tells twice and what is stored already; how many rows that was."""
    return (
        _drop_listens(workspace, writer, settings)
        + _drop_counts(workspace, writer)
        + _drop_feedback(workspace, writer)
    )


def _drop_listens(workspace: Workspace, writer: ImportWriter, settings: DatasetSettings) -> int:
    parts = writer.parts("listens")
    if not parts:
        return 0
    with sql.connect(workspace.scratch) as connection:
        drop = told_twice(connection, parts)
        if imports.table(workspace, "listens").count_rows():
            aliases = _aliases(connection, workspace, writer)
            stored = imports.table(workspace, "listens")
            found = stored_already(connection, parts, stored, aliases, tolerance_s=settings.overlap_s)
            drop = _union(drop, found)
    for name, rows in drop.items():
        part = next(each for each in parts if str(each) == name)
        table = files.read_table(part)
        keep = np.ones(table.num_rows, dtype=bool)
        keep[rows] = False
        writer.replace(part, table.filter(pa.array(keep)))
    return sum(len(rows) for rows in drop.values())


def _aliases(connection: duckdb.DuckDBPyConnection, workspace: Workspace, writer: ImportWriter) -> pa.Table:
    """Which tracks, stored and new together, are one recording."""
    tables = {name: imports.table(workspace, name, under_way=writer) for name in TABLE_NAMES}
    return resolve_tracks(connection, tables)


def _union(first: Rows, second: Rows) -> Rows:
    names = sorted({*first, *second})
    none = np.empty(0, dtype=np.int64)
    return {name: np.union1d(first.get(name, none), second.get(name, none)) for name in names}


def _drop_counts(workspace: Workspace, writer: ImportWriter) -> int:
    """Counts of one listener and track add up within a file; of those stored by the same source, the larger stays.

    A count has no time, so nothing tells whether two files count the same plays. A newer export does, and goes
    on from the older one. What is stored is what the file counts beyond the sum that is there, so that sums over
    the sources are the largest count that any file told, in whatever order they came.
    """
    if not writer.parts("play_counts"):
        return 0
    with sql.connect(workspace.scratch) as connection:
        connection.register("told", imports.parts_of(writer, "play_counts"))
        merged = connection.sql(_SUM_OF_COUNTS).to_arrow_table()
        beyond = merged
        stored = imports.table(workspace, "play_counts")
        if stored.count_rows():
            connection.register("aliases", _aliases(connection, workspace, writer))
            connection.register("stored", stored)
            connection.register("merged", merged)
            beyond = connection.sql(_BEYOND_STORED).to_arrow_table()
    writer.replace_all("play_counts", beyond)
    return int(merged.num_rows - beyond.num_rows)


def _drop_feedback(workspace: Workspace, writer: ImportWriter) -> int:
    """What a listener said of a track at one time is stored once."""
    if not writer.parts("feedback"):
        return 0
    with sql.connect(workspace.scratch) as connection:
        connection.register("told", imports.parts_of(writer, "feedback"))
        connection.register("stored", imports.table(workspace, "feedback"))
        fresh = connection.sql("FROM told EXCEPT FROM stored ORDER BY ALL").to_arrow_table()
    dropped = imports.parts_of(writer, "feedback").count_rows() - fresh.num_rows
    writer.replace_all("feedback", fresh)
    return int(dropped)


def keep_named_tracks(workspace: Workspace, writer: ImportWriter) -> None:
    """Readers name a track once a batch; it is stored once an import, if anything that is stored names it."""
    if not writer.parts("tracks"):
        return
    with sql.connect(workspace.scratch) as connection:
        for name in STORED:
            connection.register(name, imports.parts_of(writer, name))
        distinct = connection.sql(_NAMED_TRACKS).to_arrow_table()
    writer.replace_all("tracks", distinct)


_NAMED: Final = " UNION ALL ".join(f"FROM {name} SELECT track_id" for name in STORED if name != "tracks")
_NAMED_TRACKS: Final = _NAMED.join(("SELECT DISTINCT * FROM tracks WHERE track_id IN (", ") ORDER BY ALL"))

_SUM_OF_COUNTS: Final = """
    SELECT user_id, track_id, sum(plays) AS plays, source FROM told
    GROUP BY user_id, track_id, source ORDER BY user_id, track_id, source
"""

# The rows of one listener, recording and source together give what lies beyond the stored sum: a row gives what
# the rows up to it count beyond that sum, less what the rows before it gave.
_BEYOND_STORED: Final = """
    WITH before AS (
        SELECT s.user_id, a.track_id AS recording, s.source, sum(s.plays) AS plays
        FROM stored s JOIN aliases a ON a.source_track_id = s.track_id
        WHERE s.user_id IN (SELECT DISTINCT user_id FROM merged)
        GROUP BY ALL
    ), running AS (
        SELECT m.*, COALESCE(b.plays, 0) AS stored,
            sum(m.plays) OVER (PARTITION BY m.user_id, a.track_id, m.source ORDER BY m.track_id) AS so_far
        FROM merged m JOIN aliases a ON a.source_track_id = m.track_id
        LEFT JOIN before b ON b.user_id = m.user_id AND b.recording = a.track_id AND b.source = m.source
    )
    SELECT user_id, track_id, greatest(so_far - stored, 0) - greatest(so_far - plays - stored, 0) AS plays, source
    FROM running WHERE so_far > stored ORDER BY user_id, track_id, source
"""
