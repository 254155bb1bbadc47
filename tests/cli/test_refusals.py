"""Whatever is wrong with a file, a workspace or a word: a message that says what, where and the way out.

Each test compares what was stored before and after: nothing of it may be lost.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from tests.cli.calling import Ended, unheard
from tests.pipeline.worlds import content, new, rows, take, write

from unheard.schema import SCHEMA_VERSION
from unheard.store import stages, workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from unheard.pipeline.demo import Demo
    from unheard.store.workspace import Workspace

ANN = "listener00001"
SOUND = "user_id,artist,title,plays\nann,U2,One,3\n"


@pytest.fixture
def filled(tmp_path: Path) -> Workspace:
    """A workspace that holds something to lose."""
    home = new(tmp_path / "home")
    take(home, write(tmp_path / "first.csv", SOUND))
    return home


def refused(home: Workspace, *words: str | Path) -> Ended:
    """An import of a file that must be refused, and must change nothing."""
    before = content(home)
    ended = unheard("import", *words, "--workspace", home.root)
    assert ended.code == 1
    assert content(home) == before
    assert ended.err.startswith("unheard: ")
    return ended


# Faults of a file: refused whole, with its path.


def test_an_empty_file(filled: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "listens.jsonl", "")
    assert f"{path}: is empty; write the export again" in refused(filled, path).err


def a_zip(path: Path, content: bytes = b'{"listened_at": 1767607200}\n' * 100) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("listens/2026/1.jsonl", content)
    return path


def test_a_truncated_zip(filled: Workspace, tmp_path: Path) -> None:
    path = a_zip(tmp_path / "export.zip")
    path.write_bytes(path.read_bytes()[:-30])
    message = refused(filled, path).err
    assert str(path) in message
    assert "damaged or truncated zip" in message


def test_a_zip_that_unpacks_to_far_more_than_it_is(filled: Workspace, tmp_path: Path) -> None:
    path = a_zip(tmp_path / "bomb.zip", b" " * (80 << 20))
    message = refused(filled, path).err
    assert str(path) in message
    assert "unpacks to 83,886,080 bytes" in message


@pytest.mark.parametrize("name", ["Streaming_History_Audio_2020.json", "listens.jsonl", "plays.csv", "a.parquet"])
def test_binary_under_the_name_of_text(name: str, filled: Workspace, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(random.Random(0).randbytes(5_000))
    assert str(path) in refused(filled, path).err
    for source in ("spotify", "listenbrainz", "lastfm", "table", "playlist"):
        assert name in refused(filled, path, "--as", source).err


def test_unknown_columns(filled: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "plays.csv", "user_id,artist,titel,plays\nann,U2,One,3\n")
    message = refused(filled, path).err
    for said in (str(path), "unknown column 'titel'", "did you mean 'title'", "Known are user_id", "--column"):
        assert said in message


def test_a_renamed_column_that_is_not_there(filled: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "plays.csv", SOUND)
    message = refused(filled, path, "--column", "nick=user_id").err
    assert "has no column 'nick' to rename" in message
    assert "user_id, artist, title, plays" in message


def test_a_path_that_is_not_there(filled: Workspace, tmp_path: Path) -> None:
    assert f"{tmp_path / 'gone.csv'} does not exist" in refused(filled, tmp_path / "gone.csv").err


def test_a_folder_with_nothing_to_read(filled: Workspace, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    assert "holds no file that a reader knows" in refused(filled, tmp_path / "photos").err


def test_the_sound_files_beside_a_bad_one_are_taken(filled: Workspace, tmp_path: Path) -> None:
    good = write(tmp_path / "good.csv", "user_id,artist,title,plays\nzoe,U2,Two,3\n")
    ended = unheard("import", write(tmp_path / "bad.csv", ""), good, "--json", "--workspace", filled.root)
    assert ended.code == 1
    assert [each["path"] for each in ended.json["imported"]] == [str(good)]
    assert "is empty" in ended.json["refused"][0]["error"]
    assert len(rows(filled, "play_counts")) == 2


# Faults of rows: skipped, counted by reason and listed by line.

LISTENS_HEADER = "user_id,artist,title,listened_at\n"
COUNTS_HEADER = "user_id,artist,title,plays\n"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (f"{COUNTS_HEADER}ann,Blur,{'x' * 1_000_000},3\nann,Blur,Two,4\n", 2, "title longer than"),
        (f"{LISTENS_HEADER}ann,Blur,Two,2026-01-05\nann,Blur,Two,2999-01-05\n", 3, "future"),
        (f"{LISTENS_HEADER}ann,Blur,Two,1969-01-05\nann,Blur,Two,2026-01-05\n", 2, "1970"),
        (f"{COUNTS_HEADER}ann,Blur,Two,nan\nann,Blur,Two,4\n", 2, "not finite"),
        (f"{COUNTS_HEADER}ann,Blur,Two,4\nann,Blur,Two,-3\n", 3, "zero or negative"),
        (f"{COUNTS_HEADER}ann,Blur,Two,many\nann,Blur,Two,4\n", 2, "cannot be read as a number"),
    ],
)
def test_rows_at_fault(text: str, line: int, reason: str, filled: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "plays.csv", text)
    ended = unheard("import", path, "--json", "--workspace", filled.root)
    (report,) = ended.json["imported"]
    ((told, skipped),) = report["skipped"].items()
    assert (ended.code, report["read"], skipped) == (0, 2, 1)
    assert reason in told
    assert report["unreadable"] == [{"place": "plays.csv", "line": line, "reason": told}]
    assert report["taken"].get("listens", 0) + report["taken"].get("play_counts", 0) == 1


def test_rows_at_fault_are_shown_to_a_person(filled: Workspace, tmp_path: Path) -> None:
    faulty = "".join(f"ann,Blur,Song {number},-1\n" for number in range(30))
    ended = unheard("import", write(tmp_path / "p.csv", f"{SOUND}{faulty}"), "--workspace", filled.root)
    assert ended.code == 0
    assert "skipped: plays that are zero or negative" in ended.out
    assert "p.csv, line 3: plays that are zero or negative" in ended.out
    assert ended.out.count("p.csv, line") == 10
    assert "--json lists the first 30" in ended.out


# Faults of a workspace.

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("import", "first.csv"),
    ("train",),
    ("weekly",),
    ("similar", "One"),
    ("explain", "ann", "One"),
    ("doctor",),
    ("config", "show"),
    ("evaluate", "weekly"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_workspace(command: tuple[str, ...], tmp_path: Path) -> None:
    ended = unheard(*command, "--workspace", tmp_path / "nowhere")
    assert ended.code == 1
    assert f"{tmp_path / 'nowhere'} is no workspace" in ended.err
    assert "unheard init" in ended.err


def test_no_workspace_above_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = unheard("train")
    assert ended.code == 1
    assert "nor a folder above it is a workspace" in ended.err


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_workspace_of_a_newer_version(command: tuple[str, ...], filled: Workspace) -> None:
    filled.settings.write_text(f"schema_version = {SCHEMA_VERSION + 1}\n")
    before = content(filled)
    ended = unheard(*command, "--workspace", filled.root)
    assert ended.code == 1
    assert "was written by a newer unheard" in ended.err
    assert "upgrade unheard" in ended.err
    assert content(filled) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = \n", "is not TOML"),
        ("\xff\xfe", "is not TOML"),
        ("seed = -1\n", "seed = -1; it must be a whole number"),
        ("seed = 'x'\n", "seed = 'x'; it must be a whole number"),
        ("schema_version = 'new'\n", "schema_version = 'new'"),
        ("[colaborative]\ndim = 4\n", "did you mean 'collaborative'"),
        ("[collaborative]\ndimm = 4\n", "did you mean 'dim'"),
        ("[collaborative]\ndim = 0\n", "dim = 0"),
        ("[collaborative]\nmodel = 'magic'\n", "model = 'magic'"),
        ("[dataset]\nskip_weight = -1\n", "skip_weight = -1"),
        ("[playlist]\nsize = 'many'\n", "size = 'many'"),
        ("[blend.dials]\nadventure = 2\n", "adventure = 2"),
        ("playlist = 3\n", "it must be a section"),
    ],
)
def test_damaged_settings(text: str, said: str, filled: Workspace) -> None:
    filled.settings.write_bytes(text.encode("latin-1"))
    before = content(filled)
    ended = unheard("train", "--workspace", filled.root)
    assert ended.code == 1
    assert "unheard.toml" in ended.err
    assert said in ended.err
    assert content(filled) == before


def test_nothing_imported_and_nothing_trained(tmp_path: Path, filled: Workspace) -> None:
    empty = new(tmp_path / "empty")
    assert "unheard import PATH" in unheard("train", "--workspace", empty.root).err
    for command in (("weekly",), ("similar", "One"), ("explain", "ann", "One"), ("evaluate", "weekly")):
        ended = unheard(*command, "--workspace", filled.root)
        assert (ended.code, "run `unheard train`" in ended.err) == (1, True)


HOLD = """
import sys
from pathlib import Path
from unheard.store import workspace
with workspace.open_(Path(sys.argv[1])).locked("train"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_commands_in_one_workspace_at_once(filled: Workspace, tmp_path: Path) -> None:
    more = write(tmp_path / "more.csv", SOUND.replace("One", "Two"))
    before = content(filled)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, filled.root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        for command in (("import", more), ("train",)):
            ended = unheard(*command, "--workspace", filled.root)
            assert ended.code == 1
            assert f"in use by `unheard train` (process {other.pid}); wait until it ends" in ended.err
        assert content(filled) == before
        other.stdin.close()
    assert unheard("import", more, "--workspace", filled.root).code == 0


def test_a_killed_command_leaves_no_lock(filled: Workspace, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, filled.root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        other.kill()
    more = write(tmp_path / "more.csv", SOUND.replace("One", "Two"))
    assert unheard("import", more, "--workspace", filled.root).code == 0


def flip(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    path.write_bytes(whole)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("fault", [flip, cut, remove])
@pytest.mark.parametrize(
    "name", ["01-dataset/catalog.parquet", "01-dataset/plays.safetensors", "02-collaborative/model.safetensors"]
)
def test_a_damaged_stage(name: str, fault: Callable[[Path], None], home: Workspace) -> None:
    """It is named, and the way out that is told is one."""
    sound, sources = content(home), content(home, ["sources"])
    fault(stages.current_run(home).folder / name)
    ended = unheard("weekly", "--user", ANN, "--workspace", home.root)
    assert ended.code == 1
    assert name.rpartition("/")[2] in ended.err
    assert "run `unheard train`" in ended.err
    assert unheard("doctor", "--workspace", home.root).code == 1
    assert content(home, ["sources"]) == sources
    assert unheard("train", "--workspace", home.root).code == 0
    assert content(home) == sound


def test_a_damaged_import(home: Workspace) -> None:
    flip(max(home.sources.rglob("listens-*.parquet"), key=lambda path: path.stat().st_size))
    home.settings.write_text(home.settings.read_text() + "\n[dataset]\nskip_weight = 0.1\n")
    ended = unheard("train", "--workspace", home.root)
    assert ended.code == 1
    assert "changed since it was imported; remove that folder and import everybody-else.listens again" in ended.err
    assert unheard("weekly", "--user", ANN, "--workspace", home.root).code == 0, "the run in service still serves"


def test_a_damaged_database(home: Workspace) -> None:
    home.database.write_bytes(b"no database at all" * 100)
    before = content(home, ["sources", "runs", "current", "unheard.db"])
    ended = unheard("weekly", "--user", ANN, "--workspace", home.root)
    assert ended.code == 1
    assert f"{home.database} cannot be used as a database" in ended.err
    assert "move it away" in ended.err
    assert content(home, ["sources", "runs", "current", "unheard.db"]) == before
    home.database.rename(home.database.with_suffix(".old"))
    assert unheard("weekly", "--user", ANN, "--workspace", home.root).code == 0


# Paths that cannot be written.


def test_a_workspace_where_a_file_lies(tmp_path: Path) -> None:
    path = write(tmp_path / "file", "")
    ended = unheard("init", path)
    assert (ended.code, "is a file; a workspace is a folder" in ended.err) == (1, True)
    ended = unheard("init", path / "under")
    assert ended.code == 1
    assert str(path) in ended.err


def test_lists_into_a_file(home: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "file", "")
    ended = unheard("weekly", "--user", ANN, "--out", path, "--workspace", home.root)
    assert ended.code == 1
    assert str(path) in ended.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    ended = unheard("init", tmp_path / "home")
    tmp_path.chmod(0o700)
    assert (ended.code, "Permission denied" in ended.err) == (1, True)


# Words that mean nothing.


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["weekly", "--user", "nobody"], 1, "no listener is called 'nobody'; there are 40, such as listener00000"),
        (["weekly", "--week", "2026-99"], 2, "'2026-99' is no ISO week; write it like 2026-W47"),
        (["weekly", "--user", ANN, "--format", "mp3"], 2, "--format mp3: there are table, json, jspf, xspf, m3u8"),
        (["weekly", "--format", "jspf"], 2, "name a listener with --user"),
        (["weekly", "--user", ANN, "--adventure", "1.5"], 2, "--adventure"),
        (["weekly", "--user", ANN, "--obscurity", "nan"], 2, "--obscurity"),
        (["weekly", "--user", ANN, "--size", "0"], 2, "--size"),
        (["similar", "Nonesuch"], 1, "no track is called 'Nonesuch'; give its id"),
        (["similar", "Nonesuch", "-n", "0"], 2, "-n"),
        (["explain", "nobody", "Nonesuch"], 1, "no track is called 'Nonesuch'"),
        (["evaluate", "weekly", "--weeks", "0"], 2, "--weeks"),
        (["evaluate", "weekly", "--weeks", "500"], 1, "weeks"),
        (["import", "a.csv", "--as", "winamp"], 2, "no reader 'winamp'; there are listenbrainz"),
        (["import", "a.csv", "--column", "nick"], 2, "write THEIRS=OURS"),
        (["import"], 2, "Missing argument"),
        (["train", "--fast"], 2, "No such option"),
    ],
)
def test_words_that_mean_nothing(words: list[str], code: int, said: str, done_home: Workspace) -> None:
    before = content(done_home)
    ended = unheard(*words, "--workspace", done_home.root)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert content(done_home) == before


@pytest.fixture(scope="module")
def done_home(done: Demo, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One copy for all tests that must not change it."""
    return workspace.open_(shutil.copytree(done.workspace.root, tmp_path_factory.mktemp("words") / "home"))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["collaborative", "--models", "magic"], 2, "magic"),
        (["collaborative", "--at", "20,many"], 2, "'20,many': whole numbers"),
        (["collaborative", "--at", "0"], 2, "0"),
        (["collaborative", "--models", ","], 2, "models"),
    ],
)
def test_evaluate_used_wrongly(words: list[str], code: int, said: str, tmp_path: Path) -> None:
    table = write(tmp_path / "t.csv", "user_id,track_id,plays\nann,t1,3\nann,t2,1\nrob,t1,2\nrob,t3,2\n")
    ended = unheard("evaluate", *words, "--train", table, "--test", table)
    assert (ended.code, said in ended.err) == (code, True), ended.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Empty CSV"),
        ("user_id,track\nann,t1\n", "track"),
        ("user_id,track_id,plays\nann,t1,nan\n", "plays"),
        ("user_id,track_id,plays\nann,t1,-1\n", "plays"),
        ("user_id,track_id,plays\nann,t1,many\n", "plays"),
    ],
)
def test_evaluate_with_a_table_at_fault(text: str, said: str, tmp_path: Path) -> None:
    sound = write(tmp_path / "sound.csv", "user_id,track_id,plays\nann,t1,3\nrob,t1,2\nrob,t3,2\n")
    bad = write(tmp_path / "bad.csv", text)
    for train, test in ((bad, sound), (sound, bad), (tmp_path / "gone.csv", sound)):
        ended = unheard("evaluate", "collaborative", "--train", train, "--test", test, "--models", "popularity")
        assert ended.code == 1
        assert said in ended.err or "gone.csv" in ended.err
