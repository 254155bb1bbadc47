"""What an import stores, what it leaves out, and what it leaves behind when it fails."""

from __future__ import annotations

import gzip
import json
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.pipeline.worlds import NOW, content, new, plays, rows, take, write

from unheard.errors import SourceError, UsageError
from unheard.ingest.contract import ReadOptions
from unheard.pipeline import importing, settings
from unheard.simulate import writers
from unheard.simulate.settings import WorldSettings
from unheard.simulate.world import World
from unheard.store import imports

if TYPE_CHECKING:
    from pathlib import Path

    from unheard.store.workspace import Workspace

COUNTS = "user_id,artist,title,plays\nann,U2,One,3\nann,Blur,Two,4\nrob,U2,One,1\n"
LISTENS = "user_id,artist,title,listened_at\nann,U2,One,2026-01-05T10:00:00Z\nrob,Blur,Two,2026-01-05T11:00:00Z\n"


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that one listener played, as each service exports it."""
    folder = tmp_path_factory.mktemp("exports")
    world = World.generate(WorldSettings(n_listeners=3, n_tracks=60, n_weeks=8, n_scenes=3, plays_per_week=40))
    writers.listenbrainz_zip(world, folder / "listenbrainz.zip", listener=0)
    writers.lastfm_csv(world, folder / "lastfm.csv", listener=0)
    writers.lastfm_csv(world, folder / "minutes.csv", listener=0, header=False)
    writers.spotify_history(world, folder / "spotify.zip", listener=0)
    writers.plays_table(world, folder / "plays.parquet", listeners=[0])
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> Workspace:
    return new(tmp_path / "empty")


def test_the_same_file_twice(empty: Workspace, exports: Path) -> None:
    (first,) = take(empty, exports / "listenbrainz.zip")
    before = content(empty)
    (again,) = take(empty, exports / "listenbrainz.zip")
    assert first.taken["listens"] == plays(empty) > 100
    assert (again.already_imported, again.taken) == (True, {})
    assert again.duplicates == first.taken["listens"] + first.taken["feedback"]
    assert content(empty) == before


def test_the_same_content_under_another_name(empty: Workspace, exports: Path, tmp_path: Path) -> None:
    take(empty, exports / "lastfm.csv", user="ann")
    copy = shutil.copy(exports / "lastfm.csv", tmp_path / "copy.csv")
    before = content(empty)
    (again,) = take(empty, tmp_path / "copy.csv", user="ann")
    assert again.already_imported
    assert again.path == str(copy)
    assert content(empty) == before


def test_the_same_plays_packed_differently(empty: Workspace, tmp_path: Path) -> None:
    take(empty, write(tmp_path / "plays.csv", LISTENS))
    packed = tmp_path / "plays.csv.gz"
    packed.write_bytes(gzip.compress(LISTENS.encode()))
    (again,) = take(empty, packed)
    assert (again.already_imported, again.taken, again.duplicates) == (False, {}, 2)
    assert plays(empty) == 2


@pytest.mark.parametrize("first", ["spotify.zip", "plays.parquet"])
def test_what_other_services_tell_of_the_same_plays_adds_nothing(
    first: str, empty: Workspace, exports: Path
) -> None:
    """The fullest export first: players report to the others only what was heard for long enough."""
    take(empty, exports / first, user="ann")
    n_plays = plays(empty)
    others = [each for each in sorted(exports.iterdir()) if each.name != first]
    assert [report.taken.get("listens", 0) for report in take(empty, *others, user="ann")] == [0] * 4
    assert plays(empty) == n_plays


@pytest.mark.parametrize(
    "order", [("listenbrainz.zip", "lastfm.csv", "minutes.csv"), ("minutes.csv", "listenbrainz.zip", "lastfm.csv")]
)
def test_the_order_of_imports_does_not_change_how_many_plays_there_are(
    order: tuple[str, ...], empty: Workspace, exports: Path, tmp_path: Path
) -> None:
    alone = new(tmp_path / "alone")
    take(alone, exports / "lastfm.csv", user="ann")
    take(empty, *(exports / name for name in order), user="ann")
    assert plays(empty) == plays(alone)


def test_a_newer_export_adds_what_is_new(empty: Workspace, tmp_path: Path) -> None:
    take(empty, write(tmp_path / "old.csv", LISTENS))
    (newer,) = take(empty, write(tmp_path / "new.csv", LISTENS + "ann,U2,One,2026-01-06T10:00:00Z\n"))
    assert (newer.taken["listens"], newer.duplicates, plays(empty)) == (1, 2, 3)


def test_repeats_within_a_file(empty: Workspace, tmp_path: Path) -> None:
    (report,) = take(empty, write(tmp_path / "plays.csv", LISTENS + "ann,U2,One,2026-01-05T10:00:00Z\n" * 2))
    assert (report.read, report.taken["listens"], report.duplicates) == (4, 2, 2)


def test_two_plays_of_one_service_a_minute_apart_are_two(empty: Workspace, tmp_path: Path) -> None:
    (report,) = take(empty, write(tmp_path / "plays.csv", LISTENS + "ann,U2,One,2026-01-05T10:01:00Z\n"))
    assert (report.taken["listens"], report.duplicates) == (3, 0)


def test_the_same_play_of_two_listeners_is_two(empty: Workspace, exports: Path) -> None:
    take(empty, exports / "lastfm.csv", user="ann")
    n_plays = plays(empty)
    (report,) = take(empty, exports / "lastfm.csv", user="rob")
    assert (report.taken["listens"], plays(empty)) == (n_plays, 2 * n_plays)


def counted(home: Workspace) -> dict[tuple[object, object], float]:
    """(listener, track) -> plays, over all imports."""
    found: dict[tuple[object, object], float] = {}
    for row in rows(home, "play_counts"):
        key = (row["user_id"], row["track_id"])
        found[key] = found.get(key, 0.0) + float(str(row["plays"]))
    return found


def test_counts_of_one_track_add_up_within_a_file(empty: Workspace, tmp_path: Path) -> None:
    take(empty, write(tmp_path / "counts.csv", COUNTS + "ann,U2,One,2\n"))
    assert sorted(counted(empty).values()) == [1, 4, 5]


def test_counts_are_not_doubled_by_a_second_file(empty: Workspace, tmp_path: Path) -> None:
    """A newer export goes on from the older one: the larger count stays, in whatever order they come."""
    old, newer = write(tmp_path / "old.csv", COUNTS), write(tmp_path / "new.csv", COUNTS.replace(",4", ",9"))
    first, second = take(empty, old, newer)
    assert (first.taken["play_counts"], second.taken["play_counts"], second.duplicates) == (3, 1, 2)
    assert sorted(counted(empty).values()) == [1, 3, 9]
    turned = new(tmp_path / "turned")
    assert [report.taken.get("play_counts", 0) for report in take(turned, newer, old)] == [3, 0]
    assert counted(turned) == counted(empty)


def test_counts_of_a_recording_under_two_spellings(empty: Workspace, tmp_path: Path) -> None:
    take(empty, write(tmp_path / "old.csv", "user_id,artist,title,plays\nann,U2,One,3\n"))
    text = "user_id,artist,title,plays\nann,u2,ONE,2\nann,U2,One (Remastered 2003),5\n"
    take(empty, write(tmp_path / "new.csv", text))
    assert sum(counted(empty).values()) == 7


def test_feedback_is_kept_and_stored_once(empty: Workspace, tmp_path: Path) -> None:
    text = "user_id,artist,title,value,at\nann,U2,One,1,2026-01-05\nann,Blur,Two,-1,2026-01-06\n"
    take(empty, write(tmp_path / "said.csv", text))
    assert sorted(str(row["value"]) for row in rows(empty, "feedback")) == ["-1.0", "1.0"]
    (again,) = take(empty, write(tmp_path / "more.csv", text + "ann,Blur,Three,1,2026-01-07\n"))
    assert (again.taken["feedback"], again.duplicates) == (1, 2)


def test_tracks_that_nothing_names_are_not_stored(empty: Workspace, exports: Path) -> None:
    take(empty, exports / "plays.parquet", user="ann")
    (report,) = take(empty, exports / "lastfm.csv", user="ann")
    assert report.taken == {}


def test_a_track_is_stored_once_an_import(empty: Workspace, exports: Path) -> None:
    take(empty, exports / "listenbrainz.zip")
    ids = [row["track_id"] for row in rows(empty, "tracks")]
    assert len(ids) == len(set(ids))
    assert set(ids) == {row["track_id"] for name in ("listens", "feedback") for row in rows(empty, name)}


def test_a_catalogue_alone_is_stored(empty: Workspace, tmp_path: Path) -> None:
    """Tracks that nobody has played yet are what the weekly list looks for."""
    take(empty, write(tmp_path / "tracks.csv", "track_id,artist,title\nt1,U2,One\nt2,Blur,Two\n"))
    assert [row["title"] for row in rows(empty, "tracks")] == ["One", "Two"]


def test_two_listeners_in_one_file(empty: Workspace, tmp_path: Path) -> None:
    (report,) = take(empty, write(tmp_path / "plays.csv", LISTENS))
    assert (report.listeners, report.listener_names) == (2, ["ann", "rob"])


def test_one_name_for_several_listeners_is_said(empty: Workspace, tmp_path: Path) -> None:
    (report,) = take(empty, write(tmp_path / "plays.csv", LISTENS), user="zoe")
    assert report.listener_names == ["zoe"]
    assert "several listeners; all are taken as 'zoe'" in report.notes[0]
    lines = [
        {
            "user_name": name,
            "listened_at": 1767607200 + at,
            "track_metadata": {"artist_name": "U2", "track_name": "One"},
        }
        for at, name in enumerate(("ann", "rob"))
    ]
    dump = write(tmp_path / "1.listens", "".join(json.dumps(line) + "\n" for line in lines))
    (report,) = take(empty, dump, user="zoe")
    assert "several listeners; all are taken as 'zoe'" in report.notes[0]


def test_columns_under_other_names(empty: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "plays.csv", "nick,band,song,n,colour\nann,U2,One,3,red\n")
    take(empty, path, nick="user_id", band="artist", song="title", n="plays", colour="")
    assert counted(empty).popitem()[1] == 3


def test_renamed_columns_are_for_tables(empty: Workspace, exports: Path) -> None:
    (report,) = take(empty, exports / "lastfm.csv", user="ann", nick="user_id")
    assert "read as lastfm" in report.notes[0]


def test_an_unknown_source_is_a_fault_of_use(empty: Workspace, exports: Path) -> None:
    with pytest.raises(UsageError, match="no reader 'winamp'; there are listenbrainz"):
        take(empty, exports / "lastfm.csv", source="winamp")


def test_a_folder_stands_for_its_files(empty: Workspace, exports: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(exports, tmp_path / "all")
    write(folder / "readme.txt", "not a history")
    reports = take(empty, folder, user="ann")
    assert {report.path.rpartition("/")[2] for report in reports} == {each.name for each in exports.iterdir()}


def test_one_bad_file_does_not_stop_the_others(empty: Workspace, tmp_path: Path) -> None:
    good, bad = write(tmp_path / "good.csv", LISTENS), write(tmp_path / "bad.csv", "a,b\n1,2\n")
    sections, _ = settings.read(empty)
    steps = list(importing.import_all(empty, [bad, tmp_path / "gone", good], sections["dataset"], now=NOW))
    assert [isinstance(step, importing.Refused) for step in steps] == [True, True, False]
    assert plays(empty) == 2


def test_a_fault_in_the_middle_of_a_file_leaves_the_sources_as_they_were(
    empty: Workspace, exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(empty, exports / "lastfm.csv", user="ann")
    before = content(empty)
    monkeypatch.setattr("unheard.ingest.gather.BATCH_ROWS", 5)
    lines = [
        {"listened_at": 1767607200 + at, "track_metadata": {"artist_name": "U2", "track_name": f"Song {at}"}}
        for at in range(50)
    ]
    packed = gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
    path = tmp_path / "listens.jsonl.gz"
    path.write_bytes(packed[:-12])
    sections, _ = settings.read(empty)
    with pytest.raises(SourceError, match=r"listens\.jsonl\.gz"):
        importing.import_file(empty, path, sections["dataset"], ReadOptions(now=NOW))
    assert content(empty) == before


def test_ctrl_c_leaves_nothing_half_read(empty: Workspace, exports: Path) -> None:
    take(empty, exports / "lastfm.csv", user="ann")
    before = content(empty)

    def stop(_label: str, _share: float) -> None:
        raise KeyboardInterrupt

    sections, _ = settings.read(empty)
    with pytest.raises(KeyboardInterrupt):
        list(importing.import_all(empty, [exports / "spotify.zip"], sections["dataset"], now=NOW, progress=stop))
    assert content(empty) == before
    assert [path.name for path in empty.sources.iterdir()] == list(imports.imported(empty))


def test_what_a_killed_import_left_is_swept_away(empty: Workspace, exports: Path, tmp_path: Path) -> None:
    other = new(tmp_path / "other")
    left = imports.begin(empty, "0123456789")
    write(left.folder / "listens-00000.parquet", "half")
    for home in (empty, other):
        take(home, exports / "lastfm.csv", user="ann")
    assert content(empty) == content(other)
