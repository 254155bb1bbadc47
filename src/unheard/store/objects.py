"""The nouns on disk: how each frozen object is laid out in a stage's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from unheard.errors import WorkspaceError
from unheard.schema import Catalog, IdMap, Interactions
from unheard.store import files

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt


def save_catalog(folder: Path, catalog: Catalog) -> None:
    """`catalog.parquet`, one row a track in the order of its `IdMap`."""
    files.write_table(folder / "catalog.parquet", catalog.table)


def load_catalog(folder: Path) -> Catalog:
    """What `save_catalog` wrote."""
    table = files.read_table(folder / "catalog.parquet")
    return Catalog(IdMap(table.column("track_id")), table)


def save_interactions(folder: Path, interactions: Interactions, **aligned: npt.NDArray[Any]) -> None:
    """`listeners.parquet` and `plays.safetensors`; `aligned` arrays go beside the matrix's cells.

    The digests of both id maps go with the matrix, so that it is never read under other ids.
    """
    files.write_table(folder / "listeners.parquet", pa.table({"user_id": interactions.listeners.ids}))
    plays = interactions.plays
    digests: dict[str, npt.NDArray[Any]] = {
        f"digest.{name}": np.frombuffer(bytes.fromhex(ids.digest), dtype=np.uint8)
        for name, ids in (("listeners", interactions.listeners), ("tracks", interactions.tracks))
    }
    matrix: dict[str, npt.NDArray[Any]] = {
        "indptr": plays.indptr.astype(np.int64),
        "indices": plays.indices.astype(np.int32),
        "data": plays.data,
    }
    files.write_arrays(folder / "plays.safetensors", {**matrix, **aligned, **digests})


def load_interactions(folder: Path, tracks: IdMap) -> tuple[Interactions, files.Arrays]:
    """The matrix, and the arrays that were saved beside it; `WorkspaceError` when the ids are not the same."""
    listeners = IdMap(files.read_table(folder / "listeners.parquet").column("user_id"))
    arrays = files.read_arrays(folder / "plays.safetensors")
    for name, ids in (("listeners", listeners), ("tracks", tracks)):
        if arrays.pop(f"digest.{name}").tobytes().hex() != ids.digest:
            raise WorkspaceError(f"{folder}: its plays were made with other {name}; run `unheard train`")
    values = arrays.pop("data").astype(np.float32, copy=False)
    plays: sparse.csr_array = sparse.csr_array(
        (values, arrays.pop("indices"), arrays.pop("indptr")), shape=(len(listeners), len(tracks))
    )
    return Interactions(listeners, tracks, plays), arrays
