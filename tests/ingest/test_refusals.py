"""Files that must be refused as a whole, and what the refusal says."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.ingest.exports import FORMS, PLAYS, lines, listen, listenbrainz_zip, read, spotify_entry, spotify_json

from unheard.errors import SourceError
from unheard.ingest import READERS, Reader, detect, find, reader

if TYPE_CHECKING:
    from pathlib import Path

each_reader = pytest.mark.parametrize("using", READERS, ids=lambda one: one.name)
BINARY = bytes(range(256)) * 40
NOISE = random.Random(0).randbytes(5_000)


@each_reader
@pytest.mark.parametrize(
    "content", [b"", b"\n", BINARY, NOISE, b"PK\x03\x04", b"PAR1", b"[" * 100_000, b"<a>" * 100_000]
)
def test_no_reader_takes_what_is_none_of_its_own(using: Reader, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="export"):
        read(path, reader=using)


@each_reader
def test_missing_file_and_folder(using: Reader, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read(tmp_path / "gone.json", reader=using)
    with pytest.raises(SourceError, match="is a folder"):
        read(tmp_path, reader=using)


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "listens.jsonl"
    path.touch()
    with pytest.raises(SourceError, match="is empty"):
        detect(path)


def test_unknown_kind_lists_what_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"ID3\x04" + BINARY)
    with pytest.raises(SourceError, match=r"binary.*listenbrainz.*spotify.*lastfm.*playlist.*table.*--as NAME"):
        detect(path)
    assert find(tmp_path) == []


def test_unknown_reader_lists_those_there_are() -> None:
    with pytest.raises(SourceError, match="no reader 'winamp'; there are listenbrainz"):
        reader("winamp")


def test_utf_16_is_named(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("user_id,track_id,plays\na,b,1\n", encoding="utf-16")
    with pytest.raises(SourceError, match="UTF-16"):
        detect(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize(
    "form", [form for form in FORMS if form.file.endswith((".zip", ".parquet", ".gz", ".json"))]
)
def test_truncated(form: object, share: float, tmp_path: Path) -> None:
    assert isinstance(form, type(FORMS[0]))
    path = tmp_path / form.file
    form.write(path, PLAYS * 100)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(SourceError):
        read(path)


def test_truncated_zip_says_so(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    listenbrainz_zip(path, PLAYS)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(SourceError, match="damaged or truncated zip"):
        detect(path)


def test_a_flipped_byte_in_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    listenbrainz_zip(path, PLAYS * 50)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(SourceError):
        read(path, reader=reader("listenbrainz"))


def test_a_zip_that_unpacks_to_far_more_than_it_is(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("listens/2020/1.jsonl", b" " * (80 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(SourceError, match=r"unpacks to 83,886,080 bytes"):
        detect(path)


def test_a_zip_that_lies_about_what_it_unpacks_to(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("listens/2020/1.jsonl", lines([listen(PLAYS[0])]) * 1_000)
    content = path.read_bytes()
    true_size = struct.pack("<I", len(lines([listen(PLAYS[0])])) * 1_000)
    assert content.count(true_size) == 2
    path.write_bytes(content.replace(true_size, struct.pack("<I", 100)))
    with pytest.raises(SourceError):
        read(path)


@pytest.mark.parametrize("name", ["bomb.jsonl.gz", "bomb.tar.gz"])
def test_a_stream_that_unpacks_to_far_more_than_it_is(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    payload = b" " * (66 << 20)
    if name.endswith(".tar.gz"):
        with tarfile.open(path, "w:gz") as tar:
            member = tarfile.TarInfo("listens/2020/1.listens")
            member.size = len(payload)
            tar.addfile(member, io.BytesIO(payload))
    else:
        path.write_bytes(gzip.compress(payload, 1))
    with pytest.raises(SourceError, match="unpacks to"):
        read(path, reader=reader("listenbrainz"))


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unheard.ingest.archive.MAX_MEMBERS", 3)
    path = tmp_path / "export.zip"
    listenbrainz_zip(path, PLAYS)
    with pytest.raises(SourceError, match="3 is the most"):
        detect(path)


def test_an_encrypted_zip(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    listenbrainz_zip(path, PLAYS)
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1  # the flag that says "encrypted", in the directory
    path.write_bytes(content)
    with pytest.raises(SourceError, match="encrypted"):
        detect(path)


def test_paths_that_lead_out_of_a_zip_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("../listens/2020/1.jsonl", lines([listen(PLAYS[0])]))
        zipped.writestr("/listens/2020/2.jsonl", lines([listen(PLAYS[0])]))
    with pytest.raises(SourceError, match="none of them of a known export"):
        detect(path)


def test_a_foreign_zip(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("a.jpg", b"x")
    with pytest.raises(SourceError, match=r"holds 1 files, none of them of a known export \('a.jpg'"):
        detect(path)


def test_binary_as_json(tmp_path: Path) -> None:
    path = tmp_path / "Streaming_History_Audio_2020.json"
    path.write_bytes(BINARY)
    with pytest.raises(SourceError, match=r"Streaming_History_Audio_2020\.json"):
        detect(path)
    with pytest.raises(SourceError, match="no sound JSON"):
        read(path, reader=reader("spotify"))


def test_json_that_is_cut_in_its_middle(tmp_path: Path) -> None:
    path = tmp_path / "Streaming_History_Audio_2020.json"
    spotify_json(path, PLAYS)
    path.write_text(path.read_text()[:-100])
    with pytest.raises(SourceError, match="cut short"):
        read(path)


def test_a_refusal_inside_a_zip_names_both(tmp_path: Path) -> None:
    path = tmp_path / "my_spotify_data.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("x/endsong_0.json", json.dumps([spotify_entry(PLAYS[0])])[:-3])
    with pytest.raises(SourceError, match=r"my_spotify_data\.zip: x/endsong_0\.json"):
        read(path)


@pytest.mark.parametrize("content", ["{}", '{"a": [1]}', "7", '"x"'])
def test_json_of_another_shape(content: str, tmp_path: Path) -> None:
    path = tmp_path / "endsong_0.json"
    path.write_text(content)
    with pytest.raises(SourceError, match="no array of plays"):
        read(path, reader=reader("spotify"))


@pytest.mark.parametrize("content", ["[]", '[1, "x", null, [], {}]', "[" + "{}," * 50 + "{}]"])
def test_a_file_of_which_no_row_can_be_read(content: str, tmp_path: Path) -> None:
    path = tmp_path / "endsong_0.json"
    path.write_text(content)
    with pytest.raises(SourceError, match=r"holds no rows|none of its \d+ rows"):
        read(path)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_json_that_nests_without_end(opening: str, tmp_path: Path) -> None:
    path = tmp_path / "endsong_0.json"
    path.write_text("[" + opening * 200_000)
    with pytest.raises(SourceError, match="nests deeper"):
        read(path, reader=reader("spotify"))


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + ']><playlist xmlns="http://xspf.org/ns/0/"><title>&j;</title></playlist>'
)


@pytest.mark.parametrize(
    "content",
    [
        LAUGHS,
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><playlist xmlns="xspf">&e;</playlist>',
        '<playlist xmlns="http://xspf.org/ns/0/">' + "<a>" * 50_000,
        '<playlist xmlns="http://xspf.org/ns/0/"><trackList>',
        '<playlist xmlns="http://xspf.org/ns/0/"></playlist>',
    ],
    ids=["laughs", "outside entity", "nesting", "cut", "no tracks"],
)
def test_harmful_and_broken_xml(content: str, tmp_path: Path) -> None:
    path = tmp_path / "list.xspf"
    path.write_text(content)
    with pytest.raises(SourceError, match=r"list\.xspf"):
        read(path)


def test_a_playlist_of_absurd_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unheard.ingest.playlist.MAX_BYTES", 10)
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\na.mp3\n")
    with pytest.raises(SourceError, match="at most 10"):
        read(path)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_unknown_columns(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"plays{suffix}"
    table = pa.table({"user_id": ["a"], "track_id": ["b"], "playes": [1], "weight": [2]})
    if suffix == ".csv":
        path.write_text("user_id,track_id,playes,weight\na,b,1,2\n")
    else:
        pq.write_table(table, path)
    with pytest.raises(SourceError) as refusal:
        read(path)
    message = str(refusal.value)
    assert "unknown columns 'playes', 'weight'" in message
    assert "did you mean 'plays' by 'playes'?" in message
    assert "Known are user_id, track_id" in message


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("user_id,plays", "names no tracks"),
        ("user_id,track_id", "neither plays nor listened_at"),
        ("user_id,track_id,plays,listened_at", "both plays and times"),
        ("user_id,track_id,listened_at,timestamp", "both mean listened_at"),
        ("user_id,track_id,track_id,plays", "two columns 'track_id'"),
        ("foo,bar", "unknown columns 'foo', 'bar'"),
    ],
)
def test_columns_that_cannot_mean_anything(header: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text(header + "\n" + ",".join("1" for _ in header.split(",")) + "\n")
    with pytest.raises(SourceError, match=says):
        read(path)


def test_a_column_to_rename_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("user_id,track_id,plays\na,b,1\n")
    with pytest.raises(SourceError, match="no column 'count' to rename"):
        read(path, columns={"count": "plays"})


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("listened_at", [[1]], "must be a time"),
        ("listened_at", [True], "must be a time"),
        ("track_id", [True], "must be text"),
        ("skipped", [0.5], "must be true or false"),
        ("ms_played", [True], "must be a number"),
    ],
)
def test_a_parquet_column_of_a_wrong_type(name: str, values: list[object], says: str, tmp_path: Path) -> None:
    path = tmp_path / "plays.parquet"
    columns = {"user_id": ["a"], "track_id": ["b"], "listened_at": [1_600_000_000]} | {name: values}
    pq.write_table(pa.table(columns), path)
    with pytest.raises(SourceError, match=f"column '{name}' is .*{says}"):
        read(path)


def test_a_header_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("user_id,track_id,plays\n")
    with pytest.raises(SourceError, match="holds no rows"):
        read(path)


def test_last_fm_with_other_columns(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("uts,artist,track,address\n1,a,b,c\n")
    with pytest.raises(SourceError, match=r"has the columns uts, artist, track, address; .*--as table"):
        read(path)


def test_every_row_at_fault_names_the_first(tmp_path: Path) -> None:
    path = tmp_path / "listens.jsonl"
    path.write_text('{"track_metadata": {"artist_name": "a", "track_name": "b"}}\n' * 3)
    with pytest.raises(SourceError, match=r"none of its 3 rows .* listens\.jsonl, line 1: no time"):
        read(path)
