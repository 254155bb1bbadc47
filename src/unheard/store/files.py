"""Reading and writing single files so that a kill at any moment leaves the old file or the new one, never half."""

from __future__ import annotations

import hashlib
import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from unheard.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

Arrays = dict[str, "npt.NDArray[Any]"]


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; at the end it is synced and renamed over `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield aside
        sync(aside)
        aside.replace(path)
        sync(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Ask the operating system to bring a file or folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """A UTF-8 text file, whole or not at all."""
    with written_aside(path) as aside:
        aside.write_text(text, "utf-8")


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """A JSON object with sorted keys, so that equal values give equal bytes."""
    with written_aside(path) as aside:
        aside.write_bytes(orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2))


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object that `write_json` wrote; `WorkspaceError` when it is damaged."""
    try:
        value = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise WorkspaceError(f"{path} is damaged ({error}); remove its folder and run the command again") from None
    if not isinstance(value, dict):
        raise WorkspaceError(f"{path} holds a {type(value).__name__}, not an object; remove its folder")
    return value


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Named arrays in safetensors."""
    contiguous = {name: array if array.flags.c_contiguous else array.copy() for name, array in arrays.items()}
    with written_aside(path) as aside:
        aside.write_bytes(save(contiguous))


def read_arrays(path: Path) -> Arrays:
    """Named arrays that `write_arrays` wrote; `WorkspaceError` when the file is damaged."""
    try:
        with safe_open(path, framework="numpy") as handle:
            return {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118 - not a dict
    except SafetensorError as error:
        raise WorkspaceError(f"{path} is damaged ({error}); run `unheard train` to make it anew") from None


def write_table(path: Path, table: pa.Table) -> None:
    """A Parquet table (zstd)."""
    with written_aside(path) as aside:
        pq.write_table(table, aside, compression="zstd")


def read_table(path: Path) -> pa.Table:
    """A Parquet table that `write_table` wrote; `WorkspaceError` when the file is damaged."""
    try:
        return pq.ParquetFile(path).read()
    except (pa.ArrowInvalid, OSError) as error:
        raise WorkspaceError(f"{path} cannot be read ({error}); `unheard doctor` says what is damaged") from None


def digest(path: Path) -> str:
    """Hex digest (blake2b, 128 bits) of a file's content."""
    hasher = hashlib.blake2b(digest_size=16)
    with path.open("rb") as handle:
        while piece := handle.read(1 << 22):
            hasher.update(piece)
    return hasher.hexdigest()


def digest_of(value: Any) -> str:
    """Hex digest (blake2b, 128 bits) of a JSON-like value, independent of the order of its keys."""
    return hashlib.blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
