"""`unheard doctor`: is the machine fit, is every stored file what its manifest says, what is there to do next."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from unheard import __version__
from unheard.errors import UnheardError
from unheard.pipeline import settings
from unheard.pipeline.training import STAGES
from unheard.store import imports, stages
from unheard.store.database import open_database

if TYPE_CHECKING:
    from unheard.store.workspace import Workspace

LEAST_FREE_GB: Final = 2.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str


def check(workspace: Workspace) -> list[Finding]:
    """Look at the machine, the settings, the sources and the run in service."""
    return [
        _machine(),
        _disk(workspace),
        _settings(workspace),
        *_sources(workspace),
        *_run(workspace),
        _database(workspace),
    ]


def _machine() -> Finding:
    python = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("machine", True, f"unheard {__version__}, Python {python}, {os.cpu_count()} cores")  # noqa: FBT003


def _disk(workspace: Workspace) -> Finding:
    free_gb = shutil.disk_usage(workspace.root).free / 1e9
    enough = free_gb >= LEAST_FREE_GB
    hint = "" if enough else f"; at least {LEAST_FREE_GB:.0f} GB are wanted: make room"
    return Finding("disk", enough, f"{free_gb:.1f} GB free{hint}")


def _settings(workspace: Workspace) -> Finding:
    try:
        settings.read(workspace)
    except UnheardError as error:
        return Finding("settings", ok=False, detail=str(error))
    return Finding("settings", ok=True, detail=str(workspace.settings))


def _sources(workspace: Workspace) -> list[Finding]:
    try:
        known = imports.imported(workspace)
    except UnheardError as error:
        return [Finding("sources", ok=False, detail=str(error))]
    damaged = imports.damaged(workspace)
    findings = [
        Finding(
            f"import {name}", ok=False, detail="changed since it was sealed; remove its folder and import again"
        )
        for name in damaged
    ]
    what = f"{len(known)} imports" if known else "none yet; next: unheard import PATH ..."
    return [Finding("sources", ok=not damaged, detail=what), *findings]


def _run(workspace: Workspace) -> list[Finding]:
    try:
        run = stages.current_run(workspace)
        return [_stage(run, stage.name) for stage in STAGES]
    except UnheardError as error:
        return [Finding("run in service", ok=not workspace.current.exists(), detail=str(error))]


def _stage(run: stages.Run, name: str) -> Finding:
    folder = run.stage(name)
    wrong = stages.changed(folder)
    detail = f"changed or gone: {', '.join(wrong)}; run `unheard train` to make it anew" if wrong else "sealed"
    return Finding(f"{run.run_id}/{name}", ok=not wrong, detail=detail)


def _database(workspace: Workspace) -> Finding:
    if not workspace.database.exists():
        return Finding("database", ok=True, detail="none yet; `unheard weekly` keeps its lists there")
    try:
        with open_database(workspace.database) as database:
            faults = database.faults()
    except UnheardError as error:
        return Finding("database", ok=False, detail=str(error))
    way_out = f"{'; '.join(faults)}; move {workspace.database} away to start a new one"
    return Finding("database", ok=not faults, detail=way_out if faults else "sound")
