"""The workspace folder: versions, the lock, and finding it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from unheard.errors import WorkspaceError
from unheard.store import workspace

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = "schema_version = 1\nseed = 1\n"


def test_created_once_and_found_from_below(tmp_path: Path) -> None:
    made = workspace.create(tmp_path / "home", SETTINGS)
    below = made.root / "some" / "folder"
    below.mkdir(parents=True)
    assert workspace.nearest(below) == made
    again = workspace.create(tmp_path / "home", "schema_version = 1\nseed = 2\n")
    assert again == made
    assert made.settings.read_text() == SETTINGS


def test_nothing_above_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="unheard init"):
        workspace.nearest(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema_version = 999\n", "newer unheard"),
        ("schema_version = 'two'\n", "whole number"),
        ("schema_version = \n", "not TOML"),
    ],
)
def test_other_versions_are_refused_and_left_alone(tmp_path: Path, text: str, said: str) -> None:
    made = workspace.create(tmp_path, SETTINGS)
    made.settings.write_text(text)
    with pytest.raises(WorkspaceError, match=said):
        workspace.open_(tmp_path)
    assert made.settings.read_text() == text


def test_a_file_is_no_workspace(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(WorkspaceError, match="is a file"):
        workspace.create(path, SETTINGS)


def test_one_command_at_a_time_even_after_a_kill(tmp_path: Path) -> None:
    made = workspace.create(tmp_path, SETTINGS)
    code = (
        "import sys, pathlib, time; from unheard.store import workspace\n"
        "with workspace.open_(pathlib.Path(sys.argv[1])).locked('train'):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(WorkspaceError, match="in use by `unheard train`"), made.locked("import"):
            pytest.fail("two commands held one workspace")
        holder.kill()
        holder.wait()
    with made.locked("import"):
        assert True
