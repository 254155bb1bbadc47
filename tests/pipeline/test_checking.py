"""`unheard doctor` finds what is damaged, and says the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.pipeline.worlds import new

from unheard.pipeline import checking
from unheard.store import imports, stages

if TYPE_CHECKING:
    from pathlib import Path

    from unheard.store.workspace import Workspace


def problems(home: Workspace) -> dict[str, str]:
    return {each.what: each.detail for each in checking.check(home) if not each.ok}


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def test_a_sound_workspace(home: Workspace) -> None:
    assert problems(home) == {}
    assert {"machine", "disk", "settings", "sources"} <= {each.what for each in checking.check(home)}


def test_an_empty_workspace_has_no_problem_and_is_told_what_is_next(tmp_path: Path) -> None:
    home = new(tmp_path / "home")
    assert problems(home) == {}
    assert any("unheard import PATH" in each.detail for each in checking.check(home))


def test_a_flipped_byte_in_an_import(home: Workspace) -> None:
    import_id = next(iter(imports.imported(home)))
    flip_a_byte(next((home.sources / import_id).glob("listens-*.parquet")))
    assert "changed since it was sealed" in problems(home)[f"import {import_id}"]


@pytest.mark.parametrize(
    ("stage", "name"), [("01-dataset", "plays.safetensors"), ("02-collaborative", "factors.safetensors")]
)
def test_a_flipped_byte_in_a_stage(stage: str, name: str, home: Workspace) -> None:
    run = stages.current_run(home)
    flip_a_byte(run.folder / stage / name)
    assert name in problems(home)[f"{run.run_id}/{stage}"]
    assert "run `unheard train`" in problems(home)[f"{run.run_id}/{stage}"]


def test_a_missing_file_of_a_stage(home: Workspace) -> None:
    run = stages.current_run(home)
    (run.folder / "01-dataset" / "catalog.parquet").unlink()
    assert "catalog.parquet" in problems(home)[f"{run.run_id}/01-dataset"]


def test_a_damaged_manifest(home: Workspace) -> None:
    run = stages.current_run(home)
    (run.folder / "01-dataset" / "manifest.json").write_text("{")
    assert any("damaged" in detail for detail in problems(home).values())


def test_a_run_that_is_gone(home: Workspace) -> None:
    home.current.write_text("0009-00000000\n")
    assert "run `unheard train`" in problems(home)["run in service"]


def test_damaged_settings(home: Workspace) -> None:
    home.settings.write_text("seed = \n")
    assert "is not TOML" in problems(home)["settings"]


def test_a_damaged_database(home: Workspace) -> None:
    home.database.write_bytes(b"SQLite? " * 1000)
    assert "move it away" in problems(home)["database"]
