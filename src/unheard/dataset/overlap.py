"""Plays that two sources report: same listener, same recording, starts within the stated tolerance.

Sources differ in how they time a play: some write its start, some its end, some whole minutes. Within one
source only equal starts are one play, since a short track may well be played twice in a minute and a half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import duckdb
    import numpy.typing as npt

_BUCKETS: Final = """
    WITH stored AS (
        SELECT l.user_id, a.track_id, epoch_us(l.listened_at) AS at, l.source
        FROM stored_listens l JOIN aliases a ON a.source_track_id = l.track_id
        WHERE l.user_id IN (SELECT DISTINCT user_id FROM new_listens)
    ), fresh AS (
        SELECT n.number, n.user_id, a.track_id, epoch_us(n.listened_at) AS at, n.source
        FROM new_listens n JOIN aliases a ON a.source_track_id = n.track_id
    ), near AS (
        SELECT *, at // $tolerance + unnest([-1, 0, 1]) AS bucket FROM fresh
    )
    SELECT DISTINCT near.number
    FROM near JOIN stored ON stored.user_id = near.user_id AND stored.track_id = near.track_id
        AND stored.at // $tolerance = near.bucket
    WHERE stored.at = near.at OR (stored.source <> near.source AND abs(stored.at - near.at) <= $tolerance_us)
    ORDER BY near.number
"""


def overlapping(
    connection: duckdb.DuckDBPyConnection,
    new_listens: pa.Table,
    stored_listens: object,
    aliases: pa.Table,
    *,
    tolerance_s: float,
) -> npt.NDArray[np.int64]:
    """Row numbers of `new_listens` that are plays which `stored_listens` holds already, ascending.

    `aliases(source_track_id, track_id)` says which source-level tracks are one recording. `stored_listens` is
    any table or data set with the columns of `TABLES["listens"]`.
    """
    tolerance_us = int(tolerance_s * 1_000_000)
    numbered = new_listens.append_column("number", pa.array(np.arange(new_listens.num_rows, dtype=np.int64)))
    connection.register("new_listens", numbered)
    connection.register("stored_listens", stored_listens)
    connection.register("aliases", aliases)
    found = connection.execute(_BUCKETS, {"tolerance": max(tolerance_us, 1), "tolerance_us": tolerance_us})
    return np.asarray(found.fetchnumpy()["number"], dtype=np.int64)
