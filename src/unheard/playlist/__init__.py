"""Playlist: a ranking becomes 30 tracks in an order, each with its reason, and the file formats of the list.

build(ranking, catalog, week=..., ...)   -> `Playlist`
to_dict, from_dict                       a playlist as JSON values and back
formats.write(playlist, format)          -> text of a JSON, JSPF, XSPF or M3U8 file
weeks                                    "2026-W47" and its Monday
"""

from unheard.playlist.build import build
from unheard.playlist.reasons import Explain
from unheard.playlist.record import from_dict, to_dict
from unheard.playlist.rules import Feedback, WeeklySettings

__all__ = ["Explain", "Feedback", "WeeklySettings", "build", "from_dict", "to_dict"]
