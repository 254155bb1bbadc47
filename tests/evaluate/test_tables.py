"""Tables from outside: what is taken, what is counted, what is refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from unheard.errors import InputError
from unheard.evaluate import tables

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = pa.table(
    {"user_id": ["u", "u", "v", "v", "u"], "track_id": ["a", "b", "a", "c", "a"], "plays": [1, 2, 3, 4, 5]}
)
TEST = pa.table({"user_id": ["u", "v", "w", "u"], "track_id": ["c", "x", "a", "a"], "plays": [1, 1, 1, 1]})


def test_rows_of_a_pair_are_summed_and_strangers_counted() -> None:
    found = tables.join(TRAIN, TEST)
    assert found.train.listeners.ids.to_pylist() == ["u", "v"]
    assert found.train.plays.toarray().tolist() == [[6, 2, 0], [3, 0, 4]]
    assert found.test.toarray().tolist() == [[1, 0, 1], [0, 0, 0]]
    assert found.counts == {
        "train_rows_unusable": 0,
        "train_rows_repeated": 1,
        "test_rows_unusable": 0,
        "test_rows_repeated": 0,
        "test_pairs": 2,
        "test_pairs_listener_not_in_train": 1,
        "test_pairs_track_not_in_train": 1,
    }


def test_bad_values_are_left_out_and_counted() -> None:
    plays = [math.nan, -1.0, 0.0, math.inf, None, 2.0, 2.0, 1.0]
    users = ["u", "u", "u", "u", "u", None, "u", "u"]
    bad = pa.table({"user_id": users, "track_id": [*"abcdef", None, "g"], "plays": plays})
    found = tables.join(bad, TEST)
    assert found.counts["train_rows_unusable"] == 7
    assert found.train.plays.toarray().tolist() == [[1.0]]


def test_whole_numbers_are_ids_too() -> None:
    numbers = pa.table({"user_id": [1, 2], "track_id": [10, 20], "plays": [1, 1]})
    text = pa.table({"user_id": ["1"], "track_id": ["20"], "plays": [1.5]})
    assert tables.join(numbers, text).test.toarray().tolist() == [[0, 1.5], [0, 0]]


def test_parquet_and_csv_read_alike(tmp_path: Path) -> None:
    parquet.write_table(TRAIN.append_column("more", TRAIN["plays"]), tmp_path / "train.parquet")
    csv.write_csv(TEST, tmp_path / "test.csv")
    found = tables.read(tmp_path / "train.parquet", tmp_path / "test.csv")
    assert found.test.toarray().tolist() == tables.join(TRAIN, TEST).test.toarray().tolist()


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    parquet.write_table(TRAIN.drop_columns(["plays"]), tmp_path / "train.parquet")
    parquet.write_table(TEST, tmp_path / "test.parquet")
    with pytest.raises(InputError, match=r"train\.parquet lacks plays; it has user_id, track_id"):
        tables.read(tmp_path / "train.parquet", tmp_path / "test.parquet")


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    (tmp_path / "train.parquet").write_bytes(b"no table")
    with pytest.raises(InputError, match="cannot be read as a table"):
        tables.read(tmp_path / "train.parquet", tmp_path / "train.parquet")
    with pytest.raises(InputError, match="is no file"):
        tables.read(tmp_path / "none.parquet", tmp_path / "none.parquet")


def test_values_of_another_kind_are_refused() -> None:
    words = pa.table({"user_id": ["u"], "track_id": ["a"], "plays": ["many"]})
    with pytest.raises(InputError, match="plays numbers"):
        tables.join(words, TEST)
    with pytest.raises(InputError, match="no usable row among 5"):
        tables.join(TRAIN.set_column(2, "plays", pa.array([math.nan] * 5)), TEST)
