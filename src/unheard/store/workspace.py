"""The workspace folder: where things lie, which version it is, and that one command at a time changes it."""

from __future__ import annotations

import os
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from unheard.errors import WorkspaceError
from unheard.schema import SCHEMA_VERSION
from unheard.store import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION_KEY: Final = "schema_version"
SETTINGS_FILE: Final = "unheard.toml"


@dataclass(frozen=True)
class Workspace:
    """One collection's folder. Opening it checks the version; it holds no state of its own."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / SETTINGS_FILE

    @property
    def sources(self) -> Path:
        return self.root / "sources"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def current(self) -> Path:
        return self.root / "current"

    @property
    def database(self) -> Path:
        return self.root / "unheard.db"

    @property
    def scratch(self) -> Path:
        """Where a running command spills what does not fit in memory; emptied by the next one."""
        return self.root / ".scratch"

    @contextmanager
    def locked(self, command: str) -> Iterator[None]:
        """Hold the workspace for a command that changes it; `WorkspaceError` when another one does.

        The lock belongs to the process: a killed command leaves none behind.
        """
        owner = self.root / ".lock.owner"
        lock = FileLock(self.root / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            who = owner.read_text("utf-8") if owner.exists() else "another unheard command"
            raise WorkspaceError(
                f"{self.root} is in use by {who}; wait until it ends, or stop it, and run this again"
            ) from None
        try:
            owner.write_text(f"`unheard {command}` (process {os.getpid()})", "utf-8")
            yield
        finally:
            owner.unlink(missing_ok=True)
            lock.release()


def create(root: Path, settings: str) -> Workspace:
    """A new workspace whose `unheard.toml` holds `settings`; an existing one is opened as it is."""
    workspace = Workspace(root.resolve())
    if workspace.settings.exists():
        return open_(root)
    if root.exists() and not root.is_dir():
        raise WorkspaceError(f"{root} is a file; a workspace is a folder: name another path")
    workspace.sources.mkdir(parents=True, exist_ok=True)
    workspace.runs.mkdir(exist_ok=True)
    # Last, since this file is what makes a folder a workspace.
    files.write_text(workspace.settings, settings)
    return workspace


def open_(root: Path) -> Workspace:
    """An existing workspace; `WorkspaceError` when there is none or it is of a newer version."""
    path = root / SETTINGS_FILE
    if not path.is_file():
        raise WorkspaceError(f"{root} is no workspace (it has no {SETTINGS_FILE}); make one: unheard init {root}")
    try:
        version = tomllib.loads(path.read_text("utf-8")).get(VERSION_KEY, SCHEMA_VERSION)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"{path} is not TOML: {error}; mend the line it names") from None
    if not isinstance(version, int) or version < 1:
        raise WorkspaceError(f"{path}: {VERSION_KEY} = {version!r}; it must be a whole number from 1")
    if version > SCHEMA_VERSION:
        raise WorkspaceError(
            f"{root} was written by a newer unheard (version {version} of its layout; this one reads up to "
            f"{SCHEMA_VERSION}); upgrade unheard to open it. Nothing was changed"
        )
    return Workspace(root.resolve())


def nearest(start: Path) -> Workspace:
    """The workspace that `start` lies in: itself or the nearest folder above."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / SETTINGS_FILE).is_file():
            return open_(folder)
    raise WorkspaceError(
        f"neither {start} nor a folder above it is a workspace; make one with `unheard init DIR` "
        "or name one with --workspace DIR"
    )
