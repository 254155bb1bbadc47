"""Whatever lies in a file, a reader gives rows of the schema or a `SourceError`; nothing else comes out."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ingest.exports import FORMS, PLAYS, listen, read, spotify_entry

from unheard.errors import SourceError
from unheard.ingest import READERS, Reader, detect, reader

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
each_reader = pytest.mark.parametrize("using", READERS, ids=lambda one: one.name)
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check_survives(content: bytes, name: str, using: Reader | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            taken = read(path, reader=using or detect(path))
        except SourceError as refusal:
            said = str(refusal)
        else:
            said = f"{name}: {taken.tally.read} rows"
            assert taken.tally.read >= 1
        assert name in said


def changed(row: dict[str, Any], path: list[str], value: object) -> dict[str, Any]:
    """A copy in which what the path leads to is something else."""
    copy: dict[str, Any] = json.loads(json.dumps(row))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


@each_reader
@few
@given(content=st.binary(max_size=300))
def test_bytes(using: Reader, content: bytes) -> None:
    check_survives(content, "export", using)


@each_reader
@few
@given(content=st.text('abc,";\n\r\t\0{}[]:<>#0123456789-/ é\ufeff', max_size=300))
def test_text(using: Reader, content: str) -> None:
    check_survives(content.encode(), "export", using)


@few
@given(st.lists(anything, min_size=1, max_size=6), st.sampled_from(["listenbrainz", "spotify", "playlist"]))
def test_json(rows: list[object], name: str) -> None:
    check_survives("\n".join(json.dumps(row) for row in rows).encode(), "export.json", reader(name))
    check_survives(json.dumps(rows).encode(), "export.json", reader(name))
    check_survives(
        json.dumps({"playlist": {"title": rows[0], "track": rows}}).encode(), "export.json", reader(name)
    )


META = ["track_metadata"]


@few
@given(
    anything,
    st.sampled_from(
        [
            ["listened_at"],
            ["track_metadata"],
            ["user_name"],
            ["recording_msid"],
            ["score"],
            [*META, "artist_name"],
            [*META, "track_name"],
            [*META, "release_name"],
            [*META, "additional_info"],
            [*META, "additional_info", "duration_ms"],
            [*META, "additional_info", "duration_played"],
            [*META, "additional_info", "recording_mbid"],
            [*META, "mbid_mapping"],
            [*META, "mbid_mapping", "artist_mbids"],
        ]
    ),
)
def test_a_listen_with_something_else_in_it(value: object, path: list[str]) -> None:
    rows = [listen(PLAYS[0]), changed(listen(PLAYS[0]), path, value)]
    check_survives("\n".join(json.dumps(row) for row in rows).encode(), "listens.jsonl")
    feedback = {"recording_msid": "x", "recording_mbid": None, "score": 1, "created": 1}
    rows = [feedback, {**feedback, path[-1]: value}, {**feedback, "created": value}]
    check_survives("\n".join(json.dumps(row) for row in rows).encode(), "feedback.jsonl", reader("listenbrainz"))


@few
@given(anything, st.sampled_from(sorted(spotify_entry(PLAYS[0]))))
def test_an_entry_with_something_else_in_it(value: object, key: str) -> None:
    entries = [spotify_entry(PLAYS[0]), {**spotify_entry(PLAYS[0]), key: value}]
    check_survives(json.dumps(entries).encode(), "endsong_0.json")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.file)
@few
@given(data=st.data())
def test_a_sound_file_with_some_bytes_changed(form: object, data: st.DataObject) -> None:
    assert isinstance(form, type(FORMS[0]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / form.file
        form.write(path, PLAYS)
        content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    check_survives(bytes(content), form.file, reader(form.reader))


@few
@given(
    st.binary(max_size=200),
    st.sampled_from(["listens/2020/1.jsonl", "feedback.jsonl", "user.json", "endsong_1.json"]),
)
def test_a_zip_with_anything_in_it(content: bytes, name: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr(name, content)
        zipped.writestr("listens/2021/1.jsonl", json.dumps(listen(PLAYS[0])))
    for using in ("listenbrainz", "spotify"):
        check_survives(buffer.getvalue(), "export.zip", reader(using))
