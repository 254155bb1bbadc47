"""Set work over tables larger than memory: DuckDB on this machine's cores, spilling to the workspace."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa

from unheard.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT_MEMORY_GB: Final = 5.0
"""What DuckDB may hold before it spills; leaves room for the result in an 8 GB machine."""


@contextmanager
def connect(
    scratch: Path | None = None, *, memory_gb: float = DEFAULT_MEMORY_GB
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory database with a bound on its memory; spills to `scratch` when that is given.

    Row order is free unless a query says ORDER BY: that is what lets DuckDB stream.
    """
    connection = duckdb.connect(
        config={
            "memory_limit": f"{memory_gb}GB",
            "preserve_insertion_order": "false",
            # Nothing is fetched from anywhere; times are passed as whole microseconds, so no extension is needed.
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    if scratch is not None:
        scratch.mkdir(parents=True, exist_ok=True)
        connection.execute("SET temp_directory = ?", [str(scratch)])
    try:
        yield connection
    except duckdb.OutOfMemoryException as error:
        raise WorkspaceError(f"memory or disk is full: {_first(error)}; make room and run this again") from error
    except (duckdb.InvalidInputException, duckdb.IOException, pa.ArrowInvalid) as error:
        raise WorkspaceError(
            f"stored data cannot be read: {_first(error)}; `unheard doctor` says which file is damaged"
        ) from error
    finally:
        connection.close()


def _first(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
