"""Rows for a table on a terminal; who prints them decides about columns and colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from unheard.playlist.text import one_line

if TYPE_CHECKING:
    from unheard.schema import Playlist


@dataclass(frozen=True)
class Line:
    """One track, every cell a safe single line; "" where nothing is known."""

    position: str
    artist: str
    title: str
    album: str
    length: str  # minutes:seconds
    reason: str
    familiar: bool


def lines(playlist: Playlist) -> list[Line]:
    """All tracks of a playlist in their order; a track without a title shows its id."""
    return [
        Line(
            position=str(track.position),
            artist=one_line(track.artist),
            title=one_line(track.title) or one_line(track.track_id),
            album=one_line(track.album),
            length=length(track.duration_ms),
            reason=one_line(track.reason.text),
            familiar=track.familiar,
        )
        for track in playlist.tracks
    ]


def length(duration_ms: int | None) -> str:
    """222000 -> "3:42"; hours only where there are any."""
    if not duration_ms or duration_ms < 0:
        return ""
    minutes, seconds = divmod(round(duration_ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
