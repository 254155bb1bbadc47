"""The nouns check themselves."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from unheard.errors import InputError, UnknownIdError
from unheard.schema import TABLES, Catalog, Embeddings, IdMap, Interactions, Ranking


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True, max_size=30))
def test_ids_go_out_as_they_came_in(ids: list[str]) -> None:
    known = IdMap(ids)
    assert known.rows(ids).tolist() == list(range(len(ids)))
    assert known.take(np.arange(len(ids))) == ids
    assert [known.row(each) for each in ids] == list(range(len(ids)))


def test_unknown_ids() -> None:
    known = IdMap(["a", "b"])
    assert known.rows(["b", "z", "a"]).tolist() == [1, -1, 0]
    assert "z" not in known
    with pytest.raises(UnknownIdError, match="'z'"):
        known.row("z")


def test_the_digest_tells_order_and_borders_apart() -> None:
    digests = {IdMap(ids).digest for ids in (["a", "b"], ["b", "a"], ["ab"], ["a", "b", ""], [])}
    assert len(digests) == 5
    assert IdMap(["a", "b"]) == IdMap(pa.chunked_array([["a"], ["b"]]))


@pytest.mark.parametrize(("ids", "said"), [(["a", "b", "a"], "'a' occurs twice"), (["a", None], "missing id")])
def test_an_id_map_refuses(ids: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        IdMap(pa.array(ids, pa.string()))


def matrix(values: list[list[float]]) -> sparse.csr_array:
    return sparse.csr_array(np.array(values, dtype=np.float32))


def test_interactions_take_their_shape_from_the_ids() -> None:
    listeners, tracks = IdMap(["ann", "bob"]), IdMap(["x", "y", "z"])
    found = Interactions(listeners, tracks, matrix([[1, 0, -1], [0, 2, 0]]))
    assert found.history("bob").toarray().tolist() == [[0, 2, 0]]
    with pytest.raises(UnknownIdError):
        found.history("eve")
    with pytest.raises(InputError, match="shape"):
        Interactions(listeners, tracks, matrix([[1, 0], [0, 2]]))
    with pytest.raises(InputError, match="not finite"):
        Interactions(listeners, tracks, matrix([[1, 0, np.nan], [0, 2, 0]]))
    with pytest.raises(InputError, match="float32"):
        Interactions(listeners, tracks, matrix([[1, 0, 0], [0, 2, 0]]).astype(np.float64))


def test_embeddings_refuse_other_lengths_and_infinities() -> None:
    ids = IdMap(["x", "y"])
    assert Embeddings("e", ids, np.ones((2, 3), np.float32)).dim == 3
    for values in (np.ones((3, 3), np.float32), np.full((2, 3), np.inf, np.float32), np.ones((2, 3))):
        with pytest.raises(InputError, match="'e'"):
            Embeddings("e", ids, values)  # type: ignore[arg-type]


def test_a_ranking_is_aligned() -> None:
    with pytest.raises(InputError, match="differ in length"):
        Ranking("ann", np.arange(2, dtype=np.int32), np.ones(3, np.float32), np.zeros(2, np.int32), (), {})


def catalog(**columns: list[str | None]) -> Catalog:
    n = len(columns["title"])
    table = pa.table(
        {
            "track_id": [f"t{row}" for row in range(n)],
            "artist_key": columns["artist"],
            "recording_group": [f"g{row}" for row in range(n)],
            **columns,
        }
    )
    return Catalog(IdMap(table["track_id"]), table)


def test_nobody_is_no_artist_in_common() -> None:
    found = catalog(title=["A", "B", "C", None], artist=["X", None, "X", None])
    assert found.artists.tolist() == [0, -1, 0, -1]
    assert [found.name(row) for row in range(4)] == ["X - A", "B", "X - C", "t3"]
    assert catalog(title=["Bad Company"], artist=["Bad Company"]).name(0) == "Bad Company"


def test_a_catalogue_says_what_it_lacks() -> None:
    with pytest.raises(InputError, match="recording_group"):
        Catalog(IdMap(["t"]), pa.table({"track_id": ["t"], "title": ["x"], "artist": ["y"], "artist_key": ["y"]}))


def test_every_table_has_its_key_columns() -> None:
    for name, columns in TABLES.items():
        assert "track_id" in columns.names, name
        assert not columns.field("track_id").nullable, name
