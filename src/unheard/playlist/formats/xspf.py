"""XSPF version 1, the XML playlist."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from unheard.playlist import weeks
from unheard.playlist.formats.location import uri
from unheard.playlist.mbid import recording_url
from unheard.playlist.text import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from unheard.schema import Playlist, PlaylistTrack

NAMESPACE = "http://xspf.org/ns/0/"


def text(playlist: Playlist, *, folder: Path | None = None) -> str:
    """XSPF text; a track carries its file, its MBID, names, reason and length where they are known."""
    root = ET.Element("playlist", {"version": "1", "xmlns": NAMESPACE})
    _add(root, "title", playlist.title)
    _add(root, "creator", "unheard")
    _add(root, "annotation", playlist.note)
    _add(root, "date", weeks.starts(playlist.week).isoformat())
    listed = ET.SubElement(root, "trackList")
    for track in playlist.tracks:
        _track(ET.SubElement(listed, "track"), track, folder)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _track(element: ET.Element, track: PlaylistTrack, folder: Path | None) -> None:
    _add(element, "location", uri(track.audio_path, folder))
    _add(element, "identifier", recording_url(track.recording_mbid))
    _add(element, "title", one_line(track.title) or track.track_id)
    _add(element, "creator", track.artist)
    _add(element, "annotation", track.reason.text)
    _add(element, "album", track.album)
    if track.duration_ms and track.duration_ms > 0:
        _add(element, "duration", str(track.duration_ms))


def _add(parent: ET.Element, tag: str, text: str | None) -> None:
    safe = one_line(text)
    if safe:
        ET.SubElement(parent, tag).text = safe
