"""File formats of a playlist. Each writer returns the text of a whole file, UTF-8 when encoded; nothing is opened.

`folder` is where the file will lie: paths of audio files are written relative to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unheard.errors import UsageError
from unheard.playlist.formats import jspf, m3u8, record, xspf
from unheard.playlist.formats.table import Line, lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from unheard.schema import Playlist

WRITERS: Final[Mapping[str, Callable[[Playlist, Path | None], str]]] = {
    "json": lambda playlist, _: record.text(playlist),
    "jspf": lambda playlist, _: jspf.text(playlist),
    "xspf": lambda playlist, folder: xspf.text(playlist, folder=folder),
    "m3u8": lambda playlist, folder: m3u8.text(playlist, folder=folder),
}


def write(playlist: Playlist, format_name: str, *, folder: Path | None = None) -> str:
    """Text of `playlist` in the format "json", "jspf", "xspf" or "m3u8"; `UsageError` for another."""
    writer = WRITERS.get(format_name)
    if writer is None:
        raise UsageError(f"no playlist format {format_name!r}; there are {', '.join(WRITERS)}")
    return writer(playlist, folder)


__all__ = ["WRITERS", "Line", "lines", "write"]
