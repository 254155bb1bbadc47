"""Options that every command shares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from unheard.store.workspace import Workspace

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", "-w", help="Folder of the workspace; by default the nearest one above the current folder."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


def opened(path: Path | None) -> Workspace:
    """The workspace that was named, or the nearest one."""
    from unheard.store import workspace

    return workspace.open_(path) if path is not None else workspace.nearest(Path.cwd())
