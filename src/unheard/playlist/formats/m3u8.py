"""M3U8, the list of files that every player and music server imports.

A track whose file is not known cannot be played from here and stands as a comment, so that a reader of the file
still sees the whole list and a player skips it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from unheard.playlist.formats.location import path
from unheard.playlist.text import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from unheard.schema import Playlist, PlaylistTrack


def text(playlist: Playlist, *, folder: Path | None = None) -> str:
    """M3U8 text: #EXTM3U, #PLAYLIST, then #EXTINF (whole seconds, -1 unknown) and the path of each track."""
    lines = ["#EXTM3U", f"#PLAYLIST:{one_line(playlist.title)}"]
    for track in playlist.tracks:
        lines += _lines(track, folder)
    return "\n".join(lines) + "\n"


def _lines(track: PlaylistTrack, folder: Path | None) -> list[str]:
    name = " - ".join(part for part in (one_line(track.artist), one_line(track.title)) if part)
    name = name or one_line(track.track_id)
    file = path(track.audio_path, folder)
    if file is None:
        return [f"# no file: {name}"]
    seconds = round(track.duration_ms / 1000) if track.duration_ms and track.duration_ms > 0 else -1
    # a name that starts with # would be read as a comment, one that starts with a space trimmed
    plain = file if not file.startswith(("#", " ")) else f"./{file}"
    return [f"#EXTINF:{seconds},{name}", plain]
