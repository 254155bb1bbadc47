"""`unheard simulate DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unheard.cli import output
from unheard.cli.options import JsonOption


def simulate(
    directory: Annotated[Path, typer.Argument(help="Folder to write the exports into.")],
    *,
    listeners: Annotated[int, typer.Option(min=1, help="How many listeners.")] = 300,
    tracks: Annotated[int, typer.Option(min=1, help="How many tracks.")] = 2_000,
    weeks: Annotated[int, typer.Option(min=4, help="How many weeks of listening.")] = 26,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same world.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Generate a world of listeners with known tastes, written as exports that `unheard import` takes."""
    from unheard.pipeline import demo
    from unheard.simulate.settings import WorldSettings

    shape = WorldSettings(n_listeners=listeners, n_tracks=tracks, n_weeks=weeks, seed=seed)
    world, exports = demo.simulate(shape, directory)
    if as_json:
        output.json(
            {
                "plays": len(world.listens.track),
                "exports": [{"path": str(each.path), "user": each.user} for each in exports],
            }
        )
        return
    output.text(f"{len(world.listens.track):,} plays of {listeners:,} listeners over {tracks:,} tracks")
    for each in exports:
        whose = f" --user {each.user}" if each.user else ""
        output.text(f"  unheard import {each.path}{whose}")
