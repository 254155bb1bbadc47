"""Plays that are told twice: within one import, and between an import and what is stored.

Sources differ in how they time a play: some write its start, some its end, some whole minutes. So between two
sources, starts within a stated tolerance are one play. Within one source only equal starts are, since a short
track may well be played twice in a minute and a half. A skip is never the play that follows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb
    import numpy.typing as npt
    import pyarrow as pa
    import pyarrow.dataset as pads

_FRESH: Final = """
    CREATE OR REPLACE TEMP VIEW fresh AS
    SELECT filename, file_row_number AS number, user_id, track_id, epoch_us(listened_at) AS start_us, source,
        COALESCE(skipped, false) AS skipped
    FROM read_parquet({paths}, filename = true, file_row_number = true)
"""

# First only 64-bit hashes are grouped, 8 bytes a row instead of two strings: nearly all rows are told once.
_WITHIN: Final = """
    WITH twice AS (
        SELECT h FROM (SELECT hash(user_id, track_id, start_us) AS h FROM fresh) GROUP BY h HAVING count(*) > 1
    )
    SELECT filename, number FROM (
        SELECT filename, number, row_number() OVER same AS place
        FROM fresh WHERE hash(user_id, track_id, start_us) IN (SELECT h FROM twice)
        WINDOW same AS (PARTITION BY user_id, track_id, start_us ORDER BY filename, number)
    ) WHERE place > 1 ORDER BY filename, number
"""

# Buckets as wide as the tolerance turn "within the tolerance" into an equality join of three buckets.
_STORED: Final = """
    WITH kept AS (
        SELECT l.user_id, a.track_id, epoch_us(l.listened_at) AS start_us, l.source,
            COALESCE(l.skipped, false) AS skipped
        FROM stored l JOIN aliases a ON a.source_track_id = l.track_id
        WHERE l.user_id IN (SELECT DISTINCT user_id FROM fresh)
    ), near AS (
        SELECT f.filename, f.number, f.user_id, a.track_id, f.start_us, f.source, f.skipped,
            f.start_us // $width + unnest([-1, 0, 1]) AS bucket
        FROM fresh f JOIN aliases a ON a.source_track_id = f.track_id
    )
    SELECT DISTINCT near.filename, near.number
    FROM near JOIN kept ON kept.user_id = near.user_id AND kept.track_id = near.track_id
        AND kept.start_us // $width = near.bucket AND kept.skipped = near.skipped
    WHERE kept.start_us = near.start_us
        OR (kept.source <> near.source AND abs(kept.start_us - near.start_us) <= $tolerance_us)
    ORDER BY near.filename, near.number
"""

Rows = dict[str, "npt.NDArray[np.int64]"]
"""File -> row numbers in it, ascending."""


def told_twice(connection: duckdb.DuckDBPyConnection, parts: Sequence[Path]) -> Rows:
    """Rows of these files of listens whose listener, track and start an earlier row has already."""
    _register(connection, parts)
    return _by_file(connection.execute(_WITHIN))


def stored_already(
    connection: duckdb.DuckDBPyConnection,
    parts: Sequence[Path],
    stored: pads.Dataset,
    aliases: pa.Table,
    *,
    tolerance_s: float,
) -> Rows:
    """Rows of these files that are plays which `stored` listens hold already.

    `aliases(source_track_id, track_id)` says which source-level tracks are one recording.
    """
    _register(connection, parts)
    connection.register("stored", stored)
    connection.register("aliases", aliases)
    tolerance_us = int(tolerance_s * 1_000_000)
    return _by_file(connection.execute(_STORED, {"width": max(tolerance_us, 1), "tolerance_us": tolerance_us}))


def _register(connection: duckdb.DuckDBPyConnection, parts: Sequence[Path]) -> None:
    quoted = ", ".join("'" + str(path).replace("'", "''") + "'" for path in parts)
    connection.execute(_FRESH.format(paths=f"[{quoted}]"))


def _by_file(result: duckdb.DuckDBPyConnection) -> Rows:
    found = result.fetchnumpy()
    names, starts = np.unique(found["filename"].astype(str), return_index=True)
    return dict(zip(names.tolist(), np.split(found["number"].astype(np.int64), starts[1:]), strict=False))
