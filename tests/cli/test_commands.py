"""Every command: what it prints for a person and for a machine, and with which code it ends."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
import typer
from tests.cli.calling import unheard
from tests.pipeline.worlds import WEEK, WORLD, content, write
from typer.main import get_command

from unheard.cli import app, output
from unheard.pipeline import demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unheard.pipeline.demo import Demo
    from unheard.store.workspace import Workspace

ANN = "listener00001"
COMMAND = Path(sys.executable).with_name("unheard")


def commands(group: object, *words: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Words and help of every command, those that only hold others too."""
    for name, each in getattr(group, "commands", {}).items():
        yield (*words, name), str(each.help)
        yield from commands(each, *words, name)


EVERY = dict(commands(get_command(app.app)))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo of the command line, with the tests' small world."""
    monkeypatch.setattr(demo.demo, "__kwdefaults__", (demo.demo.__kwdefaults__ or {}) | {"world_settings": WORLD})


# Help.


@pytest.mark.parametrize("words", [(), *EVERY], ids=" ".join)
def test_help_says_what_it_does(words: tuple[str, ...]) -> None:
    ended = unheard(*words, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert "Usage: unheard" in ended.out
    if words:
        first = EVERY[words].split()
        assert len(first) >= 3
        assert " ".join(first[:3]) in " ".join(ended.out.split())


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_option_has_help(words: tuple[str, ...]) -> None:
    command: object = get_command(app.app)
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]
    for parameter in command.params:  # type: ignore[attr-defined]
        assert getattr(parameter, "help", None), (words, parameter.name)


def test_without_words_it_shows_help() -> None:
    ended = unheard()
    assert ended.code == 2
    assert "Usage: unheard" in ended.out + ended.err


def test_a_command_that_is_none() -> None:
    ended = unheard("dance")
    assert ended.code == 2
    assert "No such command 'dance'" in ended.err


# The way of a newcomer, in a process of its own as a person would go it.


def shell(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *words], cwd=cwd, capture_output=True, text=True, check=False)


def test_from_nothing_to_a_list(done: Demo, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert shell("init", "home", cwd=tmp_path).returncode == 0
    dump = done.workspace.root / "exports" / "everybody-else.listens"
    imported = shell("import", dump, cwd=home)
    assert (imported.returncode, imported.stderr) == (0, "")
    assert "everybody-else.listens (listenbrainz) of 37 listeners" in imported.stdout
    trained = shell("train", cwd=home)
    assert (trained.returncode, trained.stdout.count("made")) == (0, 2)
    listed = shell("weekly", "--user", "listener00005", "--json", cwd=home)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert len(json.loads(listed.stdout)[0]["tracks"]) == 30
    refused = shell("weekly", "--user", "nobody", cwd=home)
    assert (refused.returncode, refused.stdout, "Traceback" in refused.stderr) == (1, "", False)


def test_ctrl_c_ends_with_words_and_130(home: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("unheard.pipeline.importing._write", stop)
    before = content(home)
    more = write(tmp_path / "more.csv", "user_id,artist,title,plays\nann,U2,One,3\n")
    ended = unheard("import", more, "--workspace", home.root)
    assert ended.code == 130
    assert "stopped; what was finished is kept" in ended.err
    assert content(home) == before
    monkeypatch.undo()
    assert unheard("import", more, "--workspace", home.root).code == 0


def test_a_fault_of_our_own_is_told_in_words_too(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("unheard.pipeline.training.train", fail)
    with pytest.raises(AssertionError, match="fault of unheard itself: ZeroDivisionError"):
        unheard("train", "--workspace", home.root)


def test_a_full_disk_is_told_in_words(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("unheard.pipeline.training.train", fail)
    ended = unheard("train", "--workspace", home.root)
    assert (ended.code, "No space left on device" in ended.err) == (1, True)


# Each command, for a person and for a machine.


def test_demo(small: None, tmp_path: Path) -> None:
    told = unheard("demo", tmp_path / "demo")
    assert told.code == 0
    for said in (
        "A generated world: 40 listeners",
        "Because you",
        "truly likes",
        "Try next",
        "unheard weekly --user",
    ):
        assert said in told.out
    again = unheard("demo", tmp_path / "demo", "--json").json
    assert again.keys() == {"workspace", "imported", "playlist", "liking"}
    assert again["liking"] > 55
    assert all(each["already_imported"] for each in again["imported"])


def test_what_the_demo_says_to_try_next_works(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = unheard("demo", tmp_path / "demo").out.partition("Try next")[2]
    monkeypatch.chdir(tmp_path / "demo")
    lines = [line.strip() for line in told.splitlines() if line.startswith("  unheard ")]
    assert len(lines) == 5
    for line in lines:
        words = shlex.split(line)[1:]
        if words[0] != "evaluate":  # which takes longer, and has a test of its own
            assert unheard(*words).code == 0, line


def test_init(tmp_path: Path) -> None:
    assert unheard("init", tmp_path / "one", "--json").json == {"workspace": str(tmp_path / "one")}
    assert "Next: unheard import" in unheard("init", tmp_path / "two").out
    assert unheard("init", tmp_path / "two").code == 0, "an existing one is left as it is"


def test_import(home: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "plays.csv", "nick,artist,title,plays\nann,U2,One,3\nann,U2,One,2\n")
    told = unheard("import", path, "--column", "nick=user_id", "--workspace", home.root)
    assert (told.code, told.err) == (0, "")
    for said in ("plays.csv (table) of ann", "play counts taken", "duplicates left out"):
        assert said in told.out
    again = unheard("import", path, "--column", "nick=user_id", "--workspace", home.root)
    assert again.out == "plays.csv: imported before (table); nothing added\n"
    (report,) = unheard("import", path, "--column", "nick=user_id", "--json", "--workspace", home.root).json[
        "imported"
    ]
    assert (report["already_imported"], report["taken"]) == (True, {})


def test_import_lists_its_sources() -> None:
    assert {each["source"] for each in unheard("import", ".", "--as", "list", "--json").json} >= {
        "spotify",
        "table",
    }
    assert "ListenBrainz export" in unheard("import", ".", "--as", "list").out


def test_train(home: Workspace) -> None:
    told = unheard("train", "--workspace", home.root)
    assert (told.code, told.out.count("up to date")) == (0, 2)
    assert unheard("train", "--json", "--workspace", home.root).json["made"] == []


def test_weekly(home: Workspace) -> None:
    where = ("--week", WEEK, "--workspace", home.root)
    told = unheard("weekly", "--user", ANN, *where)
    assert f"Unheard for {ANN}, {WEEK}" in told.out
    (listed,) = unheard("weekly", "--user", ANN, "--json", *where).json
    assert all(track["title"] in told.out or len(track["title"]) > 20 for track in listed["tracks"])
    for name, start in (("json", "["), ("jspf", "{"), ("xspf", "<?xml"), ("m3u8", "#EXTM3U")):
        ended = unheard("weekly", "--user", ANN, "--format", name, *where)
        assert (ended.code, ended.out.startswith(start)) == (0, True)
    assert len(unheard("weekly", "--json", *where).json) == WORLD.n_listeners


def test_weekly_into_a_folder(home: Workspace, tmp_path: Path) -> None:
    ended = unheard(
        "weekly", "-u", ANN, "-u", "listener00002", "-f", "m3u8", "-o", tmp_path / "lists", "--week", WEEK,
        "--workspace", home.root,
    )  # fmt: skip
    assert ended.code == 0
    assert sorted(path.name for path in (tmp_path / "lists").iterdir()) == [
        f"{user}.{WEEK}.m3u8" for user in (ANN, "listener00002")
    ]


def test_weekly_dials_of_a_kept_list(home: Workspace) -> None:
    where = ("--user", ANN, "--week", WEEK, "--json", "--workspace", home.root)
    first = unheard("weekly", *where)
    turned = unheard("weekly", "--size", "5", *where)
    assert turned.json == first.json
    assert "--anew makes it again" in turned.err
    assert len(unheard("weekly", "--size", "5", "--anew", *where).json[0]["tracks"]) == 5


def test_similar_and_explain(home: Workspace) -> None:
    (listed,) = unheard("weekly", "--user", ANN, "--json", "--workspace", home.root).json
    track = listed["tracks"][0]["track_id"]
    near = unheard("similar", track, "-n", "5", "--json", "--workspace", home.root).json
    assert len(near) == 5
    assert unheard("similar", near[0]["name"], "--workspace", home.root).code == 0
    told = unheard("explain", ANN, track, "--json", "--workspace", home.root).json
    assert (told["heard"], told["user_id"]) == (False, ANN)
    spoken = unheard("explain", ANN, track, "--workspace", home.root).out
    assert f"place {told['rank']:,} of {told['of']:,} unheard tracks" in spoken


def test_simulate(tmp_path: Path) -> None:
    words = ("--listeners", "5", "--tracks", "40", "--weeks", "6")
    told = unheard("simulate", tmp_path / "one", *words)
    assert told.out.count("unheard import") == 4
    made = unheard("simulate", tmp_path / "two", *words, "--json").json
    for each in made["exports"]:
        path = Path(each["path"])
        assert path.read_bytes() == (tmp_path / "one" / path.name).read_bytes(), "the same seed, the same world"


def test_doctor(home: Workspace) -> None:
    assert unheard("doctor", "--workspace", home.root).code == 0
    assert all(each["ok"] for each in unheard("doctor", "--json", "--workspace", home.root).json)


def test_config_show(home: Workspace, tmp_path: Path) -> None:
    """What it prints may be written back as it is, and changes nothing."""
    shown = unheard("config", "show", "--workspace", home.root)
    assert shown.code == 0
    home.settings.write_text(shown.out)
    assert unheard("config", "show", "--workspace", home.root).out == shown.out
    assert unheard("train", "--json", "--workspace", home.root).json["made"] == []
    assert unheard("config", "show", "--json", "--workspace", home.root).json["playlist"]["size"] == 30


def test_evaluate_collaborative(tmp_path: Path) -> None:
    train = "".join(
        f"u{user},t{(user + step) % 30},{1 + step}\n" for user in range(40) for step in range(0, 12, 2)
    )
    test = "".join(f"u{user},t{(user + 1) % 30},1\n" for user in range(40))
    header = "user_id,track_id,plays\n"
    paths = write(tmp_path / "train.csv", header + train), write(tmp_path / "test.csv", header + test)
    out, page = tmp_path / "out.json", tmp_path / "page.html"
    ended = unheard(
        "evaluate", "collaborative", "--train", paths[0], "--test", paths[1], "--models", "popularity,als",
        "--at", "5", "--json", out, "--report", page,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    found = orjson.loads(out.read_bytes())
    assert found["metrics"].keys() == {"popularity", "als"}
    assert {"recall@5", "recall@5_ci", "ndcg@5"} <= found["metrics"]["als"].keys()
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert "recall@5" in ended.out


def test_evaluate_weekly(home: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    ended = unheard("evaluate", "weekly", "--weeks", "1", "--json", out, "--workspace", home.root)
    assert ended.code == 0, ended.err
    assert {"metrics", "counts", "seconds"} <= orjson.loads(out.read_bytes()).keys()


# What is printed.


@pytest.mark.parametrize("width", [80, 140])
def test_tables_fit_the_terminal(width: int, home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for words in (("weekly", "--user", ANN), ("doctor",), ("import", ".", "--as", "list")):
        told = unheard(*words, "--workspace", home.root).out if words[0] != "import" else unheard(*words).out
        assert max(len(line) for line in told.splitlines()) <= width


def test_what_comes_from_outside_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.table("[red]title\x1b[31m", ("a",), [("[bold]x[/]\x1b]0;gone\x07\n",)])
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\x07" not in told
    assert "[bold]x[/]" in told


def test_every_command_is_a_typer_command() -> None:
    assert isinstance(app.app, typer.Typer)
    wanted = "demo init import train weekly similar explain evaluate doctor simulate config"
    assert {words[0] for words in EVERY} >= set(wanted.split())
