"""`unheard init DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unheard.cli import output
from unheard.cli.options import JsonOption


def init(
    directory: Annotated[Path, typer.Argument(help="Folder to make the workspace in.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a new workspace: a folder that holds what was imported, what was learned, and the settings."""
    from unheard.pipeline import settings
    from unheard.store import workspace

    made = workspace.create(directory, settings.default_text())
    if as_json:
        output.json({"workspace": str(made.root)})
        return
    output.text(f"Workspace {made.root}")
    output.text(f"Next: unheard import PATH ... --workspace {directory}")
