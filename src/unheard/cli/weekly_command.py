"""`unheard weekly`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from unheard.cli import output
from unheard.cli.options import JsonOption, WorkspaceOption, opened
from unheard.cli.progress import bar

if TYPE_CHECKING:
    from unheard.schema import Playlist

ROOM_FOR_ARTISTS: Final = 110  # characters; on a narrower terminal artist and title share a column


def weekly(
    *,
    user: Annotated[
        list[str] | None, typer.Option("--user", "-u", help="A listener; may be given again. All by default.")
    ] = None,
    week: Annotated[
        str | None, typer.Option("--week", help="ISO week such as 2026-W47; this week by default.")
    ] = None,
    format_: Annotated[str, typer.Option("--format", "-f", help="table, json, jspf, xspf or m3u8.")] = "table",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write one file a listener into.")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Make the week's list again, in place of the one that is kept.")
    ] = False,
    adventure: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="0 familiar to 1 adventurous, of a list that is made now; .5 is neutral."),
    ] = None,
    obscurity: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="0 popular to 1 obscure, of a list that is made now; .5 is neutral."),
    ] = None,
    anchor: Annotated[
        bool | None, typer.Option("--anchor/--no-anchor", help="Have one track of an artist you play often.")
    ] = None,
    size: Annotated[int | None, typer.Option(min=1, help="Tracks on a list that is made now.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give the week's list of each listener. The first list made for a week is kept and shown from then on."""
    from unheard.pipeline import settings, trained, writing
    from unheard.pipeline import weekly as making

    chosen = "json" if as_json else format_
    writing.refuse_unknown(chosen)
    where = opened(workspace)
    sections, seed = settings.read(where)
    sections = making.turned(sections, adventure=adventure, obscurity=obscurity, anchor=anchor, size=size)
    with bar(quiet=as_json) as progress:
        lists = making.weekly(
            where,
            trained.load(where),
            sections,
            week=week or writing.week_of(datetime.now(UTC)),
            seed=seed,
            user_ids=user,
            anew=anew,
            progress=progress,
        )
    if not anew and (adventure, obscurity, anchor, size) != (None, None, None, None):
        output.note("A week's list that was kept before stays as it was; --anew makes it again with these dials.")
    if out is not None:
        for path in writing.write_all(lists, "json" if chosen == "table" else chosen, out):
            output.note(f"written: {path}")
    elif chosen == "table":
        for each in lists:
            show(each)
    else:
        output.text(writing.in_one(lists, chosen).rstrip("\n"))


def show(playlist: Playlist) -> None:
    """Print one list as a table with its reasons."""
    named = [(line.artist or "?", line.title or line.track_id) for line in playlist.tracks]
    if output.width() < ROOM_FOR_ARTISTS:
        columns: tuple[str, ...] = ("", "track", "why")
        cells: list[tuple[str, ...]] = [(f"{artist} - {title}",) for artist, title in named]
    else:
        columns, cells = ("", "artist", "title", "why"), [*named]
    rows = [(line.position, *each, line.reason.text) for line, each in zip(playlist.tracks, cells, strict=True)]
    output.table(playlist.title, columns, rows, right=(0,))
    if playlist.note:
        output.text(playlist.note)
