"""The whole way in a generated world, whose truth judges the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.pipeline.worlds import WORLD, new, write

from unheard.errors import UsageError
from unheard.pipeline import demo

if TYPE_CHECKING:
    from pathlib import Path

    from unheard.pipeline.demo import Demo
    from unheard.store.workspace import Workspace


def test_the_list_meets_the_true_taste(done: Demo) -> None:
    assert len(done.playlist.tracks) == 30
    assert done.liking > 55


def test_every_export_was_taken(done: Demo) -> None:
    assert [report.source for report in done.reports] == ["listenbrainz", "spotify", "lastfm", "listenbrainz"]
    assert sum(report.listeners for report in done.reports) == WORLD.n_listeners
    assert not any(report.skipped for report in done.reports)


def test_again_in_the_same_folder_adds_nothing(home: Workspace, done: Demo) -> None:
    again = demo.demo(home.root, world_settings=WORLD)
    assert all(report.already_imported for report in again.reports)
    assert again.playlist == done.playlist


def test_a_workspace_with_a_true_history_is_left_alone(tmp_path: Path) -> None:
    home = new(tmp_path / "home")
    with pytest.raises(UsageError, match="name an empty folder"):
        demo.demo(home.root, world_settings=WORLD)


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "letter.txt", "dear Sir")
    with pytest.raises(UsageError, match="name an empty folder"):
        demo.demo(tmp_path, world_settings=WORLD)
    assert [each.name for each in tmp_path.iterdir()] == ["letter.txt"]
