"""Runs and their stages: what was made from what, skipping what is up to date, switching the run in service."""

from __future__ import annotations

import dataclasses
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from unheard.errors import NotTrainedError, WorkspaceError
from unheard.schema import Manifest
from unheard.store import files

if TYPE_CHECKING:
    from pathlib import Path

    from unheard.store.workspace import Workspace

MANIFEST: Final = "manifest.json"
KEPT_RUNS: Final = 2  # the run in service and the last good one before it


@dataclass(frozen=True)
class Run:
    """One run's folder; `run_id` is its name."""

    folder: Path

    @property
    def run_id(self) -> str:
        return self.folder.name

    def stage(self, name: str) -> Path:
        """Folder of a finished stage; `NotTrainedError` when it is not there."""
        folder = self.folder / name
        if not (folder / MANIFEST).is_file():
            raise NotTrainedError(f"run {self.run_id} has no finished stage {name}; run `unheard train`")
        return folder

    def sound(self, name: str) -> Path:
        """The same, every byte as it was sealed; `WorkspaceError` names what is not."""
        folder = self.stage(name)
        if wrong := changed(folder):
            raise WorkspaceError(
                f"{folder} is damaged (changed or gone: {', '.join(wrong)}); run `unheard train` to make it anew"
            )
        return folder


def open_run(workspace: Workspace, key: str) -> Run:
    """The run with this key (a digest of all that goes into it), resumed when it was begun before.

    Run ids are a running number and the first 8 digits of the key, so that they sort by age.
    """
    known = sorted(path.name for path in workspace.runs.iterdir() if path.is_dir())
    for name in known:
        if name.endswith(f"-{key[:8]}"):
            return Run(workspace.runs / name)
    number = 1 + max((int(name.split("-")[0]) for name in known), default=0)
    folder = workspace.runs / f"{number:04d}-{key[:8]}"
    folder.mkdir(parents=True)
    return Run(folder)


def current_run(workspace: Workspace) -> Run:
    """The run in service; `NotTrainedError` when nothing has been trained."""
    if not workspace.current.is_file():
        raise NotTrainedError(f"{workspace.root} has no trained run yet; run `unheard train`")
    run = Run(workspace.runs / workspace.current.read_text("utf-8", "replace").strip())
    if not run.folder.is_dir():
        raise NotTrainedError(f"run {run.run_id} named in {workspace.current} is gone; run `unheard train`")
    return run


def put_in_service(workspace: Workspace, run: Run) -> None:
    """Switch `current` to this run in one step and drop runs older than the last good one."""
    before = workspace.current.read_text("utf-8").strip() if workspace.current.is_file() else run.run_id
    files.write_text(workspace.current, run.run_id + "\n")
    others = sorted(
        (path.name for path in workspace.runs.iterdir() if path.name not in {run.run_id, before}), reverse=True
    )
    keep = KEPT_RUNS - len({run.run_id, before})
    for name in others[keep:]:
        shutil.rmtree(workspace.runs / name)


def up_to_date(workspace: Workspace, run: Run, name: str, manifest: Manifest) -> bool:
    """Whether the stage is there, sound, with this very manifest; taken over from another run that has it."""
    if _is_sound(run.folder / name, manifest):
        return True
    for other in sorted(workspace.runs.iterdir(), reverse=True):
        if other != run.folder and _is_sound(other / name, manifest):
            shutil.rmtree(run.folder / name, ignore_errors=True)
            _take_over(other / name, run.folder / name)
            return True
    return False


def begin(run: Run, name: str, manifest: Manifest) -> Path:
    """Folder to write a stage into; what a killed try with the same manifest left there is still there."""
    partial = run.folder / f"{name}.partial"
    if partial.exists() and not _matches(partial, manifest):
        shutil.rmtree(partial)
    if not partial.exists():
        partial.mkdir()
        files.write_json(partial / MANIFEST, _claim(manifest))
    return partial


def finish(run: Run, name: str, manifest: Manifest) -> Manifest:
    """Seal a stage: digest its files, write the manifest, and rename the folder into place."""
    partial, final = run.folder / f"{name}.partial", run.folder / name
    for leftover in partial.glob(".*.part"):
        leftover.unlink()
    names = sorted(path.name for path in partial.iterdir() if path.name != MANIFEST)
    sealed = dataclasses.replace(manifest, outputs={each: files.digest(partial / each) for each in names})
    files.write_json(partial / MANIFEST, dataclasses.asdict(sealed))
    if final.exists():
        shutil.rmtree(final)
    partial.rename(final)
    files.sync(run.folder)
    return sealed


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a finished stage; `WorkspaceError` when it is damaged."""
    try:
        return Manifest(**files.read_json(folder / MANIFEST))
    except TypeError as error:
        raise WorkspaceError(f"{folder / MANIFEST} is damaged ({error}); remove {folder}, train again") from None


def changed(folder: Path) -> list[str]:
    """Files of a finished stage that are not what was sealed, or are gone."""
    outputs = read_manifest(folder).outputs
    return [
        name
        for name, digest in outputs.items()
        if not (folder / name).is_file() or files.digest(folder / name) != digest
    ]


def _claim(manifest: Manifest) -> dict[str, Any]:
    """What a stage is made from, without what came out."""
    claim = dataclasses.asdict(dataclasses.replace(manifest, outputs={}))
    claim.pop("outputs")
    return claim


def _matches(folder: Path, manifest: Manifest) -> bool:
    if not (folder / MANIFEST).is_file():
        return False
    found = files.read_json(folder / MANIFEST)
    found.pop("outputs", None)
    # Through JSON once, so that tuples and lists compare alike.
    return files.digest_of(found) == files.digest_of(_claim(manifest))


def _is_sound(folder: Path, manifest: Manifest) -> bool:
    return _matches(folder, manifest) and not changed(folder)


def _take_over(source: Path, target: Path) -> None:
    """Link another run's stage in: stages are never changed once sealed, so they may share their bytes."""
    aside = target.with_name(f"{target.name}.linking")
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(source, aside, copy_function=os.link)
    aside.rename(target)
