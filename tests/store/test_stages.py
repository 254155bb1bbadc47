"""Stages are skipped when nothing they are made from changed, and never half-written."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from unheard.errors import NotTrainedError
from unheard.schema import Manifest
from unheard.store import files, stages, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from unheard.store.workspace import Workspace

MANIFEST = Manifest("01-x", "0", 1, 7, {"dim": 40, "at": (1, 2)}, {"source": "abc"})


@pytest.fixture
def home(tmp_path: Path) -> Workspace:
    return workspace.create(tmp_path, "schema_version = 1\n")


def _make(home: Workspace, key: str, manifest: Manifest = MANIFEST) -> stages.Run:
    run = stages.open_run(home, key)
    folder = stages.begin(run, manifest.stage, manifest)
    files.write_text(folder / "out.txt", key)
    stages.finish(run, manifest.stage, manifest)
    return run


def test_a_finished_stage_is_up_to_date_until_its_manifest_changes(home: Workspace) -> None:
    run = _make(home, "a" * 32)
    assert stages.up_to_date(home, run, "01-x", MANIFEST)
    for change in ({"seed": 8}, {"config": {"dim": 41}}, {"inputs": {"source": "abd"}}, {"version": "1"}):
        assert not stages.up_to_date(home, run, "01-x", dataclasses.replace(MANIFEST, **change))


def test_another_run_takes_an_equal_stage_over(home: Workspace) -> None:
    first = _make(home, "a" * 32)
    second = stages.open_run(home, "b" * 32)
    assert stages.up_to_date(home, second, "01-x", MANIFEST)
    assert (second.stage("01-x") / "out.txt").read_text() == "a" * 32
    assert (second.stage("01-x") / "out.txt").stat().st_ino == (first.stage("01-x") / "out.txt").stat().st_ino


def test_an_unfinished_stage_is_not_there_but_its_pieces_are(home: Workspace) -> None:
    run = stages.open_run(home, "a" * 32)
    folder = stages.begin(run, "01-x", MANIFEST)
    files.write_text(folder / "piece.txt", "done before the kill")
    with pytest.raises(NotTrainedError, match="01-x"):
        run.stage("01-x")
    assert (stages.begin(run, "01-x", MANIFEST) / "piece.txt").exists()
    other = dataclasses.replace(MANIFEST, seed=8)
    assert not (stages.begin(run, "01-x", other) / "piece.txt").exists()


def test_switching_keeps_the_last_good_run(home: Workspace) -> None:
    runs = []
    for key in "abcd":
        runs.append(_make(home, key * 32))
        stages.put_in_service(home, runs[-1])
    assert stages.current_run(home).run_id == runs[-1].run_id
    assert sorted(path.name for path in home.runs.iterdir()) == [runs[2].run_id, runs[3].run_id]


def test_a_run_is_resumed_by_its_key(home: Workspace) -> None:
    assert stages.open_run(home, "a" * 32) == stages.open_run(home, "a" * 32)
    assert stages.open_run(home, "a" * 32).run_id == "0001-aaaaaaaa"
    assert stages.open_run(home, "b" * 32).run_id == "0002-bbbbbbbb"


def test_nothing_trained_is_said(home: Workspace) -> None:
    with pytest.raises(NotTrainedError, match="unheard train"):
        stages.current_run(home)
