"""Names: one way to clean them, row by row or by the column, and ids that follow from them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.exports import MBID

from unheard.ingest import columns
from unheard.ingest.contract import RowFault
from unheard.ingest.names import Tracks, clean, isrc_code, milliseconds, musicbrainz_id, source_id


def cleaned(text: str) -> str | None:
    try:
        return clean(text) or None
    except RowFault:
        return None


@given(st.lists(st.text(max_size=30) | st.none(), max_size=20))
def test_a_column_is_cleaned_as_its_cells_are(words: list[str | None]) -> None:
    column = pa.array(
        [None if word is None else word.encode("utf-8", "replace").decode() for word in words], pa.string()
    )
    expected = [None if word is None else cleaned(word) for word in column.to_pylist()]
    assert columns.text(column, "x").to_pylist() == expected
    assert columns.text(column.dictionary_encode(), "x").to_pylist() == expected


@given(st.text(max_size=1_200))
def test_clean_text_stays_as_it_is(text: str) -> None:
    once = cleaned(text)
    if once is not None:
        assert clean(once) == once
        once.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ""),
        ("  a  ", "a"),
        ("a\r\nb", "a b"),
        ("a\0b\x1fc\x7fd\x9fe", "abcde"),
        ("e\u0301", "\u00e9"),
        ("\ud800", "\ufffd"),
        ("宇多田ヒカル", "宇多田ヒカル"),
        (" " * 5_000 + "a", "a"),
    ],
)
def test_clean(text: str | None, expected: str) -> None:
    assert clean(text) == expected


def test_a_name_of_a_million_characters_is_none() -> None:
    with pytest.raises(RowFault, match="title longer than 1,000"):
        clean("x" * 1_000_000, "title")


def test_an_id_tells_apart_what_is_written_in_which_place() -> None:
    ids = {
        source_id("a", "b", "", None, None),
        source_id("b", "a", "", None, None),
        source_id("a", "", "b", None, None),
    }
    assert len(ids) == 3
    assert source_id("a", "b", "", None, None) == "name:1e0b3dc01cf34487d24a"


def test_two_spellings_that_clean_to_one_are_one_track() -> None:
    tracks = Tracks()
    assert tracks.meet(("a ", "b", None, None, None)) == tracks.meet(("a", " b", "", "none", "none"))
    assert len(tracks) == 1


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unheard.ingest.names.KNOWN_LIMIT", 10)
    tracks = Tracks()
    ids = [tracks.meet(("a", str(title), None, None, None)) for title in range(25)]
    assert len(set(ids)) == 25
    assert len(tracks.known) <= 10
    assert tracks.drain().rows.column("track_id").to_pylist() == ids


@pytest.mark.parametrize("said", [MBID, MBID.upper(), f" https://musicbrainz.org/recording/{MBID}/ "])
def test_musicbrainz_ids(said: str) -> None:
    assert musicbrainz_id(said) == MBID


@pytest.mark.parametrize("said", [None, "", "x", MBID[:-1], MBID.replace("-", ""), 7, [MBID], MBID + "x" * 5_000])
def test_what_is_no_musicbrainz_id(said: object) -> None:
    assert musicbrainz_id(said) is None


def test_isrc() -> None:
    assert isrc_code("us-rc1-76-07839") == "USRC17607839"
    assert [isrc_code(said) for said in (None, "", "USRC1760783", 5, "12RC17607839")] == [None] * 5


def test_milliseconds() -> None:
    assert [milliseconds(said) for said in (0, 1.9, 2**31 - 1)] == [0, 1, 2**31 - 1]
    assert [milliseconds(said) for said in (-1, 2**31, float("nan"), float("inf"), "5", None, True)] == [None] * 7
