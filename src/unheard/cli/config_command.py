"""`unheard config show`."""

from __future__ import annotations

import typer

from unheard.cli import output
from unheard.cli.options import JsonOption, WorkspaceOption, opened

app = typer.Typer(help="The settings of a workspace.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def config() -> None:
    """The settings of a workspace."""


@app.command()
def show(*, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Print every setting with the value in force, defaults too, as unheard.toml would hold it."""
    from unheard.pipeline import settings

    where = opened(workspace)
    if as_json:
        sections, seed = settings.read(where)
        output.json({"seed": seed, **settings.as_dict(sections)})
    else:
        output.text(settings.shown(where).rstrip())
