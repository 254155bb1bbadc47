"""One small generated world, and short ways to fill a workspace from it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Final

from unheard.pipeline import importing, settings, training
from unheard.pipeline.importing import ImportReport
from unheard.simulate.settings import WorldSettings
from unheard.store import imports
from unheard.store import workspace as places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from unheard.pipeline.progress import Progress
    from unheard.pipeline.training import TrainReport
    from unheard.store.workspace import Workspace

WORLD: Final = WorldSettings(n_listeners=40, n_tracks=300, n_weeks=8, n_scenes=5)
NOW: Final = datetime.combine(WORLD.end, time(), UTC)
WEEK: Final = "2026-W47"


def new(folder: Path) -> Workspace:
    return places.create(folder, settings.default_text())


def take(
    home: Workspace, *paths: Path, user: str | None = None, source: str | None = None, **columns: str
) -> list[ImportReport]:
    """Import files that must all be taken."""
    sections, _ = settings.read(home)
    steps = importing.import_all(
        home, paths, sections["dataset"], now=NOW, user=user, source=source, columns=columns
    )
    reports = []
    for step in steps:
        assert isinstance(step, ImportReport), step.message
        reports.append(step)
    return reports


def train(home: Workspace, progress: Progress | None = None) -> TrainReport:
    sections, seed = settings.read(home)
    if progress is None:
        return training.train(home, sections, seed=seed)
    return training.train(home, sections, seed=seed, progress=progress)


def rows(home: Workspace, table: str) -> list[dict[str, object]]:
    """What the sources hold of a table, in an order of its own."""
    found: list[dict[str, object]] = imports.table(home, table).to_table().to_pylist()
    return sorted(found, key=repr)


def plays(home: Workspace) -> int:
    return int(imports.table(home, "listens").count_rows())


def content(home: Workspace, parts: Sequence[str] = ("sources", "runs", "current")) -> dict[str, str]:
    """Digest of every file of a workspace that a command seals."""
    return {
        path.relative_to(home.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for part in parts
        for path in sorted([home.root / part, *(home.root / part).rglob("*")])
        if path.is_file()
    }


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path
