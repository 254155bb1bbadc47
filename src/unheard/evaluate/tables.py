"""Train and test tables of a data set that the project has never seen, as matrices over train's ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet
from scipy import sparse

from unheard.errors import InputError
from unheard.schema import IdMap, Interactions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COLUMNS: Final = ("user_id", "track_id", "plays")


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Train plays, and test plays over the same listeners and tracks.

    `test` stores the pairs whose listener and track train knows, those that train holds too among them.
    `counts` says what was left out on the way; `measure` takes it and adds its own.
    """

    train: Interactions
    test: sparse.csr_array
    counts: Mapping[str, int]


def read(train: Path, test: Path) -> HeldOut:
    """Read two tables (Parquet, or CSV with a header) with the columns user_id, track_id, plays.

    `InputError` names the file and what it lacks. Rows with a missing id or whose plays are missing, NaN,
    infinite, zero or negative are left out and counted; rows of the same pair are summed.
    """
    return join(_read(train), _read(test), names=(str(train), str(test)))


def join(train: pa.Table, test: pa.Table, *, names: tuple[str, str] = ("train", "test")) -> HeldOut:
    """The same of two tables in memory; ids of any type are compared as text."""
    seen, train_faults = _usable(train, names[0])
    held_out, test_faults = _usable(test, names[1])
    listeners, tracks = (IdMap(pc.unique(seen[name]).sort()) for name in COLUMNS[:2])
    rows, columns = listeners.rows(held_out["user_id"]), tracks.rows(held_out["track_id"])
    known = (rows >= 0) & (columns >= 0)
    shape = (len(listeners), len(tracks))
    plays = _matrix(listeners.rows(seen["user_id"]), tracks.rows(seen["track_id"]), seen["plays"], shape)
    test_plays = _matrix(rows[known], columns[known], held_out["plays"].filter(pa.array(known)), shape)
    counts = {
        **{f"train_{fault}": number for fault, number in train_faults.items()},
        **{f"test_{fault}": number for fault, number in test_faults.items()},
        "test_pairs": int((~known).sum()),
        "test_pairs_listener_not_in_train": int((rows < 0).sum()),
        "test_pairs_track_not_in_train": int(((columns < 0) & (rows >= 0)).sum()),
    }
    return HeldOut(Interactions(listeners, tracks, plays), test_plays, counts)


def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise InputError(f"{path} is no file; give a Parquet or CSV table with {', '.join(COLUMNS)}")
    try:
        if path.suffix.lower() == ".csv":
            return csv.read_csv(path)
        # only the columns that are there, so that _usable can name the others
        present = [name for name in parquet.read_schema(path).names if name in COLUMNS]
        return parquet.read_table(path, columns=present)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read as a table: {error}") from None


def _usable(table: pa.Table, name: str) -> tuple[pa.Table, dict[str, int]]:
    """One row a pair, as text ids and float64 plays, and the numbers of rows that are not there any more."""
    missing = [column for column in COLUMNS if column not in table.column_names]
    if missing:
        raise InputError(
            f"{name} lacks {', '.join(missing)}; it has {', '.join(table.column_names) or 'no column'} "
            f"and needs {', '.join(COLUMNS)}"
        )
    try:
        plays = table["plays"].cast(pa.float64())
        ids = [table[column].cast(pa.string()) for column in COLUMNS[:2]]
    except pa.ArrowException as error:
        raise InputError(f"{name}: ids must be text or whole numbers, plays numbers: {error}") from None
    typed = pa.table([*ids, plays], names=list(COLUMNS))
    good = pc.and_(pc.is_finite(plays), pc.greater(plays, 0.0))
    for column in ids:
        good = pc.and_(good, pc.is_valid(column))
    kept = typed.filter(pc.fill_null(good, fill_value=False))
    if not kept.num_rows:
        raise InputError(f"{name} holds no usable row among {table.num_rows}: plays must be finite and above 0")
    pairs = kept.group_by(list(COLUMNS[:2]), use_threads=False).aggregate([("plays", "sum")])
    faults = {"rows_unusable": table.num_rows - kept.num_rows, "rows_repeated": kept.num_rows - pairs.num_rows}
    return pairs.rename_columns([*COLUMNS[:2], "plays"]), faults


def _matrix(
    rows: np.ndarray, columns: np.ndarray, plays: pa.ChunkedArray, shape: tuple[int, int]
) -> sparse.csr_array:
    values = plays.to_numpy()
    matrix = sparse.csr_array((values, (rows, columns)), shape=shape)
    matrix.sort_indices()
    # more plays than float32 can hold are as many as it can
    matrix.data = np.minimum(matrix.data, np.finfo(np.float32).max)
    return matrix.astype(np.float32)
