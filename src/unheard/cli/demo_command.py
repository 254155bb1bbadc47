"""`unheard demo [DIR]`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unheard.cli import output
from unheard.cli.options import JsonOption
from unheard.cli.progress import bar

if TYPE_CHECKING:
    from unheard.schema import Playlist


def demo(
    directory: Annotated[Path, typer.Argument(help="Folder for the demo's workspace.")] = Path("unheard-demo"),
    *,
    as_json: JsonOption = False,
) -> None:
    """Go the whole way in a generated world: exports, import, training, one listener's list with its reasons."""
    from unheard.cli.weekly_command import show
    from unheard.pipeline import demo as going
    from unheard.playlist.record import to_dict

    with bar(quiet=as_json) as progress:
        done = going.demo(directory, progress=progress)
    if as_json:
        output.json(
            {
                "workspace": str(done.workspace.root),
                "imported": [each.as_dict() for each in done.reports],
                "playlist": to_dict(done.playlist),
                "liking": done.liking,
            }
        )
        return
    shape = done.world.settings
    output.text(
        f"A generated world: {shape.n_listeners:,} listeners, {shape.n_tracks:,} tracks, {shape.n_weeks} weeks of "
        f"{len(done.world.listens.track):,} plays, written as the exports of three services and a dump."
    )
    rows = [
        (Path(each.path).name, each.source, f"{each.read:,}", f"{each.taken.get('listens', 0):,}")
        for each in done.reports
    ]
    output.table(None, ("imported", "source", "rows", "plays taken"), rows, right=(2, 3))
    show(done.playlist)
    output.text(
        f"This world knows what {done.playlist.user_id} truly likes: of 100 unheard tracks, a listed one is on "
        f"average better liked than {done.liking:.0f} (a list drawn at random: 50)."
    )
    output.text(f"\nTry next, inside {directory} or with --workspace {shlex.quote(str(directory))}:")
    for command, what in _next(done.playlist, another=done.world.user_ids[-1]):
        output.text(f"  {command}\n      {what}")
    output.text(
        "And with your own history: unheard init DIR, unheard import FILE ..., unheard train, unheard weekly"
    )


def _next(playlist: Playlist, *, another: str) -> list[tuple[str, str]]:
    """Commands worth a try in the demo's workspace, and what each shows."""
    user = playlist.user_id
    first = playlist.tracks[0]
    named = first.artist and first.title
    track = shlex.quote(f"{first.artist} - {first.title}" if named else first.track_id)
    return [
        (f"unheard weekly --user {another} --week {playlist.week}", "another listener's list"),
        (
            f"unheard weekly --user {user} --week {playlist.week} --anew --adventure 0.9",
            "the same listener, more adventurous",
        ),
        (f"unheard similar {track}", "what the same listeners play"),
        (f"unheard explain {user} {track}", "which plays put the first track where it is"),
        ("unheard evaluate weekly --weeks 2 --report report.html", "how well its own past weeks would have met"),
    ]
