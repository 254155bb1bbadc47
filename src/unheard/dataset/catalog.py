"""One row for each recording, from all that the sources say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unheard.dataset import identity
from unheard.schema import TABLES, Catalog, IdMap

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# The longest spelling is the most complete one ("The Cure" over "Cure"); ties go to the first in order.
_MERGED: Final = """
    SELECT a.track_id,
        arg_max(t.title, (length(t.title), t.title)) AS title,
        arg_max(t.artist, (length(t.artist), t.artist)) AS artist,
        min(t.artist_id) AS artist_id, min(t.album) AS album,
        CAST(median(t.duration_ms) AS INTEGER) AS duration_ms, min(t.released) AS released, min(t.isrc) AS isrc,
        min(t.recording_mbid) AS recording_mbid, min(t.audio_path) AS audio_path, min(t.added_at) AS added_at,
        min(a.recording_group) AS recording_group
    FROM aliases a LEFT JOIN tracks t ON t.track_id = a.source_track_id
    GROUP BY a.track_id ORDER BY a.track_id
"""


def catalog_of(connection: duckdb.DuckDBPyConnection, aliases: pa.Table) -> Catalog:
    """The catalogue of the registered `tracks` under `aliases(source_track_id, track_id, recording_group)`."""
    connection.register("aliases", aliases)
    merged = connection.sql(_MERGED).to_arrow_table()
    for name in TABLES["tracks"].names:
        position = merged.schema.get_field_index(name)
        merged = merged.set_column(position, name, merged.column(name).cast(TABLES["tracks"].field(name).type))
    keyed = merged.append_column("artist_key", identity.artist_keys(merged))
    return Catalog(IdMap(keyed.column("track_id")), keyed)
