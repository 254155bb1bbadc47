"""Single files: whole or not at all, and refused when damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from unheard.errors import WorkspaceError
from unheard.store import files

if TYPE_CHECKING:
    from pathlib import Path


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    files.write_text(path, "old")
    with pytest.raises(RuntimeError, match="half way"):
        _fail_half_way(path)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["kept.txt"]


def _fail_half_way(path: Path) -> None:
    with files.written_aside(path) as aside:
        aside.write_text("new")
        raise RuntimeError("half way")


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "arrays.safetensors"
    arrays = {"a": np.arange(6, dtype=np.int32).reshape(2, 3).T, "b": np.array([], dtype=np.float32)}
    files.write_arrays(path, arrays)
    back = files.read_arrays(path)
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array)
        assert back[name].dtype == array.dtype


def test_equal_objects_give_equal_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "1.json", tmp_path / "2.json"
    files.write_json(one, {"a": 1, "b": [1, 2]})
    files.write_json(other, {"b": [1, 2], "a": 1})
    assert one.read_bytes() == other.read_bytes()
    assert files.digest(one) == files.digest(other)


@pytest.mark.parametrize(
    ("name", "read"),
    [("x.json", files.read_json), ("x.safetensors", files.read_arrays), ("x.parquet", files.read_table)],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, read: object) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x00garbage")
    assert callable(read)
    with pytest.raises(WorkspaceError, match=name):
        read(path)


def test_table_comes_back(tmp_path: Path) -> None:
    table = pa.table({"x": [1, 2, None]})
    files.write_table(tmp_path / "t.parquet", table)
    assert files.read_table(tmp_path / "t.parquet").equals(table)
