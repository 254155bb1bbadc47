"""`unheard similar TRACK` and `unheard explain USER TRACK`."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from unheard.cli import output
from unheard.cli.options import JsonOption, WorkspaceOption, opened

TrackArgument = Annotated[
    str, typer.Argument(help="A track: its id, 'Artist - Title', or a title that only it has.")
]


def similar(
    track: TrackArgument,
    *,
    n: Annotated[int, typer.Option("-n", min=1, help="How many.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the tracks that the same listeners play."""
    from unheard.pipeline import exploring, trained

    run = trained.load(opened(workspace))
    found = exploring.similar(run, run.track(track), n=n)
    if as_json:
        output.json([dataclasses.asdict(each) for each in found])
        return
    rows = [(place, each.name, f"{each.similarity:.2f}") for place, each in enumerate(found, start=1)]
    output.table(f"Near {run.catalog.name(run.track(track))}", ("", "track", "similarity"), rows, right=(0, 2))


def explain(
    user: Annotated[str, typer.Argument(help="A listener.")],
    track: TrackArgument,
    *,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where a track stands for a listener, and which of their plays put it there."""
    from unheard.pipeline import exploring, settings, trained

    where = opened(workspace)
    run = trained.load(where)
    sections, _ = settings.read(where)
    told = exploring.explain(run, sections, user, run.track(track))
    if as_json:
        output.json(dataclasses.asdict(told))
        return
    place = (
        "heard already"
        if told.heard
        else f"place {told.rank:,} of {told.of:,} unheard tracks"
        if told.rank
        else "out"
    )
    output.text(f"{told.name}: {place} for {told.user_id}")
    if told.signals:
        output.table("Signals", ("model", "score"), [(k, f"{v:.3f}") for k, v in told.signals.items()], right=(1,))
    if told.shares:
        rows = [(each.name, f"{each.share:.4f}") for each in told.shares]
        output.table("Plays that led here", ("track", "share"), rows, right=(1,))
    else:
        output.text("No play of theirs speaks for it.")
