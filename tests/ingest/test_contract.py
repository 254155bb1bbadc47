"""What every reader of plays must hold to, whichever the source."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.ingest.exports import FORMS, PLAYS, SECRET, Form, read

from unheard.ingest import MINUTE_SOURCES, READERS, detect, find, reader
from unheard.schema import TABLES

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.reader}-{form.file}")


def expected(form: Form) -> list[tuple[str, str, datetime]]:
    """PLAYS as this form can tell them."""

    def told(at: datetime) -> datetime:
        return at.replace(second=0) if form.resolution_s == 60 else at

    return sorted(((play.artist, play.title, told(play.at)) for play in PLAYS), key=lambda play: play[2])


@pytest.fixture
def written(form: Form, tmp_path: Path) -> Path:
    path = tmp_path / form.file
    form.write(path, PLAYS)
    return path


@each_form
def test_is_detected(form: Form, written: Path) -> None:
    assert detect(written).name == form.reader
    assert reader(form.reader) is detect(written)
    assert find(written.parent) == [written]


@each_form
def test_gives_the_plays(form: Form, written: Path) -> None:
    assert read(written).plays() == expected(form)


@each_form
def test_rows_have_the_columns_of_the_schema(form: Form, written: Path) -> None:
    for table, rows in read(written).tables.items():
        assert rows.schema.equals(TABLES[table], check_metadata=True)


@each_form
def test_source_tells_the_resolution(form: Form, written: Path) -> None:
    sources = {row["source"] for row in read(written).rows("listens")}
    assert len(sources) == 1
    assert (sources <= MINUTE_SOURCES) == (form.resolution_s == 60)


@each_form
def test_reads_the_same_twice(form: Form, written: Path) -> None:
    first, second = read(written), read(written)
    assert first.tables == second.tables


@each_form
def test_every_row_is_accounted_for(form: Form, written: Path) -> None:
    tally = read(written).tally
    assert tally.read == len(PLAYS) == tally.taken["listens"]
    assert not tally.skipped
    assert tally.bytes_read == tally.bytes_total == written.stat().st_size


@each_form
def test_listener_is_the_option_then_the_files_then_me(form: Form, written: Path) -> None:
    plain, told = read(written), read(written, user="ann")
    assert {row["user_id"] for row in plain.rows("listens")} == {"rob" if form.names_listener else "me"}
    assert any("--user" in note for note in plain.tally.notes) != form.names_listener
    assert {row["user_id"] for row in told.rows("listens")} == {"ann"}
    assert not told.tally.notes


@each_form
def test_private_fields_do_not_come_out(form: Form, written: Path) -> None:
    if form.reader in ("spotify", "listenbrainz") and written.suffix in (".json", ".jsonl"):
        assert SECRET in written.read_text() or "short" in form.write.__name__
    for rows in read(written).tables.values():
        assert SECRET not in str(rows.to_pylist())


@each_form
def test_each_track_is_given_once_in_a_file(form: Form, tmp_path: Path) -> None:
    path = tmp_path / form.file
    form.write(path, PLAYS * 40)
    counts = Counter(row["track_id"] for row in read(path).rows("tracks"))
    assert set(counts.values()) == {1}
    assert len(counts) == len(PLAYS)


def test_the_same_names_are_the_same_track_in_every_form(tmp_path: Path) -> None:
    bare = [play for play in PLAYS if play.album is None and play.recording_mbid is None]
    assert bare
    ids = set()
    for form in FORMS:
        path = tmp_path / form.file
        form.write(path, bare)
        ids.add(tuple(row["track_id"] for row in read(path).rows("tracks")))
    assert len(ids) == 1


def test_readers_are_a_fixed_list_with_distinct_names() -> None:
    assert [one.name for one in READERS] == ["listenbrainz", "spotify", "lastfm", "playlist", "table"]
    assert all(one.about for one in READERS)


def test_a_batch_is_given_before_the_file_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unheard.ingest.gather.BATCH_ROWS", 1_000)
    path = tmp_path / "listens.jsonl"
    FORMS[0].write(path, PLAYS * 10_000)
    tracemalloc.start()
    taken = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken.tables["listens"].column("track_id").num_chunks > 1
    assert peak < 12 << 20
