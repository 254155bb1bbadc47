"""A command killed at any moment leaves a workspace from which the next one ends as if nothing had happened.

A kill leaves what lies on disk at that moment. So an undisturbed command is watched, the workspace is copied
whenever a file is about to become, or has become, part of it, and the command is run again on every copy.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from tests.pipeline.worlds import content, new, take, train

from unheard.simulate import writers
from unheard.simulate.settings import WorldSettings
from unheard.simulate.world import World
from unheard.store import workspace as places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unheard.store.workspace import Workspace

COMMAND = Path(sys.executable).with_name("unheard")


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("exports")
    world = World.generate(WorldSettings(n_listeners=16, n_tracks=80, n_weeks=6, n_scenes=3))
    writers.listenbrainz_zip(world, folder / "one.zip", listener=0)
    writers.listenbrainz_dump(world, folder / "all.listens")
    return [folder / "one.zip", folder / "all.listens"]


@contextmanager
def watched(home: Workspace, folder: Path) -> Iterator[list[Path]]:
    """Copies of the workspace at every moment at which a file or folder of it is brought to disk."""
    copies: list[Path] = []
    true = os.fsync

    def sync(descriptor: int) -> None:
        copies.append(Path(shutil.copytree(home.root, folder / f"{len(copies):03d}")))
        true(descriptor)

    with mock.patch.object(os, "fsync", sync):
        yield copies


def halve_what_is_half_written(root: Path) -> None:
    """A file that is not yet in its place may have been written in part."""
    for path in root.rglob("*.part"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_import_killed_anywhere(exports: list[Path], tmp_path: Path) -> None:
    home = new(tmp_path / "home")
    take(home, exports[0])
    with watched(home, tmp_path / "copies") as copies:
        take(home, exports[1])
    wanted = content(home)
    assert len(copies) >= 5
    for copy in copies:
        halve_what_is_half_written(copy)
        again = places.open_(copy)
        take(again, exports[1])
        assert content(again) == wanted, copy.name


@pytest.mark.slow
def test_train_killed_anywhere(exports: list[Path], tmp_path: Path) -> None:
    home = new(tmp_path / "home")
    take(home, *exports)
    with watched(home, tmp_path / "copies") as copies:
        train(home)
    wanted = content(home)
    assert len(copies) >= 20
    for copy in copies[::3]:  # of every kind of moment, since a file takes two: before it is in place, and after
        halve_what_is_half_written(copy)
        again = places.open_(copy)
        train(again)
        assert content(again) == wanted, copy.name


@pytest.mark.slow
def test_true_kills_at_random_moments(exports: list[Path], tmp_path: Path) -> None:
    wanted = new(tmp_path / "wanted")
    take(wanted, *exports)
    train(wanted)
    home = new(tmp_path / "home")
    rng = random.Random(0)
    for command in (["import", *map(str, exports)], ["train"]):
        words = [str(COMMAND), *command, "--workspace", str(home.root)]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(rng.uniform(0.5, 2.5))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    assert content(home) == content(wanted)
